"""Sentences of an app that no table has, learnt from a chat: the same but for one place in them."""

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from saywho.errors import Message
from saywho.formats.assumptions import ReadNotes

_LONGEST: Final = 120
_MOST_TEXTS: Final = 20_000
_FEWEST: Final = 3
"""Number of repetitions, with at least two signs, that shows a sentence of the app."""
_FEWEST_DOUBTED: Final = 5
_FEWEST_NUMBERS: Final = 4
"""Different numbers in one sentence that shows a sentence of the app."""
_NUMBER: Final = re.compile(r"(?<![\d.,:])\d{1,9}(?![\d,:]|\.\d)")
_FEWEST_WORDS: Final = 4
"""People, too, repeat three words with another sign: that is a doubt."""
_SIGN: Final = re.compile(
    "[\u2190-\u21ff\u231a-\u2bff\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"
    "(?:\u200d[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
_HEAD: Final = 3
_HEADS: Final = re.compile(rf"(?<!\w)(?=(.{{{_HEAD}}}))", re.DOTALL)
"""Where a name may begin, and its first characters; shorter names are not looked for."""
_LETTER: Final = re.compile(r"\w")
_STOPS: Final = (".", "।", "。", "۔", "።", "։")


class _Place(NamedTuple):
    before: str
    after: str

    @property
    def words(self) -> int:
        return len(self.before.split()) + len(self.after.split())


class LearntSentences:
    """Sentences that are told from people's words by what is exchanged in them.

    - A sign between the words: people vary the words too, or write several signs, or none.
    - The name of the person under whom the sentence stands: "You got a call from Mina."
    - A number: people who count, too, vary the words, or write the same number again.
    - Names of three people, inside the sentence or at its beginning, or an account of each there.
    - If a script has only such sentences, also those in it that are repeated word by word.
    """

    def __init__(self, notes: ReadNotes) -> None:
        self._notes = notes
        self._uses: dict[str, int] = {}
        """Uses of each short text."""
        self._by: dict[str, str] = {}
        """Who used it; empty for several people."""
        self._scripts: set[str] = set()
        """Scripts of texts that are not compared."""
        self._learnt: set[str] | None = None

    def learn(self, text: str, name: str) -> None:
        if text in self._uses:
            self._uses[text] += 1
            if self._by[text] != name:
                self._by[text] = ""
        elif len(text) > _LONGEST or "\n" in text or len(self._uses) >= _MOST_TEXTS:
            self._scripts.add(_script(text))
        else:
            self._uses[text], self._by[text] = 1, name

    def has(self, text: str) -> bool:
        """Return whether a text is such a sentence, after all texts were learnt."""
        if self._learnt is None:
            self._learnt = self.learnt()
            self._uses.clear()
            self._by.clear()
        return text in self._learnt

    def learnt(self) -> set[str]:
        found = (
            self._but_for_signs(),
            self._but_for_numbers(),
            self._but_for_names(),
            self._but_for_accounts(),
        )
        learnt = {*chain.from_iterable(found)}
        return {*learnt, *self._of_own_scripts(learnt)}

    def _but_for_signs(self) -> Iterator[str]:
        places: dict[_Place, dict[str, list[str]]] = {}
        varied: set[_Place] = set()
        for text in self._uses:
            signs = () if text.isascii() else list(_SIGN.finditer(text))
            if signs:
                before, after = text[: signs[0].start()], text[signs[-1].end() :]
                place = _Place(before.strip(), after.strip())
                if len(signs) > 1:
                    varied.add(place)
                elif place.before and place.after:
                    places.setdefault(place, {}).setdefault(signs[0][0], []).append(text)
        for place, by_sign in places.items():
            texts = [text for of_sign in by_sign.values() for text in of_sign]
            uses = sum(self._uses[text] for text in texts)
            is_varied = place in varied or f"{place.before} {place.after}" in self._uses
            if is_varied or uses < _FEWEST or len(by_sign) < 2:
                continue
            if place.words >= _FEWEST_WORDS:
                yield from texts
            elif place.words == _FEWEST_WORDS - 1 and uses >= _FEWEST_DOUBTED:
                finding = Message("Texts that are the same but for a sign in them")
                self._notes.look_odd("words", finding, texts)

    def _but_for_numbers(self) -> Iterator[str]:
        """Yield sentences that several people have with many numbers, and never without one.

        They end as a sentence does, so that prices, scores and times of people are none.
        """
        places: dict[_Place, dict[str, str]] = {}
        for text in self._uses:
            numbers = _NUMBER.findall(text) if text.endswith((*_STOPS, "!")) else ()
            if len(numbers) == 1:
                before, _, after = text.partition(numbers[0])
                if before[-1:] == " " and after[:1] in {" ", "!", *_STOPS}:
                    place = _Place(before, after)
                    if place.words >= _FEWEST_WORDS:
                        places.setdefault(place, {})[numbers[0]] = text
        for of_place in places.values():
            people = {self._by[text] for text in of_place.values()}
            if len(of_place) >= _FEWEST_NUMBERS and (len(people) > 1 or "" in people):
                yield from of_place.values()

    def _but_for_names(self) -> Iterator[str]:
        names = dict.fromkeys(self._by.values())
        by_name = {called: name for name in names for called in (name, name.partition(" ")[0])}
        sizes: dict[str, set[int]] = {}
        for called in by_name:
            sizes.setdefault(called[:_HEAD], set()).add(len(called))
        longest_first = {head: sorted(each, reverse=True) for head, each in sizes.items()}
        places: dict[_Place, dict[str, str]] = {}
        for text, uses in self._uses.items():
            if not text.endswith(_STOPS) or text.count(" ") < _FEWEST_WORDS - 1:
                continue
            found = list(_named_in(text, by_name, longest_first))
            if len(found) != 1:
                continue
            ((begin, end),) = found
            place = _Place(text[:begin], text[end:])
            speaker = by_name[text[begin:end]]
            is_inside = place.words >= _FEWEST_WORDS and bool(place.before)
            if is_inside and uses > 1 and self._by[text] == speaker:
                yield text  # Who speaks of "Mina" twice in the same words is not Mina.
            if len(place.after) > 1 and place.after[0] == " ":
                places.setdefault(place, {})[speaker] = text
        for texts in places.values():
            if len(texts) >= _FEWEST:
                yield from texts.values()

    def _but_for_accounts(self) -> Iterator[str]:
        """Yield sentences of three people, each again and again with a first word of their own.

        Nobody else begins a text with this word: it is the account of who is shown by a name.
        """
        people: dict[str, set[str]] = {}
        places: dict[str, dict[str, str]] = {}
        for text, name in self._by.items():
            head, _, tail = text.partition(" ")
            people.setdefault(head, set()).add(name)
            if tail.count(" ") >= _FEWEST_WORDS - 2:
                places.setdefault(tail, {})[head] = text
        for texts in places.values():
            own = [text for head, text in texts.items() if len(people[head]) == 1]
            often = {self._by[text] for text in own if self._uses[text] > 1} - {""}
            if len(often) >= _FEWEST and len(own) == len(texts) == len({self._by[t] for t in own}):
                yield from own

    def _of_own_scripts(self, learnt: set[str]) -> Iterator[str]:
        scripts = {_script(text) for text in learnt} - self._scripts - {"", "LATIN"}
        if not scripts or len(self._uses) >= _MOST_TEXTS:
            return
        texts: dict[str, list[str]] = {}
        for text in self._uses:
            if (script := _script(text)) in scripts:
                texts.setdefault(script, []).append(text)
        for of_script in texts.values():
            if all(text in learnt or self._uses[text] > 1 for text in of_script):
                yield from of_script


def _named_in(
    text: str, names: Container[str], sizes: Mapping[str, Iterable[int]]
) -> Iterator[tuple[int, int]]:
    """Yield where names stand as words of their own, the longest at each place.

    sizes: lengths of the names with such a beginning, from the longest on. A pattern of all names
    would try each of thousands at each word.
    """
    end = 0
    for place in _HEADS.finditer(text):
        begin = place.start()
        for size in sizes.get(place[1], ()) if begin >= end else ():
            name = text[begin : begin + size]
            if name in names and not _LETTER.match(text, begin + size):
                end = begin + size
                yield begin, end
                break


def _script(text: str) -> str:
    """Return the name of the first letter's script, such as `TAMIL`; empty without letters."""
    return _script_of(next(filter(str.isalpha, text), ""))


@lru_cache(maxsize=1_000)
def _script_of(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""

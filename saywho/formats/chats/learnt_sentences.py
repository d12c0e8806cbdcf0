"""Sentences of an app that no table has, learnt from a chat: the same but for one place in them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from saywho.errors import Message
from saywho.formats.assumptions import ReadNotes

_LONGEST: Final = 120
_MOST_TEXTS: Final = 20_000
_FEWEST: Final = 3
"""Number of repetitions, with at least two signs, that shows a sentence of the app."""
_FEWEST_DOUBTED: Final = 5
_FEWEST_WORDS: Final = 4
"""People, too, repeat three words with another sign: that is a doubt."""
_SIGN: Final = re.compile(
    "[\u2190-\u21ff\u231a-\u2bff\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"
    "(?:\u200d[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
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
    - Names of three people, inside the sentence or at its beginning.
    - If a script has only such sentences, also those in it that are repeated word by word.
    """

    def __init__(self, notes: ReadNotes) -> None:
        self._notes = notes
        self._counts: dict[str, Counter[str]] = {}
        """Uses of each short text, by person."""
        self._scripts: set[str] = set()
        """Scripts of texts that are not compared."""
        self._learnt: set[str] | None = None

    def learn(self, text: str, name: str) -> None:
        is_short = len(text) <= _LONGEST and "\n" not in text
        if is_short and (text in self._counts or len(self._counts) < _MOST_TEXTS):
            self._counts.setdefault(text, Counter())[name] += 1
        elif text:
            self._scripts.add(_script(text))

    def has(self, text: str) -> bool:
        """Return whether a text is such a sentence, after all texts were learnt."""
        if self._learnt is None:
            self._learnt = {*self._but_for_signs(), *self._but_for_names()}
            self._learnt.update(self._of_own_scripts(self._learnt))
            self._counts.clear()
        return text in self._learnt

    def _but_for_signs(self) -> Iterator[str]:
        places: dict[_Place, dict[str, list[str]]] = {}
        varied: set[_Place] = set()
        for text in self._counts:
            signs = list(_SIGN.finditer(text))
            if signs:
                before, after = text[: signs[0].start()], text[signs[-1].end() :]
                place = _Place(before.strip(), after.strip())
                if len(signs) > 1:
                    varied.add(place)
                elif place.before and place.after:
                    places.setdefault(place, {}).setdefault(signs[0][0], []).append(text)
        for place, by_sign in places.items():
            texts = [text for of_sign in by_sign.values() for text in of_sign]
            uses = sum(self._counts[text].total() for text in texts)
            is_varied = place in varied or f"{place.before} {place.after}" in self._counts
            if is_varied or uses < _FEWEST or len(by_sign) < 2:
                continue
            if place.words >= _FEWEST_WORDS:
                yield from texts
            elif place.words == _FEWEST_WORDS - 1 and uses >= _FEWEST_DOUBTED:
                finding = Message("Texts that are the same but for a sign in them")
                self._notes.look_odd("words", finding, texts)

    def _but_for_names(self) -> Iterator[str]:
        names = {name for counts in self._counts.values() for name in counts}
        by_name = {called: name for name in names for called in (name, name.partition(" ")[0])}
        called = sorted(filter(lambda each: len(each) > 2, by_name), key=len, reverse=True)
        if not called:
            return
        named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, called))})(?!\w)")
        places: dict[_Place, dict[str, str]] = {}
        for text, counts in self._counts.items():
            if not text.endswith(_STOPS) or text.count(" ") < _FEWEST_WORDS - 1:
                continue
            found = list(named.finditer(text))
            if len(found) != 1:
                continue
            place = _Place(text[: found[0].start()], text[found[0].end() :])
            speaker = by_name[found[0][0]]
            is_inside = place.words >= _FEWEST_WORDS and bool(place.before)
            if is_inside and len(counts) == 1 and counts[speaker] > 1:
                yield text  # Who speaks of "Mina" twice in the same words is not Mina.
            if len(place.after) > 1 and place.after[0] == " ":
                places.setdefault(place, {})[speaker] = text
        for texts in places.values():
            if len(texts) >= _FEWEST:
                yield from texts.values()

    def _of_own_scripts(self, learnt: set[str]) -> Iterator[str]:
        scripts = {_script(text) for text in learnt} - self._scripts - {"", "LATIN"}
        if not scripts or len(self._counts) >= _MOST_TEXTS:
            return
        texts: dict[str, list[str]] = {}
        for text in self._counts:
            if (script := _script(text)) in scripts:
                texts.setdefault(script, []).append(text)
        for of_script in texts.values():
            if all(text in learnt or self._counts[text].total() > 1 for text in of_script):
                yield from of_script


def _script(text: str) -> str:
    """Return the name of the first letter's script, such as `TAMIL`; empty without letters."""
    letter = next(filter(str.isalpha, text), "")
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""

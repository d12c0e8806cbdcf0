"""Words and phrases that a person says clearly more often than others.

A phrase, within a sentence, has the words adjacent in nearly all of its texts, and gaps between
them.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice, pairwise
from math import ceil
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from saywho.engine.population import Population
from saywho.engine.profiles import AuthorProfile
from saywho.people.peers import people_of_language
from saywho.people.times import WrittenTexts
from saywho.people.typical_words import (
    GainedWords,
    TypicalWord,
    common_words,
    gained_words,
    is_telling,
    typical_words,
    words_in_each,
)
from saywho.significance import FEWEST_COMPARED, LOG_CLEAR, design_effect, log_chances
from saywho.text import MARKS, UNSPACED, UNSPACED_LETTERS, guess_language, guess_main_language
from saywho.words import LAUGHING, laughs_in, segments

TOGETHER: Final = 0.8
"""Smallest share of the messages with any word of a phrase that have all (Jaccard)."""
GAP: Final = " … "
"""Sign between two pieces of a phrase whose texts differ there."""
HELD: Final = 0.95
"""Smallest share of the texts with a phrase's words that contain its text."""
OF_ITS_OWN: Final = 1.5
"""How many times as many messages a part of a phrase has that is reported in its place."""
OF_LINKS: Final = 0.9
"""Share of a phrase's texts with a link from which it is the text of a share button, a headline's
end or a template, if most texts have no link.
"""
_LETTERS: Final = rf"(?:[^\W{LAUGHING}{UNSPACED_LETTERS}]|[{MARKS}])+"
"""Pattern of a word that blanks divide, without Korean laughs and cries after it."""
_IN_WORD: Final = "(?:['’·\u200c\u200d-]|[\"״׳](?=[א-ת]))"
"""Sign between letters of a word: Persian parts do not touch, Hebrew shortens words by quotes."""
_REST_OF_WORD: Final = re.compile(f"(?:{_IN_WORD}?{_LETTERS})*")
"""Rest of a word from a place in it to its end or, in reversed text, its start."""
_NEIGHBOUR: Final = re.compile(f"(?:,? | ,?){_LETTERS}(?:{_IN_WORD}{_LETTERS})*")
_LEADING_ON: Final = frozenset(
    re.findall(
        "[a-z]+",
        "a an and as at but by for from in into my of on or our than that the to via with your",
    )
)
_MARK: Final = re.compile(f"[{MARKS}]")
_WORD: Final = re.compile(rf"[\w{MARKS}]+")
_SENTENCE_END: Final = re.compile(
    r"""(?:[!?؟۔।॥։።፧]|(?<=[Ͱ-Ͽἀ-῿]);|(?<![.])(?<!\b[A-Za-z])(?<!\b(?:Dr|Mr|Ms|St|vs))(?<!\bMrs)\.)"""
    r"""["')\]”’»]*\s|[。！？]|\n"""
)
"""End of a sentence, unlike an initial's or title's full stop or an ellipsis."""
Span = tuple[int, int]
Row = tuple[str, tuple[Span, ...]]
"""Text, and the spans of a passage's pieces in it."""


def is_name(word: str, called: Collection[str]) -> bool:
    """Return whether a word is a part of a name, in Korean even with an ending; in a script without
    blanks, which are in no name, of any piece of it.
    """
    korean = (name for name in called if len(name) > 1 and guess_language(name) == "ko")
    if word in called or any(map(word.startswith, korean)):
        return True
    return UNSPACED.match(word) is not None and any(word in name for name in called)


def sentences_with(texts: Sequence[str], words: Set[str]) -> list[str]:
    """Return the first sentence of each text with all of these words, or an empty text."""
    return [
        text if _SENTENCE_END.search(text) is None else _sentence_with(text, words)
        for text in texts
    ]


def _sentence_with(text: str, words: Set[str]) -> str:
    sentences = _SENTENCE_END.split(text)
    having = zip(sentences, words_in_each(sentences), strict=True)
    return next((sentence for sentence, of_one in having if words <= of_one), "")


def by_sentence(texts: Sequence[str], words: Sequence[str]) -> list[list[str]]:
    """Return the words in groups that nearly all texts have within a sentence, clearest first."""
    read = _sample_of(texts)
    if len(words) < 2 or not any(map(_SENTENCE_END.search, read)):
        return [[*words]]

    def is_within(word: str, group: Sequence[str]) -> bool:
        texts_with_all = sum(map(bool, sentences_with(read, {*group, word})))
        return texts_with_all >= HELD * len(read)

    return _grouped(words, is_within)


def _grouped(
    words: Iterable[str], belongs: Callable[[str, Sequence[str]], bool]
) -> list[list[str]]:
    groups: list[list[str]] = []
    for word in words:
        if group := next((group for group in groups if belongs(word, group)), None):
            group.append(word)
        else:
            groups.append([word])
    return groups


def _sample_of(texts: Sequence[str]) -> Sequence[str]:
    most_read = 100  # More texts would take long.
    return texts[:: ceil(len(texts) / most_read) or 1]


@dataclass(slots=True)
class Passage:
    """The text that nearly all of some texts share, around common words."""

    rows: list[Row]
    fewest: int
    called: Collection[str] = ()
    """Parts of names, which are not added to the words."""

    @classmethod
    def of(
        cls, texts: Sequence[str], words: Sequence[str], called: Collection[str] = ()
    ) -> "Passage":
        """Return the passage of whole words (“I'd rather”) and the text between them.

        words: the clearest first. Words without a fixed place among earlier ones, and words that
        make it too long, are left out, never separate parts.
        """
        read = _sample_of(texts)
        of_words = sentences_with(read, {*words}) if len(words) > 1 else read
        passage = cls([(text, ()) for text in of_words], max(ceil(HELD * len(read)), 1), called)
        for word in words:
            passage._add(word)
        passage._join()
        return passage

    def __str__(self) -> str:
        return GAP.join(
            _most_frequent([text[slice(*spans[piece])] for text, spans in self.rows])
            for piece in self._pieces
        )

    def grow(self) -> None:
        """Add the neighbouring words of each piece: “film” of “that film was great” says little."""
        for piece in self._pieces:
            while self._grow(piece, is_behind=False):
                pass
            whole = self.rows
            while self._grow(piece, is_behind=True):
                if piece + 1 < len(self._pieces) or not self._leads_on():
                    whole = self.rows
            self.rows = whole
        self._join()

    @property
    def _pieces(self) -> range:
        return range(len(self.rows[0][1]) if self.rows else 0)

    def _narrow(self, rows: list[Row]) -> bool:
        longest_phrase = 40
        if len(rows) < self.fewest or len(str(Passage(rows, 0))) > longest_phrase:
            return False
        self.rows = rows
        return True

    def _add(self, word: str) -> None:
        bare = [
            (text, spans, span)
            for text, spans in self.rows
            if (span := _nearest(text, word, spans))
        ]
        whole = [(text, spans, _whole(text, span)) for text, spans, span in bare]
        forms = [_folded(text[slice(*span)]) for text, _, span in whole]
        same = _most_frequent(forms)
        pieces = bare if word in forms else []
        if forms.count(same) >= self.fewest:
            pieces = [piece for piece, form in zip(whole, forms, strict=True) if form == same]
        places = Counter(sum(before < span for before in spans) for _, spans, span in pieces)
        place = max(places, key=lambda place: (places[place], place), default=0)
        rows = [(text, (*spans[:place], span, *spans[place:])) for text, spans, span in pieces]
        self._narrow([*filter(_is_in_order, rows)])

    def _join(self) -> None:
        piece = 0
        while piece + 1 < len(self._pieces):
            between = [
                _folded(text[spans[piece][1] : spans[piece + 1][0]]) for text, spans in self.rows
            ]
            same = _most_frequent(between)
            rows = [
                (
                    text,
                    (*spans[:piece], (spans[piece][0], spans[piece + 1][1]), *spans[piece + 2 :]),
                )
                for (text, spans), form in zip(self.rows, between, strict=True)
                if form == same
            ]
            if not (self._is_fit(same) and self._narrow(rows)):
                piece += 1

    def _grow(self, piece: int, *, is_behind: bool) -> bool:
        """Add the word on a side of a piece; return whether nearly all texts have it."""
        beside = [
            _folded(_beside(text, spans[piece], is_behind=is_behind)) for text, spans in self.rows
        ]
        same = _most_frequent([*filter(None, beside)])
        if not (same and self._is_fit(same)):
            return False
        before, behind = (0, len(same)) if is_behind else (len(same), 0)
        rows = [
            (text, (*spans[:piece], (start - before, end + behind), *spans[piece + 1 :]))
            for (text, spans), word in zip(self.rows, beside, strict=True)
            if word == same
            for start, end in [spans[piece]]
        ]
        return self._narrow([*filter(_is_in_order, rows)])

    def _leads_on(self) -> bool:
        """Return whether the passage cannot end here, since a text continues."""
        if str(self).rpartition(" ")[2].casefold() not in _LEADING_ON:
            return False
        return any(_beside(text, spans[-1], is_behind=True) for text, spans in self.rows)

    def _is_fit(self, text: str) -> bool:
        if "\n" in text or laughs_in(text):
            return False
        return not any(is_name(word, self.called) for word in _WORD.findall(text))


def _is_in_order(row: Row) -> bool:
    spans = row[1]
    return len(spans) < 2 or all(end <= start for (_, end), (start, _) in pairwise(spans))


def _beside(text: str, span: Span, *, is_behind: bool) -> str:
    if is_behind:
        match = _NEIGHBOUR.match(text, span[1])
        return match[0] if match else ""
    match = _NEIGHBOUR.match(text[: span[0]][::-1])
    return match[0][::-1] if match else ""


def _whole(text: str, span: Span) -> Span:
    start, end = span
    if UNSPACED.match(text, start):
        return span
    # Most words are between spaces, and so whole, which is quick to check.
    if start and text[start - 1] != " " and (before := _REST_OF_WORD.match(text[:start][::-1])):
        start -= before.end()
    if text[end : end + 1] != " " and (behind := _REST_OF_WORD.match(text, end)):
        end = behind.end()
    return start, end


def _folded(text: str) -> str:
    # The length must stay the same.
    folded = text.lower().replace("’", "'")
    return folded if len(folded) == len(text) else text


def _most_frequent(forms: Sequence[str]) -> str:
    if forms and forms.count(forms[0]) == len(forms):
        return forms[0]  # Usually all are equal, which is found in a tenth of the time.
    counts = Counter(forms)
    return min(counts, key=lambda form: (-counts[form], form), default="")


def _nearest(text: str, word: str, pieces: Sequence[Span]) -> Span | None:
    spans = _spans(text, word)
    if len(spans) < 2 or not pieces:
        return spans[0] if spans else None
    return min(
        spans, key=lambda span: min(max(span[0] - end, start - span[1]) for start, end in pieces)
    )


def _spans(text: str, word: str) -> list[Span]:
    lower = text.lower()
    spans: list[Span] = []
    start = lower.find(word) if len(lower) == len(text) else -1
    while start >= 0:
        end = start + len(word)
        before, behind = lower[max(start - 1, 0) : start], lower[end : end + 1]
        if not (_is_joined(word, before) or _is_joined(word, behind)):
            spans.append((start, end))
        start = lower.find(word, end)
    if spans:
        return spans
    # Letters with accents are folded to other letters.
    same = (segment for segment in segments(text) if segment.text == word)
    return [(segment.start, segment.end) for segment in same]


def _is_joined(word: str, beside: str) -> bool:
    if not beside.isalnum() or beside in LAUGHING or UNSPACED.match(beside):
        return _MARK.match(beside) is not None
    return word.isascii() == beside.isascii()


class Phrase(msgspec.Struct, frozen=True):
    """A phrase in clearly more of a person's messages than of others'."""

    text: str
    """The phrase as nearly all of these messages write it; “…” marks the parts that differ."""
    words: list[str]
    """Words that find the phrase in a search."""
    messages: int
    """Number of messages with all words of the phrase."""
    messages_elsewhere: int
    """Number of other people’s messages with all words of the phrase."""
    not_behind: int = 0
    """Number of people with fewer than 20 messages who write it in as large a share of them; no one
    with more messages does.
    """


@dataclass(frozen=True)
class WordedTexts:
    texts: Sequence[str]
    conversations: Sequence[int]
    words: list[set[str]]
    spread: Counter[str]

    @cached_property
    def word_count(self) -> int:
        return self.spread.total()

    @classmethod
    def of(cls, written: WrittenTexts) -> "WordedTexts":
        words = [*words_in_each(written.texts)]
        spread = Counter(chain.from_iterable(words))
        return cls(written.texts, written.conversations, words, spread)

    def burst_of(self, places: Iterable[int]) -> float:
        """Return how many of these texts (indices) prove as much as an independent text."""
        return design_effect(map(self.conversations.__getitem__, places))


class _Sought(NamedTuple):
    words: list[str]
    clear: float
    """Largest log chance of a phrase that is reported."""
    called: Collection[str]
    compared: Sequence[int]
    """Places of this group, and of the groups that it is compared with."""
    are_people: bool


def phrases_of(
    own: WrittenTexts, beside: Sequence[str], *, language: str | None, names: Iterable[str] = ()
) -> list[Phrase]:
    """Return up to eight phrases of some texts next to others, without laughs and parts of names,
    the clearest first.
    """
    others = WrittenTexts([*beside], [0] * len(beside))
    return phrases_apart([*map(WordedTexts.of, (own, others))], {0: language}, names)[0]


def phrases_apart(
    groups: Sequence[WordedTexts],
    languages: Mapping[int, str | None],
    names: Iterable[str] = (),
    *,
    are_people: bool = False,
) -> dict[int, list[Phrase]]:
    """Return the phrases of some groups of messages, each compared with all others.

    languages: the language of each returned group, by index. are_people: whether each group is a
    person. Then others of another language are left out, and nobody else writes the phrase in as
    large a share of the messages. A person is missing if all that are left have too few messages.
    """
    compared = {place: [*range(len(groups))] for place in languages}
    if are_people:
        compared = _people_compared(groups, languages)
    gained = _gained(groups, compared)
    words_of_all = frozenset(chain.from_iterable(of_group.words for of_group in gained.values()))
    places = [_places(group.words, words_of_all) for group in groups]
    called = _parts_of(names)
    told: dict[int, list[Phrase]] = {}
    for place, of_group in gained.items():
        group, language = groups[place], languages[place]
        # Messages of the same conversation are not independent: log chances are divided by the
        # number of messages that count as one.
        bursts = [group.burst_of(places[place][word]) for word in of_group.words]
        still, clear = of_group.by_bursts(bursts)
        common = common_words(group.spread) if language is None else frozenset()
        telling = (
            word for word in still.words if word not in common and is_telling(word, language)
        )
        words = [
            word for word in islice(telling, 40) if not (is_name(word, called) or laughs_in(word))
        ]
        sought = _Sought(words, clear, called, compared[place], are_people)
        phrases = _told(groups, places, place, sought, language)
        told[place] = _without_parts([*islice(phrases, 8)])
    return told


def _people_compared(
    groups: Sequence[WordedTexts], languages: Mapping[int, str | None]
) -> dict[int, list[int]]:
    """Return each person with the people of the same language, if these wrote enough."""
    of_language = people_of_language([group.spread for group in groups], languages)
    return {
        place: [place, *of_language[place]]
        for place in languages
        if sum(len(groups[other].texts) for other in of_language[place]) >= FEWEST_COMPARED
    }


def _gained(
    groups: Sequence[WordedTexts], compared: Mapping[int, Sequence[int]]
) -> dict[int, GainedWords]:
    @lru_cache(maxsize=2)  # Most are compared with the same groups.
    def total_of(among: frozenset[int]) -> tuple[Counter[str], NDArray[np.int64]]:
        total = Counter[str]()
        for place in among:
            total.update(groups[place].spread)  # `+` of counters would take as long as the rest.
        return total, np.sort(np.fromiter(total.values(), np.int64, len(total)))

    gained: dict[int, GainedWords] = {}
    for place, among in compared.items():
        total, tried = total_of(frozenset(among))
        share = _share_of(groups, place, among)
        gained[place] = gained_words(groups[place].spread, total, share, tried)
    return gained


def _share_of(groups: Sequence[WordedTexts], own: int, among: Iterable[int]) -> float:
    """Return a group's share of all messages or of all words, whichever is larger.

    With long messages, most words are in more of a person's messages, but the share of words is no
    larger. With short messages, a larger share of words need not be in more messages.
    """
    texts = words = 0
    for place in among:
        texts += len(groups[place].texts)
        words += groups[place].word_count
    return max(len(groups[own].texts) / max(texts, 1), groups[own].word_count / max(words, 1))


def typical_phrases(
    author: AuthorProfile,
    posts: Sequence[str],
    population: Population,
    members: NDArray[np.bool_],
    names: Iterable[str] = (),
) -> list[TypicalWord]:
    """Return an author's typical words, joined to phrases that have the figures of their clearest
    word, without parts of names or function words ("isn").
    """
    typical = typical_words(author, posts, population, members)
    language = guess_main_language(posts)
    called = _parts_of(names)
    spoken = {
        word.text.lower(): word
        for word in typical
        if not (word.is_mark or is_name(word.text.lower(), called))
    }
    places = _places(words_in_each(posts), frozenset(spoken))
    phrases: list[TypicalWord] = []
    for group in _groups(spoken, places, posts):
        first = spoken[group[0]]
        with_all = set.intersection(*(places[word] for word in group))
        if not with_all:  # A word with an apostrophe, which is already whole.
            phrases.append(first)
            continue
        having = [posts[place] for place in sorted(with_all)]
        if _comes_with_links(having, posts):
            continue
        passage = Passage.of(having, group, called)
        text = str(passage)
        if not group[1:]:
            text = text and first.text
        if _tells(text, language):
            phrases.append(first._replace(text=text))
    return phrases + [word for word in typical if word.is_mark]


def _told(
    groups: Sequence[WordedTexts],
    places: Sequence[Mapping[str, set[int]]],
    own: int,
    sought: _Sought,
    language: str | None,
) -> Iterator[Phrase]:
    group, told = groups[own], set[str]()
    for words in _groups(sought.words, places[own], group.texts):
        of_own = _having(places[own], words)
        counts = [
            len(of_own if place == own else _having(of_group, words))
            for place, of_group in enumerate(places)
        ]
        # The least clear word sets the limit: it must not miss it by a rounding of itself.
        burst = group.burst_of(of_own)
        # Two ways of computing a log chance differ by less.
        if _log_chance(groups, counts, own, sought.compared) / burst > sought.clear + 1e-9:
            continue
        as_often = _as_often(groups, counts, own) if sought.are_people else []
        if any(len(groups[place].texts) >= FEWEST_COMPARED for place in as_often):
            continue
        if sought.are_people:
            # If one person never writes a word, that alone does not make it typical of others.
            rest = _without_farthest(groups, counts, own, sought.compared)
            if rest and _log_chance(groups, counts, own, rest) / burst > LOG_CLEAR:
                continue
        having = [group.texts[place] for place in sorted(of_own)]
        if _comes_with_links(having, group.texts):
            continue
        passage = Passage.of(having, words, sought.called)
        # A part of a function word, such as of "isn't", is no phrase.
        if not _tells(str(passage), language):
            continue
        passage.grow()
        text = str(passage)
        if text.casefold() not in told:
            told.add(text.casefold())
            yield Phrase(text, words, counts[own], sum(counts) - counts[own], len(as_often))


def _having(places: Mapping[str, set[int]], words: Iterable[str]) -> set[int]:
    return set.intersection(*(places[word] for word in words))


def _log_chance(
    groups: Sequence[WordedTexts], counts: Sequence[int], own: int, among: Sequence[int]
) -> float:
    uses, of_all = (
        np.array([float(count)]) for count in (counts[own], sum(counts[place] for place in among))
    )
    return float(log_chances(uses, of_all, _share_of(groups, own, among))[0])


def _as_often(groups: Sequence[WordedTexts], counts: Sequence[int], own: int) -> list[int]:
    share = counts[own] / len(groups[own].texts)
    return [
        place
        for place, (group, count) in enumerate(zip(groups, counts, strict=True))
        if place != own and count and count >= share * len(group.texts)
    ]


def _without_farthest(
    groups: Sequence[WordedTexts], counts: Sequence[int], own: int, among: Sequence[int]
) -> list[int]:
    """Return the places without the group that adds most to a difference; empty if too few."""
    share = counts[own] / len(groups[own].texts)
    others = [place for place in among if place != own]
    farthest = max(others, key=lambda place: share * len(groups[place].texts) - counts[place])
    rest = [place for place in others if place != farthest]
    few = sum(len(groups[place].texts) for place in rest) < FEWEST_COMPARED
    return [] if few else [own, *rest]


def _comes_with_links(having: Sequence[str], texts: Sequence[str]) -> bool:
    if _linked(having) < OF_LINKS * len(having):
        return False
    return 2 * _linked(texts) < len(texts)


def _linked(texts: Iterable[str]) -> int:
    return sum("://" in text for text in texts)


def _tells(text: str, language: str | None) -> bool:
    return " " in text or is_telling(text, language)


def _without_parts(phrases: Sequence[Phrase]) -> list[Phrase]:
    """Return the phrases so that no word is in two: “climate change” or “change”.

    A part that is in clearly more messages stays, and the longer phrase goes.
    """
    spaced = [(phrase, f" {phrase.text.casefold()} ") for phrase in phrases]

    def is_left_out(phrase: Phrase, text: str) -> bool:
        longer = (one for one, other in spaced if text in other and text != other)
        parts = (one for one, other in spaced if other in text and text != other)
        return any(phrase.messages < OF_ITS_OWN * one.messages for one in longer) or any(
            one.messages >= OF_ITS_OWN * phrase.messages for one in parts
        )

    return [phrase for phrase, text in spaced if not is_left_out(phrase, text)]


def _parts_of(names: Iterable[str]) -> set[str]:
    parts = re.compile(rf"(?:[^\W_]|[{MARKS}])+")
    return {part for name in names for part in parts.findall(name.casefold())}


def _places(messages: Iterable[set[str]], among: frozenset[str]) -> dict[str, set[int]]:
    places: dict[str, set[int]] = {word: set() for word in among}
    for place, words in enumerate(messages):
        for word in words & among:
            places[word].add(place)
    return places


def _groups(
    words: Iterable[str], places: Mapping[str, set[int]], texts: Sequence[str]
) -> Iterator[list[str]]:
    """Yield groups of words in the same texts and sentence as their first word."""

    def is_together(word: str, group: Sequence[str]) -> bool:
        first, others = places[group[0]], places[word]
        if min(len(first), len(others)) < TOGETHER * max(len(first), len(others), 1):
            return False  # A quick check, which excludes most words.
        shared = len(first & others)
        return shared >= TOGETHER * (len(first) + len(others) - shared)

    for group in _grouped(words, is_together):
        with_all = set.intersection(*(places[word] for word in group))
        yield from by_sentence([texts[place] for place in sorted(with_all)], group)

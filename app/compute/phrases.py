"""Words and phrases that a person says clearly more often than others."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from app.compute.conversations import WrittenTexts
from app.compute.languages import guess_main_language
from app.compute.laughs import laughs_in
from app.compute.phrase_text import TOGETHER, Passage, by_sentence, is_name
from app.compute.population import Population
from app.compute.profiles import AuthorProfile
from app.compute.significance import design_effect, log_chances
from app.compute.typical_words import TypicalWord, typical_words
from app.compute.wording import gained_words, is_telling, words_in_each

MOST_PHRASES: Final = 8
MOST_WORDS: Final = 40
"""Largest number of words from which phrases are formed, the clearest."""
_PART_OF_NAME: Final = re.compile(r"[^\W_]+")


class Phrase(msgspec.Struct, frozen=True):
    """A phrase in clearly more of a person's messages than of others'."""

    text: Annotated[
        str,
        Meta(
            description=(
                "The phrase as nearly all of these messages write it; “…” marks the parts that"
                " differ."
            )
        ),
    ]
    words: Annotated[list[str], Meta(description="Words that find the phrase in a search.")]
    messages: Annotated[int, Meta(description="Number of messages with all words of the phrase.")]
    messages_elsewhere: Annotated[int, Meta(description="Those of the others, likewise.")]


@dataclass(frozen=True, slots=True)
class WordedTexts:
    """Texts with their words, which take long to find."""

    texts: Sequence[str]
    conversations: Sequence[int]
    """Number of each text's conversation."""
    words: list[set[str]]
    """Folded words of each text."""
    spread: Counter[str]
    """Number of texts that contain each word."""

    @classmethod
    def of(cls, written: WrittenTexts) -> "WordedTexts":
        words = [*words_in_each(written.texts)]
        spread = Counter(chain.from_iterable(words))
        return cls(written.texts, written.conversations, words, spread)

    def burst_of(self, places: Iterable[int]) -> float:
        """Return the number of the texts with these indices that count as one independent text."""
        return design_effect(map(self.conversations.__getitem__, places))


class _Sought(NamedTuple):
    """Words of a group of messages that may form phrases."""

    words: list[str]
    """The words, the clearest first."""
    share: float
    """This group's share of all messages or of all words, whichever is larger."""
    clear: float
    """Largest log chance of a phrase that is reported."""
    called: Collection[str]
    """Parts of names, which are left out of phrases."""


def phrases_of(
    own: WrittenTexts, beside: Sequence[str], *, language: str | None, names: Iterable[str] = ()
) -> list[Phrase]:
    """Return up to eight phrases of a person, the clearest first.

    own, beside: the messages of the person, and of all others. Laughs and parts of the names are
    left out.
    """
    others = WrittenTexts([*beside], [0] * len(beside))
    return phrases_of_each([own, others], {0: language}, names)[0]


def phrases_of_each(
    groups: Sequence[WrittenTexts], languages: Mapping[int, str | None], names: Iterable[str]
) -> dict[int, list[Phrase]]:
    """Return the phrases of some groups of messages, each compared with all others.

    languages: the language of each group whose phrases are returned, by its index.
    """
    return phrases_apart([*map(WordedTexts.of, groups)], languages, names)


def phrases_apart(
    groups: Sequence[WordedTexts], languages: Mapping[int, str | None], names: Iterable[str] = ()
) -> dict[int, list[Phrase]]:
    """Return the phrases of some groups of messages with known words, as `phrases_of_each` does."""
    # Messages of the same conversation are not independent: log chances are divided by the number
    # of messages that count as one.
    total = Counter[str]()
    for group in groups:
        total.update(group.spread)  # `+` of counters would take as long as all the rest.
    messages = sum(len(group.texts) for group in groups)
    shares = {place: _share_of(groups[place], total, messages) for place in languages}
    tried = np.sort(np.fromiter(total.values(), np.int64, len(total)))
    gained = {
        place: gained_words(groups[place].spread, total, share, tried)
        for place, share in shares.items()
    }
    among = frozenset(chain.from_iterable(of_group.words for of_group in gained.values()))
    places = [_places(group.words, among) for group in groups]
    called = _parts_of(names)
    told: dict[int, list[Phrase]] = {}
    for place, language in languages.items():
        group, of_group = groups[place], gained[place]
        bursts = [group.burst_of(places[place][word]) for word in of_group.words]
        still, clear = of_group.by_bursts(bursts)
        telling = (word for word in still.words if is_telling(word, language))
        words = [word for word in islice(telling, MOST_WORDS) if not _is_called(word, called)]
        sought = _Sought(words, shares[place], clear, called)
        phrases = _told(group, places, place, sought, language)
        told[place] = _without_parts([*islice(phrases, MOST_PHRASES)])
    return told


def typical_phrases(
    author: AuthorProfile,
    posts: Sequence[str],
    population: Population,
    members: NDArray[np.bool_],
    names: Iterable[str] = (),
) -> list[TypicalWord]:
    """Return an author's typical words, with words that belong together as one phrase.

    A phrase has the figures of its clearest word. Parts of function words ("isn" of "isn't") and of
    the names are left out.
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
        passage = Passage.of([posts[place] for place in sorted(with_all)], group, called)
        text = str(passage)
        if not group[1:]:
            text = text and first.text
        if _tells(text, language):
            phrases.append(first._replace(text=text))
    return phrases + [word for word in typical if word.is_mark]


def _share_of(group: WordedTexts, total: Counter[str], messages: int) -> float:
    """Return the share of a group among all messages or all words, whichever is larger.

    total: number of messages with each word.
    """
    # With long messages, most words are in more of a person's messages, but the share of words is
    # no larger. With short messages, a larger share of words need not be in more messages.
    return max(len(group.texts) / max(messages, 1), group.spread.total() / max(total.total(), 1))


def _is_called(word: str, called: Collection[str]) -> bool:
    return is_name(word, called) or bool(laughs_in(word))


def _told(
    group: WordedTexts,
    places: Sequence[Mapping[str, set[int]]],
    own: int,
    sought: _Sought,
    language: str | None,
) -> Iterator[Phrase]:
    """Yield the phrases of the group `own` that are formed of the words sought."""
    told = set[str]()
    for words in _groups(sought.words, places[own], group.texts):
        with_all = [set.intersection(*(of_group[word] for word in words)) for of_group in places]
        counts = np.array([len(of_group) for of_group in with_all], np.float64)
        (chance,) = log_chances(counts[[own]], counts.sum(keepdims=True), sought.share)
        if chance > sought.clear * group.burst_of(with_all[own]):
            continue
        having = [group.texts[place] for place in sorted(with_all[own])]
        passage = Passage.of(having, words, sought.called)
        # A part of a function word, such as of "isn't", is no phrase.
        if not _tells(str(passage), language):
            continue
        passage.grow()
        text = str(passage)
        if text.casefold() not in told:
            told.add(text.casefold())
            beside = sum(map(len, with_all)) - len(with_all[own])
            yield Phrase(text, words, len(with_all[own]), beside)


def _tells(text: str, language: str | None) -> bool:
    return " " in text or is_telling(text, language)


def _without_parts(phrases: Sequence[Phrase]) -> list[Phrase]:
    """Return the phrases that are no part of another phrase: “change” of “climate change”."""
    spaced = [f" {phrase.text.casefold()} " for phrase in phrases]
    return [
        phrase
        for phrase, text in zip(phrases, spaced, strict=True)
        if not any(text in other for other in spaced if other != text)
    ]


def _parts_of(names: Iterable[str]) -> set[str]:
    return {part for name in names for part in _PART_OF_NAME.findall(name.casefold())}


def _places(messages: Iterable[set[str]], among: frozenset[str]) -> dict[str, set[int]]:
    """Return the indices of the messages that contain each word."""
    places: dict[str, set[int]] = {word: set() for word in among}
    for place, words in enumerate(messages):
        for word in words & among:
            places[word].add(place)
    return places


def _groups(
    words: Iterable[str], places: Mapping[str, set[int]], texts: Sequence[str]
) -> Iterator[list[str]]:
    """Yield groups of words that are in the same texts as their first word, in one sentence."""
    for group in _groups_of_texts(words, places):
        with_all = set.intersection(*(places[word] for word in group))
        yield from by_sentence([texts[place] for place in sorted(with_all)], group)


def _groups_of_texts(words: Iterable[str], places: Mapping[str, set[int]]) -> list[list[str]]:
    """Return groups of words whose texts are nearly the same as their first word's texts."""
    groups: list[list[str]] = []
    for word in words:
        for group in groups:
            first, others = places[group[0]], places[word]
            if min(len(first), len(others)) < TOGETHER * max(len(first), len(others), 1):
                continue  # A quick check, which excludes most words.
            shared = len(first & others)
            if shared >= TOGETHER * (len(first) + len(others) - shared):
                group.append(word)
                break
        else:
            groups.append([word])
    return groups

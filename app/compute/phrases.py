"""What somebody says clearly more often than others: words, and phrases that keep together."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from app.compute.languages import guess_language, guess_main_language
from app.compute.laughs import laughs_in
from app.compute.population import Population
from app.compute.profiles import AuthorProfile
from app.compute.shares import more_often
from app.compute.typical_words import TypicalWord, typical_words
from app.compute.wording import CLEAR, GainedWord, gained_words, is_telling, words_in_each

MOST_PHRASES: Final = 8
MOST_WORDS: Final = 40
"""Words among which phrases are found, the clearest."""
TOGETHER: Final = 0.8
"""Words are one phrase if so large a share of the messages with any of them has all (Jaccard)."""
LONGEST_PHRASE: Final = 40
"""Characters of a phrase as it is written."""
_PART_OF_NAME: Final = re.compile(r"[^\W_]+")
_REST_OF_WORD: Final = re.compile(r"['’]?\w*(?:['’]\w+)*")


class Phrase(msgspec.Struct, frozen=True):
    """Words that are in clearly more of somebody's messages than of others'."""

    text: Annotated[str, Meta(description="As it is written most often.")]
    words: Annotated[list[str], Meta(description="Those by which it is found.")]
    messages: Annotated[int, Meta(description="How many have all of its words.")]
    messages_elsewhere: Annotated[int, Meta(description="Those of the others, likewise.")]


@dataclass(frozen=True, slots=True)
class WordedTexts:
    """Texts with their words, which take longest to find."""

    texts: Sequence[str]
    words: list[set[str]]
    """Those of each text, folded."""
    spread: Counter[str]
    """How many of the texts have each word."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> "WordedTexts":
        words = [*words_in_each(texts)]
        return cls(texts, words, Counter(chain.from_iterable(words)))


def phrases_of(
    own: Sequence[str], beside: Sequence[str], *, language: str | None, names: Iterable[str] = ()
) -> list[Phrase]:
    """Return up to eight phrases of somebody, the clearest first.

    own, beside: their messages and those of all others. No phrase is a laugh, or a part
    of one of the names.
    """
    return phrases_of_each([own, beside], {0: language}, names)[0]


def phrases_of_each(
    groups: Sequence[Sequence[str]], languages: Mapping[int, str | None], names: Iterable[str]
) -> dict[int, list[Phrase]]:
    """Return the phrases of some groups of messages, each beside all others, as `phrases_of` does.

    languages: of the groups whose phrases are asked for, by their places.
    """
    return phrases_apart([*map(WordedTexts.of, groups)], languages, names)


def phrases_apart(
    groups: Sequence[WordedTexts], languages: Mapping[int, str | None], names: Iterable[str] = ()
) -> dict[int, list[Phrase]]:
    """Return the same of messages whose words are found."""
    total = Counter[str]()
    for group in groups:
        total.update(group.spread)  # Sums of counters (`+`) take as long as all else together.
    called = _parts_of(names)
    sought = {
        place: _sought(groups[place].spread, total, language, called)
        for place, language in languages.items()
    }
    among = frozenset(chain.from_iterable(sought.values()))
    places = [_places(group.words, among) for group in groups]
    texts = [group.texts for group in groups]
    return {
        # How a phrase is written is looked for in all messages that have it.
        place: [*islice(_told(texts, places, place, of_group, languages[place]), MOST_PHRASES)]
        for place, of_group in sought.items()
    }


def typical_phrases(
    author: AuthorProfile,
    posts: Sequence[str],
    population: Population,
    members: NDArray[np.bool_],
    names: Iterable[str] = (),
) -> list[TypicalWord]:
    """Return an author's typical words, as `typical_words` does, and those that keep together once.

    A phrase has the figures of its clearest word. Left out are parts of words that every text
    needs, such as "isn" of "isn't", and of the names.
    """
    typical = typical_words(author, posts, population, members)
    language = guess_main_language(posts)
    called = _parts_of(names)
    spoken = {
        word.text.lower(): word
        for word in typical
        if not (word.is_mark or _is_name(word.text.lower(), called))
    }
    places = _places(words_in_each(posts), frozenset(spoken))
    phrases: list[TypicalWord] = []
    for group in _groups(spoken, places):
        first = spoken[group[0]]
        with_all = set.intersection(*(places[word] for word in group))
        text = _written([posts[place] for place in sorted(with_all)], group)
        if group[1:]:
            forms = " · ".join(spoken[word].text for word in group)
            phrases.append(first._replace(text=text or forms))
        elif not with_all or is_telling(text, language):
            phrases.append(first)
    return phrases + [word for word in typical if word.is_mark]


def _sought(
    spread: Counter[str], total: Counter[str], language: str | None, called: Collection[str]
) -> list[str]:
    """Return the words that may make phrases, the clearest first."""
    gained = gained_words(spread, total, GainedWord, language=language, most=MOST_WORDS)
    words = (word.text for word in gained)
    return [word for word in words if not (_is_name(word, called) or laughs_in(word))]


def _told(
    groups: Sequence[Sequence[str]],
    places: Sequence[Mapping[str, set[int]]],
    own: int,
    sought: Iterable[str],
    language: str | None,
) -> Iterator[Phrase]:
    """Yield the phrases of one of the groups, of words that are sought."""
    size, size_beside = len(groups[own]), sum(map(len, groups)) - len(groups[own])
    for words in _groups(sought, places[own]):
        with_all = [set.intersection(*(of_group[word] for word in words)) for of_group in places]
        count = len(with_all[own])
        count_beside = sum(map(len, with_all)) - count
        # Of somebody with short messages, what is more of the words need not be in more messages.
        if more_often(count, size, count_beside, size_beside) < CLEAR:
            continue
        texts = [groups[own][place] for place in sorted(with_all[own])]
        text = _written(texts, words) or " · ".join(words)
        # A part of a word that every text needs is no phrase, such as of "isn't".
        if words[1:] or is_telling(text, language):
            yield Phrase(text, words, count, count_beside)


def _parts_of(names: Iterable[str]) -> set[str]:
    """Return the words of names, folded."""
    return {part for name in names for part in _PART_OF_NAME.findall(name.casefold())}


def _is_name(word: str, called: Collection[str]) -> bool:
    """Return whether a word is a part of a name, in Korean with or without an ending."""
    korean = (name for name in called if len(name) > 1 and guess_language(name) == "ko")
    return word in called or any(map(word.startswith, korean))


def _places(messages: Iterable[set[str]], among: frozenset[str]) -> dict[str, set[int]]:
    """Return in which of the messages each word is."""
    places: dict[str, set[int]] = {word: set() for word in among}
    for place, words in enumerate(messages):
        for word in words & among:
            places[word].add(place)
    return places


def _groups(words: Iterable[str], places: Mapping[str, set[int]]) -> list[list[str]]:
    """Return words that keep together with the first of them, in groups."""
    groups: list[list[str]] = []
    for word in words:
        for group in groups:
            first, others = places[group[0]], places[word]
            if min(len(first), len(others)) < TOGETHER * max(len(first), len(others), 1):
                continue  # Most are so, which is known at once.
            shared = len(first & others)
            if shared >= TOGETHER * (len(first) + len(others) - shared):
                group.append(word)
                break
        else:
            groups.append([word])
    return groups


def _written(texts: Iterable[str], words: Sequence[str]) -> str:
    """Return how a phrase is written most often, from its first word to its last.

    Empty where it is too long each time.
    """
    forms = Counter(filter(None, (_passage(text, words) for text in texts)))
    return min(forms, key=lambda form: (-forms[form], form), default="")


def _passage(text: str, words: Sequence[str]) -> str:
    """Return the passage of a text that has all the words; empty where it is too long."""
    lower = text.lower()
    starts = [lower.find(word) for word in words]
    if min(starts) < 0 or len(lower) != len(text):
        return ""
    end = max(start + len(word) for start, word in zip(starts, words, strict=True))
    rest = _REST_OF_WORD.match(text, end)
    passage = text[min(starts) : rest.end() if rest else end]
    return passage if len(passage) <= LONGEST_PHRASE and "\n" not in passage else ""

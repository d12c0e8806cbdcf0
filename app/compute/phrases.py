"""What somebody says clearly more often than others: words, and phrases that keep together."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.compute.languages import guess_language
from app.compute.portrait import laughs_in
from app.compute.wording import GainedWord, gained_words, is_telling, words_in_each

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


def phrases_of(
    own: Sequence[str], beside: Sequence[str], *, language: str | None, names: Iterable[str]
) -> list[Phrase]:
    """Return up to eight phrases of somebody, the clearest first.

    own, beside: their messages and those of all others. No phrase is a laugh, or a part
    of one of the names.
    """
    words, words_beside = [*words_in_each(own)], [*words_in_each(beside)]
    spread, spread_beside = (Counter(chain.from_iterable(each)) for each in (words, words_beside))
    gained = gained_words(spread, spread_beside, GainedWord, language=language, most=MOST_WORDS)
    called = {part for name in names for part in _PART_OF_NAME.findall(name.casefold())}
    sought = [
        word.text for word in gained if not (_is_name(word.text, called) or laughs_in(word.text))
    ]
    places, places_beside = _places(words, sought), _places(words_beside, sought)
    phrases: list[Phrase] = []
    for group in _groups(sought, places):
        with_all = set.intersection(*(places[word] for word in group))
        with_all_beside = set.intersection(*(places_beside[word] for word in group))
        text = _written([own[place] for place in sorted(with_all)], group)
        # Of somebody with short messages, what is more of the words may be in fewer messages. And
        # a part of a word that every text needs is no phrase, such as of "isn't".
        is_more = len(with_all) * len(beside) > len(with_all_beside) * len(own)
        if is_more and (group[1:] or is_telling(text, language)):
            phrases.append(Phrase(text, group, len(with_all), len(with_all_beside)))
    return phrases[:MOST_PHRASES]


def _is_name(word: str, called: Collection[str]) -> bool:
    """Return whether a word is a part of a name, in Korean with or without an ending."""
    korean = (name for name in called if len(name) > 1 and guess_language(name) == "ko")
    return word in called or any(map(word.startswith, korean))


def _places(messages: Iterable[set[str]], sought: Collection[str]) -> dict[str, set[int]]:
    """Return in which of the messages each word is."""
    places: dict[str, set[int]] = {word: set() for word in sought}
    among = frozenset(sought)
    for place, words in enumerate(messages):
        for word in words & among:
            places[word].add(place)
    return places


def _groups(words: Iterable[str], places: dict[str, set[int]]) -> list[list[str]]:
    """Return words that keep together with the first of them, in groups."""
    groups: list[list[str]] = []
    for word in words:
        for group in groups:
            first = places[group[0]]
            if len(first & places[word]) >= TOGETHER * len(first | places[word]):
                group.append(word)
                break
        else:
            groups.append([word])
    return groups


def _written(texts: Iterable[str], words: Sequence[str]) -> str:
    """Return how a phrase is written most often: from its first word to its last, if not too long.

    Else the words stand in their order, with a dot between.
    """
    forms = Counter(filter(None, (_passage(text, words) for text in texts)))
    return min(forms, key=lambda form: (-forms[form], form), default=" · ".join(words))


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

"""How a phrase is written: from its first word to its last, and with what stands beside it."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from app.compute.languages import guess_language
from app.compute.laughs import laughs_in
from app.compute.words import segments

TOGETHER: Final = 0.8
"""Words are one phrase if so large a share of the messages with any of them has all (Jaccard)."""
LONGEST_PHRASE: Final = 40
"""Characters of a phrase as it is written."""
MOST_READ: Final = 100
"""Texts with a phrase in which it is looked for how that is written: more take long."""
_REST_OF_WORD: Final = re.compile(r"(?:['’-]?\w+)*")
"""What belongs to a word from a place in it on, to its end, or of a reversed text to its start."""
_NEIGHBOUR: Final = re.compile(r"(?:,? | ,?)\w+(?:['’-]\w+)*")
"""The next word of a text, also of a reversed one."""


def is_name(word: str, called: Collection[str]) -> bool:
    """Return whether a word is a part of a name, in Korean with or without an ending."""
    korean = (name for name in called if len(name) > 1 and guess_language(name) == "ko")
    return word in called or any(map(word.startswith, korean))


def written(texts: Iterable[str], words: Sequence[str]) -> str:
    """Return how a phrase is written most often in some texts, from its first word to its last.

    Empty where it is too long each time. A single word that is mostly a part of others, but not of
    one of them, is written as it stands by itself; empty where it never does.
    """
    forms = Counter(filter(None, (_passage(text, words) for text in texts)))
    alike = _folded(forms)
    folded = _most_frequent(alike)
    if not words[1:] and 2 * alike[folded] < alike.total():
        folded = words[0]
    return _most_frequent(_written_as(forms, folded))


def grown(text: str, texts: Sequence[str], called: Collection[str]) -> str:
    """Return a phrase with the words that stand before and behind it in four of five of its texts:
    a word alone tells a reader little (“film” of “that film was great”).

    No part of a name (`called`) and no laugh is among them.
    """
    folded = text.casefold()
    starts = [(message, message.casefold().find(folded)) for message in texts]
    behind = [message[start + len(text) :] for message, start in starts if start >= 0]
    before = [message[:start][::-1] for message, start in starts if start >= 0]
    for sides, is_behind in ((behind, True), (before, False)):
        while beside := _commonest(sides, TOGETHER * len(texts)):
            told = beside if is_behind else beside[::-1]
            word = told.strip(", ").casefold()
            if len(text) + len(told) > LONGEST_PHRASE or is_name(word, called) or laughs_in(word):
                break
            text = text + told if is_behind else told + text
            same = beside.casefold()
            sides = [side[len(same) :] for side in sides if side.casefold().startswith(same)]
    return text


def _commonest(sides: Sequence[str], fewest: float) -> str:
    """Return the word with which most of these texts begin, with what parts it from what is before,
    as it is written most often; empty where fewer have it."""
    if len(sides) < fewest:
        return ""
    forms = Counter(match[0] for side in sides if (match := _NEIGHBOUR.match(side)))
    alike = _folded(forms)
    folded = _most_frequent(alike)
    if not folded or alike[folded] < fewest:
        return ""
    return _most_frequent(_written_as(forms, folded))


def _folded(forms: Counter[str]) -> Counter[str]:
    """Return how often each form is written, in whatever case."""
    alike = Counter[str]()
    for form, count in forms.items():
        alike[form.casefold()] += count
    return alike


def _written_as(forms: Counter[str], folded: str) -> Counter[str]:
    return Counter({form: count for form, count in forms.items() if form.casefold() == folded})


def _most_frequent(forms: Counter[str]) -> str:
    """Return the most frequent form, of equals the first of the alphabet; empty where none is."""
    return min(forms, key=lambda form: (-forms[form], form), default="")


def _passage(text: str, words: Sequence[str]) -> str:
    """Return the passage of a text that has all the words, the first and the last one whole with
    what is written onto them (“I'd rather”); empty where it is too long."""
    lower = text.lower()
    is_as_long = len(lower) == len(text)
    spans = [span for word in words if (span := _span(text, lower if is_as_long else "", word))]
    if len(spans) < len(words):
        return ""
    start, end = min(start for start, _ in spans), max(end for _, end in spans)
    before, behind = _REST_OF_WORD.match(text[:start][::-1]), _REST_OF_WORD.match(text, end)
    start -= before.end() if before else 0
    passage = text[start : behind.end() if behind else end]
    return passage if len(passage) <= LONGEST_PHRASE and "\n" not in passage else ""


def _span(text: str, lower: str, word: str) -> tuple[int, int] | None:
    """Return where a text, and the same in small letters, first has a folded word as a whole."""
    start = lower.find(word)
    while start >= 0:
        end = start + len(word)
        beside = lower[max(start - 1, 0) : start], lower[end : end + 1]
        if not any(_is_joined(word, sign) for sign in beside):
            return start, end
        start = lower.find(word, end)
    # Letters with accents are folded to others.
    same = (segment for segment in segments(text) if segment.text == word)
    return next(((segment.start, segment.end) for segment in same), None)


def _is_joined(word: str, beside: str) -> bool:
    """Return whether what stands beside a word is a part of a longer one, of the same script."""
    if not beside.isalnum():
        return False
    return word.isascii() == beside.isascii()

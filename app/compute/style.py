"""What can be measured of how somebody writes."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

WINDOW: Final = 50
"""Words in a row among which different ones are counted, since longer texts repeat more."""
_LINK = re.compile(r"https?://\S+")
_WORD = re.compile(r"\w+(?:['’]\w+)?")
_PICTURE = (
    "[\u231a\u231b\u23e9-\u23fa\u2600-\u27bf\u2b05-\u2b55"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
    "[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
)
# One as people see it: a flag is two letters, and a zero-width joiner makes several pictures one.
_EMOJI = re.compile(rf"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}(?:\u200d{_PICTURE})*")


@dataclass(frozen=True, slots=True)
class Style:
    """Averages over posts."""

    posts: int
    length: float
    """Characters a post."""
    emoji: float
    """Per post."""
    punctuation: float
    """Marks per hundred characters."""
    richness: float | None
    """Different words among `WINDOW` in a row; None where there are not so many."""


def measure(texts: Sequence[str]) -> Style:
    """Return the style of posts, one or more, in the order in which they were written."""
    characters = sum(map(len, texts))
    plain = [_LINK.sub("", text) for text in texts]
    marks = sum(unicodedata.category(c)[0] == "P" for text in plain for c in text)
    return Style(
        posts=len(texts),
        length=characters / len(texts),
        emoji=sum(len(_EMOJI.findall(text)) for text in plain) / len(texts),
        punctuation=100 * marks / max(1, sum(map(len, plain))),
        richness=richness(word for text in plain for word in _WORD.findall(text.casefold())),
    )


def richness(words: Iterable[str]) -> float | None:
    """Return how many words of `WINDOW` in a row differ, on average over such windows."""
    listed = list(words)
    windows = [listed[i : i + WINDOW] for i in range(0, len(listed) - WINDOW + 1, WINDOW)]
    if not windows:
        return None
    return sum(len(set(window)) for window in windows) / len(windows)

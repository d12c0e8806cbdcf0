"""The text whose features are counted: without quotations and random addresses."""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.hashes import LINK

RANDOM_LINK: Final = re.compile(r"https?://t\.co/\w*|pic\.twitter\.com/\w*")
_QUOTED: Final = re.compile(
    r"(?:\A|(?<!\s)\s+)RT @\w(?s:.*)|(?:(?:\A|\n)[ \t]*>+[ \t][^\n]*)+\Z"
    r"|^(?:[ \t]*>+[ \t][^\n]*\n)+(?:\s+RT @\w(?s:.*))?",
    re.MULTILINE,
)
"""Quoted text: a manual repost to its end, and lines that begin with `> `.

White space matches from its beginning only, otherwise the time would be quadratic.
"""


def plain_text(text: str) -> str:
    """Return the text without quoted parts, as it is counted."""
    text = _QUOTED.sub("", text) if _may_quote(text) else text
    return RANDOM_LINK.sub(LINK, text) if _may_link(text) else text


# Searching for one word is much cheaper than for a pattern.
def _may_quote(text: str) -> bool:
    return ">" in text or "RT @" in text


def _may_link(text: str) -> bool:
    return "t.co/" in text or "pic.t" in text


def own_words(text: str) -> str:
    """Return the text without quoted parts, or all of it if nothing else has letters."""
    own = _QUOTED.sub("", text) if _may_quote(text) else text
    return own if any(map(str.isalpha, own)) else text


def located_plain(text: str) -> tuple[str, NDArray[np.int32], NDArray[np.int32]]:
    """Return the text as it is counted, and the start and end of each character in `text`."""
    if not _may_quote(text) and not _may_link(text):
        edges = np.arange(len(text) + 1, dtype=np.int32)
        return text, edges[:-1], edges[1:]
    kept = np.ones(len(text), np.bool_)
    for quoted in _QUOTED.finditer(text):
        kept[quoted.start() : quoted.end()] = False
    own = _QUOTED.sub("", text)
    left = np.flatnonzero(kept).astype(np.int32)
    right = left + np.int32(1)
    is_kept = np.ones(len(own), np.bool_)
    for link in RANDOM_LINK.finditer(own):
        is_kept[link.start() + 1 : link.end()] = False
        right[link.start()] = right[link.end() - 1]
    return RANDOM_LINK.sub(LINK, own), left[is_kept], right[is_kept]

"""The words of a feed's entry: without what its generator puts around them, and each once."""

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

_SENTENCES: Final = Path(__file__).with_name("feed_sentences.json")
_BLANKS: Final = re.compile(r"[\s\u200b]+")
_SCHEME: Final = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_QUOTES: Final = "\"'“”„‟«»‹›「」『』‘’ "
_ENDS: Final = " .…"
_LONGEST_LINE: Final = 2_000
"""Characters of a line that can be a generator's sentence."""
_FEWEST: Final = 20
"""Letters that a text begins with to be known by them, whatever stands before in its title."""


def entry_text(title: str, body: str, author: str = "") -> str:
    """Return the title and the body as one text; a title that begins the body stands once."""
    body = without_frame(body)
    if body and is_beginning(title, body, author):
        title = ""
    return "\n\n".join(filter(None, (title.strip(), body)))


def is_repost(title: str) -> bool:
    """Return whether the title says that the words are another person's."""
    return _pattern("reposts").match(title) is not None


def is_beginning(title: str, body: str, author: str = "") -> bool:
    """Return whether the title is the beginning of the body, perhaps cut, or behind a mark."""
    whole = _squeezed(body)
    if whole.startswith(_squeezed(title.rstrip(_ENDS))):
        return True
    marked = _pattern("replies").sub("", _pattern("pinned").sub("", title))
    prefix, colon, rest = marked.partition(":")
    for words, is_sure in ((marked, marked != title), (rest, prefix.strip() == author != "")):
        said = _squeezed(words.rstrip(_ENDS).strip(_QUOTES).rstrip(_ENDS))
        plain = whole.strip(_QUOTES)
        if said and plain.startswith(said) and (is_sure or said == plain or len(said) >= _FEWEST):
            return bool(colon) or is_sure
    return False


def without_frame(text: str) -> str:
    """Return a text without the sentences of its generator at the beginning and at the end."""
    lines = text.strip().split("\n")
    while lines and (not lines[-1].strip() or _is_framing(lines[-1])):
        lines.pop()
    framed = False
    while lines and ((framed and not lines[0].strip()) or _is_framing(lines[0])):
        framed = bool(lines.pop(0)) or framed
    left = "\n".join(lines).rstrip()
    for mark in _sentences()["marks"]:
        left = left.removesuffix(mark).rstrip()
    return left


def _is_framing(line: str) -> bool:
    plain = " ".join(line.split())
    return 0 < len(plain) <= _LONGEST_LINE and _pattern("lines").fullmatch(plain) is not None


def _squeezed(text: str) -> str:
    """Return a text without blanks and without how addresses begin, to compare it."""
    return _BLANKS.sub("", _SCHEME.sub("", unicodedata.normalize("NFKC", text)))


@cache
def _sentences() -> dict[str, Any]:
    sentences: dict[str, Any] = json.loads(_SENTENCES.read_text(encoding="utf-8"))
    return sentences


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    """Return what matches one of the sentences of a kind."""
    return re.compile("|".join(_patterns(_sentences()[kind])), re.IGNORECASE)


def _patterns(sentences: Iterable[str]) -> Iterable[str]:
    for sentence in sentences:
        escaped = re.escape(" ".join(sentence.split()) if sentence.endswith(".") else sentence)
        yield escaped.replace(r"\{\#\}", r"-?\d+").replace(r"\{\}", "[^\n]*?")

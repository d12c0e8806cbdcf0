"""What a post's text and an author's name may be, and simple facts about a text."""

import re
import unicodedata
from typing import Final

from app.compute.normal_form import normalized

MAX_TEXT_LENGTH: Final = 25_000
MAX_USERNAME_LENGTH: Final = 320
_MOST_COMPOSED: Final = 4
"""Characters that NFC makes one of at the most: longer input is too long without looking."""

_NEWLINES = re.compile(r"\r\n?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_MIN_HANGUL_SHARE: Final = 0.3


def clean_text(text: str) -> str:
    """Return the text of a post as it is stored: NFC, with LF as the only line end.

    Raises ValueError for an empty, blank or over-long text, for control characters other than
    tab and newline, and for lone surrogates.
    """
    text = _NEWLINES.sub("\n", text)
    if len(text) <= _MOST_COMPOSED * MAX_TEXT_LENGTH:
        text = normalized(text)
    if not text.strip():
        raise ValueError("text must not be empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError("text must have at most 25,000 characters")
    if _SURROGATES.search(text):
        raise ValueError("text must not hold half of a surrogate pair")
    if _CONTROLS.search(text):
        raise ValueError("text must not hold control characters other than tab and newline")
    return text


def drop_controls(text: str) -> str:
    """Return the text without the characters that `clean_text` refuses, for imported records."""
    return _SURROGATES.sub("", _CONTROLS.sub("", _NEWLINES.sub("\n", text)))


def clean_username(name: str) -> str:
    """Return the name as it is stored and shown: NFC.

    Raises ValueError if it is empty, longer than 320 characters, `.` or `..`, or holds white
    space, control, zero-width or direction characters, or any of `/ \\ ? # %`.
    """
    name = normalized(_possible_name(name))
    if not name:
        raise ValueError("a username must not be empty")
    if len(name) > MAX_USERNAME_LENGTH:
        raise ValueError("a username must have at most 320 characters")
    if name in {".", ".."}:
        raise ValueError("a username must not be . or ..")
    if any(c.isspace() or c in "/\\?#%" for c in name):
        raise ValueError("a username must not hold white space or any of / \\ ? # %")
    if any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in name):
        raise ValueError("a username must not hold control, zero-width or direction characters")
    return name


def username_key(name: str) -> str:
    """Return the form under which a name is unique, found and sorted: case-folded NFC."""
    return normalized(normalized(_possible_name(name)).casefold())


def _possible_name(name: str) -> str:
    """Return the name, or of one that is too long enough to tell."""
    return name[: _MOST_COMPOSED * MAX_USERNAME_LENGTH + 1]


def letter_count(text: str) -> int:
    """Return how many letters of any script the text has."""
    return sum(map(str.isalpha, text))


def guess_language(text: str) -> str | None:
    """Return `ko` where at least 30% of the letters are Hangul, else None."""
    letters = letter_count(text)
    if letters and len(_HANGUL.findall(text)) >= _MIN_HANGUL_SHARE * letters:
        return "ko"
    return None

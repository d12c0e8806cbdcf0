"""X's own sentences in place of posts that it does not show; `notices.json` lists them."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

_LONGEST: Final = 400
_MARKS: Final = ("s account ", "This Tweet ", "This Post ", "This account ")
"""Beginnings of words of which each sentence has one: looking for them is much cheaper."""
_MORE: Final = r"(?:\s+Learn more\.?)?(?:\s+https://t\.co/\w+)?"
_PARTS: Final = {r"\{name\}": r"@?\w{1,50}", r"\{places\}": r"[\w ,&-]{1,200}"}


def is_notice(text: str) -> bool:
    """Return whether a text is nothing but a sentence of X about a post or an account."""
    if len(text) > _LONGEST or not ("account " in text or "This " in text):
        return False
    return any(mark in text for mark in _MARKS) and _pattern().fullmatch(text.strip()) is not None


@cache
def _pattern() -> re.Pattern[str]:
    listed = json.loads(Path(__file__).with_name("notices.json").read_text(encoding="utf-8"))
    sentences = []
    for sentence in listed["sentences"]:
        escaped = re.escape(sentence)
        for name, pattern in _PARTS.items():
            escaped = escaped.replace(name, pattern)
        sentences.append(escaped)
    return re.compile(f"(?:{'|'.join(sentences)}){_MORE}")

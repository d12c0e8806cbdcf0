"""Style and script inside of a page that is one file, and what a browser may load for it."""

import base64
import hashlib
import re
from typing import Final, NamedTuple

from markupsafe import Markup

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_INDENT: Final = re.compile(r"\n\s*")


class Inside(NamedTuple):
    """The style and the script of a file."""

    style: Markup
    script: Markup
    policy: str
    """The only resources that a browser may load and run for the file."""


def inside_of(style: str, script: str = "") -> Inside:
    """Return the program's own style and script as a file has them."""
    style = _INDENT.sub("\n", _COMMENT.sub("", style)).strip()
    rules = (
        "default-src 'none'",
        f"style-src {_hash(style)}",
        f"script-src {_hash(script)}" if script else "script-src 'none'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return Inside(Markup(style), Markup(script), "; ".join(rules))  # noqa: S704 - our own files


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

"""What Meta writes in a way of its own: letters, deleted accounts, pages in place of JSON."""

import re
from typing import Final

from app.errors import UnrecognisedFileError
from app.formats.source.file import Source, head

_DELETED: Final = frozenset(
    ("facebook user", "instagram user", "facebook 사용자", "instagram 사용자")
)
"""What stands in place of the names of deleted accounts, in lower case."""
_PAGES: Final = re.compile(
    r"(?:.*/)?(?:message_\d+|posts_\d+|your_posts.*|post_comments.*|threads_and_replies)\.html"
)
_LOOKED_AT: Final = 64 * 1024
_OF_PAGES: Final = (b"_a6-g", b"uiBoxWhite noborder")
"""Classes in Meta's pages."""


def repaired(value: object) -> str:
    """Return a string whose letters are bytes of UTF-8, each written as a character, put right.

    Others stay as they are; what is no string is empty.
    """
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return value


def is_deleted(name: str) -> bool:
    """Return whether a name stands for a deleted account."""
    return name.casefold() in _DELETED


def refuse_pages(source: Source) -> None:
    """Raise UnrecognisedFileError for a download as pages, which say too little."""
    if source.has_members:
        is_page = any(map(_PAGES.fullmatch, source.members))
    else:
        start = head(source, _LOOKED_AT)
        is_page = start.lstrip()[:1] == b"<" and any(name in start for name in _OF_PAGES)
    if is_page:
        raise UnrecognisedFileError(
            "{name} holds pages; ask Meta for the download again, and choose JSON as its format"
            " in place of HTML",
            name=source.name,
        )

"""The HTML of a post as plain text, as guidelines for Mastodon's API describe it.

Source: https://docs.joinmastodon.org/api/guidelines/
"""

import re
from html.parser import HTMLParser
from typing import Final

from app.formats.records import RecordError

# Beyond these html.parser may need minutes: its time grows with the square of unclosed input.
MAX_LENGTH: Final = 200_000
MAX_TAGS: Final = 4_000

_PARAGRAPHS: Final = frozenset(
    ("p", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table")
)
_EMOJI: Final = frozenset(("emoji", "wp-smiley"))
_LINES: Final = frozenset(("br", "li", "div", "tr"))
_HIDDEN: Final = frozenset(("script", "style", "template"))
_VOID: Final = frozenset(("br", "hr", "img", "wbr", "input", "meta", "link"))
_SPACE = re.compile(r"[ \t]*\r?\n[ \t]*")
_MANY_BREAKS = re.compile(r"\n{3,}")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://(?:www\.)?", re.IGNORECASE)
_LINK_ENDS: Final = "….\u200b"


def html_to_text(html: str, pictures: list[dict[str, str]] | None = None) -> str:
    """Return the text: a blank line between paragraphs, links written out, entities decoded.

    The attributes of pictures are added to `pictures`; without that, and for emoji, their
    descriptions stand in the text. Raises RecordError for HTML that is too long or cannot be read.
    """
    if len(html) > MAX_LENGTH or html.count("<") > MAX_TAGS:
        raise RecordError("the content is too long")
    reader = _Reader(pictures)
    try:
        reader.feed(html)
        reader.close()
    except AssertionError as error:
        # html.parser refuses a broken declaration this way.
        raise RecordError("the content is not valid HTML") from error
    return reader.text()


def written_out(shown: str, address: str) -> str:
    """Return a link's address in place of a shortened one; other words keep it behind them.

    An address that is no web address is left out.
    """
    if not address.lower().startswith(("http://", "https://")):
        return shown
    words = _SCHEME.sub("", shown.strip()).rstrip(_LINK_ENDS)
    if _SCHEME.sub("", address).casefold().startswith(words.casefold()):
        return address
    if shown.strip().lower().startswith(("http://", "https://")):
        return address
    return f"{shown} ({address})"


class _Reader(HTMLParser):
    def __init__(self, pictures: list[dict[str, str]] | None) -> None:
        super().__init__(convert_charrefs=True)
        self._pictures = pictures
        self._parts: list[str] = []
        self._hidden = ""
        """The element whose content is left out, and its depth among elements of its own name."""
        self._depth = 0
        self._link: tuple[int, str] | None = None
        """The part at which the open link's words begin, and its address."""

    def text(self) -> str:
        self._end_link()
        lines = "".join(self._parts).split("\n")
        return _MANY_BREAKS.sub("\n\n", "\n".join(map(str.strip, lines))).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if self._hidden:
            self._depth += tag == self._hidden
        elif tag in _HIDDEN or ("quote-inline" in classes and tag not in _VOID):
            # `quote-inline` only repeats the quoted post's address for programs without quotes.
            self._hidden, self._depth = tag, 1
        elif tag == "a":
            self._end_link()
            is_plain = not {"mention", "hashtag"} & set(classes)
            self._link = (len(self._parts), given.get("href", "") if is_plain else "")
        elif tag == "img":
            if self._pictures is None or _EMOJI & set(classes):
                self._parts.append(given.get("alt", ""))
            else:
                self._pictures.append(given)
        else:
            self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._depth -= tag == self._hidden
            self._hidden = self._hidden if self._depth else ""
        elif tag == "a":
            self._end_link()
        elif tag not in _VOID and tag != "li":
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._parts.append(_SPACE.sub(" ", data))

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._parts.append("\n\n")
        elif tag in _LINES:
            self._parts.append("\n")

    def _end_link(self) -> None:
        if self._link is None:
            return
        start, address = self._link
        shown = "".join(self._parts[start:])
        self._link = None
        if shown.strip() and not shown.lstrip().startswith(("@", "#", "＃")):
            self._parts[start:] = [written_out(shown, address)]

"""The HTML of a post as plain text, as guidelines for Mastodon's API describe it.

Source: https://docs.joinmastodon.org/api/guidelines/
"""

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from app.errors import RecordError

MAX_LENGTH: Final = 50_000
MAX_TAGS: Final = 2_000
"""Characters, and tags among them. Within both, lexbor takes 0.1 s for the worst HTML known."""

_PARAGRAPHS: Final = frozenset(
    ("p", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table")
)
_EMOJI: Final = frozenset(("emoji", "wp-smiley"))
_LINES: Final = frozenset(("br", "li", "div", "tr"))
_HIDDEN: Final = frozenset(("script", "style", "template"))
_MANY_BREAKS = re.compile(r"\n{3,}")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://(?:www\.)?", re.IGNORECASE)
_BLANKS: Final = " \t\r"
_LINK_ENDS: Final = "….\u200b"


def html_to_text(html: str, pictures: list[dict[str, str]] | None = None) -> str:
    """Return the text: a blank line between paragraphs, links written out, entities decoded.

    The attributes of pictures are added to `pictures`; without that, and for emoji, their
    descriptions stand in the text. Raises RecordError for HTML that is too long.
    """
    if len(html) > MAX_LENGTH or html.count("<") > MAX_TAGS:
        raise RecordError("the content is too long")
    reader = _Reader(pictures)
    # Half a surrogate pair has no UTF-8.
    reader.read(LexborHTMLParser(html.encode(errors="ignore"), is_fragment=True).root)
    lines = "".join(reader.parts).split("\n")
    return _MANY_BREAKS.sub("\n\n", "\n".join(map(str.strip, lines))).strip()


def beginning(html: str) -> str:
    """Return as much of the HTML as `html_to_text` reads."""
    return "<".join(html[:MAX_LENGTH].split("<")[: MAX_TAGS + 1])


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


class _Reader:
    def __init__(self, pictures: list[dict[str, str]] | None) -> None:
        self.parts: list[str] = []
        self._pictures = pictures
        self._links: list[tuple[int, str]] = []
        """For each open link the part at which its words begin, and its address."""

    def read(self, node: LexborNode | None) -> None:
        """Read a node and those behind it, without recursion: elements may nest deeply."""
        open_: list[tuple[LexborNode, str]] = []
        while True:
            while node is None:
                if not open_:
                    return
                parent, tag = open_.pop()
                self._end(tag)
                node = parent.next
            tag = node.tag or ""
            if tag == "-text":
                self.parts.append(_in_one_line(node.text_content or ""))
            elif self._begin(tag, node):
                open_.append((node, tag))
                node = node.child
                continue
            node = node.next

    def _begin(self, tag: str, node: LexborNode) -> bool:
        """Begin an element; return whether its content is read."""
        attributes = node.attributes
        classes = (attributes.get("class") or "").split()
        # `quote-inline` only repeats the quoted post's address for programs without quotes.
        if tag in _HIDDEN or tag.startswith("-") or "quote-inline" in classes:
            return False
        if tag == "a":
            is_plain = not {"mention", "hashtag"} & set(classes)
            self._links.append((len(self.parts), (attributes.get("href") or "") * is_plain))
        elif tag == "img":
            if self._pictures is None or _EMOJI & set(classes):
                self.parts.append(attributes.get("alt") or "")
            else:
                self._pictures.append({name: value or "" for name, value in attributes.items()})
        else:
            self._break(tag)
        return True

    def _end(self, tag: str) -> None:
        if tag == "a":
            start, address = self._links.pop()
            shown = "".join(self.parts[start:])
            if shown.strip() and not shown.lstrip().startswith(("@", "#", "＃")):
                self.parts[start:] = [written_out(shown, address)]
        elif tag not in {"br", "hr", "li"}:
            self._break(tag)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")


def _in_one_line(text: str) -> str:
    """Return the text with a blank in place of each line end and the blanks around it."""
    first, *others = text.split("\n")
    if not others:
        return text
    middle = (line.strip(_BLANKS) for line in others[:-1])
    return " ".join((first.rstrip(_BLANKS), *middle, others[-1].lstrip(_BLANKS)))

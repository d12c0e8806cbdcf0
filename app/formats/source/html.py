"""The HTML of a post as plain text, as guidelines for Mastodon's API describe it.

Source: https://docs.joinmastodon.org/api/guidelines/
"""

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from app.errors import RecordError

MAX_LENGTH: Final = 50_000
MAX_TAGS: Final = 2_000
"""Maximum number of tags. Within both limits, lexbor takes 0.1 s for the worst HTML known."""
MAX_NODES: Final = 10 * MAX_TAGS
"""Maximum number of nodes. A parser repeats an open `<b>` in each paragraph, a million in all."""

_TOO_LONG: Final = "the content is too long"
_BREAKS: Final = {
    **dict.fromkeys(("p", "blockquote", "pre", "ul", "ol", "hr", "table"), "\n\n"),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "\n\n"),
    **dict.fromkeys(("br", "li", "div", "tr"), "\n"),
}
_EMOJI: Final = frozenset(("emoji", "wp-smiley"))
_NAMES: Final = frozenset(("mention", "hashtag"))
# It begins where blanks begin, lest many of them take long.
_LINE_END = re.compile(r"(?<![ \t\r])[ \t\r]*+\n[ \t\r\n]*+")
_MANY_BREAKS = re.compile(r"\n{3,}")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://(?:www\.)?", re.IGNORECASE)


def html_to_text(html: str, pictures: list[dict[str, str]] | None = None) -> str:
    """Return the text: a blank line between paragraphs, links written out, entities decoded.

    Pictures' attributes are added to `pictures`; without it, and for emoji, their descriptions are
    in the text. Raises RecordError for HTML that is too long, or grows so.
    """
    if len(html) > MAX_LENGTH or html.count("<") > MAX_TAGS:
        raise RecordError(_TOO_LONG)
    # Half a surrogate pair has no UTF-8.
    root = LexborHTMLParser(html.encode(errors="ignore"), is_fragment=True).root
    lines = "".join(_Reader(pictures).read(root)).split("\n")
    return _MANY_BREAKS.sub("\n\n", "\n".join(map(str.strip, lines))).strip()


def beginning(html: str) -> str:
    return "<".join(html[:MAX_LENGTH].split("<")[: MAX_TAGS + 1])


def written_out(label: str, address: str) -> str:
    """Return a link's address in place of a shortened one, or after other words.

    Addresses other than web addresses are left out.
    """
    if not address.lower().startswith(("http://", "https://")):
        return label
    words = _SCHEME.sub("", label.strip()).rstrip("….\u200b")
    is_start = _SCHEME.sub("", address).casefold().startswith(words.casefold())
    if is_start or label.strip().lower().startswith(("http://", "https://")):
        return address
    return f"{label} ({address})"


class _Reader:
    def __init__(self, pictures: list[dict[str, str]] | None) -> None:
        self._parts: list[str] = []
        self._pictures = pictures
        self._links: list[tuple[int, str]] = []
        """Open links: index of their first part, and address."""

    def read(self, node: LexborNode | None) -> list[str]:
        """Return a node's parts and those after it, without recursion: elements may nest too deep.

        Raises RecordError for too many nodes.
        """
        parents: list[LexborNode] = []
        count = 0
        while node is not None or parents:
            count += node is not None
            if count > MAX_NODES:
                raise RecordError(_TOO_LONG)
            if node is None:
                node = parents.pop()
                self._end(node.tag or "")
            elif node.tag == "-text":
                self._parts.append(_LINE_END.sub(" ", node.text_content or ""))
            elif self._begin(node.tag or "", node):
                parents.append(node)
                node = node.child
                continue
            node = node.next
        return self._parts

    def _begin(self, tag: str, node: LexborNode) -> bool:
        attributes = node.attributes
        classes = {*(attributes.get("class") or "").split()}
        # `quote-inline` only repeats the quoted post's address for programs without quotes.
        if (
            tag in {"script", "style", "template"}
            or tag.startswith("-")
            or "quote-inline" in classes
        ):
            return False
        if tag == "a":
            address = "" if _NAMES & classes else attributes.get("href") or ""
            self._links.append((len(self._parts), address))
        elif tag == "img" and (self._pictures is None or _EMOJI & classes):
            self._parts.append(attributes.get("alt") or "")
        elif tag == "img" and self._pictures is not None:
            self._pictures.append({name: value or "" for name, value in attributes.items()})
        self._parts.append(_BREAKS.get(tag, ""))
        return True

    def _end(self, tag: str) -> None:
        if tag == "a":
            start, address = self._links.pop()
            label = "".join(self._parts[start:])
            if label.strip() and not label.lstrip().startswith(("@", "#", "＃")):
                self._parts[start:] = [written_out(label, address)]
        elif tag not in {"br", "hr", "li"}:
            self._parts.append(_BREAKS.get(tag, ""))

"""The HTML of a post as plain text, as guidelines for Mastodon's API describe it.

Source: https://docs.joinmastodon.org/api/guidelines/
"""

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from saywho.errors import RecordError
from saywho.text import word_set

MAX_LENGTH: Final = 50_000
MAX_TAGS: Final = 2_000
"""Maximum number of tags. Within both limits, lexbor takes 0.1 s for the worst HTML known."""
MAX_NODES: Final = 10 * MAX_TAGS
"""Maximum number of nodes. A parser repeats an open `<b>` in each paragraph, a million in all."""

_TOO_LONG: Final = "the content is too long"
_BREAKS: Final = {
    **dict.fromkeys(word_set("p blockquote pre ul ol hr table h1 h2 h3 h4 h5 h6"), 2),
    **dict.fromkeys(
        word_set(
            "address article aside caption center dd details dialog dir div dl dt fieldset"
            " figcaption figure footer form header hgroup legend li listing main menu nav optgroup"
            " option search section summary tbody tfoot thead tr xmp plaintext"
        ),
        1,
    ),
}
"""Breaks of a line around the blocks of HTML; all other elements stand in the line.

Source: HTML Standard, 15.3 (user agent style sheet)
"""
_UNSHOWN: Final = word_set(
    "audio canvas datalist iframe meter noembed noframes object progress rp script style template"
    " textarea title video"
)
"""Elements whose content a browser does not show, or shows only if it cannot show the element."""
_AS_WRITTEN: Final = frozenset(("pre", "listing", "xmp", "plaintext"))
"""Elements that keep blanks and ends of lines."""
_EMOJI: Final = frozenset(("emoji", "wp-smiley"))
_NAMES: Final = frozenset(("mention", "hashtag"))
_BLOCKS: Final = re.compile(r"(?=<(?:p|div|h[1-6]|ul|ol|blockquote|pre|table|br)\b)", re.IGNORECASE)
_QUOTE_CLASS: Final = re.compile(r"\Aquote(?:header|title|content|d)?\Z|quote\Z", re.IGNORECASE)
_QUOTATIONS: Final = re.compile(r"(</?)blockquote\b", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://(?:www\.)?", re.IGNORECASE)


def html_to_text(html: str, pictures: list[dict[str, str]] | None = None) -> str:
    """Return the text as a browser's `innerText` has it, with at most one empty line between
    blocks, with links written out, and with quotations between `[quote]` and `[/quote]`.

    Pictures' attributes are added to `pictures`; without it, and for emoji, their descriptions are
    in the text. Raises RecordError for HTML that is too long, or grows so.
    """
    if len(html) > MAX_LENGTH or html.count("<") > MAX_TAGS:
        raise RecordError(_TOO_LONG)
    # Half a surrogate pair has no UTF-8.
    root = LexborHTMLParser(html.encode(errors="ignore"), is_fragment=True).root
    return "".join(_Reader(pictures).read(root)).strip()


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


def page_to_text(html: str) -> str:
    """Return the text of HTML of any length, which is read in pieces that end before blocks.

    Raises RecordError if a piece is too long.
    """
    parts, depth = [""], 0
    for part in _BLOCKS.split(html):
        whole = f"{parts[-1]}{part}"
        if len(whole) > MAX_LENGTH or whole.count("<") > MAX_TAGS // 2:
            parts.append("<blockquote>" * min(depth, 9) + part)
        else:
            parts[-1] = whole
        depth = max(0, depth + sum(1 if tag == "<" else -1 for tag in _QUOTATIONS.findall(part)))
    return "\n\n".join(filter(None, map(html_to_text, parts)))


class _Reader:
    def __init__(self, pictures: list[dict[str, str]] | None) -> None:
        self._parts: list[str] = []
        self._pictures = pictures
        self._links: list[tuple[int, str]] = []
        """Open links: index of their first part, and address."""
        self._as_written = 0
        """Number of open elements that keep blanks."""

    def read(self, node: LexborNode | None) -> list[str]:
        """Return a node's parts and later nodes, without recursion: elements may nest too deep.

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
                self._write(node.text_content or "")
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
        is_unshown = tag in _UNSHOWN or tag.startswith("-") or "hidden" in attributes
        if is_unshown or "quote-inline" in classes:
            return False
        # Forums quote other people so, such as Discourse (`quote`) and vBulletin (`bbcode_quote`).
        if tag in {"aside", "div"} and any(map(_QUOTE_CLASS.search, classes)):
            self._write("\n[quote][/quote]\n")
            return False
        if tag == "a":
            address = "" if _NAMES & classes else attributes.get("href") or ""
            self._links.append((len(self._parts), address))
        elif tag == "img" and (self._pictures is None or _EMOJI & classes):
            self._write(attributes.get("alt") or "")
        elif tag == "img" and self._pictures is not None:
            self._pictures.append({name: value or "" for name, value in attributes.items()})
        elif tag == "br":
            self._break(self._breaks_at_end() + 1)
        elif tag in {"td", "th"} and not self._breaks_at_end():
            self._parts.append("\t")
        self._break(_BREAKS.get(tag, 0))
        if tag == "blockquote":
            self._parts.append("[quote]\n")
        self._as_written += tag in _AS_WRITTEN
        return True

    def _end(self, tag: str) -> None:
        self._as_written -= tag in _AS_WRITTEN
        if tag == "a":
            start, address = self._links.pop()
            label = "".join(self._parts[start:])
            if label.strip() and not label.lstrip().startswith(("@", "#", "＃")):
                self._parts[start:] = [written_out(label, address)]
        elif tag != "hr":
            if tag == "blockquote":
                self._break(1)
                self._parts.append("[/quote]")
            self._break(_BREAKS.get(tag, 0))

    def _write(self, text: str) -> None:
        if not self._as_written:
            text = _BLANKS.sub(" ", text)
            if not self._parts or self._parts[-1].endswith((" ", "\t", "\n")):
                text = text.removeprefix(" ")
        if text:
            self._parts.append(text)

    def _break(self, lines: int) -> None:
        if not lines:
            return
        if self._parts and not self._as_written:
            self._parts[-1] = self._parts[-1].rstrip(" \t")
        missing = min(lines, 2) - self._breaks_at_end()
        if missing > 0:
            self._parts.append("\n" * missing)

    def _breaks_at_end(self) -> int:
        breaks = 0
        for part in reversed(self._parts):
            bare = part.rstrip("\n")
            breaks += len(part) - len(bare)
            if bare or breaks >= 2:
                return breaks
        return 2

"""Reads the blocks of text of a page, as a visitor sees them."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Final

BLOCKS: Final = {"p", "h1", "h2", "h3", "li", "dt", "dd", "blockquote", "div", "section", "main"}
VOID: Final = {"br", "input", "img", "meta", "link", "hr", "wbr"}
LEFT_OUT: Final = re.compile(
    r"\b(visually-hidden|messages-part|post-text|ways|teaser|judged|actions|habits|numbers|counted|typical|phrases)\b"
)
"""Classes of elements that hold people's words, links, or the rows under a figure."""


HABITS: Final = re.compile('(?s)<ul class="habits.*?</ul>')


class _Blocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self._open: list[str] = []
        self._hidden = 0
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._text.append(" ")
        if tag in VOID:
            return
        names = dict(attrs).get("class") or ""
        is_left_out = tag in ("script", "style", "svg", "nav", "form", "table", "details", "ol")
        self._open.append(tag)
        if self._hidden or is_left_out or LEFT_OUT.search(names):
            self._hidden += 1
        if tag in BLOCKS:
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            closed = self._open.pop()
            if self._hidden:
                self._hidden -= 1
            if closed in BLOCKS:
                self._end_block()
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._text.append(data)

    def _end_block(self) -> None:
        if text := as_read("".join(self._text)):
            self.blocks.append(text)
        self._text = []


def as_read(text: str) -> str:
    """Return a text without signs that no reader sees, and with plain spaces."""
    return " ".join(re.sub("[\u2060\u200b\u2066-\u2069\u00ad]", "", text).split())


def blocks_of(page: str) -> list[str]:
    """Return the texts of a page's blocks, and what its pictures are said to show."""
    main = page.partition("<main")[2].partition("</main>")[0]
    reader = _Blocks()
    reader.feed("<main" + main)
    told = re.findall(r'<img src="[^"]*picture\.png[^"]*"[^>]*\salt="([^"]+)"', main)
    # Who is a choice of the question on a chat's page is told within its form.
    teaser = main.partition('class="teaser"')[2].partition("</form>")[0]
    told += [
        re.sub("<[^>]*>", "", hint)
        for hint in re.findall('<p class="hint">(.*?)</p>', teaser, re.S)
    ]
    return [*reader.blocks, *map(as_read, told)]


def rows_of(page: str) -> Iterator[str]:
    """Yield the rows of an author's habits: `Length (4.9 words · Ros: 7.5 words)`."""
    for row in re.findall("<li[^>]*>(.*?)</li>", "".join(re.findall(HABITS, page)), re.S):
        label, value, beside = (
            as_read(unescape(re.sub("<[^>]*>", "", part)))
            for part in re.split('<span class="value">|<span class="usual">', row)
        )
        yield f"{label} ({value} · {beside})"

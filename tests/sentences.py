"""Reads the blocks of text of a page, as a visitor sees them."""

import re
from collections.abc import Collection, Iterator, Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Final

from app.language.i18n import CHAT, catalog

BLOCKS: Final = {"p", "h1", "h2", "h3", "li", "dt", "dd", "blockquote", "div", "section", "main"}
VOID: Final = {"br", "input", "img", "meta", "link", "hr", "wbr"}
LEFT_OUT: Final = re.compile(
    r"\b(visually-hidden|messages-part|post-text|ways|teaser|judged|(?<!-)actions|button|spark|habits|numbers|counted|typical|phrases)\b"
)
"""Classes of elements that hold people's words, links, or the rows under a figure."""


HABITS: Final = re.compile('(?s)<ul class="habits.*?</ul>')


TAGS_LEFT_OUT: Final = ("script", "style", "svg", "nav", "form", "table", "details", "ol")


class _Blocks(HTMLParser):
    def __init__(self, tags: Collection[str], classes: re.Pattern[str]) -> None:
        super().__init__()
        self._tags, self._classes = tags, classes
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
        self._open.append(tag)
        if self._hidden or tag in self._tags or self._classes.search(names):
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
    reader = _Blocks(TAGS_LEFT_OUT, LEFT_OUT)
    reader.feed("<main" + main)
    told = re.findall(r'<img src="[^"]*picture\.png[^"]*"[^>]*\salt="([^"]+)"', main)
    # Who is a choice of the question on a chat's page is told within its form.
    teaser = main.partition('class="teaser"')[2].partition("</form>")[0]
    told += [
        re.sub("<[^>]*>", "", hint)
        for hint in re.findall('<p class="hint">(.*?)</p>', teaser, re.S)
    ]
    return [*reader.blocks, *(as_read(unescape(text)) for text in told)]


def folded_of(page: str) -> list[str]:
    """Return the paragraphs at the end of a page, of how it was measured."""
    reader = _Blocks(
        (*TAGS_LEFT_OUT[:-2], "ul", "ol", "summary", "h3"), re.compile("visually-hidden")
    )
    for part in page.partition("<main")[2].split('<details class="')[1:]:
        if re.match('[^"]*counted"', part):
            reader.feed("<main>" + part.partition(">")[2].partition("</details>")[0] + "</main>")
    return reader.blocks


LIST: Final = re.compile('(?s)<ol class="name-counts" aria-labelledby="([^"]+)">(.*?)</ol>')


def lists_of(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield the heading of each list of words or habits, each word, and what is told of it."""
    for heading, rows in LIST.findall(page):
        (title,) = set(re.findall(f'(?s)<h[23] id="{heading}"[^>]*>(.*?)</h', page))
        for word, told in re.findall(
            '(?s)<bdi>(.*?)</bdi></a> <span class="count">(.*?)</span></li>', rows
        ):
            told = re.sub("<[^>]*>", "", told)
            yield as_read(unescape(title)), as_read(unescape(word)), as_read(unescape(told))


def rows_of(page: str) -> Iterator[str]:
    """Yield the rows of an author's habits: `Length (4.9 words · Ros: 7.5 words)`."""
    for row in re.findall("<li[^>]*>(.*?)</li>", "".join(re.findall(HABITS, page)), re.S):
        label, *values = (
            as_read(unescape(re.sub("<[^>]*>", "", part)))
            for part in re.split('<span class="value">|<span class="usual">', row)
        )
        yield f"{label} ({' · '.join(values)})"


def as_messages(block: str) -> str:
    """Return a sentence about posts as the sentence about messages."""
    block = re.sub(r"\b글(?=(?:[이을은과에]|에서)(?!\w))", "메시지", block)
    for wrong, right in (("이", "가"), ("을", "를"), ("은", "는"), ("과", "와")):
        block = block.replace(f"메시지{wrong}", f"메시지{right}")
    return re.sub(r"\b글(?= |\)|,|$)", "메시지", block)


def texts_of(text: str) -> Iterator[str]:
    """Yield a sentence of the program as it is read of messages: in English, and in Korean."""
    of_messages = re.sub(r"\bpost(?=s?\b)", "message", text)
    yield from {of_messages: "", re.sub(r"\bPost(?=s?\b)", "Message", of_messages): ""}
    korean = catalog("ko")
    forms = [korean.gettext(text), *(korean.pgettext(of, text) for of in (CHAT, "past"))]
    yield from dict.fromkeys(as_messages(as_read(str(form))) for form in forms if form != text)


PARTICLES: Final = {
    "을(를)": "[을를]",
    "은(는)": "[은는]",
    "이(가)": "[이가]",
    "과(와)": "[과와]",
    "(으)로": "(?:으)?로",
    "이에요(예요)": "(?:이에요|예요)",
}


def with_values(told: str, values: Mapping[str, str]) -> str:
    """Return the pattern of a sentence with its values as groups; those without are anything."""
    particles = r"\(으\)로|[을은이과]\([를는가와]\)|이에요\(예요\)"
    pieces = re.split(rf"(\{{\w+\}}|{particles})", told)
    return "".join(_piece(piece, values) for piece in pieces)


def _piece(piece: str, values: Mapping[str, str]) -> str:
    if not re.fullmatch(r"\{\w+\}", piece):
        return PARTICLES.get(piece) or re.escape(piece)
    name = "messages" if piece == "{posts}" else piece[1:-1]
    pattern = values.get(name, ".+")
    return pattern if name in ("total", "change", "when") else f"(?P<{name}>{pattern})"

"""What strangers' hosts send: by a seed, and feeds for which parsers took long."""

import gzip
import json
from collections.abc import Callable
from random import Random
from typing import Final
from xml.sax.saxutils import escape

Answer = tuple[dict[str, str], bytes]


def hostile_answer(seed: int) -> Answer:
    """Return the headers and the body that this seed stands for."""
    chance = Random(seed)  # The same each time.
    headers = {"Content-Type": chance.choice(["application/xml", "text/xml", "text/html", ""])}
    text = chance.choice(TEXTS)(chance)
    encoding = chance.choice(["utf-8"] * 8 + ["utf-16", "utf-32", "utf-7", "cp037", "euc-kr"])
    body = text.encode(encoding, "replace")
    if chance.random() < 0.1:
        headers["Content-Type"] += f"; charset={chance.choice(['cp037', 'utf-7', 'punycode', 'x'])}"
    if chance.random() < 0.1:
        at = chance.randrange(len(body) + 1)
        body = chance.choice([body[:at], body[:at] + chance.randbytes(99) + body[at:]])
    if chance.random() < 0.4:
        headers["Content-Encoding"] = "gzip"
        packed = gzip.compress(body, 1)
        tail = bytes(chance.randrange(2**24))
        body = chance.choice([packed, packed, packed[: len(packed) // 2], packed + tail, body])
    return headers, body


def honest_answer(seed: int) -> Answer:
    """Return a feed of somebody who means no harm: 1 to 40 posts of 50 to 2,000 letters."""
    chance = Random(seed)
    length = chance.choice([50, 140, 280, 2_000])
    words = ["".join(chance.choices("aehinorst", k=chance.randrange(2, 9))) for _ in range(500)]
    texts = [
        " ".join(chance.choices(words, k=length // 6)) for _ in range(chance.choice([1, 5, 40]))
    ]
    items = "".join(f"<item><guid>{n}</guid><title>{x}</title></item>" for n, x in enumerate(texts))
    return {}, _feed("", items).encode()


def _size(chance: Random) -> int:
    return int(10 ** chance.uniform(0, 6.5))


def _feed(head: str, item: str) -> str:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel>{item}</channel></rss>'


def _item(text: str) -> bytes:
    return _feed("", f"<item>{text}</item>").encode()


def _padded(chance: Random) -> str:
    pad = chance.choice(["\n", " ", "\t", "a", "-", "<!--", "&", "&#", "b ", "x:", "[", "]]>"])
    pad *= _size(chance)
    shapes = [
        _feed(pad, "<item><title>x</title></item>"),
        _feed("", f"<item><author>{escape(pad)}</author><title>x</title></item>"),
        _feed("", f"<item><title>{pad}</title></item>"),
        _feed("", f"<item><description>x{escape(pad)}y</description></item>"),
        _feed("", f"<item><description>&lt;a {escape(pad)}</description></item>"),
        _feed("", f"<item><description>&lt;p style='{escape(pad)}'>x</description></item>"),
        _feed("", f"<item><pubDate>{escape(pad)}</pubDate><title>x</title></item>"),
        _feed("", f"<item><link>{escape(pad)}</link><title>x</title></item>"),
    ]
    return chance.choice(shapes)


def _nested(chance: Random) -> str:
    tag = chance.choice(["a", "item", "description", "div", "rss", "media:content"])
    deep = f"<{tag}>" * min(_size(chance), 2**20)
    html = f"<item><description>{escape('<div>' * _size(chance))}</description></item>"
    return chance.choice([_feed("", deep), deep, _feed("", html)])


def _entities(chance: Random) -> str:
    size, count = _size(chance), chance.randrange(200_000)
    kinds = [f'<!ENTITY e "{"A" * size}">', '<!ENTITY e SYSTEM "file:///etc/passwd">', ""]
    head = f"<!DOCTYPE rss [{chance.choice(kinds)}]>"
    return _feed(head, f"<title>t & </b></title><item><title>x{'&e;' * count}</title></item>")


def _many(chance: Random) -> str:
    text = "word " * chance.randrange(2_000)
    items = f"<item><title>{text}</title></item>" * min(
        _size(chance), 4_000_000 // len(text or "x")
    )
    attributes = " ".join(f'a{n}="1"' for n in range(_size(chance) // 10))
    links = f"<item><description>{escape('<a href=x>y</a>' * 900)}</description></item>" * 99
    base = f'<rss xml:base="http://h/{"b" * _size(chance)}"><channel>{links}</channel></rss>'
    return chance.choice([_feed("", items), _feed("", f"<item {attributes}/>"), base])


def _page(chance: Random) -> str:
    size = _size(chance)
    status = {"id": "1", "visibility": "public", "content": "<p>" + "x \n" * size}
    pages: list[object] = [
        [status | {"id": str(n)} for n in range(min(size, 40))],
        [status | {"content": "<div>" * size}],
        [{"id": f"{n}"} for n in range(size // 20)],
        {f"k{n}": n for n in range(size // 10)},
        [status | {"content": "\ud800" * min(size, 9_999), "spoiler_text": "&" * size}],
    ]
    raw = ["[" * size, "[" + "[]," * size + "[]]", "9" * size, '[{"id":"1"},' * size]
    return chance.choice([*raw, *map(json.dumps, pages)])


N: Final = 200_000
KNOWN: Final = {
    "line-ends": _feed("\n" * N, "").encode(),
    "style": _item(f"<description>&lt;p style='{'a' * N}'>x</description>"),
    "author": _item(f"<title>x</title><author>{'a' * N}</author>"),
    "blanks": _item(f"<description>x{' ' * N}y</description>"),
    "tag": _item(f"<description>&lt;a {'b ' * (N // 2)}</description>"),
    "comment": _item(f"<description>&lt;!--{'-' * N}</description>"),
    "entities": _feed(
        f'<!DOCTYPE rss [<!ENTITY a "{"A" * (N // 2)}">]>',
        f"<title>t & </b></title><item><title>x{'&a;' * 2_000}</title></item>",
    ).encode(),
    "attributes": _feed("", "<item " + "".join(f" a{n}='1'" for n in range(1_500)) + "/>").encode(),
    "nothing": b"",
    "lists": b"[" + b"[]," * (2 * N) + b"[]]",
}
"""What holds the interpreter for minutes, or takes all memory, where it is read at all."""
TEXTS: Final[list[Callable[[Random], str]]] = [_padded, _nested, _entities, _many, _page]

"""What a process that reads what strangers wrote may be made to do."""

import os
import signal
from collections.abc import Iterator
from typing import Final

from app.sandbox import MOST_BYTES, MOST_MEMORY


def kill(_body: bytes) -> Iterator[str]:
    yield "a value"
    os.kill(os.getpid(), signal.SIGKILL)


def fill(_body: bytes) -> Iterator[str]:
    yield "x" * len([b"x" * 2**20 for _ in range(MOST_MEMORY // 2**20)])


def flood(_body: bytes) -> Iterator[str]:
    for _ in range(MOST_BYTES // 2**20 + 1):
        yield "x" * 2**20


def whisper(_body: bytes) -> Iterator[str]:
    yield "half a pair: \ud800."


def tell(_body: bytes) -> Iterator[object]:
    yield [name for name in os.environ if name.startswith("SAYWHO_")]
    yield os.listdir("/proc/self/fd")


def _feed(head: str, item: str) -> str:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel>{item}</channel></rss>'


def _item(text: str) -> bytes:
    return _feed("", f"<item>{text}</item>").encode()


N: Final = 200_000
SLOW: Final = {
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

"""Small files that take much to read: memory, time, or the interpreter itself."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from typing import Any, Final


def many_headers(keys: int = 60_000, members: int = 300) -> bytes:
    """Return a tar whose global headers are copied into each member."""
    file, headers = io.BytesIO(), {f"{number:x}": "b" for number in range(keys)}
    with tarfile.open(
        fileobj=file, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers
    ) as tar:
        for number in range(members):
            tar.addfile(tarfile.TarInfo(str(number)))
    return gzip.compress(file.getvalue(), compresslevel=1)


def large_values(lists: int = 2_446_677) -> bytes:
    """Return a chat with large values before its list of messages."""
    value = "[" + ",".join(["[]"] * lists) + "]"
    room = "{" + ",".join(f'"k{number}":{value}' for number in range(4)) + ',"messages":[]}'
    return gzip.compress(room.encode(), compresslevel=1)


def namesakes(people: int = 12_000) -> bytes:
    """Return a chat of many people with one name."""
    message = {"type": "message", "date": "2024-01-01T00:00:00", "from": "Kim", "text": "hello"}
    messages = [message | {"id": n, "from_id": f"user{n}"} for n in range(people)]
    room: dict[str, Any] = {"type": "private_group", "id": 1, "messages": messages}
    return gzip.compress(json.dumps(room).encode(), compresslevel=1)


def digits(size: int = 400_000) -> bytes:
    """Return a tar whose header holds a regular expression of tarfile, and the interpreter."""
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, size
    body = b"1" * size + b"\0" * (-size % 512)
    tar = head.tobuf(tarfile.USTAR_FORMAT) + body + tarfile.TarInfo("f").tobuf() + bytes(1024)
    return gzip.compress(tar, compresslevel=1)


FILES: Final[dict[str, Callable[[], bytes]]] = {
    "globals.tar.gz": many_headers,
    "keys.json.gz": large_values,
    "people.json.gz": namesakes,
    "digits.tar.gz": digits,
}


def long_chat(messages: int) -> bytes:
    """Return a chat of two people that takes long to read, packed."""
    pieces = [b"KakaoTalk Chats with us\n\n"]
    pieces += [b"January 15, 2024, 3:10 PM, %s : hello\n" % name for name in _names(messages)]
    return gzip.compress(b"".join(pieces), compresslevel=1)


def _names(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield (b"mina", b"anna")[number % 2]

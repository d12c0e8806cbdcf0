"""Small files that take much to read: memory, time, or the interpreter itself."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from typing import Any, Final

from tests.archives import picture, x_file, x_media, x_media_members, x_tweet, zip_bytes


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


def blanks(size: int = 2**30) -> bytes:
    """Return gzips in a row of one list that holds nothing, and is never closed."""
    return gzip.compress(b"[") + gzip.compress(b" " * 2**20) * (size // 2**20)


def large_pictures(size: int = 2**26, pictures: int = 20) -> bytes:
    """Return an archive of X of pictures that are mostly zeros."""
    names = [f"a{number}.png" for number in range(pictures)]
    posts = {n: [x_media(f"https://p.example/{name}")] for n, name in enumerate(names, 1)}
    files = {f"{n}-{name}": picture(n) + bytes(size) for n, name in enumerate(names[:3], 1)}
    return zip_bytes(x_media_members(posts, files))


def many_parts(parts: int = 50_000) -> bytes:
    """Return an archive of X whose posts are in many files."""
    names = (f"data/tweets-part{number}.js" for number in range(parts))
    tweets = x_file("tweets", x_tweet(1, "one post"))
    return zip_bytes({"data/tweets.js": tweets, **dict.fromkeys(names, b"")})


FILES: Final[dict[str, Callable[[], bytes]]] = {
    "globals.tar.gz": many_headers,
    "keys.json.gz": large_values,
    "people.json.gz": namesakes,
    "digits.tar.gz": digits,
    "blanks.json.gz": blanks,
    "pictures.zip": large_pictures,
    "parts.zip": many_parts,
}


def long_chat(messages: int) -> bytes:
    """Return a chat of two people that takes long to read, packed."""
    line = b"January 15, 2024, 3:10 PM, %s : hello\n"
    two = line % b"mina" + line % b"anna"
    return gzip.compress(b"KakaoTalk Chats with us\n\n" + two * (messages // 2), compresslevel=1)

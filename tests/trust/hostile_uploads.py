"""Files that somebody may upload, by a seed: deep, wide, repeated, cut, in each format."""

import gzip
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any, Final

from tests.archives import SMALL_FILES, x_file, x_members, x_tweet, zip_bytes

MOST: Final = 3_000_000
"""Bytes of a file before it is packed, about."""


def hostile_upload(seed: int) -> tuple[str, bytes]:
    """Return the name and the bytes of the file that this seed stands for."""
    chance = Random(seed)  # The same each time.
    kind = list(KINDS)[seed % len(KINDS)]
    data = KINDS[kind](chance)
    if chance.random() < 0.2:
        at = chance.randrange(len(data) + 1)
        data = chance.choice([data[:at], data[:at] + chance.randbytes(99) + data[at:]])
    for _ in range(chance.choice([0, 0, 0, 1, 1, 2])):
        data = gzip.compress(data, 6)
    if chance.random() < 0.1:
        data = chance.choice([data[:-5], data + bytes(_size(chance)), data * 2])
    return f"{seed}-{kind}", data


def _size(chance: Random, most: int = MOST) -> int:
    return int(most ** chance.uniform(0.2, 1))


def _tar(chance: Random) -> bytes:
    """Return a tar of odd headers."""
    keys = {f"{number:x}": "b" for number in range(_size(chance) // 40)}
    file = io.BytesIO()
    style = chance.choice([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
    common = keys if chance.random() < 0.3 else {}
    with tarfile.open(fileobj=file, mode="w", format=style, pax_headers=common) as tar:
        name = chance.choice(["outbox.json", "data/tweets.js", "a" * 90, "a/" * 40, "result.json"])
        for number in range(min(_size(chance), 3_000)):
            info = tarfile.TarInfo(f"{number if chance.random() < 0.9 else ''}{name}")
            info.type = chance.choice([tarfile.REGTYPE] * 9 + [tarfile.SYMTYPE, b"Z", b"S"])
            if style == tarfile.PAX_FORMAT and chance.random() < 0.01:
                info.pax_headers = {"comment": "c" * _size(chance, 70_000)}
            tar.addfile(info)
        content = _json(chance)
        info = tarfile.TarInfo(chance.choice(["outbox.json", "tweets.js", "result.json"]))
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    extended = tarfile.TarInfo("x")
    extended.type = chance.choice([tarfile.XHDTYPE, tarfile.XGLTYPE, b"L", b"X"])
    extended.size = _size(chance, 400_000)
    said = chance.choice([b"1", b"2 2=", b"9 a=b", b"\xff", b"1 path=", b"30 size=-9\n"])
    body = (said * extended.size)[: extended.size]
    head = extended.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)
    return chance.choice([head + file.getvalue(), file.getvalue()])


def _zip(chance: Random) -> bytes:
    """Return a zip of many files, of false sizes, or of content that unpacks to much."""
    names = ["data/tweets.js", "outbox.json", "result.json", "_chat.txt", "x/tweets.js", "a.txt"]
    names += [f"data/tweets-part{'1' * 5_000}.js", "../" * 99 + "tweets.js", "data/like.js", "a\0b"]
    members = {name: _any(chance) for name in chance.sample(names, chance.randrange(1, 5))}
    members |= {f"{'d/' * (number % 9)}{number}.txt": b"" for number in range(_size(chance, 5_000))}
    data = bytearray(zip_bytes(chance.choice([members, x_members() | members])))
    if chance.random() < 0.4:  # What the directory says of the first file.
        at = data.find(b"PK\x01\x02") + chance.choice([8, 10, 20, 24, 42])
        data[at : at + 4] = struct.pack("<I", chance.choice([0, 1, 2**31, 2**32 - 1]))
    if chance.random() < 0.2:
        end = data.rfind(b"PK\x05\x06")
        directory = bytes(data[data.find(b"PK\x01\x02") : end])
        again = directory * (_size(chance) // len(directory))
        tail = data[end:]
        tail[12:16] = struct.pack("<I", len(directory) + len(again))
        return bytes(data[:end]) + again + bytes(tail)
    return bytes(data)


def _json(chance: Random) -> bytes:
    """Return JSON that is deep, wide, bad, or not closed."""
    size = _size(chance)
    key = chance.choice(["messages", "orderedItems", "feed", "statuses", "data", "chats", "list"])
    flat = chance.choice(["[]", "{}", '{"":0}', "1", '"a"', "x", "tru", "1e9999", '"\\q"', "NaN"])
    many = ",".join([flat] * (size // (len(flat) + 1)))
    spaced = " ".join([flat] * (size // (len(flat) + 1)))
    deep = min(size // 8, chance.choice([50, 400, 900, 1_200, 400_000]))
    message = '{"id":1,"type":"message","date":"2024-01-01","text":%s}'
    post = '{"id_str":"1","text":"hi","created_at":%s,"user":{"screen_name":"mina"}}'
    large = chance.choice([f"[{many}]", '"' + "a" * size + '"', "9" * size, "[" * deep])
    texts = [
        f'["{"a" * size}",{many}]',
        f"[{spaced}]",
        f'{{"k1":[{many}],"k2":[{many}],"{key}":[]}}',
        f'{{"{key}":[{many}]}}',
        "[" * deep + "]" * deep,
        '{"a":' * deep + "1" + "}" * deep,
        f'{{"{key}":' * deep,
        f'{{"{key}":[{{"messages":' * deep,
        '{"k":[' * deep,
        f'{{"id":1,"messages":[{message % large}]}}',
        post % large,
        f'{{"_id":1,"text":"a","b":{"[" * deep}{"]" * deep}}}',
        f'{{"text":"a","is_repost":{"[" * deep}{"]" * deep}}}\n' * 3,
        "\n".join([f'{{"text":"{"b" * (size // 99)}"}}'] * 99),
        '{"text":"' + chance.choice(["\\ud800", "\\u0000", "&#" + "1" * 9_000, "&a"]) * 99 + '"}',
        "\n" * size,
        '"' + "\\" * size,
    ]
    return chance.choice(texts).encode()


def _posts(chance: Random) -> bytes:
    """Return posts whose fields are of any size."""
    size = _size(chance, 1_000_000)
    marks = "a" + "\u0315\u0300" * (size // 4)
    text = chance.choice(["hi", "t " * size, "http://t.co/a " * (size // 14), marks, "é" * size])
    facet = {
        "index": {"byteStart": 0, "byteEnd": size | 1},
        "features": [{"$type": "#link", "uri": "http://a"}],
    }
    address = "https://" + chance.choice([marks, "a/" * size, "[" * 99, "users/" * size])
    content = chance.choice([text, "<p>" * size, "&" * size])
    note = {"type": "Note", "content": content, "to": "as:Public"}
    note["summary"] = chance.choice(["", "&#" + "1" * size + ";"])
    record = {"text": text, "facets": [facet] * (size // 200)}
    links = [{"url": "http://t.co/a", "expanded_url": address}]
    tweet = {"id_str": "1", "full_text": text, "user": {"screen_name": "mina"}}
    time = chance.choice(["9999-12-31", "0001-01-01T00:00+14:00", -1e308, text])
    posts: list[Any] = [
        {"type": "Create", "actor": address, "published": "9" * 40, "object": note},
        {"post": {"uri": "at://did/a/1", "record": record}},
        tweet | {"entities": {"urls": links}},
        {"text": text, "created_at": time},
        {"_id": {"$oid": text}, "text": "a", "when": {"$date": {"$numberLong": "9" * 5_000}}},
    ]
    post = chance.choice(posts)
    form = chance.choice(["lines", "array", "feed", "orderedItems"])
    number = chance.choice([1, 3, 50])
    number = max(1, min(number, 2 * MOST // (len(json.dumps(post)) + 1)))
    if form == "lines":
        return b"\n".join([json.dumps(post).encode()] * number)
    return json.dumps([post] * number if form == "array" else {form: [post] * number}).encode()


def _x(chance: Random) -> bytes:
    """Return an archive of X whose long posts begin alike."""
    number = _size(chance, 4_000)
    note = {"noteTweet": {"noteTweetId": "1", "createdAt": "2023-02-18T12:00:00Z"}}
    note["noteTweet"]["core"] = {"text": "a" * 50}  # type: ignore[assignment]
    tweets = [x_tweet(n, chance.choice(["a" * 50, "a" * 50 + "…"])) for n in range(number)]
    members = {
        "data/tweets.js": x_file("tweets", *tweets),
        "data/note-tweet.js": x_file("note_tweet", *([note] * number)),
        "data/account.js": chance.choice([x_file("account", _deep(900)), _any(chance)]),
        "data/manifest.js": _any(chance),
    }
    return zip_bytes(members)


def _deep(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"account": value}
    return value


def _csv(chance: Random) -> bytes:
    """Return CSV of many columns, quotes, or one field."""
    size = _size(chance)
    texts = [
        "text,author\n" + '"a' * size,
        "text" + ",a" * (size // 2) + "\n" + "b" + ",c" * (size // 2) + "\n",
        "text,author\n" + "a" * size + ",mina\n",
        "text,author\n" + '"' * size + ",mina\n",
        "text,author\n" + ("\0" * 9 + ",mina\n") * (size // 20),
        "text,author\n" + "\r" * size,
        "text,author\n" + "hi,mina\n" * (size // 8),
        "text;author,b|c\td\n" * (size // 20),
        "text,author\n" + "=1+1," * size,
    ]
    codec = chance.choice(["utf-8", "utf-8", "utf-16", "utf-16-le", "cp949", "utf-32", "utf-7"])
    return chance.choice(texts).encode(codec, "replace")


def _chat(chance: Random) -> bytes:
    """Return a chat of many people, odd dates, and lines that nearly start a message."""
    size = _size(chance, 300_000)
    name = chance.choice(["Kim", "Kim {n}", "{n}", "] [3:10 PM] ", " : ", "🐈" * 99, "a" * 9_999])
    date = chance.choice(["1/15/24", "{d}/{m}/{y}", "99/99/9999", "0/0/0"])
    line = chance.choice(
        [
            date + ", 9:05 PM - " + name + ": hello",
            "[" + date + ", 21:05:33] " + name + ": hello",
            "[" + name + "] [3:10 PM] hello",
            "January 15, 2024, 3:10 PM, " + name + " : hello",
            "2024년 1월 15일 오후 3:02, " + name + " : 안녕",
            "--------------- 2024년 1월 15일 월요일 ---------------",
            '2024-01-15 15:02:07,"' + name + '","hello"',
            "[" * 500 + "] [",
            "1/15/24, " * 60,
        ]
    )
    number = min(size, MOST // len(line))
    days = ({"n": n, "d": n % 31, "m": n % 13, "y": 1 + n % 9_999} for n in range(number))
    end = chance.choice(["\n", "\r\n", "\r", "\n\n"])
    heads = ["", "KakaoTalk Chats with us\n\n", "Date,User,Message\n", "하늘 님과 카카오톡 대화\n"]
    text = chance.choice(heads) + "".join(line.format(**day) + end for day in days)
    return text.encode(chance.choice(["utf-8", "utf-8", "utf-16", "cp949"]), "replace")


def _telegram(chance: Random) -> bytes:
    """Return a room of Telegram of many people, or in many rooms."""
    number = _size(chance, 20_000)
    message = {"type": "message", "date": "2024-01-01T00:00:00", "text": "hello"}
    odd: dict[str, Any] = chance.choice(
        [
            {"from": "Kim"},
            {"from": "a" * 300},
            {"from": 7},
            {"text": [["a"] * 9, {"text": 1}, "b"]},
            {"date_unixtime": "9" * 30},
            {"reply_to_message_id": [1]},
        ]
    )
    people = [{"from_id": f"user{n}", "id": n} for n in range(number)]
    messages = [message | {"from": f"u{n}"} | people[n] | odd for n in range(number)]
    room = {"type": "private_group", "id": 1, "messages": messages}
    shapes: list[Any] = [room, {"chats": {"list": [room] * 2}}, {"list": [{"list": [room]}]}]
    return json.dumps(chance.choice(shapes)).encode()


def _small(chance: Random) -> bytes:
    """Return a sound file of any format, many times or with odd bytes in it."""
    data = bytearray(chance.choice(list(SMALL_FILES.values())))
    for _ in range(chance.choice([0, 1, 5])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data) * chance.choice([1, 2, 9_000])


def _packed(chance: Random) -> bytes:
    """Return what unpacks to a thousand times its size."""
    unit = chance.choice([b"\0", b"a", b"\n", b"[", b'{"text":"a"}\n', b"[],", b" ", b"\xff"])
    data = unit * (60_000_000 // len(unit))
    if chance.random() < 0.5:
        return gzip.compress(data, 6)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("outbox.json", "result.json", "_chat.txt")[: chance.randrange(1, 4)]:
            archive.writestr(name, data)
    return file.getvalue()


def _any(chance: Random) -> bytes:
    return chance.choice([_json, _posts, _csv, _chat, _small])(chance)[: MOST // 4]


KINDS: Final[dict[str, Callable[[Random], bytes]]] = {
    "posts.tar": _tar,
    "posts.zip": _zip,
    "posts.json": _json,
    "posts.jsonl": _posts,
    "archive.zip": _x,
    "posts.csv": _csv,
    "chat.txt": _chat,
    "result.json": _telegram,
    "small": _small,
    "packed.gz": _packed,
}

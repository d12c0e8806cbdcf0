"""What a reader leaves out has no words of a person, or the import says so."""

import io
import json
from typing import Any, Final

import pytest

import saywho
from saywho.errors import FileError

DAY: Final = "2024-01-05T10:00:00Z"


def post(number: int, **more: Any) -> dict[str, Any]:
    return {"author": f"n{number % 3}", "text": f"words {number}", "created_at": DAY, **more}


def status(number: int, **more: Any) -> dict[str, Any]:
    account, words = {"acct": f"n{number}"}, f"words {number}"
    return {"id": str(number), "account": account, "content": words, "visibility": "public"} | more


def said(number: int) -> dict[str, Any]:
    time = 1_704_448_800_000 + number
    return {"sender_name": f"n{number}", "timestamp_ms": time, "content": f"words {number}"}


def bluesky(number: int, *answers: Any) -> dict[str, Any]:
    uri = f"at://did:plc:{number}/app.bsky.feed.post/3k{number}"
    record = {"text": f"words {number}", "createdAt": DAY}
    author = {"did": f"did:plc:{number}", "handle": f"n{number}.example"}
    return {"post": {"uri": uri, "author": author, "record": record}, "replies": [*answers]}


READ: Final[dict[str, Any]] = {
    "answers under their ids": [post(0, replies={"x": post(1, comments={"y": post(2)})})],
    "posts and threads": {"posts": [post(0)], "chains": [[post(1), post(2)]]},
    "posts under their ids, inside": {"items": {"7": post(0), "8": post(1), "9": post(2)}},
    "lists in a list": [[post(0, replies=[post(1)])], [post(2)]],
    "lists of people who are named in each post too": {
        "news": [post(0), post(1)],
        "weather": [post(2)],
    },
    "ids that are exact as strings alone": [
        {"user_id": 10**17 + n * 1_000, "user_id_str": f"{10**17 + n}", "text": f"words {n}"}
        for n in range(3)
    ],
    "the first of a thread": {"thread": bluesky(0, bluesky(1, bluesky(2)))},
}


@pytest.mark.parametrize("value", READ.values(), ids=READ)
def test_words_in_any_structure_are_read(value: object) -> None:
    found = saywho.read(io.BytesIO(json.dumps(value).encode()))
    assert [each.text for each in found] == ["words 0", "words 1", "words 2"]


TOLD: Final[dict[str, tuple[Any, str, int]]] = {
    "a second list of a known format": (
        {"statuses": [status(0)], "drawer": [status(1), status(2)]},
        "drawer",
        2,
    ),
    "a list inside of posts of a known format": (
        [status(0, guests=[status(1, spoiler_text=""), status(2)])],
        "guests",
        2,
    ),
    "objects under their ids inside of posts": (
        [status(0, guests={"a": status(1), "b": status(2)})],
        "guests",
        2,
    ),
    "a list beside the messages of a chat": (
        {"participants": [], "messages": [said(0), said(1)], "magic_modes": [post(2), post(3)]},
        "magic_modes",
        2,
    ),
    "a list before the messages of a chat": (
        {"magic_modes": [post(2)], "title": "x", "messages": [said(0), said(1)]},
        "magic_modes",
        1,
    ),
}


@pytest.mark.parametrize(("value", "place", "count"), TOLD.values(), ids=TOLD)
def test_words_that_are_not_read_are_a_grave_doubt(value: object, place: str, count: int) -> None:
    data = json.dumps(value).encode()
    with pytest.raises(FileError, match=rf"not read \(see `{place}` in the file\): {count}\."):
        saywho.read(io.BytesIO(data))
    assert "words 0" in [each.text for each in saywho.read(io.BytesIO(data), accept_doubts=True)]


def test_a_few_words_among_many_are_told() -> None:
    values = [status(number) for number in range(3_000)]
    values[2_500]["guests"] = [status(number) for number in range(20)]
    lines = "\n".join(map(json.dumps, values)).encode()
    (doubt,) = [part for part in saywho.read(io.BytesIO(lines)).doubts if "not read" in part]
    assert "`guests`" in doubt


SILENT: Final[dict[str, Any]] = {
    "what is quoted and passed on": [post(0, quoted_status=post(1), in_reply_to=[post(3)])],
    "earlier versions": [post(0, edit_history=[post(1), post(2)])],
    "more about a post": [post(0, card={"author": "site", "text": "words"}, user={"note": "x"})],
    "reactions without words": [post(0, reactions=[{"user": "n1", "emoji": "x"}])],
    "what a program looked up": [
        post(0, parts=[{"type": f"tool_{kind}", "name": "x", "message": "y"} for kind in "ab"])
    ],
    "a post that is wrapped twice": {"data": [{"post": post(0)}]},
}


@pytest.mark.parametrize("value", SILENT.values(), ids=SILENT)
def test_what_is_no_one_s_own_words_is_not_told(value: object) -> None:
    found = saywho.read(io.BytesIO(json.dumps(value).encode()))
    assert [each.text for each in found] == ["words 0"]
    assert not [part for part in found.doubts if "not read" in part]


def test_elements_of_xml_that_are_not_read_are_told() -> None:
    message = '<{0} address="+1" date="1704448800000" type="1" body="{1}" contact_name="Jun"/>'
    note = "<note><author>Jun</author><body>I wait</body></note>"
    read, other = message.format("sms", "the ferry"), '<call number="+1" sender="x"/>'
    file = f"<smses>{read}{read.replace('ferry', 'pier')}{note}{other}</smses>".encode()
    found = saywho.read(io.BytesIO(file), username="mina", accept_doubts=True)
    assert [each.text for each in found] == ["the ferry", "the pier"]
    assert [part for part in found.doubts if "`note`" in part]


SECOND = "2024-01-05 10:00:07"


@pytest.mark.parametrize(
    ("heads", "rows", "count", "username"),
    [
        ("author,text,created_at", [f"mina,fog,{SECOND}", f"jun,fog,{SECOND}"], 2, None),
        ("author,text,created_at", ["mina,fog,2024-01-05", "jun,fog,2024-01-05"], 4, None),
        ("author,text,created_at", ["mina,fog,", "jun,fog,"], 4, None),
        ("author,text,created_at,url", [f"a,fog,{SECOND},x.y/{n}" for n in (1, 2)], 2, None),
        ("id,author,text,created_at", [f"{n},mina,fog,{SECOND}" for n in (1, 2)], 2, None),
        ("text,created_at", [f"fog,{SECOND}", f"rain,{SECOND}"], 2, "mina"),
    ],
)
def test_rows_of_one_author_text_and_second_are_one(
    heads: str, rows: list[str], count: int, username: str | None
) -> None:
    file = "\n".join([heads, *rows, *rows]).encode()
    found = saywho.read(io.BytesIO(file), username=username, accept_doubts=True)
    assert len(found) == count
    assert (f"Repeated, and counted once: {4 - count}" in found.unread) == (count < 4)

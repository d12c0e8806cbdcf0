"""What a reply answers, in every format that says so."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.formats.records import Record, ReplyTarget
from tests.archives import x_file, x_tweet
from tests.formats.reading import lines, read_archive, saved_folder

ACTOR = "https://sea.example/users/mina"
V1_USER = {"id_str": "77", "screen_name": "mina"}
DID = "did:plc:mina"


def targets(target: bytes | Path) -> list[ReplyTarget | None]:
    return [item.reply_to for item in read_archive(target)[1] if isinstance(item, Record)]


def v1(**fields: Any) -> dict[str, Any]:
    return {"id_str": "9", "full_text": "hello", "user": V1_USER} | fields


def v2(**fields: Any) -> dict[str, Any]:
    return {"id": "9", "text": "hello", "author_id": "77"} | fields


def note(answered: str | None) -> dict[str, Any]:
    post = {
        "type": "Note",
        "id": f"{ACTOR}/statuses/9",
        "attributedTo": ACTOR,
        "content": "<p>hello</p>",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "inReplyTo": answered,
    }
    return {"type": "Create", "actor": ACTOR, "object": post}


def sky(did: str | None, reply: dict[str, Any] | None = None) -> dict[str, Any]:
    record: dict[str, Any] = {"$type": "app.bsky.feed.post", "text": "hello"}
    if did:
        at = f"at://{did}/app.bsky.feed.post/3k"
        record["reply"] = {"root": {"uri": at}, "parent": {"uri": at}}
    author = {"did": DID, "handle": "mina.example"}
    post = {"uri": f"at://{DID}/app.bsky.feed.post/9", "author": author, "record": record}
    return {"post": post} | ({"reply": reply} if reply else {})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"in_reply_to_status_id_str": "5"}, ReplyTarget("5")),
        ({"in_reply_to_status_id": 5, "in_reply_to_screen_name": "jiho"}, ReplyTarget("5", "jiho")),
        # The author had another name then.
        (
            {
                "in_reply_to_status_id_str": "5",
                "in_reply_to_user_id_str": "77",
                "in_reply_to_screen_name": "mina_before",
            },
            ReplyTarget("5", "mina"),
        ),
        ({"in_reply_to_screen_name": "jiho"}, ReplyTarget(None, "jiho")),
        ({"in_reply_to_status_id": "", "in_reply_to_screen_name": 5}, None),
    ],
)
def test_posts_of_x(tmp_path: Path, fields: dict[str, Any], expected: ReplyTarget | None) -> None:
    assert targets(lines(v1(**fields))) == [expected]
    stored = v1(**fields) | {"_id": {"$oid": "5e0d9a7bd2c3f5a1b2c3d4e5"}}
    assert targets(lines(stored)) == [expected]
    account = {"account": {"username": "mina", "accountId": "77"}}
    archive = saved_folder(
        tmp_path,
        {
            "data/account.js": x_file("account", account),
            "data/tweets.js": x_file("tweets", x_tweet(9, "hello", **fields)),
        },
    )
    assert targets(archive) == [expected]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"referenced_tweets": [{"type": "quoted", "id": "4"}]}, None),
        ({"referenced_tweets": [{"type": "replied_to", "id": "5"}]}, ReplyTarget("5")),
        (
            {
                "referenced_posts": [
                    {"type": "replied_to", "id": "5", "author": {"username": "jiho"}}
                ]
            },
            ReplyTarget("5", "jiho"),
        ),
        (
            {
                "referenced_tweets": [{"type": "replied_to", "id": "5"}],
                "in_reply_to_user_id": "77",
                "author": {"id": "77", "username": "mina"},
            },
            ReplyTarget("5", "mina"),
        ),
    ],
)
def test_posts_of_the_second_api(fields: dict[str, Any], expected: ReplyTarget | None) -> None:
    assert targets(lines(v2(**fields))) == [expected]


def test_a_page_of_the_second_api_names_the_answered_author() -> None:
    post = v2(referenced_tweets=[{"type": "replied_to", "id": "5"}], in_reply_to_user_id="78")
    users = [{"id": "77", "username": "mina"}, {"id": "78", "username": "jiho"}]
    assert targets(lines({"data": [post], "includes": {"users": users}})) == [
        ReplyTarget("5", "jiho")
    ]


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (None, None),
        (f"{ACTOR}/statuses/5", ReplyTarget("5", "mina@sea.example")),
        ("https://land.example/users/jiho/statuses/5", ReplyTarget("5", "jiho@land.example")),
        ("https://land.example/@jiho/5", ReplyTarget("5", "jiho@land.example")),
        ("https://land.example/notes/5", ReplyTarget("5")),
        ("https://[broken/5", ReplyTarget("5")),
    ],
)
def test_mastodon(answered: str | None, expected: ReplyTarget | None) -> None:
    outbox = {"type": "OrderedCollection", "orderedItems": [note(answered)]}
    assert targets(json.dumps(outbox).encode()) == [expected]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (sky(None), None),
        (sky(DID), ReplyTarget("3k", "mina.example")),
        (sky("did:plc:jiho"), ReplyTarget("3k", "did:plc:jiho")),
        (
            sky("did:plc:jiho", {"parent": {"author": {"handle": "jiho.example"}}}),
            ReplyTarget("3k", "jiho.example"),
        ),
        (
            sky("did:plc:jiho", {"parent": {"author": {"handle": "handle.invalid"}}}),
            ReplyTarget("3k", "did:plc:jiho"),
        ),
    ],
)
def test_bluesky(item: dict[str, Any], expected: ReplyTarget | None) -> None:
    assert targets(json.dumps({"feed": [item]}).encode()) == [expected]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"in_reply_to_status_id": "nan"}, None),
        ({"in_reply_to_status_id": "1.5e+18"}, None),
        ({"in_reply_to_status_id": "5"}, ReplyTarget("5")),
        ({"in_reply_to_id": 5, "in_reply_to_screen_name": "jiho"}, ReplyTarget("5", "jiho")),
        ({"referenced_tweets.replied_to.id": "5"}, ReplyTarget("5")),
        ({"reply_to": {"source_id": "5", "username": "jiho"}}, ReplyTarget("5", "jiho")),
        ({"reply_to": '{"source_id": "5"}'}, ReplyTarget("5")),
        ({"reply_to": '{"source_id": '}, None),
        ({"reply_to": "5"}, ReplyTarget("5")),
        ({"reply_to": {"source_id": {}}}, None),
    ],
)
def test_columns(fields: dict[str, Any], expected: ReplyTarget | None) -> None:
    assert targets(lines({"text": "hello"} | fields)) == [expected]

"""Media and counts, in every format that has them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.formats.records import Medium, Reactions, Record, Skipped
from tests.archives import x_file, x_tweet
from tests.formats.reading import lines, read_archive, saved_folder

MADE_AT = datetime(2024, 11, 1, tzinfo=UTC)
PHOTO = "https://pbs.example/1.jpg"
ATTACHED = [
    {
        "type": "photo",
        "url": "https://t.co/pic",
        "media_url_https": PHOTO,
        "ext_alt_text": "a lamp",
        "original_info": {"width": "640", "height": 480},
    },
    {
        "type": "animated_gif",
        "url": "https://t.co/pic",
        "media_url_https": "https://pbs.example/still.jpg",
        "video_info": {
            "variants": [
                {"content_type": "application/x-mpegURL", "url": "https://v.example/list"},
                {"content_type": "video/mp4", "bitrate": "0", "url": "https://v.example/small"},
                {"content_type": "video/mp4", "bitrate": "832000", "url": "https://v.example/big"},
            ]
        },
    },
]
FOUND = (Medium("photo", PHOTO, "a lamp", 640, 480), Medium("gif", "https://v.example/big"))


def one(target: bytes | Path) -> Record:
    (item,) = read_archive(target)[1]
    assert isinstance(item, Record)
    return item


def test_an_x_archive(tmp_path: Path) -> None:
    fields = {
        "extended_entities": {"media": ATTACHED},
        "favorite_count": "12",
        "retweet_count": "3",
    }
    manifest = {"archiveInfo": {"generationDate": "2024-11-01T00:00:00.000Z"}}
    tweets = x_file("tweets", x_tweet(1, "https://t.co/pic", **fields))
    members = {
        "data/manifest.js": b"window.__THAR_CONFIG = " + json.dumps(manifest).encode(),
        "data/tweets.js": tweets,
    }
    post = one(saved_folder(tmp_path, members))
    assert (post.text, post.media) == ("", FOUND)
    assert post.counts == Reactions(12, 3, None, None, MADE_AT)


def test_the_first_api_and_what_mongodb_keeps_of_it() -> None:
    status = {
        "id_str": "9",
        "full_text": "a lamp &amp; fog https://t.co/pic",
        "user": {"screen_name": "mina"},
        "entities": {"media": ATTACHED[:1]},
        "favorite_count": 12,
        "retweet_count": 0,
        "reply_count": -1,
    }
    for stored in ({}, {"_id": {"$oid": "5e0d9a7bd2c3f5a1b2c3d4e5"}}):
        post = one(lines(status | stored))
        assert (post.text, post.media) == ("a lamp & fog", FOUND[:1])
        assert post.counts == Reactions(12, 0)


def test_the_second_api() -> None:
    status = {
        "id": "9",
        "text": "which one? https://t.co/pic",
        "author_id": "77",
        "attachments": {"media_keys": ["3_1"]},
        "entities": {"urls": [{"url": "https://t.co/pic", "expanded_url": f"{STATUS}/photo/1"}]},
        "public_metrics": {"like_count": 4, "retweet_count": 3, "reply_count": 2, "quote_count": 1},
    }
    page = {
        "data": [status],
        "includes": {
            "media": [
                {
                    "media_key": "3_1",
                    "type": "photo",
                    "url": PHOTO,
                    "alt_text": "a lamp",
                    "width": 640,
                    "height": 480,
                }
            ]
        },
        "__twarc": {"retrieved_at": "2024-11-01T00:00:00+00:00"},
    }
    post = one(lines(page))
    assert (post.text, post.media) == ("which one?", FOUND[:1])
    assert post.counts == Reactions(4, 3, 2, 1, MADE_AT)


STATUS = "https://twitter.com/mina/status/9"


def note(**fields: Any) -> bytes:
    post = {
        "type": "Note",
        "id": "https://sea.example/users/mina/statuses/9",
        "content": "",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
    }
    activity = {"type": "Create", "actor": "https://sea.example/users/mina"}
    return json.dumps(
        {"type": "OrderedCollection", "orderedItems": [activity | {"object": post | fields}]}
    ).encode()


def test_mastodon() -> None:
    attached = [
        {
            "type": "Document",
            "mediaType": "image/jpeg",
            "url": "/media_attachments/files/1/original/a.jpg",
            "name": "a lamp",
            "width": 640,
            "height": 480,
        },
        {"type": "Document", "mediaType": "video/mp4", "url": "https://sea.example/b.mp4"},
        {"type": "Document", "mediaType": "text/html", "url": "https://sea.example/c.html"},
    ]
    post = one(note(attachment=attached, likes={"totalItems": 5}, shares={"totalItems": 2}))
    assert post.text == ""
    assert post.media == (
        Medium("photo", "/media_attachments/files/1/original/a.jpg", "a lamp", 640, 480),
        Medium("video", "https://sea.example/b.mp4"),
    )
    assert post.counts == Reactions(5, 2)
    assert read_archive(note())[1] == [Skipped(1, "empty")]


def test_bluesky() -> None:
    ratio = {"width": 640, "height": 480}
    images = [{"alt": "a lamp", "image": {"$type": "blob"}, "aspectRatio": ratio}]
    post = {
        "uri": "at://did:plc:mina/app.bsky.feed.post/9",
        "author": {"did": "did:plc:mina", "handle": "mina.example"},
        "record": {"$type": "app.bsky.feed.post", "text": "", "embed": {"images": images}},
        "embed": {"images": [{"fullsize": PHOTO, "alt": "a lamp", "aspectRatio": ratio}]},
        "likeCount": 7,
        "repostCount": 0,
    }
    found = one(json.dumps({"feed": [{"post": post}]}).encode())
    assert (found.text, found.media) == ("", FOUND[:1])
    assert found.counts == Reactions(7, 0)
    link = {"external": {"uri": "https://a.example/", "title": "A page", "description": "d"}}
    record = {"$type": "app.bsky.feed.post", "text": "see", "embed": {"media": link}}
    stored = {"uri": post["uri"], "value": record}
    found = one(json.dumps({"records": [stored]}).encode())
    assert found.media == (Medium("link", "https://a.example/", "A page"),)
    assert found.counts is None


@pytest.mark.parametrize(
    ("fields", "media", "counts"),
    [
        ({"favorite_count": "3", "retweet_count": 2}, (), Reactions(3, 2)),
        ({"counts": {"likes": 1}}, (), Reactions(1)),
        ({"counts": '{"likes": 1}', "media": "[]"}, (), Reactions(1)),
        ({"counts": {"likes": -1}, "media": 5}, (), None),
        ({"media": [{"kind": "photo", "alt": "a lamp"}]}, (Medium("photo", None, "a lamp"),), None),
        ({"media": '[{"kind": "gif"}]', "text": ""}, (Medium("gif"),), None),
        ({"media": [{"kind": "page"}]}, (), None),
    ],
)
def test_columns(
    fields: dict[str, Any], media: tuple[Medium, ...], counts: Reactions | None
) -> None:
    post = one(lines({"text": "hello"} | fields, {"text": "hello"})[: -len('\n{"text": "hello"}')])
    assert (post.media, post.counts) == (media, counts)

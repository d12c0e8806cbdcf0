"""Generated archives of each format: every record is accounted for, and every thread rebuilt."""

import asyncio
import csv
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.config import Config
from app.db.engine import Database
from app.formats import open_archive
from app.formats.columns import OWN_FIELDS
from app.formats.source.file import Source
from app.models import Tweet
from app.services.checks import find_faults
from app.services.imports.bulk import ImportReport
from app.services.imports.imports import import_archive
from app.services.posts.tweets import Post, find_posts
from tests.archives import x_file, x_tweet
from tests.databases import Databases
from tests.forests import Leaf, answers_of, forests

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
SEA = "https://sea.example/users/mina"
PHOTO = {"type": "photo", "url": "https://t.co/p", "media_url_https": "https://p.example/1.jpg"}
JSON_CELLS = ("reply_to", "media", "counts")
CONTENTS = ("text", "media", "both", "nothing", "repost")
Made = tuple[Leaf, str]
"""A post of the one account, and what is in it."""


def target(leaf: Leaf) -> tuple[bool, int] | None:
    """Return whether the post answers one of the account's own, and its number."""
    return None if leaf.answers is None else (leaf.answers[0] == "mina", leaf.answers[1])


def x_fields(leaf: Leaf, content: str) -> tuple[str, dict[str, Any]]:
    text = {"media": "https://t.co/p", "nothing": " ", "repost": "RT @a: b"}.get(content, "hello")
    fields: dict[str, Any] = {"favorite_count": str(leaf.number)}
    if content in {"media", "both"}:
        fields["extended_entities"] = {"media": [PHOTO]}
    if answered := target(leaf):
        fields["in_reply_to_status_id_str"] = str(answered[1] + 1)
        fields["in_reply_to_screen_name"] = "mina" if answered[0] else "jiho"
    return text, fields


def of_x(posts: list[Made]) -> bytes:
    items = []
    for leaf, content in posts:
        text, fields = x_fields(leaf, content)
        items.append(x_tweet(leaf.number + 1, text, **fields))
    return x_file("tweets", *items)


def of_api(posts: list[Made]) -> bytes:
    found = []
    for leaf, content in posts:
        text, fields = x_fields(leaf, content)
        if content == "repost":
            fields["retweeted_status"] = {"id_str": "1"}
        user = {"screen_name": "mina"}
        found.append({"id_str": str(leaf.number + 1), "full_text": text, "user": user} | fields)
    return "\n".join(map(json.dumps, found)).encode() + b"\n"


def of_mongo(posts: list[Made]) -> bytes:
    rows = map(json.loads, of_api(posts).splitlines())
    return "\n".join(json.dumps({"_id": row["id_str"]} | row) for row in rows).encode() + b"\n"


def of_mastodon(posts: list[Made]) -> bytes:
    activities: list[dict[str, Any]] = []
    for leaf, content in posts:
        if content == "repost":
            activities.append({"type": "Announce", "actor": SEA, "object": "https://a.example/1"})
            continue
        post: dict[str, Any] = {
            "type": "Note",
            "id": f"{SEA}/statuses/{leaf.number + 1}",
            "content": "<p>hello</p>" if content in {"text", "both"} else "",
            "to": [PUBLIC],
        }
        if content in {"media", "both"}:
            post["attachment"] = [{"mediaType": "image/png", "url": "/media/1.png", "name": "fog"}]
        if answered := target(leaf):
            name = "mina" if answered[0] else "jiho"
            post["inReplyTo"] = f"https://sea.example/users/{name}/statuses/{answered[1] + 1}"
        activities.append({"type": "Create", "actor": SEA, "object": post})
    return json.dumps({"type": "OrderedCollection", "orderedItems": activities}).encode()


def of_bluesky(posts: list[Made]) -> bytes:
    items: list[dict[str, Any]] = []
    author = {"did": "did:plc:mina", "handle": "mina.example"}
    for leaf, content in posts:
        record: dict[str, Any] = {"$type": "app.bsky.feed.post", "text": ""}
        if content in {"text", "both"}:
            record["text"] = "hello"
        if content in {"media", "both"}:
            record["embed"] = {"images": [{"alt": "fog"}]}
        if answered := target(leaf):
            did = "did:plc:mina" if answered[0] else "did:plc:jiho"
            uri = f"at://{did}/app.bsky.feed.post/{answered[1] + 1}"
            record["reply"] = {"root": {"uri": uri}, "parent": {"uri": uri}}
        uri = f"at://did:plc:mina/app.bsky.feed.post/{leaf.number + 1}"
        post = {"uri": uri, "author": author, "record": record, "likeCount": leaf.number}
        item: dict[str, Any] = {"post": post}
        if content == "repost":
            item["reason"] = {"$type": "app.bsky.feed.defs#reasonRepost", "by": author}
        items.append(item)
    return json.dumps({"feed": items}).encode()


def rows_of(posts: list[Made]) -> list[dict[str, Any]]:
    """Return the posts as exports have them, and reposts as other programs tell of them."""
    rows = []
    for leaf, content in posts:
        row: dict[str, Any] = dict.fromkeys(OWN_FIELDS) | {"username": "mina"}
        row["source_id"] = str(leaf.number + 1)
        row["text"] = {"media": "", "nothing": " "}.get(content, "hello")
        row["kind"] = "repost" if content == "repost" else "reply" if leaf.answers else "post"
        row["counts"] = {"likes": leaf.number}
        row["media"] = [{"kind": "photo", "alt": "fog"}] if content in {"media", "both"} else []
        if answered := target(leaf):
            name = "mina" if answered[0] else "jiho"
            row["reply_to"] = {"source_id": str(answered[1] + 1), "username": name}
        rows.append(row)
    return rows


def of_lines(posts: list[Made]) -> bytes:
    return "\n".join(map(json.dumps, rows_of(posts))).encode() + b"\n"


def of_csv(posts: list[Made]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, OWN_FIELDS)
    writer.writeheader()
    for row in rows_of(posts):
        cells = {name: json.dumps(row[name]) for name in JSON_CELLS if row[name]}
        writer.writerow({**row, **dict.fromkeys(JSON_CELLS), **cells})
    return written.getvalue().encode()


FORMATS: dict[str, Callable[[list[Made]], bytes]] = {
    "x": of_x,
    "x-api": of_api,
    "mongo": of_mongo,
    "mastodon": of_mastodon,
    "bluesky": of_bluesky,
    "jsonl": of_lines,
    "csv": of_csv,
}
WITHOUT_COUNTS = "mastodon"
"""Its archives say nothing of them."""


async def bring_in(db: Database, data: bytes, format_name: str) -> ImportReport:
    with Source(io.BytesIO(data)) as source:
        archive = open_archive(source, format=format_name)
        return await import_archive(db, archive, username="mina", renew=False)


async def all_posts(db: Database) -> dict[int, Post]:
    async with db.read() as session:
        return await find_posts(session, list(await session.scalars(select(Tweet.id))))


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("format_name", FORMATS)
@given(forests, st.lists(st.sampled_from(CONTENTS), min_size=40, max_size=40))
def test_each_record_is_accounted_for_and_each_reply_linked(
    databases: Databases, format_name: str, forest: list[Leaf], contents: list[str]
) -> None:
    made = list(zip([leaf for leaf in forest if leaf.author == "mina"], contents, strict=False))
    # A file that begins with reposts alone would not say whose it is.
    made.append((Leaf("mina", 50, None, names_author=False), "text"))
    kept = [leaf for leaf, content in made if content in {"text", "media", "both"}]
    is_listed = [content for _, content in made]

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            data_dir = Path(folder)
            url = databases.make(data_dir)
            db = Database(Config(data_dir=data_dir, database_url=url, durability="normal"))
            try:
                data = FORMATS[format_name](made)
                report = await bring_in(db, data, format_name)
                assert report.errors == []
                assert (report.accepted, report.duplicates, report.rejected) == (len(kept), 0, 0)
                assert report.reposts == is_listed.count("repost")
                assert report.skipped == is_listed.count("nothing")
                posts = await all_posts(db)
                ids = {("mina", int(post.source_id or 0) - 1): post.id for post in posts.values()}
                for key, answered in answers_of(kept, ids).items():
                    reply_to = posts[ids[key]].reply_to
                    assert (reply_to.id if reply_to else None) == answered
                for leaf, content in made:
                    if content in {"text", "media", "both"}:
                        post = posts[ids[leaf.key]]
                        assert bool(post.media) == (content != "text")
                        assert post.text == ("" if content == "media" else "hello")
                        likes = post.counts.likes if post.counts else None
                        assert likes == (leaf.number if format_name != WITHOUT_COUNTS else None)
                again = await bring_in(db, data, format_name)
                assert (again.accepted, again.duplicates) == (0, len(kept))
                assert await find_faults(db) == []
            finally:
                await db.close()
                databases.drop(data_dir)

    asyncio.run(run())

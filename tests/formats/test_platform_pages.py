"""Answers of any shape: posts, or a reason why not; never another failure."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.errors import RecordError
from app.formats.platform_pages import PageHead, read_author_posts, read_statuses
from app.formats.records import Record
from app.runtime.sandbox import encoded

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


def shaped(names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with some of the fields that mean something, of any type."""
    fields = {name: ANY | st.text(max_size=30) for name in names.split()}
    return st.fixed_dictionaries({}, optional=fields)


STATUS = shaped(
    "id created_at visibility content spoiler_text language url uri account reblog poll quote"
    " mentions media_attachments in_reply_to_id in_reply_to_account_id favourites_count"
).flatmap(
    lambda status: shaped("id acct display_name").map(
        lambda account: {"visibility": "public", "id": "1"} | status | {"account": account}
    )
)
POST = shaped("text createdAt langs facets reply embed $type").flatmap(
    lambda record: shaped("indexedAt likeCount author").map(
        lambda post: {
            "post": {"uri": "at://did:plc:a/app.bsky.feed.post/1", "record": record} | post
        }
    )
)


def read(function: Callable[..., Iterator[object]], value: object, **options: str) -> list[Record]:
    """Return the records of a page; a value that is no page gives none."""
    try:
        head, *records = function(json.dumps(value).encode(), **options)
    except RecordError:
        return []
    assert isinstance(head, PageHead)
    assert all(isinstance(identifier, str) for identifier in head.ids)
    assert all(msgspec.json.decode(encoded(record), type=Record) for record in records)
    return records  # type: ignore[return-value]


@given(st.lists(STATUS | ANY, max_size=4) | ANY)
def test_statuses_of_any_shape(value: object) -> None:
    read(read_statuses, value, name="sky@host")


@given(st.lists(POST | ANY, max_size=4).map(lambda feed: {"feed": feed}) | ANY)
def test_feeds_of_any_shape(value: object) -> None:
    read(read_author_posts, value, name="sky")


def test_a_status_has_media_a_poll_and_counts() -> None:
    picture = {
        "type": "image",
        "url": "https://files.example/a.png",
        "description": "a cat",
        "meta": {"original": {"width": 10, "height": 20}},
    }
    status = {
        "id": "9",
        "created_at": "2026-01-01T00:00:00.000Z",
        "visibility": "unlisted",
        "content": "",
        "media_attachments": [picture],
        "poll": {"options": [{"title": "yes"}, {"title": "no"}]},
        "favourites_count": 3,
        "reblogs_count": 2,
        "replies_count": 1,
    }
    (record,) = read(read_statuses, [status], name="sky@host")
    assert (record.text, record.source_id) == ("yes\nno", "9")
    (medium,) = record.media
    assert (medium.kind, medium.alt, medium.width, medium.height) == ("photo", "a cat", 10, 20)
    assert record.counts is not None
    assert (record.counts.likes, record.counts.reposts, record.counts.replies) == (3, 2, 1)

"""Answers of any shape: posts, or a reason why not; never another failure."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats.records import BadRecord, Record, Skipped
from app.services.sources import web
from app.services.sources.bluesky import BlueskyFeed
from app.services.sources.mastodon import MastodonFeed
from app.services.sources.pages import Mark, Publisher
from app.services.sources.web import FetchError, Web
from tests.live_platforms import Fault, live_platform

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


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PAUSE_S", 0.0)


async def read(kind: str, value: object) -> None:
    with live_platform() as platform:
        platform.faults = [Fault(body=json.dumps(value).encode())]
        asking, mark = Web(lambda _: True), Mark(account="1")
        publisher: Publisher = (
            BlueskyFeed(platform.address, "sky")
            if kind == "bluesky"
            else MastodonFeed(f"sky@{platform.host}")
        )
        try:
            page = await publisher.page(asking, mark, None)
        except FetchError:
            return
        finally:
            await asking.close()
        assert page is not None
        assert all(isinstance(each, Record | BadRecord | Skipped) for each in page.items)
        assert all(isinstance(each, str) for each in page.ids)


@given(st.lists(STATUS | ANY, max_size=4) | ANY)
def test_statuses_of_any_shape(value: object) -> None:
    asyncio.run(read("mastodon", value))


@given(st.lists(POST | ANY, max_size=4).map(lambda feed: {"feed": feed}) | ANY)
def test_feeds_of_any_shape(value: object) -> None:
    asyncio.run(read("bluesky", value))


async def test_a_status_has_its_media_its_poll_and_its_counts() -> None:
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
    with live_platform() as platform:
        platform.faults = [Fault(body=json.dumps([status]).encode())]
        asking = Web(lambda _: True)
        page = await MastodonFeed(f"sky@{platform.host}").page(asking, Mark(account="1"), None)
        await asking.close()
    assert page is not None
    (record,) = page.items
    assert isinstance(record, Record)
    assert (record.text, record.source_id) == ("yes\nno", "9")
    (medium,) = record.media
    assert (medium.kind, medium.alt, medium.width, medium.height) == ("photo", "a cat", 10, 20)
    assert record.counts is not None
    assert (record.counts.likes, record.counts.reposts, record.counts.replies) == (3, 2, 1)

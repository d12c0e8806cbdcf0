"""Visits: every post arrives once, whatever the platform does."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, update

from app.models import LiveSource, Tweet
from app.parts.sources import following
from saywho.clock import now
from tests.live_platforms import Fault, Platform
from tests.parts.sources.conftest import KINDS, Following
from tests.posting import remove_author


@pytest.mark.parametrize("kind", KINDS)
async def test_all_posts_arrive_once_over_many_pages(
    following_here: Following, platform: Platform, kind: str
) -> None:
    platform.page = 1_000 if kind == "rss" else 5
    await following_here.follow(kind, "sky")
    texts: list[str] = []
    for count in (14, 1, 8):
        texts += [platform.add("sky", f"number {len(texts)} {n}").text for n in range(count)]
        source = await following_here.visit()
        assert await following_here.texts() == sorted(texts)
        assert (source.accepted, source.last_error) == (len(texts), None)


async def test_the_history_of_a_source_is_read_so_far_back(
    following_here: Following, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "OLDER_PAGES", 2)
    platform.page = 3
    texts = [platform.add("sky", f"number {n}").text for n in range(14)]
    await following_here.follow("bluesky", "sky")
    for _ in range(2):
        await following_here.visit()
        assert await following_here.texts() == sorted(texts[-9:])


@pytest.mark.parametrize(
    "kind",
    [
        "bluesky",
        pytest.param("mastodon", marks=pytest.mark.full),
        pytest.param("rss", marks=pytest.mark.full),
    ],
)
async def test_nothing_is_lost_or_doubled_by_faults(
    following_here: Following, platform: Platform, kind: str
) -> None:
    chance = random.Random(kind)  # noqa: S311 # The same each time.
    platform.page = 1_000 if kind == "rss" else 4
    platform.doubles = True
    faults = [
        Fault(status=429, headers={"Retry-After": "1"}),
        Fault(status=503),
        Fault(status=500, body=b"<html>"),
        Fault(status=404),
        Fault(body=b"[]"),
        Fault(body=b'{"feed": []}'),
        Fault(body=b"{nonsense"),
        Fault(is_cut=True),
    ]
    texts: list[str] = []

    def post() -> None:
        texts.append(platform.add("sky", f"number {len(texts)}").text)

    for _ in range(7):
        post()
    await following_here.follow(kind, "sky")
    for _ in range(7):
        for _ in range(chance.randrange(6)):
            post()
        platform.faults = [
            chance.choice(faults) for _ in range(chance.randrange(3)) if chance.random() < 0.7
        ]
        await following_here.visit()
    platform.faults = []
    for _ in range(len(texts)):
        if (await following_here.visit()).accepted == len(texts):
            break
    assert await following_here.texts() == sorted(texts)


async def test_posts_below_a_page_that_failed_come_with_the_next_visit(
    following_here: Following, platform: Platform
) -> None:
    platform.page = 4
    texts = [platform.add("sky", f"number {n}").text for n in range(3)]
    await following_here.follow("bluesky", "sky")
    await following_here.visit()
    texts += [platform.add("sky", f"later {n}").text for n in range(13)]
    platform.faults = [Fault(delay_s=0.01), Fault(delay_s=0.01), Fault(status=500)]
    assert (await following_here.visit()).accepted == 3 + 8
    assert (await following_here.visit()).accepted == 3 + 13
    assert await following_here.texts() == sorted(texts)


@pytest.mark.parametrize("kind", ["bluesky", "mastodon"])
async def test_an_own_reply_is_linked_and_a_repost_left_out(
    following_here: Following, platform: Platform, kind: str
) -> None:
    first = platform.add("sky", "first")
    answer = replace(platform.add("sky", "second"), answers=first.id)
    repost = replace(platform.add("sky", "somebody else's"), is_repost=True)
    platform.posts["sky"][:2] = [repost, answer]
    await following_here.follow(kind, "sky", "mina")
    await following_here.visit()
    async with following_here.db.read() as session:
        query = select(Tweet.text, Tweet.kind, Tweet.reply_to_username, Tweet.reply_to_id)
        rows = [tuple(row) for row in await session.execute(query.order_by(Tweet.text))]
    assert [row[:3] for row in rows] == [("first", "post", None), ("second", "reply", "mina")]
    assert rows[0][3] is None
    assert rows[1][3] is not None


async def test_a_source_that_sends_the_same_page_for_ever_ends_the_visit(
    following_here: Following, platform: Platform
) -> None:
    platform.page = 3
    for n in range(9):
        platform.add("sky", f"number {n}")
    await following_here.follow("bluesky", "sky")
    body = platform.answer("/xrpc/app.bsky.feed.getAuthorFeed?actor=sky&limit=3", {})[2]
    platform.faults = [Fault(body=body)] * 50
    source = await following_here.visit()
    assert (source.last_error, source.accepted) == (None, 3)
    assert len(platform.requests) == 2


@pytest.mark.parametrize("kind", ["mastodon", "rss"])
async def test_nothing_is_asked_twice_that_has_not_changed(
    following_here: Following, platform: Platform, kind: str
) -> None:
    platform.add("sky", "hello")
    await following_here.follow(kind, "sky")
    await following_here.visit()
    platform.statuses.clear()
    assert (await following_here.visit()).last_error is None
    assert platform.statuses == [304]
    platform.add("sky", "hello again")
    assert (await following_here.visit()).accepted == 2


@pytest.mark.parametrize("kind", ["bluesky", "mastodon"])
async def test_a_confirmed_deletion_is_followed_on_request(
    make_following: Callable[..., Following], platform: Platform, kind: str
) -> None:
    here = make_following(follow_deletions=True)
    posted = [platform.add("sky", f"number {n}") for n in range(8)]
    await here.follow(kind, "sky")
    await here.visit()
    platform.faults = [Fault(body=b'{"feed": []}' if kind == "bluesky" else b"[]")]
    for _ in range(2):
        await here.visit()
        assert len(await here.texts()) == 8
    platform.delete("sky", posted[7], 404)
    platform.delete("sky", posted[5], 410)
    platform.delete("sky", posted[4], 403)
    # This one only disappears from the list.
    platform.delete("sky", posted[3], 200)
    await here.visit()
    assert await here.texts() == [f"number {n}" for n in (0, 1, 2, 3, 4, 6)]
    platform.requests.clear()
    await here.visit()
    assert len(platform.requests) == 1
    for each in (posted[6], *posted[2::-1]):
        platform.delete("sky", each)
    await here.visit()
    assert await here.texts() == ["number 3", "number 4"]


@pytest.mark.parametrize(("kind", "follows"), [("rss", True), ("bluesky", False)])
async def test_deletions_are_not_followed_by_default_and_never_for_feeds(
    make_following: Callable[..., Following], platform: Platform, kind: str, follows: bool
) -> None:
    here = make_following(follow_deletions=follows)
    posted = [platform.add("sky", f"number {n}") for n in range(4)]
    await here.follow(kind, "sky")
    await here.visit()
    platform.delete("sky", posted[2])
    await here.visit()
    assert len(await here.texts()) == 4
    await remove_author(here.db, "MINA")
    assert await here.sources() == []


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(status=404), "the source answered 404; is its name right?"),
        (Fault(body=b"<html>"), "the response is not a Bluesky feed"),
        (Fault(is_cut=True), "127.0.0.1 cannot be read (RemoteProtocolError)"),
        (
            Fault(headers={"Content-Encoding": "br"}),
            "the response is compressed with an unsupported method",
        ),
        (Fault(body=b"x" * 9 * 2**20), "the response is larger than 2 MB"),
        (
            Fault(status=302, headers={"Location": "ftp://x/"}),
            "the source redirects to an invalid URL",
        ),
    ],
    ids=["status", "html", "cut", "encoding", "large", "redirect"],
)
async def test_a_failure_is_a_state_with_a_reason(
    following_here: Following, platform: Platform, fault: Fault, message: str
) -> None:
    await following_here.follow("bluesky", "sky")
    platform.add("sky", "hello")
    platform.faults = [fault]
    source = await following_here.visit()
    assert (source.last_error, source.success_at) == (message, None)
    assert source.next_visit_at > source.visited_at  # type: ignore[operator]


def notes(*said: str, title: str) -> Fault:
    """Return a feed of notes, numbered from the oldest, without dates."""
    items = "".join(
        f"<item><title>{title}</title><guid>{place}</guid><description>{each}</description></item>"
        for place, each in reversed([*enumerate(said)])
    )
    return Fault(body=f"<rss version='2.0'><channel>{items}</channel></rss>".encode())


async def times(following: Following) -> dict[str, datetime | None]:
    async with following.db.read() as session:
        rows = await session.execute(select(Tweet.text, Tweet.created_at))
        return {each.text: each.created_at for each in rows}


async def test_a_heading_that_shows_later_is_mended_told_and_not_asked_for_again(
    following_here: Following, platform: Platform
) -> None:
    heading = "미나님의 새 글"
    await following_here.follow("rss", "sky")
    platform.faults = [notes("fog", "", title=heading)]
    assert (await following_here.visit()).left_out == []
    before = await times(following_here)
    assert before.keys() == {f"{heading}\n\nfog", heading}
    platform.faults = [notes("fog", "", "tide", "mud", title=heading)]
    source = await following_here.visit()
    after = await times(following_here)
    assert after.keys() == {"fog", "tide", "mud"}
    assert after["fog"] == before[f"{heading}\n\nfog"]
    assert (source.left_out, source.last_error) == ([heading], None)
    # What the feed changes later stays, as for other sources.
    platform.faults = [notes("fog!", "", "tide", "mud", title=heading)]
    assert (await following_here.visit()).left_out == [heading]
    assert await times(following_here) == after


async def test_posts_of_an_earlier_version_are_mended_by_the_next_visit(
    following_here: Following, platform: Platform
) -> None:
    await following_here.follow("rss", "sky")
    said = [platform.add("sky", text) for text in ("fog", "tide", "mud")]
    platform.posts["sky"] = [replace(each, text=f"Note: {each.text}") for each in said]
    await following_here.visit()
    platform.posts["sky"] = said
    assert (await following_here.visit()).accepted == 3
    assert await following_here.texts() == ["Note: fog", "Note: mud", "Note: tide"]
    platform.statuses.clear()
    await following_here.visit()
    async with following_here.db.write() as session:
        mark = json.loads(await session.scalar(select(LiveSource.mark)) or "")
        assert mark.pop("reader") > 0
        await session.execute(update(LiveSource).values(mark=json.dumps(mark)))
    for _ in range(2):
        await following_here.visit()
        assert await following_here.texts() == ["fog", "mud", "tide"]
    # The page had not changed, and is asked for as a whole once.
    assert platform.statuses == [304, 200, 304]


async def test_an_entry_without_a_date_has_the_time_of_its_arrival(
    following_here: Following, platform: Platform
) -> None:
    async def posts() -> list[tuple[str, datetime | None]]:
        async with following_here.db.read() as session:
            newest = select(Tweet.text, Tweet.created_at)
            newest = newest.order_by(Tweet.created_at.desc(), Tweet.id.desc())
            return [(text, time) for text, time in await session.execute(newest)]

    def feed(*titles: str) -> Fault:
        items = "".join(f"<item><title>{title}</title></item>" for title in titles)
        return Fault(body=f"<rss version='2.0'><channel>{items}</channel></rss>".encode())

    began = now()
    await following_here.follow("rss", "sky")
    platform.faults = [feed("second", "first")]
    await following_here.visit()
    before = await posts()
    assert [text for text, _ in before] == ["second", "first"]
    assert all(time and began <= time <= now() for _, time in before)
    platform.faults = [feed("third", "second", "first")]
    await following_here.visit()
    after = await posts()
    assert after[0][0] == "third"
    assert after[1:] == before

"""Counts per author, day and hour agree with the posts, whatever happens to these."""

import gc
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, strategies as st
from sqlalchemy import func, select

from app.db.engine import Database
from app.errors import NotFoundError
from app.models import PostCount
from app.services.checks import find_faults
from app.services.deletion import purge_deleted
from app.services.posts import post_counts
from app.services.posts.arrivals import ArrivalResult
from app.services.posts.local_time import WEEK_H, slot_from, slot_of
from app.services.posts.post_counts import count_by_day, count_by_hour, stats
from app.services.posts.selection import Selection
from tests.conftest import Outside
from tests.posting import new_tweet, remove_author, remove_post, store

ARRIVAL = datetime(2026, 11, 20, tzinfo=UTC)
FAR_APART = sorted(name for name in available_timezones() if name.startswith("Europe/"))[:30]
"""Zones whose clocks have been changed about two hundred times."""
MOST_BYTES = 150_000
"""Memory that a time zone may take: its shifts, and the texts of its statements."""
ZONES = ["UTC", "Asia/Seoul", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]


async def add(
    db: Database, username: str, *times: datetime | None, lang: str = "en"
) -> list[ArrivalResult]:
    posts = [
        new_tweet(f"post {n}", arrived_at=ARRIVAL, created_at=time, lang=lang, source_id=f"{n}")
        for n, time in enumerate(times)
    ]
    return await store(db, username, *posts)


async def test_counts_follow_adding_filling_and_deleting(db: Database) -> None:
    added = await add(db, "ann", datetime(2026, 1, 1, tzinfo=UTC), None, None)
    assert await find_faults(db) == []
    await add(db, "ann", *[datetime(2026, 1, 2, tzinfo=UTC)] * 2)  # Fills the second's time.
    assert await find_faults(db) == []
    await remove_post(db, added[0].id)
    assert await find_faults(db) == []
    async with db.read() as session:
        counts = await stats(session, Selection(), ZoneInfo("UTC"))
    assert (counts.users, counts.tweets, counts.undated) == (1, 2, 1)
    assert [(day.date, day.tweets) for day in counts.days] == [(date(2026, 1, 2), 1)]


async def test_a_deleted_authors_counts_are_gone_at_once_and_for_good(db: Database) -> None:
    await add(db, "ann", ARRIVAL, None)
    await add(db, "ben", ARRIVAL)
    await remove_author(db, "ann")
    async with db.read() as session:
        counts = await stats(session, Selection(), ZoneInfo("UTC"))
    assert (counts.users, counts.tweets, counts.undated) == (1, 1, 0)
    await purge_deleted(db)
    assert await find_faults(db) == []
    async with db.read() as session:
        assert await session.scalar(select(func.count()).select_from(PostCount)) == 1


@pytest.mark.parametrize("change", ["posts = posts + 1", "lang = 'xx'", "slot = slot + 1"])
async def test_wrong_counts_are_found(db: Database, outside: Outside, change: str) -> None:
    await add(db, "ann", ARRIVAL)
    await outside.execute(f'UPDATE "PostCount" SET {change}')  # noqa: S608 - from above.
    assert await find_faults(db) == ["the posts of ann per quarter of an hour are miscounted"]


@pytest.mark.parametrize("name", ZONES)
async def test_days_and_hours_are_those_of_the_time_zone(db: Database, name: str) -> None:
    zone = ZoneInfo(name)
    # Around the changes to and from summer time in both halves of the world, and at midnights.
    starts = [datetime(2026, month, 1, 3, 7, tzinfo=UTC) for month in (3, 4, 10, 11)]
    times = [start + timedelta(minutes=25 * step) for start in starts for step in range(200)]
    await add(db, "ann", *times)
    local = [time.astimezone(zone) for time in times]
    async with db.read() as session:
        days = await count_by_day(session, Selection(), zone, limit=1000)
        hours = Counter[int]()
        for hour, posts in (await count_by_hour(session, Selection(), zone)).items():
            hours[hour % WEEK_H] += posts
    assert Counter({day: posts for day, _, posts in days}) == Counter(t.date() for t in local)
    assert hours == Counter(24 * time.weekday() + time.hour for time in local)


async def test_the_newest_days_are_whole(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [datetime(2026, 5, number, 12, tzinfo=UTC) for number in range(1, 11)]
    for name in ("ann", "ben"):
        await add(db, name, *days)
    await add(db, "cal", *[datetime(2026, 5, 10, hour, tzinfo=UTC) for hour in range(9)])
    for most in (6, 100):
        monkeypatch.setattr(post_counts, "MOST_COUNTS", most)
        async with db.read() as session:
            counts = await stats(session, Selection(), ZoneInfo("UTC"))
        # Those of the newest day take more than one look.
        assert [day.tweets for day in counts.days] == [2] * (1 if most == 6 else 9) + [11]
        assert counts.days[-1].date == date(2026, 5, 10)


async def test_a_selection_narrows_every_count(db: Database) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    await add(db, "ann", day, day + timedelta(days=1), None, lang="ko")
    await add(db, "ben", day, lang="en")
    utc = ZoneInfo("UTC")

    async def tweets(selection: Selection) -> int:
        async with db.read() as session:
            counts = await stats(session, selection, utc)
            hours = await count_by_hour(session, selection, utc)
        in_days = sum(day.tweets for day in counts.days)
        assert hours.total() == in_days == counts.tweets - counts.undated
        assert sum(author.tweets for author in counts.authors) == counts.tweets
        return counts.tweets

    assert await tweets(Selection(usernames=("ANN",))) == 3
    assert await tweets(Selection(lang="en")) == 1
    assert await tweets(Selection(platform="x")) == 0
    assert await tweets(Selection(since=day + timedelta(hours=1))) == 1
    assert await tweets(Selection(until=day + timedelta(hours=1))) == 2
    assert await tweets(Selection(since=day, until=day)) == 0
    with pytest.raises(NotFoundError):
        await tweets(Selection(usernames=("nobody",)))


@pytest.mark.full
@pytest.mark.databases("sqlite", "postgresql")
async def test_each_time_zone_takes_little_memory(db: Database) -> None:
    await add(db, "ann", ARRIVAL, ARRIVAL - timedelta(days=200))
    warm, zones = FAR_APART[:3], FAR_APART[3:]

    async def count(names: Sequence[str]) -> None:
        for name in names:
            async with db.read() as session:
                await count_by_day(session, Selection(), ZoneInfo(name))
                await count_by_hour(session, Selection(), ZoneInfo(name))

    await count(warm)
    gc.collect()
    tracemalloc.start()
    try:
        await count(zones)
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown / len(zones) < MOST_BYTES


@given(time=st.datetimes(timezones=st.just(UTC)))
@example(time=datetime.min.replace(tzinfo=UTC))
@example(time=datetime.max.replace(tzinfo=UTC))
def test_a_time_is_rounded_up_to_the_next_quarter_of_an_hour(time: datetime) -> None:
    begins = time == time.replace(minute=time.minute // 15 * 15, second=0, microsecond=0)
    assert slot_from(time) - slot_of(time) == (0 if begins else 1)

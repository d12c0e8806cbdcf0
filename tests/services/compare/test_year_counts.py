"""Posts by year of a time zone, all out of what was read once."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.clock import now
from app.compute.case import Fitted
from app.db.engine import Database
from app.services.compare.years import read_posts, years_of
from app.services.posts.users import get_user
from tests.posting import new_tweet, store

ZONES = ("UTC", "Asia/Seoul", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
FIRST = datetime(2020, 12, 28, tzinfo=UTC)


@pytest.mark.databases("sqlite", "postgresql")
async def test_years_of_each_zone_have_their_texts_once(db: Database) -> None:
    """Every seventh text was posted before, and one has no time."""
    numbers = {n: n - 3 if n % 7 == 3 else n for n in range(1200)}
    posts = {FIRST + timedelta(hours=17 * n): f"{number}번째" for n, number in numbers.items()}
    written = [new_tweet(text, arrived_at=now(), created_at=time) for time, text in posts.items()]
    await store(db, "mina", *written, new_tweet("언젠가", arrived_at=now(), created_at=None))
    async with db.read() as session:
        user = await get_user(session, username="mina")
    read = await read_posts(db, user.id)
    for name in ZONES:
        expected = defaultdict(set)
        for time, text in posts.items():
            expected[time.astimezone(ZoneInfo(name)).year].add(text)
        known = years_of(read, Fitted(), ZoneInfo(name))
        assert known.posts == {year: len(texts) for year, texts in expected.items()}
        assert known.years == tuple(year for year, texts in expected.items() if len(texts) >= 100)
        for year, profile in zip(known.years, known.profiles, strict=True):
            assert len({*profile.texts.keys.tolist()}) == len(expected[year])


async def test_an_author_without_posts_has_no_years(db: Database) -> None:
    await store(db, "mina")
    async with db.read() as session:
        user = await get_user(session, username="mina")
    known = years_of(await read_posts(db, user.id), Fitted(), ZoneInfo("UTC"))
    assert (known.posts, known.years) == ({}, ())

"""An author's archive in the API, against what is computed of the posts by other means."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.services.archive import author_archive
from tests.conftest import Client, Shared

ARCHIVE = "/api/v1/users/hana/archive"
ZONES = ("UTC", "Asia/Seoul", "America/St_Johns")
WORDS = ("sea", "#Tea", "#tea", "등대", "🚢", "https://example.org/a", "quiet")


def random_posts(chance: Random) -> list[dict[str, Any]]:
    """Return posts of some years, a few of them without a time."""
    start = datetime(2019, 2, 27, tzinfo=UTC)
    posts = []
    for number in range(200):
        time = start + timedelta(hours=chance.randrange(24 * 1200), minutes=chance.randrange(60))
        posts.append(
            {
                "username": "hana",
                "text": f"{number} " + " ".join(chance.choices(WORDS, k=4)),
                "source_id": str(number),
                "created_at": None if number % 20 == 0 else f"{time:%Y-%m-%dT%H:%M:%SZ}",
                "counts": {"likes": chance.randrange(50)},
                "reply_to": {"source_id": "7", "username": chance.choice(("Ana", "ana", "hana"))}
                if number % 3 == 0
                else None,
            }
        )
    return [{name: value for name, value in post.items() if value} for post in posts]


@pytest.fixture(scope="module")
async def posts(shared: Shared) -> list[dict[str, Any]]:
    """Store the posts of two authors; return those of one."""
    chance = Random(7)  # noqa: S311
    stored = random_posts(chance)
    await shared.writer.add_user("ana", "somebody who is answered")
    await shared.writer.add_posts(*stored)
    return stored


def local_times(posts: list[dict[str, Any]], tz: str) -> list[datetime]:
    times = [datetime.fromisoformat(post["created_at"]) for post in posts]
    return [time.astimezone(ZoneInfo(tz)) for time in times]


@pytest.mark.parametrize("tz", ZONES)
async def test_times_are_those_of_the_zone(
    shared: Shared, posts: list[dict[str, Any]], tz: str
) -> None:
    archive = await shared.anybody.json(f"{ARCHIVE}?tz={tz}&year=2020")
    times = local_times(await shared.anybody.walk("/api/v1/users/hana/tweets", 200), tz)
    # A post that was sent without a time has that of its arrival.
    assert len(times) == len(posts)
    hours = Counter(time.hour for time in times)
    weekdays = Counter(time.weekday() for time in times)
    assert archive["numbers"]["hours"] == [hours[hour] for hour in range(24)]
    assert archive["numbers"]["weekdays"] == [weekdays[day] for day in range(7)]
    assert archive["numbers"]["days"] == len({time.date() for time in times})
    days = Counter(time.date().isoformat() for time in times if time.year == 2020)
    calendar = archive["calendar"]
    listed = {day["date"]: day["tweets"] for month in calendar["months"] for day in month["days"]}
    assert listed == days
    assert calendar["tweets"] == days.total()
    assert calendar["years"] == sorted({time.year for time in times}, reverse=True)
    assert all(
        month["tweets"] == sum(d["tweets"] for d in month["days"]) for month in calendar["months"]
    )


async def test_names_are_counted_by_posts(shared: Shared, posts: list[dict[str, Any]]) -> None:
    numbers = (await shared.anybody.json(ARCHIVE))["numbers"]

    def having(part: str) -> int:
        return sum(part in post["text"].casefold() for post in posts)

    assert numbers["tags"] == [{"name": "tea", "tweets": having("#tea")}] or numbers["tags"] == [
        {"name": "Tea", "tweets": having("#tea")}
    ]
    assert numbers["emoji"] == [{"name": "🚢", "tweets": having("🚢")}]
    assert numbers["sites"] == [{"name": "example.org", "tweets": having("example.org")}]
    answered = [post["reply_to"]["username"] for post in posts if "reply_to" in post]
    (first,) = numbers["answered"]  # Not the author.
    assert first["name"].casefold() == "ana"
    assert first["tweets"] == sum(name.casefold() == "ana" for name in answered)
    assert numbers["scanned"] == len(posts)


async def test_the_posts_liked_most_come_first(shared: Shared, posts: list[dict[str, Any]]) -> None:
    likes = [post["counts"]["likes"] for post in (await shared.anybody.json(ARCHIVE))["most_liked"]]
    assert likes == sorted((post["counts"]["likes"] for post in posts), reverse=True)[:3]


async def test_this_day_in_earlier_years(
    writer: Client, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = ZoneInfo("Pacific/Kiritimati")
    today = datetime(2024, 2, 29, 11, 30, tzinfo=UTC).astimezone(zone)
    assert today.month == 3  # There it is the next day already.
    monkeypatch.setattr(author_archive, "now", lambda: today.astimezone(UTC))
    for years in (4, 8, 8, 8, 12):
        time = today.replace(year=today.year - years).astimezone(UTC)
        await writer.add_posts({"username": "hana", "text": "sea", "created_at": time.isoformat()})
    archive = await anybody.json(f"{ARCHIVE}?tz={zone.key}")
    assert archive["today"] == today.date().isoformat()
    shown = [(day["years"], len(day["items"])) for day in archive["on_this_day"]]
    assert shown == [(4, 1), (8, 2), (12, 1)]


@pytest.mark.parametrize(("query", "status"), [("tz=Mars", 400), ("year=0", 400), ("x=1", 400)])
async def test_bad_parameters_are_told(shared: Shared, query: str, status: int) -> None:
    await shared.anybody.json(f"{ARCHIVE}?{query}", status=status)


async def test_an_author_without_posts_has_an_empty_archive(shared: Shared) -> None:
    await shared.writer.add_user("silent")
    archive = await shared.anybody.json("/api/v1/users/silent/archive")
    assert archive["calendar"] is None
    assert archive["on_this_day"] == archive["pictures"] == archive["most_liked"] == []
    assert sum(archive["numbers"]["hours"]) == 0
    await shared.anybody.json("/api/v1/users/nobody/archive", status=404)

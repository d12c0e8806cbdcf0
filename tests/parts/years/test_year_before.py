"""A year beside the one before: like with like, where one of them is not whole."""

import random
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from app.db.engine import Database
from app.parts.years import year as year_reader, year as years
from app.parts.years.compared_years import FEWEST_DAYS, LACK, stretch_of
from app.parts.years.year import read_room_year
from app.services.rooms.chats import get_room
from tests.chats import import_chat, said, telegram
from tests.conftest import Shared

THIS_YEAR = 2020
"""The year that goes on, for the case of one."""


def daily(first: str, count: int, step: int = 1) -> list[str]:
    """Return days from the first on."""
    day = date.fromisoformat(first)
    return [(day + timedelta(step * number)).isoformat() for number in range(count)]


def posts_on(username: str, days: list[str]) -> list[dict[str, Any]]:
    """Return posts of days, at hours of which none stands out."""
    return [
        {"username": username, "text": f"tea {day}", "created_at": f"{day}T{5 * n % 24:02}:00:00Z"}
        for n, day in enumerate(days)
    ]


BEGINS_LATE = [*daily("2024-11-03", 20), *daily("2025-01-01", 200), *daily("2025-11-03", 59)]
ENDS_EARLY = [*daily("2022-06-01", 9), *daily("2023-01-01", 50, 7), *daily("2024-01-01", 61)]
FROM_LEAP_DAY = daily("2024-02-29", 412)
BEFORE_LEAP_DAY = daily("2024-01-01", 425)
TO_LEAP_DAY = [*daily("2023-01-01", 365), *daily("2024-02-01", 29)]
WHOLE = [*daily("2022-12-31", 2), *daily("2024-02-01", 29)]
SELDOM = daily("2023-01-06", 25, 30)
APART = [*daily("2024-11-03", 9), *daily("2025-01-01", 9)]
BRIEF = [*daily("2024-12-20", 9), *daily("2025-12-20", 12)]
RUNNING = [*daily(f"{THIS_YEAR - 2}-12-31", 60, 3), *daily(f"{THIS_YEAR}-01-01", 15)]


@pytest.mark.parametrize(
    ("days", "year", "finding", "compared"),
    [
        (BEGINS_LATE, 2025, "259 days. From November 3 on, 39 more than in 2024.", (59, 20)),
        (ENDS_EARLY, 2024, "on 61 days, 52 more than by March 1 in 2023.", (61, 9)),
        (ENDS_EARLY, 2023, "on 50 days. From June 1 on, 19 more than in 2022.", (28, 9)),
        (FROM_LEAP_DAY, 2025, "From March 1 to April 15, as many as in 2024.", (46, 46)),
        (BEFORE_LEAP_DAY, 2025, "as many as by February 28 in 2024.", (59, 59)),
        (TO_LEAP_DAY, 2024, "on 29 days, 30 fewer than by February 28 in 2023.", (29, 59)),
        (SELDOM, 2024, "13 posts on 13 days, about as many as in 2023.", (13, 12)),
        (WHOLE, 2024, "on 29 days, 28 more than in 2023.", (29, 1)),
        (APART, 2025, "9 posts on 9 days.", None),
        (BRIEF, 2025, "12 posts on 12 days.", None),
        (RUNNING, THIS_YEAR, "So far 15 posts on 15 days.", (15, 5)),
    ],
    ids=[
        *("late", "early", "begun", "from", "before", "to", "seldom", "whole", "apart", "brief"),
        "running",
    ],
)
async def test_a_year_is_compared_on_the_days_that_both_have(
    shared: Shared,
    monkeypatch: pytest.MonkeyPatch,
    days: list[str],
    year: int,
    finding: str,
    compared: tuple[int, int] | None,
) -> None:
    if days is RUNNING:
        monkeypatch.setattr(year_reader, "now", lambda: datetime(year, 2, 1, tzinfo=UTC))
    name = f"writer{year}-{len(days)}"
    await shared.writer.add_posts(*posts_on(name, days))
    page = await shared.anybody.page(f"/user/{name}/{year}?tz=UTC")
    title = page.split('id="finding">')[1].split("</p>")[0]
    assert finding in title
    assert len(title) <= 140
    answer = await shared.anybody.json(f"/api/v1/users/{name}/years/{year}")
    same_days = answer["before"]["same_days"]
    assert compared == (same_days and (same_days["tweets"], same_days["tweets_before"]))
    assert answer["before"]["tweets"] == sum(day.startswith(str(year - 1)) for day in days)
    counted = page.partition("<details")[2]
    if compared is None:
        assert " than in " not in title
        assert "have too few days in common to be compared." in counted
    else:
        assert f"there are {compared[0]} post" in counted


async def test_a_season_is_no_change_of_a_year_that_has_only_this_season(shared: Shared) -> None:
    winter = [*daily("2023-01-01", 84), *daily("2024-01-01", 85)]
    add = shared.writer.add_dated
    await add("skier", "snow falls on {n}", (f"{day}T08:00:00Z" for day in winter))
    summer = (f"{day}T20:00:00Z" for day in daily("2023-05-01", 200))
    await add("skier", "is the sea warm? {n}", summer)
    year = await shared.anybody.json("/api/v1/users/skier/years/2024")
    assert year["measures"] == []  # Nothing differs on these days.
    assert (year["before"]["tweets"], sum(year["before"]["hours"])) == (284, 84)
    assert year["before"]["hours"][8] == 84
    page = await shared.anybody.page("/user/skier/2024?tz=UTC")
    assert "The outline is 2023, until March 25." in page.replace("\xa0", " ")
    assert re.search(r"2023, Jan 1\s–\sMar 25", page.partition('id="hours-rows"')[2])


@pytest.mark.full
async def test_a_change_by_chance_is_told_in_figures_alone(shared: Shared) -> None:
    """Of years at random, and of one long evening, no finding says that they have more or fewer."""
    chance = random.Random(5)  # noqa: S311 - an example
    changes = 0
    for number in range(12):
        days = [day for day in daily("2023-01-01", 730) if chance.random() < 0.1]
        await shared.writer.add_posts(*posts_on(f"chance{number}", days))
        page = await shared.anybody.page(f"/user/chance{number}/2024?tz=UTC")
        title = page.split('id="finding">')[1].split("</p>")[0]
        changes += bool(re.search(r"\d (more|fewer) than", title))
        assert "fullest" not in title
        assert re.search(r"there are \d+ posts in 2024 and \d+ posts in 2023", page)
    assert changes <= 1  # One of twenty is by chance.
    evening = [*daily("2023-01-01", 100, 7), *["2024-06-01"] * 90]
    await shared.writer.add_posts(
        *(post | {"source_id": str(n)} for n, post in enumerate(posts_on("evening", evening)))
    )
    page = await shared.anybody.page("/user/evening/2024?tz=UTC")
    title = page.split('id="finding">')[1].split("</p>")[0]
    assert "more than" not in title
    # Which month has the most is a count, and the day that made it so is told with it.
    assert "June was the busiest month (95). June 1 was the busiest day (90 posts)." in title


async def test_a_month_is_told_where_it_is_clearly_the_fullest(shared: Shared) -> None:
    await shared.writer.add_posts(
        *posts_on("even", [*daily("2019-04-01", 61), *daily("2020-04-01", 9)])
    )
    await shared.writer.add_posts(*posts_on("even", daily("2020-05-01", 28)))
    assert "busiest month" not in await shared.anybody.page("/user/even/2019")
    assert "May was the busiest month (28)." in await shared.anybody.page("/user/even/2020")


async def test_a_year_ends_earlier_when_its_last_post_is_deleted(shared: Shared) -> None:
    await shared.writer.add_posts(*posts_on("gone", ENDS_EARLY))
    address = "/api/v1/users/gone/years/2024"
    last = (await shared.anybody.json(address))["last"]
    await shared.admin.delete(f"/api/v1/tweets/{last['id']}")
    same_days = (await shared.anybody.json(address))["before"]["same_days"]
    assert (same_days["last"], same_days["tweets"]) == ("2023-02-28", 60)
    korean = await shared.anybody.page("/user/gone/2024?tz=UTC", headers={"Accept-Language": "ko"})
    assert "글 60개(쓴 날 60일), 2023년 같은 기간(2월 28일까지)보다 51개 많아요." in korean


@given(
    st.dates(date(2019, 1, 1), date(2024, 12, 31)),
    st.dates(date(2023, 1, 1), date(2026, 12, 31)),
    st.sampled_from([2024, 2025]),
    st.booleans(),
)
def test_days_of_both_years_are_the_same_ones(
    first: date, last: date, year: int, is_over: bool
) -> None:
    def days_of(since: date, until: date) -> set[tuple[int, int]]:
        days = (since + timedelta(number) for number in range((until - since).days))
        return {(day.month, day.day) for day in days} - {(2, 29)}

    def was_there(day: date) -> bool:
        is_last = is_over and date(year, 12, 31) - last < LACK
        is_first = first - date(year - 1, 1, 1) < LACK
        return (first <= day or is_first) and (day <= last or is_last)

    both = [
        day
        for number in range(365)
        if (day := date(2023, 1, 1) + timedelta(number))
        and was_there(day.replace(year=year - 1))
        and was_there(day.replace(year=year))
    ]
    stretch = stretch_of(year, first, last, is_over=is_over)
    if stretch is None:
        assert len(both) < FEWEST_DAYS
        return
    assert len(both) >= FEWEST_DAYS - 1  # February 29 may be one of them.
    since, until, since_before, until_before = stretch
    assert days_of(since, until) == days_of(since_before, until_before)
    assert days_of(since, until) == {(day.month, day.day) for day in both}


CHAT = said(["ann", "bo", "하늘"], times=15) + said(
    ["ann", "bo", "하늘"], times=20, day="2024-03-02"
)
SEOUL = ZoneInfo("Asia/Seoul")


async def test_a_year_so_far_ends_with_its_day(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2024, 6, 1, 14, 59, tzinfo=UTC)
    monkeypatch.setattr(years, "now", lambda: at)
    await import_chat(db, telegram(7, "a chat", *CHAT))
    for day in ("2024-06-01", "2024-06-02"):
        async with db.read() as session:
            shown = await read_room_year(session, await get_room(session, 1), 2024, SEOUL)
        assert str(shown.until) == day
        at += timedelta(minutes=1)

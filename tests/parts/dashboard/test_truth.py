"""Every sentence of the figures is true: of ties, few posts, one author, two, and empty weeks.

What is true is computed here by other means: by counting the posts that were sent.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import update

from app.models import User
from app.parts.dashboard.panels import PANELS, fitting, start_of, starts
from saywho.clock import now
from tests.browsing import missing_in, parts_of
from tests.conftest import Shared
from tests.parts.dashboard.viewing import csv_rows, drawn, page_words
from tests.posting import new_tweet, store

NOTHING: Final = "There are no posts here. Try another filter."
NUMBER: Final = r"([\d,]+)"
CALM: Final = r"No period is clearly ahead\."
UNITS: Final[dict[str, Callable[[date], date]]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(month=day.month - (day.month - 1) % 3, day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
"""The first day of the period that a day is in."""
STEPS: Final = (1, 5, 60)
"""Days between two posts that are not of the same day."""
names = map("person{}".format, itertools.count())

times = st.one_of(
    st.none(),
    # Close together, so that there are ties; and far apart, so that there are empty weeks.
    st.tuples(st.integers(0, 12), st.sampled_from([0, 3, 3, 3, 15, 23])),
)
authors_times = st.lists(st.lists(times, max_size=40), min_size=1, max_size=2)


def is_ahead(count: int, counts: Sequence[int], clear: float = 1.96) -> bool:
    """Return whether a count is ahead of each of the others by more than chance."""
    return all(count > c and (count - c) ** 2 >= clear**2 * (count + c) for c in counts)


def leads(own: Counter[int], other: Counter[int], clear: float) -> bool:
    """Return whether one is ahead of another, day by day, by more than chance."""
    of_days = [own[day] - other[day] for day in own.keys() | other.keys()]
    return 0 < clear * math.hypot(*of_days) <= sum(of_days)


def leader(counts: dict[Any, Counter[int]], clear: float) -> set[Any]:
    """Return whose counts by day lead those of the next one, where two are next at least one's."""
    for first, own in counts.items():
        others = [other for key, other in counts.items() if key != first]
        most = max((other.total() for other in others), default=math.inf)
        if any(other.total() == most and leads(own, other, clear) for other in others):
            return {first}
    return set()


def busiest_period(days: Sequence[date], unit: str) -> set[date]:
    """Return the first day of the period that stands out, if one does."""
    if unit != "day":
        periods: dict[date, Counter[int]] = {}
        for day in days:
            begin = UNITS[unit](day)
            periods.setdefault(begin, Counter())[(day - begin).days] += 1
        return leader(periods, 1.96)
    posts, span = Counter(days), (max(days) - min(days)).days + 1
    first, count = posts.most_common(1)[0]
    others = [posts[min(days) + timedelta(place)] for place in range(span)]
    others.remove(count)
    if not any(others):
        return set()
    spread = max(1.0, float(np.var(others) / np.mean(others)))
    return {first} if is_ahead(count, others, 2.9 * math.sqrt(spread)) else set()


def number(text: str) -> int:
    return int(text.replace(",", ""))


def in_posts(said: dict[str, str], *, is_chat: bool) -> dict[str, str]:
    """Return what a figure says of messages as it would say it of posts."""
    unsaid = "post" if is_chat else "message"
    assert not any(unsaid in text for text in said.values())
    return {part: text.replace("message", "post") for part, text in said.items()}


def days_of(label: str) -> tuple[date, date]:
    """Return the first and the last day of a period that is named in English."""
    parts = re.split(r"\s*–\s*", label.replace("\N{THIN SPACE}", " "))
    if len(parts) == 1:
        if re.fullmatch(r"\w+ \d{4}", label):
            first = datetime.strptime(label, "%B %Y").date()
            return first, (first + timedelta(31)).replace(day=1) - timedelta(1)
        day = datetime.strptime(label, "%B %d, %Y").date()
        return day, day
    year = parts[1][-4:]
    begin = parts[0] if re.search(r"\d{4}$", parts[0]) else f"{parts[0]}, {year}"
    end = parts[1] if not parts[1][0].isdigit() else f"{begin.split()[0]} {parts[1]}"
    first, last = (datetime.strptime(text, "%b %d, %Y").date() for text in (begin, end))
    return first, last


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    authors_times,
    st.sampled_from(STEPS),
    st.sampled_from(["UTC", "Asia/Seoul", "America/New_York"]),
    st.booleans(),
)
async def test_sentences_about_times_are_true(
    shared: Shared, authors: list[list[Any]], step: int, tz: str, is_chat: bool
) -> None:
    base, zone = datetime(2024, 2, 26, tzinfo=UTC), ZoneInfo(tz)
    instants = [
        [at and base + timedelta(days=at[0] * step, hours=at[1]) for at in author]
        for author in authors
    ]
    db, usernames = parts_of(shared.app).db, [next(names) for _ in authors]
    for username, author in zip(usernames, instants, strict=True):
        posts = [new_tweet("a post", arrived_at=now(), created_at=instant) for instant in author]
        await store(db, username, *posts)
    if is_chat:
        async with db.write() as session:
            speakers = update(User).where(User.username.in_(usernames))
            await session.execute(speakers.values(is_of_chat=True))
    query = "&".join([*(f"username={name}" for name in usernames), f"tz={tz}"])
    words = await page_words(shared.anybody, f"?{query}")
    words = {name: in_posts(words[name], is_chat=is_chat) for name in PANELS}
    written = {
        name: [instant.astimezone(zone).date() for instant in own if instant]
        for name, own in zip(usernames, instants, strict=True)
    }
    sent = list(itertools.chain(*instants))
    moments = [instant.astimezone(zone) for instant in sent if instant]
    undated = len(sent) - len(moments)
    _check_timeline(words["timeline"], moments, undated)
    _check_authors(words["authors"], written, undated)
    _check_hours(words["hours"], moments, undated)
    rows = await csv_rows(shared.anybody, "timeline", f"?{query}")
    assert sum(int(row[2]) for row in rows) == len(moments)
    again = await drawn(shared.anybody, "timeline", query)
    again_said = in_posts({part: again[part] for part in ("title", "notes")}, is_chat=is_chat)
    assert again_said == words["timeline"]


def _check_undated(title: str, undated: int) -> None:
    if not undated:
        assert title == NOTHING
        return
    (count,) = re.fullmatch(rf"{NUMBER} posts?,(?: all)? without a time", title).groups()  # type: ignore[union-attr]
    assert number(count) == undated


def _check_timeline(words: dict[str, str], moments: list[datetime], undated: int) -> None:
    title, days = words["title"], [moment.date() for moment in moments]
    if not days:
        _check_undated(title, undated)
        return
    more = re.search(rf"{NUMBER} more posts? ha(?:s|ve) no time", words["notes"])
    assert (number(more[1]) if more else 0) == undated
    if match := re.fullmatch(rf"{NUMBER} posts?,(?: all)? of (.+)", title):
        assert number(match[1]) == len(days)
        assert days_of(match[2]) == (min(days), max(days))
    elif match := re.fullmatch(rf"Busiest: (.+), with {NUMBER} of {NUMBER} posts", title):
        first, last = days_of(match[1])
        assert number(match[3]) == len(days)
        assert len([day for day in days if first <= day <= last]) == number(match[2])
        assert busiest_period(days, _unit(first, last)) == {first}
    else:
        match = re.fullmatch(rf"{NUMBER} posts from (.+ to .+)", title)
        assert match, title
        assert number(match[1]) == len(days)
        _check_calm(re.match(rf"(.+) to (.+)\. {CALM}", f"{match[2]}. {words['notes']}"), days)


def _leader(written: dict[str, list[date]]) -> set[str]:
    """Return who wrote clearly more than anybody else who wrote."""
    by_day = {
        name: Counter(day.toordinal() for day in days) for name, days in written.items() if days
    }
    return leader(by_day, 2.9)


def _check_calm(match: re.Match[str] | None, days: list[date]) -> None:
    """Check the first day, the last one, and that no period is ahead of the others."""
    assert match
    assert [days_of(match[i])[0] for i in (1, 2)] == [min(days), max(days)]
    assert not busiest_period(days, fitting(min(days), max(days)))


def _unit(first: date, last: date) -> str:
    lengths = {1: "day", 7: "week"}
    days = (last - first).days + 1
    return lengths.get(days) or ("month" if days < 32 else "quarter" if days < 93 else "year")


def _check_authors(words: dict[str, str], written: dict[str, list[date]], undated: int) -> None:
    title, posts = words["title"], {name: len(days) for name, days in written.items() if days}
    total = sum(posts.values())
    if not posts:
        _check_undated(title, undated)
    elif match := re.fullmatch(r"(\w+) wrote (?:all ([\d,]+) posts|the only post)", title):
        assert posts == {match[1]: number(match[2] or "1")}
    elif match := re.fullmatch(rf"(\w+) wrote more: {NUMBER} of {NUMBER} posts", title):
        assert (posts[match[1]], total) == (number(match[2]), number(match[3]))
        assert _leader(written) == {match[1]}
    else:
        match = re.fullmatch(rf"{NUMBER} posts by {NUMBER} (?:authors|people)", title)
        assert match, title
        assert (number(match[1]), number(match[2])) == (total, len(posts))
        assert not _leader(written)


def _check_hours(words: dict[str, str], moments: list[datetime], undated: int) -> None:
    title, total = words["title"], len(moments)
    if not moments:
        _check_undated(title, undated)
        return
    by_hour = Counter(moment.hour for moment in moments)
    of_three = [sum(by_hour[(first + step) % 24] for step in range(3)) for first in range(24)]
    if match := re.fullmatch(rf"{NUMBER} posts?, too few to show a rhythm", title):
        assert number(match[1]) == total < 20
    elif match := re.fullmatch(r"Busiest between (\d+):00 and (\d+):00: .+ posts?", title):
        first, end = map(int, match.groups())
        assert (end - first) % 24 == 3
        assert of_three[first] == max(of_three)
    elif match := re.fullmatch(
        r"Busiest in the \w+, (\d+):00 to (\d+):00 \((\d+)% of all\)", title
    ):
        first, end = int(match[1]), int(match[2])
        share = sum(by_hour[hour] for hour in range(first, end)) / total
        assert end == first + 6
        assert share >= 0.3
        assert abs(100 * share - int(match[3])) <= 0.5
    else:
        assert title == "No single stretch of hours is clearly the busiest."


days = st.dates(date(1, 1, 1), date(9000, 12, 31))


@given(days, days)
def test_every_day_is_in_just_one_period(one: date, other: date) -> None:
    first, last = sorted((one, other))
    period = fitting(first, last)
    begins = list(starts(first, last, period))
    assert begins == sorted(set(begins))
    assert begins[0] <= first
    assert begins[-1] > last
    assert not missing_in(begins, start_of(first, period), start_of(last, period))


def test_weeks_begin_on_monday_and_months_on_their_first() -> None:
    assert start_of(date(2026, 11, 20), "week") == date(2026, 11, 16)
    assert list(starts(date(2026, 1, 31), date(2026, 3, 1), "month")) == [
        date(2026, month, 1) for month in (1, 2, 3, 4)
    ]
    assert [
        day.isoformat()[:7] for day in starts(date(2026, 2, 28), date(2026, 12, 31), "quarter")
    ] == [*("2026-01", "2026-04", "2026-07", "2026-10", "2027-01")]
    assert starts(date(2024, 2, 29), date(2025, 1, 1), "year")[-1] == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("until", "period"),
    [
        (date(2026, 2, 28), "day"),
        (date(2027, 2, 1), "week"),
        (date(2030, 12, 31), "month"),
        (date(2031, 1, 1), "quarter"),
        (date(2040, 1, 1), "quarter"),
        (date(9999, 12, 31), "year"),
    ],
)
def test_the_finest_period_is_chosen_that_has_room(until: date, period: str) -> None:
    assert fitting(date(2026, 1, 1), until) == period

"""Days that stand out among the days on which a person wrote."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import log
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from app.compute.significance import (
    CLEAR_OF_MANY,
    fullest,
    fullest_day,
    lead_errors,
    run_log_chance,
)

WEEK_DAYS: Final = 7
WORK_DAYS: Final = 5
ONE_DAY: Final = timedelta(1)


class DaySpan(msgspec.Struct, frozen=True):
    """A span of consecutive days."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


class DaysApart(msgspec.Struct, frozen=True):
    """Days of a year that stand out by more than chance; None for each kind without any."""

    fullest_day: Annotated[
        date | None, Meta(description="The day with clearly more posts than any other day.")
    ]
    streak: Annotated[
        DaySpan | None,
        Meta(
            description=(
                "The longest run of days with posts, if random days would not produce one as long."
            )
        ),
    ]
    silence: Annotated[
        DaySpan | None,
        Meta(
            description=(
                "The longest gap between two days with posts, if random days would not produce"
                " one as long."
            )
        ),
    ]
    weekday: Annotated[
        int | None, Meta(description="The weekday with clearly the most posts; 0 is Monday.")
    ]
    weekend: Annotated[
        Literal["more", "less"] | None,
        Meta(
            description=(
                "Whether a weekend day clearly has `more` or `less` posts than another day; null"
                " for neither."
            )
        ),
    ]
    half: Annotated[
        Literal["first", "second"] | None,
        Meta(description="In a whole year, the half with clearly more posts, compared by week."),
    ]


def days_apart(posts_by_day: Mapping[date, int], first: date, last: date) -> DaysApart:
    """Return the days that stand out; all posts are between the first and the last day."""
    days = sorted(posts_by_day)
    counts = [
        posts_by_day.get(first + step * ONE_DAY, 0) for step in range((last - first).days + 1)
    ]
    run, place = longest_run(days), fullest_day(counts)
    weeks = _weeks(posts_by_day, first, last)
    return DaysApart(
        fullest_day=None if place is None else first + place * ONE_DAY,
        streak=_clear_span(DaySpan(run[0], run[-1]), len(days), len(counts)),
        silence=_clear_span(_longest_silence(days), len(counts) - len(days), len(counts)),
        weekday=fullest([*zip(*weeks, strict=True)]),
        weekend=_weekend(weeks),
        # A week of the year may be missing.
        half=_fuller_half(counts) if len(counts) >= 358 else None,
    )


def longest_run(days: Sequence[date]) -> list[date]:
    """Return the first longest run of consecutive days, of ascending days."""
    longest: list[date] = []
    run: list[date] = []
    for day in days:
        run = [*run, day] if run and run[-1] + ONE_DAY == day else [day]
        longest = max(longest, run, key=len)
    return longest


def _longest_silence(days: Sequence[date]) -> DaySpan | None:
    gaps = [
        DaySpan(before + ONE_DAY, day - ONE_DAY)
        for before, day in pairwise(days)
        if day - before > ONE_DAY
    ]
    return max(gaps, key=lambda gap: gap.days, default=None)


def _clear_span(span: DaySpan | None, alike: int, total: int) -> DaySpan | None:
    # `alike` of the `total` days have the property that all days of the span share.
    if span is None or span.days < 7:
        return None
    return span if run_log_chance(span.days, alike, total) <= log(0.005) else None


def _weeks(posts_by_day: Mapping[date, int], first: date, last: date) -> list[list[int]]:
    monday = first - first.weekday() * ONE_DAY
    weeks = [[0] * WEEK_DAYS for _ in range((last - monday).days // WEEK_DAYS + 1)]
    for day, posts in posts_by_day.items():
        weeks[(day - monday).days // WEEK_DAYS][day.weekday()] += posts
    return weeks


def _weekend(weeks: Sequence[Sequence[int]]) -> Literal["more", "less"] | None:
    leads = [
        sum(week[WORK_DAYS:]) / (WEEK_DAYS - WORK_DAYS) - sum(week[:WORK_DAYS]) / WORK_DAYS
        for week in weeks
    ]
    errors = lead_errors(leads)
    if abs(errors) < CLEAR_OF_MANY:
        return None
    return "more" if errors > 0 else "less"


def _fuller_half(counts: Sequence[int]) -> Literal["first", "second"] | None:
    middle = len(counts) // 2
    place = fullest([_by_week(counts[:middle]), _by_week(counts[middle:])], CLEAR_OF_MANY)
    return None if place is None else ("second" if place else "first")


def _by_week(counts: Sequence[int]) -> list[int]:
    return [sum(counts[start : start + WEEK_DAYS]) for start in range(0, len(counts), WEEK_DAYS)]

"""Periods side by side in a figure."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.parts.dashboard.times import fitting, start_of, starts

days = st.dates(date(1, 1, 1), date(9000, 12, 31))


@given(days, days)
def test_every_day_is_in_just_one_period(one: date, other: date) -> None:
    first, last = sorted((one, other))
    period = fitting(first, last)
    begins = list(starts(first, last, period))
    assert begins == sorted(set(begins))
    assert begins[0] <= first
    assert begins[-1] > last
    assert start_of(first, period) in begins
    assert start_of(last, period) in begins


def test_weeks_begin_on_monday_and_months_on_their_first() -> None:
    assert start_of(date(2026, 11, 20), "week") == date(2026, 11, 16)
    assert list(starts(date(2026, 1, 31), date(2026, 3, 1), "month")) == [
        date(2026, month, 1) for month in (1, 2, 3, 4)
    ]
    quarters = starts(date(2026, 2, 28), date(2026, 12, 31), "quarter")
    assert [day.isoformat()[:7] for day in quarters] == [
        *("2026-01", "2026-04", "2026-07", "2026-10", "2027-01")
    ]
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

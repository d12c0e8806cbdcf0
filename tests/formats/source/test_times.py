"""Times as files write them."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from app.errors import RecordError
from saywho.formats.source.times import read_time

NOON = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2020-01-02T03:04:05Z",
        "2020-01-02T03:04:05z",
        "2020-01-02T03:04:05",
        "2020-01-02 03:04:05",
        "2020-01-02T03:04:05.999999999Z",
        "2020-01-02T12:04:05+09:00",
        "2020-01-02 12:04:05 +0900",
        "20200102T030405Z",
        "2020-01-02 12:04:05 KST",
        "2020-01-02 03:04:05 UTC",
        "2020. 1. 2. 오전 3:04:05",
        "2020/01/02 03:04:05",
        "Thu Jan 02 03:04:05 +0000 2020",
        "Thu Jan 02 12:04:05 +0900 2020",
        1577934245,
        1577934245.9,
        1577934245678,
        "1577934245",
        "1577934245678",
        "  2020-01-02T03:04:05Z ",
    ],
)
def test_forms_of_one_time(value: object) -> None:
    assert read_time(value) == NOON
    assert read_time(value).tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2020-01-02", datetime(2020, 1, 2, tzinfo=UTC)),
        ("20200102", datetime(2020, 1, 2, tzinfo=UTC)),
        ("2020.1.2", datetime(2020, 1, 2, tzinfo=UTC)),
        ("2020-01-02 오후 12:30", datetime(2020, 1, 2, 12, 30, tzinfo=UTC)),
        ("2020-01-02 오전 12:30", datetime(2020, 1, 2, 0, 30, tzinfo=UTC)),
        ("2020-01-02 오후 3:04", datetime(2020, 1, 2, 15, 4, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-1.5, datetime(1969, 12, 31, 23, 59, 58, tzinfo=UTC)),
    ],
)
def test_shorter_and_rarer_forms(value: object, expected: datetime) -> None:
    assert read_time(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "3/12/2020",
        "2020-13-01",
        "2020-02-30 01:02:03",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "Sat Foo 18 12:33:11 +0000 2023",
        "Sat Feb 30 12:33:11 +0000 2023",
        "2020-01-02 오후 13:00",
        1e300,
        float("nan"),
        float("inf"),
        10**400,
        True,
        None,
        [],
        {"$date": 1},
    ],
)
def test_unreadable_times_are_named(value: object) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        read_time(value)


@given(st.datetimes(timezones=st.just(UTC)))
def test_iso_times_come_back_without_fractions(time: datetime) -> None:
    assert read_time(time.isoformat()) == time.replace(microsecond=0)


@given(st.text() | st.floats() | st.integers())
def test_anything_is_a_time_or_a_bad_record(value: object) -> None:
    with suppress(RecordError):
        assert read_time(value).tzinfo is UTC

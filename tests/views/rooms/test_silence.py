"""The longest silence and what sets people apart, as a room says them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from quart import Quart

from app.language.i18n import show_roughly, show_roughly_at_most
from app.services.rooms.room_facts import RoomFacts
from app.views.rooms.figures import (
    finding_of,
    is_long,
    length_in_words,
    length_of,
    of_most_days,
    told_silences,
)
from saywho.people.portrait import SilenceSpan, Trait


@pytest.fixture
async def english(app: Quart) -> AsyncIterator[None]:
    async with app.test_request_context("/", headers={"Accept-Language": "en"}):
        yield


def span(since: str, until: str) -> SilenceSpan:
    return SilenceSpan(
        *(datetime.fromisoformat(time).replace(tzinfo=UTC) for time in (since, until))
    )


@pytest.mark.parametrize(
    ("since", "until", "zone", "told"),
    [
        # 23:30 of the 10th until 0:30 of the 27th in Seoul, and 16 days there; in UTC they are 15.
        ("2024-03-10T14:30", "2024-03-26T15:30", "Asia/Seoul", "16 days, Mar 11 – 26, 2024."),
        ("2024-03-10T14:30", "2024-03-26T15:30", "UTC", "15 days, Mar 11 – 25, 2024."),
        ("2024-03-10T15:30", "2024-03-26T14:30", "Asia/Seoul", "14 days, Mar 12 – 25, 2024."),
        ("2024-03-10T00:00", "2024-03-12T00:00", "UTC", "1 day, March 11, 2024."),
        # Clocks go back: 49 hours from one midnight to the next but one.
        ("2024-10-26T21:59", "2024-10-28T23:01", "Europe/Berlin", "2 days, Oct 27 – 28, 2024."),
    ],
)
async def test_a_long_silence_has_as_many_days_as_it_names(
    english: None, since: str, until: str, zone: str, told: str
) -> None:
    sentence = told_silences([span(since, until)], ZoneInfo(zone)).replace("\u2009", " ")
    assert sentence == f"The longest silence: {told}"


async def test_equally_long_silences_have_a_number_and_no_dates(english: None) -> None:
    zone = ZoneInfo("UTC")
    long = [
        span("2024-03-01T00:30", "2024-03-03T23:30"),  # Longer by the clock, with a day less.
        span("2024-04-01T23:00", "2024-04-04T01:00"),
        span("2024-05-01T23:00", "2024-05-04T00:30"),
        span("2024-06-01T12:00", "2024-06-03T13:00"),
    ]
    assert of_most_days(long, zone) == long[1:3]
    assert told_silences(long[1:3], zone) == "The longest silences: 2 days, 2 times."
    short = [span("2024-06-01T12:00", "2024-06-02T13:00")]
    assert of_most_days(short, zone) == of_most_days([], zone) == []


async def test_a_short_silence_is_told_in_hours(english: None) -> None:
    assert (
        length_of(span("2024-03-10T14:30", "2024-03-11T15:35"), ZoneInfo("UTC"))
        == "25 hours 5 minutes"
    )


async def test_a_picture_tells_a_short_silence_in_words(english: None) -> None:
    told = {8: "8 hours", 20: "20 hours", 23: "about a day", 29: "a day and a quarter"}
    told |= {36: "a day and a half", 47: "nearly two days", 50: "1 day", 24 * 9: "8 days"}
    begin = datetime(2024, 3, 10, 14, tzinfo=UTC)
    spans = [SilenceSpan(begin, begin + timedelta(hours=hours)) for hours in told]
    assert [length_in_words(silence, ZoneInfo("UTC")) for silence in spans] == [*told.values()]


@pytest.mark.parametrize(
    ("since", "until", "is_of_days", "length"),
    [
        # Clocks go back: 48 hours that have no whole day; they go forward: 47 that look like 48.
        ("2025-10-24T22:30", "2025-10-26T22:30", False, "2 days"),
        ("2025-03-29T11:00", "2025-03-31T10:30", False, "47 hours 30 minutes"),
        ("2025-03-29T11:00", "2025-03-31T11:00", True, "1 day"),
    ],
)
async def test_a_silence_is_told_in_days_where_it_has_whole_ones(
    english: None, since: str, until: str, is_of_days: bool, length: str
) -> None:
    """One without any was of 0 days."""
    silence, zone = span(since, until), ZoneInfo("Europe/Berlin")
    assert (is_long(silence, zone), length_of(silence, zone)) == (is_of_days, length)


async def test_waits_are_told_as_people_say_them(english: None) -> None:
    minutes = {0.5: "less than a minute", 1.4: "1 minute", 9.6: "10 minutes", 13: "15 minutes"}
    minutes |= {46: "45 minutes", 57: "55 minutes", 58: "1 hour", 106: "2 hours", 359: "6 hours"}
    assert [show_roughly(60 * wait) for wait in minutes] == [*minutes.values()]
    at_most = {0.5: "1 minute", 3: "3 minutes", 3.1: "4 minutes", 11: "15 minutes", 56: "1 hour"}
    at_most |= {61: "2 hours"}
    assert [show_roughly_at_most(60 * wait) for wait in at_most] == [*at_most.values()]


ROOM = RoomFacts(1, "crew", None, 900, None, [], 3, None, None, has_media=False)
LAUGH = Trait("laugh", 0, 0.5, 5.0, "haha", "ann")
LONGEST = Trait("longest", 1, 6.0, 4.0, username="bob")


@pytest.mark.usefixtures("without_people")
def test_what_is_of_lately_is_said_once() -> None:
    of_all = (
        "ann writes “haha” most often, and bob writes the longest messages (6 words on average)."
    )
    assert finding_of([], [LAUGH, LONGEST], ROOM) == of_all
    assert finding_of([], [LAUGH, LONGEST], ROOM, is_of_newest=True) == f"Lately, {of_all}"
    alone = finding_of([], [LAUGH], ROOM, is_of_newest=True)
    assert alone == "ann has lately been writing “haha” most often."

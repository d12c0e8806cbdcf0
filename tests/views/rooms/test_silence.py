"""The longest silence and what sets people apart, as a room says them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from quart import Quart

from app.language.i18n import show_roughly
from saywho.people.portrait import SilenceSpan


@pytest.fixture
async def english(app: Quart) -> AsyncIterator[None]:
    async with app.test_request_context("/", headers={"Accept-Language": "en"}):
        yield


def span(since: str, until: str) -> SilenceSpan:
    return SilenceSpan(
        *(datetime.fromisoformat(time).replace(tzinfo=UTC) for time in (since, until))
    )


@pytest.mark.parametrize(
    ("since", "until", "zone", "days"),
    [
        # 23:30 of the 10th until 0:30 of the 27th in Seoul, and 16 days there; in UTC they are 15.
        ("2024-03-10T14:30", "2024-03-26T15:30", "Asia/Seoul", ("2024-03-11", "2024-03-26")),
        ("2024-03-10T14:30", "2024-03-26T15:30", "UTC", ("2024-03-11", "2024-03-25")),
        ("2024-03-10T15:30", "2024-03-26T14:30", "Asia/Seoul", ("2024-03-12", "2024-03-25")),
        # Clocks go back: 49 hours from one midnight to the next but one.
        ("2024-10-26T21:59", "2024-10-28T23:01", "Europe/Berlin", ("2024-10-27", "2024-10-28")),
    ],
)
def test_a_silence_has_as_many_whole_days_as_the_calendar(
    since: str, until: str, zone: str, days: tuple[str, str]
) -> None:
    first, last = span(since, until).whole_days(ZoneInfo(zone))
    assert (str(first), str(last)) == days


async def test_waits_are_told_as_people_say_them(english: None) -> None:
    minutes = {0.5: "less than a minute", 1.4: "1 minute", 9.6: "10 minutes", 13: "15 minutes"}
    minutes |= {46: "45 minutes", 57: "55 minutes", 58: "1 hour", 106: "2 hours", 359: "6 hours"}
    assert [show_roughly(60 * wait) for wait in minutes] == [*minutes.values()]

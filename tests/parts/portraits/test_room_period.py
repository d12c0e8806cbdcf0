"""A period of a chat: its overview and its facts are of these days alone."""

import re
from html import unescape
from typing import Any

import pytest

from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared

pytestmark = pytest.mark.databases("sqlite", "postgresql")
SPRING = "since=2024-03-01&until=2024-04-01"


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    """A chat of a year: in March bo writes twice as often as ann, else ann writes alone."""
    messages: list[Said] = [
        (f"2024-{month:02}-{day:02} 09:{minute:02}", "ann", f"tea at {minute}")
        for month in range(1, 13)
        for day in range(1, 21)
        for minute in (0, 1)
    ]
    messages += [
        (f"2024-03-{day:02} 10:{minute:02}", "bo", f"the boat is here {minute}!")
        for day in range(1, 21)
        for minute in range(4)
    ]
    # The last message of March and the first of April in Seoul are of one day in UTC.
    messages += [("2024-03-31 23:59", "cem", "lantern"), ("2024-04-01 00:00", "cem", "anchor")]
    await import_chat(parts_of(shared.writer.app).db, kakaotalk("pier", *sorted(messages)))
    return shared.writer


def text_of(page: str) -> str:
    main = page.partition("<main")[2].partition("</main>")[0]
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", main).split()))


async def test_overview_of_a_period_has_its_figures(site: Client) -> None:
    whole = text_of(await site.page("/room/1"))
    assert "562 messages · 3 people" in whole
    page = await site.page(f"/room/1?{SPRING}")
    shown = text_of(page)
    assert "March 2024 · Show the whole chat" in shown
    assert "121 messages · 3 people" in shown
    assert "bo writes" in page.partition('id="finding">')[2].partition("</p>")[0]
    assert 'href="/room/1/2024"' in page
    assert "Make a picture" not in page
    facts = await site.json(f"/api/v1/rooms/1?{SPRING}&tz=Asia/Seoul")
    assert {person["username"]: person["messages"] for person in facts["people"]} == {
        "bo": 80,
        "ann": 40,
        "cem": 1,
    }
    assert (facts["messages"], facts["newest_message_at"]) == (121, "2024-03-31T14:59:00Z")
    # An end may be a time, too.
    until = "2024-03-31T14:59:00Z"
    facts = await site.json(f"/api/v1/rooms/1?since=2024-03-01&until={until}&tz=Asia/Seoul")
    assert facts["messages"] == 120


async def test_months_of_a_period_have_only_its_days(site: Client) -> None:
    page = await site.page("/room/1?since=2024-03-11&until=2024-05-06&tz=Asia/Seoul")
    numbers = text_of(page).partition("Month by month")[2]
    months = re.findall(r"(March|April|May) 2024 (\d+)", numbers)
    assert months == [("March", "61"), ("April", "41"), ("May", "10")]


async def test_the_form_has_the_last_day_and_kept_links_mean_what_they_meant(site: Client) -> None:
    kept = await site.page("/room/1?since=2024-03-11&until=2024-05-06&tz=Asia/Seoul")
    chosen = await site.page("/room/1?since=2024-03-11&through=2024-05-05&tz=Asia/Seoul")
    assert 'name="through" type="date" value="2024-05-05"' in kept
    assert text_of(chosen) == text_of(kept)
    day = await site.page("/room/1?since=2024-03-11&through=2024-03-11&tz=Asia/Seoul")
    assert "March 11, 2024" in text_of(day)
    posts, same = [
        text_of(await site.page(f"/posts?since=2024-03-11&{end}&tz=Asia/Seoul"))
        for end in ("until=2024-03-12", "through=2024-03-11")
    ]
    assert posts == same
    tables = [
        await (await site.get(f"/dashboard/table/timeline.csv?{end}")).get_data()
        for end in ("until=2024-03-12", "through=2024-03-11", "")
    ]
    assert tables[0] == tables[1] != tables[2]
    found = await site.page("/search?q=nothing&through=2024-03-11")
    assert 'name="through" type="date" value="2024-03-11"' in found
    await site.page("/room/1?since=2024-03-11&through=2024-03-10", status=400)
    await site.page("/search?q=nothing&through=9999-12-31")


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("since=2024-13-01", 400, "The first day cannot be read"),
        ("until=tomorrow", 400, "The end date cannot be read"),
        ("since=2024-04-01&until=2024-04-01", 400, "The end date is before the first day"),
        ("since=2019-01-01&until=2020-01-01", 200, "No one wrote in this period."),
    ],
)
async def test_a_wrong_or_empty_period_is_said_beside_the_form(
    site: Client, query: str, status: int, told: str
) -> None:
    answer: Any = await site.get(f"/room/1?{query}")
    page = await answer.get_data(as_text=True)
    assert answer.status_code == status
    assert told in page
    assert ('aria-invalid="true" aria-describedby="period-fault"' in page) is (status == 400)
    assert 'name="since"' in page
    assert 'href="/room/1/2024"' in page

"""The page of a year of a chat, and what leads to it."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from app.parts.years import year as year_module
from tests.browsing import body, found_in, missing_in, parts_of
from tests.chats import import_chat, kakaotalk
from tests.conftest import Client, Shared

pytestmark = pytest.mark.databases("sqlite", "postgresql")
ZONE = "tz=Asia/Seoul"


def message(number: int, time: datetime, **fields: Any) -> dict[str, Any]:
    """Return a message: Mina writes two of three, and begins each day; Ben shouts in 2025."""
    kiln = "kiln " if time.year == 2025 and number % 2 else ""
    sign = "!" if time.year == 2025 and number % 3 == 2 else ""
    return {
        "username": "ben" if number % 3 == 2 else "mina",
        "text": f"{kiln}words of day {number} 🍞{sign}",
        "created_at": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "source_id": f"{time:%Y}-{number}",
        "room": {"name": "our chat"},
    } | fields


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    def of_year(year: int, count: int) -> list[dict[str, Any]]:
        start = datetime(year, 3, 1, 3, tzinfo=UTC)
        times = (start + timedelta(days=n // 3, minutes=n % 3) for n in range(count))
        return [message(number, time) for number, time in enumerate(times)]

    fullest = datetime(2025, 8, 9, 3, tzinfo=UTC)
    more = [message(n, fullest + timedelta(minutes=n - 900)) for n in range(900, 960)]
    # New Year in Seoul: the first is of 2024 there, and of 2023 in UTC.
    edge = message(700, datetime(2023, 12, 31, 15, tzinfo=UTC))
    early = of_year(2024, 150)
    for number in (0, 1, 3):
        early[number]["counts"] = {"likes": 3, "reposts": 0, "replies": 0, "quotes": 0}
    await shared.writer.add_posts(edge, *early, *of_year(2025, 240), *more)
    loved = message(999, fullest, counts={"likes": 4, "reposts": 0, "replies": 0, "quotes": 0})
    await shared.writer.add_posts(loved, *of_year(2026, 99))
    return shared.writer


async def test_year_of_a_chat_tells_what_was_written(site: Client) -> None:
    (room,) = await site.walk("/api/v1/rooms", 20)
    page = await body(await site.get(f"/room/{room['id']}/2025?{ZONE}"))
    finding = page.partition('class="finding" id="finding">')[2].partition("</p>")[0]
    assert finding.startswith("Nobody wrote for 315 days, Apr 20, 2024")
    assert "“kiln words of day” appears in 2025 only (151 messages)." not in finding  # No room.
    assert ">kiln words of day<" in page
    assert "301 messages on 81 days · Busiest day: August 9 (61 messages)" in page
    assert "<p>mina wrote more (" in page
    for heading in ("Who wrote first after a silence", "Most reactions"):
        assert heading in page
    assert f"/room/{room['id']}/2024?{ZONE}" in page
    # The tab leads from the year of the newest message, which is short, to the newest full one.
    assert page.count(f"/room/{room['id']}/2026?") == 1
    short = await site.get(f"/room/{room['id']}/2026?{ZONE}")
    assert (short.status_code, short.location) == (303, f"/room/{room['id']}/2025?{ZONE}")
    korean = await body(
        await site.get(f"/room/{room['id']}/2025?{ZONE}", headers={"Accept-Language": "ko"})
    )
    assert not missing_in(korean, "301개", "더 많이 썼어요(")
    assert "Most reactions: 4</p>" in page
    assert "써요" not in korean.partition('id="finding"')[2].partition("<details")[0]
    picture = await site.get(f"/room/{room['id']}/2025/picture.png?{ZONE}")
    assert picture.content_type == "image/png"
    chosen = await body(await site.get(f"/room/{room['id']}/2025/picture?{ZONE}"))
    assert f"/room/{room['id']}/2025/picture.png?" in chosen
    overview = await body(await site.get(f"/room/{room['id']}?{ZONE}"))
    assert f"/room/{room['id']}/2026?{ZONE}" in overview


async def test_a_most_loved_message_says_how_many_have_as_many_reactions(site: Client) -> None:
    (room,) = await site.walk("/api/v1/rooms", 20)
    page = await body(await site.get(f"/room/{room['id']}/2024?{ZONE}"))
    assert ">One of the most loved messages</h2>" in page
    assert "Most reactions: 3 (2 other messages have the same number)</p>" in page
    page = await body(await site.get("/user/mina"))
    assert "If messages have the same number of likes, the newest are shown." in page
    korean = await body(await site.get("/user/mina", headers={"Accept-Language": "ko"}))
    assert "좋아요 수가 같으면 더 새로운 메시지를 보여 드려요." in korean


async def test_what_a_year_of_a_chat_is_remembered_by(site: Client) -> None:
    (room,) = await site.walk("/api/v1/rooms", 20)
    year = await site.json(f"/api/v1/rooms/{room['id']}/years/2025?{ZONE}")
    (word,) = year["words"]
    assert (word["text"], word["tweets"], word["tweets_beside"]) == ("kiln words of day", 151, 0)
    assert word["times"] is None
    assert year["words_of_all"] is True
    day = year["day"]
    assert (day["day"], day["posts"], day["usual"]) == ("2025-08-09", 61, 3)
    assert [post["room"]["id"] for post in day["shown"]] == [room["id"]] * 3
    assert {post["username"] for post in day["shown"]} == {"mina", "ben"}
    assert {post["created_at"][:10] for post in day["shown"]} == {"2025-08-09"}
    silence = year["silence"]
    assert (silence["first"], silence["last"]) == ("2024-04-20", "2025-02-28")
    assert silence["broken_by"]["created_at"] == "2025-03-01T03:00:00Z"
    (habit,) = year["habits"]
    assert (habit["username"], habit["measure"]["name"]) == ("ben", "exclamations")
    assert (habit["measure"]["own"], habit["measure"]["beside"]) == (1, 0)
    # Both write the same words: of neither is a message the most typical.
    assert year["most_like"] == []
    page = await body(await site.get(f"/room/{room['id']}/2025?{ZONE}"))
    assert not missing_in(page, "151 messages; never in the other years", "A new habit")
    # A year without words of its own has those of its people, who say the same here.
    before = await site.json(f"/api/v1/rooms/{room['id']}/years/2024?{ZONE}")
    assert before["words"] == before["words_of_people"] == []
    assert before["day"] is None
    assert before["habits"] == []


async def test_year_of_a_chat_in_the_api(site: Client) -> None:
    (room,) = await site.walk("/api/v1/rooms", 20)
    year = await site.json(f"/api/v1/rooms/{room['id']}/years/2025?{ZONE}")
    assert (year["calendar"]["tweets"], year["calendar"]["years"]) == (301, [2025, 2024])
    assert year["by_year"] == [301, 151]
    assert [person["username"] for person in year["people"]] == ["mina", "ben"]
    assert sum(person["messages"] for person in year["people"]) == 301
    assert [person["beginnings"] for person in year["people"]] == [81, 0]
    assert year["people"][0]["emoji"][0]["text"] == "🍞"
    assert year["loved"][0]["count"] == 4
    assert (await site.json(f"/api/v1/rooms/{room['id']}/years/2024"))["calendar"]["tweets"] == 150
    own = f"/room/{room['id']}"
    for address in (f"/api/v1/rooms/{room['id']}/years/2026", f"{own}/2019", f"{own}9/2025"):
        assert (await site.get(address)).status_code == 404


async def test_who_began_is_counted_alike_in_the_chat_its_years_and_lists(site: Client) -> None:
    """The first message of a year may end a silence of the year before, of a chat it ends none."""
    (room,) = await site.walk("/api/v1/rooms", 20)

    async def begun(address: str) -> int:
        people = (await site.json(f"/api/v1/rooms/{room['id']}/{address}"))["people"]
        return sum(person["beginnings"] for person in people)

    async def listed(period: str) -> int:
        page = await body(await site.get(f"/posts?username=mina&shows=silence&{period}{ZONE}"))
        told = re.search(r'<p class="lead">(\d+) ', page)
        assert told
        return int(told[1])

    days = {2024: "since=2024-01-01&until=2025-01-01&", 2025: "since=2025-01-01&until=2026-01-01&"}
    for year, count in ((2024, 50), (2025, 81)):
        assert await begun(f"years/{year}?{ZONE}") == await listed(days[year]) == count
    assert await begun("portrait") == await listed("") == 50 + 81 + 33


async def test_hours_of_read_messages_are_those_of_the_query(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (room,) = await site.walk("/api/v1/rooms", 20)
    address = f"/api/v1/rooms/{room['id']}/years/2025?tz="
    read = await site.json(f"{address}America/New_York")
    monkeypatch.setattr(year_module, "MOST_SCANNED", 1)
    asked = await site.json(f"{address}US/Eastern")  # The same zone, which is not kept yet.
    assert read | {"tz": ""} == asked | {"tz": ""}
    assert sum(read["hours"]) == read["calendar"]["tweets"]


def of_two(day: datetime, name: str, number: int, room: str = "Ann") -> dict[str, Any]:
    return {
        "username": name,
        "text": f"we talk about {number}",
        "created_at": f"{day + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}",
        "source_id": f"{room}{day:%Y%m%d}-{number}",
        "room": {"name": room},
    }


async def test_what_chance_explains_is_not_told_of_a_year(shared: Shared) -> None:
    """Two people begin about as often, and no day is clearly the fullest."""
    days = [
        datetime(year, 2, 1, 9, tzinfo=UTC) + timedelta(n)
        for n in range(60)
        for year in (2018, 2020)
    ]
    posts = [
        of_two(day, ("Ann", "Bob")[(number + (place % 5 < 3)) % 2], number)
        for place, day in enumerate(days)
        for number in range(4 + place % 3 + 4 * (place == 7))
    ]
    await shared.writer.add_posts(*posts)
    rooms = await shared.writer.walk("/api/v1/rooms", 20)
    (room,) = (room["id"] for room in rooms if room["name"] == "Ann")
    page = await shared.writer.page(f"/room/{room}/2018?tz=UTC")
    assert not found_in(page, "Who wrote first after a silence", "day-heading")
    # The chat has the name of a person of it, whose year is another.
    title = re.compile("<title>(.*?) · saywho</title>")
    assert [
        title.findall(await shared.writer.page(path))
        for path in (f"/room/{room}/2018?tz=UTC", "/user/Ann/2018?tz=UTC")
    ] == [["Chat “Ann” in 2018"], ["Ann in 2018"]]
    # A silent year leads to its place in the chat, which says that nobody wrote.
    silent = await shared.writer.get(f"/room/{room}/2019?tz=UTC", status=303)
    assert "No one wrote in this period." in await shared.writer.page(silent.location)


async def test_what_some_messages_show_is_not_told_of_all(shared: Shared) -> None:
    """Of more than 1,500 messages a year, only some are compared."""
    lines = [
        (f"{year}-{1 + day // 28:02}-{1 + day % 28:02} {10 + hour:02}:{day % 60:02}", name, text)
        for year, end in ((2022, ""), (2023, "!"))
        for day in range(336)
        for hour, name in enumerate(("Ada", "Bo", "Ada", "Ada", "Bo"))
        for text in (f"tea {day % 9}{end}" if name == "Ada" else "so it is",)
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("many", *lines))
    rooms = (await shared.anybody.json("/api/v1/rooms"))["items"]
    (room,) = [room["id"] for room in rooms if room["name"] == "many"]
    page = await shared.anybody.page(f"/room/{room}/2023")
    told = re.sub("<[^>]*>", " ", page.partition("How the writing changed")[2])
    assert "More exclamation marks than in 2022: in almost every message" in " ".join(told.split())
    found = await shared.anybody.json(f"/api/v1/rooms/{room}/years/2023")
    assert [0 < one["measure"]["own"] < 1 for one in found["habits"]] == [True]


async def test_a_silent_year_is_told_on_both_sides(shared: Shared) -> None:
    """A gap that crosses the border of two years belongs to both, and somebody ended it."""

    def days(first: date, count: int) -> list[dict[str, Any]]:
        return [
            {
                "username": "nadia" if number % 2 else "otis",
                "text": f"the tide of {number}",
                "created_at": f"{first + timedelta(number // 2)}T0{number % 2}:30:00Z",
                "room": {"name": "silent year"},
            }
            for number in range(count)
        ]

    # Weekends are no silences, and equal ones are not told.
    said = [row for row in days(date(2022, 5, 2), 400) if "2022-06-04" not in row["created_at"]]
    said += days(date(2024, 1, 1), 200)
    said[-200]["username"] = "nadia"
    await shared.writer.add_posts(*said)
    rooms = await shared.anybody.walk("/api/v1/rooms", 20)
    path = f"/room/{next(room['id'] for room in rooms if room['name'] == 'silent year')}"
    told = "Nobody wrote for 409 days, Nov 18, 2022 – Dec 31, 2023. nadia wrote first."
    for page in ("", "/2022", "/2024"):
        shown = await shared.anybody.page(f"{path}{page}?tz=UTC")
        assert told in re.sub(r"<[^>]*>", "", shown).replace("\u2009", " "), page
    korean = await shared.anybody.page(f"{path}/2024?tz=UTC", headers={"Accept-Language": "ko"})
    assert "409일 동안(2022년 11월 18일" in korean


async def test_a_year_begins_with_what_changed_since_the_one_before(shared: Shared) -> None:
    said = [
        (f"{year}-{month:02}-{day:02} 1{place}:00", name, f"밥 먹었어{end} {day}")
        for year in (2023, 2024)
        for month in range(1, 13)
        for day in range(1, 27, 3)
        for place, name in enumerate(("지우", "예린"))
        for end in ["?" if (year, name) == (2024, "지우") else ""]
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("물음", *said))
    rooms = (await shared.anybody.json("/api/v1/rooms?limit=50"))["items"]
    number = next(room["id"] for room in rooms if room["name"] == "물음")
    page = unescape(await shared.anybody.page(f"/room/{number}/2024"))
    told = "지우: More question marks than in 2023: in every message, before never."
    assert told in " ".join(page.partition('id="finding">')[2].split())
    picture = await shared.anybody.page(f"/room/{number}/2024/picture?locale=")
    assert "100% 지우: Question marks. In 2023: never." in unescape(picture)

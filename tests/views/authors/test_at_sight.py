"""What an author's page begins with: how much they wrote, what sets them apart, what is typical."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from app.services.archive.author_archive import fullest_month
from tests.browsing import parts_of
from tests.chats import import_chat
from tests.conftest import Client, Shared
from tests.waiting import settle

KOREAN = {"Accept-Language": "ko"}


def daily(
    username: str, days: int, *, since: str = "2025-03", hour: int = 0, step: int = 0
) -> Iterator[Any]:
    """Yield a post a day, each so many hours later than the one before."""
    for day in range(1, days + 1):
        at = f"{since}-{day:02}T{(hour + step * day) % 24:02}:30:00Z"
        yield {"username": username, "text": f"number {day}", "created_at": at}


POSTS = [
    *(post for month in ("2024-11", "2025-07") for post in daily("bursts", 12, since=month)),
    *(post | {"text": "number again"} for post in daily("bursts", 28, since="2025-07", hour=9)),
    *daily("steady", 15),
    *daily("steady", 15, since="2025-04"),
    *daily("uniform", 24, step=7),
    *daily("new_year", 12, since="2024-12"),
    *daily("new_year", 2, since="2025-01"),
    *daily("all_year", 12, since="2024-02"),
    *daily("all_year", 12, since="2024-11"),
    *daily("all_year", 14, since="2025-01"),
    *daily("back_again", 12, since="2022-05"),
    *daily("back_again", 14, since="2025-01"),
    *daily("few", 3),
    *daily("하나", 1),
]


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    await shared.writer.add_posts(*POSTS)
    await shared.writer.add_user("silent")
    return shared.anybody


def finding(page: str) -> str:
    return "".join(re.findall(r'id="finding">(.*?)</p>', page))


def lead(page: str) -> str:
    (told,) = re.findall(r'<p class="lead">(.*?)</p>', page, re.DOTALL) or [""]
    return re.sub(r"\s+", " ", re.sub("<.*?>", "", told)).strip()


async def test_no_row_ends_inside_of_a_korean_day(site: Client) -> None:
    page = await site.page("/user/few", headers=KOREAN)
    assert '<p class="lead">글 3개 · 2025년 3월 1일~3일</p>' in page


@pytest.mark.parametrize(
    ("name", "wrote", "told"),
    [
        (
            "bursts",
            "52 posts · Nov 1, 2024 – Jul 28, 2025",
            "Of all years, July 2025 was the busiest month (40).",
        ),
        ("steady", "30 posts · Mar 1 – Apr 15, 2025", "Busiest between 23:00 and 2:00, in UTC."),
        ("uniform", "24 posts · Mar 1 – 24, 2025", "24 posts on 24 days."),
        ("few", "3 posts · Mar 1 – 3, 2025", "3 posts on 3 days."),
        ("하나", "1 post · March 1, 2025", "1 post on 1 day."),
        ("silent", "", "There are no posts yet."),
    ],
)
async def test_the_finding_is_what_is_clear(site: Client, name: str, wrote: str, told: str) -> None:
    page = await site.page("/user/" + quote(name))
    assert lead(page) == wrote
    assert finding(page) == told
    # What it says is not said again.
    assert page.partition("<main")[2].count(told) == 1
    # A calendar of few days is no drawing: their posts come first.
    is_drawn = name in ("bursts", "steady", "uniform")
    assert ('<svg class="weeks' in page) == is_drawn
    assert (page.find('id="calendar"') < page.index('id="posts"')) == (is_drawn or name == "silent")


@pytest.mark.parametrize(
    ("name", "days", "undated", "told"),
    [
        ("half_dated", 12, 30, "12 posts · Mar 1 – 12, 2025 · 30 more posts have no time"),
        ("hardly_dated", 1, 2, "1 post · March 1, 2025 · 2 more posts have no time"),
        ("timeless", 0, 3, "3 posts"),
    ],
)
async def test_posts_without_a_time_are_of_no_year(
    shared: Shared, name: str, days: int, undated: int, told: str
) -> None:
    """All of them were said to be of the years of those with one."""
    posts = [*daily(name, days, step=7, hour=days)]
    posts += [{"username": name, "text": f"some day {number}"} for number in range(undated)]
    lines = "\n".join(map(json.dumps, posts)).encode()
    await import_chat(parts_of(shared.app).db, lines, name="posts.jsonl")
    assert lead(await shared.anybody.page(f"/user/{name}")) == told


async def test_the_fullest_month_is_that_of_the_zone(site: Client) -> None:
    archive = await site.json("/api/v1/users/bursts/archive?tz=America/New_York")
    # There the first of the month was the last of the month before.
    assert archive["numbers"]["fullest_month"] == {"first": "2025-07-01", "tweets": 39}
    steady = await site.json("/api/v1/users/steady/archive")
    assert steady["numbers"]["fullest_month"] is None


async def test_a_year_that_has_hardly_begun_leaves_the_one_before(site: Client) -> None:
    assert "12 posts in 2024</h2>" in await site.page("/user/new_year")
    assert "2 posts in 2025</h2>" in await site.page("/user/new_year?year=2025")
    # In January most of a drawing would be empty; nor is that of a year without posts shown.
    assert "24 posts in 2024</h2>" in await site.page("/user/all_year")
    assert "14 posts in 2025</h2>" in await site.page("/user/all_year?year=2025")
    assert "14 posts in 2025</h2>" in await site.page("/user/back_again")


async def test_a_page_compares_with_one_group(writer: Client, anybody: Client) -> None:
    """Whose habits are next to the authors here is not compared with the people of chats, too."""
    usual = "we walked by the sea again and the gulls were loud"
    await writer.add_posts(
        *({"username": "dots", "text": f"{usual} {n}."} for n in range(40)),
        *({"username": "plain", "text": f"{usual} {n}"} for n in range(40)),
    )
    await settle(writer.app)
    for name in ("dots", "plain"):
        page = await anybody.page(f"/user/{name}")
        assert 'id="typical-heading"' not in page
        assert "than the average here" not in page


BEGIN = date(2024, 1, 1)


def posts(days: int) -> dict[date, int]:
    """Return some fifty posts on each of some days from the first of January on."""
    return {BEGIN + timedelta(number): 50 + number % 3 for number in range(days)}


def test_a_whole_month_is_not_ahead_of_one_that_ends_early() -> None:
    assert fullest_month(posts(31 + 24)) is None


def test_a_month_is_ahead_on_the_days_that_both_have() -> None:
    found = fullest_month(posts(31 + 24) | dict.fromkeys(posts(31), 90))
    assert found is not None
    assert (found.first, found.tweets) == (BEGIN, 31 * 90)


async def test_a_page_begins_with_the_username_and_a_sentence(shared: Shared) -> None:
    """Also of a person of a chat, of whom nothing stands out; their posts are called messages."""
    sent = [
        {"username": name, "text": f"tea {n}", "room": {"name": "sent here"}}
        | {"created_at": f"2024-05-0{1 + n if name == 'Ada' else 3}T10:00:00Z"}
        for n in range(3)
        for name in ("Ada", "Bo")
    ]
    await shared.writer.add_posts(*sent)
    await shared.writer.post("/api/v1/users", json={"username": "silent"})
    for name, told in (
        ("Ada", "3 messages on 3 days."),
        ("Bo", "3 messages on 1 day."),
        ("silent", "There are no posts yet."),
    ):
        page = await shared.anybody.page(f"/user/{name}?tz=UTC")
        called = f"Username: {name}" if name == "silent" else f"<bdi>{name}</bdi>"
        assert re.search(rf"<h1[^>]*>{called}</h1>", page)
        assert finding(page) == told


@pytest.mark.parametrize(("korean", "is_told"), [(50, True), (19, False)])
async def test_an_archive_in_two_languages_says_so(
    shared: Shared, korean: int, is_told: bool
) -> None:
    """A few posts in another language are no second one."""
    texts = ["the ferry is late again this morning"] * 150
    texts += ["오늘 아침에도 배가 늦게 왔어요"] * korean
    name = f"both{korean}"
    await shared.writer.add_posts(
        *({"username": name, "text": f"{text} {n}"} for n, text in enumerate(texts))
    )
    told = "25% of the posts are in Korean."
    assert (finding(await shared.anybody.page(f"/user/{name}")) == told) is is_told
    page = await shared.anybody.page(f"/user/{name}", headers=KOREAN)
    korean_told = finding(page).replace("\N{WORD JOINER}", "")
    assert (korean_told == "글의 25%는 한국어예요.") is is_told, korean_told

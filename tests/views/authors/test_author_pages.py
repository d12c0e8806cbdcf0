"""An author's page: figures, the calendar of a year, the posts of a day."""

import re
from typing import get_args
from urllib.parse import quote

import pytest

from saywho.formats.post import PLATFORMS, Platform
from tests.conftest import Client, Shared
from tests.waiting import settle

NAME = "골목빵집"
PAGE = "/user/" + quote(NAME)
TIMES = (
    "2024-12-31T23:30:00Z",
    "2026-03-28T23:30:00Z",
    "2026-03-29T00:30:00Z",
    "2026-03-29T21:59:59Z",
    "2026-03-29T22:00:00Z",
    "2026-03-31T12:00:00Z",
)


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    """Read the pages of an author to whose posts no test adds any."""
    await shared.writer.add_posts(
        *(
            {"username": NAME, "text": f"빵 {n}", "created_at": time, "kind": kind}
            for n, (time, kind) in enumerate(zip(TIMES, ["post"] * 3 + ["reply"] * 3, strict=True))
        )
    )
    return shared.anybody


def days(page: str) -> dict[str, int]:
    days = re.findall(r'since=([\d-]+)[^"]*"><span class="visually-hidden">[^:]*: (\d+)', page)
    return {day: int(posts) for day, posts in days}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"2026-03-28": 1, "2026-03-29": 3, "2026-03-31": 1}),
        ("?tz=Europe/Berlin", {"2026-03-29": 3, "2026-03-30": 1, "2026-03-31": 1}),
        ("?tz=Asia/Kolkata", {"2026-03-29": 2, "2026-03-30": 2, "2026-03-31": 1}),
        ("?year=2024", {"2024-12-31": 1}),
        # There it was the first day of 2025 already.
        ("?year=2024&tz=Asia/Seoul", {"2025-01-01": 1}),
        ("?year=2025", {}),
        ("?year=1999", {"2024-12-31": 1}),
        ("?year=9998", {"2026-03-28": 1, "2026-03-29": 3, "2026-03-31": 1}),
    ],
)
async def test_the_calendar_counts_the_days_of_a_zone(
    site: Client, query: str, expected: dict[str, int]
) -> None:
    assert days(await site.page(PAGE + query)) == expected


async def test_each_day_of_the_calendar_leads_to_its_posts(site: Client) -> None:
    for tz in ("UTC", "Europe/Berlin", "America/St_Johns"):
        for year in (2024, 2025, 2026):
            page = await site.page(f"{PAGE}?year={year}&tz={tz}")
            addresses = re.findall(r'href="(/posts[^"]+)"', page)
            for posts, address in zip(days(page).values(), addresses, strict=True):
                assert (await site.page(address)).count('class="post"') == posts, address


@pytest.mark.parametrize("query", ["tz=Mars", "year=0"])
async def test_a_bad_year_is_told(site: Client, query: str) -> None:
    assert (await site.get(f"{PAGE}?{query}")).status_code == 400


async def test_links_show_a_display_name_before_the_username(writer: Client) -> None:
    await writer.add_user("ann", "a post by somebody else")
    await writer.post("/api/v1/users", json={"username": "bo_k", "display_name": "Bo <Kim>"})
    post = await writer.add_tweet("bo_k", "a post by somebody with two names")
    for path in (
        "/",
        "/authors",
        "/posts?username=bo_k",
        f"/tweet/{post['id']}",
        "/search?q=somebody",
    ):
        assert '<bdi>Bo <Kim></bdi> <span class="username">' in await writer.page(path), path


async def test_typical_words_are_never_old(writer: Client, admin: Client) -> None:
    habits = {"ferry": ("tide", "lantern"), "museum": ("stairs", "gallery")}
    await writer.add_posts(
        *(
            {"username": name, "text": f"today the {word} {n}"}
            for name, words in habits.items()
            for word in words
            for n in range(30)
        )
    )

    async def shown(name: str) -> set[str]:
        archive = await writer.json(f"/api/v1/users/{name}/archive")
        return {term["text"] for term in archive["typical"] if not term["is_mark"]}

    # Before the first background only shipped authors are there to compare with.
    assert await shown("ferry") == {"today", "tide", "lantern"}
    await settle(writer.app)
    assert await shown("ferry") == {"tide", "lantern"}
    assert await shown("museum") == {"stairs", "gallery"}
    for post in (await writer.json("/api/v1/users/ferry/tweets?limit=100"))["items"]:
        if "lantern" in post["text"]:
            assert (await admin.delete(f"/api/v1/tweets/{post['id']}")).status_code == 204
    assert await shown("ferry") == {"tide"}


async def test_pages_call_each_platform_as_people_do(shared: Shared) -> None:
    names = {"x": "X", "mastodon": "마스토돈", "bluesky": "블루스카이", "rss": "RSS"} | {
        "instagram": "인스타그램",
        "facebook": "페이스북",
        "threads": "스레드",
        "discord": "디스코드",
        "telegram": "텔레그램",
        "reddit": "레딧",
        "youtube": "유튜브",
        "misskey": "미스키",
    }
    assert {*names, "local"} == set(PLATFORMS) == set(get_args(Platform))
    await shared.writer.add_posts(
        *({"username": f"of-{name}", "text": "빵", "platform": name} for name in names)
    )
    korean = {"Accept-Language": "ko"}
    for name, label in names.items():
        page = await shared.anybody.page(f"/user/of-{name}", headers=korean)
        assert f" · {label}</p>" in page
    for platform, label in (names | {"local": "출처 표시 없음", "fax": "fax"}).items():
        page = await shared.anybody.page(f"/posts?platform={platform}", headers=korean)
        assert f'<li class="tag">{label}</li>' in page

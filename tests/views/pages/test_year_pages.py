"""A year of an author: its page, its picture, and its twin in the API."""

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.conftest import Client, Shared

WORDS = {2022: "kettle", 2023: "lantern", 2024: "harbour"}
"""The word that is in the posts of each year, beside one that is in all."""
FEW = 19


def posts_of(year: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "username": "hana",
            "text": f"today the quiet {WORDS[year]} @friend https://{WORDS[year]}.example/{n}",
            "created_at": f"{year}-{1 + n % 12:02}-{1 + n % 28:02}T12:{n % 60:02}:00Z",
            "counts": {"likes": n},
            "reply_to": {"source_id": "1", "username": "Minjun" if n % 2 else "hana"},
        }
        for n in range(count)
    ]


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    """Read the years of an author; of the first there are too few posts to compare."""
    for year, count in ((2022, FEW), (2023, 30), (2024, 40)):
        await shared.writer.add_posts(*posts_of(year, count))
    new_year = {"username": "hana", "text": "late", "created_at": "2024-12-31T23:30:00Z"}
    await shared.writer.add_posts(new_year)
    return shared.anybody


async def test_words_are_compared_with_those_of_the_years_beside(site: Client) -> None:
    year = await site.json("/api/v1/users/hana/years/2024")
    assert year["came"] == {
        "year": 2023,
        "words": [{"text": "harbour", "tweets": 40, "tweets_beside": 0}],
    }
    assert year["went"] is None  # The year after has no posts.
    before = await site.json("/api/v1/users/hana/years/2023")
    assert before["came"] is None  # There are 19.
    assert [word["text"] for word in before["went"]["words"]] == ["lantern"]


async def test_figures_are_those_of_the_year_in_the_zone(site: Client) -> None:
    year = await site.json("/api/v1/users/hana/years/2024")
    assert year["calendar"]["tweets"] == 41
    assert year["answered"] == [{"name": "Minjun", "tweets": 20}]
    assert [post["counts"]["likes"] for post in year["most_liked"]] == [39, 38, 37]
    assert year["first"]["created_at"] == "2024-01-01T12:00:00Z"
    assert year["last"]["text"] == "late"
    later = await site.json("/api/v1/users/hana/years/2025?tz=Asia/Seoul")
    assert later["first"]["id"] == later["last"]["id"] == year["last"]["id"]
    seoul = await site.json("/api/v1/users/hana/years/2024?tz=Asia/Seoul")
    assert seoul["calendar"]["tweets"] == 40


async def test_the_page_shows_the_year_and_says_its_rules(site: Client) -> None:
    page = await site.page("/user/hana/2024")
    assert "<h1>hana in 2024</h1>" in page
    assert "41 posts in 2024" in page
    assert "In clearly more posts of 2024 than of 2023" in page
    assert "Both years need 20 posts" in page
    assert "Words that went" not in page.partition("came-heading")[2]
    assert re.findall(r'href="(/user/hana/\d+)"', page) == [
        f"/user/hana/{year}" for year in (2024, 2023, 2022)
    ]
    assert 'href="/user/hana/2024"' in await site.page("/user/hana")


@pytest.mark.parametrize("path", ["/user/hana/2019", "/user/hana/0000", "/user/nobody/2024"])
async def test_a_year_without_posts_is_not_found(site: Client, path: str) -> None:
    await site.page(path, status=404)
    await site.page(f"{path}/picture.png", status=404)
    _, _, name, year = path.split("/")
    await site.json(f"/api/v1/users/{name}/years/{year}", status=404)


async def test_the_picture_has_the_size_that_programs_want(site: Client) -> None:
    answer = await site.get("/user/hana/2024/picture.png")
    assert answer.content_type == "image/png"
    picture = Image.open(BytesIO(await answer.get_data()))
    assert picture.size == (1200, 630)
    assert len(picture.convert("RGB").getcolors(2**20) or []) > 20

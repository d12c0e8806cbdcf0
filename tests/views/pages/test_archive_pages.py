"""With one author alone the site is their archive; a second one brings back the questions."""

from datetime import UTC, datetime
from typing import Any

from tests.conftest import Client

NOW = datetime.now(UTC)
"""In the middle of the day it is today wherever the tests run."""


def years_ago(years: int) -> str:
    # The leap day comes every fourth year.
    return NOW.replace(year=NOW.year - 4 * years).strftime("%Y-%m-%dT%H:%M:%SZ")


def post(number: int, **fields: Any) -> dict[str, Any]:
    return {"username": "hana", "text": f"a walk by the sea, number {number}"} | fields


def section(page: str, name: str) -> str:
    return page.partition(f'id="{name}-heading"')[2].partition("</section>")[0]


async def test_home_is_the_archive_of_the_only_author(writer: Client, anybody: Client) -> None:
    await writer.add_posts(
        post(1, created_at=years_ago(1), counts={"likes": 3}),
        post(2, created_at=years_ago(2), counts={"likes": 40}),
        post(3, created_at="2011-02-03T12:00:00Z", counts={"likes": 0}),
        post(4, created_at="2012-02-03T12:00:00Z"),
    )
    await writer.add_user("nobody")  # Without posts.
    page = await anybody.page("/")
    assert "<h1>The archive of hana</h1>" in page
    # A script shows such a time in the viewer's zone.
    assert '4 posts, <time datetime="2011-02-03T12:00:00Z">' in page
    assert page.count(" autofocus") == 1
    back = section(page, "today")
    assert back.count('class="post"') == 2
    assert back.index("number 1") < back.index("number 2")
    liked = section(page, "liked")
    assert liked.index("40 likes") < liked.index("3 likes")
    assert liked.count('class="post"') == 2
    assert 'id="pictures-heading"' not in page
    assert f"in {NOW.year - 4}" in section(page, "calendar")
    assert "1 post in 2011" in await anybody.page("/?year=2011&tz=Asia/Seoul")
    await anybody.page("/?tz=Mars", status=400)


async def test_the_first_post_of_all_changes_every_page(writer: Client, anybody: Client) -> None:
    await writer.add_user("nobody")
    await writer.add_user("hana")
    assert "Archive</a>" not in await anybody.page("/user/nobody")
    for path in ("/", "/about"):
        assert "/compare/card" not in await anybody.page(path)
    await writer.add_tweet("hana", "a walk by the sea")
    assert "Archive</a>" in await anybody.page("/user/nobody")
    assert "/compare/card" in await anybody.page("/about")


async def test_what_needs_two_authors_is_not_offered(writer: Client, anybody: Client) -> None:
    await writer.add_posts(*(post(n) for n in range(30)))
    for path in ("/", "/search", "/user/hana", "/dashboard/"):
        assert 'href="/quiz"' not in await anybody.page(path), path
    page = await anybody.page("/")
    assert "a second author" in page
    assert 'href="/compare"' in page
    for path in ("/user/hana", "/tweet/1"):
        assert "ompare" not in (await anybody.page(path)).partition("<main")[2], path
    for path in ("/compare", "/compare?text=a+walk+by+the+sea+in+rain&username=hana"):
        told = (await anybody.page(path)).partition("<main")[2]
        assert "With the posts of a second author" in told
        assert "Import posts, as the operator</a>" in told
        assert ("<textarea" in told) == (path == "/compare")
        assert "too few posts" not in told
    await writer.add_user("minjun", "a second author")
    page = await anybody.page("/")
    assert "Who would have said this?" in page
    assert 'href="/quiz"' in page
    assert (await anybody.get("/compare")).headers["Location"] == "/"

"""With one author alone the site is their archive; a second one brings back the questions."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

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


async def test_an_author_alone_is_compared_with_people_from_elsewhere(
    writer: Client, anybody: Client
) -> None:
    # No maintenance has run: the authors that come with the program serve alone.
    usual = "we walked by the sea again, the gulls were loud and the coffee was cold, number"
    await writer.add_posts(*(post(n, text=f"{usual} {n}") for n in range(30)))
    page = await anybody.page("/compare")
    assert '<textarea id="tweet_text"' in page
    assert "ompare this text" in await anybody.page("/tweet/1")
    text = "we walked by the sea again, the gulls were loud and the coffee was hot"
    page = await anybody.page(f"/compare?text={quote(text)}&username=hana")
    assert "Reads like hana</h1>" in page
    assert "Somebody else" in page
    assert "compared with people from elsewhere only" in page
    assert "about 20 may pass for the author’s own" in page
    # Nobody else is here to be asked about.
    assert "one by one" not in page
    assert "Ask about all authors here" not in page
    told = page.partition('id="uses-heading"')[2]
    assert "hana</bdi>: " in told
    assert "authors here" not in told
    strange = "Quarterly revenue targets were reaffirmed by the board; see the attached memo."
    page = await anybody.page(f"/compare?text={quote(strange)}&username=hana")
    assert "Does not read like hana</h1>" in page


async def test_what_needs_two_authors_is_not_offered(writer: Client, anybody: Client) -> None:
    await writer.add_posts(*(post(n) for n in range(30)))
    for path in ("/", "/search", "/user/hana", "/dashboard/"):
        assert 'href="/quiz"' not in await anybody.page(path), path
    page = await anybody.page("/")
    assert "a second author" in page
    assert 'href="/compare"' in page
    assert "It takes two authors" in await anybody.page("/compare/card")
    asking = '<a class="button primary" href="{}">Compare with this author</a>'
    assert asking.format("/compare") in await anybody.page("/user/hana")
    await writer.add_user("minjun", "a second author")
    page = await anybody.page("/")
    assert "Who would have said this?" in page
    assert 'href="/quiz"' in page
    assert (await anybody.get("/compare")).headers["Location"] == "/"
    assert asking.format("/?username=hana") in await anybody.page("/user/hana")

"""Every author's archive, in the page and the API, and the one that is the site's own."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from quart import Quart

from app.services.archive import author_archive
from app.services.imports.storing import load_samples
from app.services.imports.storing_batch import BATCH
from app.views.site import home
from tests.archives import x_file, x_members, zip_bytes
from tests.browsing import missing_in, parts_of, signed_in
from tests.conftest import Client
from tests.uploading import ended, start, upload

KAKAOTALK = (
    b"KakaoTalk Chats with us\nDate Saved : 2024-02-20 10:44\n\n"
    b"January 15, 2024, 3:02 PM, minjun : hi, you\n"
)
NOW = datetime(2024, 6, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be one day for all that a test asks, be it run over midnight."""
    for module in (author_archive, home):
        monkeypatch.setattr(module, "now", lambda: NOW)


def years_ago(years: int) -> str:
    return NOW.replace(year=NOW.year - 4 * years).strftime("%Y-%m-%dT%H:%M:%SZ")


def post(number: int, **fields: Any) -> dict[str, Any]:
    return {"username": "hana", "text": f"a walk by the sea, number {number}"} | fields


def section(page: str, name: str) -> str:
    return page.partition(f'id="{name}-heading"')[2].partition("</section>")[0]


MEMORIES = (
    post(1, created_at=years_ago(1), counts={"likes": 3}),
    post(2, created_at=years_ago(2), counts={"likes": 40}),
    post(3, created_at="2011-02-03T12:00:00Z", counts={"likes": 0}),
    post(4, created_at="2012-02-03T12:00:00Z", text="a walk by the #sea"),
)


async def test_the_first_author_s_archive_stays_on_the_front_page(
    writer: Client, anybody: Client
) -> None:
    await writer.add_posts(*MEMORIES)
    await writer.add_user("minjun", "a second author", "who wrote two posts")
    page = await anybody.page("/")
    assert page.count("<h1") == 1
    assert not missing_in(page, "The archive of hana", '4 posts, <time datetime="2011-02-03">')
    assert " autofocus" not in page  # The heading asks for a text, and a phone has a keyboard.
    assert '<textarea id="tweet_text"' in page
    today = section(page, "today")
    assert "4 years ago" in today
    assert re.findall("number (.)", today) == ["1"]
    assert 'href="/user/hana#today">All posts of this day' in today
    for part in ("liked", "pictures", "calendar", "authors"):
        assert f'id="{part}-heading"' not in page, part
    assert page[page.index("<main") :].count("<details") == 1  # How else to ask.
    await anybody.page("/?tz=Mars", status=400)


async def test_every_author_has_an_archive(writer: Client, anybody: Client) -> None:
    await writer.add_user("minjun", "the first author here")
    await writer.add_posts(*MEMORIES)
    page = await anybody.page("/user/hana")
    for part in ("posts", "today", "calendar", "liked", "numbers"):
        assert page.count(f'id="{part}-heading"') == 1, part
    assert page.index('id="posts-heading"') < page.index('id="today-heading"')
    assert section(page, "posts").count('class="post"') >= 3
    # Months without posts are not drawn, nor those that have not come.
    assert page.count('class="month"') == 1
    await writer.add_posts(*(post(n, created_at="2011-01-03T12:00:00Z") for n in range(5, 9)))
    page = await anybody.page("/user/hana")
    shown = section(page, "posts").count('class="post"')
    older = re.findall(r'href="(/user/hana\?cursor=[^"]+)"', page)
    assert section(await anybody.page(older[0]), "numbers") == ""
    assert 3 <= shown <= 6
    assert (await anybody.page(older[0])).count('class="post"') == 8 - shown


async def test_the_front_page_shows_a_post_of_this_day_and_an_example_without_samples(
    app: Quart, writer: Client, anybody: Client
) -> None:
    await load_samples(parts_of(app).db)
    kiln = "the kiln is warm, and the glaze looks blue, so we wait for bowl"
    await writer.add_posts(*(post(n, text=f"{kiln} {n}", source_id=str(n)) for n in range(60)))
    shown = await anybody.page("/")
    assert 'id="shown-heading"' not in shown  # A sample would stand beside her.
    assert {*re.findall(r'class="name" href="(.*?)"', section(shown, "newest"))} == {"/user/hana"}
    assert 'id="quiz-heading"' in shown
    walk = {"username": "minjun", "text": "밤마다 바닷가를 걸어요! 갈매기 소리가 크네요 ㅎㅎ"}
    await writer.add_posts(*(walk | {"text": f"{walk['text']} {n}"} for n in range(60)))
    example = section(await anybody.page("/"), "shown")
    assert {*re.findall(r'href="/user/([^"]+)"', example)} == {"hana", "minjun"}
    await writer.add_posts(post(99, created_at=years_ago(1)))
    for part in ("today", "archive", "newest"):
        assert (await anybody.page("/")).count(f'id="{part}-heading"') == 1, part
    assert 'id="shown-heading"' in await anybody.page("/")


async def test_an_author_alone_is_compared_with_those_who_come_with_saywho_and_no_sample(
    app: Quart, writer: Client, anybody: Client
) -> None:
    await load_samples(parts_of(app).db)
    words = "the kiln is warm and the glaze looks {} again today, so we wait"
    shades = ["blue", "grey", "green", "brown", "white"]
    await writer.add_posts(
        *(post(n, text=words.format(shades[n % 5]) + f" {n}") for n in range(60))
    )
    page = await anybody.page("/user/hana")
    assert re.search(r"Compared with the \d+ authors that come with saywho", page)
    assert "other authors here" not in page
    # Samples are compared with each other.
    assert "3 other sample authors" in await anybody.page("/user/saltmarsh_light")


async def test_nobody_but_a_first_author_takes_the_front_page(
    app: Quart, writer: Client, anybody: Client
) -> None:
    await load_samples(parts_of(app).db)
    assert "The archive of" not in await anybody.page("/")
    await writer.add_user("nobody")
    assert "The archive of" not in await anybody.page("/")  # Without posts.
    await writer.add_tweet("nobody", "a walk by the sea")
    page = await anybody.page("/")
    assert "The archive of nobody" in page
    assert re.search("1 post, <time[^>]*>[^<]*</time> ·", section(page, "archive"))


@pytest.mark.parametrize("alone", [1, BATCH])
async def test_nobody_of_a_table_of_several_authors_takes_the_front_page(
    writer: Client, anybody: Client, alone: int
) -> None:
    """Also if the first author alone fills what is stored at once."""
    rows = [post(n, username="hana", text=f"tide {n}") for n in range(alone)]
    rows.append(post(alone, username="minjun", text="a second author"))
    await writer.add_posts(*rows)
    assert "The archive of" not in await anybody.page("/")
    await writer.add_posts(post(alone + 1, username="third", text="an archive"))
    assert "The archive of third" in await anybody.page("/")


async def test_the_operator_chooses_whose_archive_it_is(
    app: Quart, admin: Client, anybody: Client
) -> None:
    operator = await signed_in(app)
    await admin.add_user("hana", "a walk by the sea")
    await admin.add_user("minjun", "a second author")
    for name, shown in [("minjun", "minjun"), ("", None), ("HANA", "hana")]:
        await operator.post("/settings/own", form={"username": name}, status=303)
        page = await anybody.page("/")
        assert re.findall(r"The archive of (\w+)", page) == ([shown] if shown else [])
    await operator.post("/settings/own", form={"username": "eve"}, status=404)
    # It was chosen by hand, so that no other author takes its place.
    await admin.delete("/api/v1/users/hana")
    await admin.add_user("third", "somebody new")
    assert "The archive of" not in await anybody.page("/")


async def test_the_next_new_author_follows_one_who_was_deleted(
    admin: Client, anybody: Client
) -> None:
    for name in ("hana", "minjun"):
        await admin.add_user(name, "a walk by the sea")
    await admin.delete("/api/v1/users/hana")
    assert "The archive of" not in await anybody.page("/")
    await admin.add_tweet("minjun", "known before")
    assert "The archive of" not in await anybody.page("/")
    await admin.add_user("third", "somebody new")
    assert "The archive of third" in await anybody.page("/")


async def test_an_author_alone_is_compared_with_people_from_elsewhere(
    writer: Client, anybody: Client
) -> None:
    # No maintenance has run: the authors that come with the program serve alone.
    usual = "we walked by the sea again, the gulls were loud and the coffee was cold, number"
    await writer.add_posts(*(post(n, text=f"{usual} {n}") for n in range(30)))
    assert "ompare this text" in await anybody.page("/tweet/1")
    text = "we walked by the sea again, the gulls were loud and the coffee was hot"
    page = await anybody.page(f"/compare?text={quote(text)}&username=hana")
    assert not missing_in(page, "Reads like hana</h1>", "Someone else")
    assert "compared only with people from elsewhere" in page
    assert "About 20 in 100 texts by people in the author’s own circle" in page
    # Nobody else is here to be asked about.
    assert "a false alarm" not in page
    assert "Compare with all authors here" not in page
    told = page.partition('id="uses-heading"')[2]
    assert "hana</bdi>: " in told
    assert "authors here" not in told
    strange = "Quarterly revenue targets were reaffirmed by the board; see the attached memo."
    page = await anybody.page(f"/compare?text={quote(strange)}&username=hana")
    assert "Does not read like hana</h1>" in page


LIKES = {"data/like.js": x_file("like", *[{"like": {}}] * 7)}
ACCOUNTS = {  # No two posts of X have one id.
    name: zip_bytes(
        {path: data.replace(b'"10', first) for path, data in (x_members(name) | LIKES).items()}
    )
    for name, first in (("hana", b'"10'), ("minjun", b'"70'))
}


async def test_an_import_asks_for_the_owner_only_where_needed(app: Quart) -> None:
    browser = await signed_in(app)

    async def take(name: str, **form: str) -> tuple[str, str]:
        """Import an archive; return the page before and after."""
        address = await upload(browser, ACCOUNTS[name], "x.zip")
        before = await browser.page(address)
        assert await start(browser, address, username=name, **form) == 303
        return before, await ended(browser, address)

    # The first one is the site's own without a question.
    before, after = await take("hana")
    assert 'name="own"' not in before
    assert re.search("<dt>Period</dt><dd>[A-Z][^<]* 2023</dd>", before)
    assert not missing_in(after, "Skipped: 7 likes, deleted and empty posts", "Go to your archive")
    assert "The archive of 미나" in await browser.page("/")
    before, _ = await take("minjun", own="on")
    assert "instead of the archive of <bdi>hana</bdi>" in before
    assert 'value="minjun"' in (await browser.page("/settings")).partition('id="own"')[2]
    # It is theirs already.
    address = await upload(browser, ACCOUNTS["minjun"], "x.zip")
    assert 'name="own"' not in await browser.page(address)


async def test_nobody_of_a_chat_takes_the_front_page(app: Quart, anybody: Client) -> None:
    browser = await signed_in(app)
    address = await upload(browser, KAKAOTALK, "chat.txt")
    form = {"speaker": "minjun", "only": "minjun", "renamed": "minjun", "publish": "on"}
    assert await start(browser, address, timezone="Asia/Seoul", **form) == 303
    assert "1 new message" in await ended(browser, address)
    assert "The archive of" not in await anybody.page("/")

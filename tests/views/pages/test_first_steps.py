"""The first minute: texts to try, invented authors that go with one button, what comes next."""

import re
from html import unescape
from typing import Final
from urllib.parse import urlencode

from quart import Quart

from app import __version__
from app.services.imports.samples import EXAMPLES, load_samples
from tests.browsing import parts_of, signed_in
from tests.conftest import Client

TEXT: Final = EXAMPLES[2].text
EXAMPLE: Final = "/compare?" + urlencode({"text": TEXT})


async def page_of(client: Client, path: str, language: str = "en") -> str:
    answer = await client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return str(await answer.get_data(as_text=True))


def tried(page: str) -> list[str]:
    found = page.partition('class="try"')[2].partition("</ul>")[0]
    return [unescape(address) for address in re.findall(r'href="([^"]+)"', found)]


async def test_samples_are_tried_explained_and_removed(app: Quart, anybody: Client) -> None:
    await load_samples(parts_of(app).db)
    for language, first in (("ko", EXAMPLES[0]), ("en", EXAMPLES[2])):
        *examples, hidden = tried(await page_of(anybody, "/", language))
        assert hidden == "/compare/example"
        assert len(examples) == 3
        page = await page_of(anybody, examples[0], language)
        assert first.usernames[0] in page.partition("</h1>")[0]
        assert page.count(" checked") == 4
        assert tried(page) == []
        several = await page_of(anybody, examples[1], "en")
        assert "The sentences point to different authors." in several
    page = await page_of(anybody, "/")
    assert "8 authors here are invented" in page
    assert "/settings/samples/delete" not in page
    operator = await signed_in(app)
    form = re.search(
        r'action="/settings/samples/delete">.*?</form>', await operator.page("/"), re.DOTALL
    )
    assert form
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    answer = await operator.post("/settings/samples/delete", form={})
    assert answer.status_code == 422
    answer = await operator.post("/settings/samples/delete", form=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = await page_of(anybody, "/")
    assert "invented" not in page
    assert "Nothing here yet" in page


async def test_a_visitor_learns_how_posts_get_here(writer: Client, anybody: Client) -> None:
    await writer.add_user("ferry", "tide and crossing")
    for path in ("/", "/authors"):
        page = await page_of(anybody, path)
        assert '<a href="/imports">Import posts, as the operator</a>' in page
    assert 'the operator <a href="/imports">imports</a>' in await page_of(anybody, "/about")
    answer = await anybody.get("/imports")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Fimports")
    page = await page_of(anybody, answer.headers["Location"])
    assert "Only the operator signs in: to import posts" in page


async def test_a_hidden_post_is_compared_and_told(writer: Client, anybody: Client) -> None:
    answer = await anybody.get("/compare/example")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    await writer.add_user("ferry", *(f"tide and crossing, number {n} of today" for n in range(25)))
    await writer.add_user("museum", *(f"stairs and a clock, seen by {n}" for n in range(25)))
    assert tried(await page_of(anybody, "/")) == ["/compare/example"]
    link = (await anybody.get("/compare/example")).headers["Location"]
    page = await page_of(anybody, link)
    author = "ferry" if "tide" in link else "museum"
    assert f"The real author: <b><bdi>{author}</bdi></b>. This post was hidden" in page
    assert re.search(r'href="/tweet/\d+"', page)


async def test_the_page_about_the_method_has_this_installations_figures(
    app: Quart, anybody: Client
) -> None:
    page = await page_of(anybody, "/about")
    assert "How often it is right here" not in page
    assert "free software" in page
    await load_samples(parts_of(app).db)
    await page_of(anybody, "/compare/card")
    page = await page_of(anybody, "/about")
    assert "Choosing among 8 authors" in page
    assert f"saywho {__version__}, model" in page
    assert "이 서버에만" in await page_of(anybody, "/about", "ko")
    for path in ("/", EXAMPLE):
        assert 'href="/about"' in (await page_of(anybody, path)).partition("<main")[2]


async def test_a_text_in_a_language_that_the_authors_lack_is_told(
    app: Quart, anybody: Client
) -> None:
    await load_samples(parts_of(app).db)
    korean, english = EXAMPLES[0], EXAMPLES[2]
    for text, names, is_told in (
        (korean.text, english.usernames, True),
        (english.text, korean.usernames, True),
        (english.text, (), False),
    ):
        query = urlencode([("text", text), *(("username", name) for name in names)])
        page = await page_of(anybody, f"/compare?{query}")
        assert ("not in the language of one of these authors" in page) is is_told


async def test_a_private_text_is_answered_at_once_and_in_no_address(
    app: Quart, anybody: Client
) -> None:
    await load_samples(parts_of(app).db)
    text = EXAMPLES[3].text
    secret = "windows"
    first, second = EXAMPLES[3].usernames[:2]
    form = {"tweet_text": text, "user1": first, "user2": second, "private": "1"}
    for fields in (form, form | {"user2": ""}):
        answer = await anybody.post("/compare", form=fields)
        page = str(await answer.get_data(as_text=True))
        assert answer.status_code == 200
        assert re.search(r'name="private" value="1" checked', page)
        assert not [
            link for link in re.findall(r'(?:href|hx-get)="([^"]*)', page) if secret in link
        ]
    # Without the tick the address holds it, and leads to the same as JSON.
    page = await page_of(anybody, EXAMPLE)
    (address,) = re.findall(r'href="(/api/v1/compare\?[^"]+)"', page)
    answer = await anybody.get(unescape(address))
    assert (await answer.get_json())["text"] == TEXT

"""Atom feeds: valid, absolute, never another host's, and what pages say of themselves."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from quart import Quart

from app.services.access.accounts import add_setup_link
from tests.browsing import body, parts_of
from tests.conftest import Client, MakeConfig, Shared, app_of, client_with

NAME = "골목빵집"
ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = ["/feed.atom", f"/user/{quote(NAME)}/feed.atom"]
ODD = "호밀 <b> & \"quoted\" 'text' \ufffe ]]> 🍞\nsecond line"


@pytest.fixture
async def site(writer: Client, anybody: Client) -> Client:
    await writer.add_user(NAME)
    for day in (1, 3, 2):
        time = f"2026-11-0{day}T12:00:00Z"
        await writer.add_tweet(NAME, f"{ODD} {day}", created_at=time)
    return anybody


async def feed(client: Client, path: str, **headers: str) -> ElementTree.Element:
    answer = await client.get(path, headers=headers, status=200)
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(await answer.get_data())  # noqa: S314 - our own.


def text(element: ElementTree.Element, name: str) -> str:
    (child,) = element.findall(ATOM + name)
    assert child.text
    return child.text


def links(element: ElementTree.Element) -> dict[str, str]:
    return {link.attrib["rel"]: link.attrib["href"] for link in element.findall(ATOM + "link")}


@pytest.mark.parametrize("path", FEEDS)
async def test_a_feed_has_all_that_readers_need(site: Client, path: str) -> None:
    document = await feed(site, path)
    assert document.tag == ATOM + "feed"
    assert links(document)["self"] == text(document, "id") == f"http://localhost{path}"
    await site.get(links(document)["alternate"].removeprefix("http://localhost"), status=200)
    assert text(document, "updated") == "2026-11-03T12:00:00Z"
    entries = document.findall(ATOM + "entry")
    assert [text(entry, "content")[-1] for entry in entries] == ["3", "2", "1"]
    for entry in entries:
        assert re.fullmatch(r"http://localhost/tweet/\d+", text(entry, "id"))
        assert links(entry) == {"alternate": text(entry, "id")}
        assert text(entry, "content")[:-2] == ODD.replace("\ufffe", "")
        assert "\n" not in text(entry, "title")
        assert datetime.fromisoformat(text(entry, "updated")).tzinfo
        (author,) = entry.findall(ATOM + "author")
        assert text(author, "name") == NAME
        assert text(author, "uri") == f"http://localhost/user/{quote(NAME)}"


@pytest.mark.parametrize("path", [*FEEDS, "/feed.atom?q=bread"])
async def test_a_feed_has_public_posts_alone(site: Client, writer: Client, path: str) -> None:
    for kind in ("public", "restricted"):
        await writer.add_tweet(NAME, f"bread, {kind}", visibility=kind)
    document = ElementTree.tostring(await feed(site, path), encoding="unicode")
    assert "bread, public" in document
    assert "bread, restricted" not in document


async def test_a_post_without_words_is_named_by_its_pictures(site: Client, writer: Client) -> None:
    fields = {"media": [{"kind": "photo", "alt": "a lamp in the fog"}]}
    await writer.add_tweet(NAME, "", **fields)
    entry = (await feed(site, "/feed.atom")).findall(ATOM + "entry")[0]
    assert text(entry, "title") == text(entry, "content") == "a lamp in the fog"


async def test_a_feed_without_entries_is_a_feed(site: Client, writer: Client) -> None:
    await writer.add_user("new")
    document = await feed(site, "/user/new/feed.atom")
    assert document.findall(ATOM + "entry") == []
    assert text(document, "updated")
    for path in ("/user/nobody/feed.atom", "/search/feed.atom?q=x"):
        assert (await site.get(path)).status_code == 404


async def test_no_page_names_the_host_that_it_was_asked_from(site: Client) -> None:
    for path in ("/", f"/user/{quote(NAME)}", "/tweet/1", "/authors", "/compare?text=abc"):
        page = await site.page(path, headers={"Host": "elsewhere.example"})
        # The preview of an answer needs a whole address; that page is in no cache.
        page = re.sub(r'"og:image" content="http://elsewhere.example/compare/.*?"', "", page)
        assert "elsewhere.example" not in page, path
        assert "canonical" not in page
        for name in ("og:title", "og:description", "og:type", "twitter:card"):
            assert page.count(f'"{name}" content="') == 1, path


@pytest.mark.parametrize("is_public", [True, False])
async def test_an_author_is_followed_by_a_link_where_programs_may_read(
    make_config: MakeConfig, is_public: bool
) -> None:
    async with app_of(make_config(public=is_public)) as app:
        reader = await client_with(app, "write")
        await reader.add_user(NAME)
        address = f'href="/user/{quote(NAME)}/feed.atom" type="application/atom+xml">feed</a>'
        assert address not in await reader.page(f"/user/{quote(NAME)}")  # It has no posts yet.
        await reader.add_tweet(NAME, "a post")
        assert (address in await reader.page(f"/user/{quote(NAME)}")) == is_public


@pytest.fixture
async def public(make_config: MakeConfig) -> Any:
    async with app_of(make_config(url="https://saywho.example.org")) as app:
        yield app


async def test_where_the_address_is_known_pages_and_feeds_name_it(public: Quart) -> None:
    await (await client_with(public, "write")).add_user(NAME, "a post")
    anybody = Client(public, {})
    page = await anybody.page(f"/user/{quote(NAME)}?year=2026&tz=Asia/Seoul")
    address = f"https://saywho.example.org/user/{quote(NAME)}"
    assert f'<link rel="canonical" href="{address}">' in page
    assert f'<meta property="og:url" content="{address}">' in page
    assert '<meta property="og:image" content="https://saywho.example.org/static/' in page
    assert "noindex" not in page
    document = await feed(anybody, "/feed.atom", Host="192.0.2.7")
    assert links(document)["self"] == "https://saywho.example.org/feed.atom"


async def test_the_link_of_a_new_account_is_in_no_address_of_its_page(public: Quart) -> None:
    async with parts_of(public).db.write() as session:
        secret = await add_setup_link(session)
    page = await Client(public, {}).page(f"/setup?token={secret}")
    assert '<link rel="canonical" href="https://saywho.example.org/setup">' in page
    assert '<meta property="og:url" content="https://saywho.example.org/setup">' in page


async def test_endless_pages_are_not_indexed(public: Quart) -> None:
    anybody = Client(public, {})
    for path in ("/search?q=x", "/compare?text=abc", "/quiz", "/posts?until=2026-01-01"):
        page = await body(await anybody.get(path))
        assert '<meta name="robots" content="noindex">' in page, path
    for path in ("/nothing", "/user/nobody"):
        page = await anybody.page(path, status=404)
        assert "canonical" not in page
        assert 'action="/search"' in page


async def test_the_icon_is_where_browsers_look(shared: Shared) -> None:
    assert (await (await shared.anybody.get("/favicon.ico")).get_data())[:4] == b"\0\0\1\0"
    page = await shared.anybody.page("/")
    for address in re.findall(r'<link rel="[a-z-]*icon" href="([^"]+)"', page):
        assert (await shared.anybody.get(address)).status_code == 200

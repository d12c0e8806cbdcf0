"""People are led to what they came for: their chats, their archive, the box; samples make room."""

import re
from typing import Any, Final
from urllib.parse import quote, unquote

import pytest
from quart import Quart

from app.services.access.accounts import add_invitation
from app.services.imports.storing import load_samples
from app.services.posts.users import list_samples
from tests.browsing import PASSWORD, Browser, parts_of, signed_in
from tests.chats import import_chat, kakaotalk, said
from tests.conftest import Client
from tests.views.test_policies import need_of, routes
from tests.waiting import settle

MENU: Final = 'href="/rooms"'


async def text_of(answer: Any) -> str:
    """Return the text of a page; of a file there is none."""
    return str(await answer.get_data(as_text=True)) if answer.mimetype == "text/html" else ""


async def test_the_menu_leads_to_chats_once_there_are_any(app: Quart, writer: Client) -> None:
    await writer.add_user("ann", "lamp and fog")
    pages = ("/", "/user/ann", "/authors", "/search?q=fog", "/tweet/1")
    anybody = Client(app, {})
    for path in pages * 2:  # Then they are kept.
        assert MENU not in await anybody.page(path), path
    assert "There are no chats here yet." in await anybody.page("/rooms")
    await import_chat(parts_of(app).db, kakaotalk("동네", *said(("하늘", "민준"))))
    for path in pages:
        assert MENU in await anybody.page(path), path
    assert "<bdi>동네</bdi>" in await anybody.page("/rooms")
    wrong = {
        "/nothing": 404,
        "/user/nobody": 404,
        "/imports/1/start": 405,
        "/user/ann?cursor=x": 400,
    }
    for path, status in wrong.items():
        assert MENU in await anybody.page(path, status=status), path


async def test_a_first_chat_of_single_posts_is_in_the_menu(app: Quart, writer: Client) -> None:
    await writer.add_user("ann", "lamp and fog")
    anybody = Client(app, {})
    assert MENU not in await anybody.page("/user/ann")
    await writer.add_posts({"username": "bo", "text": "hello", "room": {"name": "pier"}})
    assert MENU in await anybody.page("/user/ann")


async def test_the_front_page_begins_with_the_chats_and_the_box(app: Quart) -> None:
    db = parts_of(app).db
    await load_samples(db)
    anybody = Client(app, {})
    page = await anybody.page("/")
    # What one came for stands before what others wrote.
    assert page.index('id="tweet_text"') < page.index('class="card shown"')
    await import_chat(db, kakaotalk("동네", *said(("하늘", "민준"))))
    page = await anybody.page("/")
    assert page.index('id="tweet_text"') < page.index('href="/room/1"')
    assert "All chats" not in page
    for number in range(3):
        await import_chat(db, kakaotalk(f"동네 {number}", *said((f"하늘{number}", "민준"))))
    page = await anybody.page("/")
    assert page.count('<a class="name" href="/room/') == 3
    assert "All chats" in page


@pytest.mark.parametrize("path", ["/", "/rooms"])
async def test_a_chat_is_of_the_day_in_its_own_zone(app: Quart, path: str) -> None:
    night = [("2024-01-15 03:10", name, "자?") for name in ("하늘", "민준")]
    await import_chat(parts_of(app).db, kakaotalk("밤", *night))
    page = (await Client(app, {}).page(path)).partition('href="/room/1"')[2].partition("</li>")[0]
    assert "Jan 15, 2024" in page
    assert "Jan 14" not in page


async def test_an_archive_beside_chats_is_of_posts(app: Quart, writer: Client) -> None:
    await import_chat(parts_of(app).db, kakaotalk("동네", *said(("하늘", "민준"))))
    await writer.add_posts(*({"username": "ann", "text": text} for text in ("lamp", "fog")))
    page = await Client(app, {}).page("/")
    assert "2 posts" in page.partition('id="archive"')[2].partition("</section>")[0]
    order = ("tweet_text", "rooms", "archive", "newest")
    assert sorted(order, key=lambda name: page.index(f'id="{name}"')) == [*order]


@pytest.mark.parametrize(("chats", "place"), [(0, "/"), (1, "/room/1"), (2, "/rooms")])
async def test_a_reader_lands_at_what_they_were_invited_to_see(
    app: Quart, chats: int, place: str
) -> None:
    for number in range(chats):
        people = (f"하늘{number}", f"민준{number}")
        await import_chat(parts_of(app).db, kakaotalk(f"동네 {number}", *said(people)))
    await signed_in(app)
    async with parts_of(app).db.write() as session:
        token = await add_invitation(session, "bo", account_id=1)
    form = {"token": token, "name": "bo", "password": PASSWORD}
    answer = await Browser(app).post("/setup", form=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, place)


async def test_nothing_leads_a_reader_to_importing(app: Quart, writer: Client) -> None:
    await writer.add_user("ann", "lamp and fog")
    reader = await signed_in(app, "mina", role="reader")
    assert "/imports" not in await text_of(await reader.get("/"))


async def add_own(writer: Client, *names: str) -> None:
    for name in names:
        texts = (f"{name} had the lamp and the fog and the {n}th bell" for n in range(25))
        await writer.add_user(name, *texts)


async def test_samples_make_room_for_four_authors_of_ones_own(app: Quart, writer: Client) -> None:
    await load_samples(parts_of(app).db)
    async with parts_of(app).db.read() as session:
        samples = await list_samples(session)
    anybody = Client(app, {})

    async def named() -> set[str]:
        """Return the samples who are on the front page, or among whom the quiz asks."""
        pages = [await anybody.page("/")]
        for _ in range(4):
            quiz: Any = await anybody.get("/quiz")
            pages.append(await anybody.page(quiz.headers["Location"]))
        return {name for name in samples for page in pages if name in unquote(page)}

    await add_own(writer, "own0", "own1", "own2")
    await settle(app)
    assert await named()
    await add_own(writer, "own3")
    await settle(app)
    assert not await named()
    # They are still here, and who asks for one gets them.
    assert samples[0] in unquote(await anybody.page("/authors"))
    asked = await anybody.page(f"/?username={quote(samples[0])}")
    assert re.search(f'value="{samples[0]}" checked', asked)


@pytest.mark.databases("sqlite")
async def test_every_page_has_the_menu_with_chats(app: Quart) -> None:
    operator, anybody = await signed_in(app), Browser(app)
    docs = "/api/v1/docs"
    assert MENU not in await text_of(await anybody.get(docs))  # It is kept.
    await import_chat(parts_of(app).db, kakaotalk("동네", *said(("하늘", "민준"), times=12)))
    await settle(app)
    here = {"username": "하늘", "year": 2024, "tweet_id": 1, "room_id": 1, "name": "timeline"}
    async with parts_of(app).db.write() as session:
        token = await add_invitation(session, "bo", account_id=1)
    asked = {(rule, address) for method, rule, address in routes(app, here) if method == "GET"}
    lacking, pages = set(), set()
    for rule, address in {*asked, ("/setup", f"/setup?token={token}")}:
        browser = anybody if need_of("GET", rule) == "open" else operator
        page = await text_of(await browser.get(address))
        if "<main" in page:
            pages.add(rule)
            if MENU not in page and not rule.endswith("/report/preview"):  # It is a file.
                lacking.add(address)
    assert lacking == set()
    assert {"/login", "/setup", docs, "/", "/rooms", "/settings", "/dashboard/"} <= pages

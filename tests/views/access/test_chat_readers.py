"""Readers of one chat: its addresses are theirs, and every other one does not exist for them."""

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any, Final

import pytest
from quart import Quart
from sqlalchemy import insert

from app.models import MediaUse
from app.paths import API, MEDIA
from app.services.access.rights import switch_site
from tests.browsing import PASSWORD, Browser, body, found_in, parts_of, signed_in
from tests.conftest import MakeConfig, app_of, client_with
from tests.views.access.test_reader_pages import kind_of
from tests.views.test_policies import EXPECTED, METHODS, VALUES, routes

OWN_FILE, OTHER_FILE = "a" * 64 + ".png", "b" * 64 + ".png"
PNG: Final = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
LINK: Final = re.compile(
    r'<code class="secret" id="new_link" translate="no">http://localhost([^<]+)<'
)
SECRETS: Final = ("zebrafish", "quarry", "Olga", "olga", "Paul", "paul", "4,242", "4242")
"""Words, the name and the people of the second chat, and what one of the first writes elsewhere."""
OF_ANY_CHAT: Final = {
    *("/", "/logout", "/settings", "/settings/password", "/settings/sessions/<id:session_id>/end"),
    "/llms.txt",
}
OF_OWN_CHAT: Final = {"/tweet/<id:tweet_id>", f"{MEDIA}/<name>"}
ASKED: Final = {"/compare", "/compare/picture.png", f"{API}/compare", "/mcp"}
"""Without a text, these answer with an error, or lead to the chat."""
SENT_OF_OWN_CHAT: Final = {
    *("/room/<id:room_id>/report", "/room/<id:room_id>/report/preview", "/room/<id:room_id>/me")
}
FORMS: Final = (
    *("/quiz", "/compare", "/room/1/me", "/logout"),
    *("/settings/password", "/settings/sessions/999/end"),
)
"""Where forms lead, with fields of their own."""
LINKS: Final = re.compile(r'(?:href|src|action|hx-get|data-share-picture)="(/[^"]*)"')


def messages(room: dict[str, Any], people: tuple[str, ...], word: str) -> list[dict[str, Any]]:
    """Return enough messages for a quiz and for a year, with a word of the chat."""
    return [
        {
            "username": people[n % len(people)],
            "text": f"{word} number {n} comes along #{word} with @{people[0]}",
            "created_at": f"2020-{n % 12 + 1:02}-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:00Z",
            "room": room,
            "source_id": f"{word[0]}-{n}",
        }
        for n in range(120)
    ]


async def fill(app: Quart) -> None:
    """Store two chats, of which one person writes in both, and posts of no chat."""
    admin = await client_with(app, "admin")
    lines = [
        *messages({"name": "the harbour"}, ("mina", "ben"), "lighthouse"),
        *messages({"name": "the quarry"}, ("mina", "olga", "paul"), "zebrafish"),
        {"username": "mina", "text": "a zebrafish of no chat"},
    ]
    # It answers a message of the other chat, by name.
    lines[0] |= {"reply_to": {"source_id": "z-0", "username": "mina"}}
    for line in (lines[0], lines[1], lines[120]):
        line["media"] = [{"kind": "photo", "source_url": "https://example.org/picture.png"}]
    await admin.add_posts(*lines)
    media = parts_of(app).config.media_dir
    media.mkdir(parents=True, exist_ok=True)
    async with parts_of(app).db.write() as session:
        for name, tweet_id in ((OWN_FILE, 1), (OTHER_FILE, 121)):
            await session.execute(insert(MediaUse).values(name=name, tweet_id=tweet_id))
    for name in (OWN_FILE, OTHER_FILE):  # A file that no message needs would be removed.
        (media / name).write_bytes(PNG)


@pytest.fixture
async def site(make_config: MakeConfig) -> AsyncIterator[Quart]:
    """A site that a switch has made private, with two chats."""
    async with app_of(make_config()) as app:
        async with parts_of(app).db.write() as session:
            await switch_site(session, None, is_public=False)
        await fill(app)
        yield app


async def invited(operator: Browser, room: str, name: str = "jun") -> Browser:
    """Return the browser of somebody who was invited to a chat."""
    answer = await operator.post("/settings/invitations", form={"name": name, "room": room})
    page = await body(answer)
    assert answer.status_code == 200, page
    (path,) = LINK.findall(page)
    guest = Browser(operator.app)
    assert "the chat “the " in await guest.page(path)
    form = {"token": path.partition("token=")[2], "name": name, "password": PASSWORD}
    answer = await guest.post("/setup", form=form)
    assert (answer.status_code, answer.location) == (303, f"/room/{room}")
    return guest


def main_of(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


async def text_of(answer: Any) -> str:
    is_text = answer.mimetype.startswith("text/") or "json" in answer.mimetype
    return unescape(await answer.get_data(as_text=True)) if is_text else ""


def check_secrets(text: str, address: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == [], address


def links_of(text: str) -> set[str]:
    return {unescape(link).partition("#")[0] for link in LINKS.findall(text)}


async def try_addresses(reader: Browser, parts: dict[str, Any], *, is_own: bool) -> dict[str, str]:
    """Try every address, its own chat's alone if `is_own`; return the texts of those let in."""
    no_page = main_of(await text_of(await reader.get("/nothing")))
    no_answer = await text_of(await reader.get(f"{API}/nothing"))
    assert "404" in no_page
    let_in = dict[str, str]()
    for method, rule, address in routes(reader.app, parts):
        if method not in METHODS or EXPECTED[rule].get(method) in {"open", "player"}:
            continue
        if rule in {"/logout", "/metrics"} or (is_own and "<" not in rule):
            continue  # These sign out, are open on this machine, and were tried before.
        address = address.replace("words.png", "amount.png" if "/person/" in rule else "story.png")
        answer = await reader.send(method, address)
        text = await text_of(answer)
        is_below = rule.startswith(("/room/<", f"{API}/rooms/<")) or rule in OF_OWN_CHAT
        may_send = method == "GET" or rule in SENT_OF_OWN_CHAT
        if rule in ASKED:
            assert answer.status_code in {303, 415, 422}, (method, address)
            check_secrets(text, address)
        elif rule in OF_ANY_CHAT or (is_own and is_below and may_send):
            assert answer.status_code not in {403, 404, 500}, (method, address)
            assert "Saywho-Event" not in answer.headers
            check_secrets(text, address)
            let_in[address] = text
        else:
            assert answer.status_code == 404, (method, address)
            is_api = address.startswith("/api/")
            told, expected = (text, no_answer) if is_api else (main_of(text), no_page)
            assert told == expected, (method, address)
    return let_in


async def try_queries(reader: Browser) -> None:
    """Try what an address may name in its query: other chats, and people and words of them."""
    for address in ("/quiz", "/quiz/picture", "/quiz/picture.png"):
        # An author who writes elsewhere alone is no choice of the quiz.
        for query in ("", "?room=2", "?room=1&set=1.3-1&so=1"):
            assert (await reader.get(address + query)).status_code == 404
    for query in ("from:olga", "to:olga", "in:2", 'in:"the quarry"', "-from:paul"):
        for address in ("/room/1?q=", f"{API}/rooms/1/messages?q="):
            assert (await reader.get(address + query)).status_code == 404, query
    for address in ("/room/1?message=121", f"{API}/rooms/1/years/2019"):
        assert (await reader.get(address)).status_code == 404
    assert "number 2" in await reader.page("/room/1?q=from:mina+lighthouse")
    # A cursor of filters alone tells nothing of what is written elsewhere.
    address = f"{API}/rooms/1/messages?limit=2&q=from:mina"
    before = await (await reader.get(address)).get_json()
    # What was answered elsewhere is known by the message alone.
    answered = {"source_id": "z-0", "username": "mina", "id": None}
    listed = await (await reader.get(f"{API}/rooms/1/messages?limit=1")).get_json()
    assert [page["items"][0]["reply_to"] for page in (before, listed)] == [answered] * 2
    await (await client_with(reader.app, "write")).add_tweet("mina", "of no chat either")
    assert before["next"] == (await (await reader.get(address)).get_json())["next"]


async def follow_links(reader: Browser, texts: dict[str, str], addresses: set[str]) -> None:
    """Open these addresses and a link of each kind on them: none is closed, or tells of others.

    texts: those of further addresses, which were opened before.
    """
    seen = set[object]()
    links = links_of("".join(texts.values()))
    for address in addresses:
        answer = await reader.get(address)
        assert answer.status_code == {"/nothing": 404, "/": 303}.get(address, 200), address
        text = await text_of(answer)
        check_secrets(text.replace("zebrafsh", ""), address)
        if answer.mimetype == "text/html":
            links |= links_of(text)
    for link in sorted(links - addresses - {*texts, *FORMS}):
        if link.startswith("/static/") or "locale=" in link:
            continue
        if (kind := kind_of(reader.app, link)) not in seen:
            seen.add(kind)
            answer = await reader.get(link)
            assert answer.status_code in {200, 303}, f"a link of a page is closed: {link}"
            check_secrets(await text_of(answer), link)
    assert len(seen) > 10


async def compare_answers(reader: Browser, operator: Browser) -> None:
    """Ask as everybody, the operator and the reader in turn: what is kept is nobody else's."""
    visitor = Browser(reader.app)
    for address, status in (*(("/tweet/1", 200), ("/room/1", 200), ("/search?q=zebrafish", 404)),):
        before = await operator.page(address), await visitor.page(address)
        answer = await reader.get(address)
        assert answer.status_code == status, address
        assert answer.headers.get("Cache-Control") != "no-cache"
        check_secrets(main_of(await text_of(answer)), address)
        assert (await operator.page(address), await visitor.page(address)) == before
        assert status == 200 or "zebrafish" in before[0]


async def test_the_right_to_one_chat_opens_its_addresses_and_no_other(site: Quart) -> None:
    operator = await signed_in(site)
    reader = await invited(operator, "1")
    values = VALUES | {"username": "olga", "year": 2020}
    other = values | {"room_id": 2, "tweet_id": 121, "name": OTHER_FILE}
    own = values | {"room_id": 1, "tweet_id": 1, "name": OWN_FILE, "username": "mina"}
    assert {
        each.partition("?")[0] for each in await try_addresses(reader, other, is_own=False)
    } == {*("/", "/settings", "/settings/password", "/settings/sessions/999/end", "/llms.txt")}
    pages = await try_addresses(reader, own, is_own=True)
    assert {"/tweet/1", "/room/1/2020", "/room/1", f"{MEDIA}/{OWN_FILE}"} <= {*pages}
    await try_queries(reader)
    played = (await reader.get("/quiz?room=1")).location
    await follow_links(
        reader,
        pages,
        {"/room/1?view=newest", "/room/1?has=media", "/room/1?on=2020-01-01", "/room/1?message=2"}
        | {"/room/1?q=zebrafsh", "/room/1?q=lighthouse", "/settings", "/nothing"}
        | {played, f"{played}&guess=ben", f"{played}&so={'1' * 10}"},
    )
    assert 'href="/room/1/person/mina"' in await reader.page("/room/1")
    answers = [await reader.get(f"/room/1/person/{name}") for name in ("olga", "nobody")]
    assert [answer.status_code for answer in answers] == [404, 404]
    foreign, unknown = [main_of(await text_of(answer)) for answer in answers]
    assert foreign.replace("olga", "nobody") == unknown
    # A file is made anew after a deletion.
    files = "/room/1/report/preview?year=2020", "/room/1/report/preview"
    assert all(["120 messages" in await reader.page(file) for file in files])
    await operator.send("DELETE", f"{API}/tweets/60", status=204)
    assert all(["119 messages" in await reader.page(file) for file in files])
    async with parts_of(site).db.write() as session:
        await switch_site(session, None, is_public=True)
    await compare_answers(reader, operator)
    assert (await reader.post("/logout")).status_code == 303


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_reader_says_who_they_are_in_their_chat(site: Quart) -> None:
    operator = await signed_in(site)
    reader, other = await invited(operator, "1"), await invited(operator, "1", "kim")
    question = "Which of these are you?"
    assert question in await reader.page("/room/1")
    assert question in await reader.page("/settings")
    answer = await reader.post("/room/1/me", form={"person": "olga"}, status=404)
    answer = await reader.post("/room/1/me", form={"person": "BEN"})
    assert (answer.status_code, answer.location) == (303, "/room/1")
    page = await reader.page("/room/1")
    assert question not in page
    assert '<p class="small" id="me"><a href="/room/1/person/ben">' in page
    assert '<option value="ben" selected>' in await reader.page("/settings")
    # Nobody else is told, and only readers of one chat have the question.
    assert question in await other.page("/room/1")
    for address in ("/room/1", "/settings", "/user/ben", "/room/1/person/ben"):
        assert not found_in(await operator.page(address), question, 'id="me"')
    assert (await operator.post("/room/1/me", form={"person": "ben"})).status_code == 404
    # It holds in the chat to which this one is joined, until the person is deleted.
    assert (await operator.post("/settings/rooms/1/join", form={"into": "2"})).status_code == 303
    assert '<a href="/room/2/person/ben">' in await reader.page("/room/2")
    await (await client_with(site, "admin")).delete(f"{API}/users/ben")
    assert 'id="me"' not in await reader.page("/room/2")
    form = {"person": "", "next": "settings"}
    assert (await other.post("/room/2/me", form=form)).location == "/settings#me-heading"
    assert question not in await other.page("/room/2")


@pytest.mark.databases("sqlite", "postgresql")
async def test_the_right_to_one_chat_follows_it_and_ends_with_it(site: Quart) -> None:
    operator = await signed_in(site)
    assert 'href="/settings?room=2#readers-heading"' in await operator.page("/room/2")
    page = await operator.page("/settings?room=2")
    assert re.search(r'<option value="2" selected>Only the chat “the quarry”', page)
    for room in ("0", "99", "x"):
        answer = await operator.post("/settings/invitations", form={"name": "jo", "room": room})
        assert answer.status_code in {404, 422}
    reader, other = await invited(operator, "1"), await invited(operator, "2", "kim")
    answer = await operator.post("/settings/invitations", form={"name": "late", "room": "2"})
    (late,) = LINK.findall(await body(answer))
    assert (await body(await operator.get("/settings"))).count("only <a") == 3
    # The chat of the first reader is joined to the other one.
    assert (await operator.post("/settings/rooms/1/join", form={"into": "2"})).status_code == 303
    answer = await reader.get("/room/1")
    assert (answer.status_code, answer.location) == (303, "/room/2")
    for browser in (reader, other):
        assert (await browser.get("/")).location == "/room/2"
        assert "lighthouse" in await browser.page("/room/2?view=newest")
    # It is deleted: nobody reads more than before.
    form = {"confirm": "yes"}
    assert (await operator.post("/settings/rooms/2/delete", form=form)).status_code == 303
    for browser in (reader, other):
        answer = await browser.get("/room/2")
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login")
        assert (await browser.sign_in("jun")).status_code == 401
    assert (await Browser(site).get(late)).status_code == 403
    assert "only <a" not in await body(await operator.get("/settings"))
    assert json.loads(await (await operator.get(f"{API}/rooms")).get_data())["items"] == []

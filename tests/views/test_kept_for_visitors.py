"""Answers that are kept for people who have signed in, and for tokens: each for whoever has the
same rights, never another's, and never an old one.

Each address is asked by each kind of visitor of a worker that keeps answers and what was counted,
and of one that keeps neither.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import pytest
from quart import Quart

from app import create_app
from app.services.access.rights import switch_site
from app.services.snapshots import Snapshots
from tests.browsing import Browser, parts_of, signed_in
from tests.conftest import Client, MakeConfig, client_with
from tests.views.access import test_chat_readers as chats
from tests.views.access.test_reader_pages import forms_of, reader_of
from tests.waiting import eventually, settle

API: Final = "/api/v1"
ADDRESSES: Final = (
    *("/", "/authors", "/user/mina", "/tweet/1", "/tweet/121", "/rooms", "/room/1", "/room/2"),
    *("/room/1/person/mina", "/posts", "/search?q=lighthouse", "/feed.atom", "/settings"),
    *("/static/style.css", "/dashboard/table/timeline?username=mina&username=ben"),
    *(f"{API}/users", f"{API}/users/mina", f"{API}/users/mina/tweets", f"{API}/tweets/1"),
    *(f"{API}/rooms", f"{API}/rooms/1", f"{API}/rooms/1/messages", f"{API}/rooms/2/messages"),
    *(f"{API}/rooms/1/portrait", f"{API}/rooms/2/portrait", f"{API}/users/mina/portrait"),
    *(f"{API}/search?q=lighthouse", f"{API}/stats?username=mina", f"{API}/me", "/imports"),
)
KEPT: Final = (
    *("/user/mina", "/rooms", "/room/1", "/search?q=lighthouse", "/posts"),
    *(f"{API}/users/mina/tweets", f"{API}/rooms/1/messages"),
)
"""Those which whoever may read the whole site gets from memory the second time."""
HIT: Final = "saywho; hit"
DIFFERING: Final = frozenset({"date", "expires", "x-request-id", "cache-status"})

Kind = Browser | Client
Kinds = dict[str, Kind]


def asking(app: Quart, kinds: Kinds) -> Kinds:
    """Return the same visitors as clients of another worker."""
    return {
        name: Browser(app, kind.headers, kind.cookies)
        if isinstance(kind, Browser)
        else Client(app, kind.headers)
        for name, kind in kinds.items()
    }


async def seen(kind: Kind, address: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer."""
    answer = await kind.get(address)
    headers = {
        name.lower(): value
        for name, value in answer.headers.items()
        if name.lower() not in DIFFERING
    }
    told = await answer.get_data()
    if address == "/":  # Each worker draws an example of its own, and looks for one for a while.
        headers, told = {}, told.partition(b"<main")[0]
    if address.startswith("/tweet/"):  # Equally similar posts come in no order on PostgreSQL.
        headers, told = {}, told.partition(b'<li class="post">')[0]
    return answer.status_code, headers, told


class Site:
    """Two workers of one installation, and everybody who may come."""

    def __init__(self, keeper: Quart, fresh: Quart, kinds: Kinds) -> None:
        self.app = fresh
        self.kept = asking(keeper, kinds)
        self.made = asking(fresh, kinds)

    async def differing(self) -> list[tuple[str, str]]:
        """Ask for all addresses as everybody, twice, and the second time in another order; return
        where the worker that keeps answers says anything else.
        """
        await settle(self.app)
        await parts_of(self.app).openness.settle()
        # A worker without a memo looks into the log by itself, every 50 ms, for the look of a page.
        await parts_of(self.app).feed.catch_up()
        asked = [(name, address) for address in ADDRESSES for name in self.kept]
        wrong = []
        for name, address in (*asked, *reversed(asked)):
            kept = await seen(self.kept[name], address)
            if kept != await seen(self.made[name], address):
                wrong.append((name, address))
        return wrong

    async def status(self, name: str, address: str) -> str:
        return str((await self.kept[name].get(address)).headers.get("Cache-Status"))


@pytest.fixture
async def site(make_config: MakeConfig) -> AsyncIterator[Site]:
    """A private site with two chats."""
    keeper, fresh = create_app(make_config()), create_app(make_config(cache_mb=0))
    async with keeper.test_app(), fresh.test_app():
        async with parts_of(fresh).db.write() as session:
            await switch_site(session, None, is_public=False)
        await chats.fill(fresh)
        parts_of(fresh).snapshots = Snapshots()
        operator = await signed_in(fresh)
        yield Site(
            keeper,
            fresh,
            {
                "nobody": Browser(fresh),
                "operator": operator,
                "second operator": await signed_in(fresh, "bea"),
                "reader": await reader_of(operator, "rae"),
                "guest": await chats.invited(operator, "1", "jun"),
                "second guest": await chats.invited(operator, "1", "kim"),
                "guest of another chat": await chats.invited(operator, "2", "lee"),
                "reading token": await client_with(fresh, "read"),
                "writing token": await client_with(fresh, "write"),
            },
        )


async def test_whoever_may_read_gets_the_second_answer_from_memory(site: Site) -> None:
    await settle(site.app)  # What it derives would outdate an answer between two requests.
    for address in KEPT:
        for name in ("operator", "reader", "reading token"):
            await eventually(partial(site.status, name, address), until=HIT.__eq__)
        assert await site.status("second operator", address) == HIT, address
    await eventually(partial(site.status, "guest", "/room/1"), until=HIT.__eq__)
    assert await site.status("second guest", "/room/1") == "saywho; fwd=miss", "says who they are"
    assert await site.status("operator", "/settings") == "saywho; fwd=miss"


async def test_on_a_public_site_what_all_may_read_is_kept_once(site: Site) -> None:
    await site.made["operator"].post("/settings/reading", form={"public": "1"})
    await parts_of(site.app).openness.settle()
    address = f"{API}/users/mina/tweets"
    await site.status("nobody", address)
    for name in ("operator", "reader", "writing token", "nobody"):
        assert await site.status(name, address) == HIT, name


async def test_nobody_gets_what_was_made_for_another(site: Site) -> None:
    operator: Any = site.made["operator"]
    guest: Any = site.made["guest"]
    admin = await client_with(site.app, "admin")
    message = {
        "username": "mina",
        "text": "a lighthouse again",
        "room": {"id": 1, "name": "the harbour"},
    }
    assert not await site.differing(), "a private site"
    await guest.post("/room/1/me", form={"person": "mina"})
    assert not await site.differing(), "a guest says who they are"
    few = {"username": "mina", "text": "a lighthouse for few", "visibility": "restricted"}
    await admin.add_posts(message, {"username": "mina", "text": "no chat's lighthouse"}, few)
    assert not await site.differing(), "a message, a post, and a post for few"
    await operator.post("/settings/reading", form={"public": "1"})
    assert not await site.differing(), "a public site"
    await admin.delete(f"{API}/tweets/2")
    await operator.post("/settings/rooms/1/name", form={"name": "the pier"})
    await operator.post("/settings/reading", form={"public": "0"})
    assert not await site.differing(), "a private site again"


async def test_a_right_that_ended_is_refused_at_once(site: Site) -> None:
    operator: Any = site.made["operator"]
    for name, address in (("reader", "/user/mina"), ("reading token", f"{API}/users/mina/tweets")):
        for _ in range(2):
            assert (await site.kept[name].get(address)).status_code == 200
    tokens = await forms_of(operator, "/settings/tokens/[0-9]+/revoke")
    for path in (*tokens, *await forms_of(operator, "/settings/readers/[0-9]+/remove")):
        await operator.post(path)
    await parts_of(site.app).openness.settle()
    assert (await site.kept["reader"].get("/user/mina")).status_code == 303
    await site.kept["reading token"].get(f"{API}/users/mina/tweets", status=401)

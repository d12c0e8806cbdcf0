"""What strangers learn of a private site: nothing, not even that something was added to it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from quart import Quart

from app.services import checks
from app.services.access.accounts import READER
from app.services.event_log import newest_event
from tests.browsing import Browser, make_operator, parts_of, signed_in
from tests.conftest import MakeConfig, app_of, client_with
from tests.views.test_policies import BODIES, routes

REAL: Final = {"username": "ann", "year": 2020} | dict.fromkeys(
    (
        *("tweet_id", "room_id", "source_id", "import_id", "token_id", "session_id"),
        *("invitation_id", "account_id"),
    ),
    1,
)
"""Parts of addresses that one of the two sites has."""
HEADERS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"Saywho-After": "1"},
    {"If-None-Match": "*"},
    {"Last-Event-ID": "0", "Accept": "text/event-stream"},
    {"Range": "bytes=0-"},
    {"Cookie": "saywho_session=a.b; saywho_device=a.b; saywho_zone=Asia%2FSeoul"},
    {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost"},
    {"Accept-Language": "ko", "Accept-Encoding": "gzip"},
)
AFTERS: Final = (
    *("{older}", "{newest}", "{ahead}", "{far_ahead}", "9007199254740992", "-1", "x", ""),
)
"""Values of the header that names an event."""
NETWORKS: Final = itertools.count()
"""Failed sign-ins are counted for each network."""
DEADLINE_S: Final = 60
Seen = tuple[int, list[tuple[str, str]], bytes]


@pytest.fixture(autouse=True)
def is_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `/readyz` say nothing of how busy the machine is."""
    monkeypatch.setattr(checks, "ANSWER_S", DEADLINE_S)


async def ask(app: Quart, method: str, address: str, headers: dict[str, str], **body: Any) -> Seen:
    """Return what a stranger gets to see of an answer."""
    stranger = Browser(app, address=f"192.0.2.{next(NETWORKS) % 250}")
    answer = await stranger.send(method, address, headers=headers, **body)
    own = ("x-request-id", "date", "expires")  # max-age says the last of these without a clock
    seen = sorted((name.lower(), value) for name, value in answer.headers)
    return (
        answer.status_code,
        [pair for pair in seen if pair[0] not in own],
        await answer.get_data(),
    )


@asynccontextmanager
async def private_site(make_config: MakeConfig, **settings: Any) -> AsyncIterator[Quart]:
    async with app_of(make_config(public=False, **settings)) as app:
        await make_operator(app, "mina")
        yield app


async def fill(app: Quart) -> None:
    """Store something of each kind that an address names."""
    admin = await client_with(app, "admin")
    room = {"room": {"id": 1, "name": "the harbour"}, "created_at": "2020-05-01T12:00:00Z"}
    await admin.add_posts(
        *({"username": name, "text": f"{name} by the sea"} | room for name in ("ann", "ben"))
    )
    await admin.add_user("jun", "a post that answers")
    operator = await signed_in(app, "mina", is_new=False)
    await signed_in(app, "reader", role=READER)
    for path, form in (
        ("/settings/invitations", {"name": "a guest"}),
        ("/settings/tokens", {"name": "a script", "scope": "read"}),
        ("/sources", {"source": "bluesky:ann.example"}),
        ("/settings/own", {"username": "ann"}),
    ):
        assert (await operator.post(path, form=form)).status_code in {200, 303}, path


@pytest.mark.databases("sqlite", "postgresql")
async def test_every_address_answers_strangers_as_on_an_empty_site(
    make_config: MakeConfig, tmp_path: Any
) -> None:
    async with (
        private_site(make_config) as filled,
        private_site(make_config, data_dir=tmp_path / "empty") as empty,
    ):
        await fill(filled)
        addresses = [*routes(filled), *routes(filled, REAL)]
        asked = sorted({(method, rule, address) for method, rule, address in addresses})
        for number, (method, rule, address) in enumerate(asked):
            body = dict(BODIES.get(rule, {})) if method == "POST" else {}
            headers = HEADERS[number % len(HEADERS)] | body.pop("headers", {})
            filled_answer, empty_answer = [
                await ask(app, method, address, headers, **body) for app in (filled, empty)
            ]
            assert filled_answer == empty_answer, (method, address, headers)
        assert len(asked) > 150


@pytest.mark.full
@pytest.mark.databases("sqlite", "postgresql")
async def test_the_number_of_events_is_told_to_no_stranger(make_config: MakeConfig) -> None:
    async with private_site(make_config) as app:
        admin = await client_with(app, "admin")
        await admin.add_user("ann", "a post", "another one")
        asked = [(method, path) for method, _, path in routes(app) if method in {"GET", "POST"}]
        asked.append(("GET", "/static/style.css"))
        for number, (method, path) in enumerate(asked):
            # Each with answers of its own in the cache.
            address = f"{path}{'&' if '?' in path else '?'}number={number}"
            answers = [await ask(app, method, address, {}) for _ in range(2)][1:]
            async with parts_of(app).db.read() as session:
                newest = await newest_event(session)
            places = {"older": newest - 1, "newest": newest, "ahead": newest + 50}
            for value in AFTERS:
                after = value.format(**places, far_ahead=newest + 10**7)
                answers.append(await ask(app, method, address, {"Saywho-After": after}))
            await admin.add_tweet("ann", f"a post that nobody sees, {number}")
            answers.append(await ask(app, method, address, {}))
            assert answers == answers[:1] * len(answers), (method, path)

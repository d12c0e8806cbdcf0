"""Another site cannot make a signed-in browser change anything, nor sign it in."""

from typing import Any

import pytest
from quart import Quart
from sqlalchemy import select

from app.models import Base
from app.services.access.accounts import add_setup_link
from app.views.policies import SAFE_METHODS
from tests.browsing import PASSWORD, Browser, make_operator, parts_of, signed_in
from tests.conftest import MakeConfig, Shared, app_of, client_with

OWN_ORIGIN = "http://localhost"
FOREIGN: dict[str, dict[str, str]] = {
    "cross-site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "same-site": {"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost"},
    "cross-site-with-our-origin": {"Sec-Fetch-Site": "cross-site", "Origin": OWN_ORIGIN},
    "unknown-site": {"Sec-Fetch-Site": "whatever"},
    "empty-site": {"Sec-Fetch-Site": ""},
    "origin-of-elsewhere": {"Origin": "https://evil.example"},
    "other-scheme": {"Origin": "https://localhost"},
    "other-port": {"Origin": "http://localhost:8080"},
    "origin-that-begins-alike": {"Origin": "http://localhost.evil.example"},
    "origin-null": {"Origin": "null"},
    "neither": {},
}
OWN: dict[str, dict[str, str]] = {
    "same-origin": {"Sec-Fetch-Site": "same-origin"},
    "typed": {"Sec-Fetch-Site": "none"},
    "old-browser": {"Origin": OWN_ORIGIN},
}
DERIVED = {*("BackgroundSnapshot", "Embedding", "Event", "Profile"), *("Vocabulary", "Word")}
"""Background work writes them; an event says also that it has counted."""
IDS = {
    "username": "ann",
    "name": "bo",
    "year": 2020,
    **dict.fromkeys(["tweet_id", "token_id", "session_id", "import_id", "source_id"], 1),
    **dict.fromkeys(["room_id", "invitation_id", "account_id", "game_id", "player_id"], 1),
}


def unsafe_routes(app: Quart) -> list[tuple[str, str]]:
    """Return method and address of everything that may change something, signing out last."""
    addresses = app.url_map.bind("localhost")
    routes = [
        (method, addresses.build(rule.endpoint, {name: IDS[name] for name in rule.arguments}))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - SAFE_METHODS
    ]
    return sorted(routes, key=lambda route: (route[1] == "/logout", route))


async def contents(app: Quart) -> dict[str, Any]:
    """Return all rows of all tables but of those that background work fills."""
    async with parts_of(app).db.read() as session:
        return {
            name: (await session.execute(select(table).order_by(*table.primary_key))).all()
            for name, table in Base.metadata.tables.items()
            if name not in DERIVED
        }


@pytest.fixture(scope="module")
async def app(shared: Shared) -> Quart:
    """An app with something to lose, which no test takes away."""
    await shared.admin.add_user("ann", "a post that stays")
    await make_operator(shared.app, "Ann")
    return shared.app


@pytest.fixture
async def browser(app: Quart) -> Browser:
    """A browser on which the operator is signed in."""
    return await signed_in(app, "Ann", is_new=False)


async def test_requests_of_other_sites_change_nothing(app: Quart, browser: Browser) -> None:
    """Every route is asked by three kinds of requests, and each kind on a quarter of the routes."""
    await check_refused(app, browser, turns=3)


@pytest.mark.full
async def test_no_kind_of_requests_of_other_sites_changes_anything(
    app: Quart, browser: Browser
) -> None:
    await check_refused(app, browser, turns=len(FOREIGN))


async def check_refused(app: Quart, browser: Browser, *, turns: int) -> None:
    """Ask every route so many times, each time in another foreign way; look that all is as it was.

    The kinds of requests take turns over all routes.
    """
    before = await contents(app)
    routes = unsafe_routes(app)
    assert len(routes) > 20
    for number, (method, address) in enumerate(routes * turns):
        headers = list(FOREIGN.values())[number % len(FOREIGN)]
        form = {"confirm": "yes", "username": "ann", "name": "evil", "scope": "admin"}
        body = {"json": form} if "/api/" in address else {"form": form}
        answer = await browser.send(method, address, headers=headers, **body)
        assert answer.status_code == 403, (method, address, headers)
    assert await contents(app) == before
    assert await browser.is_signed_in()


async def test_an_ended_session_defends_its_browser_too(app: Quart, browser: Browser) -> None:
    stale = Browser(app, cookies=dict(browser.cookies))
    await browser.post("/logout")
    answer = await stale.post("/compare", headers=FOREIGN["cross-site"], form={"text": "a"})
    assert answer.status_code == 403


async def test_tokens_need_none_of_it(app: Quart, browser: Browser) -> None:
    admin = await client_with(app, "admin")
    for name, headers in FOREIGN.items():
        answer = await admin.post("/api/v1/users", json={"username": name}, headers=headers)
        assert answer.status_code == 201
    # The token decides, whatever cookie comes along: it may less than the operator.
    reader = await client_with(app, "read")
    sent = reader.headers | FOREIGN["cross-site"]
    for method, address in (("POST", "/api/v1/users"), ("DELETE", "/api/v1/users/ann")):
        answer = await browser.send(method, address, headers=sent, json={"username": "evil"})
        assert answer.status_code == 403
        assert "scope" in (await answer.get_json())["detail"]
    assert (await browser.get("/settings", headers=reader.headers)).status_code == 403


async def test_nobody_is_signed_in_from_another_site(app: Quart) -> None:
    async with parts_of(app).db.write() as session:
        link = await add_setup_link(session, "ben")
    for name, headers in FOREIGN.items():
        if name in {"empty-site", "neither"}:
            continue  # No browser sends that; programs do.
        for path, form in (
            ("/login", {"name": "ann", "password": PASSWORD}),
            ("/setup", {"token": link, "name": "ben", "password": PASSWORD}),
        ):
            answer = await Browser(app).post(path, headers=headers, form=form)
            assert answer.status_code == 403, (path, headers)
            assert not answer.headers.getlist("Set-Cookie")
    # Nor did it count as a failure, which would lock the operator out.
    for headers in OWN.values():
        assert (await Browser(app).sign_in(headers=headers)).status_code == 303


async def test_origin_is_compared_with_the_configured_address(make_config: MakeConfig) -> None:
    async with app_of(make_config(url="https://saywho.example.org")) as app:
        browser = await signed_in(app)
        for origin, status in (
            ("https://saywho.example.org", 303),
            (OWN_ORIGIN, 403),
            ("http://saywho.example.org", 403),
            ("https://saywho.example.org.evil.example", 403),
        ):
            answer = await browser.post("/settings/sessions/0/end", headers={"Origin": origin})
            assert answer.status_code == status, origin

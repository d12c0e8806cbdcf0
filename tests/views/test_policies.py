"""Who may do what: every route, method and role against a table written by hand."""

from collections.abc import AsyncIterator, Container, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from quart import Quart

from app import create_app
from app.parts.mcp.tools import TOOLS
from app.services.access.rights import SCOPES, switch_site
from tests.browsing import Browser, make_operator, parts_of, signed_in
from tests.conftest import Client, MakeConfig, client_with
from tests.parts.mcp.assistants import Plain, switch

Need = Literal["open", "read", "known", "account", "token", "write", "admin", "operator", "player"]
Role = Literal["nobody", "reader", "read", "write", "admin", "operator"]
ROLES: Final[tuple[Role, ...]] = ("nobody", "reader", "read", "write", "admin", "operator")
METHODS: Final = frozenset({"GET", "POST", "PATCH", "DELETE"})
AS_GET: Final = frozenset({"HEAD", "OPTIONS"})
"""What is allowed as GET is."""
API = "/api/v1"

READ: Final = (
    "/ /authors /user/<username> /user/<username>/<year:year> /user/<username>/portrait "
    "/user/<username>/<year:year>/picture /user/<username>/<year:year>/picture.png "
    "/user/<username>/<year:year>/cards /user/<username>/<year:year>/cards/<card>.png "
    "/user/<username>/cards /user/<username>/cards/<card>.png /user/<username>/portrait/picture "
    "/user/<username>/portrait/picture.png /tweet/<id:tweet_id> /rooms /room/<id:room_id> "
    "/room/<id:room_id>/<year:year> /room/<id:room_id>/<year:year>/picture "
    "/room/<id:room_id>/<year:year>/picture.png /room/<id:room_id>/<year:year>/cards "
    "/room/<id:room_id>/<year:year>/cards/<card>.png /room/<id:room_id>/person/<username>/cards "
    "/room/<id:room_id>/person/<username>/cards/<card>.png /room/<id:room_id>/person/<username> "
    "/room/<id:room_id>/portrait /room/<id:room_id>/portrait/picture "
    "/room/<id:room_id>/portrait/picture.png /compare/example /compare/picture "
    "/compare/picture.png /about /phone /feed.atom /user/<username>/feed.atom /quiz "
    "/quiz/picture /quiz/picture.png /search /posts /media/<name> /dashboard/ /dashboard/zone "
    "/dashboard/table/<name> /dashboard/table/<name>.csv /dashboard/_dash-layout "
    "/dashboard/_dash-dependencies "
    "/dashboard/_dash-component-suites/<string:package_name>/<path:fingerprinted_path> /get_user "
    "/users /users.json /llms.txt /api/v1/users/<username>/archive "
    "/api/v1/users/<username>/years/<year:year> /api/v1/rooms/<id:room_id>/years/<year:year> "
    "/api/v1/users/<username>/portrait /api/v1/tweets/<id:tweet_id>/similar "
    "/api/v1/tweets/<id:tweet_id>/thread /api/v1/rooms /api/v1/rooms/<id:room_id>/messages "
    "/api/v1/rooms/<id:room_id>/portrait /api/v1/rooms/<id:room_id>/people/<username> "
    "/api/v1/search /api/v1/stats /api/v1/compare/card /compare/card /api/v1/export /api/v1/live"
)
OPERATORS: Final = (
    "/settings/reading /settings/phones /settings/assistants /settings/tokens "
    "/settings/tokens/<id:token_id>/revoke /settings/invitations "
    "/settings/invitations/<id:invitation_id>/end /settings/readers/<id:account_id>/remove "
    "/settings/own /settings/answers/<id:import_id>/delete /settings/samples/delete "
    "/settings/authors/delete /settings/authors/name /settings/authors/join "
    "/settings/authors/part /settings/authors/post /settings/tweets/<id:tweet_id>/delete "
    "/settings/rooms/<id:room_id>/name /settings/rooms/<id:room_id>/join "
    "/settings/rooms/<id:room_id>/zone /imports/<id:import_id>/choices "
    "/imports/<id:import_id>/start /imports/<id:import_id>/cancel /imports/<id:import_id>/undo "
    "/sources/<id:source_id>/visit /sources/<id:source_id>/remove /games/<id:game_id>/next "
    "/games/<id:game_id>/skip /games/<id:game_id>/again /games/<id:game_id>/end "
    "/games/<id:game_id>/replay /games/<id:game_id>/joining /games/<id:game_id>/remove "
    "/games/<id:game_id>/delete"
)
EXPECTED: Final[dict[str, dict[str, Need]]] = {
    **{address: {"GET": "read"} for address in READ.split()},
    **{address: {"POST": "operator"} for address in OPERATORS.split()},
    "/static/<path:filename>": {"GET": "open"},
    "/healthz": {"GET": "open"},
    "/readyz": {"GET": "open"},
    "/metrics": {"GET": "admin"},
    "/login": {"GET": "open", "POST": "open"},
    "/logout": {"POST": "read"},
    "/setup": {"GET": "open", "POST": "open"},
    "/setup/phones": {"POST": "open"},
    f"{API}/openapi.json": {"GET": "open"},
    f"{API}/docs": {"GET": "open"},
    "/room/<id:room_id>/me": {"POST": "account"},
    "/compare": {"GET": "read", "POST": "read"},
    "/favicon.ico": {"GET": "open"},
    "/dashboard/_dash-update-component": {"POST": "read"},
    "/user": {"GET": "read", "POST": "write"},
    "/reset": {"POST": "admin"},
    "/update": {"POST": "admin"},
    "/settings": {"GET": "account"},
    "/mcp": {"POST": "read"},
    "/settings/sessions/<id:session_id>/end": {"POST": "account"},
    "/settings/password": {"POST": "account"},
    "/settings/rooms/<id:room_id>/delete": {"GET": "operator", "POST": "operator"},
    "/imports": {"GET": "operator", "POST": "operator"},
    "/imports/<id:import_id>": {"GET": "operator"},
    "/sources": {"GET": "operator", "POST": "operator"},
    f"{API}/users": {"GET": "read", "POST": "write"},
    f"{API}/users/<username>": {"GET": "read", "PATCH": "admin", "DELETE": "admin"},
    f"{API}/names": {"GET": "admin"},
    f"{API}/users/<username>/names/<name>": {"POST": "admin", "DELETE": "admin"},
    f"{API}/users/<username>/tweets": {"GET": "read", "POST": "write"},
    f"{API}/tweets": {"POST": "write"},
    f"{API}/tweets/<id:tweet_id>": {"GET": "read", "DELETE": "admin"},
    f"{API}/rooms/<id:room_id>": {"GET": "read", "PATCH": "admin", "DELETE": "admin"},
    f"{API}/compare": {"GET": "read", "POST": "read"},
    f"{API}/compare/batch": {"POST": "read"},
    API: {"GET": "open"},
    f"{API}/token": {"GET": "known"},
    "/compare/table": {"GET": "read", "POST": "read"},
    "/user/<username>/report": {"GET": "account", "POST": "account"},
    "/user/<username>/report/preview": {"GET": "account", "POST": "account"},
    "/room/<id:room_id>/report": {"GET": "account", "POST": "account"},
    "/room/<id:room_id>/report/preview": {"GET": "account", "POST": "account"},
    f"{API}/imports": {"GET": "token", "POST": "write"},
    f"{API}/imports/<id:import_id>": {"GET": "token", "DELETE": "write"},
    f"{API}/imports/<id:import_id>/undo": {"POST": "admin"},
    "/games": {"GET": "operator", "POST": "operator"},
    "/games/<id:game_id>": {"GET": "operator"},
    "/play": {"GET": "open", "POST": "open"},
    "/play/<id:game_id>": {"GET": "open", "POST": "open"},
    "/play/<id:game_id>/picture": {"GET": "open"},
    "/play/<id:game_id>/picture.png": {"GET": "open"},
    f"{API}/games/<id:game_id>/results.csv": {"GET": "admin"},
    f"{API}/games/<id:game_id>/live": {"GET": "admin"},
    f"{API}/play/<id:game_id>": {"GET": "player"},
    f"{API}/play/<id:game_id>/answers": {"POST": "player"},
    f"{API}/play/<id:game_id>/live": {"GET": "player"},
    f"{API}/sources": {"GET": "admin", "POST": "admin"},
    f"{API}/sources/<id:source_id>": {"DELETE": "admin"},
    f"{API}/sources/<id:source_id>/visit": {"POST": "admin"},
}
# What nobody has: the requests are let in or not, and change nothing.
VALUES = {
    "filename": "nothing.css",
    "username": "nobody",
    "name": "nothing",
    "card": "words",
    "package_name": "nothing",
    "fingerprinted_path": "nothing.js",
    "year": 2020,
} | dict.fromkeys(
    (
        *("tweet_id", "token_id", "session_id", "import_id", "source_id"),
        *("invitation_id", "account_id", "room_id", "game_id", "player_id"),
    ),
    999,
)
BODIES: Final[dict[str, dict[str, Any]]] = {
    "/login": {"form": {"name": "spare", "password": "wrong"}},
    f"{API}/play/<id:game_id>/answers": {"json": {"question": 1, "username": "nobody"}},
    f"{API}/imports": {"data": b"", "query_string": {"format": "none"}},
}


def routes(app: Quart, parts: dict[str, Any] | None = None) -> list[tuple[str, str, str]]:
    """Return method, rule and address of everything, HEAD and OPTIONS too; signing out last.

    parts: those of addresses, in place of what nobody has.
    """
    addresses = app.url_map.bind("localhost")
    allowed = []
    for rule in app.url_map.iter_rules():
        values = {name: (VALUES | (parts or {}))[name] for name in rule.arguments}
        address = addresses.build(rule.endpoint, values, method=next(iter(rule.methods or [])))
        if rule.rule in {"/user", "/users"}:
            address = rule.rule  # They share an endpoint.
        if rule.rule == f"{API}/live":
            address += "?after=never"  # Else a stream that is let in does not end.
        allowed += [(method, rule.rule, address) for method in rule.methods or set()]
    return sorted(set(allowed), key=lambda route: (route[1] == "/logout", route))


def need_of(method: str, rule: str) -> Need:
    if method == "OPTIONS":
        return "read"
    return EXPECTED[rule]["GET" if method == "HEAD" else method]


def may(role: Role, need: Need, *, is_public: bool) -> bool:
    if need == "player":
        return False  # Nobody here plays; a token or an account is no player's secret.
    if need == "open" or (need == "read" and is_public) or role == "operator":
        return True
    if role == "reader":
        return need in {"read", "known", "account"}
    if role == "nobody" or need in {"account", "operator"}:
        return False
    levels = {"read": 0, "known": 0, "token": 0, "write": 1, "admin": 2}
    return levels[role] >= levels[need]


async def outcome(browser: Browser, method: str, rule: str, address: str) -> Literal[0, 1, 2]:
    """Return 0 if the request was let in, 1 if it should sign in, 2 if it may not."""
    body = dict(BODIES.get(rule, {})) if method == "POST" else {}
    headers = browser.headers | body.pop("headers", {})
    answer = await browser.send(method, address, headers=headers, **body)
    assert answer.status_code != 500, (method, address)
    location = urlsplit(answer.headers.get("Location", ""))
    if answer.status_code == 401 and rule != "/settings/password":  # The old one is wrong.
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert address.startswith(("/api/", "/metrics"))
        return 1
    if answer.status_code == 303 and location.path == "/login":
        assert not address.startswith("/api/")
        (following,) = parse_qs(location.query)["next"]
        assert following == (address if method in {"GET", "HEAD", "OPTIONS"} else "/")
        return 1
    return 2 if answer.status_code == 403 else 0


def test_table_and_routes_name_each_other(app: Quart) -> None:
    known = {(rule, method) for rule, methods in EXPECTED.items() for method in methods}
    real = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert real - known == set(), "say in EXPECTED who may use these"
    assert known - real == set(), "take these out of EXPECTED: no view has them"


@asynccontextmanager
async def switched(app: Quart, *, is_public: bool) -> AsyncIterator[Quart]:
    """Let an app serve whose setting of who may read is made."""
    async with app.test_app():
        await make_operator(app, "spare")
        async with parts_of(app).db.write() as session:
            await switch_site(session, None, is_public=is_public)
        yield app


@pytest.fixture(params=[True, False], ids=["public", "private"])
async def site(request: pytest.FixtureRequest, make_config: MakeConfig) -> AsyncIterator[Quart]:
    async with switched(create_app(make_config()), is_public=request.param) as app:
        yield app


async def browser_of(site: Quart, role: Role) -> Browser:
    if role == "operator" or role == "reader":
        return await signed_in(site, "ann" if role == "operator" else "mina", role=role)
    for scope in SCOPES:
        if scope == role:
            return Browser(site, (await client_with(site, scope)).headers)
    return Browser(site)


async def mistaken(site: Quart, roles: Iterable[Role], *, methods: Container[str]) -> list[object]:
    """Return who is let in or refused, by these methods, in another way than the table says."""
    is_public = await parts_of(site).openness.is_public()
    wrong: list[object] = []
    for role in roles:
        browser = await browser_of(site, role)
        for method, rule, address in routes(site):
            if rule in {"/setup", "/setup/phones", "/login"} or method not in methods:
                continue  # Their answers are 403 and 401; below.
            need = need_of(method, rule)
            let_in, is_player = may(role, need, is_public=is_public), need == "player"
            expected = 0 if let_in else 1 if role == "nobody" or is_player else 2
            if await outcome(browser, method, rule, address) != expected:
                wrong.append((role, method, rule))
    return wrong


async def test_roles_have_the_rights_of_the_table(site: Quart) -> None:
    """Where everybody reads, accounts and tokens beyond a reader's have no other rights."""
    is_public = await parts_of(site).openness.is_public()
    assert not await mistaken(site, ROLES[:2] if is_public else ROLES, methods=METHODS)
    assert not await mistaken(site, ["nobody"], methods=AS_GET)


async def test_roles_have_the_tools_of_assistants_where_they_may_read(site: Quart) -> None:
    is_public = await parts_of(site).openness.is_public()
    await switch(site, "letters")
    for role in ROLES:
        plain = Plain(await browser_of(site, role))
        for tool in TOOLS:
            answer = await plain.send(plain.message("tools/call", name=tool, arguments={}))
            expected = 200 if may(role, "read", is_public=is_public) else 401
            assert answer.status_code == expected, (role, tool)


@pytest.mark.full
async def test_roles_have_the_same_rights_by_methods_that_are_as_get(site: Quart) -> None:
    assert not await mistaken(site, ["reader", "read"], methods=AS_GET)


@pytest.mark.full
async def test_tokens_and_operators_have_their_rights_where_everybody_reads(
    make_config: MakeConfig,
) -> None:
    async with switched(create_app(make_config()), is_public=True) as site:
        assert not await mistaken(site, ROLES[2:], methods=METHODS)


async def test_signing_in_is_open_and_alike_for_all(site: Quart) -> None:
    for number, role in enumerate(ROLES):
        browser = await browser_of(site, role)
        browser.address = f"192.0.2.{number}"  # Failures are counted for each network.
        assert (await browser.get("/setup?token=a")).status_code == 403
        for path in ("/setup", "/setup/phones"):
            assert (await browser.post(path, form={"token": "a"})).status_code == 403
        page = await browser.get("/login")
        assert page.status_code == (303 if role in {"operator", "reader"} else 200)
        assert (await browser.sign_in("spare", "wrong")).status_code == 401


CHOICES = ("", "?locale=ko", "?locale=en", "?next=%2Fx")


async def test_without_public_reading_no_address_remembers_a_choice_or_tells_itself_from_others(
    make_config: MakeConfig,
) -> None:
    app = create_app(make_config(public=False))
    async with app.test_app():
        closed = {
            (method, address)
            for method, rule, address in routes(app)
            if need_of(method, rule) != "open" and rule != "/metrics"
        }
        closed |= {
            (method, path) for method, _ in closed for path in ("/nothing", f"{API}/nothing")
        }
        told = set()
        for number, (method, address) in enumerate(sorted(closed)):
            path = address.partition("?")[0] + CHOICES[number % len(CHOICES)]
            answer = await Browser(app).send(method, path)
            assert "Set-Cookie" not in answer.headers, (method, path)
            location = answer.headers.get("Location", "").partition("?")[0]
            assert "ETag" not in answer.headers
            is_api = address.startswith("/api/")
            body = await answer.get_data() if is_api and method != "HEAD" else b""
            told.add((is_api, answer.status_code, location, body))
        assert {each[:3] for each in told} == {(True, 401, ""), (False, 303, "/login")}
        assert len(told) == 3  # The API has one body, and none for HEAD.
        assert (await Browser(app).get("/login?locale=ko")).status_code == 303


BAD_HEADERS = [
    "Bearer saywho_unknown",
    "Bearer ",
    "Bearer",
    "",
    "Basic dXNlcjpwYXNz",
    "saywho_unknown",
    "Bearer \u00ff\u00fe",
    "Token a b c",
]


async def test_a_bad_token_is_401_even_where_reading_is_open(app: Quart) -> None:
    for header in BAD_HEADERS:
        client = Client(app, {"Authorization": header})
        for path in ("/api/v1/users", "/api/v1/nothing", "/"):
            answer = await client.get(path)
            assert answer.status_code == 401, (header, path)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_scheme_of_a_token_is_read_in_any_case(writer: Client) -> None:
    secret = writer.headers["Authorization"].removeprefix("Bearer ")
    for header in (f"bearer {secret}", f"BEARER   {secret} "):
        answer = await Client(writer.app, {"Authorization": header}).get("/api/v1/users")
        assert answer.status_code == 200

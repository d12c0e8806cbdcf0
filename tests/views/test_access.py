"""Who may do what, with which token, where reading is open and where it is not."""

from collections.abc import AsyncIterator
from typing import cast, get_args

import pytest
from quart import Quart

from app import create_app
from app.lifespan import KEY, Resources
from app.services.access.rights import Scope, list_tokens, revoke_token
from app.views.access import Policy, policy_of
from tests.conftest import Client, MakeConfig, client_with

PUBLIC_ADDRESSES = ["/healthz", "/readyz", "/static/style.css"]
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


def test_every_endpoint_declares_who_may_use_it(app: Quart) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert len(endpoints) > 10
    undeclared = {endpoint for endpoint in endpoints if policy_of(app, endpoint) is None}
    assert undeclared == set()
    assert {policy_of(app, endpoint) for endpoint in endpoints} <= set(get_args(Policy))


async def test_a_view_that_declares_nothing_is_refused(make_config: MakeConfig) -> None:
    app = create_app(make_config())

    @app.get("/forgotten")
    async def forgotten() -> str:
        return "secret"

    async with app.test_app():
        for client in (Client(app, {}), await client_with(app, "admin")):
            answer = await client.get("/forgotten")
            assert answer.status_code == 403
            assert "secret" not in await answer.get_data(as_text=True)


def test_nothing_that_changes_data_is_open_to_readers(app: Quart) -> None:
    reading = {"/compare", "/api/v1/compare", "/api/v1/compare/batch", "/quiz"}
    reading |= {"/verify", "/verify/report", "/api/v1/verify"}
    reading |= {"/login", "/logout", "/setup"}
    for rule in app.url_map.iter_rules():
        unsafe = (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if unsafe and rule.rule not in reading and not rule.rule.startswith("/dashboard/"):
            assert policy_of(app, rule.endpoint) in {"write", "admin", "operator"}, rule


REQUESTS = [
    ("read", "GET", "/api/v1/users", None),
    ("read", "POST", "/api/v1/compare", {"text": "hello there"}),
    ("write", "POST", "/api/v1/users", {"username": "new"}),
    ("write", "POST", "/api/v1/users/ann/tweets", {"text": "hello"}),
    ("write", "POST", "/api/v1/tweets", {}),
    ("admin", "DELETE", "/api/v1/tweets/1", None),
    ("admin", "DELETE", "/api/v1/users/ann", None),
]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")


@pytest.mark.parametrize("scope", [None, *SCOPES], ids=str)
async def test_each_scope_may_do_what_it_says_and_no_more(app: Quart, scope: Scope | None) -> None:
    client = Client(app, {}) if scope is None else await client_with(app, scope)
    for need, method, path, body in REQUESTS:
        answer = await client.send(method, path, json=body)
        if scope is None:
            expected = {401} if need != "read" else {200, 422}
        elif SCOPES.index(scope) < SCOPES.index(cast(Scope, need)):
            expected = {403}
        else:
            expected = {200, 201, 204, 404, 415, 422}
        assert answer.status_code in expected, (method, path)
        if answer.status_code in {401, 403}:
            assert answer.content_type == "application/problem+json"
        challenge = answer.headers.get("WWW-Authenticate", "")
        assert challenge.startswith("Bearer") == (answer.status_code == 401)


async def test_refused_writes_change_nothing(app: Quart, admin: Client) -> None:
    await admin.add_user("ann", "stays")
    for client in (
        Client(app, {}),
        await client_with(app, "read"),
        await client_with(app, "write"),
    ):
        assert (await client.delete("/api/v1/users/ann")).status_code in {401, 403}
        assert (await client.delete("/api/v1/tweets/1")).status_code in {401, 403}
    assert (await (await admin.get("/api/v1/users/ann")).get_json())["tweets"] == 1


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


async def test_a_revoked_token_ends_at_once(app: Quart, writer: Client) -> None:
    assert (await writer.post("/api/v1/users", json={"username": "ann"})).status_code == 201
    db = cast(Resources, app.extensions[KEY]).db
    async with db.write() as session:
        (token,) = await list_tokens(session)
        await revoke_token(session, token.id)
    for path in ("/api/v1/users", "/api/v1/users/ann"):
        assert (await writer.get(path)).status_code == 401
    assert (await writer.post("/api/v1/users", json={"username": "ben"})).status_code == 401


@pytest.fixture
async def private(make_config: MakeConfig) -> AsyncIterator[Quart]:
    app = create_app(make_config(public=False))
    async with app.test_app():
        yield app


async def test_without_public_reading_all_is_closed_but_health_and_static(private: Quart) -> None:
    writer = await client_with(private, "write")
    user = await writer.add_user("known", "a post that nobody may read")
    nobody = Client(private, {})
    alike: dict[str, set[bytes]] = {"API": set(), "pages": set()}
    paths = [
        *("/api/v1/users", "/api/v1/users/known", "/api/v1/users/unknown", "/api/v1/nothing"),
        *("/api/v1/users/known/tweets", "/api/v1/users/unknown/tweets", "/api/v2", "/api/"),
        *("/api/v1/tweets/1", "/api/v1/tweets/999", "/api/v1/search?q=post", "/api/v1/tweets"),
        *("/api/v1/search?bad=1", f"/api/v1/compare?text=post&username={user['username']}"),
        *("/", "/authors", "/user/known", "/user/unknown", "/tweet/1", "/tweet/999", "/nothing"),
        *("/search?q=post", "/compare", "/get_user?username=known", "/get_user?username=unknown"),
        *("/dashboard/", "/imports", "/settings", "/metrics", "/a/b/c"),
    ]
    for path in paths:
        answer = await nobody.get(path)
        body = await answer.get_data(as_text=False)
        assert b"known" not in body.replace(b"unknown", b"") or answer.status_code == 303
        if path.startswith("/api/") or path == "/metrics":
            assert answer.status_code == 401, path
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            alike["API"].add(body)
        else:
            assert answer.status_code in {401, 303}, path
            alike["pages"].add(str(answer.status_code).encode())
    assert {kind: len(bodies) for kind, bodies in alike.items()} == {"API": 1, "pages": 1}
    for method in ("POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"):
        for path in ("/api/v1/users/known", "/api/v1/users/unknown", "/api/v1/compare"):
            answer = await nobody.send(method, path, json={"text": "post"})
            assert answer.status_code == 401, (method, path)


async def test_without_public_reading_health_and_static_stay_open(private: Quart) -> None:
    for path in PUBLIC_ADDRESSES:
        answer = await Client(private, {}).get(path)
        assert answer.status_code in ({200, 404} if path.startswith("/static") else {200})


async def test_without_public_reading_each_token_reads(private: Quart) -> None:
    for scope in SCOPES:
        client = await client_with(private, scope)
        for path in ("/api/v1/users", "/", "/authors"):
            assert (await client.get(path)).status_code == 200
        assert (await client.get("/api/v1/users/unknown")).status_code == 404
    bad = Client(private, {"Authorization": "Bearer saywho_bad"})
    assert (await bad.get("/api/v1/users")).status_code == 401

"""Views that declare nothing, and tokens that are none; `test_policies.py` has who may do what."""

from typing import cast, get_args

from quart import Quart

from app import create_app
from app.lifespan import KEY, Resources
from app.services.access.rights import list_tokens, revoke_token
from app.views.access import Policy, policy_of
from tests.conftest import Client, MakeConfig, client_with

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

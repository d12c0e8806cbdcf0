"""A right that ends while a request's body arrives ends the request too, and nothing is stored."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from quart import Quart
from sqlalchemy import delete, func, select

from app import create_app
from app.models import Event, ImportJob, LiveSource, LoginSession, Operator, Token, Tweet, User
from app.services.access.rights import list_tokens, revoke_token
from tests.browsing import PASSWORD, make_operator, parts_of, signed_in
from tests.conftest import client_with, config_of
from tests.databases import Databases
from tests.views.test_policies import EXPECTED
from tests.waiting import settle

JSON: Final = {"Content-Type": "application/json"}
LINES: Final = {"Content-Type": "application/x-ndjson"}
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART: Final = {"Content-Type": "multipart/form-data; boundary=b"}
API: Final = "/api/v1"

Sent = tuple[dict[str, str], bytes]
BODIES: Final[dict[str, Sent]] = {
    f"{API}/users": (JSON, b'{"username": "late"}'),
    f"{API}/users/<username>/tweets": (JSON, b'{"text": "late"}'),
    f"{API}/tweets": (LINES, b'{"username": "late", "text": "late"}\n'),
    f"{API}/imports": ({}, b'{"username": "late", "text": "late"}\n'),
    "/user": (FORM, b"user_name=late"),
    "/reset": (FORM, b"confirm=yes"),
    "/settings/tokens": (FORM, b"name=late&scope=admin"),
    "/settings/password": (FORM, f"old={PASSWORD}&new=something+else".encode()),
    "/settings/authors/delete": (FORM, b"username=ann&confirm=yes"),
    "/settings/samples/delete": (FORM, b"confirm=yes"),
    "/settings/tweets/<id:tweet_id>/delete": (FORM, b"next=%2F"),
    "/imports": (
        MULTIPART,
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n{}\r\n--b--\r\n',
    ),
    "/imports/<id:import_id>/start": (FORM, b"username=late"),
    f"{API}/sources": (JSON, b'{"source": "rss:https://blog.example/feed"}'),
    "/sources": (FORM, b"source=rss:https://blog.example/feed"),
}


@pytest.fixture(scope="module")
async def site(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Quart]:
    """A closed app with an author and an operator; no test adds anything."""
    folder = tmp_path_factory.mktemp("closed")
    app = create_app(config_of(databases, folder / "instance", public=False))
    async with app.test_app():
        writer = await client_with(app, "write")
        await writer.add_user("ann", "the harbour keeps its lamp")
        await make_operator(app)
        await settle(app)  # What follows the posts writes events, too.
        yield app
    databases.drop(folder)


async def counts(app: Quart) -> list[int]:
    kinds = (User, Tweet, Event, ImportJob, LiveSource, Token, Operator)
    async with parts_of(app).db.read() as session:
        return [await session.scalar(select(func.count()).select_from(k)) or 0 for k in kinds]


async def revoke_all(app: Quart) -> None:
    async with parts_of(app).db.write() as session:
        for token in await list_tokens(session):
            await revoke_token(session, token.id)
        await session.execute(delete(LoginSession))


async def answer_to(app: Quart, rule: str, headers: dict[str, str]) -> Any:
    """Return the answer to a request whose right ends in the midst of its body."""
    own, body = BODIES[rule]
    is_let_in = asyncio.Event()

    async def tell() -> None:
        is_let_in.set()

    hooks = app.before_request_funcs[None]
    hooks.append(tell)
    path = rule.replace("<username>", "ann").replace("<id:tweet_id>", "1")
    path = path.replace("<id:import_id>", "1")
    headers = headers | own
    async with app.test_client().request(path, method="POST", headers=headers) as connection:
        await connection.send(body[:9])
        await is_let_in.wait()
        hooks.remove(tell)
        await revoke_all(app)
        before = await counts(app)
        await connection.send(body[9:])
        await connection.send_complete()
    assert await counts(app) == before
    return await connection.as_response()


@pytest.mark.parametrize("rule", BODIES)
async def test_a_right_that_ends_while_a_body_arrives_stores_nothing(
    site: Quart, rule: str
) -> None:
    headers = (await client_with(site, "admin")).headers
    if EXPECTED[rule]["POST"] == "operator":
        browser = await signed_in(site, is_new=False)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        headers = browser.headers | {"Cookie": cookie}
    answer = await answer_to(site, rule, headers)
    if "Authorization" in headers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    else:
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2F")

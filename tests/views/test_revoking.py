"""A right that ends while a request's body arrives ends the request too, and nothing is stored."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from quart import Quart
from sqlalchemy import delete, func, select

from app import create_app
from app.models import Event, ImportJob, LiveSource, LoginSession, Operator, Token, Tweet, User
from app.services.access.rights import Right, list_tokens, revoke_token
from app.services.imports.bulk import BATCH
from app.services.imports.ndjson import store_lines
from tests.browsing import PASSWORD, make_operator, parts_of, signed_in
from tests.conftest import Client, client_with, config_of
from tests.databases import Databases
from tests.views.test_policies import EXPECTED
from tests.waiting import eventually

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
    f"{API}/compare": (JSON, b'{"text": "secret harbour"}'),
    f"{API}/compare/batch": (LINES, b'{"text": "secret harbour"}\n'),
    f"{API}/verify": (JSON, b'{"texts": ["secret harbour"], "username": "ann"}'),
    "/verify": (FORM, b"username=ann&text=" + b"harbour+" * 400),
    "/verify/report": (FORM, b"username=ann&text=secret+harbour"),
    "/compare": (FORM, b"tweet_text=" + b"harbour+" * 400),
    "/quiz": (FORM, b"question=none&guess=ann"),
    "/user": (FORM, b"user_name=late"),
    "/reset": (FORM, b"confirm=yes"),
    "/settings/tokens": (FORM, b"name=late&scope=admin"),
    "/settings/password": (FORM, f"old={PASSWORD}&new=something+else".encode()),
    "/settings/authors/add": (FORM, b"username=late"),
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
BODILESS: Final = {
    *("/login", "/logout", "/setup", "/update"),
    "/dashboard/_dash-update-component",  # Its body is read as that of the API is.
    "/settings/tokens/<id:token_id>/revoke",
    "/settings/sessions/<id:session_id>/end",
    "/settings/sessions/end-others",
    *(f"/settings/vectors/{name}" for name in ("renew", "resume", "cancel")),
    "/imports/<id:import_id>/cancel",
    f"{API}/sources/<id:source_id>/visit",
    *(f"/sources/<id:source_id>/{name}" for name in ("visit", "remove")),
}
TOKENS: Final = [rule for rule in BODIES if EXPECTED[rule]["POST"] != "operator"]


def test_each_post_with_a_body_is_listed_here() -> None:
    assert {rule for rule, methods in EXPECTED.items() if "POST" in methods} == {*BODIES, *BODILESS}


@pytest.fixture(scope="module")
async def site(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Quart]:
    """A closed app with two authors and an operator; no test adds anything."""
    folder = tmp_path_factory.mktemp("closed")
    app = create_app(config_of(databases, folder / "instance", public=False))
    async with app.test_app():
        writer = await client_with(app, "write")
        await writer.add_user("ann", "the secret harbour keeps its lamp")
        await writer.add_user("ben", "no lamp in the secret harbour")
        await make_operator(app)
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
        before = await counts(app)
        await revoke_all(app)
        await connection.send(body[9:])
        await connection.send_complete()
    assert await counts(app) == before
    return await connection.as_response()


@pytest.mark.parametrize("rule", TOKENS)
async def test_a_token_revoked_while_its_body_arrives_does_nothing(site: Quart, rule: str) -> None:
    admin = await client_with(site, "admin")
    answer = await answer_to(site, rule, admin.headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert b"harbour" not in await answer.get_data()


@pytest.mark.parametrize("rule", BODIES)
async def test_a_session_ended_while_its_body_arrives_does_nothing(site: Quart, rule: str) -> None:
    browser = await signed_in(site, is_new=False)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    answer = await answer_to(site, rule, browser.headers | {"Cookie": cookie})
    if rule.startswith("/api/"):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    else:
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/login?next=%2F"
        assert "Content-Security-Policy" in answer.headers
    assert b"harbour" not in await answer.get_data()


async def test_a_token_revoked_between_two_batches_stores_no_more(
    app: Quart, writer: Client, tmp_path: Any
) -> None:
    del writer
    db = parts_of(app).db
    async with db.read() as session:
        (token,) = await list_tokens(session)
    lines = tmp_path / "lines"
    lines.write_bytes(b'{"username": "ann", "text": "a post"}\n' * (3 * BATCH))
    with lines.open("rb") as file:
        storing = asyncio.create_task(store_lines(db, file, right=Right(token.id, None)))
        await eventually(lambda: counts(app), until=lambda seen: seen[1])
        await revoke_all(app)
        at_revocation = (await counts(app))[1]
        (outcome,) = await asyncio.gather(storing, return_exceptions=True)
    assert type(outcome).__name__ == "UnauthorizedError"
    assert 0 < (await counts(app))[1] == at_revocation < 3 * BATCH

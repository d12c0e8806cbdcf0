"""Pages of other sites: those that `SAYWHO_CORS` names may call the API with a token."""

from collections.abc import AsyncIterator

import pytest
from quart import Quart

from tests.conftest import Client, MakeConfig, app_of, client_with

LISTED, FOREIGN = "https://app.example.org", "https://evil.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization",
}
ALLOW = "Access-Control-Allow-Origin"


@pytest.fixture
async def app(make_config: MakeConfig) -> AsyncIterator[Quart]:
    async with app_of(make_config(cors=frozenset({LISTED}), public=False)) as app:
        yield app


@pytest.mark.parametrize("path", ["/api/v1/users", "/api/v1/tweets/99", "/nowhere", "/", "/login"])
async def test_a_preflight_of_a_listed_origin_is_204_everywhere(anybody: Client, path: str) -> None:
    answer = await anybody.send("OPTIONS", path, headers=PREFLIGHT | {"Origin": LISTED})
    assert (answer.status_code, await answer.get_data()) == (204, b"")
    assert answer.headers[ALLOW] == LISTED
    assert "Origin" in answer.headers.getlist("Vary")
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    other = await anybody.send("OPTIONS", path, headers=PREFLIGHT | {"Origin": FOREIGN})
    plain = await anybody.send("OPTIONS", path)
    assert other.status_code == plain.status_code != 204
    assert ALLOW not in other.headers
    assert ALLOW not in plain.headers


async def test_a_listed_page_reads_and_writes_with_a_token(app: Quart) -> None:
    client = await client_with(app, "write")
    page = {"Origin": LISTED, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    made = await client.post("/api/v1/users", json={"username": "mina"}, headers=page)
    first = await client.get("/api/v1/users/mina", headers=page)
    same = {"If-None-Match": first.headers["ETag"]}
    again = await client.get("/api/v1/users/mina", headers=page | same)
    missing = await client.get("/api/v1/users/no", headers=page)
    wrong = await client.get("/api/v1/users/mina", headers=page | {"Authorization": "Bearer wrong"})
    answers = [made, first, again, missing, wrong]
    assert [answer.status_code for answer in answers] == [201, 200, 304, 404, 401]
    for answer in answers:
        assert answer.headers[ALLOW] == LISTED
        assert "Location" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers.getlist("Vary")
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_nothing_changes_for_others(app: Quart, anybody: Client) -> None:
    client = await client_with(app, "read")
    for origin in (FOREIGN, f"{LISTED}.evil.example", "null", ""):
        answer = await client.get("/api/v1/users", headers={"Origin": origin}, status=200)
        assert ALLOW not in answer.headers
    closed = await anybody.get("/api/v1/users", headers={"Origin": LISTED}, status=401)
    assert ALLOW not in closed.headers
    assert ALLOW not in (await client.get("/login", headers={"Origin": LISTED})).headers

"""A site on loopback answers for its own hosts: no foreign name can be made to lead there."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest
from quart import Quart

from app import create_app
from tests.conftest import Client, config_of
from tests.databases import Databases

URL = {"url": "https://saywho.example:8443"}
PROXY = {"trusted_proxies": 1}
LOOPBACK = ("127.0.0.1", 8000)
Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
async def ask(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ask]:
    """Ask a site with some settings, where a connection arrived, for a path of a host."""
    sites: dict[str, Quart] = {}
    folder = tmp_path_factory.mktemp("hosts")
    async with AsyncExitStack() as stack:

        async def send(settings: dict[str, Any], server: object, path: str, **headers: str) -> Any:
            if (key := str(settings)) not in sites:
                config = config_of(databases, folder / str(len(sites)), **settings)
                sites[key] = create_app(config)
                await stack.enter_async_context(cast(Any, sites[key].test_app()))
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            base = {"server": server, "client": ("127.0.0.1", 50_000)}
            return await Client(sites[key], named).get(path, scope_base=base)

        yield send
    databases.drop(folder)


@pytest.mark.parametrize(
    ("settings", "server", "host", "status"),
    [
        *(({}, LOOPBACK, host, 200) for host in ("localhost:8000", "LOCALHOST.", "[::1]:80")),
        ({}, LOOPBACK, "192.168.0.7", 200),
        *(({}, LOOPBACK, host, 421) for host in ("evil.example", "evil.example:8000", "127.1")),
        *(({}, LOOPBACK, host, 421) for host in ("localhost.evil.example", "saywho.example")),
        ({}, ("::1", 8000), "evil.example", 421),
        ({}, ("::ffff:127.0.0.1", 8000), "evil.example", 421),
        ({}, ("127.0.0.1", "8000"), "evil.example", 421),  # Granian's port is a string.
        ({}, ("192.168.0.7", 8000), "evil.example", 200),
        ({}, ("/run/saywho.sock", None), "evil.example", 200),
        ({}, None, "evil.example", 200),
        (URL, LOOPBACK, "saywho.example", 200),
        (URL, LOOPBACK, "Saywho.Example:8000", 200),
        (URL, LOOPBACK, "localhost", 200),
        (URL, LOOPBACK, "evil.example", 421),
        (URL | PROXY, LOOPBACK, "evil.example", 421),
        (PROXY, LOOPBACK, "any.example", 200),
    ],
    ids=str,
)
async def test_a_host_that_is_not_the_sites_is_421(
    ask: Ask, settings: dict[str, Any], server: object, host: str, status: int
) -> None:
    answer = await ask(settings, server, "/api/v1/users", Host=host)
    assert answer.status_code == status
    if status == 421:
        problem = await answer.get_json()
        assert (problem["status"], answer.mimetype) == (421, "application/problem+json")
        assert "SAYWHO_URL" in problem["detail"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_are_answered_for_any_host(ask: Ask, path: str) -> None:
    assert (await ask({}, LOOPBACK, path, Host="evil.example")).status_code == 200


async def test_a_visitor_of_a_wrong_host_sees_a_page_in_their_language(ask: Ask) -> None:
    answer = await ask({}, LOOPBACK, "/", Host="evil.example", Accept_Language="ko")
    assert (answer.status_code, answer.mimetype) == (421, "text/html")
    page = await answer.get_data(as_text=True)
    assert '<html lang="ko"' in page
    assert "evil.example" in page
    assert "SAYWHO_URL" in page

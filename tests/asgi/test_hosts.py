"""Hosts: a site answers for its own, and proxies are believed as far as they are trusted."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest
from hypothesis import given, settings, strategies as st
from quart import Quart

from app import create_app
from app.asgi.edge import forwarded
from tests.browsing import missing_in
from tests.conftest import Client, config_of
from tests.databases import Databases

URL = {"url": "https://saywho.example:8443"}
PROXY = {"trusted_proxies": 1}
LOOPBACK = ("127.0.0.1", 8000)
ANY = "0.0.0.0"  # noqa: S104 - granian tells this where it listens on all addresses.
PRIVATE = ("172.17.0.2", "192.168.0.7", "::ffff:10.0.0.7", "fd00::2", "fe80::1%eth0", ANY)
"""Addresses of a container and of machines on a LAN."""
NOT_PRIVATE = (("8.8.8.8", 443), ("2606:4700::1", 443), ("/run/saywho.sock", None), None)
Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
async def ask(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ask]:
    """Ask a site with some settings, where a connection arrived, for a path of a host."""
    sites: dict[str, Quart] = {}
    folder = tmp_path_factory.mktemp("hosts")
    async with AsyncExitStack() as stack:

        async def send(settings: dict[str, Any], server: object, path: str, **headers: str) -> Any:
            if (key := str(settings)) not in sites:
                sites[key] = create_app(config_of(databases, folder / str(len(sites)), **settings))
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
        *(({}, (server, 8000), "evil.example", 421) for server in PRIVATE),
        *(({}, (server, 8000), "localhost:8000", 200) for server in PRIVATE),
        *(({}, (server, 8000), "192.168.0.7:8000", 200) for server in PRIVATE),
        *(({}, server, "any.example", 200) for server in NOT_PRIVATE),
        *((URL, server, "evil.example", 421) for server in NOT_PRIVATE),
        *((URL, server, "saywho.example", 200) for server in NOT_PRIVATE),
        *((URL, (server, 8000), "evil.example", 421) for server in PRIVATE),
        *((URL, (server, 8000), "saywho.example", 200) for server in PRIVATE),
        (URL, ("8.8.8.8", 8000), "192.0.2.7", 200),
        (URL, LOOPBACK, "saywho.example", 200),
        (URL, LOOPBACK, "Saywho.Example:8000", 200),
        (URL, LOOPBACK, "localhost", 200),
        (URL, LOOPBACK, "evil.example", 421),
        (URL | PROXY, LOOPBACK, "evil.example", 421),
        (URL | PROXY, ("172.17.0.2", 8000), "evil.example", 421),
        (URL | PROXY, ("172.17.0.2", 8000), "saywho.example", 200),
        (URL | PROXY, None, "evil.example", 421),
        (PROXY, LOOPBACK, "any.example", 200),
        (PROXY, ("172.17.0.2", 8000), "any.example", 200),
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


@pytest.mark.parametrize(
    ("port", "status"), [("0", 400), ("65536", 400), ("99999", 400), ("1", 308), ("65535", 308)]
)
@pytest.mark.parametrize("host", ["localhost", "[::1]"])
async def test_no_answer_leads_to_a_port_that_is_none(
    ask: Ask, host: str, port: str, status: int
) -> None:
    assert (await ask({}, LOOPBACK, "/dashboard", Host=f"{host}:{port}")).status_code == status


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("settings", [{}, URL], ids=["private", "public"])
async def test_probes_are_answered_for_any_host(
    ask: Ask, settings: dict[str, Any], path: str
) -> None:
    assert (await ask(settings, LOOPBACK, path, Host="evil.example")).status_code == 200


async def test_the_host_that_a_proxy_forwards_counts(ask: Ask) -> None:
    for host, status in (("saywho.example", 200), ("evil.example", 421)):
        headers = {"Host": "saywho:8000", "X_Forwarded_Host": host}
        answer = await ask(URL | PROXY, ("172.17.0.2", 8000), "/api/v1/users", **headers)
        assert answer.status_code == status


async def test_a_visitor_of_a_wrong_host_sees_a_page_in_their_language(ask: Ask) -> None:
    answer = await ask({}, LOOPBACK, "/", Host="evil.example", Accept_Language="ko")
    assert (answer.status_code, answer.mimetype) == (421, "text/html")
    page = await answer.get_data(as_text=True)
    assert not missing_in(page, '<html lang="ko"', "evil.example", "SAYWHO_URL에 설정해야 해요")
    # Every address of the page would be one of the wrong host.
    assert re.findall(r'<a [^>]*href="(?!#)', page) == []


HOST = (b"host", b"own.example")
own = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
addresses = own.filter(lambda address: not address.startswith("::ffff:"))
# What a client may invent: any header value, commas and all.
junk = st.lists(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20), max_size=3
)


def scope(*headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "scheme": "http",
        "client": ("127.0.0.1", 4711),
        "headers": [HOST, *((name.encode(), value.encode("latin-1")) for name, value in headers)],
    }


@settings(deadline=None)  # Other work on the machine is no fault.
@given(invented=junk, hops=st.lists(addresses, min_size=1, max_size=3), schemes=st.data())
def test_the_entry_of_the_outermost_trusted_proxy_counts_whatever_stands_before_it(
    invented: list[str], hops: list[str], schemes: st.DataObject
) -> None:
    scheme = schemes.draw(st.sampled_from(["http", "https"]))
    rest = ["http"] * (len(hops) - 1)
    sent = scope(
        ("x-forwarded-for", ",".join([*invented, *hops])),
        ("x-forwarded-proto", ", ".join([*invented, scheme, *rest])),
    )
    seen = forwarded(sent, len(hops))
    assert seen["client"] == (hops[0], 0)
    assert seen["scheme"] == scheme
    assert seen["headers"][0] == HOST


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:DB8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("unknown", None),
        ("", None),
        ("203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.256", None),
        ("[2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),  # One client is called by one name.
        ("<script>", None),
    ],
)
def test_forms_of_an_address(entry: str, address: str | None) -> None:
    seen = forwarded(scope(("x-forwarded-for", entry)), 1)
    assert seen["client"] == ((address, 0) if address else ("127.0.0.1", 4711))


@pytest.mark.parametrize("scheme", ["HTTPS", "javascript", ""])
def test_an_unknown_scheme_is_ignored(scheme: str) -> None:
    assert forwarded(scope(("x-forwarded-proto", scheme)), 1)["scheme"] == "http"


def test_the_forwarded_host_replaces_the_one_that_the_proxy_used() -> None:
    seen = forwarded(scope(("x-forwarded-host", "evil.example, saywho.example.org")), 1)
    assert [value for name, value in seen["headers"] if name == b"host"] == [b"saywho.example.org"]

"""Names of sources that lead into the operator's own network: no visit asks anything there."""

import socket
from collections.abc import Callable

import pytest

from app.config import Config
from app.errors import InvalidInputError
from app.parts.sources.fetching import Fetcher, FetchError
from app.parts.sources.platforms import find_source
from tests.live_platforms import Fault, Platform, live_platform
from tests.parts.sources.conftest import Following

LEADS: dict[str, list[str]] = {
    "127.0.0.1.nip.io": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "127.0.0.1.": ["127.0.0.1"],
    "x": ["127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "half.example": ["93.184.216.34", "127.0.0.1"],
    "outer.example": ["93.184.216.34"],
}
"""Where names lead, for this machine."""
INNER = (
    *("127.0.0.1", "localhost", "LOCALHOST", "127.1", "2130706433", "0x7f000001", "0x7f.1"),
    *("017700000001", "0", "127。0。0。1", "127．0．0．1", "127.0.0.1。"),
    *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]"),
    *(name for name in LEADS if name != "outer.example"),
)
"""Hosts that are this machine."""
Looked = list[str]


@pytest.fixture(autouse=True)
def looked_up(monkeypatch: pytest.MonkeyPatch) -> Looked:
    """Let names lead where the table says, and return those that were looked up."""
    names: Looked = []
    real = socket.getaddrinfo

    def resolve(host: str, port: object, *given: object, **named: object) -> list[object]:
        names.append(host)
        # Whatever is no number is not to be asked of a server of names.
        addresses = LEADS.get(host, [host])
        return [
            answer
            for address in addresses
            for answer in real(address, port, *given, **named)  # type: ignore[arg-type]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return names


@pytest.fixture
def closed(make_following: Callable[..., Following]) -> Following:
    """A follower that may ask public addresses alone; posts wait on this machine."""
    following = make_following(follow_private=False)
    following.platform.add("feed", "a secret of the network")
    return following


@pytest.mark.parametrize("host", INNER)
@pytest.mark.parametrize("source", ["rss:http://{host}:{port}/feed", "mastodon:feed@{host}:{port}"])
async def test_a_visit_refuses_what_leads_into_the_own_network(
    closed: Following, host: str, source: str
) -> None:
    written = source.format(host=host, port=closed.platform.host.rpartition(":")[2])
    # However it came into the list: what a name leads to may have changed since.
    await closed.follow_written(written)
    facts = await closed.visit()
    assert "is in this machine's private network" in str(facts.last_error), facts
    assert (facts.accepted, closed.platform.requests) == (0, [])
    with pytest.raises(InvalidInputError, match="private network"):
        await find_source(closed.config, written)


@pytest.mark.parametrize("port", [22, 25, 0, 1, 445, 1023, 65_536, 99_999])
async def test_no_port_but_those_of_the_web_is_asked(
    platform: Platform, closed: Following, looked_up: Looked, port: int
) -> None:
    for source in (f"me@x:{port}", f"http://outer.example:{port}/", f"rss:https://[::1]:{port}/"):
        with pytest.raises(InvalidInputError, match=f"1024 or higher, not {port}"):
            await find_source(Config(follow_private=True), source)
    web = Fetcher(lambda _: True)
    platform.faults = [Fault(status=302, headers={"Location": f"http://127.0.0.1:{port}/"})]
    with pytest.raises(FetchError, match=f"1024 or higher, not {port}"):
        await web.get(f"{platform.address}/feed", most_bytes=1000)
    await web.aclose()
    assert looked_up == ["127.0.0.1"]


REDIRECTS = (
    *("127.0.0.2", "127。0。0。2", "2130706434", "0x7f000002", "[::ffff:127.0.0.2]"),
    *("user:word@127.0.0.2", "127.0.0.1@127.0.0.2", "half.example"),
)


@pytest.mark.parametrize("host", REDIRECTS)
async def test_no_redirect_leads_into_the_own_network(
    platform: Platform, web: Fetcher, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setitem(LEADS, "half.example", ["127.0.0.1", "127.0.0.2"])
    with live_platform("127.0.0.2") as inner:
        port = inner.host.rpartition(":")[2]
        location = f"http://{host}:{port}/feed".encode().decode("latin-1")
        platform.faults = [Fault(status=302, headers={"Location": location})]
        with pytest.raises(FetchError, match="private network"):
            await web.get(f"{platform.address}/feed", most_bytes=1000)
        assert inner.requests == []


async def test_a_name_that_leads_elsewhere_after_it_was_added_is_not_asked(
    closed: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = closed.platform.host.rpartition(":")[2]
    written = f"rss:http://outer.example:{port}/feed"
    assert str(await find_source(closed.config, written)) == written
    await closed.follow_written(written)
    monkeypatch.setitem(LEADS, "outer.example", ["127.0.0.1"])
    facts = await closed.visit()
    assert "outer.example is in this machine's private network" in str(facts.last_error)
    assert closed.platform.requests == []

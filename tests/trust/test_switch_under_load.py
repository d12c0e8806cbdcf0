"""A site under load that is made private: a second later nobody reads anything of it."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.archives import picture, x_media, x_media_members, x_zip
from tests.trust.site import Site, site_of
from tests.waiting import eventually

pytestmark = pytest.mark.full

READ: Final = (
    *("/", "/user/mina", "/search?q=harbour", "/dashboard/", "/feed.atom", "/api/v1/stats"),
    *("/api/v1/users", "/api/v1/users/mina/tweets", "/api/v1/search?q=harbour"),
    "/api/v1/compare?text=harbour+light&username=mina&username=jun",
    f"/media/{sha256(picture(1)).hexdigest()}.png",
)
LONG: Final = ("/api/v1/export", "/api/v1/live", "/api/v1/live?after=0")
"""What takes as long as its client, or the site."""
READERS: Final = 12
LISTENERS: Final = 12
POSTS: Final = 20_000
OFTEN: Final = 4
"""Times that each address is read before the switch."""
TAKEN_BYTES: Final = 32 * 1024
PASSWORD: Final = "a long password"
ENDED_S: Final = 20.0
HELD_S: Final = 1.0
"""Within this time answers that were asked for before have come."""


@dataclass(slots=True)
class Visitors:
    """Who reads without signing in, and what they got when."""

    client: httpx.AsyncClient
    slow_client: httpx.AsyncClient
    read: list[tuple[float, float, str]] = field(default_factory=list)
    """When an answer was asked for and had come, by the clock, and its address."""
    broken_off: list[tuple[float, str]] = field(default_factory=list)
    """When answers were asked for that had no end, and their addresses."""
    begun: int = 0
    """How many answers that take long have begun."""
    refused: int = 0
    cut: Counter[str] = field(default_factory=Counter)
    """How often what takes long broke off, by address."""
    is_switched: bool = False
    is_over: bool = False

    async def reload(self, number: int) -> None:
        while not self.is_over:
            path = READ[number % len(READ)]
            number += 1
            asked = time.monotonic()
            try:
                answer = await self.client.get(path)
            except httpx.RemoteProtocolError:
                self.broken_off.append((asked, path))
                continue
            if answer.status_code == 200:
                self.read.append((asked, time.monotonic(), path))
            else:
                assert answer.status_code in {303, 401}, (path, answer.status_code)
                self.refused += 1

    async def least_read(self) -> int:
        """Return how often the address was read that was read least."""
        counts = Counter(path for _, _, path in self.read)
        return min(counts[path] for path in READ)

    async def number_begun(self) -> int:
        return self.begun

    async def hold(self, path: str) -> None:
        """Take an answer slowly, as long as it lasts."""
        try:
            async with self.slow_client.stream("GET", path) as answer:
                assert answer.status_code == 200
                self.begun += 1
                async for _ in answer.aiter_bytes(4096):
                    # What waits in the system's own memory was sent before the switch.
                    await asyncio.sleep(0.0 if self.is_switched else 0.01)
        except httpx.TransportError:
            self.cut[path] += 1


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A site of two workers with two authors, a picture, and an operator."""
    with site_of(request.param, tmp_path) as site:
        installation = site.installation
        posts = "".join(
            f'{{"username": "{name}", "text": "the harbour light {n}", "id": "{n}"}}\n'
            for name in ("mina", "jun")
            for n in range(POSTS // 2)
        )
        (tmp_path / "posts.jsonl").write_text(posts)
        media = {1: [x_media("https://p.example/a.png")]}
        archive = x_zip(tmp_path / "x.zip", x_media_members(media, {"1-a.png": picture(1)}))
        installation.done("import", tmp_path / "posts.jsonl", "--no-media")
        installation.done("import", archive, "--username", "zoe")
        installation.done("operator", "add", "ann", "--password-stdin", stdin=f"{PASSWORD}\n")
        yield site


@pytest.mark.timeout(240)
async def test_nothing_is_readable_a_second_after_the_switch(site: Site) -> None:
    limits = httpx.Limits(max_connections=None)
    same = {"Sec-Fetch-Site": "same-origin"}
    # Else the system takes megabytes for a client, which reads them seconds after they were sent.
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, TAKEN_BYTES)]
    slow = httpx.AsyncHTTPTransport(limits=limits, socket_options=small)
    async with (
        httpx.AsyncClient(base_url=site.url(), limits=limits, timeout=60) as client,
        httpx.AsyncClient(base_url=site.url(), transport=slow, timeout=60) as slow_client,
        httpx.AsyncClient(base_url=site.url(), headers=same, timeout=60) as operator,
    ):
        form = {"name": "ann", "password": PASSWORD}
        assert (await operator.post("/login", data=form)).status_code == 303
        visitors = Visitors(client, slow_client)
        async with asyncio.TaskGroup() as group:
            for number in range(READERS):
                group.create_task(visitors.reload(number))
            await eventually(visitors.least_read)
            held = [
                group.create_task(visitors.hold(LONG[number % len(LONG)]))
                for number in range(LISTENERS)
            ]
            await eventually(visitors.number_begun, until=LISTENERS.__eq__)
            # Most is kept by both workers by then.
            await eventually(visitors.least_read, until=lambda times: times >= OFTEN)
            assert (await operator.post("/settings/reading", data={"public": "0"})).is_redirect
            switched, visitors.is_switched = time.monotonic(), True
            _, unfinished = await asyncio.wait(held, timeout=ENDED_S)
            await asyncio.sleep(HELD_S)
            visitors.is_over = True
        assert not unfinished
        assert (await operator.get("/api/v1/users/mina")).status_code == 200
    assert [entry for entry in visitors.read if entry[0] > switched] == []
    assert [entry for entry in visitors.read if entry[1] > switched + HELD_S] == []
    assert [entry for entry in visitors.broken_off if entry[0] > switched] == []
    assert visitors.cut["/api/v1/export"] == LISTENERS / len(LONG)
    assert visitors.refused > READERS
    assert "Traceback" not in site.server.log()

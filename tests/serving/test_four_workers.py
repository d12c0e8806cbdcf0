"""Four workers write and read one database at once, while one of them is killed."""

import asyncio
import json
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.databases import Databases
from tests.installation import Installation
from tests.serving.test_server import SERVE, serving
from tests.waiting import DEADLINE_S, eventually

SECONDS: Final = {"sqlite": 20.0, "postgresql": 10.0}
KILLED_AFTER_S: Final = 4.0
AUTHORS: Final = 6
CLIENTS: Final = 12
LISTENERS: Final = 4


@dataclass(slots=True)
class Seen:
    """What the clients know: posts acknowledged, and events that came to each listener."""

    acknowledged: dict[str, dict[int, int]] = field(default_factory=dict)
    """Of each author, the acknowledged posts and their events."""
    events: list[list[int]] = field(default_factory=lambda: [[] for _ in range(LISTENERS)])
    announced: list[dict[int, int]] = field(default_factory=lambda: [{} for _ in range(LISTENERS)])
    """Of each listener, the event of each post."""
    reads: int = 0
    unanswered: int = 0


async def write_and_read(
    client: httpx.AsyncClient, seen: Seen, number: int, end: float, *, tells: bool
) -> None:
    """Post and read in turn; every list must hold what was acknowledged before it was asked for.

    `tells`: where a worker hears of the others' commits a moment later, readers say what they know.
    """
    chance = random.Random(number)  # noqa: S311 - no secret
    while time.monotonic() < end:
        author = f"author{chance.randrange(AUTHORS)}"
        path = f"/api/v1/users/{author}/tweets"
        try:
            if chance.random() < 0.4:
                text = f"client {number} writes {chance.getrandbits(64)}"
                answer = await client.post(path, json={"text": text})
                assert answer.status_code == 201, answer.text
                event = int(answer.headers["Saywho-Event"])
                seen.acknowledged[author][answer.json()["id"]] = event
            else:
                known = set(seen.acknowledged[author])
                newest = max(seen.acknowledged[author].values(), default=0)
                after = {"Saywho-After": str(newest)} if tells else {}
                answer = await client.get(path, params={"limit": 200}, headers=after)
                assert answer.status_code == 200, answer.text
                page = answer.json()
                listed = {post["id"] for post in page["items"]}
                if page["next"] is not None:
                    # Those that an author wrote in one second are in the order of their ids.
                    known = {each for each in known if each > max(listed) - 50}
                assert known <= listed, f"stale: {sorted(known - listed)} are missing"
                seen.reads += 1
        except (httpx.ReadError, httpx.RemoteProtocolError, httpx.ConnectError):
            # The worker that was asked has been killed; nobody knows whether a post is stored.
            seen.unanswered += 1


async def listen(client: httpx.AsyncClient, seen: Seen, number: int) -> None:
    """Follow the live stream, and resume after the last event whenever it breaks off."""
    while True:
        place = {"Last-Event-ID": str(seen.events[number][-1] if seen.events[number] else 0)}
        try:
            async with client.stream(
                "GET", "/api/v1/live", headers=place, timeout=DEADLINE_S
            ) as stream:
                event = 0
                async for line in stream.aiter_lines():
                    if line.startswith("id: "):
                        event = int(line.removeprefix("id: "))
                        seen.events[number].append(event)
                    elif line.startswith("data: ") and event:
                        data = json.loads(line.removeprefix("data: "))
                        if "text" in data:
                            seen.announced[number][data["id"]] = event
        except httpx.TransportError:
            continue


async def kill_a_worker(workers: list[int]) -> None:
    await asyncio.sleep(KILLED_AFTER_S)  # In the middle of everything.
    os.kill(workers[1], signal.SIGKILL)


async def storm(client: httpx.AsyncClient, seen: Seen, workers: list[int], kind: str) -> None:
    """Write, read and listen at once; return when all listeners have what was acknowledged."""
    end = time.monotonic() + SECONDS[kind]
    tells = kind == "postgresql"
    async with asyncio.TaskGroup() as everybody:
        listeners = [
            everybody.create_task(listen(client, seen, number)) for number in range(LISTENERS)
        ]
        async with asyncio.TaskGroup() as clients:
            clients.create_task(kill_a_worker(workers))
            for number in range(CLIENTS):
                clients.create_task(write_and_read(client, seen, number, end, tells=tells))
        last = max(event for posts in seen.acknowledged.values() for event in posts.values())

        async def heard() -> bool:
            return all(events and events[-1] >= last for events in seen.events)

        await eventually(heard)
        for listener in listeners:
            listener.cancel()


@pytest.mark.timeout(150)
def test_no_event_is_lost_or_doubled_and_no_answer_is_stale(
    tmp_path: Path, databases: Databases
) -> None:
    seen = Seen(acknowledged={f"author{number}": {} for number in range(AUTHORS)})
    (tmp_path / "instance").mkdir()
    url = databases.make(tmp_path / "instance")
    settings = {"SAYWHO_ACCESS_LOG": "0", "SAYWHO_DATABASE_URL": url}
    installation = Installation(tmp_path / "instance", settings)
    with serving(installation, *SERVE, "--workers", "4") as server:
        server.token = installation.json("token", "add", "test", "--scope", "write")["token"]
        for author in seen.acknowledged:
            assert server.send("POST", "/api/v1/users", {"username": author})[0] == 201
        workers = server.workers()
        assert len(workers) == 4

        async def run() -> None:
            limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{server.port}",
                headers={"Authorization": f"Bearer {server.token}"},
                limits=limits,
                timeout=DEADLINE_S,
            ) as client:
                await storm(client, seen, workers, databases.kind)

        asyncio.run(run())
        installation.wait_until(
            lambda: len(server.workers()) == 4 and workers[1] not in server.workers()
        )
        stored = stored_posts(server, list(seen.acknowledged))
        assert installation.json("check") == {"ok": True, "faults": []}
    databases.drop(tmp_path)

    assert seen.reads > 50
    acknowledged = {post for posts in seen.acknowledged.values() for post in posts}
    assert len(acknowledged) > 50
    assert acknowledged <= stored
    # Only requests that the killed worker had taken may be stored without an acknowledgement.
    assert len(stored - acknowledged) <= seen.unanswered <= CLIENTS * 2
    for events, announced in zip(seen.events, seen.announced, strict=True):
        assert events == sorted(set(events))
        assert set(announced) == stored
    by_event = {
        event: post for posts in seen.acknowledged.values() for post, event in posts.items()
    }
    for announced in seen.announced:
        assert {event: post for post, event in announced.items()}.items() >= by_event.items()


def stored_posts(server: Any, authors: list[str]) -> set[int]:
    """Return the ids of all posts, page by page."""
    ids: set[int] = set()
    for author in authors:
        path = f"/api/v1/users/{author}/tweets?limit=200"
        cursor = ""
        while cursor is not None:
            page = server.send("GET", path + (f"&cursor={cursor}" if cursor else ""))[2]
            ids |= {post["id"] for post in page["items"]}
            cursor = page["next"]
    return ids

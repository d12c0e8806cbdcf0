"""A client of the live stream, who checks that each event comes once."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

from tests.waiting import eventually

RETRY_S: Final = 0.05


@dataclass(slots=True)
class Listener:
    """A client of the live stream, who hangs up now and then and resumes where it was."""

    url: Callable[[], str]
    events: list[int] = field(default_factory=list)
    created: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    connects: int = 0

    async def follow(self, client: httpx.AsyncClient, chance: Random, *, most: int) -> None:
        """Follow, and hang up after up to `most` events each time."""
        while True:
            try:
                await self._listen(client, chance.randrange(1, most))
            except httpx.TransportError:
                await asyncio.sleep(RETRY_S)

    async def _listen(self, client: httpx.AsyncClient, most: int) -> None:
        place = {"Last-Event-ID": str(self.events[-1] if self.events else 0)}
        async with client.stream("GET", f"{self.url()}/api/v1/live", headers=place) as stream:
            if stream.status_code != 200:
                assert stream.status_code == 503
                await asyncio.sleep(RETRY_S)
                return
            self.connects += 1
            kind, event = "", 0
            async for line in stream.aiter_lines():
                name, _, value = line.partition(": ")
                assert (name, value) != ("event", "reset"), "the stream began again"
                if name == "event":
                    kind = value
                elif name == "id":
                    event = int(value)
                elif name == "data" and kind != "ready":  # That is a place.
                    self.events.append(event)
                    self._note(kind, json.loads(value))
                    kind, event, most = "", 0, most - 1
                    if not most:
                        return

    async def wait_for(self, created: set[int], removed: set[int]) -> None:
        """Wait until all of these were announced. Raises AssertionError if one comes twice."""

        async def lacking() -> set[int]:
            return (created - set(self.created)) | (removed - set(self.removed))

        await eventually(lacking, until=lambda ids: not ids)
        assert self.events == sorted(set(self.events)), "an event came twice, or late"
        for ids in (self.created, self.removed):
            assert len(set(ids)) == len(ids), "a post was announced twice"

    def _note(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "tweet.created":
            self.created.append(data["id"])
        elif kind == "tweet.deleted":
            self.removed.append(data["id"])


@dataclass(slots=True)
class GameListener:
    """A player who follows a game: it never goes back, and says nothing too early."""

    address: str
    version: int = 0
    state: str = ""

    async def follow(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        """Follow until the game has ended."""
        while self.state != "ended":
            try:
                await self._listen(client, headers)
            except httpx.TransportError:
                await asyncio.sleep(RETRY_S)

    async def _listen(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        async with client.stream("GET", self.address, headers=headers) as stream:
            if stream.status_code != 200:
                assert stream.status_code == 503
                await asyncio.sleep(RETRY_S)
                return
            async for line in stream.aiter_lines():
                if line.startswith('data: {"state"'):
                    self._note(json.loads(line.removeprefix("data: ")))
                if self.state == "ended":
                    return

    def _note(self, document: dict[str, Any]) -> None:
        assert document["version"] >= self.version, (document, self.version)
        self.version, self.state = document["version"], document["state"]
        assert self.state != "asking" or document["truth"] is document["saywho"] is None

"""Clients of live streams, as a server hands them to an app in this process."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from quart import Quart

from app.asgi.streams import PUSH
from tests.browsing import scope_of
from tests.waiting import eventually

PATH: Final = "/api/v1/live"
NONE: Final[Mapping[str, str]] = {}


class Listener:
    """A client as a server hands it to the app; it takes what is sent while `takes` is set.

    Our HTTP/1.1 lets the app push to it, and other servers do not.
    """

    pushes = True

    def __init__(
        self,
        app: Quart,
        query: str = "",
        headers: Mapping[str, str] = NONE,
        *,
        path: str = PATH,
        method: str = "GET",
        root_path: str = "",
    ) -> None:
        self.takes = asyncio.Event()
        self.takes.set()
        self.messages: list[Any] = []
        self._read = 0
        self._waiting = 0
        self._coming: asyncio.Queue[Any] = asyncio.Queue()
        self._coming.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        scope = scope_of(method, f"{path}?{query}", {"Host": "here", **headers})
        scope["root_path"] = root_path
        if self.pushes:
            scope["extensions"][PUSH] = {"push": self._push}
        self.answer = asyncio.ensure_future(app(scope, self._coming.get, self._send))

    @property
    def is_held(self) -> bool:
        """Whether something waits to be taken."""
        return self._waiting > 0

    async def _send(self, message: Any) -> None:
        self._waiting += 1
        await self.takes.wait()
        self._waiting -= 1
        self.messages.append(message)

    def _push(self, data: bytes) -> bool:
        if self.takes.is_set():
            self.messages.append({"type": "http.response.body", "body": data, "more_body": True})
        return self.takes.is_set()

    def leave(self) -> None:
        self.takes.set()
        self._coming.put_nowait({"type": "http.disconnect"})

    @property
    def blocks(self) -> list[dict[str, str]]:
        """The fields of all that was sent, without comments; of an empty block, none."""
        blocks, fields = list[dict[str, str]](), dict[str, str]()
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
            elif not line:
                blocks.append(fields)
                fields = {}
        return blocks

    @property
    def comments(self) -> list[str]:
        return [line.removeprefix(": ") for line in self._lines if line.startswith(":")]

    @property
    def _lines(self) -> list[str]:
        """All whole lines."""
        text = b"".join(message.get("body", b"") for message in self.messages).decode()
        return text.split("\n")[:-1]

    @property
    def ids(self) -> list[int]:
        """The numbers of the events after the beginning."""
        return [int(block["id"]) for block in self.events if "id" in block]

    @property
    def events(self) -> list[dict[str, str]]:
        """The events but `ready`, with which a stream begins."""
        return [block for block in self.blocks if block.get("event", "ready") != "ready"]

    @property
    def place(self) -> str:
        """Where an EventSource would resume: the last number."""
        return [block["id"] for block in self.blocks if "id" in block][-1]

    async def next(self, count: int = 1, *, with_id: bool = True) -> list[tuple[int, str, Any]]:
        """Return the next events as numbers, kinds and data; one without a number has -1."""

        async def found() -> list[tuple[int, str, Any]]:
            return [
                (int(block.get("id", -1)), block["event"], json.loads(block["data"]))
                for block in self.events
                if "id" in block or not with_id
            ]

        events = await eventually(found, until=lambda seen: len(seen) >= self._read + count)
        self._read += count
        return events[self._read - count : self._read]


@asynccontextmanager
async def listening(
    app: Quart,
    *queries: str,
    headers: Mapping[str, str] = NONE,
    path: str = PATH,
    root_path: str = "",
) -> AsyncIterator[list[Listener]]:
    """Give listeners whose streams have begun."""
    listeners = [
        Listener(app, query, headers, path=path, root_path=root_path) for query in queries or ("",)
    ]

    async def begun() -> int:
        return sum(bool(listener.messages) for listener in listeners)

    try:
        await eventually(begun, until=lambda count: count == len(listeners))
        yield listeners
    finally:
        for each in listeners:
            each.leave()
        await asyncio.gather(*(listener.answer for listener in listeners))

"""hypercorn's connections, cheaper for each request: half of what an answer from the cache costs.

A timer stands in the place of the two tasks that hypercorn begins after each answer and cancels
when the next request comes. The head of an answer is written together with what follows. Headers
are checked once and not each time they are sent. The private names of hypercorn and h11 that this
rests on have tests, and it is used only with the versions that these have passed.
"""

import asyncio
from functools import lru_cache
from time import time
from typing import Any, Final

import h11
from h11._headers import Headers, normalize_and_validate
from hypercorn import protocol
from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import RawData
from hypercorn.protocol.events import Event, Response
from hypercorn.protocol.h11 import H11Protocol

KEY: Final = "saywho_idle"
FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"connection"})
"""What says where an answer ends is looked at each time."""
NEVER_TWICE: Final = frozenset({b"x-request-id"})


def use_cheap_connections() -> None:
    """Let hypercorn serve with what is in this module; it has no setting for it."""
    vars(run)["TCPServer"] = Connection
    vars(protocol)["H11Protocol"] = Http1


class Connection(TCPServer):
    """One client's connection."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.idle_task = IdleTimer(self)  # type: ignore[assignment]

    async def close_idle(self) -> None:
        await self._initiate_server_close()


class IdleTimer:
    """Closes a connection that is idle for too long; in the place of hypercorn's single task."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._watch = Watch.of(connection.context)
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def restart(self, _task_group: object, _action: object) -> None:
        """Count from now; the action would do what `expire` does."""
        await self.stop()
        connection = self._connection
        if connection.context.terminated.is_set():
            self.expire()
            return
        self._watch.idle.add(self)
        timeout_s = connection.config.keep_alive_timeout
        self._timer = connection.loop.call_later(timeout_s, self.expire)

    async def stop(self) -> None:
        self._watch.idle.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def expire(self) -> None:
        self._closing = self._connection.loop.create_task(self._connection.close_idle())


class Watch:
    """A worker's idle connections: a stop ends them."""

    def __init__(self, context: WorkerContext) -> None:
        self.idle: set[IdleTimer] = set()
        self._task = asyncio.create_task(self._end_idle(context))

    @classmethod
    def of(cls, context: WorkerContext) -> "Watch":
        """Return the watch of a worker, begun with its first connection."""
        watch: Watch | None = getattr(context, KEY, None)
        if watch is None:
            watch = cls(context)
            setattr(context, KEY, watch)
        return watch

    async def _end_idle(self, context: WorkerContext) -> None:
        await context.terminated.wait()
        for timer in list(self.idle):
            timer.expire()


class Http1(H11Protocol):
    """HTTP/1.1 on one connection."""

    _head = b""
    """Of the answer under way, until something follows."""

    async def stream_send(self, event: Event) -> None:
        is_last = self.keep_alive_requests >= self.config.keep_alive_max_requests
        if not isinstance(event, Response) or event.status_code < 200 or is_last:
            await super().stream_send(event)
            return
        headers = checked([*event.headers, *own_headers(self.config, int(time()))])
        await self._send_h11_event(h11.Response(headers=headers, status_code=event.status_code))

    async def _send_h11_event(self, event: Any) -> None:
        try:
            data = self.connection.send(event)
        except h11.LocalProtocolError:
            if self.connection.their_state != h11.ERROR:
                raise
            return
        if type(event) is h11.Response:
            self._head = data
        elif data := self._head + data:
            self._head = b""
            await self.send(RawData(data=data))


@lru_cache(maxsize=4)
def own_headers(config: Config, _second: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return hypercorn's own headers, which change each second."""
    return tuple(config.response_headers("h11"))


def checked(headers: list[tuple[bytes, bytes]]) -> Headers:
    """Return headers that h11 sends as they are. Raises h11.LocalProtocolError for bad ones."""
    items = []
    framing = []
    for name, value in headers:
        if name.lower() in FRAMING:
            framing.append((name, value))
        elif name in NEVER_TWICE:
            items.append(_item.__wrapped__(name, value))
        else:
            items.append(_item(name, value))
    return Headers(items + normalize_and_validate(framing)._full_items)


@lru_cache(maxsize=2_000)
def _item(name: bytes, value: bytes) -> tuple[bytes, bytes, bytes]:
    return normalize_and_validate([(name, value)])._full_items[0]

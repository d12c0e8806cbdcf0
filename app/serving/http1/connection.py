"""Connections: a timer replaces the task that hypercorn starts and cancels around each request."""

import asyncio
from http import HTTPStatus
from typing import Any, Final
from weakref import WeakKeyDictionary

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.events import Closed, Event

from app.serving.http1.exchange import HEAD_BEGUN, Http1

HEAD_S: Final = 15.0
"""Time limit for the head of a request, in seconds from its first byte."""


class Connection(TCPServer):
    """One client's connection."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._timer = IdleTimer(self)
        self.idle_task = self._timer  # type: ignore[assignment]

    async def protocol_send(self, event: Event) -> None:
        """Send bytes, or note how the connection is."""
        if event is HEAD_BEGUN:
            self._timer.hurry()
        else:
            await super().protocol_send(event)

    async def close_idle(self) -> None:
        """Close a connection on which no request is under way, or only the head of one."""
        protocol = self.protocol.protocol
        is_stopping = self.context.terminated.is_set()
        if isinstance(protocol, Http1) and protocol.is_in_head and not is_stopping:
            await protocol.refuse(HTTPStatus.REQUEST_TIMEOUT)
        await self.protocol.handle(Closed())
        self.writer.close()


class IdleTimer:
    """Closes a connection that is idle for too long."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._idle = _idle_of(connection.context)
        self._timer: asyncio.TimerHandle | None = None
        self._is_hurried = False
        self._closing: asyncio.Task[None] | None = None

    async def restart(self, _task_group: object, _action: object) -> None:
        """Count from now; hypercorn's action would do the same as `expire`."""
        if self._connection.context.terminated.is_set():
            self.expire()
            return
        self._idle.add(self)
        self._is_hurried = False
        self._expire_after(self._connection.config.keep_alive_timeout)

    async def stop(self) -> None:
        """Stop counting: a request is under way, or the connection is closed."""
        self._idle.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def hurry(self) -> None:
        """Count from now for a head that has begun; later bytes of it do not count again."""
        if not self._is_hurried:
            self._is_hurried = True
            self._expire_after(HEAD_S)

    def expire(self) -> None:
        """Close the connection."""
        self._closing = self._connection.loop.create_task(self._connection.close_idle())

    def _expire_after(self, timeout_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._connection.loop.call_later(timeout_s, self.expire)


_workers: WeakKeyDictionary[WorkerContext, tuple[set[IdleTimer], asyncio.Task[None]]] = (
    WeakKeyDictionary()
)


def _idle_of(context: WorkerContext) -> set[IdleTimer]:
    """Return the idle connections of a worker, which are closed when it stops."""
    if context not in _workers:
        idle: set[IdleTimer] = set()
        _workers[context] = idle, asyncio.create_task(_close_at_stop(context, idle))
    return _workers[context][0]


async def _close_at_stop(context: WorkerContext, idle: set[IdleTimer]) -> None:
    await context.terminated.wait()
    for timer in list(idle):
        timer.expire()

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


class TimedConnection(TCPServer):
    """One client's connection, which is closed when it is idle for too long."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.idle_task = self  # type: ignore[assignment]
        self._idle = _idle_of(self.context)
        self._timer: asyncio.TimerHandle | None = None
        self._is_hurried = False
        self._closing: asyncio.Task[None] | None = None

    async def protocol_send(self, event: Event) -> None:
        """Send bytes, or note how the connection is."""
        if event is not HEAD_BEGUN:
            await super().protocol_send(event)
        elif not self._is_hurried:  # Later bytes of a head give it no more time.
            self._is_hurried = True
            self._expire_after(HEAD_S)

    async def restart(self, _task_group: object, _action: object) -> None:
        """Count the time from now; hypercorn's action would do the same as `expire`."""
        if self.context.terminated.is_set():
            self.expire()
            return
        self._idle.add(self)
        self._is_hurried = False
        self._expire_after(self.config.keep_alive_timeout)

    async def stop(self) -> None:
        """Stop counting: a request is under way, or the connection is closed."""
        self._idle.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def expire(self) -> None:
        """Close the connection, on which no request is under way, or only the head of one."""
        self._closing = self.loop.create_task(self._close_idle())

    def _expire_after(self, timeout_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(timeout_s, self.expire)

    async def _close_idle(self) -> None:
        protocol = self.protocol.protocol
        is_stopping = self.context.terminated.is_set()
        if isinstance(protocol, Http1) and protocol.is_in_head and not is_stopping:
            await protocol.refuse(HTTPStatus.REQUEST_TIMEOUT)
        await self.protocol.handle(Closed())
        self.writer.close()


_workers: WeakKeyDictionary[WorkerContext, tuple[set[TimedConnection], asyncio.Task[None]]] = (
    WeakKeyDictionary()
)


def _idle_of(context: WorkerContext) -> set[TimedConnection]:
    """Return the idle connections of a worker, which are closed when it stops."""
    if context not in _workers:
        idle: set[TimedConnection] = set()
        _workers[context] = idle, asyncio.create_task(_close_at_stop(context, idle))
    return _workers[context][0]


async def _close_at_stop(context: WorkerContext, idle: set[TimedConnection]) -> None:
    await context.terminated.wait()
    for connection in list(idle):
        connection.expire()

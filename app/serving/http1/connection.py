"""Connections: a timer replaces the task that hypercorn starts and cancels around each request."""

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, cast

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.events import Closed, Event, RawData

from app.serving.http1.exchange import (
    ANSWERED,
    BROKEN_OFF,
    BUSY,
    CLIENT_GONE,
    HEAD_BEGUN,
    IDLE,
    Http1,
)

HEAD_S: Final = 15.0
"""Time limit for the head of a request, in seconds from its first byte."""
CLOSING_S: Final = 10.0
"""Time limit for sending what is left of a connection that is being closed, in seconds."""
TAKING_S: Final = 30.0
"""Time in which a client has to take something of its answer, in seconds. The first look comes when
an idle connection would be closed."""
STOPPING_S: Final = 1.0
"""Time limit for closing an idle connection at a stop, in seconds: over TLS its client is asked."""
UNSENT_BYTES: Final = 16_384
"""Bytes of an answer over TLS that the kernel takes beyond what it has sent. Closing has a time
limit there, which counts for what the kernel still has: for megabytes without this limit."""
LINGER_NOT: Final = struct.pack("ii", 1, 0)
"""Makes the kernel drop what it has not sent yet (SO_LINGER)."""

IDLE_CONNECTIONS: Final = "saywho_idle_connections"
"""Under which hypercorn's context of a worker has its idle connections, and what closes them."""


class TimedConnection(TCPServer):
    """One client's connection, which is closed when it is idle for too long."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.idle_task = self  # type: ignore[assignment]
        self._idle = _idle_of(self.context)
        self._timer: asyncio.TimerHandle | None = None
        self._due: float | None = None
        """When the connection expires, by the loop's time; None while nothing is counted."""
        self._looks_at = 0.0
        """When the timer looks whether that is so; a timer for each request costs 2% of one."""
        self._is_hurried = False
        self._sent = 0
        """Number of parts that were sent."""
        self._unsent = 0, 0
        """At the last look: the parts, and the bytes of the last one that were not taken."""
        self._closing: asyncio.Task[None] | None = None
        # A write is tried at once, and `drain` waits for all of it: the kernel has large buffers.
        # With 0, a transport over TLS pauses its writer when all is sent, and never resumes it
        # (https://github.com/python/cpython/issues/102792; uvloop does the same).
        self.writer.transport.set_write_buffer_limits(high=1)
        if self.writer.get_extra_info("ssl_object") is not None:
            wire = self.writer.get_extra_info("socket")
            with contextlib.suppress(OSError):  # A socket in a folder has no such limit.
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    async def run(self) -> None:
        """Serve the connection until it is closed."""
        try:
            await super().run()
        except OSError as error:
            # uvloop reports it late if the client had gone before the end of an answer was sent.
            if error.errno != errno.ENOTCONN:
                raise
        finally:
            if self._closing is not None:
                await asyncio.wait([self._closing])
            # What was still being closed may have started it again.
            self._stop_timer()
            # These refer back to the connection, which would stay in memory until the collector
            # runs: after a storm of reconnections each client had a second one.
            for name in ("idle_task", "protocol"):
                vars(self).pop(name, None)

    async def protocol_send(self, event: Event) -> None:
        """Send bytes, or note how the connection is."""
        if isinstance(event, RawData):
            self._sent += 1
            await super().protocol_send(event)
        elif event is BUSY:
            self._stop_counting()
        elif event is IDLE:
            self._count_idle()
        elif event is CLIENT_GONE:
            self._abort_after(CLOSING_S)
        elif event is HEAD_BEGUN:
            if not self._is_hurried:  # Later bytes of a head give it no more time.
                self._is_hurried = True
                self._expire_after(HEAD_S)
        elif event is ANSWERED:
            self._linger()
        else:
            if event is BROKEN_OFF and self.writer.transport.get_write_buffer_size():
                self._abort()
            elif isinstance(event, Closed):
                self._close_after(CLOSING_S)
            await super().protocol_send(event)

    async def restart(self, _task_group: object, _action: object) -> None:
        """Begin to count; hypercorn's action would do the same as `expire`."""
        if isinstance(protocol := self.protocol.protocol, Http1):
            protocol.transport = self.writer.transport
        self._count_idle()

    async def stop(self) -> None:
        """Stop counting: the connection is closed."""
        self._stop_counting()
        self._stop_timer()

    def _linger(self) -> None:
        """Send nothing more, and discard what still comes until the client closes.

        A kernel that has unread bytes resets the connection, and drops what was not taken yet.
        """
        self._idle.add(self)  # A stop does not wait for it.
        self._close_after(STOPPING_S if self.context.terminated.is_set() else CLOSING_S)
        try:
            self.writer.write_eof()
        except (NotImplementedError, OSError, RuntimeError):
            self.writer.close()  # Over TLS a transport discards by itself.

    def _count_idle(self) -> None:
        """Count the time from now, until a request begins."""
        if self.context.terminated.is_set():
            self.expire()
            return
        self._idle.add(self)
        self._is_hurried = False
        self._expire_after(self.config.keep_alive_timeout)

    def _stop_counting(self) -> None:
        self._idle.discard(self)
        self._due = None

    def expire(self) -> None:
        """Close the connection, on which no request is under way, or only the head of one."""
        if self._closing is None:
            self._closing = self.loop.create_task(self._close_idle())

    def _expire_after(self, timeout_s: float) -> None:
        self._due = self.loop.time() + timeout_s
        if self._timer is None or self._due < self._looks_at:
            self._start_timer(timeout_s, self._look)

    def _look(self) -> None:
        """Expire if that is due; while a request is under way, drop a client that takes nothing."""
        self._timer = None
        if self._due is None:
            self._look_at_unsent()
            return
        left_s = self._due - self.loop.time()
        if left_s > 0:
            self._start_timer(left_s, self._look)
        else:
            self.expire()

    def _look_at_unsent(self) -> None:
        unsent = self._sent, self.writer.transport.get_write_buffer_size()
        if unsent[1] and unsent == self._unsent:
            self._abort()
        else:
            self._unsent = unsent
            self._start_timer(TAKING_S, self._look)

    def _start_timer(self, delay_s: float, action: Callable[[], None]) -> None:
        self._stop_timer()
        self._looks_at = self.loop.time() + delay_s
        self._timer = self.loop.call_later(delay_s, action)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _abort_after(self, timeout_s: float) -> None:
        """Give hypercorn that time to close the connection: it waits until all has been sent."""
        self._start_timer(timeout_s, self._abort)

    def _close_after(self, timeout_s: float) -> None:
        """Close the connection then at the latest; the kernel goes on sending what it has."""
        self._start_timer(timeout_s, self.writer.transport.abort)

    def _abort(self) -> None:
        """Drop the connection, with what its client does not take."""
        wire = self.writer.get_extra_info("socket")
        if wire is None or wire.fileno() < 0:
            return  # Its client has closed it, and the request takes a while to end.
        with contextlib.suppress(OSError):  # macOS refuses it for what was shut down.
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.writer.transport.abort()

    async def _close_idle(self) -> None:
        protocol = self.protocol.protocol
        is_stopping = self.context.terminated.is_set()
        self._abort_after(CLOSING_S)
        if isinstance(protocol, Http1) and protocol.is_in_head and not is_stopping:
            await protocol.refuse(HTTPStatus.REQUEST_TIMEOUT)
        await self.protocol.handle(Closed())
        self._close_after(STOPPING_S if is_stopping else CLOSING_S)
        self.writer.close()


def _idle_of(context: WorkerContext) -> set[TimedConnection]:
    """Return the idle connections of a worker, which are closed when it stops."""
    of_worker: dict[str, Any] = vars(context)
    if IDLE_CONNECTIONS not in of_worker:
        idle: set[TimedConnection] = set()
        of_worker[IDLE_CONNECTIONS] = idle, asyncio.create_task(_close_at_stop(context, idle))
    connections, _ = of_worker[IDLE_CONNECTIONS]
    return cast(set[TimedConnection], connections)


async def _close_at_stop(context: WorkerContext, idle: set[TimedConnection]) -> None:
    await context.terminated.wait()
    for connection in list(idle):
        connection.expire()

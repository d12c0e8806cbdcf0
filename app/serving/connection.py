"""hypercorn's connections, cheaper and safer.

A timer replaces the two tasks that hypercorn starts after each answer and cancels at the next
request. The head of a request has a time limit, and a client that closes its half still gets the
answer. This module and `http1.py` replace private names of hypercorn, which have tests; they are
used only with the versions that passed them.

Clients that take nothing are cut off here, by what they acknowledge. The kernel's own limit,
TCP_USER_TIMEOUT, also runs while a slow client opens its window again and again, but never wide
enough for a whole segment.
"""

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys
import termios
from http import HTTPStatus
from typing import Any, Final

from hypercorn import protocol
from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import MAX_RECV, TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.events import Closed, RawData

from app.serving.codec import HttpCodec
from app.serving.http1 import Http1

KEY: Final = "saywho_idle"
HEAD_S: Final = 15.0
"""Time limit for the head of a request, from its first byte."""
STALLED_S: Final = 30.0
"""A client that takes nothing of what waits for it is cut off after this time."""
LOOK_S: Final = 2.0
"""Seconds between looks for such clients."""
ACKNOWLEDGED: Final = struct.Struct("120xQ")
"""Where Linux's TCP_INFO has the bytes that the client acknowledged."""
NOTHING: Final = -1
"""Stands for the bytes of a client for whom nothing waits."""
HALF_CLOSED_S: Final = 5.0
"""Time that a client which closed its half may wait for an answer; most of them are gone."""


def use_cheap_connections() -> None:
    """Make hypercorn use the classes of this module; it has no setting for it."""
    vars(run)["TCPServer"] = Connection
    vars(protocol)["H11Protocol"] = Http1


class Connection(TCPServer):
    """One client's connection."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._timer = IdleTimer(self)
        self.idle_task = self._timer  # type: ignore[assignment]
        self._is_closing = asyncio.Event()
        self._task = asyncio.current_task()
        self._taken, self._taken_at = NOTHING, 0.0

    async def run(self) -> None:
        watch = Watch.of(self)
        watch.open.add(self)
        try:
            await super().run()
        except asyncio.CancelledError:
            # The time for a stop is over. Python 3.11 logs each connection that was cancelled.
            if not self.context.terminated.is_set():
                raise
        finally:
            watch.open.discard(self)
        wrapper = getattr(self, "protocol", None)
        if wrapper is not None and isinstance(wrapper.protocol, Http1):
            # A connection refers to itself, so it stays in memory until the collector runs. What it
            # received, up to 128 KB, need not.
            wrapper.protocol.connection = HttpCodec()

    def cut_off(self) -> None:
        """End the connection with what is under way on it."""
        self.writer.transport.abort()
        if self._task is not None:
            self._task.cancel()

    def cut_off_stalled(self) -> None:
        """End the connection if its client has taken nothing for too long."""
        wire, now = self._wire(), self.loop.time()
        taken = _taken(wire) if wire is not None else NOTHING
        if taken == NOTHING or taken != self._taken:
            self._taken, self._taken_at = taken, now
        elif now - self._taken_at > STALLED_S:
            self._forget(after_s=0.001)
            self.writer.transport.abort()

    def _forget(self, *, after_s: float) -> None:
        """Limit for how long the kernel sends what it has to a client that does not take it.

        After the connection is closed it would do so for minutes.
        """
        wire = self._wire()
        if wire is not None:
            with contextlib.suppress(OSError):
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(after_s * 1000))

    def _wire(self) -> socket.socket | None:
        """Return the socket of a TCP connection that stands; only Linux tells how it is."""
        wire: socket.socket | None = self.writer.get_extra_info("socket")
        is_lost = wire is None or wire.fileno() < 0 or wire.family == socket.AF_UNIX
        return None if is_lost or sys.platform != "linux" else wire

    async def close_idle(self) -> None:
        """Close a connection on which no request is under way, or only the head of one."""
        protocol = self.protocol.protocol
        is_stopping = self.context.terminated.is_set()
        if isinstance(protocol, Http1) and protocol.has_begun and not is_stopping:
            await protocol.refuse(HTTPStatus.REQUEST_TIMEOUT)
        self._forget(after_s=STALLED_S)
        await self._initiate_server_close()

    async def _read_data(self) -> None:
        while not self.reader.at_eof():
            try:
                data = await self.reader.read(MAX_RECV)
            except OSError:
                break
            await self.protocol.handle(RawData(data))
            protocol = self.protocol.protocol
            if isinstance(protocol, Http1) and protocol.has_begun:
                self._timer.hurry()
        protocol = self.protocol.protocol
        if isinstance(protocol, Http1) and protocol.is_answering:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HALF_CLOSED_S):
                    await self._is_closing.wait()
        await self.protocol.handle(Closed())

    async def _close(self) -> None:
        self._is_closing.set()
        self._forget(after_s=STALLED_S)
        await super()._close()
        self._timer.cancel()


def _taken(wire: socket.socket) -> int:
    """Return how many bytes the client has taken, or NOTHING if nothing waits for it."""
    (waiting,) = struct.unpack("i", fcntl.ioctl(wire, termios.TIOCOUTQ, bytes(4)))
    if not waiting:
        return NOTHING
    info = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, ACKNOWLEDGED.size)
    return int(ACKNOWLEDGED.unpack(info)[0])


class IdleTimer:
    """Closes a connection that is idle for too long; it replaces hypercorn's task.

    A request only moves the deadline: the loop's timer looks at it when it is due.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._watch = Watch.of(connection)
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None
        """When the connection will have been idle for too long, by the loop's clock."""
        self._closing: asyncio.Task[None] | None = None
        self._is_hurried = False

    async def restart(self, _task_group: object, _action: object) -> None:
        """Count from now; hypercorn's action would do the same as `expire`."""
        connection = self.connection
        if connection.context.terminated.is_set():
            self.expire()
            return
        self._watch.idle.add(self)
        self._is_hurried = False
        self._expire_after(connection.config.keep_alive_timeout)

    async def stop(self) -> None:
        self._watch.idle.discard(self)
        self._deadline = None

    def hurry(self) -> None:
        """Count from now for a head that has begun; later bytes of it do not count again."""
        if self._deadline is not None and not self._is_hurried:
            self._is_hurried = True
            self._expire_after(HEAD_S)

    def cancel(self) -> None:
        """Cancel the loop's timer, which would keep the connection in memory."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire_after(self, timeout_s: float) -> None:
        loop = self.connection.loop
        self._deadline = loop.time() + timeout_s
        if self._timer is None or self._timer.when() > self._deadline:
            self.cancel()
            self._timer = loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        rest_s = self._deadline - self.connection.loop.time()
        if rest_s > 0:
            self._expire_after(rest_s)
        else:
            self.expire()

    def expire(self) -> None:
        self._closing = self.connection.loop.create_task(self.connection.close_idle())


class Watch:
    """The connections of a worker: cuts off who takes nothing; at a stop closes the idle first."""

    def __init__(self, connection: Connection) -> None:
        self.idle: set[IdleTimer] = set()
        self.open: set[Connection] = set()
        self._config = connection.config
        self._task = asyncio.create_task(self._end(connection.context))

    @classmethod
    def of(cls, connection: Connection) -> "Watch":
        """Return the watch of a connection's worker; the first connection starts it."""
        watch: Watch | None = getattr(connection.context, KEY, None)
        if watch is None:
            watch = cls(connection)
            setattr(connection.context, KEY, watch)
        return watch

    async def _end(self, context: WorkerContext) -> None:
        while not context.terminated.is_set():
            for connection in self.open - {timer.connection for timer in self.idle}:
                # An old kernel, or one that is emulated, may not tell.
                with contextlib.suppress(OSError, struct.error):
                    connection.cut_off_stalled()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await context.terminated.wait()
        for timer in list(self.idle):
            timer.expire()
        if sys.version_info >= (3, 12):
            # hypercorn waits for all connections here before its own limit begins.
            await asyncio.sleep(self._config.graceful_timeout)
            for connection in list(self.open):
                connection.cut_off()

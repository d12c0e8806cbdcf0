"""Connections, timed by one timer instead of a task for each request."""

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

from app.serving.http1 import exchange
from app.serving.http1.lane import Lane, turn_of

HEAD_S: Final = 15.0
"""Time limit for the head of a request, in seconds from its first byte."""
CLOSING_S: Final = 10.0
"""Time limit for sending the rest of the data of a closing connection, in seconds."""
TAKING_S: Final = 30.0
"""Seconds without reading after which a client is dropped during a response, first checked when an
idle connection would be closed.
"""
STOPPING_S: Final = 1.0
"""Time limit for closing an idle connection at a stop, in seconds: TLS clients respond."""
IDLE_CONNECTIONS: Final = "saywho_idle_connections"
"""Attribute of hypercorn's worker context: idle connections, and the task that closes them."""


class TimedConnection(TCPServer):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.idle_task = self  # type: ignore[assignment]
        turn = turn_of(self.app, self.config, self.context)
        self._lane = Lane(self, turn) if turn is not None else None
        self._idle = _idle_of(self.context)
        self._timer: asyncio.TimerHandle | None = None
        self._due: float | None = None
        """Loop time at which the connection expires; None while a request is in progress."""
        self._looks_at = 0.0
        """Loop time of the next check of `_due`; a timer for each request costs 2%."""
        self._is_hurried = False
        self._sent = 0
        self._unsent = 0, 0
        """`_sent` at the last check, and the bytes in the transport's buffer."""
        self._closing: asyncio.Task[None] | None = None
        # A write is tried at once, and `drain` waits for all of it: the kernel has large buffers.
        # With 0, a transport over TLS pauses its writer when all is sent, and never resumes it
        # (https://github.com/python/cpython/issues/102792; uvloop does the same).
        self.writer.transport.set_write_buffer_limits(high=1)
        if self.writer.get_extra_info("ssl_object") is not None:
            wire = self.writer.get_extra_info("socket")
            # The time limit of closing runs while the kernel still has data. Without this limit of
            # unsent data, 16 KiB, it would have megabytes.
            with contextlib.suppress(OSError):  # A socket in a folder has no such limit.
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 16_384)

    async def run(self) -> None:
        try:
            await super().run()
        except OSError as error:
            # uvloop reports late that the client left before the end of a response was sent.
            if error.errno != errno.ENOTCONN:
                raise
        finally:
            if self._closing is not None:
                await asyncio.wait([self._closing])
            # The task that closed the connection may have started the timer again.
            self._stop_timer()
            # These refer back to the connection, which would stay in memory until the collector
            # runs: after a storm of reconnections each client had a second connection in memory.
            for name in ("idle_task", "protocol", "_lane"):
                vars(self).pop(name, None)

    async def protocol_send(self, event: Event) -> None:
        if isinstance(event, RawData):
            self._sent += 1
            await super().protocol_send(event)
        elif event is exchange.BUSY:
            self._stop_counting()
        elif event is exchange.IDLE:
            self._count_idle()
        elif event is exchange.CLIENT_GONE:
            self._start_timer(CLOSING_S, self._abort)
        elif event is exchange.HEAD_BEGUN:
            if not self._is_hurried:  # Later bytes of a head give it no more time.
                self._is_hurried = True
                self._expire_after(HEAD_S)
        elif event is exchange.ANSWERED:
            self._linger()
        else:
            if event is exchange.BROKEN_OFF and self.writer.transport.get_write_buffer_size():
                self._abort()
            elif isinstance(event, Closed):
                self._close_after(CLOSING_S)
            await super().protocol_send(event)

    async def restart(self, _task_group: object, _action: object) -> None:
        """Begin to count idle time; hypercorn's own action would do the same as `expire`."""
        if isinstance(protocol := self.protocol.protocol, exchange.Http1):
            protocol.transport = self.writer.transport
            if self._lane is not None:
                self._lane.begin(protocol)
        self._count_idle()

    @property
    def _reading(self) -> asyncio.ReadTransport:
        return cast(asyncio.ReadTransport, self.writer.transport)

    def note_sent(self, *, is_whole: bool) -> None:
        """Note an answer that the lane has given to an idle connection."""
        self._sent += 1
        if is_whole:
            self._expire_after(self.config.keep_alive_timeout)
        else:  # Busy until the client has taken it all.
            self._stop_counting()
            self._reading.pause_reading()

    def note_taken(self, *, is_idle: bool) -> None:
        """Note that the client has taken all of such an answer."""
        self._reading.resume_reading()
        if is_idle:
            self._count_idle()

    async def stop(self) -> None:
        self._stop_counting()
        self._stop_timer()

    def _linger(self) -> None:
        """Close our side, and discard the client's data until it closes.

        A kernel with unread data would reset the connection and drop the response's rest.
        """
        self._idle.add(self)  # A stop does not wait for it.
        self._close_after(STOPPING_S if self.context.terminated.is_set() else CLOSING_S)
        try:
            self.writer.write_eof()
        except (NotImplementedError, OSError, RuntimeError):
            self.writer.close()  # Over TLS a transport discards by itself.

    def _count_idle(self) -> None:
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
        """Close the connection, which has no request in progress, or only a head."""
        if self._closing is None:
            self._closing = self.loop.create_task(self._close_idle())

    def _expire_after(self, timeout_s: float) -> None:
        self._due = self.loop.time() + timeout_s
        if self._timer is None or self._due < self._looks_at:
            self._start_timer(timeout_s, self._look)

    def _look(self) -> None:
        """Expire if due; during a response, drop a client that reads nothing."""
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

    def _close_after(self, timeout_s: float) -> None:
        # Unlike `_abort`, the kernel goes on sending the data that it has.
        self._start_timer(timeout_s, self.writer.transport.abort)

    def _abort(self) -> None:
        wire = self.writer.get_extra_info("socket")
        if wire is None or wire.fileno() < 0:
            return  # The client has closed it, and the request takes a while to end.
        with contextlib.suppress(OSError):  # macOS refuses this for a socket that was shut down.
            no_linger = struct.pack("ii", 1, 0)  # The kernel drops unsent data.
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        self.writer.transport.abort()

    async def _close_idle(self) -> None:
        protocol = self.protocol.protocol
        is_stopping = self.context.terminated.is_set()
        self._start_timer(CLOSING_S, self._abort)
        if isinstance(protocol, exchange.Http1) and protocol.is_in_head and not is_stopping:
            await protocol.refuse(HTTPStatus.REQUEST_TIMEOUT)
        await self.protocol.handle(Closed())
        self._close_after(STOPPING_S if is_stopping else CLOSING_S)
        self.writer.close()


def _idle_of(context: WorkerContext) -> set[TimedConnection]:
    attributes: dict[str, Any] = vars(context)
    if IDLE_CONNECTIONS not in attributes:
        idle: set[TimedConnection] = set()
        attributes[IDLE_CONNECTIONS] = idle, asyncio.create_task(_close_at_stop(context, idle))
    connections, _ = attributes[IDLE_CONNECTIONS]
    return cast(set[TimedConnection], connections)


async def _close_at_stop(context: WorkerContext, idle: set[TimedConnection]) -> None:
    await context.terminated.wait()
    for connection in list(idle):
        connection.expire()

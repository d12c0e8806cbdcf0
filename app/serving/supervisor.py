"""The supervisor: it replaces workers that die or hang, and drains all at a stop."""

# hypercorn's own parent ends the whole site when a worker is killed, never notices a worker that
# hangs, and cuts requests short when it stops several workers.

import gc
import logging
import multiprocessing
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Final

from hypercorn.config import Config as ServerConfig
from prometheus_client.multiprocess import mark_process_dead

from app.errors import StartError
from app.runtime.processes import seal_heap
from saywho.clock import monotonic

START_METHOD: Final = "fork" if sys.platform == "linux" else "spawn"
"""Start of a worker: a fork has all modules; outside Linux, libraries fail after a fork."""
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
RENEWAL: Final = signal.SIGHUP
HANDLED: Final = (*STOP_SIGNALS, RENEWAL)
STOP_S: Final = 11.0
"""Time for a worker to finish accepted requests, in seconds."""
SILENCE_S: Final = 20.0
"""Seconds without a beat after which a worker counts as hung; it beats each second."""
START_S: Final = 30.0
LOOK_S: Final = 0.2

Work = Callable[[Connection, Sequence[socket.socket]], None]
"""Main function of a worker: it beats on the connection, and serves on the sockets."""
ALIVE: Final = b"."
READY: Final = b"!"
FAILED: Final = b"-"
"""Messages of a worker: each second, once it serves, and with the reason if it cannot start."""

logger = logging.getLogger(__name__)


class Worker:
    def __init__(self, work: Work, sockets: Sequence[socket.socket]) -> None:
        context = multiprocessing.get_context(START_METHOD)
        self.beats, theirs = context.Pipe(duplex=False)
        self.beat_fd = self.beats.fileno()
        self.process = context.Process(target=work, args=(theirs, sockets))  # type: ignore[attr-defined]
        # Only the supervisor handles signals during the fork; the worker unblocks its own.
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        theirs.close()
        self.is_old = False
        """Whether it began before the last renewal."""
        self.is_ready = False
        self.reason = ""
        """Why the worker could not start, if it has said so."""
        self.deadline = monotonic() + START_S
        """Monotonic time at which the worker counts as hung, unless it beats before."""

    def listen(self) -> None:
        while self.beats.poll() and (said := os.read(self.beat_fd, 65_536)):
            signs, _, reason = said.partition(FAILED)
            self.is_ready = self.is_ready or READY in signs
            self.reason = reason.decode(errors="replace")
            self.deadline = monotonic() + SILENCE_S

    @property
    def status(self) -> int | None:
        status: int | None = self.process.exitcode
        return status

    def kill(self) -> None:
        self.process.kill()
        self.process.join()


class Supervisor:
    """`on_ready` is called once, when the first worker serves.

    `changed` returns the sockets if they are others than before, and None otherwise.
    With `renew`, SIGHUP calls it and replaces the workers one by one, so that they serve with what
    it has loaded. If it raises StartError, they stay.
    """

    def __init__(
        self,
        work: Work,
        sockets: Sequence[socket.socket],
        count: int,
        *,
        on_ready: Callable[[], None],
        renew: Callable[[], None] | None = None,
        changed: Callable[[], Sequence[socket.socket] | None] | None = None,
    ) -> None:
        self._work = work
        self._sockets = sockets
        self._count = count
        self._on_ready = on_ready
        self._renew = renew
        self._changed = changed
        self._workers: list[Worker] = []
        self._leaving: list[Worker] = []
        """Old workers that finish their requests."""
        self._next_start = 0.0
        self._looked_at = monotonic()
        self._stopped_by: signal.Signals | None = None
        self._is_renewal_due = False
        self._has_served = False
        self._has_failed = False

    def run(self) -> int:
        """Run until a stop; return 0, or 1 if requests were cut.

        Raises StartError if a worker ends before any was ready.
        """
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop)
        if self._renew:
            signal.signal(RENEWAL, self._note_renewal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        # Memory that is neither garbage-collected nor filled stays shared with the workers.
        seal_heap()
        gc.freeze()
        gc.enable()
        try:
            while self._stopped_by is None:
                self._look()
                if self._changed and (sockets := self._changed()) is not None:
                    self._sockets = sockets
                    self._replace_workers()
                if self._is_renewal_due:
                    self._begin_renewal()
                self._retire()
                while len(self._workers) < self._wanted and monotonic() >= self._next_start:
                    self._workers.append(Worker(self._work, self._sockets))
                fds = [worker.beat_fd for worker in self._workers]
                select.select(fds, [], [], LOOK_S)
            logger.info("stopping (%s)", self._stopped_by.name)
        finally:
            cut = self._drain()
        logger.info("stopped%s", f"; workers killed before they had finished: {cut}" if cut else "")
        return 1 if self._has_failed else 0

    def _stop(self, number: int, _: object) -> None:
        if self._stopped_by and number == signal.SIGINT:
            # A second Ctrl+C means not to wait for requests in progress.
            self._has_failed = True
            for worker in (*self._workers, *self._leaving):
                worker.process.kill()
        self._stopped_by = self._stopped_by or signal.Signals(number)

    def _note_renewal(self, _number: int, _: object) -> None:
        self._is_renewal_due = True

    def _begin_renewal(self) -> None:
        self._is_renewal_due = False
        try:
            if self._renew:
                self._renew()
        except StartError as error:
            logger.error("the certificate stays as it was: %s", error)
            return
        logger.info("the certificate was loaded; the workers are replaced one by one")
        self._replace_workers()

    def _replace_workers(self) -> None:
        for worker in self._workers:
            worker.is_old = True

    @property
    def _wanted(self) -> int:
        is_next = any(worker.is_old for worker in self._workers) and not self._leaving
        return self._count + is_next

    def _retire(self) -> None:
        """Stop an old worker if another one serves in its place; bury those that have stopped."""
        old = [worker for worker in self._workers if worker.is_old]
        if old and sum(worker.is_ready for worker in self._workers) > self._count:
            worker = old[0]
            worker.process.terminate()
            worker.deadline = monotonic() + STOP_S
            self._workers.remove(worker)
            self._leaving.append(worker)
        for worker in list(self._leaving):
            if worker.status is None and monotonic() > worker.deadline:
                worker.kill()
            if worker.status is not None:
                self._leaving.remove(worker)
                _close(worker)

    def _look(self) -> None:
        # While this process did not run, the workers may not have run either: the machine had too
        # much to do, or all were stopped. They get that time again, and answer what they have.
        missed_s = max(0.0, monotonic() - self._looked_at - LOOK_S)
        self._looked_at = monotonic()
        for worker in list(self._workers):
            worker.deadline += missed_s
            worker.listen()
            if worker.is_ready and not self._has_served:
                self._has_served = True
                self._on_ready()
            if worker.status is None and monotonic() > worker.deadline:
                logger.error("worker %d hangs; it is replaced", worker.process.pid)
                worker.kill()
            if worker.status is not None:
                self._bury(worker)

    def _bury(self, worker: Worker) -> None:
        worker.listen()
        self._workers.remove(worker)
        _close(worker)
        pid, status = worker.process.pid, worker.status
        if not (self._has_served or worker.is_ready):
            # Every other worker would end, too. A site that has served keeps trying: its database
            # may be down, while other workers do not need it.
            raise StartError(worker.reason or f"a worker ended while it started ({status})")
        reason = f": {worker.reason}" if worker.reason else ""
        logger.error("worker %d ended (%d)%s; it is replaced", pid, status, reason)
        # Some workers end again and again, for example while their database is down.
        pause_s = 0.5
        self._next_start = monotonic() + pause_s

    def _drain(self) -> int:
        """Let the workers finish accepted requests; kill those that take too long, and return the
        number of workers that were killed.
        """
        workers = [*self._workers, *self._leaving]
        for worker in workers:
            worker.process.terminate()
        # New connections are refused, instead of waiting for a response that never comes.
        for sock in self._sockets:
            sock.close()
        deadline = monotonic() + STOP_S
        for worker in workers:
            worker.process.join(max(0.1, deadline - monotonic()))
            if worker.status is None:
                worker.kill()
        return sum(worker.status == -signal.SIGKILL for worker in workers)


def _close(worker: Worker) -> None:
    worker.beats.close()
    mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]


def open_sockets(server: ServerConfig) -> list[socket.socket]:
    """Return sockets of the configured addresses, which refuse clients until they listen.

    Raises OSError for an address in use or of another machine.
    """
    # For several workers hypercorn would set SO_REUSEPORT, and a second site on the same address
    # would take half of the requests instead of failing.
    server.workers = 1
    opened = server.create_sockets()
    sockets = [*opened.secure_sockets, *opened.insecure_sockets]
    for sock in sockets:
        if sock.family != socket.AF_UNIX and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            # Connections inherit this limit of unsent data in the kernel, 128 KiB instead of 3 MB.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 128 * 1024)
        sock.set_inheritable(True)
    return sockets

"""The simulated installation: workers over one file, their clients, and the faults of one seed."""

import asyncio
import fcntl
import logging
import os
import sqlite3
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, Generic, TypeVar, cast
from unittest import mock

from app import clock
from app.config import Config
from app.db import lock
from app.db.engine import Database
from app.db.migrate import prepare
from app.db.sqlite import connection
from app.db.sqlite.connection import open_connection
from app.db.sqlite.feed import SqliteFeed
from app.errors import AppError
from app.memo import Memo
from app.services.live.stream import Live
from app.services.posts.reads import Reads
from app.services.posts.tweets import Page
from app.services.posts.users import add_user
from app.services.posts.writer import PostWriter
from tests.trust.connection import Disk, SteppedConnection
from tests.trust.loop import OUTSIDE, Process, SimLoop

AUTHORS: Final = ("ann", "bob")
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST_S: Final = 3_600.0
MEMO_BYTES: Final = 100_000
T = TypeVar("T")


class LostError(Exception):
    """The worker was killed, or the request cancelled, before there was an answer."""


@dataclass(eq=False)
class Request(Generic[T]):
    """A client's request to a worker."""

    task: "asyncio.Task[T]"
    worker: Process
    reply: "asyncio.Future[T]"


@dataclass(eq=False)
class Worker(Process):
    """One process of the server: the core of the app, wired as its lifespan does."""

    db: Database = field(init=False)
    feed: SqliteFeed = field(init=False)
    live: Live = field(init=False)
    writer: PostWriter = field(init=False)
    reads: Reads = field(init=False)
    pages: Memo[Page] = field(init=False)
    work: "list[asyncio.Task[None]]" = field(default_factory=list)
    connections: list[SteppedConnection] = field(default_factory=list)

    async def start(self, config: Config) -> None:
        self.db = Database(config)
        self.feed = cast(SqliteFeed, await self.db.open_feed())
        self.live = Live(self.db, newest=self.feed.newest, most_clients=100)
        self.writer = PostWriter(self.db)
        self.reads = Reads(self.db)
        self.pages = Memo(self.feed, MEMO_BYTES, lambda _: 1_000)
        self.feed.subscribe(self.live.publish)
        self.feed.on_reset(self.live.reset)
        self.work = [asyncio.create_task(each) for each in (self.feed.follow(), self.live.run())]

    async def stop(self) -> None:
        self.live.end()
        for task in self.work:
            task.cancel()
        await asyncio.gather(*self.work, return_exceptions=True)
        await self.reads.close()
        await self.writer.close()
        await self.feed.close()
        await self.db.close()


class World:
    """What one seed makes happen."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.loop = SimLoop(self.random)
        self.disk = Disk(self.random)
        self.workers: list[Worker] = []
        """Those that live."""
        self.jobs: list[Callable[[Worker], Coroutine[Any, Any, None]]] = []
        """What every worker does besides, from its start on."""
        self._folder = folder
        self._requests: list[Request[Any]] = []
        self._locks: dict[int, Process] = {}
        self._all: list[Worker] = []
        self._nothing = os.open(folder / "nothing", os.O_RDWR | os.O_CREAT)
        path = folder / "testing.db"
        self.path = path
        url = f"sqlite+aiosqlite:///{path}"
        self._config = Config(env="testing", data_dir=folder, database_url=url)
        path.write_bytes(template())

    async def start_worker(self) -> Worker:
        worker = Worker(f"worker {len(self._all) + 1}")
        self._all.append(worker)
        await self.run_in(worker, worker.start(self._config))
        if worker.is_alive:
            self.workers.append(worker)
            with self.loop.as_process(worker):
                for job in self.jobs:
                    task = self.loop.create_task(job(worker))
                    task.add_done_callback(self._note_failure)
                    worker.work.append(task)
        return worker

    def _note_failure(self, job: "asyncio.Task[None]") -> None:
        if not job.cancelled() and (error := job.exception()):
            self.loop.call_exception_handler({"message": "a job failed", "exception": error})

    async def some_worker(self) -> Worker:
        """Return a worker that lives, as soon as there is one."""
        while not self.workers:  # noqa: ASYNC110 - Virtual time costs nothing.
            await asyncio.sleep(0.1)
        return self.random.choice(self.workers)

    async def ask(self, worker: Process, work: Coroutine[Any, Any, T]) -> T | None:
        """Return a worker's answer; None if it refuses, is killed, or the request is cancelled.

        Raises every error that a client must not see.
        """
        try:
            return await self.run_in(worker, work)
        except (AppError, LostError):
            return None

    async def run_in(self, worker: Process, work: Coroutine[Any, Any, T]) -> T:
        """Run work in a worker. Raises its error, or LostError if it comes to no end."""
        if not worker.is_alive:
            work.close()
            raise LostError
        reply: asyncio.Future[T] = self.loop.create_future()
        with self.loop.as_process(worker):
            request = Request(self.loop.create_task(work), worker, reply)
        self._requests.append(request)
        request.task.add_done_callback(lambda _: self._answer(request))
        try:
            return await reply
        finally:
            self._requests.remove(request)

    def _answer(self, request: Request[Any]) -> None:
        with self.loop.as_process(OUTSIDE):
            if request.reply.done():
                return
            if request.task.cancelled():
                request.reply.set_exception(LostError())
            elif error := request.task.exception():
                request.reply.set_exception(error)
            else:
                request.reply.set_result(request.task.result())

    def cancel_one(self) -> None:
        """Let a client go away."""
        if self._requests:
            request = self.random.choice(self._requests)
            with self.loop.as_process(request.worker):
                request.task.cancel()

    def kill(self, worker: Worker) -> None:
        """End a worker at once: nothing of it runs on, and its locks and transactions are gone."""
        worker.is_alive = False
        if worker in self.workers:
            self.workers.remove(worker)
        for each in worker.connections:
            each.break_off()
        if feed := getattr(worker, "feed", None):
            feed._connection.close()
        self._release_locks(worker)
        with self.loop.as_process(OUTSIDE):
            for request in self._requests:
                if request.worker is worker and not request.reply.done():
                    request.reply.set_exception(LostError())
        self.loop.bury(worker)

    def _release_locks(self, worker: Worker) -> None:
        """Release the locks of a dead process; its numbers of files stay taken."""
        for descriptor, owner in self._locks.items():
            if owner is worker and _file_of(descriptor).endswith((".lock", ".turn")):
                os.dup2(self._nothing, descriptor)

    def close(self) -> None:
        """Close what a failure has left open."""
        for worker in self._all:
            self.kill(worker)
        ours = (f"{self.path}.lock", f"{self.path}.turn", str(self._folder / "nothing"))
        for descriptor in [*self._locks, self._nothing]:
            if _file_of(descriptor) in ours:
                os.close(descriptor)

    async def stop(self) -> None:
        """End all faults, and stop the workers as a server does."""
        for worker in list(self.workers):
            await self.run_in(worker, worker.stop())
            self.workers.remove(worker)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the file holds, past the program."""
        with closing(sqlite3.connect(self.path)) as opened:
            return opened.execute(query).fetchall()

    # What stands for the machine.

    def connect(self) -> SteppedConnection:
        opened = SteppedConnection(self.loop, self.disk)
        if isinstance(self.loop.process, Worker):
            self.loop.process.connections.append(opened)
        return opened

    def open_lock(self, path: Path) -> int:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._locks[descriptor] = self.loop.process
        return descriptor

    def now(self, _zone: tzinfo) -> datetime:
        return BEGIN + timedelta(seconds=self.loop.time() + self.loop.process.clock_offset_s)


def _file_of(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""


def _open_file(path: Path) -> sqlite3.Connection:
    """Open a connection that does not wait for locks: the loop would wait with it."""
    return open_connection(path, timeout_s=0.0)


def _try_lock(descriptor: int) -> int:
    """Lock, or raise BlockingIOError where the program would wait in a thread."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


@contextmanager
def simulated(seed: int) -> Iterator[World]:
    """Give a world in which the program's clock, locks and connections are simulated."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - Memory is quick.
    with tempfile.TemporaryDirectory(dir=place, prefix="saywho-trust-") as folder:
        world = World(seed, Path(folder))
        disabled = logging.root.manager.disable
        with (
            mock.patch.object(connection, "DriverConnection", world.connect),
            mock.patch.object(connection, "open_connection", _open_file),
            mock.patch.object(lock, "open_lock", world.open_lock),
            mock.patch.object(lock, "_locked", _try_lock),
            mock.patch.object(clock, "time", mock.Mock(monotonic=world.loop.time)),
            mock.patch.object(clock, "datetime", mock.Mock(now=world.now)),
        ):
            logging.disable()
            try:
                yield world
            finally:
                world.close()
                logging.disable(disabled)


@cache
def template() -> bytes:
    """Return a migrated file with two authors, made once for this process."""

    async def add_authors(config: Config) -> None:
        db = Database(config)
        async with db.write() as session:
            for name in AUTHORS:
                await add_user(session, name)
        await db.close()

    with tempfile.TemporaryDirectory(prefix="saywho-trust-") as folder:
        config = Config(env="testing", data_dir=Path(folder))
        prepare(config, upgrade_old=False)
        asyncio.run(add_authors(config))
        return (Path(folder) / "testing.db").read_bytes()

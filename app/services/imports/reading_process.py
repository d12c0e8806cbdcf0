"""Reading beside storing: a process reads, checks and counts posts while others are stored.

Threads would not do: both need the interpreter, and who stores would wait with the write lock.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.compute.counts import EMPTY, Counts
from app.errors import Message
from app.formats import open_archive
from app.formats.records import Account
from app.formats.source.file import Source
from app.services.imports.bulk import BulkPost, ImportReport
from app.services.imports.media import ArchiveMedia
from app.services.imports.reading import Reader, RepeatCounter
from app.tasks import share_heap

NICENESS: Final = 5
READING_TIMEOUT_S: Final = 600.0
"""Time to read one batch; 2,000 of the longest records take some 60 s on a core of their own."""

KILLED: Final = Message("the process that reads the file was killed; posts before stay")


class FileToRead(NamedTuple):
    """A file, and how it is opened: what another process needs in order to read it too."""

    path: Path
    name: str
    limit_bytes: int
    options: dict[str, Any]
    """Of `open_archive`."""

    @classmethod
    def find(
        cls, target: object, name: str, limit_bytes: int, options: dict[str, Any]
    ) -> Self | None:
        """Return a target of a source as a file, None for a stream, which is read only once."""
        if isinstance(target, Path) and (target.is_file() or target.is_dir()):
            return cls(target, name, limit_bytes, options)
        return None


class Portion(NamedTuple):
    """A batch on its way between processes; thousands of small arrays would take longer."""

    posts: bytes
    """BulkPosts without their features, as msgpack: pickled they took five times as long."""
    features: NDArray[np.uint32]
    """(2, n) keys and counts of all posts."""
    ends: list[int]
    """Where each post's features end."""
    report: ImportReport
    """On the records that were left out."""
    bytes_read: int
    bytes_total: int | None


Received = tuple[list[BulkPost], Portion] | Message
_decoder: Final = msgspec.msgpack.Decoder(list[BulkPost])


class ReadingProcess:
    """A process that reads one file after the other for this one."""

    def __init__(self, timeout_s: float = READING_TIMEOUT_S) -> None:
        self.file: FileToRead | None = None
        """The file to be read next; None for one that cannot be opened twice."""
        self.bytes_read = 0
        self.bytes_total: int | None = None
        self.was_killed = False
        self._timeout_s = timeout_s
        self._receiving: asyncio.Future[Received] | None = None
        """The next portion, until it is used; that of a file left early stays here."""
        self._pipe, theirs = Pipe()
        context = get_context("fork")
        self._process = context.Process(target=_serve, args=(theirs, self._pipe), daemon=True)
        self._process.start()
        theirs.close()

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator[Self | None]:
        """Give a process, and end it; None where it could not be forked safely."""
        if sys.platform != "linux" or threading.active_count() > 1:
            yield None
            return
        share_heap()
        with closing(cls()) as process:
            yield process

    def begin(self, owner: Account | None, username: str | None) -> bool:
        """Begin to read the file; return whether there is one."""
        self.bytes_read, self.bytes_total = 0, None
        if self.file is None or self._receiving is not None or not self._process.is_alive():
            return False
        self._pipe.send((self.file, owner, username))
        return True

    async def next(self, report: ImportReport) -> list[BulkPost]:
        """Return the next posts, none at the end of the file; report the records left out."""
        if report.broken is not None:
            return []
        received = await asyncio.shield(self._receiving or self._receive())
        if isinstance(received, Message):
            report.broken, self.was_killed = received, received is KILLED
            return []
        self._receiving = None
        posts, portion = received
        report.merge(portion.report)
        self.bytes_read, self.bytes_total = portion.bytes_read, portion.bytes_total
        if posts and report.broken is None:
            self._receive()  # The next ones come while these are stored.
        return posts

    def leave(self) -> None:
        """End the process if it has not read the file to its end."""
        if self._receiving is not None:
            self._process.kill()

    def _receive(self) -> "asyncio.Future[Received]":
        loop = asyncio.get_running_loop()
        self._receiving = loop.run_in_executor(None, self._received)
        return self._receiving

    def _received(self) -> Received:
        try:
            if not self._pipe.poll(self._timeout_s):
                self._process.kill()
                minutes = round(self._timeout_s / 60)
                return Message(
                    "reading the next posts took more than {minutes} minutes; posts before stay",
                    minutes=minutes,
                )
            portion: Portion = self._pipe.recv()
        except (EOFError, OSError):  # The second one in the middle of a portion.
            return KILLED
        posts = _decoder.decode(portion.posts)
        for post, (start, end) in zip(posts, pairwise([0, *portion.ends]), strict=True):
            # A copy: a view would keep the features of the whole batch in memory.
            post.counts = Counts(*portion.features[:, start:end].copy())
        return posts, portion

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, theirs: Connection) -> None:
    """Read the files that are asked for, until the process that asks has ended."""
    theirs.close()
    # That process hears signals, and ends this one.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    be_nice()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            _read(pipe, *pipe.recv())


def _read(pipe: Connection, file: FileToRead, owner: Account | None, username: str | None) -> None:
    with (
        Source(file.path, name=file.name, limit_bytes=file.limit_bytes) as source,
        closing(RepeatCounter()) as repeats,
    ):
        archive = open_archive(source, **file.options)
        reader = Reader(archive, owner, username, repeats, ArchiveMedia(archive.files, None))
        posts, report = None, ImportReport()
        while posts is None or (posts and report.broken is None):
            report = ImportReport()
            posts = reader.read(report)
            counted = [post.counts or EMPTY for post in posts]
            keys = np.concatenate([EMPTY.keys, *(each.keys for each in counted)])
            amounts = np.concatenate([EMPTY.counts, *(each.counts for each in counted)])
            ends = np.cumsum([each.keys.size for each in counted]).tolist()
            for post in posts:
                post.counts = None
            features = np.stack((keys, amounts))
            bytes_read, bytes_total = source.bytes_read, source.bytes_total
            encoded = msgspec.msgpack.encode(posts)
            pipe.send(Portion(encoded, features, ends, report, bytes_read, bytes_total))


def be_nice() -> None:
    """Lower the priority: on Linux of this thread alone, elsewhere of the process.

    Threads read, count and fold. What holds the write lock must not wait for a core, since others
    wait for the lock.
    """
    nice = max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
    with contextlib.suppress(PermissionError):  # A sandbox may deny even a lower priority.
        os.setpriority(os.PRIO_PROCESS, 0, nice)

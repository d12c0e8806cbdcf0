"""The lease: one process at a time does a kind of work.

A lease is a row: name, holder, epoch, beat. The holder changes the beat each second. An observer
that sees the same beat for 4 s, on its own monotonic clock, takes over with the next epoch, so the
wall clocks of two machines are never compared. Each write of the work checks the epoch in its own
transaction: a holder that was only slow cannot store anything (a fencing token). While there is no
work, nothing is written.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import monotonic
from app.db.backend import Sessions
from app.errors import AppError
from app.models import LeaseRow

BEAT_S: Final = 1.0
"""Seconds between two beats of a holder."""
DEAD_AFTER_S: Final = 4.0
"""A holder whose beat has not changed for this many seconds is taken for dead."""

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another process has taken over; the transaction must not be committed."""


class FencingToken(NamedTuple):
    """The fencing token: an epoch and its holder.

    Behind a failover epochs may go back to an earlier one, which had another holder.
    """

    epoch: int
    holder: str


class Grant:
    """The right to do the work, until another process takes over.

    It opens sessions as the database does. Those that write fail once the lease is lost.
    """

    def __init__(self, db: Sessions, name: str, token: "FencingToken") -> None:
        self.token = token
        self._db = db
        self._name = name

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a session that may write. Raises LeaseLostError."""
        async with self._db.write() as session:
            query = select(LeaseRow.epoch, LeaseRow.holder).where(LeaseRow.name == self._name)
            if (await session.execute(query)).one_or_none() != self.token:
                raise LeaseLostError(self._name)
            yield session

    async def keep(self) -> None:
        """Change the beat each second, until cancelled or the lease is lost."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self._change(beat=LeaseRow.beat + 1)
            except LeaseLostError:
                return
            except Exception:
                logger.exception("the lease %r could not be kept; trying again", self._name)

    async def release(self) -> None:
        """Let another process acquire the lease at once; where that fails, it waits for the beat.

        An error here would take the place of a cancellation, and a stop would wait without end.
        """
        with contextlib.suppress(LeaseLostError, AppError):
            await self._change(holder=None)

    async def _change(self, **values: object) -> None:
        async with self.write() as session:
            row = update(LeaseRow).where(LeaseRow.name == self._name)
            await session.execute(row.values(**values))


class _Observation(NamedTuple):
    """The state of another process's lease, and since when (monotonic seconds)."""

    epoch: int
    beat: int
    since: float


class Lease:
    """One process's view of a lease; it must be kept between attempts, since it observes."""

    def __init__(self, db: Sessions, name: str) -> None:
        self._db = db
        self._name = name
        self._holder = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._observed: _Observation | None = None

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Grant | None]:
        """Hold the lease; give None while another process holds it."""
        grant = await self._acquire()
        if grant is None:
            yield None
            return
        keeping = asyncio.create_task(grant.keep())
        try:
            yield grant
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            await grant.release()

    @asynccontextmanager
    async def waited_for(self) -> AsyncIterator[Grant]:
        """Hold the lease as soon as no other process does."""
        while True:
            async with self.held() as grant:
                if grant is not None:
                    yield grant
                    return
            await asyncio.sleep(BEAT_S)

    async def _acquire(self) -> Grant | None:
        async with self._db.read() as session:
            if self._is_alive(await session.get(LeaseRow, self._name)):
                return None
        async with self._db.write() as session:
            row = await session.get(LeaseRow, self._name)
            if self._is_alive(row):
                return None
            if row is None:
                row = LeaseRow(name=self._name, epoch=0, beat=0)
                session.add(row)
            elif row.holder is not None:
                logger.warning("%s takes %s over from %s", self._holder, self._name, row.holder)
            row.holder, row.epoch = self._holder, row.epoch + 1
            return Grant(self._db, self._name, FencingToken(row.epoch, self._holder))

    def _is_alive(self, row: LeaseRow | None) -> bool:
        if row is None or row.holder is None:
            self._observed = None
            return False
        now = monotonic()
        if self._observed is None or self._observed[:2] != (row.epoch, row.beat):
            self._observed = _Observation(row.epoch, row.beat, now)
        return now - self._observed.since < DEAD_AFTER_S

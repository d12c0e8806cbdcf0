"""The lease: the right to do one kind of work, which one process of all has at a time.

It is a row: name, holder, epoch, beat. The holder changes the beat each second while it works;
whoever wants to work and sees it unchanged for 4 s, on its own monotonic clock, takes over with
the next epoch. Each write of the work checks the epoch inside its transaction, so that a holder
that was only slow does no harm (a fencing token). Nothing is written while there is no work.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, NamedTuple

from sqlalchemy import Update, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.sessions import Sessions
from app.models import LeaseRow

BEAT_S: Final = 1.0
DEAD_AFTER_S: Final = 4.0

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another process took over; the transaction must not be committed."""


class Leased:
    """The database as the holder of a lease sees it: its writes fail once the lease is lost."""

    def __init__(self, db: Sessions, name: str, epoch: int) -> None:
        self._db = db
        self._name = name
        self._epoch = epoch

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a session that may write. Raises LeaseLostError."""
        async with self._db.write() as session:
            epoch = await session.scalar(select(LeaseRow.epoch).where(LeaseRow.name == self._name))
            if epoch != self._epoch:
                raise LeaseLostError(self._name)
            yield session

    async def beat_on(self) -> None:
        """Change the beat each second, until cancelled or the lease is lost."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                async with self.write() as session:
                    await session.execute(self._changing(beat=LeaseRow.beat + 1))
            except LeaseLostError:
                return
            except Exception:
                logger.exception("the lease of %s could not be kept; it is tried again", self._name)

    async def release(self) -> None:
        """Let the next one begin at once."""
        with contextlib.suppress(LeaseLostError):
            async with self.write() as session:
                await session.execute(self._changing(holder=None))

    def _changing(self, **values: object) -> Update:
        return update(LeaseRow).where(LeaseRow.name == self._name).values(**values)


class _Seen(NamedTuple):
    """What somebody else's lease looked like, and since when (monotonic seconds)."""

    epoch: int
    beat: int
    since: float


class Lease:
    """One process's way to a lease."""

    def __init__(self, db: Sessions, name: str) -> None:
        self._db = db
        self._name = name
        self._holder = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._seen: _Seen | None = None

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Leased | None]:
        """Hold the lease; give None while another process does."""
        epoch = await self._acquire()
        if epoch is None:
            yield None
            return
        leased = Leased(self._db, self._name, epoch)
        beating = asyncio.create_task(leased.beat_on())
        try:
            yield leased
        finally:
            beating.cancel()
            await asyncio.wait([beating])
            await leased.release()

    @asynccontextmanager
    async def waited_for(self) -> AsyncIterator[Leased]:
        """Hold the lease as soon as no other process does."""
        while True:
            async with self.held() as leased:
                if leased is not None:
                    yield leased
                    return
            await asyncio.sleep(BEAT_S)

    async def _acquire(self) -> int | None:
        """Return the epoch in which this process holds the lease, None if it does not."""
        async with self._db.read() as session:
            if self._is_alive(await _row(session, self._name)):
                return None
        async with self._db.write() as session:
            row = await _row(session, self._name)
            if self._is_alive(row):
                return None
            if row is None:
                row = LeaseRow(name=self._name, epoch=0, beat=0)
                session.add(row)
            elif row.holder is not None:
                logger.warning("%s takes %s over from %s", self._holder, self._name, row.holder)
            row.holder, row.epoch = self._holder, row.epoch + 1
            return row.epoch

    def _is_alive(self, row: LeaseRow | None) -> bool:
        """Return whether somebody holds the lease whose beat has changed lately."""
        if row is None or row.holder is None:
            self._seen = None
            return False
        now = time.monotonic()
        if self._seen is None or self._seen[:2] != (row.epoch, row.beat):
            self._seen = _Seen(row.epoch, row.beat, now)
        return now - self._seen.since < DEAD_AFTER_S


async def _row(session: AsyncSession, name: str) -> LeaseRow | None:
    return await session.get(LeaseRow, name)

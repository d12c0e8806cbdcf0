"""A lease has one holder in each epoch, nobody stores anything after the next one has begun, and a
holder that lives is not replaced.
"""

import asyncio
from typing import Final

from sqlalchemy import text

from app.db.lease import Grant, Lease, LeaseLostError
from app.errors import AppError
from tests.trust.faults import faulty
from tests.trust.world import Worker, World

NAME: Final = "work"
LASTS_S: Final = 9.0
PAUSES_S: Final = (0.0, 0.01, 1.0, 3.0)
HARMLESS: Final = {"kill", "clock", "log", "cancel"}
"""Faults that keep no living holder from changing its beat."""
MOST_APART: Final = 150
TABLE: Final = 'CREATE TABLE "Done" (id INTEGER PRIMARY KEY, epoch INTEGER, worker TEXT)'
COUNT: Final = 'SELECT count(*) FROM "Done"'
DONE: Final = text('INSERT INTO "Done" (epoch, worker) VALUES (:epoch, :worker)')


class Work:
    """The work that one worker at a time may do."""

    def __init__(self, world: World) -> None:
        self.holders: dict[int, Worker] = {}
        """By epoch."""
        self.holding: set[Worker] = set()
        self.is_harmless = False
        self._random = world.random

    async def strive(self, worker: Worker) -> None:
        """Do the work whenever no other worker does."""
        lease = Lease(worker.db, NAME)
        while True:
            try:
                async with lease.held() as grant:
                    if grant is not None:
                        await self._do(worker, grant)
            except (AppError, LeaseLostError):
                pass  # It tries again.
            await asyncio.sleep(self._random.uniform(0, 1))

    async def _do(self, worker: Worker, grant: Grant) -> None:
        epoch = grant.token.epoch
        assert epoch not in self.holders, f"epoch {epoch} has two holders"
        if self.is_harmless:
            replaced = [each.name for each in self.holding if each.is_alive]
            assert not replaced, f"{worker.name} replaces {replaced} in epoch {epoch}"
        self.holders[epoch] = worker
        self.holding.add(worker)
        try:
            for _ in range(self._random.randint(1, 6)):
                await asyncio.sleep(self._random.choice(PAUSES_S))
                async with grant.write() as session:
                    await session.execute(DONE, {"epoch": epoch, "worker": worker.name})
        finally:
            self.holding.discard(worker)


async def play(world: World) -> None:
    """Let all workers strive for the lease; in the end one holds it and works."""
    world.rows(TABLE)
    work = Work(world)
    world.jobs.append(work.strive)
    async with faulty(world, most_apart=MOST_APART) as faults:
        work.is_harmless = HARMLESS.issuperset(faults.kinds)
        await asyncio.sleep(LASTS_S)
    before = world.rows(COUNT)
    while world.rows(COUNT) == before:  # noqa: ASYNC110 - Virtual time costs nothing.
        await asyncio.sleep(0.5)
    await world.stop()
    done = world.rows('SELECT epoch, worker FROM "Done" ORDER BY id')
    for (epoch, name), (later, _) in zip(done, [*done[1:], done[-1]], strict=True):
        assert epoch <= later, f"a write of epoch {later} came after one of {epoch}"
        assert work.holders[epoch].name == name, f"{name} wrote in an epoch of another"

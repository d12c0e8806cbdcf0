"""The faults of a seed: which kinds it has, and at which steps they strike."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from tests.trust.world import LostError, Worker, World

WORKERS: Final = 2
KINDS: Final = ("cancel", "kill", "disk", "slow", "pause", "clock", "log")
PAUSES_S: Final = (0.1, 3.0, 6.0, 50.0)
JUMPS_S: Final = (-3_000.0, -5.0, 5.0, 3_000.0)
MOST_APART: Final = 200
"""Steps between two faults."""


class Faults:
    """Strikes at steps drawn from the seed. A seed has some of the kinds, so that they also meet
    alone: a worker that is killed again and again would hide what cancellations do.
    """

    def __init__(
        self, world: World, kinds: tuple[str, ...] = KINDS, *, most_apart: int = MOST_APART
    ) -> None:
        self._world = world
        self._random = world.random
        self.kinds = [kind for kind in kinds if self._random.random() < 0.4]
        self._most_apart = most_apart
        self._next = self._random.randint(1, most_apart)
        self._strike: dict[str, Callable[[], None]] = {
            "cancel": world.cancel_one,
            "kill": self._kill,
            "disk": self._fail_disk,
            "slow": self._slow_disk,
            "pause": self._pause,
            "clock": self._jump,
            "log": self._hide_log,
        }

    def begin(self) -> None:
        self._world.loop.on_step = self._on_step

    def end(self) -> None:
        """Let nothing fail any more."""
        self._world.loop.on_step = lambda _: None
        self._world.disk.failing = self._world.disk.slow = 0.0
        for worker in self._world.workers:
            worker.paused_until = 0.0
            worker.feed._connection.set_progress_handler(None, 0)

    def _on_step(self, number: int) -> None:
        if number >= self._next and self.kinds:
            self._next = number + self._random.randint(1, self._most_apart)
            self._strike[self._random.choice(self.kinds)]()

    def _some_worker(self) -> Worker | None:
        return self._random.choice(self._world.workers) if self._world.workers else None

    def _kill(self) -> None:
        if worker := self._some_worker():
            self._world.kill(worker)

    def _fail_disk(self) -> None:
        disk = self._world.disk
        disk.failing = 0.0 if disk.failing else self._random.choice((0.05, 0.5))

    def _slow_disk(self) -> None:
        disk = self._world.disk
        disk.slow = 0.0 if disk.slow else self._random.choice((0.02, 0.2))

    def _pause(self) -> None:
        if worker := self._some_worker():
            worker.paused_until = self._world.loop.time() + self._random.choice(PAUSES_S)

    def _jump(self) -> None:
        if worker := self._some_worker():
            worker.clock_offset_s += self._random.choice(JUMPS_S)

    def _hide_log(self) -> None:
        """Let a worker's log be unreadable, or readable again.

        A query of more than ten instructions may fail where a shorter one succeeds.
        """
        if worker := self._some_worker():
            is_hidden = self._random.random() < 0.5
            instructions = self._random.choice((1, 10))
            worker.feed._connection.set_progress_handler(lambda: is_hidden, instructions)


@asynccontextmanager
async def faulty(
    world: World, kinds: tuple[str, ...] = KINDS, *, most_apart: int = MOST_APART
) -> AsyncIterator[Faults]:
    """Run workers, and let them fail during the block; afterwards all is well, and all run."""
    for _ in range(WORKERS):
        await world.start_worker()
    faults = Faults(world, kinds, most_apart=most_apart)
    faults.begin()
    keeping = asyncio.create_task(_keep_running(world))
    try:
        yield faults
    finally:
        faults.end()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    while len(world.workers) < WORKERS:
        await world.start_worker()


async def _keep_running(world: World) -> None:
    """Start a worker for each that is gone, as the supervisor does."""
    while True:
        await asyncio.sleep(world.random.uniform(0, 1))
        if len(world.workers) < WORKERS:
            try:
                await world.start_worker()
            except LostError:
                continue

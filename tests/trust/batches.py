"""Each caller of a batch gets its own result or error, of a run that began after it asked."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from app.db.batch import Batch
from app.errors import UnavailableError
from tests.trust.faults import Faults
from tests.trust.loop import Process
from tests.trust.world import LostError, World

CALLERS: Final = 25
ITEMS: Final = 6
TIMEOUT_S: Final = 10.0
LATE_S: Final = 0.1
"""How much later than its limit a wait may end."""
RUNS_TAKE_S: Final = (0.0, 0.001, 1.0)
"""Even if all items wait, and each run takes one, all are run within the limit of a wait."""
SLOW_S: Final = 15.0


class Outcome(NamedTuple):
    """What a run makes of an item."""

    item: int
    run: int


class ItemError(Exception):
    """A run fails for one item."""


class RunError(Exception):
    """A run fails for all."""


class Runs:
    """The function of a batch: slow, and failing for one or for all, as the seed says."""

    def __init__(self, world: World, max_size: int) -> None:
        self.items: list[list[int]] = []
        self._random = world.random
        self._max_size = max_size
        self._failing = self._random.choice((0.0, 0.2))
        self._is_running = False
        self.is_slow = self._random.random() < 0.5
        self._takes_s = (*RUNS_TAKE_S, SLOW_S) if self.is_slow else RUNS_TAKE_S

    async def __call__(self, items: Sequence[int]) -> list[Outcome | Exception]:
        assert not self._is_running, "two runs at once"
        assert 0 < len(items) <= self._max_size
        assert len(items) == len(set(items)), "an item is twice in a run"
        number = len(self.items)
        self.items.append(list(items))
        self._is_running = True
        try:
            await asyncio.sleep(self._random.choice(self._takes_s))
        finally:
            self._is_running = False
        if self._random.random() < self._failing:
            raise RunError(number)
        return [self._result(Outcome(item, number)) for item in items]

    def _result(self, outcome: Outcome) -> Outcome | Exception:
        return ItemError(*outcome) if self._random.random() < self._failing else outcome


async def play(world: World) -> None:
    """Let callers ask for a few items, so that they share them, and let some of them leave."""
    process = Process("batch")
    runs = Runs(world, max_size := world.random.randint(1, 4))
    most = world.random.randint(2, 10)
    batch = Batch(runs, max_size=max_size, max_waiting=most, timeout_s=TIMEOUT_S)
    faults = Faults(world, ("cancel",), most_apart=20)
    faults.begin()
    callers = [Caller(world, process, runs, batch, most) for _ in range(CALLERS)]
    await asyncio.gather(*(caller.ask() for caller in callers))
    faults.end()
    await asyncio.gather(callers[0].ask(), world.run_in(process, batch.close()))
    assert await world.ask(process, batch(0)) is None, "a closed batch runs an item"


class Caller(NamedTuple):
    """Asks once, and checks what it gets."""

    world: World
    process: Process
    runs: Runs
    batch: Batch[int, Outcome]
    most_waiting: int

    async def ask(self) -> None:
        random, clock = self.world.random, self.world.loop.time
        await asyncio.sleep(random.choice((0.0, 0.0005, 0.5, 5.0)))
        item, known, asked = random.randrange(ITEMS), len(self.runs.items), clock()
        try:
            outcome = await self.world.run_in(self.process, self._result(item))
        except LostError:
            return
        except UnavailableError:
            assert self.runs.is_slow, "given up without need"
            assert TIMEOUT_S <= clock() - asked < TIMEOUT_S + LATE_S, "given up at another time"
            return
        except ItemError as error:
            outcome = Outcome(*error.args)
        except RunError as error:
            outcome = Outcome(item, error.args[0])
        if outcome is None:
            return
        assert outcome.item == item, f"{item} got the result of {outcome.item}"
        assert outcome.run >= known, f"{item} got what was read before it was asked for"
        assert item in self.runs.items[outcome.run], f"{item} got the error of a run without it"
        assert clock() - asked < TIMEOUT_S + LATE_S, "the wait had no end"

    async def _result(self, item: int) -> Outcome | None:
        """Return the result; None if the batch is closed or full, and refuses it at once."""
        waiting = self.batch._callers
        is_full = len(waiting) >= self.most_waiting and item not in waiting
        if not (is_full or self.batch._is_closing):
            return await self.batch(item)
        with contextlib.suppress(UnavailableError):
            await self.batch(item)
            raise AssertionError("a batch that is full or closed takes an item")
        return None

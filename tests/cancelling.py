"""Cancelling work at each of its waits: as the wait begins, or just as it ends."""

import asyncio
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class CancelledAt:
    """Awaits work, whose task is cancelled at its n-th wait and at each of the following ones.

    With `late` it is cancelled when what it waits for is there and the task has not heard yet.
    """

    work: Coroutine[Any, Any, None]
    first: int
    times: int = 1
    late: bool = False
    waits: int = 0
    """How often the work has waited so far."""

    def __await__(self) -> Generator[Any, None, None]:
        error: BaseException | None = None
        while True:
            try:
                awaited = self.work.send(None) if error is None else self.work.throw(error)
            except StopIteration:
                return
            self.waits += 1
            if self.first <= self.waits < self.first + self.times:
                self._cancel(awaited)
            try:
                yield awaited
                error = None
            except BaseException as thrown:
                error = thrown

    def _cancel(self, awaited: "asyncio.Future[Any] | None") -> None:
        task = asyncio.current_task()
        assert task is not None
        if self.late and awaited is not None:
            awaited.add_done_callback(lambda _: task.cancel())
        else:
            asyncio.get_running_loop().call_soon(task.cancel)


async def cancelled_at(
    work: Coroutine[Any, Any, None], wait: int, *, times: int = 1, late: bool = False
) -> bool:
    """Run the work in a task that is cancelled so; return whether it came to its end.

    Raises LookupError if the work has fewer waits.
    """
    stepped = CancelledAt(work, wait, times, late)

    async def run() -> None:
        await stepped

    task = asyncio.create_task(run())
    await asyncio.wait([task])
    if stepped.waits < wait:
        await task
        raise LookupError(f"it waits only {stepped.waits} times")
    if not task.cancelled():
        await task
    return not task.cancelled()

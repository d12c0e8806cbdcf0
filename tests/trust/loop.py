"""An event loop with virtual time, whose every step one seed decides.

It keeps asyncio's promises, first in, first out among them, and nothing else moves it: no thread,
no clock of the machine. Each step takes a microsecond; else time advances when nothing is ready.

Packages for this need Python 3.12. The loop has to run wherever the program does, to know which
simulated process each step belongs to, and to stop between any two steps, which takes no more lines
than adapting one of them would.
"""

import asyncio
import heapq
import itertools
import select
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from dataclasses import dataclass
from random import Random
from typing import Any, Final, cast

MOST_STEPS: Final = 200_000
STEP_S: Final = 1e-6
"""What a step takes: in the end, time passes for those too that only look at the clock."""
POLL_S: Final = 0.05
"""The longest time between two attempts of a function that waits in a thread."""


class StuckError(Exception):
    """The simulation waits for something that cannot come, or for too long."""


class UnhandledError(Exception):
    """A task or a callback failed, and nobody handled it."""


class BuriedError(BaseException):
    """A killed process tries to start something; no handler of the program catches it."""


@dataclass(eq=False)
class Process:
    """A simulated process: the owner of its tasks, timers and callbacks."""

    name: str
    is_alive: bool = True
    paused_until: float = 0.0
    """None of its steps runs before this time, as if it had been stopped or swapped out."""
    clock_offset_s: float = 0.0
    """How far its wall clock is ahead."""


OUTSIDE: Final = Process("outside")
"""The owner of the clients and of the faults."""


class _Step(asyncio.TimerHandle):
    process: Process


class _Task(asyncio.Task[Any]):
    process: Process


def _retrieve(step: _Step) -> None:
    """Retrieve the error that a dead task would have got, so that nobody is told of it."""
    for each in cast(Any, step)._args:
        if isinstance(each, asyncio.Future) and each.done() and not each.cancelled():
            each.exception()


class SimLoop:
    """Runs a simulation; `process` is the owner of the running step and of what it starts.

    It has those methods of a loop that the program uses.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.process = OUTSIDE
        self.steps = 0
        self.on_step: Callable[[int], None] = lambda _: None
        """Called before each step with its number; it may kill a process or cancel a task."""
        self.errors: list[dict[str, Any]] = []
        """What the loop of a server would log."""
        self.tasks: dict[asyncio.Task[Any], Process] = {}
        self._now = 0.0
        self._ready: deque[_Step] = deque()
        self._timers: list[tuple[float, int, _Step]] = []
        self._order = itertools.count()
        self._readers: dict[int, tuple[Any, _Step, list[bool]]] = {}
        self._is_burying = False

    def run(self, work: Coroutine[Any, Any, None], *, at_most_s: float) -> None:
        """Run the work to its end.

        Raises StuckError if it has none within that virtual time, and UnhandledError.
        """
        asyncio._set_running_loop(cast(Any, self))
        try:
            task = self.create_task(work)
            while not task.done():
                self._turn()
                if self.errors:
                    raise UnhandledError(self.errors)
                if self._now > at_most_s or self.steps > MOST_STEPS:
                    raise StuckError(f"no end after {self._now:.1f} s and {self.steps} steps")
            task.result()
        finally:
            for process in {*self.tasks.values()}:
                self.bury(process)
            asyncio._set_running_loop(None)

    def _turn(self) -> None:
        for source, step, is_coming in list(self._readers.values()):
            if not is_coming[0] and self._is_readable(source):
                is_coming[0] = True
                with self.as_process(step.process):
                    self.call_later(
                        self.random.choice((0, 0.001, 0.3)), self._read, step, is_coming
                    )
        if not self._ready:
            if not self._timers:
                raise StuckError("everything waits, and nothing is coming")
            self._now = max(self._now, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self._now:
            self._ready.append(heapq.heappop(self._timers)[2])
        for _ in range(len(self._ready)):
            self._run_step(self._ready.popleft())

    @staticmethod
    def _is_readable(source: Any) -> bool:
        poll = select.poll()
        poll.register(source, select.POLLIN)
        return bool(poll.poll(0))

    def _run_step(self, step: _Step) -> None:
        self.steps += 1
        self._now += STEP_S
        self.on_step(self.steps)
        process = step.process
        if step.cancelled():
            return
        if not process.is_alive:
            _retrieve(step)
            return
        if process.paused_until > self._now:
            heapq.heappush(self._timers, (process.paused_until, next(self._order), step))
            return
        with self.as_process(process):
            step._run()

    def _read(self, step: _Step, is_coming: list[bool]) -> None:
        is_coming[0] = False
        if not step.cancelled():
            step._run()

    @contextmanager
    def as_process(self, process: Process) -> Iterator[None]:
        """Let what the block starts belong to this process."""
        before, self.process = self.process, process
        try:
            yield
        finally:
            self.process = before

    def bury(self, process: Process) -> None:
        """End a process as a kill does: its tasks take no step more, and start nothing."""
        process.is_alive = process is OUTSIDE
        # Python 3.11 ends some generators of a closed coroutine as garbage, and would complain.
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
        self._is_burying = True
        try:
            for task in [task for task, owner in self.tasks.items() if owner is process]:
                del self.tasks[task]
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                with self.as_process(process), suppress(BuriedError, RuntimeError, ValueError):
                    cast(Any, task.get_coro()).close()
        finally:
            self._is_burying = False
            sys.unraisablehook = hook

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> _Step:
        step = self._step(self._now, callback, args, context)
        self._ready.append(step)
        return step

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> _Step:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> _Step:
        step = self._step(when, callback, args, context)
        heapq.heappush(self._timers, (when, next(self._order), step))
        return step

    def _step(self, when: float, callback: Any, args: Any, context: Context | None) -> _Step:
        step = _Step(when, callback, args, cast(Any, self), context)
        step.process = self.process
        return step

    def _timer_handle_cancelled(self, _: object) -> None:
        """Leave a cancelled timer where it is; its step is skipped."""

    def create_future(self) -> "asyncio.Future[Any]":
        if self._is_burying:
            raise BuriedError
        return asyncio.Future(loop=cast(Any, self))

    def create_task(
        self, coro: Any, *, name: str | None = None, context: Context | None = None
    ) -> "asyncio.Task[Any]":
        if self._is_burying:
            coro.close()
            raise BuriedError
        task = _Task(coro, loop=cast(Any, self), name=name, context=context)
        task.process = self.process
        self.tasks[task] = self.process
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self.tasks.pop(task, None)

    def run_in_executor(
        self, _executor: Any, function: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Run the function at a later step; it raises BlockingIOError where a thread would wait."""
        future = self.create_future()

        def attempt() -> None:
            try:
                result = function(*args)
            except BlockingIOError:
                self.call_later(self.random.uniform(0, POLL_S), attempt)
            except Exception as error:
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)

        self.call_later(self.random.uniform(0, 0.001), attempt)
        return future

    def add_reader(self, fd: Any, callback: Callable[..., Any], *args: Any) -> None:
        step = self._step(self._now, callback, args, None)
        self._readers[fd.fileno()] = fd, step, [False]

    def remove_reader(self, fd: Any) -> bool:
        found = self._readers.pop(fd.fileno(), None)
        if found is not None:
            found[1].cancel()
        return found is not None

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        task = context.get("future")
        if not isinstance(task, _Task) or task.process.is_alive:
            self.errors.append(context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

"""How long a step of the event loop may take on this machine, beside whatever else it does."""

import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import thread_time

import pytest

ATTEMPTS = 4
"""Processor time, too, differs with what else a machine does."""


def measure() -> float:
    """Return the processor time of fixed work: 10 ms on an ordinary core."""
    started = thread_time()
    total = 0
    for number in range(200_000):
        total += number * number % 7
    return thread_time() - started


async def check_longest(longest: Callable[[int], Awaitable[float]], *, of_steps: int = 1) -> None:
    """Fail where each of some attempts holds the loop for longer than so many steps may take.

    `longest` runs an attempt, by its number, and returns the processor time of its longest turn.
    """
    shares = []
    for attempt in range(ATTEMPTS):
        limit_s = measure()
        seconds = await longest(attempt)
        shares.append(seconds / (of_steps * max(limit_s, measure())))
        if shares[-1] < 1:
            return
    pytest.fail(f"the loop was held for {min(shares):.1f} times the time that it may be")


@contextmanager
def no_garbage_collected() -> Iterator[None]:
    """Keep the collection of garbage, which takes longer than a step, out of what is measured."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

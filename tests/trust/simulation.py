"""Run the properties under seeds.

`python -m tests.trust.simulation writes 17` replays a seed, `… writes 0 1000` looks for the first
one that fails.
"""

import gc
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final

from tests.trust import batches, freshness, leases, streams, writes
from tests.trust.loop import UnhandledError
from tests.trust.world import LONGEST_S, World, simulated

PROPERTIES: Final[dict[str, Callable[[World], Coroutine[Any, Any, None]]]] = {
    "batches": batches.play,
    "freshness": freshness.play,
    "leases": leases.play,
    "streams": streams.play,
    "writes": writes.play,
}
SOAKED: Final = 10_000
AT_ONCE: Final = 250
"""Seeds that a process of a long run takes together."""


def run(name: str, seed: int) -> int:
    """Run one seed, and return its number of steps. Raises what is wrong.

    The same seed takes the same steps.
    """
    gc.freeze()
    gc.disable()  # Garbage closes itself, and it would do so at any step.
    try:
        with simulated(seed) as world:
            try:
                world.loop.run(PROPERTIES[name](world), at_most_s=LONGEST_S)
            finally:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # A killed worker leaves connections behind.
                    gc.collect()
            if world.loop.errors:
                raise UnhandledError(world.loop.errors)
            return world.loop.steps
    finally:
        gc.enable()
        gc.unfreeze()


def first_failure(name: str, seeds: Iterable[int]) -> tuple[int, Exception] | None:
    """Return the first seed under which the property does not hold, and what is wrong."""
    for seed in seeds:
        try:
            run(name, seed)
        except Exception as error:
            return seed, error
    return None


def soak(names: Iterable[str]) -> bool:
    """Run many seeds of each property, on all cores; print what they show."""
    is_well = True
    with ProcessPoolExecutor(os.cpu_count(), max_tasks_per_child=1) as processes:
        for name in names:
            began = time.monotonic()
            parts = [range(first, first + AT_ONCE) for first in range(0, SOAKED, AT_ONCE)]
            found = [each for each in processes.map(_failure, [name] * len(parts), parts) if each]
            print(f"{name}: {SOAKED} seeds, {len(found)} failed, {time.monotonic() - began:.0f} s")
            print(*found, sep="\n", end="\n" if found else "")
            is_well = is_well and not found
    return is_well


def _failure(name: str, seeds: range) -> str:
    found = first_failure(name, seeds)
    return f"{name} {found[0]}: {type(found[1]).__name__}: {found[1]}" if found else ""


def main(arguments: list[str]) -> int:
    if not arguments:
        return 0 if soak(PROPERTIES) else 1
    name, *numbers = arguments
    first, *end = map(int, numbers)
    found = first_failure(name, range(first, end[0] if end else first + 1))
    if found is None:
        print(f"{name}: all seeds are clean")
        return 0
    if not end:
        traceback.print_exception(found[1])
    print(f"{name} {found[0]}: {type(found[1]).__name__}: {found[1]}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

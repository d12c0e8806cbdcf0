"""What marks beside the tests cannot say: a folder's database, and who shares a process.

Beside a test, `full` and `soak` leave it to `make test-full` and `make soak`, both to the latter.
`databases` names the kinds of database that it runs on, and may mark one of them.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.databases import KINDS

T = TypeVar("T")

FOLDER: Final = Path(__file__).parent
ON_SQLITE: Final = (*("asgi", "parts", "views"), *("services/compare", "services/imports"))
"""Folders whose tests only `make soak` runs on PostgreSQL, unless they name it; as of `tests/*.py`.

They are of requests, comparisons, imports and sources, which reach a database by what the other
folders test on both.
"""
TOGETHER: Final = ("tests/browser/",)
"""Where the ids of tests begin that share a browser and its sites."""
ALONE: Final = ("tests/benchmarks/", "tests/trust/")
"""Where tests take long and share nothing."""
QUICK: Final = ("tests/engine/", "tests/formats/")
"""Where a module takes about a second: at the end of a run, no process waits long for another."""


def first_of(values: Iterable[T], *first: T) -> list[Any]:
    """Return parameters of which `make test` tries these alone, and `make test-full` the others."""
    params: list[Any] = []
    for value in values:
        several: Any = value if type(value) is tuple else (value,)
        is_first = value in first
        params.append(value if is_first else pytest.param(*several, marks=pytest.mark.full))
    return params


def kinds_for(definition: pytest.Item) -> Sequence[Any]:
    """Return the kinds of database that a test runs on."""
    if marker := definition.get_closest_marker("databases"):
        return marker.args
    place = definition.path.parent.relative_to(FOLDER)
    if place == Path() or any(map(place.is_relative_to, ON_SQLITE)):
        return "sqlite", pytest.param("postgresql", marks=pytest.mark.soak)
    return KINDS


def is_for_soak(kind: Any) -> bool:
    """Return whether a kind of database is marked for `make soak`."""
    return any(mark.name == "soak" for mark in getattr(kind, "marks", ()))


class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """Gives the tests of a module to one process: what they share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(ALONE):
            return nodeid
        module = nodeid.partition("::")[0]
        return next((start for start in TOGETHER if nodeid.startswith(start)), module)


def turn_of(item: pytest.Item) -> tuple[bool, float]:
    """Return what sorts a test: the longest time limits come first, the quick modules last."""
    marker = item.get_closest_marker("timeout")
    return item.nodeid.startswith(QUICK), -float(marker.args[0]) if marker else 0.0

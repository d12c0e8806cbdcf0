"""What clients send at length is not kept: no memory of the server grows by it."""

import gc
import secrets
import tracemalloc
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import Shared

LONG = 50_000
TIMES = 25
MOST_BYTES = 600_000
"""What may be left, of 1.2 million for each value that is kept."""


@contextmanager
def growth() -> Iterator[list[int]]:
    """Give the bytes that are left at the end, all garbage collected."""
    left: list[int] = []
    gc.collect()
    tracemalloc.start()
    try:
        yield left
        urllib.parse.clear_cache()  # type: ignore[attr-defined] # The client's own.
        gc.collect()
        left.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()


def long_value() -> str:
    return secrets.token_hex(LONG // 2)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("header", ["Cookie", "Accept-Language", "Accept-Encoding", "Host"])
async def test_no_request_leaves_a_long_value_behind(shared: Shared, header: str) -> None:
    async def ask() -> None:
        await shared.anybody.get("/about", headers={header: long_value()})

    await ask()
    with growth() as left:
        for _ in range(TIMES):
            await ask()
    assert left[0] < MOST_BYTES

"""Waiting for an event, which ends with the task that waits."""

import asyncio

import pytest

from app.runtime.clock import wait_until_set
from tests.waiting import DEADLINE_S


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_that_meets_the_event_ends_the_task(turns: int) -> None:
    event = asyncio.Event()

    async def follow() -> None:
        while True:
            await wait_until_set(event, at_most_s=DEADLINE_S)
            event.clear()

    task = asyncio.create_task(follow())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=DEADLINE_S)
    assert task in done

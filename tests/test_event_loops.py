"""A test that waits for ever fails after its time limit."""

import asyncio
import os
import signal
from contextlib import closing
from typing import Never

import pytest

from tests.event_loops import Loop


async def wait_for_ever() -> None:
    await asyncio.to_thread(os.kill, os.getpid(), signal.SIGUSR1)
    await asyncio.Event().wait()


def test_a_signal_that_fails_a_test_ends_what_the_loop_waits_for() -> None:
    def fail(*_: object) -> Never:
        pytest.fail("the time is over")

    before = signal.signal(signal.SIGUSR1, fail)
    try:
        with closing(Loop()) as loop, pytest.raises(pytest.fail.Exception, match="time is over"):
            loop.run_until_complete(wait_for_ever())
    finally:
        signal.signal(signal.SIGUSR1, before)

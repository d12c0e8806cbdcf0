"""Back-pressure: however fast a client sends, what waits to be read is bounded."""

import asyncio
import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from app.asgi.flow import MOST_UNREAD_BYTES, Flow

LARGEST = 256 * 1024
sizes = st.lists(st.integers(0, LARGEST), min_size=1, max_size=40)


async def drained() -> None:
    """Let everything that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


@settings(deadline=None)  # Other work on the machine is no fault.
@given(sizes=sizes, reads=st.lists(st.integers(0, 40), max_size=10))
def test_unread_bytes_are_bounded_and_all_arrive(sizes: list[int], reads: list[int]) -> None:
    asyncio.run(check(sizes, reads))


async def check(sizes: list[int], reads: list[int]) -> None:
    sent = iter(sizes)
    unread: list[int] = []
    most = 0
    done = asyncio.Event()

    async def receive() -> dict[str, int | None]:
        return {"size": next(sent, None)}

    flow = Flow(receive)

    async def take_in() -> None:
        nonlocal most
        while (size := (await flow.receive())["size"]) is not None:
            flow.came(size)
            unread.append(size)
            most = max(most, sum(unread))
        done.set()

    task = asyncio.create_task(take_in())
    read = 0

    def take(count: int) -> None:
        nonlocal read
        for _ in range(min(count, len(unread))):
            size = unread.pop(0)
            flow.taken(size)
            read += size

    for count in reads:
        await drained()
        take(count)
    while not done.is_set():
        await drained()
        take(len(unread))
    take(len(unread))
    await task
    assert most < MOST_UNREAD_BYTES + LARGEST
    assert read == sum(sizes)


async def test_the_gate_opens_only_when_enough_was_read() -> None:
    calls = 0

    async def receive() -> dict[str, bool]:
        nonlocal calls
        calls += 1
        return {"more_body": True}

    flow = Flow(receive)
    flow.came(MOST_UNREAD_BYTES - 1)
    await flow.receive()
    flow.came(1)
    waiting = asyncio.ensure_future(flow.receive())
    await drained()
    assert (calls, waiting.done()) == (1, False)
    flow.taken(1)
    await waiting
    assert calls == 2


async def test_a_request_that_ends_while_it_waits_leaves_nothing_behind() -> None:
    flow = Flow(asyncio.Event().wait)
    flow.came(MOST_UNREAD_BYTES)
    waiting = asyncio.ensure_future(flow.receive())
    await drained()
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert waiting.cancelled()

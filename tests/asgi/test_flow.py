"""Back-pressure: however fast a client sends, what waits to be read is bounded."""

import asyncio

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
            flow.came(-size)
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

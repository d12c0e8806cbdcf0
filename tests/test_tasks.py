"""Long work leaves the loop, and what was opened for nobody is closed."""

import asyncio
import threading

import pytest

from app.tasks import Turns, opened, worked_on


async def test_long_texts_are_worked_on_in_a_thread() -> None:
    texts = ["four", "five!"]
    here = threading.current_thread()
    assert await worked_on(texts, threading.current_thread, inline_characters=9) is here
    assert await worked_on(texts, threading.current_thread, inline_characters=8) is not here


@pytest.mark.parametrize("times", [1, 2])
async def test_what_is_opened_while_its_caller_is_cancelled_is_closed(times: int) -> None:
    is_open, begun = threading.Event(), asyncio.Event()
    closed: list[str] = []

    def open_it() -> str:
        is_open.wait()
        return "it"

    async def close(what: str) -> None:
        await asyncio.sleep(0)
        closed.append(what)

    async def work() -> str:
        begun.set()
        return await opened(asyncio.to_thread(open_it), close)

    task = asyncio.create_task(work())
    await begun.wait()
    for _ in range(times):
        await asyncio.sleep(0)
        task.cancel()
    is_open.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed == ["it"]


async def test_a_caller_who_leaves_gives_its_turn_to_the_next() -> None:
    turns = Turns(2)
    ended: list[int] = []

    async def take(number: int) -> None:
        await turns.take()
        ended.append(number)

    tasks = [asyncio.create_task(take(number)) for number in range(7)]
    await asyncio.sleep(0)
    assert ended == [0, 1]
    tasks[2].cancel()
    await tasks[4]
    assert ended == [0, 1, 3, 4]
    await asyncio.gather(*tasks, return_exceptions=True)
    assert ended == [0, 1, 3, 4, 5, 6]

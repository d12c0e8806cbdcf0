"""Long work leaves the loop, and quick work leaves room for other work."""

import asyncio
import threading

from app.tasks import Turns, worked_on


async def test_long_texts_are_worked_on_in_a_thread() -> None:
    texts = ["four", "five!"]
    here = threading.current_thread()
    assert await worked_on(texts, threading.current_thread, inline_characters=9) is here
    assert await worked_on(texts, threading.current_thread, inline_characters=8) is not here


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

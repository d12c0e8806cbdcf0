"""Long work leaves the loop."""

import threading

from app.runtime.work_pool import worked_on


async def test_long_texts_are_worked_on_in_a_thread() -> None:
    texts = ["four", "five!"]
    here = threading.current_thread()
    assert await worked_on(texts, threading.current_thread, inline_characters=9) is here
    assert await worked_on(texts, threading.current_thread, inline_characters=8) is not here

"""Work on long texts is done where nobody waits for it."""

import threading

from app.services.off_loop import worked_on


async def test_long_texts_are_worked_on_in_a_thread() -> None:
    texts = ["four", "five!"]
    here = threading.current_thread()
    assert await worked_on(texts, threading.current_thread, inline_characters=9) is here
    assert await worked_on(texts, threading.current_thread, inline_characters=8) is not here

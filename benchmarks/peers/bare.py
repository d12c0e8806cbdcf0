"""The ceiling: an ASGI function that sends the same bytes to everybody, and logs as this program.

`PEER_BODY` is a file with the bytes.
"""

import os
import time
from pathlib import Path
from typing import Any

from app.config import Config
from app.runtime.logs import AnswerNotes, LoggedAnswer, configure, request_id, take_over

BODY = Path(os.environ["PEER_BODY"]).read_bytes()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]

NOTES = AnswerNotes()
configure(Config())
take_over()


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    started = time.perf_counter()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY, "more_body": False})
    seconds = time.perf_counter() - started
    logged = LoggedAnswer.of(scope["method"], scope["path"], 200)
    NOTES.add([(logged, request_id.get())], seconds)

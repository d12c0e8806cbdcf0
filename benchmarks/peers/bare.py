"""The ceiling: an ASGI function that sends the same bytes to everybody, and logs as this program.

`PEER_BODY` is a file with the bytes.
"""

import os
import time
from pathlib import Path
from typing import Any

from app.asgi.edge import access_log
from app.config import Config
from app.logs import configure, take_over

BODY = Path(os.environ["PEER_BODY"]).read_bytes()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]

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
    access_log.info(
        "%s %s %d",
        scope["method"],
        scope["path"],
        200,
        extra={"duration_ms": round(1000 * (time.perf_counter() - started), 1)},
    )

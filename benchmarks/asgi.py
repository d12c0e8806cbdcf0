"""Requests to an app without a server: ASGI messages, all layers of the app."""

import asyncio
from typing import Any


async def get(app: Any, path: str) -> None:
    """Send a GET, as from a server, and check that it is answered with a body."""
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "extensions": {},
    }
    answered = asyncio.Event()
    coming = [{"type": "http.request", "body": b"", "more_body": False}]
    status, body = 0, b""

    async def receive() -> Any:
        if coming:
            return coming.pop()
        # As from a server: nothing more comes before the answer has gone.
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    await app(scope, receive, send)
    answered.set()
    assert status == 200
    assert body

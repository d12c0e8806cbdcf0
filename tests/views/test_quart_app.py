"""A view ends with its client and with its server."""

import asyncio
from typing import Any

import pytest

from app.views.quart_app import App
from app.views.requests import FormRequest


class Site:
    """An app with one view, which waits for ever, and a client of it."""

    def __init__(self) -> None:
        self.app = App("app")
        self.app.request_class = FormRequest
        self.leaves = asyncio.Event()
        self.sent: list[Any] = []
        self.began, self.ended = asyncio.Event(), asyncio.Event()
        self.app.add_url_rule("/", "wait", self.wait, methods=["GET", "POST"])

    async def wait(self) -> str:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()
        return ""

    async def receive(self) -> Any:
        if not self.sent:
            self.sent.append("body")
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def ask(self, method: str) -> None:
        scope: Any = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": "/",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        receive, send = self.receive, self.send
        await self.app.asgi_app(scope, receive, send)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_a_view_ends_when_its_client_leaves(method: str) -> None:
    site = Site()
    asked = asyncio.create_task(site.ask(method))
    await site.began.wait()
    site.leaves.set()
    async with asyncio.timeout(10):
        await asked
    assert site.ended.is_set()
    assert site.sent == ["body"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_view_ends_before_its_server(method: str) -> None:
    site = Site()
    asked = asyncio.create_task(site.ask(method))
    await site.began.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert site.ended.is_set()

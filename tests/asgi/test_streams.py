"""The layer of answers without end: whatever becomes of a request, its place is given back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from quart import Quart, Response, redirect

from app.asgi.streams import Streams, hand_over
from tests.browsing import scope_of
from tests.conftest import Client
from tests.listening import PATH, listening

PART: Final = b"data: a part\n\n"
Send = Callable[[Any], Awaitable[None]]


class OnePart:
    """An endless body that ends after one part."""

    def __init__(self) -> None:
        self.is_closed = False

    async def send_to(self, send: Callable[[bytes], Any], *_: Any) -> bool:
        await send(PART)
        return True

    def close(self) -> None:
        self.is_closed = True


async def ask(app: Callable[[Any, Any, Any], Awaitable[None]], path: str = PATH) -> list[Any]:
    """Send a request through the layer; return the messages of its answer."""
    messages: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        messages.append(message)

    await Streams(app)(scope_of("GET", path, {}), receive, send)
    return messages


@pytest.mark.parametrize("status", [200, 303, 401, 500, 503])
async def test_only_an_answer_of_status_200_is_followed_by_its_body(status: int) -> None:
    body = OnePart()

    async def answer(scope: Any, _receive: Any, send: Send) -> None:
        hand_over(scope, body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"plain", "more_body": False})

    sent = [message["body"] for message in (await ask(answer))[1:]]
    assert sent == ([PART, b""] if status == 200 else [b"plain"])
    assert body.is_closed


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError()], ids=["bad", "gone"])
async def test_a_body_is_closed_when_its_view_fails(error: BaseException) -> None:
    body = OnePart()

    async def fail(scope: Any, *_: Any) -> None:
        hand_over(scope, body)
        raise error

    with pytest.raises(type(error)):
        await ask(fail)
    assert body.is_closed


async def test_a_body_that_no_layer_takes_is_closed() -> None:
    body = OnePart()

    async def answer(scope: Any, *_: Any) -> None:
        hand_over(scope, body)

    with pytest.raises(RuntimeError, match="/elsewhere"):
        await ask(answer, "/elsewhere")
    assert body.is_closed


@pytest.mark.parametrize("becomes", ["a failure", "another answer"])
async def test_a_stream_that_becomes_another_answer_is_whole_and_frees_its_place(
    app: Quart, admin: Client, becomes: str
) -> None:
    app.testing = False

    @app.after_request
    async def change(response: Response) -> Any:
        if response.mimetype != "text/event-stream":
            return response
        if becomes == "a failure":
            raise ValueError("no")
        return redirect("/login")

    async with listening(app) as (listener,):
        await asyncio.wait_for(listener.answer, 60)
    status = 500 if becomes == "a failure" else 302
    assert listener.messages[0]["status"] == status
    assert not listener.messages[-1]["more_body"]
    assert b"welcome" not in b"".join(each.get("body", b"") for each in listener.messages)
    assert "saywho_live_clients 0.0" in await admin.page("/metrics")

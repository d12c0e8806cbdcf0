"""The example of a WebSocket: what its readers are told is so."""

import signal
from collections.abc import Iterator
from typing import Any, Final

import pytest
import wsproto
from quart.testing.connections import WebsocketDisconnectError
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    RejectConnection,
    Request,
    TextMessage,
)

from tests.examples.lessons import connected, loaded, running
from tests.examples.test_examples import EXAMPLES, Server
from tests.installation import TIMEOUT_S, Installation

pytestmark = pytest.mark.full

GOING_AWAY: Final = 1001
TOO_BIG: Final = 1009
LARGEST: Final = "x" * 16 * 1024


class Talker:
    """A client of the WebSocket."""

    def __init__(self, server: Server, *, buffer_bytes: int | None = None, **headers: str) -> None:
        self._socket = connected(server, buffer_bytes=buffer_bytes)
        self._protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._send(Request(host="localhost", target="/talk", extra_headers=extra))
        self.answer = self.hear()
        """What the server says to the request."""

    def _send(self, event: Any) -> None:
        self._socket.sendall(self._protocol.send(event))

    def say(self, text: str) -> None:
        self._send(TextMessage(data=text))

    def say_binary(self, data: bytes) -> None:
        self._send(BytesMessage(data=data))

    def hear(self) -> Any:
        """Wait for the next thing that the server sends."""
        while True:
            for event in self._protocol.events():
                return event
            data = self._socket.recv(4096)
            self._protocol.receive_data(data or None)

    def hear_all(self) -> str:
        """Wait for the whole of the next message."""
        text = ""
        while True:
            event = self.hear()
            text += str(event.data)
            if event.message_finished:
                return text

    def agree(self, closed: CloseConnection) -> None:
        """Answer the goodbye, as browsers do."""
        self._send(closed.response())
        self.close()

    def leave(self) -> None:
        self._send(CloseConnection(code=1000))
        self.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with running(EXAMPLES / "10_websocket" / "quart_app.py") as server:
        yield server


def await_count(server: Server, count: int) -> None:
    Installation.wait_until(lambda: server.client.get("/").json() == {"connected": count})


def test_those_who_are_connected_hear_each_other_until_a_stop(server: Server) -> None:
    first, second = Talker(server), Talker(server)
    first.say("안녕하세요")
    assert [talker.hear_all() for talker in (first, second)] == ["안녕하세요"] * 2
    first.leave()
    await_count(server, 1)
    second.say_binary(b"\0")  # Nobody hears that, nor the empty one.
    second.say_binary(b"")
    second.say("혼자네요")
    assert second.hear_all() == "혼자네요"
    server.process.send_signal(signal.SIGTERM)
    closed = second.hear()
    assert isinstance(closed, CloseConnection)
    assert closed.code == GOING_AWAY
    second.agree(closed)
    assert server.process.wait(TIMEOUT_S) == 0


def test_a_connection_that_breaks_off_is_forgotten(server: Server) -> None:
    talker = Talker(server)
    await_count(server, 1)
    talker.close()
    await_count(server, 0)


def test_a_message_that_is_too_large_ends_the_connection(server: Server) -> None:
    talker = Talker(server)
    talker.say(LARGEST)
    assert talker.hear_all() == LARGEST
    talker.say(LARGEST + "x")
    closed = talker.hear()
    assert isinstance(closed, CloseConnection)
    assert closed.code == TOO_BIG
    talker.agree(closed)
    await_count(server, 0)


def test_a_page_of_another_site_does_not_get_in(server: Server) -> None:
    for origin in ("http://evil.example", "null"):
        stranger = Talker(server, Origin=origin)
        assert isinstance(stranger.answer, RejectConnection)
        assert stranger.answer.status_code == 403
        stranger.close()
    own = Talker(server, Origin="http://localhost")
    assert isinstance(own.answer, AcceptConnection)
    own.leave()


def test_somebody_who_takes_nothing_holds_up_neither_others_nor_a_stop(server: Server) -> None:
    silent, talker = Talker(server, buffer_bytes=4096), Talker(server)
    await_count(server, 2)
    for _ in range(1_000):
        talker.say(LARGEST)
        assert talker.hear_all() == LARGEST
    server.process.send_signal(signal.SIGTERM)
    closed = talker.hear()
    assert closed.code == GOING_AWAY
    talker.agree(closed)
    assert server.process.wait(TIMEOUT_S) == -signal.SIGALRM
    silent.close()


async def test_who_comes_during_a_stop_finds_the_end() -> None:
    example = loaded("10_websocket/quart_app.py")
    example.stopping.set()
    async with example.app.test_client().websocket("/talk") as connection:
        with pytest.raises(WebsocketDisconnectError):
            await connection.receive()
    assert not example.inboxes

"""Connections whose handshake is cut short are closed, and errors are those of httpx."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.embedders import Remote
from app.runtime.http_client import Transport
from tests.waiting import DEADLINE_S


class Silent:
    """A host that takes connections and says nothing."""

    def __init__(self) -> None:
        self.is_reached, self.is_closed = asyncio.Event(), asyncio.Event()
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)  # The handshake has begun.
        self.is_reached.set()
        await reader.read()  # To the end.
        self.is_closed.set()
        writer.close()


@pytest.fixture
async def silent() -> AsyncIterator[Silent]:
    host = Silent()
    async with await asyncio.start_server(host.serve, "127.0.0.1") as server:
        host.address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        yield host


async def test_an_embedder_that_never_ends_its_handshake_is_hung_up_on(silent: Silent) -> None:
    embedder = Remote(silent.address)
    embedding = asyncio.create_task(embedder.embed(["a dog"]))
    async with asyncio.timeout(DEADLINE_S):
        await silent.is_reached.wait()
        embedding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await embedding
        await silent.is_closed.wait()
    await embedder.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", httpx.RemoteProtocolError),
        (b"nonsense\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", httpx.RemoteProtocolError),
        (None, httpx.ReadTimeout),
    ],
    ids=["nothing", "no-http", "cut", "late"],
)
async def test_a_broken_answer_is_an_error_of_httpx(
    answer: bytes | None, error: type[httpx.HTTPError]
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    read_s = 0.3 if answer is None else DEADLINE_S
    limits = httpx.Timeout(DEADLINE_S, read=read_s).as_dict()
    options: dict[str, Any] = {"extensions": {"timeout": limits}}
    transport = Transport(httpx.create_ssl_context())
    async with await asyncio.start_server(serve, "127.0.0.1") as server, transport:
        port = server.sockets[0].getsockname()[1]
        request = httpx.Request("GET", f"http://127.0.0.1:{port}/", **options)
        with pytest.raises(error):
            await (await transport.handle_async_request(request)).aread()

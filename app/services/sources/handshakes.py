"""HTTP whose handshakes by TLS leave no connection behind when they are cut short."""

import ssl
from typing import Any

import httpcore
import httpx


class Transport(httpx.AsyncHTTPTransport):
    """Opens a connection for each request: those that are kept would be chosen by address."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=0,
            network_backend=_Backend(),
        )


class _Backend(httpcore.AnyIOBackend):
    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await super().connect_tcp(*args, **options))


class _Stream(httpcore.AsyncNetworkStream):
    """A connection before its handshake.

    httpcore (1.0) closes it where the handshake fails, but not where its task is cancelled, as by
    a timeout around the whole request: then it stays open until memory is collected.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def start_tls(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(*args, **options)
        except BaseException:
            await self._stream.aclose()
            raise

    async def read(self, *args: Any, **options: Any) -> bytes:
        return await self._stream.read(*args, **options)

    async def write(self, *args: Any, **options: Any) -> None:
        await self._stream.write(*args, **options)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

"""HTTP client that closes the connection when a TLS handshake is cut short."""

import ssl
from typing import Any

import httpcore
import httpx


class Transport(httpx.AsyncHTTPTransport):
    """Transport that closes a connection if its handshake fails or is cancelled; `most_kept` stay
    open for 5 s after their responses.
    """

    def __init__(self, context: ssl.SSLContext, *, most_kept: int = 0) -> None:
        super().__init__(context)
        # httpx (0.28) has no option for the backend of its pool.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=most_kept,
            keepalive_expiry=5.0,
            network_backend=_Backend(),
        )


class _Backend(httpcore.AnyIOBackend):
    async def connect_tcp(self, *args: Any, **options: Any) -> Any:
        return _Stream(await super().connect_tcp(*args, **options))


class _Stream:
    """A connection before its handshake.

    httpcore (1.0) does not close it if its task is cancelled, as by a timeout: it stays open until
    memory is collected.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def start_tls(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(*args, **options)
        except BaseException:
            await self._stream.aclose()
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

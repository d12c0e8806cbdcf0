"""The ASGI layer that gives each request its id and path, and refuses bad requests.

It knows the client from trusted proxies, and the site's hosts: a page of another site can point its
own name at a machine that only its visitor reaches (DNS rebinding), and would read the site. It
also holds back unread parts of a body, and discards unwanted bodies (`Flow`).
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence, Set
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlsplit

from app.errors import AppError, MalformedError, MisdirectedError, is_out_of_files
from app.paths import API, HEALTHZ, NOWHERE, READYZ, UPLOADS, below_root
from app.runtime.clock import wait_until_set
from app.runtime.logs import Answered, LoggedAnswer, request_id
from saywho.clock import monotonic

_HOST = re.compile(
    rb"|(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?)(:(?P<port>\d{1,5}))?"
)


def _entry(scope: Any, name: bytes, hops: int) -> str:
    values = [value for key, value in scope["headers"] if key == name]
    entries = b",".join(values).decode("latin-1").split(",")
    return entries[-hops].strip() if len(entries) >= hops else ""


def forwarded(scope: Any, hops: int) -> Any:
    """Return the ASGI scope of the client's request, seen through `hops` trusted proxies.

    Each proxy appends itself, so the `hops`-th entry from the end counts; earlier entries are
    whatever the client wrote. A malformed value changes nothing.
    """
    changed: dict[str, Any] = {}
    client = _entry(scope, b"x-forwarded-for", hops).removeprefix("[").partition("]")[0]
    if client.count(":") == 1:  # Some proxies write a port, too.
        client = client.partition(":")[0]
    if (address := _address(client)) is not None:
        changed["client"] = (str(address), 0)
    if (scheme := _entry(scope, b"x-forwarded-proto", hops)) in {"http", "https"}:
        changed["scheme"] = scheme
    if host := _entry(scope, b"x-forwarded-host", hops):
        headers = [pair for pair in scope["headers"] if pair[0] != b"host"]
        changed["headers"] = [(b"host", host.encode("latin-1")), *headers]
    return scope | changed


class OwnHosts:
    def __init__(self, url: str, trusted_proxies: int) -> None:
        self._public = urlsplit(url).hostname
        # Without a public address it is the proxy that says which hosts lead here.
        self._is_open = trusted_proxies > 0 and not url

    def error(self, value: bytes, scope: Any) -> AppError | None:
        """Return the error of a malformed or foreign Host header.

        With a public address, every other name is foreign; without one, any name if the request
        arrived at a private address. An unknown address is public.
        """
        # A name has at most 253 bytes (RFC 1035), and then comes a port.
        host = _HOST.fullmatch(value) if len(value) <= 260 else None
        if host is None or not 0 < int(host["port"] or 1) <= 65_535:
            return MalformedError("The Host header is not a host name", loc="Host")
        if self._is_open or scope["path"] in {HEALTHZ, READYZ}:
            return None
        server, _ = scope.get("server") or ("", None)
        if _is_foreign(value, server, self._public):
            return MisdirectedError(
                "{host} is not an address of this site. The operator sets the address in"
                " SAYWHO_URL.",
                host=_host(value),
            )
        return None


@lru_cache(maxsize=100)
def _is_foreign(value: bytes, server: str, public: str | None) -> bool:
    host, ip = _host(value), _address(server)
    is_familiar = not value or host in {public, "localhost"} or _address(host) is not None
    is_reserved = public is not None or (ip is not None and ip.is_private)
    return is_reserved and not is_familiar


def _host(value: bytes) -> str:
    try:
        return (urlsplit(b"//" + value).hostname or b"").decode("ascii").rstrip(".")
    except ValueError:
        return ""


@lru_cache(maxsize=100)
def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(host)
    except ValueError:
        return None
    # A socket for both families gives IPv4 clients mapped addresses.
    return getattr(ip, "ipv4_mapped", None) or ip


def is_loopback(host: str | None) -> bool:
    address = _address(host or "")
    return address is not None and address.is_loopback


def is_loopback_host(value: str) -> bool:
    host = _host(value.encode("latin-1", "replace"))
    return host == "localhost" or is_loopback(host)


Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_PLAIN: Final = "/!$&'()*+,;=:@"
"""Characters that need no percent-encoding in a path (RFC 3986, 3.3)."""
_GOOD_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
REFUSAL: Final = "saywho.refusal"
"""Key of the ASGI scope for the error that answers a refused request."""
LINGER_S: Final = 10.0
"""Seconds for which the rest of a body is discarded after its response."""


_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, If-None-Match, Last-Event-ID, Saywho-After",
    ),
    (b"access-control-max-age", b"600"),
)
_EXPOSED: Final = (
    (
        b"access-control-expose-headers",
        b"ETag, Link, Location, Retry-After, Saywho-Event, X-Request-Id",
    ),
)


class Edge:
    """Wrapper of the app: request ids, access log, refusals, security headers."""

    def __init__(
        self,
        app: AsgiApp,
        *,
        log_addresses: bool = False,
        trusted_proxies: int,
        url: str = "",
        cors: Set[str] = frozenset(),
        note: Callable[[Sequence[Answered], float, str | None], None] = lambda *_: None,
    ) -> None:
        self._app = app
        self._log_addresses = log_addresses
        self._trusted_proxies = trusted_proxies
        self._hosts = OwnHosts(url, trusted_proxies)
        self._cors = cors
        self.note = note
        """Counts and logs answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # Closed before it is accepted: the server answers 403.
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] != "http":
            await _live(self._app, scope, receive, send)
        else:
            started = monotonic()
            judged = self._judged(scope)
            scope = judged.scope
            answer = _Answer(judged, send)
            request_id.set(answer.identifier)
            try:
                if judged.is_tunnel:
                    # HTTP/2 without TLS (h2c) goes through proxies as a tunnel, past their rules
                    # and the headers that they set; hypercorn has no setting against it.
                    await answer.refuse(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
                elif judged.location and judged.refusal is None:
                    location = (b"location", judged.location)
                    await answer.send_empty(HTTPStatus.PERMANENT_REDIRECT, location)
                else:
                    await self._answer(scope, receive, answer)
            except asyncio.CancelledError:
                if not answer.status:  # A stop waits for it no longer.
                    retry = (b"retry-after", b"1")
                    await answer.refuse(HTTPStatus.SERVICE_UNAVAILABLE, retry)
                raise
            except Exception as error:
                if is_out_of_files(error) and not answer.status:
                    # As a static file is sent, which Quart opens after all of its hooks.
                    await answer.refuse(HTTPStatus.SERVICE_UNAVAILABLE, (b"retry-after", b"1"))
                else:
                    answer.status = answer.status or 500  # The server's own answer.
                    raise
            finally:
                seconds = monotonic() - started
                # The query stays out of the log: it holds the texts that people compare.
                logged = LoggedAnswer.of(judged.method, judged.asked, answer.status)
                host, _ = scope.get("client") or ("unknown", 0)
                client = host if self._log_addresses else None
                self.note([(logged, answer.identifier)], seconds, client)

    def _judged(self, scope: Scope) -> "JudgedRequest":
        return JudgedRequest(scope, self._hosts, self._trusted_proxies, self._cors)

    def plain(self, scope: Scope) -> "JudgedRequest | None":
        """Return the judgement of a request that this layer passes on as it is, without a body;
        None for another.
        """
        judged = self._judged(scope)
        is_plain = not (judged.is_tunnel or judged.location or judged.refusal or judged.lengths)
        return judged if is_plain and not judged.is_preflight else None

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        judged = answer.judged
        if judged.is_preflight:
            await answer.send_empty(HTTPStatus.NO_CONTENT)
            return
        is_streamed = scope["method"] == "POST" and scope["path"] in UPLOADS
        if is_streamed or judged.has_body:
            answer.flow = Flow(receive, is_streamed=is_streamed, has_body=judged.has_body)
            receive = answer.flow.receive
            scope = scope | {Flow.KEY: answer.flow}
        if judged.refusal is not None:
            # Quart shall find no fault with the host or the address before it raises the refusal.
            headers = [pair for pair in scope["headers"] if pair[0] != b"host"]
            scope = scope | {"headers": headers, "query_string": b""}
            scope[REFUSAL] = judged.refusal
        await self._app(scope, receive, answer.send)


class JudgedRequest:
    """The decision about a request by its head alone, before the app sees it."""

    __slots__ = (
        *("asked", "closes", "given_id", "has_body", "headers", "is_preflight", "is_tunnel"),
        *("lengths", "location", "method", "refusal", "scope"),
    )

    def __init__(self, scope: Scope, hosts: OwnHosts, trusted_proxies: int, cors: Set[str]) -> None:
        self.is_tunnel = scope["http_version"] == "2" and scope["scheme"] == "http"
        if trusted_proxies:
            scope = forwarded(scope, trusted_proxies)
        self.method: str = scope["method"]
        self.asked: str = scope["path"]
        """The path as the client wrote it, decoded."""
        path = below_root(self.asked, scope.get("root_path", ""))
        self.scope: Scope = scope if path == self.asked else scope | {"path": path}
        """The client's request, as routes read it."""
        is_read = self.method in {"GET", "HEAD"}
        self.location = _location(self.scope, self.asked) if is_read else b""
        """Redirect target for a path written in another way; empty for none."""
        self.lengths: dict[bytes, bytes] = {}
        """The headers that announce a body."""
        self.given_id = ""
        """The client's id for the request; empty without a usable id."""
        self.refusal = self._refusal_of_target()
        """Error for a request that is refused whatever its path."""
        self._read_headers(hosts)
        self.headers: list[tuple[bytes, bytes]] = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]
        """Headers of the response, besides the request's id."""
        if self.scope["scheme"] == "https":
            self.headers.append((b"strict-transport-security", b"max-age=31536000"))
        has_body = any(value != b"0" for value in self.lengths.values())
        # Nobody reads the body of a GET: Quart does not even see it where the cache answers.
        is_unread = has_body and is_read
        self.has_body = has_body and not is_unread
        self.closes = is_unread or self.refusal is not None
        is_passed_on = not (self.is_tunnel or (self.location and self.refusal is None))
        self.is_preflight = bool(cors) and is_passed_on and self._allow_origin(cors)
        """Whether it is only a browser's question beforehand, which nothing refuses."""

    def _refusal_of_target(self) -> AppError | None:
        if self.asked[:1] != "/":
            return MalformedError("The request target is not a URL path or URL")
        try:
            self.scope["query_string"].decode()
        except UnicodeDecodeError:  # As HTTP/2 lets it through; Quart would fail before any view.
            return MalformedError("The URL is not valid UTF-8", loc="query")
        return None

    def _read_headers(self, hosts: OwnHosts) -> None:
        identifiers = []
        for name, value in self.scope["headers"]:
            if name == b"x-request-id":
                identifiers.append(value)
            elif name == b"host":
                self.refusal = self.refusal or hosts.error(value, self.scope)
            elif name in {b"content-length", b"transfer-encoding"}:
                self.lengths[name] = value
        if len(self.lengths) == 2:
            # The next hop may believe the other one (request smuggling, RFC 9112, 6.3).
            self.refusal = MalformedError(
                "A request must not have both Content-Length and Transfer-Encoding",
                loc="Transfer-Encoding",
            )
        if len(identifiers) == 1 and _GOOD_ID.fullmatch(identifiers[0]):
            self.given_id = str(identifiers[0], "ascii")

    def _allow_origin(self, origins: Set[str]) -> bool:
        """Let pages of these origins call the API with a token, never with cookies (CORS).

        Return whether the request is a preflight to be answered.
        """
        given = dict(self.scope["headers"])
        origin = given.get(b"origin", b"").decode("latin-1")
        is_preflight = self.method == "OPTIONS" and b"access-control-request-method" in given
        has_token = self.scope["path"].startswith(API) and b"authorization" in given
        if is_preflight or has_token:
            self.headers.append((b"vary", b"Origin"))
            if origin in origins:
                self.headers.append((b"access-control-allow-origin", origin.encode()))
                self.headers += _PREFLIGHT if is_preflight else _EXPOSED
        return is_preflight and origin in origins and self.refusal is None


def new_identifiers(count: int) -> list[str]:
    """Return ids for requests without ids of their clients."""
    digits = secrets.token_hex(8 * count)
    return [digits[start : start + 16] for start in range(0, 16 * count, 16)]


class _Answer:
    def __init__(self, judged: JudgedRequest, send: Send) -> None:
        self.judged = judged
        self.identifier = judged.given_id or new_identifiers(1)[0]
        self.closes = judged.closes
        self._send = send
        self.flow: Flow | None = None
        self.status = 0

    async def send(self, message: Any) -> None:
        # Servers drop a connection that is answered before its body has arrived.
        body_flow = self.flow if self.flow and not self.flow.is_whole.is_set() else None
        if message["type"] == "http.response.start":
            self.status = message["status"]
            identifier = (b"x-request-id", self.identifier.encode())
            headers = [*message["headers"], identifier, *self.judged.headers]
            if body_flow or self.closes:
                headers.append((b"connection", b"close"))
            message = message | {"headers": headers}
        elif (
            body_flow
            and self.status != HTTPStatus.REQUEST_TIMEOUT
            and not message.get("more_body", False)
        ):
            await self._send(message | {"more_body": True})
            await body_flow.discard()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def refuse(self, status: HTTPStatus, *headers: tuple[bytes, bytes]) -> None:
        """Answer without the app and without a body, and close the connection."""
        self.flow, self.closes = None, True
        await self.send_empty(status, *headers)

    async def send_empty(self, status: HTTPStatus, *headers: tuple[bytes, bytes]) -> None:
        sent = [*headers]
        if status != HTTPStatus.NO_CONTENT:
            sent.append((b"content-length", b"0"))
        await self.send({"type": "http.response.start", "status": status.value, "headers": sent})
        await self.send({"type": "http.response.body", "body": b""})


def _location(scope: Scope, asked: str) -> bytes:
    """Return the canonical address of a path written in another way, or empty."""
    root, path = scope.get("root_path", "").rstrip("/"), scope["path"]
    if path == NOWHERE or asked == root + path:
        return b""
    # No host: there is one slash at its front, and backslashes and controls are percent-encoded.
    location = quote(root + path, safe=_PLAIN, errors="replace")
    if query := scope["query_string"]:
        location += "?" + quote(query, safe=_PLAIN + "?%")
    return location.encode("ascii")


class Flow:
    """A request's body on its way from the server to Quart, or to a view that streams it.

    Unread parts stay with the server, which stops reading from the client.
    """

    KEY: ClassVar[str] = "saywho.flow"

    def __init__(self, receive: Receive, *, is_streamed: bool, has_body: bool) -> None:
        self._receive = receive
        self._is_quarts = asyncio.Event()
        self.is_whole = asyncio.Event()
        """Set when the body has arrived in full, or its client is gone."""
        if not is_streamed:
            self._is_quarts.set()
        if not has_body:
            self.is_whole.set()

    async def take(self) -> Any:
        message = await self._receive()
        if not message.get("more_body", False):
            self.is_whole.set()
        return message

    async def receive(self) -> Any:
        """Return the next message to Quart, which reads while its view answers."""
        await self._is_quarts.wait()
        return await self.take()

    async def discard(self) -> None:
        """Let Quart discard the rest of the body, and keep no more than its limit.

        A client that sends everything before it reads would not see the response over a closed
        connection.
        """
        self._is_quarts.set()
        await wait_until_set(self.is_whole, at_most_s=LINGER_S)


async def _live(app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the app's lifespan, and report a failed start to servers that would serve anyway."""
    try:
        await app(scope, receive, send)
    except SystemExit as error:
        # uvicorn takes an exception for an app without a lifespan, and serves it all the same.
        # hypercorn ends with the exception's line; with the message as well it may hang (0.18).
        server = type(getattr(send, "__self__", None)).__module__
        if not server.startswith("hypercorn."):
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        elif task := asyncio.current_task():
            # Its loop ends before it looks at the task, whose traceback asyncio would then print.
            task.add_done_callback(_retrieve)
        raise


def _retrieve(task: "asyncio.Task[object]") -> None:
    if not task.cancelled():
        task.exception()

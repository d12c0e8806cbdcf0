"""The ASGI layer that answers from the cache, before routing, sessions and templates.

A kept answer is never stale: before it is sent, the feed is asked for commits of any process.
"""

import asyncio
import functools
import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final

from werkzeug.http import parse_accept_header, parse_cookie, parse_etags

from app.asgi.edge import AsgiApp, Receive, Scope, Send
from app.db.cache import Answer, Reading, ResponseCache, reading
from app.db.feed import Feed
from app.i18n import COOKIE, LONGEST_HEADER, negotiated
from app.theme import chosen_theme

SMALLEST_COMPRESSED: Final = 500
GZIP_LEVEL: Final = 6
MOST_PATHS: Final = 1_000
LONGEST_ADDRESS: Final = 2_000
"""Answers to longer ones are not kept, so that keys take little beside the answers."""
LARGEST_HELD_BYTES: Final = 16 * 1024 * 1024
"""A larger answer, and one whose length nobody knows, is sent as it comes."""
INLINE_BYTES: Final = 200_000
"""Larger bodies are compressed in a thread, since the loop must not wait over 10 ms."""
COMPRESSED_TYPES: Final = (
    b"text/html",
    b"text/css",
    b"text/javascript",
    b"application/json",
    b"application/atom+xml",
    b"image/svg+xml",
)
BODY_HEADERS: Final = frozenset({b"content-length", b"content-type", b"content-encoding"})
HIT: Final = (b"cache-status", b"saywho; hit")
MISS: Final = (b"cache-status", b"saywho; fwd=miss")
BYPASS: Final = (b"cache-status", b"saywho; fwd=bypass")
PERSONAL: Final = b"saywho_session"
WITH_ADDRESS: Final = ("/feed.atom", "/api/v1/docs")
"""How the paths of answers end that hold the address by which they were asked for."""
STATIC: Final = "/static/"
"""Files are the same for everybody."""


class Cached:
    """Wraps the app; `opened` gives the feed and the cache once the app serves."""

    def __init__(
        self,
        app: AsgiApp,
        opened: Callable[[], tuple[Feed, ResponseCache] | None],
        on_answer: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._opened = opened
        self._on_answer = on_answer
        self._leaders: dict[Hashable, asyncio.Future[Answer | None]] = {}
        self._never_kept: OrderedDict[str, None] = OrderedDict()
        """Paths whose last answer was not to be kept: nobody waits for them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = self._opened() if scope["type"] == "http" else None
        if opened is None or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        feed, cache = opened
        headers = headers_of(scope)
        is_current = True
        if cache.is_on or b"saywho-after" in headers:
            is_current = await feed.catch_up()
        may_be_kept = cache.is_on and is_current and not _is_personal(headers)
        if not may_be_kept or _is_ahead(headers, feed.newest):
            self._on_answer("bypass")
            scope = _with_headers(scope, headers)
            answer = await self._capture(scope, receive, send, Reading())
            if answer is not None:
                await _send(answer, headers, send, BYPASS)
            return
        key = _key(scope, headers)
        answer, note = cache.get(key), HIT
        if answer is None and (leader := self._leaders.get(key)) is not None:
            # Somebody runs the view for this very answer; it counts if nothing changed since.
            answer = await asyncio.shield(leader)
        self._on_answer("miss" if answer is None else "hit")
        if answer is None:
            scope = _with_headers(scope, headers)
            answer, note = await self._run(scope, receive, send, key, feed, cache), MISS
        if answer is not None:
            await _send(answer, headers, send, note)

    async def _run(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        key: Hashable,
        feed: Feed,
        cache: ResponseCache,
    ) -> Answer | None:
        """Run the view; return its answer, None if it was sent already.

        Others who ask for the same meanwhile get it too, if it may be kept.
        """
        path = scope["path"]
        future = None if path in self._never_kept else self._lead(key)
        under_way = cache.begin()
        try:
            # Neither those who wait nor the cache's watch may last as long as what passes.
            def pass_on() -> None:
                self._follow(key, future, None)
                cache.end(under_way)

            answer = await self._capture(scope, receive, send, under_way, pass_on)
            is_fresh = await feed.catch_up() and under_way.is_fresh
            is_short = len(path) + len(scope["query_string"]) <= LONGEST_ADDRESS
            if answer is not None and is_short and under_way.may_be_kept and is_fresh:
                cache.put(key, answer)
                self._never_kept.pop(path, None)
                self._follow(key, future, answer)
            elif is_short and not under_way.may_be_kept:
                self._never_kept[path] = None
                if len(self._never_kept) > MOST_PATHS:
                    self._never_kept.popitem(last=False)
            return answer
        finally:
            cache.end(under_way)
            self._follow(key, future, None)

    def _lead(self, key: Hashable) -> asyncio.Future[Answer | None] | None:
        """Let others who ask for the same wait for this run, unless they wait for one already."""
        if key in self._leaders:
            return None
        future = self._leaders[key] = asyncio.get_running_loop().create_future()
        return future

    def _follow(
        self, key: Hashable, future: asyncio.Future[Answer | None] | None, answer: Answer | None
    ) -> None:
        """Give those who wait the answer, or let them run the view themselves."""
        if future is not None and not future.done():
            future.set_result(answer)
            del self._leaders[key]

    async def _capture(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        under_way: Reading,
        on_passing: Callable[[], None] = lambda: None,
    ) -> Answer | None:
        """Run the app without conditions; return a whole answer of status 200.

        Anything else, and what has no end, is sent as it comes, after `on_passing`.
        """
        start: Any = None
        body: list[bytes] = []
        is_whole = False

        async def take(message: Any) -> None:
            nonlocal start, is_whole
            if message["type"] == "http.response.start" and _is_plain(message):
                start = message
            elif message["type"] == "http.response.body" and start is not None:
                body.append(message.get("body", b""))
                is_whole = not message.get("more_body", False)
            else:
                on_passing()
                await send(message)

        plain = [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]
        token = reading.set(under_way)
        try:
            await self._app(scope | {"headers": plain}, receive, take)
        finally:
            reading.reset(token)
        if not is_whole:
            return None
        return await _negotiated(start, b"".join(body), scope, under_way)


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers, each once: those that came several times are joined (RFC 9110, 5.3)."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        between = b"; " if name == b"cookie" else b", "
        headers[name] = headers[name] + between + value if name in headers else value
    return headers


def _with_headers(scope: Scope, headers: dict[bytes, bytes]) -> Scope:
    """Return the scope for the view, which must see just what the key was made of."""
    return scope | {"headers": list(headers.items())}


def _is_personal(headers: dict[bytes, bytes]) -> bool:
    return b"authorization" in headers or PERSONAL in headers.get(b"cookie", b"")


def _is_ahead(headers: dict[bytes, bytes], newest: int) -> bool:
    """Return whether the client knows of an event that has not been heard of here."""
    after = headers.get(b"saywho-after")
    return after is not None and not (after.isdigit() and int(after[:17]) <= newest)


def _key(scope: Scope, headers: dict[bytes, bytes]) -> Hashable:
    variant = None
    if not scope["path"].startswith(STATIC):
        variant = _variant(headers.get(b"accept-language", b""), headers.get(b"cookie", b""))
    has_address = scope["path"].endswith(WITH_ADDRESS)
    origin = (scope["scheme"], headers.get(b"host")) if has_address else None
    return scope["path"], scope["query_string"], takes_gzip(headers), variant, origin


def takes_gzip(headers: dict[bytes, bytes]) -> bool:
    """Return whether the client takes a compressed answer."""
    return _accepts_gzip(headers.get(b"accept-encoding", b""))


@functools.lru_cache(maxsize=200)
def _accepts_gzip(header: bytes) -> bool:
    return parse_accept_header(header[:LONGEST_HEADER].decode("latin-1")).quality("gzip") > 0


def locale_of(headers: dict[bytes, bytes]) -> str:
    """Return the language that the pages choose for these headers, unless a setting fixes it."""
    return _variant(headers.get(b"accept-language", b""), headers.get(b"cookie", b""))[0]


@functools.lru_cache(maxsize=200)
def _variant(header: bytes, cookie_header: bytes) -> tuple[str, str]:
    """Return the language and the theme that the pages choose for these headers."""
    cookies = parse_cookie(cookie_header.decode("latin-1"))
    return negotiated(header.decode("latin-1"), cookies.get(COOKIE)), chosen_theme(cookies)


def _is_plain(start: Any) -> bool:
    """Return whether an answer may be held back until it is whole."""
    headers = {name.lower(): value for name, value in start["headers"]}
    size = headers.get(b"content-length")
    is_small = size is not None and int(size) <= LARGEST_HELD_BYTES
    return start["status"] == 200 and b"set-cookie" not in headers and is_small


async def _negotiated(start: Any, body: bytes, scope: Scope, under_way: Reading) -> Answer:
    headers = {name.lower(): value for name, value in start["headers"]}
    etag = headers.get(b"etag", b"").strip(b'"').decode("latin-1")
    is_text = headers.get(b"content-type", b"").startswith(COMPRESSED_TYPES)
    if is_text and len(body) >= SMALLEST_COMPRESSED:
        headers[b"vary"] = b", ".join(filter(None, (headers.get(b"vary"), b"Accept-Encoding")))
        if takes_gzip(dict(scope["headers"])):
            body = await _compressed(body)
            headers[b"content-encoding"] = b"gzip"
            etag = f"{etag}-gzip"
    if etag:
        headers[b"etag"] = f'"{etag}"'.encode("latin-1")
    headers[b"content-length"] = str(len(body)).encode()
    return Answer(etag, tuple(headers.items()), body, frozenset(under_way.user_ids))


async def _compressed(body: bytes) -> bytes:
    if len(body) <= INLINE_BYTES:
        return gzip.compress(body, GZIP_LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, GZIP_LEVEL, mtime=0)


async def _send(
    answer: Answer, headers: dict[bytes, bytes], send: Send, note: tuple[bytes, bytes]
) -> None:
    status, body, answered = 200, answer.body, answer.headers
    known = headers.get(b"if-none-match")
    if known and answer.etag and parse_etags(known.decode("latin-1")).contains_weak(answer.etag):
        status, body = 304, b""
        answered = tuple(pair for pair in answered if pair[0] not in BODY_HEADERS)
    await send({"type": "http.response.start", "status": status, "headers": [*answered, note]})
    # Servers leave the body out where the method is HEAD.
    await send({"type": "http.response.body", "body": body, "more_body": False})

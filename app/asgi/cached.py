"""The ASGI layer that answers from the cache, before routing, sessions and templates.

A cached response is never stale: the feed first checks for commits of any process.
"""

import asyncio
import functools
import gzip
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, NamedTuple

from werkzeug.http import parse_accept_header, parse_etags
from werkzeug.sansio.http import parse_cookie

from app.asgi.edge import REFUSAL, AsgiApp, Edge, Receive, Scope, Send
from app.db.feed import Feed
from app.db.result_cache import Memo, release
from app.language.of_request import COOKIE, LONGEST_HEADER, negotiated
from app.paths import MEDIA, STATIC, is_endless
from app.runtime.clock import ZONE_COOKIE, remembered_zone

GZIP_LEVEL: Final = 6
NOTES: Final = {
    "hit": (b"cache-status", b"saywho; hit"),
    "miss": (b"cache-status", b"saywho; fwd=miss"),
    "bypass": (b"cache-status", b"saywho; fwd=bypass"),
}
ZONED: Final = ZONE_COOKIE.encode()


Headers = dict[bytes, bytes]
OF_BODY: Final = frozenset({b"content-length", b"content-type", b"content-encoding"})
"""Headers that a response of status 304 lacks."""


class Keys(NamedTuple):
    """What answers to a visitor who has signed in, or sends a token, are kept by."""

    is_of_all: bool
    """Whether they may have what is kept for everybody."""
    kind: Hashable
    """Their rights."""
    account: Hashable


KeysOf = Callable[[Headers, str], Awaitable[Keys | None]]
"""Returns them for a request's headers and scheme; None if nothing is kept for it."""


@dataclass(frozen=True, slots=True, eq=False)
class CachedResponse:
    """A whole response of status 200, compressed if accepted."""

    etag: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    heads: dict[Hashable, object] = field(default_factory=dict)
    """Heads that the server has made of it."""

    def is_known(self, tags: bytes | None) -> bool:
        """Return whether a client with this `If-None-Match` has it already."""
        return bool(tags and self.etag) and _has_tag(tags or b"", self.etag)

    def answer(self, tags: bytes | None) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        """Return status, headers and body for a client with this `If-None-Match`."""
        if not self.is_known(tags):
            return 200, self.headers, self.body
        return 304, tuple(pair for pair in self.headers if pair[0] not in OF_BODY), b""


@functools.lru_cache(maxsize=1_000)
def _has_tag(header: bytes, etag: str) -> bool:
    # Apache's mod_deflate names what it compresses itself as this program does.
    known = parse_etags(header.decode("latin-1"))
    return known.contains_weak(etag) or known.contains_weak(f"{etag}-gzip")


def response_memo(feed: Feed, max_bytes: int) -> Memo[CachedResponse]:
    return Memo(feed, max_bytes, _size_of)


def _size_of(response: CachedResponse) -> int:
    headers = sum(map(len, chain.from_iterable(response.headers)))
    return len(response.body) + headers + 1_000


class Cached:
    """Wrapper of the app that caches responses in `memo`, which is None before the app serves.

    is_open: whether anyone may request a path, so that responses depend on no event.
    """

    def __init__(
        self,
        app: AsgiApp,
        memo: Callable[[], Memo[CachedResponse] | None],
        is_open: Callable[[str, str], bool],
        on_answer: Callable[[str], None] = lambda _: None,
        keys_of: "KeysOf | None" = None,
    ) -> None:
        self._app = app
        self._memo = memo
        self._is_open = is_open
        self._on_answer = on_answer
        self._keys_of = keys_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        memo = self._memo() if _is_reading(scope) else None
        if memo is None:
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        result = "hit"

        async def make() -> CachedResponse | None:
            nonlocal result
            result = "miss"
            return await self._capture(scope, headers, receive, send)

        is_current = True
        if memo.is_on or b"saywho-after" in headers:
            is_current = await memo.feed.catch_up()
        visitor, is_kept = None, memo.is_on and is_current
        if is_kept and _is_personal(headers):
            visitor = await self._keys_of(headers, scope["scheme"]) if self._keys_of else None
            is_kept = visitor is not None
        after = headers.get(b"saywho-after")
        if not is_kept or self._is_ahead(memo, after, scope["method"], scope["path"]):
            response, result = await make(), "bypass"
        elif _is_long(scope):
            response = await make()
        else:
            key, *more = _keys(scope, headers, visitor)
            response = await memo.get_or_make(key, make, *more)
            # Requests that come meanwhile share the next look into the log, which takes a thread:
            # 9% less processor time for an answer from the memo, with 64 connections.
            await asyncio.sleep(0)
        self._on_answer(result)
        if response is not None:
            status, sent, body = response.answer(headers.get(b"if-none-match"))
            noted = [*sent, NOTES[result]]
            await send({"type": "http.response.start", "status": status, "headers": noted})
            # Servers leave out the body of a response to HEAD.
            await send({"type": "http.response.body", "body": body, "more_body": False})

    def question(self, scope: Scope) -> "CachedRequest | None":
        """Return what a request asks the memo; None for one that the memo never answers."""
        if not _is_reading(scope) or _is_long(scope) or _is_personal(headers := headers_of(scope)):
            return None
        tags, after = headers.get(b"if-none-match"), headers.get(b"saywho-after")
        keys = _keys(scope, headers, None)
        return CachedRequest(scope["method"], scope["path"], tags, after, keys)

    def current_memo(self) -> Memo[CachedResponse] | None:
        """Return the memo if it is on and knows all commits, without a wait."""
        memo = self._memo()
        is_current = memo is not None and memo.is_on and memo.feed.catch_up_at_once()
        return memo if is_current else None

    def find(self, memo: Memo[CachedResponse], question: "CachedRequest") -> CachedResponse | None:
        """Return the answer of the current memo; None if the app has to be asked."""
        after = question.after
        if after is not None and self._is_ahead(memo, after, question.method, question.path):
            return None
        return memo.find(*question.keys)

    def _is_ahead(
        self, memo: Memo[CachedResponse], after: bytes | None, method: str, path: str
    ) -> bool:
        """Return whether the client knows an event that this process does not know, and that the
        answer may depend on.
        """
        if after is None or (after.isdigit() and int(after[:17]) <= memo.feed.newest):
            return False
        return not self._is_open(method, path)

    async def _capture(
        self, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> CachedResponse | None:
        """Run the app without conditions, and return a whole response of status 200; any other, or
        an endless one, is sent as it comes.
        """
        stored_headers: Headers | None = None
        body: list[bytes] = []
        is_whole = False

        async def take(message: Any) -> None:
            nonlocal stored_headers, is_whole
            if message["type"] == "http.response.start":
                stored_headers = _headers_to_hold(message)
                if stored_headers is None:
                    release()
            if stored_headers is None:
                await send(message)
            elif message["type"] == "http.response.body":
                body.append(message.get("body", b""))
                is_whole = not message.get("more_body", False)

        # `IN_KEYS` of the request's class says which headers an answer may depend on.
        plain = [pair for pair in headers.items() if pair[0] != b"if-none-match"]
        await self._app(scope | {"headers": plain}, receive, take)
        return (
            await _negotiated(stored_headers, b"".join(body), headers)
            if stored_headers and is_whole
            else None
        )


class CachedRequest(NamedTuple):
    """A request's question to the memo."""

    method: str
    path: str
    tags: bytes | None
    """Its `If-None-Match`."""
    after: bytes | None
    """Its `Saywho-After`."""
    keys: tuple[Hashable, ...]
    """The key of an answer that is the same for all visitors, and of the visitor's own."""


def _keys(scope: Scope, headers: Headers, visitor: Keys | None) -> tuple[Hashable, ...]:
    cookies, language = headers.get(b"cookie", b""), None
    if not scope["path"].startswith(STATIC):
        accepted = headers.get(b"accept-language", b"")[:LONGEST_HEADER]
        language = _chosen_language(accepted, cookies)
    asked = scope.get("root_path", ""), scope["path"], scope["query_string"]
    key = *asked, takes_gzip(headers), language
    zone = _remembered_zone(cookies) if ZONED in cookies else None
    own = *key, scope["scheme"], headers.get(b"host"), zone
    if visitor is None:
        return key, own
    of_kind = *own, visitor.kind, headers.get(b"sec-fetch-dest") == b"document"
    return key if visitor.is_of_all else of_kind, of_kind, (*of_kind, visitor.account)


def _is_reading(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or REFUSAL in scope:
        return False
    return not (scope["path"].startswith(MEDIA) or is_endless(scope["path"]))


def _is_long(scope: Scope) -> bool:
    """Return whether the key would take more memory than some responses."""
    return len(scope["path"]) + len(scope["query_string"]) > 2_000


def headers_of(scope: Scope) -> Headers:
    """Return the headers; repeated headers are joined (RFC 9110, 5.3)."""
    headers: Headers = {}
    for name, value in scope["headers"]:
        between = b"; " if name == b"cookie" else b", "
        headers[name] = headers[name] + between + value if name in headers else value
    return headers


def _is_personal(headers: Headers) -> bool:
    return b"authorization" in headers or b"saywho_session" in headers.get(b"cookie", b"")


def takes_gzip(headers: Headers) -> bool:
    return _accepts_gzip(headers.get(b"accept-encoding", b"")[:LONGEST_HEADER])


@functools.lru_cache(maxsize=200)
def _accepts_gzip(header: bytes) -> bool:
    return parse_accept_header(header.decode("latin-1")).quality("gzip") > 0


@functools.lru_cache(maxsize=200)
def _chosen_language(header: bytes, cookie_header: bytes) -> str:
    cookies = parse_cookie(cookie_header.decode("latin-1"))
    return negotiated(header.decode("latin-1"), cookies.get(COOKIE))


@functools.lru_cache(maxsize=200)
def _remembered_zone(cookie_header: bytes) -> str:
    cookies = parse_cookie(cookie_header.decode("latin-1"))
    return remembered_zone(cookies.get(ZONE_COOKIE)).key


def _headers_to_hold(start: Any) -> Headers | None:
    headers = {name.lower(): value for name, value in start["headers"]}
    size = headers.get(b"content-length")
    is_small = size is not None and int(size) <= 16 * 1024 * 1024
    is_plain = start["status"] == 200 and b"set-cookie" not in headers
    return headers if is_plain and is_small else None


async def _negotiated(headers: Headers, body: bytes, accepted: Headers) -> CachedResponse:
    etag = headers.get(b"etag", b"").strip(b'"').decode("latin-1")
    types = (
        *(b"text/html", b"text/css", b"text/javascript"),
        *(b"application/json", b"application/atom+xml", b"image/svg+xml"),
    )
    is_text = headers.get(b"content-type", b"").startswith(types)
    if is_text and len(body) >= 500:
        headers[b"vary"] = b", ".join(filter(None, (headers.get(b"vary"), b"Accept-Encoding")))
        if takes_gzip(accepted):
            if len(body) <= 200_000:
                body = gzip.compress(body, GZIP_LEVEL, mtime=0)
            else:  # The loop must not wait over 10 ms.
                body = await asyncio.to_thread(gzip.compress, body, GZIP_LEVEL, mtime=0)
            headers[b"content-encoding"] = b"gzip"
            etag = etag and f"{etag}-gzip"
    if etag:
        headers[b"etag"] = f'"{etag}"'.encode("latin-1")
    headers[b"content-length"] = str(len(body)).encode()
    return CachedResponse(etag, tuple(headers.items()), body)


# --- Answers for a server that has the whole head of a request, without a wait ---

Pairs = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What the head of a response depends on besides the response; equal for most requests."""

    method: str
    others: Pairs
    """Headers of the response besides the request's id."""


kind_of = functools.lru_cache(maxsize=100)(Kind)


class Prompt(NamedTuple):
    """A request that the cache may answer, now or later: nothing in it depends on time."""

    question: CachedRequest
    asked: str
    """The path as the client wrote it, decoded."""
    given_id: str
    """The client's id for the request, or empty."""
    kind: Kind


class AtOnce:
    """The layers, for a server that asks them without the app."""

    def __init__(self, edge: Edge, cached: Cached) -> None:
        self.edge = edge
        self._cached = cached
        self.current_memo = cached.current_memo
        """Ask for it before `find`, so that an answer includes every commit until then."""
        self.note = edge.note
        """Counts and logs answers that took so long; those of `find` are hits."""

    def prompt(self, scope: Scope) -> Prompt | None:
        """Read a request; None if the app always answers it."""
        judged = self.edge.plain(scope)
        if judged is None or (question := self._cached.question(judged.scope)) is None:
            return None
        kind = kind_of(judged.method, tuple(judged.headers))
        return Prompt(question, judged.asked, judged.given_id, kind)

    def find(self, memo: Memo[CachedResponse], prompt: Prompt) -> CachedResponse | None:
        """Return what answers the request as things are; None if that is for the app to say."""
        return self._cached.find(memo, prompt.question)

    @staticmethod
    def head(response: CachedResponse, prompt: Prompt, identifier: bytes) -> tuple[int, Pairs]:
        """Return the status and all headers with which the layers send a response."""
        status, headers, _ = response.answer(prompt.question.tags)
        own = NOTES["hit"], (b"x-request-id", identifier)
        return status, (*headers, *own, *prompt.kind.others)

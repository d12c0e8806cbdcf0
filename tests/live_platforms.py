"""A local server that speaks the APIs of Bluesky and Mastodon, and feeds, as documented."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

DOMAIN = ".example"
"""Ends the handles of Bluesky's accounts."""
BEGAN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Posted:
    """A post on a platform."""

    id: str
    text: str
    at: float
    is_repost: bool = False
    answers: str = ""
    """The id of the account's own post that it answers."""


@dataclass
class Fault:
    """What is answered in place of what was asked for."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_cut: bool = False
    """Whether the connection ends in the middle of the usual answer."""
    delay_s: float = 0.0
    """How long the usual answer is held back."""
    go_on: threading.Event = field(default_factory=threading.Event)
    """Ends the delay at once."""


class Platform:
    """Accounts with posts, the newest first, and what was asked."""

    def __init__(self) -> None:
        self.posts: dict[str, list[Posted]] = {}
        self.pages: dict[str, str] = {}
        """HTML at other paths."""
        self.gone: dict[str, int] = {}
        """Statuses for the ids of posts that were deleted."""
        self.faults: list[Fault] = []
        self.requests: list[tuple[float, str]] = []
        self.statuses: list[int] = []
        self.cookies: list[str | None] = []
        """What each request sent."""
        self.doubles = False
        """Whether posts stand twice on a page, and at the end of one and the begin of the next."""
        self.page = 1_000
        """Posts on a page at most, whatever was asked for."""
        self.busiest = 0
        self.address = ""
        self.host = ""
        self._count = 1_000
        self.under_way = 0
        self.lock = threading.Lock()

    def add(self, name: str, text: str) -> Posted:
        with self.lock:
            self._count += 1
            posted = Posted(str(self._count), text, BEGAN + self._count)
            self.posts.setdefault(name, []).insert(0, posted)
            return posted

    def delete(self, name: str, posted: Posted, status: int = 404) -> None:
        with self.lock:
            self.posts[name].remove(posted)
            self.gone[posted.id] = status

    def answer(self, path: str, headers: Any) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        steps = parts.path.strip("/").split("/")
        if parts.path in self.pages:
            return 200, {"Content-Type": "text/html"}, self.pages[parts.path].encode()
        if steps[-1] == "app.bsky.feed.getAuthorFeed":
            return self._author_feed(query)
        if steps[-1] == "app.bsky.feed.getPostThread":
            return self._thread(query["uri"])
        if steps[-1] == "lookup":
            name = query["acct"]
            known = name in self.posts
            return (200, {}, _json({"id": f"id-{name}"})) if known else (404, {}, b"{}")
        if steps[-1] == "statuses":
            return self._statuses(steps[-2].removeprefix("id-"), query, headers)
        if "statuses" in steps:
            return self.gone.get(steps[-1], 200), {}, b"{}"
        return self._feed(steps[-1], headers)

    def _page(self, name: str, cursor: str | None, limit: int) -> list[Posted]:
        posts = self.posts[name]
        after = posts
        if cursor is not None:
            # The place of a post that was deleted is that of the next older one.
            start = sum(int(post.id) >= int(cursor) for post in posts)
            after = posts[max(start - self.doubles, 0) :]
        page = after[: min(limit, self.page)]
        return [each for each in page for _ in range(1 + (self.doubles and int(each.id) % 3 == 0))]

    def _author_feed(self, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        name = query["actor"].removesuffix(DOMAIN)
        if name not in self.posts:
            return 400, {}, _json({"error": "InvalidRequest", "message": "Profile not found"})
        page = self._page(name, query.get("cursor"), int(query.get("limit", "50")))
        value: dict[str, Any] = {"feed": [_feed_item(name, each) for each in page]}
        if page and page[-1] != self.posts[name][-1]:
            value["cursor"] = page[-1].id
        return 200, {}, _json(value)

    def _statuses(
        self, name: str, query: dict[str, str], headers: Any
    ) -> tuple[int, dict[str, str], bytes]:
        page = self._page(name, query.get("max_id"), int(query.get("limit", "20")))
        return _unless_known(_json([_status(name, self.host, each) for each in page]), headers)

    def _thread(self, uri: str) -> tuple[int, dict[str, str], bytes]:
        """Answer as Bluesky does: a deleted post is an error or a part of an answer."""
        status = self.gone.get(uri.rpartition("/")[2], 200)
        if status == 404:
            return 400, {}, _json({"error": "NotFound", "message": f"Post not found: {uri}"})
        if status == 410:
            gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri, "notFound": True}
            return 200, {}, _json({"thread": gone})
        return status, {}, _json({"thread": {"post": {"uri": uri}}})

    def _feed(self, name: str, headers: Any) -> tuple[int, dict[str, str], bytes]:
        items = "".join(map(_entry, self.posts[name][: self.page]))
        text = f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'
        return _unless_known(text.encode(), headers)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _unless_known(body: bytes, headers: Any) -> tuple[int, dict[str, str], bytes]:
    tag = f'W/"{sha256(body).hexdigest()[:16]}"'
    is_known = headers.get("If-None-Match") == tag
    return (304, {"ETag": tag}, b"") if is_known else (200, {"ETag": tag}, body)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _feed_item(name: str, posted: Posted) -> dict[str, Any]:
    author = {"did": f"did:plc:{name}", "handle": name + DOMAIN, "displayName": name.title()}
    record: dict[str, Any] = {"$type": "app.bsky.feed.post", "text": posted.text}
    record["createdAt"] = _iso(posted.at)
    post = {"uri": f"at://did:plc:{name}/app.bsky.feed.post/{posted.id}", "author": author}
    item: dict[str, Any] = {"post": post | {"record": record, "indexedAt": _iso(posted.at)}}
    if posted.answers:
        parent = {"uri": f"at://did:plc:{name}/app.bsky.feed.post/{posted.answers}"}
        record["reply"] = {"root": parent, "parent": parent}
    if posted.is_repost:
        item["reason"] = {"$type": "app.bsky.feed.defs#reasonRepost", "by": author}
    return item


def _status(name: str, host: str, posted: Posted) -> dict[str, Any]:
    status = {
        "id": posted.id,
        "created_at": _iso(posted.at),
        "visibility": "public",
        "content": f"<p>{escape(posted.text)}</p>",
        "url": f"https://{host}/@{name}/{posted.id}",
        "account": {"id": f"id-{name}", "acct": name, "display_name": name.title()},
        "reblog": None,
        "in_reply_to_id": posted.answers or None,
        "in_reply_to_account_id": f"id-{name}" if posted.answers else None,
    }
    return status | ({"reblog": {}} if posted.is_repost else {})


def _entry(posted: Posted) -> str:
    when = format_datetime(datetime.fromtimestamp(posted.at, UTC))
    return (
        f"<item><guid>{posted.id}</guid><description>{escape(posted.text)}</description>"
        f"<pubDate>{when}</pubDate></item>"
    )


@contextmanager
def live_platform(host: str = "127.0.0.1") -> Iterator[Platform]:
    """Serve on an address of this machine until left."""
    platform = Platform()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with platform.lock:
                platform.requests.append((time.monotonic(), self.path))
                platform.cookies.append(self.headers["Cookie"])
                platform.under_way += 1
                platform.busiest = max(platform.busiest, platform.under_way)
                fault = platform.faults.pop(0) if platform.faults else None
                status, body = 200, b""
                headers: dict[str, str] = {}
                if fault is None or fault.is_cut or fault.delay_s:
                    status, headers, body = platform.answer(self.path, self.headers)
            try:
                self._send(fault, status, headers, body)
            finally:
                with platform.lock:
                    platform.under_way -= 1

        def _send(
            self, fault: Fault | None, status: int, headers: dict[str, str], body: bytes
        ) -> None:
            if fault is not None:
                fault.go_on.wait(fault.delay_s)
                headers = headers | fault.headers
                if not fault.is_cut and not fault.delay_s:
                    status, body = fault.status, fault.body
            platform.statuses.append(status)
            # Whoever asked may have gone meanwhile.
            with suppress(ConnectionError):
                self.send_response(status)
                for header, value in headers.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if fault and fault.is_cut else body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer((host, 0), Handler)
    platform.host = f"{host}:{server.server_address[1]}"
    platform.address = f"http://{platform.host}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

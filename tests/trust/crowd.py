"""Those who use a site in all ways at once: they ask, look at files and follow the posts."""

import http.client
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import httpx

from app.errors import UnavailableError
from tests.compute.invented import WORDS, posts_of
from tests.server import Server
from tests.trust.uploads import Uploader
from tests.uploading import jsonl

AUTHORS: Final = 100
LISTENERS: Final = 500
PAUSE_S: Final = 0.1
PAGES: Final = ("/", "/authors", "/posts", "/dashboard/", "/api/v1/stats", "/api/v1/users")
FIGURES: Final = ("timeline", "week", "likeness", "apart")
LOOKED_AT: Final = (100, 5_000, 30_000)
"""Posts in the files that are looked at, in turn."""
FOLLOW: Final = b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def fleet(posts: int) -> bytes:
    """Return the lines of a file with so many posts, no two alike."""
    texts = [posts_of(author) for author in range(AUTHORS)]
    numbered = ((number, texts[number % AUTHORS]) for number in range(posts))
    return jsonl(
        *(
            {
                "username": f"fleet{number % AUTHORS}",
                "source_id": str(number),
                "text": f"{own[number // AUTHORS % len(own)]} {number}",
                "created_at": f"2024-0{number % 9 + 1}-1{number % 10}T1{number % 7}:00:00Z",
            }
            for number, own in numbered
        )
    )


@dataclass
class Crowd:
    """Users of the server that is there, each in a thread, and what they got."""

    server: Callable[[], Server]
    answers: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    listening: int = 0
    faults: list[str] = field(default_factory=list)
    """Answers of another status than they may have."""
    _is_over: threading.Event = field(default_factory=threading.Event)

    def __str__(self) -> str:
        return (
            f"answers: {dict(self.answers)}; without one: {self.unanswered};"
            f" clients who listen at the end: {self.listening}"
        )

    @contextmanager
    def acting(self, uploader: Uploader) -> Iterator[None]:
        """Let them use the site meanwhile."""
        uses = (self._ask, self._follow, lambda: self._look(uploader))
        threads = [threading.Thread(target=use) for use in uses]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer; None where the server ended before it."""
        try:
            status, _, answer = self.server().send(method, path, body)
        except (OSError, http.client.HTTPException):
            self.unanswered += 1
            time.sleep(PAUSE_S)
            return None
        self.answers[status] += 1
        if status >= 500 and status != UnavailableError.status:
            self.faults.append(f"{method} {path}: {status}")
        return answer

    def _ask(self) -> None:
        """Ask for pages, figures, searches and comparisons."""
        for number in count():
            for path in (*PAGES, f"/search?q={WORDS[number % len(WORDS)]}"):
                self.send("GET", path)
            for figure in FIGURES:
                asked = {"id": f"{figure}-ask", "property": "data", "value": {"view": ""}}
                drawn = {"id": f"{figure}-drawing", "property": "data"}
                call = {"output": f"{figure}-drawing.data", "outputs": drawn, "inputs": [asked]}
                self.send("POST", "/dashboard/_dash-update-component", call)
            text = f"{posts_of(number % AUTHORS)[0]} {number}"
            self.send("POST", "/api/v1/compare", {"text": text, "explain": True})
            if self._is_over.is_set():
                return

    def _look(self, uploader: Uploader) -> None:
        """Upload files and look at them."""
        files = [(f"{posts}.jsonl", fleet(posts)) for posts in LOOKED_AT]
        with closing(uploader):
            for number in count():
                with suppress(httpx.TransportError):
                    uploader.look(*files[number % len(files)])
                if self._is_over.is_set():
                    break
        may_be = f": {UnavailableError.status}"
        self.faults += [fault for fault in uploader.report.faults if not fault.endswith(may_be)]

    def _follow(self) -> None:
        """Follow the posts with many clients; those that are cut off come again."""
        with selectors.DefaultSelector() as streams:
            while not self._is_over.is_set():
                self.listening = len(streams.get_map())
                if self.listening < LISTENERS:
                    with suppress(OSError):
                        streams.register(wire := self.server().wire(), selectors.EVENT_READ)
                        wire.sendall(FOLLOW)
                for key, _ in streams.select(PAUSE_S if self.listening == LISTENERS else 0):
                    assert isinstance(key.fileobj, socket.socket)
                    if not _has_more(key.fileobj):
                        streams.unregister(key.fileobj)
                        key.fileobj.close()
            for key in list(streams.get_map().values()):
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.close()


def _has_more(wire: socket.socket) -> bool:
    """Read what came; return whether the connection goes on."""
    with suppress(OSError):
        return bool(wire.recv(65_536))
    return False

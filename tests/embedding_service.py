"""Embedders for tests: of letters, and a small service with OpenAI's interface on its own port."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from app.embedders import EmbedderError, Vectors, unit_rows


class Letters:
    """Counts letters; a model of its own for each length, and down for so many calls."""

    batch = 3
    query_s = 60.0

    def __init__(self, dimension: int = 5, *, down_for: int = 0) -> None:
        self.name = f"letters:{dimension}"
        self.down_for = down_for
        self.asked = 0
        self._dimension = dimension

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += 1
        if self.asked <= self.down_for:
            raise EmbedderError("down")
        rows = np.zeros((len(texts), self._dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for char in text:
                row[ord(char) % self._dimension] += 1
        return unit_rows(rows)

    async def close(self) -> None:
        pass


MEANINGS = {"dog": [1, 0.1, 0], "puppy": [1, 0.2, 0], "개": [1, 0.15, 0], "tax": [0, 0.1, 1]}
"""What the service knows; other texts mean nothing in particular."""


@dataclass
class Service:
    """What it was asked, and what it answers next; empty: as it should."""

    address: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    faults: list[tuple[int, bytes]] = field(default_factory=list)

    def vector(self, text: str) -> list[float]:
        vectors = [vector for word, vector in MEANINGS.items() if word in text]
        return vectors[0] if vectors else [0.1, 1, 0.1]


@contextmanager
def embedding_service() -> Iterator[Service]:
    """Serve until left."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.requests.append(body | {"path": self.path})
            service.keys.append(self.headers["Authorization"])
            status, answer = service.faults.pop(0) if service.faults else (200, b"")
            if status == 200 and not answer:
                data = [
                    {"index": place, "embedding": service.vector(text)}
                    for place, text in enumerate(body["input"])
                ]
                # Nothing promises an order.
                answer = json.dumps({"data": data[::-1]}).encode()
            # Whoever asked may have gone meanwhile.
            with suppress(ConnectionError):
                self.send_response(status)
                if answer.startswith(b"\x1f\x8b"):
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

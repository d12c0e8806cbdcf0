"""A live stream in Flask: each listener takes a thread, from the first byte until it goes away."""

import os
import queue
import threading
from collections.abc import Iterator
from typing import Final

from flask import Flask, Response, request

MOST_WAITING: Final = 100
"""Messages that a listener may be behind."""
LARGEST: Final = 16 * 1024
"""Bytes of a message."""
SILENCE_S: Final = 15
"""After so long without a message a comment shows whether the listener is still there."""

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = LARGEST
inboxes: set[queue.Queue[str]] = set()
lock = threading.Lock()


@app.get("/live")
def live() -> Response:
    return Response(events(), content_type="text/event-stream")


def events() -> Iterator[str]:
    inbox: queue.Queue[str] = queue.Queue(MOST_WAITING)
    with lock:
        inboxes.add(inbox)
    try:
        yield ": 안녕하세요\n"
        while True:
            try:
                yield f"data: {inbox.get(timeout=SILENCE_S)}\n\n"  # The thread waits here.
            except queue.Empty:
                yield ": 아직 여기 있어요\n"
    finally:
        with lock:
            inboxes.discard(inbox)


@app.post("/say")
def say() -> tuple[str, int]:
    text = " ".join(request.form["text"].split())
    with lock:
        for inbox in inboxes:
            if inbox.full():
                inbox.get_nowait()
            inbox.put_nowait(text)
    return "", 204


@app.get("/")
def index() -> dict[str, int]:
    return {"listeners": len(inboxes)}


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")), threaded=True)

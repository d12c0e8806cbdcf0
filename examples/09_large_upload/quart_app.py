"""A large upload in Quart, taken as it comes: each piece goes to the disk before the next one."""

import asyncio
import contextlib
import os
import signal
import tempfile
from pathlib import Path
from typing import Any, Final

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, abort, request
from werkzeug.utils import secure_filename

MOST_BYTES: Final = 1024**3
PIECE_TIMEOUT_S: Final = 30
WANTED: Final = "upload.wanted"

app = Quart(__name__)
app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES  # Refuses what says that it is larger, unread.
folder = Path(os.environ.get("UPLOADS") or tempfile.mkdtemp())
uploads: set["asyncio.Task[Any] | None"] = set()


class OnePieceAtATime:
    """Receives a piece of an upload only after the one before it was written.

    Quart takes all that the server has, whether the view reads it or not. So a sender that is
    faster than the disk would fill the memory.
    """

    def __init__(self, asgi_app: Any) -> None:
        self._app = asgi_app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT":
            await self._app(scope, receive, send)
            return
        wanted = asyncio.Event()
        wanted.set()
        is_answered = False

        async def receive_if_wanted() -> Any:
            await wanted.wait()
            if not is_answered:
                wanted.clear()
            return await receive()

        async def answer(message: Any) -> None:
            nonlocal is_answered
            is_answered = True
            wanted.set()  # hypercorn closes the connection only when what it has read is taken.
            await send(message)

        await self._app({**scope, WANTED: wanted}, receive_if_wanted, answer)


app.asgi_app = OnePieceAtATime(app.asgi_app)  # type: ignore[method-assign]


@app.put("/files/<name>")
async def upload(name: str) -> tuple[dict[str, int], int]:
    path = folder / (secure_filename(name) or abort(404))
    task = asyncio.current_task()
    uploads.add(task)
    # Under another name: nobody sees half a file, and what is broken off leaves nothing.
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            size = await write_to(file)
            await asyncio.to_thread(file.close)
            await asyncio.to_thread(os.replace, file.name, path)
        except TimeoutError:
            abort(408)
        finally:
            uploads.discard(task)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file.name)
    return {"bytes": size}, 201


async def write_to(file: Any) -> int:
    """Write the request's body as it comes; return its size. Raises TimeoutError."""
    size, pieces = 0, aiter(request.body)
    while True:
        async with asyncio.timeout(PIECE_TIMEOUT_S):
            piece = await anext(pieces, None)
        if piece is None:
            return size
        size += len(piece)
        if size > MOST_BYTES:
            abort(413)
        await asyncio.to_thread(file.write, piece)  # The disk may be slow.
        request.scope[WANTED].set()


async def stop() -> None:
    """Wait for Ctrl+C or SIGTERM, then break off the uploads: the server would wait for them."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
    for task in uploads:
        task.cancel()


if __name__ == "__main__":
    config = Config.from_mapping(bind=[f"127.0.0.1:{os.environ.get('PORT', '5000')}"])
    asyncio.run(serve(app, config, shutdown_trigger=stop))

"""A large upload in Quart, taken as it comes: each piece goes to the disk before the next one."""

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any, Final

from quart import Quart, abort, request
from werkzeug.utils import secure_filename

MOST_BYTES: Final = 1024**3
PIECE_TIMEOUT_S: Final = 30
TURN: Final = "upload.turn"

app = Quart(__name__)
app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES  # Refuses what says that it is larger, unread.
app.config["BODY_TIMEOUT"] = None  # A large body may take its time; each piece has a limit.
folder = Path(os.environ.get("UPLOADS") or tempfile.mkdtemp())


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
        turn = asyncio.Semaphore(1)

        async def receive_in_turn() -> Any:
            await turn.acquire()
            return await receive()

        await self._app({**scope, TURN: turn}, receive_in_turn, send)


app.asgi_app = OnePieceAtATime(app.asgi_app)  # type: ignore[method-assign]


@app.put("/files/<name>")
async def upload(name: str) -> tuple[dict[str, int], int]:
    path = folder / (secure_filename(name) or abort(404))
    size, pieces = 0, aiter(request.body)
    # Under another name: nobody sees half a file, and what is broken off leaves nothing.
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            while True:
                async with asyncio.timeout(PIECE_TIMEOUT_S):
                    piece = await anext(pieces, None)
                if piece is None:
                    break
                size += len(piece)
                if size > MOST_BYTES:
                    abort(413)
                await asyncio.to_thread(file.write, piece)  # The disk may be slow.
                request.scope[TURN].release()
            await asyncio.to_thread(file.close)
            await asyncio.to_thread(os.replace, file.name, path)
        except TimeoutError:
            abort(408)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file.name)
    return {"bytes": size}, 201


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")), use_reloader=False)

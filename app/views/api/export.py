"""Exporting posts by the API: a file that is made while it is sent."""

import asyncio
import contextlib
import unicodedata
import zlib
from collections.abc import AsyncGenerator
from typing import Annotated, Final, Literal
from urllib.parse import quote

from msgspec import Meta
from quart import Response, request

from app.asgi.cached import GZIP_LEVEL, headers_of, takes_gzip
from app.asgi.edge import Send
from app.formats import WRITERS
from app.formats.jsonl import ExportedPost
from app.lifespan import Resources, resources
from app.paths import EXPORT
from app.services.access.rights import Right, ended_rights
from app.services.live.listener import body_message
from app.services.posts.exporting import ExportPart, exported
from app.services.search.search import begin_found_export
from app.views.access import right_to_read
from app.views.answers import streamed
from app.views.filters import SearchFilters
from app.views.operation import CSV, NDJSON, ApiBlueprint, answers

blueprint = ApiBlueprint("api_export", tag="exports")

CHECK_S: Final = 3.0
"""Seconds between checks that the right to read stands and the server is not stopping."""
READER_TIMEOUT_S: Final = 30.0
"""A client that reads nothing for this many seconds is disconnected."""
SENT_AT_ONCE: Final = 32 * 1024
LONGEST_NAME: Final = 80
GZIP: Final = 16 + zlib.MAX_WBITS
UNQUOTED: Final = "!#$&+^`|"
"""Characters of a parameter's value that need no escape, beside letters, digits and _.-~
(RFC 8187, 3.2)."""


class ExportArgs(SearchFilters):
    format: Annotated[
        Literal["jsonl", "csv", "mongo"],
        Meta(description="JSON lines, CSV, or what mongoimport reads.", examples=["jsonl"]),
    ] = "jsonl"


@blueprint.operation("GET", EXPORT, "read", errors={404})
@answers(
    200,
    "A file of the posts up to the newest of now, sent as it is made; "
    "`mongo` has documents for mongoimport, with `_id` and `$date`",
    ExportedPost,
    NDJSON,
    others={CSV: str},
)
async def export_posts(args: ExportArgs) -> Response:
    """Take all posts out, those of one author, or those that a search by words finds."""
    writer = WRITERS[args.format]
    parts, right = resources(), right_to_read()
    async with parts.db.read() as session:
        args.username = args.username or None
        export = await begin_found_export(session, args.q, args.selection)
    is_packed = takes_gzip(headers_of(request.scope))

    async def stream(send: Send, gone: asyncio.Future[None]) -> None:
        pieces = exported(parts.db, export, writer)
        sending = asyncio.create_task(_send(send, pieces, is_packed=is_packed))
        await _watch(sending, gone, parts, right)

    headers = {
        "Content-Type": writer.content_type,
        "Content-Disposition": disposition(export.username, writer.suffix),
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
    }
    return streamed(stream, headers | ({"Content-Encoding": "gzip"} if is_packed else {}))


def disposition(username: str | None, suffix: str) -> str:
    """Return the header that names the file, for old programs in ASCII (RFC 6266, appendix D)."""
    name = f"saywho-{username[:LONGEST_NAME]}" if username else "saywho"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join(c if c.isalnum() or c in "-_.@+" else "_" for c in plain)
    exact = quote(f"{name}.{suffix}", safe=UNQUOTED)
    return f"attachment; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{exact}"


async def _watch(
    sending: asyncio.Task[None], gone: asyncio.Future[None], parts: Resources, right: Right | None
) -> None:
    """Send the file while its client reads it and may read it.

    Otherwise the answer breaks off, so that no client mistakes a part for the whole file. It may
    go on for one check while the server stops.
    """
    was_ending = False
    try:
        while not (sending.done() or gone.done() or was_ending):
            was_ending = parts.live.is_ending
            if right is not None:
                async with parts.db.read() as session:
                    if await ended_rights(session, {right}):
                        break
            await asyncio.wait(
                (sending, gone), timeout=CHECK_S, return_when=asyncio.FIRST_COMPLETED
            )
    finally:
        sending.cancel()
        await asyncio.wait([sending])
    if not sending.cancelled():
        with contextlib.suppress(OSError):  # The client reads nothing, or has gone.
            sending.result()


async def _send(send: Send, pieces: AsyncGenerator[ExportPart, None], *, is_packed: bool) -> None:
    packer = zlib.compressobj(GZIP_LEVEL, wbits=GZIP) if is_packed else None
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            data = piece.data
            if packer is not None:
                data = await asyncio.to_thread(packer.compress, data)
            await _send_data(send, data)
    await _send_data(send, packer.flush() if packer is not None else b"")
    await send(body_message(b"", is_last=True))


async def _send_data(send: Send, data: bytes) -> None:
    """Send in small parts, so that a slow client reads at least one in time. Raises OSError."""
    for start in range(0, len(data), SENT_AT_ONCE):
        async with asyncio.timeout(READER_TIMEOUT_S):
            await send(body_message(data[start : start + SENT_AT_ONCE]))

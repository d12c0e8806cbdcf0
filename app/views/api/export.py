"""Exporting posts by the API: a file that is made while it is sent."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncGenerator
from typing import Annotated, Final, Literal

from msgspec import Meta
from quart import Response, request

from app.asgi.cached import GZIP_LEVEL, headers_of, takes_gzip
from app.clock import monotonic
from app.formats import WRITERS
from app.formats.jsonl import ExportedPost
from app.lifespan import Resources, resources
from app.paths import EXPORT
from app.services.access.rights import Right, ended_rights
from app.services.posts.exporting import ExportPart, exported
from app.services.search.search import begin_found_export
from app.views.access import right_to_read
from app.views.answers import break_off, streamed
from app.views.filters import SearchFilters
from app.views.operation import CSV, NDJSON, ApiBlueprint, answers

blueprint = ApiBlueprint("api_export", tag="exports")

CHECK_S: Final = 3.0
"""Seconds between checks that the right to read stands and the server is not stopping."""
LONGEST_NAME: Final = 80
"""Characters of an author's name in that of the file."""
GZIP: Final = 16 + zlib.MAX_WBITS


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
    headers = {
        "Content-Type": writer.content_type,
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
    } | ({"Content-Encoding": "gzip"} if is_packed else {})
    pieces = exported(parts.db, export, writer)
    body = None if request.method == "HEAD" else _sent(pieces, parts, right, is_packed=is_packed)
    response = streamed(body, headers)
    name = f"saywho-{export.username[:LONGEST_NAME]}" if export.username else "saywho"
    file = f"{name}.{writer.suffix}"
    response.headers.set("Content-Disposition", "attachment", filename=file)
    return response


async def _sent(
    pieces: AsyncGenerator[ExportPart, None],
    parts: Resources,
    right: Right | None,
    *,
    is_packed: bool,
) -> AsyncGenerator[bytes, None]:
    """Yield the file while its client may read it.

    Otherwise the answer breaks off. It may go on for one check while the server stops.
    """
    packer = zlib.compressobj(GZIP_LEVEL, wbits=GZIP) if is_packed else None
    was_ending, checked = False, -CHECK_S
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if monotonic() - checked >= CHECK_S:
                checked = monotonic()
                async with parts.db.read() as session:
                    is_over = right is not None and await ended_rights(session, {right})
                if is_over or was_ending:
                    await break_off()
                was_ending = parts.live.is_ending
            if packer is None:
                yield piece.data
            elif data := await asyncio.to_thread(packer.compress, piece.data):
                yield data
    if packer is not None:
        yield packer.flush()

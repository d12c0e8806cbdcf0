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

    headers = {
        "Content-Type": writer.content_type,
        "Content-Disposition": disposition(export.username, writer.suffix),
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
    }
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    if request.method == "HEAD":
        return streamed(None, headers)
    pieces = exported(parts.db, export, writer)
    return streamed(_watched(_packed(pieces, is_packed=is_packed), parts, right), headers)


def disposition(username: str | None, suffix: str) -> str:
    """Return the header that names the file, for old programs in ASCII (RFC 6266, appendix D)."""
    name = f"saywho-{username[:LONGEST_NAME]}" if username else "saywho"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join(c if c.isalnum() or c in "-_.@+" else "_" for c in plain)
    exact = quote(f"{name}.{suffix}", safe=UNQUOTED)
    return f"attachment; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{exact}"


async def _watched(
    pieces: AsyncGenerator[bytes, None], parts: Resources, right: Right | None
) -> AsyncGenerator[bytes, None]:
    """Yield the file while its client may read it.

    Otherwise the answer breaks off. It may go on for one check while the server stops.
    """
    was_ending, checked = False, -CHECK_S
    async with contextlib.aclosing(pieces):
        async for data in pieces:
            if monotonic() - checked >= CHECK_S:
                checked = monotonic()
                async with parts.db.read() as session:
                    is_over = right is not None and await ended_rights(session, {right})
                if is_over or was_ending:
                    await break_off()
                was_ending = parts.live.is_ending
            yield data


async def _packed(
    pieces: AsyncGenerator[ExportPart, None], *, is_packed: bool
) -> AsyncGenerator[bytes, None]:
    packer = zlib.compressobj(GZIP_LEVEL, wbits=GZIP) if is_packed else None
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if packer is None:
                yield piece.data
            elif data := await asyncio.to_thread(packer.compress, piece.data):
                yield data
    if packer is not None:
        yield packer.flush()

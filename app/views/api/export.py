"""Exporting posts by the API: a file that is made while it is sent."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncGenerator
from typing import Final, Literal

from quart import Response, request

from app.asgi.cached import GZIP_LEVEL, headers_of, takes_gzip
from app.formats.records import ExportedPost
from app.formats.registry import WRITERS
from app.lifespan import resources
from app.paths import EXPORT
from app.services.posts.exporting import exported
from app.services.search.search import begin_found_export
from app.views.answers import streamed, while_readable
from app.views.blueprints import CSV, NDJSON, ApiBlueprint
from app.views.filters import SearchFilters

blueprint = ApiBlueprint("api_export", tag="exports")

LONGEST_NAME: Final = 80
"""Characters of an author's name in that of the file."""
GZIP: Final = 16 + zlib.MAX_WBITS


class ExportArgs(SearchFilters):
    format: Literal["jsonl", "csv", "mongo"] = "jsonl"


@blueprint.operation(
    "GET",
    EXPORT,
    "read",
    "A file of the posts up to the newest of now, sent as it is made; "
    "`mongo` has documents for mongoimport, with `_id` and `$date`",
    content={NDJSON: ExportedPost, CSV: str},
)
async def export_posts(args: ExportArgs) -> Response:
    """Take all posts out, those of one author, or those that a search by words finds."""
    writer = WRITERS[args.format]
    parts = resources()
    async with parts.db.read() as session:
        args.username = args.username or None
        export = await begin_found_export(session, args.q, args.selection)
    is_packed = takes_gzip(headers_of(request.scope))
    headers = {
        "Content-Type": writer.content_type,
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
    } | ({"Content-Encoding": "gzip"} if is_packed else {})
    pieces = while_readable(exported(parts.db, export, writer))
    response = streamed(_packed(pieces) if is_packed else pieces, headers)
    name = f"saywho-{export.username[:LONGEST_NAME]}" if export.username else "saywho"
    file = f"{name}.{writer.suffix}"
    response.headers.set("Content-Disposition", "attachment", filename=file)
    return response


async def _packed(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    packer = zlib.compressobj(GZIP_LEVEL, wbits=GZIP)
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if data := await asyncio.to_thread(packer.compress, piece):
                yield data
    yield packer.flush()

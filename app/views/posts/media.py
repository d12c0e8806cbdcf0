"""Posts' files, whose content cannot act as a page."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct
from quart import Response, g, request
from quart.wrappers.response import FileBody
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError, UnavailableError
from app.lifespan import resources
from app.paths import MEDIA
from app.services.access.rights import PublicAccess, has_file
from app.services.posts.media import content_type, has_small_versions, is_medium, is_needed
from app.views.blueprints import PageBlueprint
from saywho.formats.media.file_bytes import TYPES
from saywho.formats.media.small_pictures import SMALL_SUFFIX

blueprint = PageBlueprint("media", policy="read")

CHUNK_BYTES: Final = 2**16


class MediaBody(FileBody):
    """A file as a body, which breaks off for visitors when the site becomes private.

    Quart (0.22) fails on a range of the last bytes.
    """

    def __init__(self, path: Path, openness: PublicAccess | None) -> None:
        super().__init__(path, buffer_size=CHUNK_BYTES)
        self._openness = openness
        """Decides what a visitor may read; None for a client with a right of its own."""

    async def __anext__(self) -> bytes:
        if self._openness is not None and not await self._openness.is_surely_public():
            raise asyncio.CancelledError
        return await super().__anext__()

    async def make_conditional(self, begin: int, end: int | None) -> int:
        begin = begin if begin >= 0 else max(0, self.size + begin)
        return await super().make_conditional(begin, end)


class MediaArgs(Struct):
    width: Literal[320, 960] | None = None
    """Width of the small version that is asked for."""


async def _is_of_chat(session: AsyncSession, room_id: int) -> bool:
    return await has_file(session, room_id, str((request.view_args or {})["name"]))


@blueprint.get(f"{MEDIA}/<name>", of_chat=_is_of_chat)
async def show_media(name: str, args: MediaArgs) -> Response:
    """Send a post's file, or the requested range."""
    async with resources().db.read() as session:
        type_ = content_type(name)
        is_there = type_ is not None and await is_needed(session, name)
    config = resources().config
    path = config.media_dir / name
    if not is_there or not await resources().work_pool.run(partial(is_medium, path)):
        raise NotFoundError("There is no such picture or video")
    tag, is_final = name, True
    if args.width and has_small_versions(name):
        try:
            small = await resources().small_pictures.obtain(name, args.width)
        except UnavailableError:
            small, is_final = None, False
        if small is not None:
            path, type_, tag = small, TYPES[SMALL_SUFFIX], small.name
    body = MediaBody(path, resources().openness if g.is_visitor else None)
    response = Response(body, content_type=type_)
    response.timeout = None  # A video may be played for longer than a page may load.
    response.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"
    )
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    # A file never changes, but may be deleted: shared caches must not keep it. Browsers ask each
    # time if the site is private, or a switch may make it so.
    is_public = config.public and is_final
    response.headers["Cache-Control"] = (
        "private, max-age=31536000, immutable" if is_public else "private, no-cache"
    )
    response.headers["Accept-Ranges"] = "bytes"
    response.content_length = body.size
    response.set_etag(tag)
    await response.make_conditional(request, accept_ranges=True, complete_length=body.size)
    return response

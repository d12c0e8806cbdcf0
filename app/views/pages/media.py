"""Kept pictures, videos and sounds, served so that nothing in them can act as a page."""

import asyncio
from typing import Final

from quart import Response, request
from quart.wrappers.response import FileBody

from app.errors import NotFoundError
from app.lifespan import resources
from app.paths import MEDIA
from app.services.posts.media import content_type, is_needed
from app.views.blueprints import PageBlueprint

blueprint = PageBlueprint("media")

CHUNK_BYTES: Final = 2**16
CONTENT_SECURITY_POLICY: Final = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"
IN_PUBLIC: Final = "private, max-age=31536000, immutable"
"""A file never changes. Shared caches must not keep it: it may be deleted."""
BEHIND_SIGN_IN: Final = "private, no-cache"


class MediaBody(FileBody):
    """A file as a body; Quart (0.22) fails on a range that asks for the last bytes."""

    async def make_conditional(self, begin: int, end: int | None) -> int:
        begin = begin if begin >= 0 else max(0, self.size + begin)
        return await super().make_conditional(begin, end)


@blueprint.page(f"{MEDIA}/<name>")
async def show_file(name: str) -> Response:
    """Send a file that a post needs, or the asked range of it."""
    async with resources().db.read() as session:
        type_ = content_type(name)
        is_there = type_ is not None and await is_needed(session, name)
    config = resources().config
    path = config.media_dir / name
    if not is_there or not await asyncio.to_thread(path.is_file):
        raise NotFoundError("There is no such picture or video")
    body = MediaBody(path, buffer_size=CHUNK_BYTES)
    response = Response(body, content_type=type_)
    response.timeout = None  # A video may be played for longer than a page may load.
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = IN_PUBLIC if config.public else BEHIND_SIGN_IN
    response.headers["Accept-Ranges"] = "bytes"
    response.content_length = body.size
    response.set_etag(name)
    await response.make_conditional(request, accept_ranges=True, complete_length=body.size)
    return response

"""Callbacks of Dash: checked, and answered from the memo, so that figures are never stale."""

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct
from quart import Response, g, request

from app.asgi.cached import GZIP_LEVEL, CachedResponse
from app.clock import monotonic
from app.dashboard.figures import FIGURES
from app.dashboard.figures.base import Figure
from app.errors import AppError, MalformedError, UnavailableError
from app.i18n import gettext, translate_message
from app.lifespan import resources
from app.memo import MemoRun, cacheable
from app.views.filters import view_of
from app.views.parsing import require_type

MAKING_TIMEOUT_S: Final = 60.0
TICK_S: Final = 1.0
"""Viewers who follow live are answered together; else a stream of posts fills a core."""

LONGEST_VIEW: Final = 8_000
"""Characters of the query string that a view may have."""
logger = logging.getLogger(__name__)
Dispatch = Callable[[], Awaitable[Response]]


class FigureRequest(Struct, frozen=True):
    """A view, and whether the browser asks because of an event."""

    view: Annotated[str, Meta(max_length=LONGEST_VIEW)]
    live: bool = False


class FigureInput(Struct, frozen=True):
    """The property that a figure is asked by."""

    id: str
    property: str
    value: FigureRequest


class Call(Struct):
    """A callback as Dash in the browser posts it; other fields are ignored."""

    output: str
    outputs: dict[str, str]
    inputs: list[FigureInput]
    changed: list[str] = msgspec.field(default=[], name="changedPropIds")
    state: list[None] = []


def call_of(body: bytes) -> tuple[str, FigureRequest]:
    """Return the figure and what is asked of it. Raises MalformedError for any other body."""
    try:
        call = msgspec.json.decode(body, type=Call)
        (asked,) = call.inputs
    except (ValueError, RecursionError):
        raise MalformedError("There is no such callback") from None
    name = asked.id.removesuffix("-ask")
    drawing = f"{name}-drawing"
    given = (asked.id, asked.property, call.output, call.outputs, call.state)
    outputs = {"id": drawing, "property": "data"}
    if name not in FIGURES or given != (f"{name}-ask", "data", f"{drawing}.data", outputs, []):
        raise MalformedError("There is no such callback")
    return name, asked.value


async def answer(dispatch: Dispatch) -> Response:
    """Return the answer to a callback, which Dash's own `dispatch` makes if none is kept."""
    require_type("application/json")
    figure, asked = call_of(await request.data)
    memo = resources().cache
    if asked.live:
        await asyncio.sleep(TICK_S - monotonic() % TICK_S)
    if not await memo.feed.catch_up():
        raise UnavailableError("The log cannot be read at the moment. Try again soon.")

    async def make(_: MemoRun[CachedResponse]) -> CachedResponse:
        data = await (await dispatch()).get_data(as_text=False)
        return CachedResponse(
            "", (), await asyncio.to_thread(gzip.compress, data, GZIP_LEVEL, mtime=0)
        )

    made = await memo.get_or_make((figure, g.locale, asked.view), make)
    body = made.body if made else b""
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if request.accept_encodings.quality("gzip"):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, 200, headers, content_type="application/json")


async def draw(figure: Figure, query: str) -> str:
    """Return the drawing of a view as JSON, or what prevents it."""
    told: dict[str, Any] = {"view": query}
    try:
        view = view_of(query)
        async with asyncio.timeout(MAKING_TIMEOUT_S):
            data = await figure.load(resources().db, view)
        told["drawing"] = await asyncio.to_thread(figure.draw, data, view)
        cacheable()
    except AppError as error:
        told["problem"] = translate_message(error.detail)
    except Exception:
        logger.exception("a figure could not be made")
        told["problem"] = gettext("Something went wrong on the server. Please try again.")
    return msgspec.json.encode(told).decode()

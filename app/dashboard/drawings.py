"""Callbacks of Dash: checked, answered once for all viewers of a view, and never stale."""

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import msgspec
from msgspec import Struct
from quart import Response, current_app, g, request

from app.asgi.cached import GZIP_LEVEL
from app.clock import monotonic
from app.config import MIB
from app.dashboard.figures import FIGURES
from app.dashboard.figures.base import Figure
from app.db.feed import Feed
from app.errors import AppError, InvalidInputError, MalformedError, UnavailableError, overloaded
from app.i18n import gettext, translate_error
from app.lifespan import resources
from app.memo import LruStore, Memo, MemoRun, cacheable
from app.views.filters import LONGEST_VIEW, view_of
from app.views.parsing import decode_json, request_bytes, require_type

KEY: Final = "saywho.dashboard"
KEPT_MB: Final = 32
OVERHEAD_BYTES: Final = 1_000
MADE_AT_ONCE: Final = 4
"""A card that is being measured takes some seconds, and holds up no other figure."""
MOST_UNDER_WAY: Final = 60
"""Figures that are made or wait for it; more get 503."""
MAKING_TIMEOUT_S: Final = 60.0
SHORTEST_REST_S: Final = 0.4
MOST_RESTS: Final = 1_000
REST: Final = 4.0
"""A live figure rests this many times as long as it took; else a stream of posts fills a core."""

logger = logging.getLogger(__name__)
Dispatch = Callable[[], Awaitable[Response]]


class FigureRequest(Struct, frozen=True):
    """A view, and the newest event that the browser knows of if it follows live."""

    view: str
    after: int | None = None


class Property(Struct):
    """A property of a component, as calls name it."""

    id: str
    property: str


class InputProperty(Property):
    """A property and its value."""

    value: FigureRequest


class Call(Struct):
    """A callback as Dash in the browser posts it; other fields are ignored."""

    output: str
    outputs: Property
    inputs: list[InputProperty]
    changed: list[str] = msgspec.field(default=[], name="changedPropIds")
    state: list[None] = []


def call_of(body: bytes) -> tuple[str, FigureRequest]:
    """Return the figure and what is asked of it. Raises MalformedError for any other body."""
    try:
        call = decode_json(body, Call)
    except InvalidInputError as error:
        raise MalformedError(error.detail) from None
    name = call.outputs.id.removesuffix("-drawing")
    is_known = (
        name in FIGURES
        and call.output == f"{call.outputs.id}.{call.outputs.property}" == f"{name}-drawing.data"
        and [(each.id, each.property) for each in call.inputs] == [(f"{name}-ask", "data")]
        and not call.state
    )
    if not is_known:
        raise MalformedError("There is no such callback")
    asked = call.inputs[0].value
    if len(asked.view) > LONGEST_VIEW:
        raise MalformedError("The view is too long")
    return name, asked


async def answer(dispatch: Dispatch) -> Response:
    """Return the answer to a callback, which Dash's own `dispatch` makes if none is kept."""
    require_type("application/json")
    figure, asked = call_of(await request_bytes())
    kept: Drawings = current_app.extensions[KEY]
    body = await kept.get((figure, g.locale, asked.view), asked.after, dispatch)
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if request.accept_encodings.quality("gzip"):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, 200, headers, content_type="application/json")


class Drawings:
    """The answers of one process."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._memo: Memo[bytes] = Memo(
            feed, KEPT_MB * MIB, lambda body: len(body) + OVERHEAD_BYTES, is_shared=True
        )
        self._rests: LruStore[tuple[str, ...], float] = LruStore(MOST_RESTS, lambda _: 1)
        """Until when viewers who follow live keep the figure that they have."""
        self._turns = asyncio.Semaphore(MADE_AT_ONCE)
        self._under_way = 0

    async def get(self, key: tuple[str, ...], after: int | None, dispatch: Dispatch) -> bytes:
        """Return the compressed answer.

        It holds all events that were acknowledged before; for a viewer who follows live, all up
        to `after`, for which the viewer may have to wait. Raises UnavailableError under too many
        calls, and while the log cannot be read.
        """
        if not await self._feed.catch_up():
            raise UnavailableError("The log cannot be read at the moment. Try again soon.")
        if after is not None:
            after = min(after, self._feed.newest)  # A later one cannot be waited for.
            if self._memo.find(key) is None and (rests_until := self._rests.get(key)):
                await asyncio.sleep(rests_until - monotonic())

        async def make(_: MemoRun[bytes]) -> bytes:
            return await self._make(key, dispatch)

        return cast(bytes, await self._memo.get_or_make(key, make, at_least=after))

    async def _make(self, key: tuple[str, ...], dispatch: Dispatch) -> bytes:
        if self._under_way >= MOST_UNDER_WAY:
            raise overloaded()
        self._under_way += 1
        try:
            async with self._turns:
                began = monotonic()
                response = await dispatch()
                data = await response.get_data(as_text=False)
                body = await asyncio.to_thread(gzip.compress, data, GZIP_LEVEL, mtime=0)
                now = monotonic()
                self._rests.put(key, now + max(SHORTEST_REST_S, REST * (now - began)))
                return body
        finally:
            self._under_way -= 1


async def draw(figure: Figure, query: str) -> str:
    """Return the drawing of a view as JSON, or what prevents it."""
    try:
        view = view_of(query)
        async with asyncio.timeout(MAKING_TIMEOUT_S):
            data = await figure.load(resources().db, view)

        def encoded() -> str:
            drawing = figure.draw(data, view)
            return msgspec.json.encode({"view": query, "drawing": drawing}).decode()

        told = await asyncio.to_thread(encoded)
    except AppError as error:
        return _problem(query, translate_error(error))
    except Exception:
        logger.exception("a figure could not be made")
        sentence = gettext("Something went wrong on the server. Please try again.")
        return _problem(query, sentence)
    cacheable()
    return told


def _problem(query: str, sentence: Any) -> str:
    return msgspec.json.encode({"view": query, "problem": str(sentence)}).decode()

"""Figures as the browser requests them: checked, made once for all viewers, and sent.

`FigureLayer` answers in front of the app, so a viewer of a figure that exists costs little.
"""

import asyncio
import gzip
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from dash import _utils
from msgspec import Struct
from quart import Quart, g

from app.asgi.cached import GZIP_LEVEL, HIT, MISS, PERSONAL, headers_of, locale_of, takes_gzip
from app.asgi.edge import AsgiApp, Receive, Scope, Send
from app.clock import monotonic
from app.config import MIB, Config
from app.dashboard.figures import FIGURES
from app.db.feed import Feed
from app.errors import AppError, InvalidInputError, MalformedError, TooLargeError, UnavailableError
from app.i18n import gettext, translate_error
from app.lifespan import resources
from app.memo import Memo, MemoRun, cacheable
from app.paths import DASH_CALLS
from app.views.filters import LONGEST_VIEW, view_of
from app.views.parsing import decode_json

LARGEST_CALL: Final = 64 * 1024
BODY_TIMEOUT_S: Final = 5.0
"""A slower body is left to the app, which refuses it in time."""
FIGURES_MB: Final = 32
OVERHEAD_BYTES: Final = 1_000
MADE_AT_ONCE: Final = 2
MOST_UNDER_WAY: Final = 60
"""Figures that are made or wait for it; more get 503."""
MAKING_TIMEOUT_S: Final = 60.0
SHORTEST_REST_S: Final = 0.4
REST: Final = 4.0
"""A live figure rests this many times as long as it took; else a stream of posts fills a core."""
HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"content-encoding", b"gzip"),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept-Encoding"),
)
APP_HEADERS: Final = (b"authorization", b"saywho-after")
"""A request with one of these is answered by the app."""

to_json: Any = _utils.to_json
logger = logging.getLogger(__name__)


class FigureRequest(Struct, frozen=True):
    """A view, and the newest event that the browser knows of if it follows live."""

    view: str
    after: int | None = None


class Property(Struct):
    """A property of a component, as calls name it."""

    id: str
    property: str


class InputProperty(Struct):
    """A property and its value."""

    id: str
    property: str
    value: FigureRequest


class Call(Struct):
    """A callback as the browser requests it; other fields are ignored."""

    output: str
    outputs: Property
    inputs: list[InputProperty]
    state: list[None] = []

    @property
    def figure(self) -> str:
        return self.outputs.id.removesuffix("-drawing")

    @property
    def request(self) -> FigureRequest:
        return self.inputs[0].value


def call_of(body: bytes) -> Call:
    """Return the call. Raises MalformedError for any other body, and TooLargeError."""
    if len(body) > LARGEST_CALL:
        raise TooLargeError("A callback takes at most 64 KB")
    try:
        call = decode_json(body, Call)
    except InvalidInputError as error:
        raise MalformedError(error.detail) from None
    name = call.figure
    is_known = (
        name in FIGURES
        and call.output == f"{call.outputs.id}.{call.outputs.property}" == f"{name}-drawing.data"
        and [(each.id, each.property) for each in call.inputs] == [(f"{name}-ask", "data")]
    )
    if not is_known:
        raise MalformedError("There is no such callback")
    if len(call.request.view) > LONGEST_VIEW:
        raise MalformedError("The view is too long")
    return call


@dataclass(frozen=True, slots=True)
class _DrawnFigure:
    """The compressed answer to a call, and until when live viewers keep the one before."""

    body: bytes
    rests_until: float


class SharedFigures:
    """The figures of one process, each made once for all viewers of a filter and a language."""

    def __init__(self, app: Quart, feed: Feed) -> None:
        self._app = app
        self._feed = feed
        self._memo: Memo[_DrawnFigure] = Memo(
            feed,
            FIGURES_MB * MIB,
            lambda figure: len(figure.body) + OVERHEAD_BYTES,
            is_shared=True,
            keeps_stale=True,
        )
        self._turns = asyncio.Semaphore(MADE_AT_ONCE)
        self._under_way = 0

    async def get(self, call: Call, locale: str) -> tuple[bytes, bool]:
        """Return the compressed answer, and whether it was made for this call.

        It holds all events that were acknowledged before; for a viewer who follows live, all up
        to the event that the call names, for which the viewer may have to wait. Raises
        UnavailableError under too many calls, and while the log cannot be read.
        """
        if not await self._feed.catch_up():
            raise UnavailableError("The log cannot be read at the moment. Try again soon.")
        key, after, is_made = (call.figure, locale, call.request.view), call.request.after, False
        if after is not None:
            after = min(after, self._feed.newest)  # A later one cannot be waited for.
            await self._rest(key, after)

        async def make(_: MemoRun[_DrawnFigure]) -> _DrawnFigure:
            nonlocal is_made
            is_made = True
            return await self._draw(call, locale)

        figure = await self._memo.get_or_make(key, make, at_least=after)
        return cast(_DrawnFigure, figure).body, is_made

    async def _rest(self, key: tuple[str, ...], after: int) -> None:
        """Wait until a figure may be made again for viewers who follow live."""
        while self._memo.find(key, at_least=after) is None:
            run, stale = self._memo.run_of(key), self._memo.latest(key)
            if run is not None and run.as_of_event < after:
                await asyncio.wait([run.outcome])
            elif run is None and stale and (rest := stale.rests_until - monotonic()) > 0:
                await asyncio.sleep(rest)
            else:
                return

    async def _draw(self, call: Call, locale: str) -> _DrawnFigure:
        if self._under_way >= MOST_UNDER_WAY:
            raise UnavailableError(
                "The server is overloaded. Try again in a moment.", headers={"Retry-After": "2"}
            )
        self._under_way += 1
        try:
            async with self._turns, self._app.app_context():
                g.locale = locale
                began = monotonic()
                body = await _answer(call)
                took = monotonic() - began
                return _DrawnFigure(body, began + took + max(SHORTEST_REST_S, REST * took))
        finally:
            self._under_way -= 1


async def _answer(call: Call) -> bytes:
    """Return the answer that Dash expects in the browser, compressed; it may be an error."""
    try:
        async with asyncio.timeout(MAKING_TIMEOUT_S):
            return await _drawing(call)
    except AppError as error:
        return _packed(call, {"problem": translate_error(error)})
    except Exception:
        logger.exception("a figure could not be made")
        problem = gettext("Something went wrong on the server. Please try again.")
        return _packed(call, {"problem": problem})


async def _drawing(call: Call) -> bytes:
    figure, view = FIGURES[call.figure], view_of(call.request.view)
    async with resources().db.read() as session:
        data = await figure.load(session, view)

    def draw() -> tuple[bytes, bool]:
        drawing = figure.draw(data)
        found = asdict(drawing) | {"view": call.request.view}
        return _packed(call, found), not drawing.again_s

    body, is_complete = await asyncio.to_thread(draw)
    if is_complete:
        cacheable()
    return body


def _packed(call: Call, drawing: dict[str, Any]) -> bytes:
    answer = {"multi": True, "response": {f"{call.figure}-drawing": {"data": drawing}}}
    return gzip.compress(to_json(answer).encode(), GZIP_LEVEL, mtime=0)


class FigureLayer:
    """Answers calls of anonymous viewers in front of the app; `figures` is None until it serves."""

    def __init__(
        self, app: AsgiApp, config: Config, figures: Callable[[], SharedFigures | None]
    ) -> None:
        self._app = app
        self._config = config
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        figures = self._figures() if self._is_common(scope) else None
        if figures is None:
            await self._app(scope, receive, send)
            return
        messages: deque[Any] = deque()
        found = await self._find(scope, receive, messages, figures)
        if found is None:

            async def again() -> Any:
                return messages.popleft() if messages else await receive()

            await self._app(scope, again, send)
            return
        body, is_made = found
        length = (b"content-length", str(len(body)).encode())
        headers = [*HEADERS, MISS if is_made else HIT, length]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _is_common(self, scope: Scope) -> bool:
        """Return whether the answer is the same for every viewer."""
        if scope["type"] != "http" or scope["path"] != DASH_CALLS or scope["method"] != "POST":
            return False
        headers = headers_of(scope)
        return (
            self._config.public
            and not any(name in headers for name in APP_HEADERS)
            and PERSONAL not in headers.get(b"cookie", b"")
            and headers.get(b"content-type", b"").startswith(b"application/json")
            and takes_gzip(headers)
        )

    async def _find(
        self, scope: Scope, receive: Receive, messages: deque[Any], figures: SharedFigures
    ) -> tuple[bytes, bool] | None:
        """Return the figure; None if the app has to answer, with the messages read so far."""
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                size = 0
                while not messages or messages[-1].get("more_body", False):
                    messages.append(await receive())
                    size += len(messages[-1].get("body", b""))
                    if size > LARGEST_CALL:
                        return None  # The app refuses it by its own limit.
            call = call_of(b"".join(message.get("body", b"") for message in messages))
            locale = self._config.locale or locale_of(headers_of(scope))
            return await figures.get(call, locale)
        except (TimeoutError, AppError):
            return None  # The app says what is wrong.

"""The live stream in the API (server-sent events)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from msgspec import Meta, Struct
from quart import Response, request

from app.asgi.edge import Send
from app.asgi.streams import hand_over
from app.errors import MalformedError
from app.lifespan import resources
from app.models import MAX_ID
from app.paths import LIVE
from app.services.posts.users import get_user
from app.views.access import right_to_read
from app.views.operation import EVENTS, ApiBlueprint, answers

blueprint = ApiBlueprint("api_live", tag="live")

CONTENT_TYPE: Final = f"{EVENTS}; charset=utf-8"


class LiveArgs(Struct):
    username: Annotated[str | None, Meta(description="Only what concerns this author.")] = None
    after: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_ID)] | None,
        Meta(description="The number of an event: only what came after it is sent.", examples=[1]),
    ] = None


@blueprint.operation(
    "GET",
    LIVE,
    "read",
    "Follow what changes, as server-sent events",
    errors={404},
    is_streamed=True,
)
@answers(200, "Events, without end", str, EVENTS)
async def live_stream(args: LiveArgs) -> Response:
    """Send events as they come; `Last-Event-ID`, or `after`, resumes where a client was."""
    after = args.after if (last := _last_event_id()) is None else last
    user_id = None
    if args.username is not None:
        async with resources().db.read() as session:
            user_id = (await get_user(session, args.username)).id
    if request.method == "HEAD":
        # Without a length, as the stream is.
        return Response(
            _nothing(), content_type=CONTENT_TYPE, headers={"Cache-Control": "no-cache"}
        )
    live = resources().live
    live.admit()
    right = right_to_read()

    async def stream(send: Send, gone: asyncio.Future[None]) -> None:
        await live.listen(send, gone, after=after, user_id=user_id, right=right)

    hand_over(request.scope, stream)
    response = Response(_nothing(), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _nothing() -> AsyncIterator[bytes]:
    """Yield nothing, as a body of unknown length; events are sent in front of the app."""
    return
    yield b""


def _last_event_id() -> int | None:
    given = request.headers.get("Last-Event-ID")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()) or len(given) > 16 or int(given) > MAX_ID:
        raise MalformedError("Last-Event-ID must be the number of an event", loc="Last-Event-ID")
    return int(given)

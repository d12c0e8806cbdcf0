"""The live stream in the API (server-sent events)."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Response, g, request

from app.asgi.streams import EndlessBody, hand_over
from app.lifespan import resources
from app.models import MAX_ID
from app.paths import LIVE
from app.services.access.rights import Right
from app.services.posts.users import get_user
from app.views.blueprints import EVENTS, ApiBlueprint
from app.views.policies import is_still_readable, right_to_read, send_to_login
from app.views.requests import event_of

blueprint = ApiBlueprint("api_live", tag="live")


class LiveArgs(Struct):
    username: str | None = None
    after: Annotated[int, Meta(ge=0, le=MAX_ID)] | None = None


@blueprint.operation("GET", LIVE, "read", "A stream of events, without end", content={EVENTS: str})
async def live_stream(args: LiveArgs) -> Response:
    """Follow changes as server-sent events.

    Send events as they come; `Last-Event-ID`, or `after`, resumes where a client was.
    """
    after = args.after if (last := event_of("Last-Event-ID")) is None else last
    user_id = None if args.username is None else await _author_id(args.username)
    await resources().feed.catch_up()
    if request.method == "HEAD":
        return endless(None)
    hub = resources().live_hub
    stream = hub.open(after=after, user_id=user_id, right=right_to_read(), holder=own_session())
    answer = endless(await stream)
    return answer if await is_still_readable() else send_to_login()


def own_session() -> Right | None:
    """Return the session whose streams count together; None for visitors."""
    return Right("session", g.account.session_id) if g.account else None


def endless(events: EndlessBody | None) -> Response:
    """Return a live stream's answer; HEAD has no events."""
    if events is not None:
        hand_over(request.scope, events)
    headers = {
        "Content-Type": f"{EVENTS}; charset=utf-8",
        "Cache-Control": "no-cache",
        "X-Accel-Buffering": "no",
    }
    response = Response(b"", headers=headers)
    del response.content_length  # It is not known.
    return response


async def _author_id(username: str) -> int:
    async with resources().db.read() as session:
        return (await get_user(session, username)).id

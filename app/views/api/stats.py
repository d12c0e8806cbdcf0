"""Counts of posts in the API."""

from msgspec import Struct
from quart import Blueprint, Response

from app.lifespan import resources
from app.memo import cacheable
from app.services.posts.statistics import stats
from app.services.posts.users import Platform
from app.views.access import access
from app.views.answers import json_answer
from app.views.parsing import parse_args
from app.views.periods import parse_zone, selection_of

blueprint = Blueprint("api_stats", __name__)


class StatsArgs(Struct):
    username: list[str] = []
    platform: Platform | None = None
    lang: str | None = None
    since: str | None = None
    until: str | None = None
    tz: str = "UTC"


@blueprint.get("/stats")
@access("read")
async def show_stats() -> Response:
    cacheable()
    args = parse_args(StatsArgs)
    selection = selection_of(
        usernames=args.username,
        platform=args.platform,
        lang=args.lang,
        since=args.since,
        until=args.until,
        tz=args.tz,
    )
    async with resources().db.read() as session:
        return json_answer(await stats(session, selection, parse_zone(args.tz)))

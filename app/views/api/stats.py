"""Counts of posts in the API."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Response

from app.lifespan import resources
from app.services.posts.statistics import Stats, stats
from app.services.posts.users import Platform
from app.views.answers import json_answer
from app.views.filters import parse_zone, selection_of
from app.views.operation import ApiBlueprint, answers

blueprint = ApiBlueprint("api_stats", tag="search")


class StatsArgs(Struct):
    username: Annotated[
        list[str],
        Meta(
            description="Only this author's posts; several times for several.",
            examples=[["jack", "anna"]],
        ),
    ] = []
    platform: Annotated[
        Platform | None, Meta(description="Only posts of authors on this platform.")
    ] = None
    lang: Annotated[str | None, Meta(description="Only posts in this language.")] = None
    since: str | None = None
    until: str | None = None
    tz: Annotated[
        str, Meta(description="The IANA time zone of days and bare dates.", examples=["Asia/Seoul"])
    ] = "UTC"


@blueprint.operation(
    "GET",
    "/stats",
    "read",
    "Count posts, in all, per author and per day",
    errors={404},
    is_cacheable=True,
)
@answers(200, "The counts", Stats)
async def show_stats(args: StatsArgs) -> Response:
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

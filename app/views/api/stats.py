"""Counts of posts in the API."""

from typing import Annotated

from msgspec import Meta, field
from quart import Response

from app.lifespan import resources
from app.services.posts.statistics import Stats, stats
from app.services.posts.users import Platform
from app.views.answers import json_answer
from app.views.filters import PostFilters
from app.views.operation import ApiBlueprint, answers

blueprint = ApiBlueprint("api_stats", tag="search")


class StatsArgs(PostFilters):
    username: Annotated[
        list[str],
        Meta(
            description="Only this author's posts; several times for several.",
            examples=[["jack", "anna"]],
        ),
    ] = field(default_factory=list)
    platform: Annotated[
        Platform | None, Meta(description="Only posts of authors on this platform.")
    ] = None


@blueprint.operation("GET", "/stats", "read", errors={404}, is_cacheable=True)
@answers(200, "The counts", Stats)
async def show_stats(args: StatsArgs) -> Response:
    """Count posts, in all, per author and per day."""
    selection = args.select(args.username, args.platform)
    async with resources().db.read() as session:
        return json_answer(await stats(session, selection, args.zone))

"""Search, and counts of posts, in the API."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from app.lifespan import resources
from app.services.posts.statistics import Stats, stats
from app.services.posts.users import Platform
from app.services.search.search import Facets, Hit, Mode, Sort, find
from app.views.blueprints import ApiBlueprint
from app.views.filters import PostFilters, SearchFilters
from app.views.parsing import RESULT_CURSOR

blueprint = ApiBlueprint("api_search", tag="search")


class SearchArgs(SearchFilters):
    mode: Mode = "words"
    sort: Sort = "best"
    facets: Literal[0, 1] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    cursor: str | None = None


class Hits(Struct, frozen=True, omit_defaults=True):
    """A page of results, and how they were really found."""

    items: list[Hit]
    next: str | None
    method: Annotated[str, Meta(description="What was really done: words or meaning.")]
    total: Annotated[int | None, Meta(description="Null for more than 10,000, and by vectors.")]
    partial: Annotated[bool, Meta(description="No post has all words; these have some.")] = False
    facets: Facets | None = None


@blueprint.operation("GET", "/search", "read", "A page of results, the best first")
async def search_tweets(args: SearchArgs) -> Hits:
    """Search the posts."""
    place = RESULT_CURSOR.decode(args.cursor)
    parts = resources()
    found = await find(
        parts.db,
        parts.embeddings,
        args.q,
        args.selection,
        limit=args.limit,
        place=place,
        mode=args.mode,
        sort=args.sort,
        with_facets=bool(args.facets),
    )
    return Hits(
        found.hits,
        RESULT_CURSOR.encode(found.next),
        found.method,
        found.total,
        found.is_any,
        found.facets,
    )


class StatsArgs(PostFilters):
    username: list[str] = field(default_factory=list)
    platform: Platform | None = None


@blueprint.operation("GET", "/stats", "read", "The counts", is_cacheable=True)
async def show_stats(args: StatsArgs) -> Stats:
    """Count posts, in all, per author and per day."""
    selection = args.select(args.username, args.platform)
    async with resources().db.read() as session:
        return await stats(session, selection, args.zone)

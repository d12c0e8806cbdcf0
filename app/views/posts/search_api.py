"""The search in the API: results, counts, or a file."""

import contextlib
import zlib
from collections.abc import AsyncGenerator
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field
from quart import Response, request

from app.asgi.cached import GZIP_LEVEL, headers_of, takes_gzip
from app.lifespan import resources
from app.paths import EXPORT
from app.runtime.work_pool import WorkPool
from app.services.posts.exporting import exported
from app.services.posts.post_counts import MOST_COUNTS, AuthorCount, DayCount, Stats, stats
from app.services.search import results
from app.services.search.word_search import ResultKey, SearchWork, Sort
from app.views.answers import attachment, streamed, while_readable
from app.views.blueprints import CSV, NDJSON, ApiBlueprint
from app.views.filters import PostFilters, SearchFilters
from app.views.requests import RESULT_CURSOR, Next
from saywho.formats.post import Platform
from saywho.formats.records import ExportedPost
from saywho.formats.registry import WRITERS

blueprint = ApiBlueprint("api_search", tag="search")

LONGEST_NAME: Final = 80
"""Characters of an author's name in an exported file's name."""


class SearchArgs(SearchFilters):
    mode: results.Mode = "words"
    sort: Sort = "best"
    """Order of the results; with equal likes, the newest come first."""
    facets: bool = False
    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    cursor: str | None = None


class Filter(Struct, frozen=True):
    """A filter that was typed in `q`."""

    key: str
    """Such as `from`, or `-from` where it leaves posts out."""
    value: str


class Hits(Struct, frozen=True, omit_defaults=True):
    """A page of results, and how they were really found."""

    items: list[results.Hit]
    next: Next
    method: str
    """The search that was actually made: words or meaning."""
    total: int | None
    """Number of results; null above 10,000, for a search by meaning, and for signs alone (`!!!`),
    which are not searched.
    """
    corrections: list[results.Correction] = []
    """Corrected typing errors, most frequent words first."""
    partial: bool = False
    """Whether no post contains all words, so that these contain only some."""
    facets: results.Facets | None = None
    filters: list[Filter] = []
    """Parts of `q` that were taken as filters."""
    compounds: results.Compounds | None = None
    """Further results, behind the others."""
    ignored: list[str] = []
    """Signs of `q` that are not searched, such as £."""


@blueprint.get(
    "/search", policy="read", cursor=RESULT_CURSOR, answers="A page of results, best first"
)
async def search_tweets(args: SearchArgs, after: ResultKey | None) -> Hits:
    """Search the posts."""
    page = await resources().find(
        results.SearchQuery(args.q, args.selection, args.mode, args.sort, args.facets, args.zone),
        limit=args.limit,
        after=after,
    )
    return Hits(
        page.hits,
        page.next,
        page.method,
        page.total,
        list(page.corrections),
        page.is_any,
        page.facets,
        [Filter(each.name, each.value) for each in page.filters],
        page.compounds,
        list(page.ignored),
    )


class StatsArgs(PostFilters):
    q: Annotated[str, Meta(max_length=results.MAX_QUERY_LENGTH)] = ""
    """Words and filters, as of a search: all words are in each post that is counted."""
    username: list[str] = field(default_factory=list)
    platform: Platform | None = None


@blueprint.get("/stats", policy="read", keep=True, answers="The counts")
async def show_stats(args: StatsArgs) -> Stats:
    """Count posts in total, per author and per day.

    With `q`, only the 100 authors with the most posts are listed.
    """
    selection = args.select(args.username, args.platform)
    if not args.q.strip():
        async with resources().db.read() as session:
            return await stats(session, selection, args.zone)
    query, work = (
        results.SearchQuery(args.q, selection, zone=args.zone),
        resources().search_pool.run,
    )
    async with resources().read_long() as session:
        found = await results.count_results(session, query, most_people=100, work=SearchWork(work))
    names = [username for username, _ in found.usernames]
    days = [
        DayCount(
            day,
            sum(counts),
            [AuthorCount(*each) for each in zip(names, counts, strict=False) if each[1]],
        )
        for day, counts in found.days[-MOST_COUNTS:]
    ]
    authors = [AuthorCount(*each) for each in found.usernames]
    inside = found.compounds.posts if found.compounds else 0
    return Stats(
        found.people_total, found.posts, found.undated, authors, days, inside, found.has_more
    )


class ExportArgs(SearchFilters):
    format: Literal["jsonl", "csv", "mongo"] = "jsonl"


@blueprint.get(
    EXPORT,
    policy="read",
    answers="A file of the posts stored at the time of the request, sent while it is made. With"
    " `mongo`: documents for mongoimport, with `_id` and `$date`",
    content={NDJSON: ExportedPost, CSV: str},
)
async def export_posts(args: ExportArgs) -> Response:
    """Export all posts, the posts of one author, or the results of a search by words."""
    writer = WRITERS[args.format]
    parts = resources()
    async with parts.db.read() as session:
        args.username = args.username or None
        export = await results.begin_result_export(session, args.q, args.selection, args.zone)
    is_packed = takes_gzip(headers_of(request.scope))
    name = f"saywho-{export.username[:LONGEST_NAME]}" if export.username else "saywho"
    headers = (
        attachment(f"{name}.{writer.suffix}")
        | {
            "Content-Type": writer.content_type,
            "Cache-Control": "no-store",
            "Vary": "Accept-Encoding",
        }
        | ({"Content-Encoding": "gzip"} if is_packed else {})
    )
    pieces = while_readable(exported(parts.db, export, writer, parts.work_pool.run))
    return streamed(_packed(pieces, parts.work_pool) if is_packed else pieces, headers)


async def _packed(
    pieces: AsyncGenerator[bytes, None], pool: WorkPool
) -> AsyncGenerator[bytes, None]:
    packer = zlib.compressobj(GZIP_LEVEL, wbits=16 + zlib.MAX_WBITS)
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if data := await pool.run(packer.compress, piece):
                yield data
    yield packer.flush()

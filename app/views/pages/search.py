"""The search page."""

from msgspec import Struct
from quart import Blueprint, render_template

from app.errors import NotFoundError
from app.lifespan import resources
from app.services.search import Hit, search
from app.views.access import access
from app.views.cursors import PlaceCursor, decode_cursor, encode_cursor
from app.views.pages.marks import Marked, marked_text
from app.views.parsing import parse_args
from app.views.periods import search_filters

blueprint = Blueprint("search", __name__)

RESULTS_PER_PAGE = 20
MAX_QUERY_LENGTH = 1000


class SearchPageArgs(Struct):
    q: str = ""
    username: str = ""
    since: str = ""
    until: str = ""
    tz: str = "UTC"
    cursor: str | None = None


@blueprint.get("/search")
@access("read")
async def show_search() -> tuple[str, int]:
    args = parse_args(SearchPageArgs, strict=False)
    offset = decode_cursor(args.cursor, PlaceCursor).offset if args.cursor else 0
    filters = search_filters(
        since=args.since, until=args.until, tz=args.tz, username=args.username.strip() or None
    )
    unknown_author = None
    try:
        async with resources().db.read() as session:
            hits, following = await search(
                session,
                args.q[:MAX_QUERY_LENGTH],
                filters,
                limit=RESULTS_PER_PAGE,
                offset=offset,
            )
    except NotFoundError:
        hits, following, unknown_author = [], None, args.username
    results: list[tuple[Hit, list[Marked[None]]]] = [
        (hit, marked_text(hit.text, [(start, end, None) for start, end in hit.highlights]))
        for hit in hits
    ]
    page = await render_template(
        "search.html",
        args=args,
        results=results,
        unknown_author=unknown_author,
        is_first_page=offset == 0,
        next_cursor=None if following is None else encode_cursor(PlaceCursor(following)),
    )
    return page, 404 if unknown_author else 200

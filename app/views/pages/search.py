"""The search page."""

from typing import Final

from msgspec import field, to_builtins
from quart import url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, MalformedError, NotFoundError
from app.lifespan import resources
from app.services.posts.tweets import Page, list_selected
from app.services.posts.users import find_user
from app.services.search.search import Hit, Mode, ResultPage, Spans, find
from app.services.search.word_search import Place
from app.services.selection import Selection
from app.views.blueprints import PageBlueprint
from app.views.filters import PostFilters
from app.views.pages.parts import (
    Marked,
    excerpt,
    given_names,
    marked_text,
    render_form,
    see_other,
    show_names,
)
from app.views.parsing import RESULT_CURSOR, TWEET_CURSOR

blueprint = PageBlueprint("search")

MODES: Final[dict[str, Mode]] = {"words": "words", "meaning": "meaning"}
RESULTS_PER_PAGE = 20
MAX_QUERY_LENGTH = 1000
AROUND = 200
"""Characters of a long post that are shown on each side of a match."""


class SearchPageArgs(PostFilters):
    q: str = ""
    mode: str = "words"
    username: str = ""
    platform: str = ""
    kind: str = ""
    is_: str = field(default="", name="is")
    sort: str = ""
    has: str = ""
    cursor: str | None = None


@blueprint.page("/search")
async def show_search(args: SearchPageArgs) -> ResponseReturnValue:
    if args.q.startswith("@"):  # As posts name somebody.
        async with resources().db.read() as session:
            if author := await find_user(session, args.q[1:]):
                return see_other(url_for("authors.show_author", username=author.username))
    is_list = not args.q.strip()
    place = RESULT_CURSOR.decode(None if is_list else args.cursor)
    mode = MODES.get(args.mode, "words")
    parts = resources()
    failure: AppError | None = None
    found = ResultPage([])
    listed: Page | None = None
    try:
        selection = args.select(
            given_names([args.username]), args.platform, args.kind, args.is_, args.has
        )
        if not is_list:
            found = await _matching(args, selection, mode, place)
        elif selection != Selection():
            listed = await _newest(args, selection)
    except (NotFoundError, MalformedError) as error:
        failure = error.with_traceback(None)
    async with parts.db.read() as session:
        await show_names(session, {post.username for post in (*found.hits, *(listed or [[]])[0])})
    asked = _asked(args, mode)
    return await render_form(
        "search.html",
        failure,
        args=args,
        asked=asked,
        exported={name: asked[name] for name in asked if name not in {"mode", "sort"}},
        results=[
            (hit, _pieces(hit.text, hit.highlights), _described(hit, found)) for hit in found.hits
        ],
        found=found,
        listed=listed and listed[0],
        mode=mode,
        knows_meaning=parts.embeddings is not None,
        is_first_page=not args.cursor,
        next_cursor=(
            TWEET_CURSOR.encode(listed[1]) if listed else RESULT_CURSOR.encode(found.next)
        ),
    )


async def _matching(
    args: SearchPageArgs, selection: Selection, mode: Mode, place: Place | None
) -> ResultPage:
    """Return the posts of a selection that match the query, from the place on."""
    return await find(
        resources().db,
        resources().embeddings,
        args.q[:MAX_QUERY_LENGTH],
        selection,
        limit=RESULTS_PER_PAGE,
        place=place,
        mode=mode,
        sort="newest" if args.sort == "newest" else "best",
        with_facets=place is None,
    )


async def _newest(args: SearchPageArgs, selection: Selection) -> Page:
    """Return the posts of a selection without a query, the newest first."""
    after = TWEET_CURSOR.decode(args.cursor)
    async with resources().db.read() as session:
        return await list_selected(
            session, selection, zone=args.zone, after=after, limit=RESULTS_PER_PAGE
        )


def _asked(args: SearchPageArgs, mode: Mode) -> dict[str, str]:
    """Return what an address of the same search names."""
    fields = to_builtins(args) | {"mode": "" if mode == "words" else mode, "cursor": None}
    return {name: value for name, value in fields.items() if value}


def _pieces(text: str, highlights: Spans) -> list[Marked[None]]:
    spans: list[tuple[int, int, None]] = [(start, end, None) for start, end in highlights]
    return excerpt(marked_text(text, spans), around=AROUND)


def _described(hit: Hit, found: ResultPage) -> list[list[Marked[None]]]:
    """Return the descriptions of a post's media in pieces."""
    spans = found.alt_highlights.get(hit.id, [])
    return [_pieces(medium.alt or "", each) for medium, each in zip(hit.media, spans, strict=False)]

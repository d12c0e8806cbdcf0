"""The search page."""

from typing import Final

from msgspec import Struct
from quart import Blueprint, render_template

from app.errors import MalformedError, NotFoundError
from app.i18n import translate_error
from app.lifespan import resources
from app.memo import cacheable
from app.services.search.search import Found, Hit, Mode, find
from app.views import cursors
from app.views.access import access
from app.views.filters import selection_of
from app.views.pages.parts import Marked, excerpt, marked_text
from app.views.parsing import parse_args

blueprint = Blueprint("search", __name__)

MODES: Final[dict[str, Mode]] = {"words": "words", "meaning": "meaning", "hybrid": "hybrid"}
LANGUAGES: Final = ("ko", "en")
"""Those offered; an address may name any."""
FIELDS: Final = ("q", "username", "platform", "lang", "kind", "since", "until", "tz")
RESULTS_PER_PAGE = 20
MAX_QUERY_LENGTH = 1000
AROUND = 200
"""Characters of a long post that are shown on each side of a match."""


class SearchPageArgs(Struct):
    q: str = ""
    mode: str = "words"
    username: str = ""
    platform: str = ""
    lang: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    tz: str = "UTC"
    cursor: str | None = None


@blueprint.get("/search")
@access("read")
async def show_search() -> tuple[str, int]:
    args = parse_args(SearchPageArgs, strict=False)
    place = cursors.RESULTS.decode(args.cursor)
    mode = MODES.get(args.mode, "words")
    parts = resources()
    unknown_author, failure = None, None
    found = Found([])
    try:
        author = args.username.strip()
        selection = selection_of(
            since=args.since,
            until=args.until,
            tz=args.tz,
            usernames=(author,) if author else (),
            platform=args.platform or None,
            lang=args.lang or None,
            kind=args.kind or None,
        )
        query = args.q[:MAX_QUERY_LENGTH]
        found = await find(
            parts.db,
            parts.embeddings,
            query,
            selection,
            limit=RESULTS_PER_PAGE,
            place=place,
            mode=mode,
        )
        if found.is_current:
            cacheable()
    except NotFoundError:
        unknown_author = args.username
    except MalformedError as error:
        failure = error
    page = await render_template(
        "search.html",
        args=args,
        languages=LANGUAGES,
        asked=_asked(args, mode),
        results=[(hit, _pieces(hit)) for hit in found.hits],
        found=found,
        mode=mode,
        knows_meaning=parts.embeddings is not None,
        unknown_author=unknown_author,
        failure=translate_error(failure) if failure else None,
        is_first_page=place is None,
        next_cursor=cursors.RESULTS.encode(found.next),
    )
    return page, 404 if unknown_author else failure.status if failure else 200


def _asked(args: SearchPageArgs, mode: Mode) -> dict[str, str]:
    """Return what an address of the same search names."""
    fields = {name: getattr(args, name) for name in FIELDS}
    fields |= {"mode": "" if mode == "words" else mode}
    return {name: value for name, value in fields.items() if value}


def _pieces(hit: Hit) -> list[Marked[None]]:
    spans: list[tuple[int, int, None]] = [(start, end, None) for start, end in hit.highlights]
    return excerpt(marked_text(hit.text, spans), around=AROUND)

"""Search in the API."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from quart import Blueprint, Response

from app.db.cache import keep
from app.lifespan import resources
from app.services.new_tweet import Kind
from app.services.search import Hit, search
from app.services.users import Platform
from app.views.access import access
from app.views.answers import json_answer
from app.views.cursors import PlaceCursor, decode_cursor, encode_cursor
from app.views.parsing import parse_args
from app.views.periods import search_filters

blueprint = Blueprint("api_search", __name__)


class SearchArgs(Struct):
    q: Annotated[str, Meta(max_length=1000)] = ""
    mode: Literal["words", "meaning", "hybrid"] = "words"
    username: str | None = None
    platform: Platform | None = None
    lang: str | None = None
    kind: Kind | None = None
    since: str | None = None
    until: str | None = None
    tz: str = "UTC"
    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    cursor: str | None = None


class Hits(Struct, frozen=True):
    """A page of results, and how they were really found."""

    items: list[Hit]
    next: str | None
    method: str


@blueprint.get("/search")
@access("read")
async def search_tweets() -> Response:
    keep()
    args = parse_args(SearchArgs)
    offset = decode_cursor(args.cursor, PlaceCursor).offset if args.cursor else 0
    filters = search_filters(
        username=args.username,
        platform=args.platform,
        lang=args.lang,
        kind=args.kind,
        since=args.since,
        until=args.until,
        tz=args.tz,
    )
    async with resources().db.read() as session:
        hits, following = await search(session, args.q, filters, limit=args.limit, offset=offset)
    cursor = None if following is None else encode_cursor(PlaceCursor(following))
    return json_answer(Hits(hits, cursor, "words"))

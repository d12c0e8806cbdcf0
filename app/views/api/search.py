"""Search in the API."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Blueprint, Response

from app.services.posts.new_tweet import Kind
from app.services.posts.users import Platform
from app.services.search.search import Hit, Mode
from app.views.access import access
from app.views.answers import as_of, json_answer
from app.views.cursors import decode_place, encode_place
from app.views.parsing import parse_args
from app.views.periods import search_filters
from app.views.searching import found_posts

blueprint = Blueprint("api_search", __name__)


class SearchArgs(Struct):
    q: Annotated[str, Meta(max_length=1000)] = ""
    mode: Mode = "words"
    username: str | None = None
    platform: Platform | None = None
    lang: str | None = None
    kind: Kind | None = None
    since: str | None = None
    until: str | None = None
    tz: str = "UTC"
    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    cursor: str | None = None


class Correction(Struct, frozen=True):
    """A word that no post holds, and the one that was taken for it."""

    typed: str
    used: str


class Hits(Struct, frozen=True, omit_defaults=True):
    """A page of results, and how they were really found."""

    items: list[Hit]
    next: str | None
    method: str
    corrections: list[Correction] = []
    partial: bool = False
    """No post has all the words; these have some of them."""


@blueprint.get("/search")
@access("read")
async def search_tweets() -> Response:
    args = parse_args(SearchArgs)
    place = decode_place(args.cursor)
    filters = search_filters(
        username=args.username,
        platform=args.platform,
        lang=args.lang,
        kind=args.kind,
        since=args.since,
        until=args.until,
        tz=args.tz,
    )
    found = await found_posts(args.q, filters, limit=args.limit, place=place, mode=args.mode)
    return json_answer(
        Hits(
            found.hits,
            encode_place(found.next),
            found.method,
            [Correction(*each) for each in found.corrections],
            found.is_any,
        ),
        headers=as_of(found.as_of_event),
    )

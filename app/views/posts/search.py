"""The search page."""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from msgspec import to_builtins
from quart import url_for
from quart.typing import ResponseReturnValue

from app.drawing.drawings import PeriodColumns
from app.errors import AppError, InvalidInputError, MalformedError, NotFoundError
from app.language.i18n import gettext
from app.lifespan import resources
from app.services.imports.jobs import RunningImport, find_running
from app.services.posts.filters import FILTERS, PARAMETERS, TypedFilter, TypedQuery, read_query
from app.services.posts.users import count_users, find_user
from app.services.rooms.chats import has_liked_messages
from app.services.search import results
from app.services.search.word_search import SORTS, ResultKey, Sort
from app.views.answers import see_other
from app.views.author_picker import given_names
from app.views.blueprints import PageBlueprint
from app.views.figures.archives import uses_of
from app.views.figures.figure import Figure
from app.views.filters import PageFilters, with_filters
from app.views.highlighting import FoundText, by_text
from app.views.page import FormPage, render_form
from app.views.requests import RESULT_CURSOR, cursor_of
from saywho.queries import quote_words
from saywho.text import possible_names

blueprint = PageBlueprint("search", policy="read")

_BY_ADDRESS: Final = {"lang", "platform", *(each.key for each in PARAMETERS)}
_LISTED_BY: Final = frozenset({"username", "platform", "lang", "since", "until", "has"})
"""Filters of the page `/posts`."""


@with_filters(lambda each: (str, ""))
class SearchPageArgs(PageFilters):
    q: str = ""
    mode: str = "words"
    username: str = ""
    platform: str = ""
    sort: str = ""
    cursor: str | None = None

    @property
    def search_mode(self) -> results.Mode:
        return "meaning" if self.mode == "meaning" else "words"

    @property
    def order(self) -> Sort:
        return next((sort for sort in SORTS if sort == self.sort), "best")

    @property
    def filters(self) -> dict[str, Any]:
        """The parameters of a URL of the same search."""
        fields = to_builtins(self) | {"cursor": None}
        if self.search_mode == "words":
            fields["mode"] = ""
        return {name: value for name, value in fields.items() if value}


class SearchPage(FormPage, frozen=True, kw_only=True):
    template = "posts/search.html"

    args: SearchPageArgs
    found: results.ResultPage
    is_empty: bool
    importing: RunningImport | None
    has_likes: bool
    """Whether an order by likes says anything."""
    knows_meaning: bool
    is_first_page: bool

    @property
    def asked(self) -> dict[str, Any]:
        return self.args.filters

    @property
    def exported(self) -> dict[str, Any]:
        return {name: self.asked[name] for name in self.asked if name not in {"mode", "sort"}}

    @property
    def by_address(self) -> list[tuple[str, str]]:
        """The filters that the form has no field for, with their values."""
        return sorted((name, self.asked[name]) for name in _BY_ADDRESS & self.asked.keys())

    @property
    def cleared(self) -> dict[str, Any]:
        return {name: self.asked[name] for name in self.asked.keys() - _BY_ADDRESS}

    @property
    def words(self) -> dict[str, str]:
        """Names of values of filters."""
        named = (pair for each in PARAMETERS for pair in each.words.items())
        return {value: gettext(text) for value, text in named}

    @property
    def examples(self) -> list[str]:
        return [*(gettext(each.typed) for each in FILTERS if each.typed), gettext("#tag")]

    @property
    def texts(self) -> list[FoundText]:
        return by_text(self.found.hits, around=200)

    @property
    def over_time(self) -> Figure[PeriodColumns] | None:
        def path_of(start: date, end: date) -> str:
            within = {
                "since": start.isoformat(),
                "until": end.isoformat(),
                "tz": str(self.args.zone),
            }
            return url_for("search.show_search", **self.asked | within)

        return uses_of(self.found.over_time, path_of) if self.found.over_time else None

    @property
    def has_several_rooms(self) -> bool:
        return len({hit.room.id for hit in self.found.hits if hit.room}) > 1

    @property
    def corrections(self) -> dict[str, list[results.Correction]]:
        return results.corrected_words(self.found.corrections)

    @property
    def as_typed(self) -> dict[str, Any]:
        words = {word for typed in self.corrections for word in typed.split()}
        quoted = replace(self.typed, words=quote_words(self.typed.words, words))
        return self.asked | {"q": str(quoted)}

    @property
    def typed(self) -> TypedQuery:
        return read_query(self.args.q)

    @property
    def removable(self) -> list[tuple[TypedFilter, dict[str, Any]]]:
        """The typed filters, each with the search without it."""
        typed = self.typed
        return [
            (each, self.asked | {"q": str(typed.without(each)) or None}) for each in typed.filters
        ]

    @property
    def next_cursor(self) -> str | None:
        return cursor_of(self.found.next)


@blueprint.get("/search", cursor=RESULT_CURSOR)
async def show_search(args: SearchPageArgs, after: ResultKey | None) -> ResponseReturnValue:
    parts = resources()
    if args.q.startswith("@"):  # As posts name somebody.
        async with parts.db.read() as session:
            for name in possible_names(args.q):
                if author := await find_user(session, name):
                    return see_other(url_for("authors.show_author", username=author.username))
    filters, page = args.filters, results.ResultPage([])
    narrowed_by = filters.keys() - {"q", "mode", "sort", "tz"}
    names = given_names([args.username])
    failure: AppError | None = None
    has_likes = False
    try:
        query = results.SearchQuery(
            args.q[: results.MAX_QUERY_LENGTH],
            args.select(names, args.platform),
            args.search_mode,
            args.order,
            with_facets=after is None,
            zone=args.zone,
            people_over_time=6 if after is None else 0,
        )
        if args.q.strip() or narrowed_by:
            page = await parts.find(query, limit=20, after=after)
        has_likes = await _has_likes(query, page)
    except (NotFoundError, MalformedError, InvalidInputError) as error:
        failure = error.with_traceback(None)
    if not failure and not args.q.strip() and narrowed_by and narrowed_by <= _LISTED_BY:
        return see_other(url_for("posts.show_posts", **filters))
    async with parts.db.read() as session:
        is_empty = not page.hits and not await count_users(session)
        importing = await find_running(session) if is_empty else None
    return await render_form(
        SearchPage(
            args=args,
            found=page,
            is_empty=is_empty,
            importing=importing,
            has_likes=has_likes,
            knows_meaning=parts.embeddings is not None,
            is_first_page=after is None,
            error=failure,
            about=names,
            hued=[username for username, _ in page.over_time.usernames] if page.over_time else None,
            of_platform=args.platform,
        )
    )


async def _has_likes(query: results.SearchQuery, page: results.ResultPage) -> bool:
    """Return whether a post found has likes; many apps export none for messages."""
    if query.mode != "words" or any(hit.room is None or _likes_of(hit) for hit in page.hits):
        return True
    if page.total == len(page.hits):
        return False
    async with resources().db.read() as session:
        if not await has_liked_messages(session):
            return False
    most_liked = replace(query, sort="likes", with_facets=False)
    return any(map(_likes_of, (await resources().find(most_liked, limit=1)).hits))


def _likes_of(hit: results.Hit) -> int:
    return (hit.counts.likes if hit.counts else 0) or 0

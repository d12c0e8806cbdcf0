"""The search page."""

from typing import Any, Final

from msgspec import field, to_builtins
from quart import url_for
from quart.typing import ResponseReturnValue

from app.compute.scoring import quote_words
from app.errors import AppError, MalformedError, NotFoundError
from app.lifespan import resources
from app.services.posts.users import count_users, find_user
from app.services.search.results import Mode, ResultPage, corrected_words, find
from app.services.search.word_search import SORTS, ResultKey, Sort
from app.views.blueprints import PageBlueprint
from app.views.cursors import RESULT_CURSOR, cursor_of
from app.views.filters import PageFilters
from app.views.pages.parts import (
    given_names,
    pieces_of_hit,
    render_form,
    see_other,
    show_names,
    speak_of_all,
)

blueprint = PageBlueprint("search")

RESULTS_PER_PAGE = 20
MAX_QUERY_LENGTH = 1000
LISTED_BY: Final = {"username", "platform", "lang", "since", "until", "has"}
"""Filters by which posts are listed where no words are searched."""
AROUND = 200
"""Characters of a long post that are shown on each side of a match."""


class SearchPageArgs(PageFilters):
    q: str = ""
    mode: str = "words"
    username: str = ""
    platform: str = ""
    kind: str = ""
    is_: str = field(default="", name="is")
    sort: str = ""
    has: str = ""
    cursor: str | None = None

    @property
    def search_mode(self) -> Mode:
        return "meaning" if self.mode == "meaning" else "words"

    @property
    def order(self) -> Sort:
        return next((sort for sort in SORTS if sort == self.sort), "best")

    @property
    def filters(self) -> dict[str, Any]:
        """What an address of the same search names."""
        fields = to_builtins(self) | {"cursor": None}
        if self.search_mode == "words":
            fields["mode"] = ""
        return {name: value for name, value in fields.items() if value}


@blueprint.page("/search", cursor=RESULT_CURSOR)
async def show_search(args: SearchPageArgs, after: ResultKey | None) -> ResponseReturnValue:
    parts = resources()
    if args.q.startswith("@"):  # As posts name somebody.
        async with parts.db.read() as session:
            if author := await find_user(session, args.q[1:]):
                return see_other(url_for("authors.show_author", username=author.username))
    filters, results = args.filters, ResultPage([])
    failure: AppError | None = None
    try:
        results = await _results(args, after)
    except (NotFoundError, MalformedError) as error:
        failure = error.with_traceback(None)
    if not failure and not args.q.strip() and filters.keys() & LISTED_BY:
        return see_other(url_for("posts.show_posts", **filters))
    corrected = corrected_words(results.corrections)
    async with parts.db.read() as session:
        shown_names = {post.username for post in results.hits} | _facet_names(results)
        await show_names(session, shown_names | {*given_names([args.username])})
        await speak_of_all(session, given_names([args.username]), args.platform)
        is_empty = not results.hits and not await count_users(session)
    return await render_form(
        "search.html",
        failure,
        args=args,
        asked=filters,
        exported={name: filters[name] for name in filters if name not in {"mode", "sort"}},
        results=[(hit, pieces_of_hit(hit, around=AROUND)) for hit in results.hits],
        found=results,
        is_empty=is_empty,
        corrections=corrected,
        as_typed=filters | {"q": quote_words(args.q, corrected)},
        mode=args.search_mode,
        sort=args.order,
        knows_meaning=parts.embeddings is not None,
        is_first_page=after is None,
        next_cursor=cursor_of(results.next),
    )


async def _results(args: SearchPageArgs, after: ResultKey | None) -> ResultPage:
    names = given_names([args.username])
    return await find(
        resources().db,
        resources().embeddings,
        args.q[:MAX_QUERY_LENGTH],
        args.select(names, args.platform, args.kind, args.is_, args.has),
        limit=RESULTS_PER_PAGE,
        after=after,
        mode=args.search_mode,
        sort=args.order,
        with_facets=after is None,
    )


def _facet_names(results: ResultPage) -> set[str]:
    return {name for name, _ in results.facets.username} if results.facets else set()

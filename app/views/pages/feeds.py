"""Atom feeds (RFC 4287): of everything, of an author, of a search."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct
from quart import Response, render_template, url_for
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.i18n import gettext, own_address
from app.lifespan import resources
from app.paths import FEED
from app.services.posts.tweets import Post, list_posts
from app.services.posts.users import get_author
from app.services.search.search import Hit, search
from app.services.selection import Selection
from app.views.access import own_origin
from app.views.blueprints import PageBlueprint
from app.views.pages.search import MAX_QUERY_LENGTH

blueprint = PageBlueprint("feeds")

ENTRIES: Final = 40
MOST_HITS: Final = 200
WINDOWS: Final = (timedelta(days=1), timedelta(days=30), timedelta(days=365), None)
"""A search finds the best posts; the newest of them are looked for in ever longer times."""
CONTENT_TYPE: Final = "application/atom+xml; charset=utf-8"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SearchFeedArgs(Struct):
    q: str = ""
    username: str = ""


@blueprint.page(FEED, is_cacheable=True)
async def show_feed() -> Response:
    async with resources().db.read() as session:
        posts, _ = await list_posts(session, limit=ENTRIES)
    return await _feed(gettext("Newest posts"), url_for("home.show_home"), posts)


@blueprint.page("/user/<username>" + FEED, is_cacheable=True)
async def show_author_feed(username: str) -> Response:
    async with resources().db.read() as session:
        author = await get_author(session, username)
        posts, _ = await list_posts(session, user_id=author.id, limit=ENTRIES)
    page = url_for("authors.show_author", username=author.username)
    return await _feed(author.username, page, posts)


@blueprint.page("/search" + FEED, is_cacheable=True)
async def show_search_feed(args: SearchFeedArgs) -> Response:
    async with resources().db.read() as session:
        hits = await _newest_hits(session, args.q[:MAX_QUERY_LENGTH], args.username.strip() or None)
    page = url_for("search.show_search", q=args.q, username=args.username or None)
    return await _feed(gettext("Search: %(q)s") % {"q": args.q}, page, hits)


async def _newest_hits(session: AsyncSession, query: str, username: str | None) -> list[Hit]:
    for window in WINDOWS:
        since = now() - window if window else None
        selection = Selection(usernames=(username,) if username else (), since=since)
        found = await search(session, query, selection, limit=MOST_HITS)
        # Posts with but some of the words are an offer on a page; nobody wants news of them.
        hits = [] if found.is_any else found.hits
        if len(hits) >= ENTRIES:
            break
    dated = [hit for hit in hits if hit.created_at]
    return sorted(dated, key=lambda hit: (hit.created_at or EPOCH, hit.id), reverse=True)


async def _feed(title: str, page: str, posts: Sequence[Post | Hit]) -> Response:
    """Return the feed of posts, the newest first; those without a time can be no entries."""
    origin = own_origin(resources().config)
    entries = [post for post in posts if post.created_at][:ENTRIES]
    body = await render_template(
        "feed.xml",
        title=title,
        origin=origin,
        page=page,
        self_address=own_address(),
        entries=entries,
        updated=max((post.created_at for post in entries if post.created_at), default=EPOCH),
    )
    return Response(_NO_XML.sub("", body), content_type=CONTENT_TYPE)

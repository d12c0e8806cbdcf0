"""Atom feeds of posts (RFC 4287)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct
from quart import Response, url_for

from app.language.i18n import gettext, own_address
from app.lifespan import resources
from app.paths import ATOM_NAME
from app.services.posts.tweets import Post, list_posts
from app.services.posts.users import get_author
from app.services.search.results import MAX_QUERY_LENGTH, SearchQuery
from app.views.blueprints import PageBlueprint
from app.views.cast import shown_name
from app.views.page import WebPage, render
from app.views.policies import own_origin

blueprint = PageBlueprint("feeds")

ENTRIES: Final = 40
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FeedArgs(Struct):
    q: str = ""


@blueprint.page(ATOM_NAME, is_cacheable=True)
async def show_atom(args: FeedArgs) -> Response:
    if args.q.strip():
        searched = SearchQuery(args.q[:MAX_QUERY_LENGTH], sort="newest")
        found = await resources().find(searched, limit=ENTRIES)
        return await _atom("", url_for("search.show_search", q=args.q), found.hits, args.q)
    async with resources().db.read() as session:
        posts, _ = await list_posts(session, limit=ENTRIES)
    return await _atom("", url_for("home.show_home"), posts)


@blueprint.page("/user/<username>" + ATOM_NAME, is_cacheable=True)
async def show_author_atom(username: str) -> Response:
    async with resources().db.read() as session:
        author = await get_author(session, username)
        posts, _ = await list_posts(session, user_id=author.id, limit=ENTRIES)
    page = url_for("authors.show_author", username=author.username)
    return await _atom(author.username, page, posts)


class FeedPage(WebPage, frozen=True, kw_only=True):
    template = "posts/feed.xml"

    author: str
    """Author of the posts; empty for all authors."""
    query: str
    page: str
    entries: list[Post]
    origin: str
    self_address: str

    @property
    def title(self) -> str:
        if self.query:
            return gettext("Search: %(q)s") % {"q": self.query}
        return shown_name(self.author) if self.author else gettext("Newest posts")

    @property
    def updated(self) -> datetime:
        newest = self.entries[0].created_at if self.entries else None
        return newest or datetime(1970, 1, 1, tzinfo=UTC)


async def _atom(author: str, page: str, posts: Sequence[Post], query: str = "") -> Response:
    """Return the feed of posts, newest first, without undated ones."""
    entries = [post for post in posts if post.created_at]
    feed = FeedPage(
        author=author,
        query=query,
        page=page,
        entries=entries,
        origin=own_origin(),
        self_address=own_address(),
        about=[post.username for post in posts],
    )
    body = await render(feed)
    return Response(_NO_XML.sub("", body), content_type="application/atom+xml; charset=utf-8")

"""Atom feeds (RFC 4287): of everything, and of an author."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from quart import Response, render_template, url_for

from app.i18n import gettext, own_address
from app.lifespan import resources
from app.paths import FEED
from app.services.posts.tweets import Post, list_posts
from app.services.posts.users import get_author
from app.views.blueprints import PageBlueprint
from app.views.policies import own_origin

blueprint = PageBlueprint("feeds")

ENTRIES: Final = 40
CONTENT_TYPE: Final = "application/atom+xml; charset=utf-8"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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


async def _feed(title: str, page: str, posts: Sequence[Post]) -> Response:
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

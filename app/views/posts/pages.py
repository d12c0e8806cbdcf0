"""Posts: the page of one, those behind a point of a figure, their files, and Atom feeds (RFC 4287).

Files are served so that nothing in them can act as a page.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta
from quart import Response, g, request, url_for
from quart.wrappers.response import FileBody

from app.compute.tally import ENDINGS, Ending
from app.dates import show_period, weekday_names
from app.errors import NotFoundError
from app.i18n import gettext, gettext_noop, own_address
from app.lifespan import resources
from app.paths import ATOM_NAME, MEDIA
from app.services.access.site import Openness
from app.services.posts.media import content_type, is_medium, is_needed
from app.services.posts.replies import Conversation, read_conversation
from app.services.posts.selection import Selection
from app.services.posts.showing import Shown
from app.services.posts.statistics import WEEK_H, count_selected
from app.services.posts.tweets import Post, TweetKey, list_posts, list_selected
from app.services.posts.users import Author, count_users, get_author
from app.services.rooms.messages import messages_around
from app.services.rooms.room_facts import speakers_of, zone_of_room
from app.services.search.similar import SimilarPosts, similar_posts
from app.views.blueprints import PageBlueprint
from app.views.cursors import TWEET_CURSOR, cursor_of
from app.views.filters import View
from app.views.names import shown_name
from app.views.page import WebPage, render
from app.views.policies import own_origin

blueprint = PageBlueprint("posts")

POSTS_PER_PAGE = 20
POSTS_PER_WALL: Final = 24
"""Posts whose media one page of a wall shows."""
HOURS = 24
SIMILAR = 5
MOST_OF_THREAD = 100
"""Posts of a conversation on the page of one of them."""
ENTRIES: Final = 40
"""Posts of a feed."""
ATOM: Final = "application/atom+xml; charset=utf-8"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CHUNK_BYTES: Final = 2**16
MEDIA_POLICY: Final = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"
ALWAYS_PUBLIC: Final = "private, max-age=31536000, immutable"
"""A file never changes. Shared caches must not keep it: it may be deleted."""
ASKED_EACH_TIME: Final = "private, no-cache"
"""Where the site is private, or a switch may make it so."""


class PostsArgs(View):
    hour: Annotated[int, Meta(ge=0, lt=WEEK_H)] | None = None
    has: Literal["", "media"] = ""
    shows: Shown | Literal[""] = ""
    """How the posts are written."""
    cursor: str | None = None

    @property
    def selection(self) -> Selection:
        selected = self.select(self.names, self.platform, has=self.has)
        return replace(selected, shows=self.shows or None)


class PostsPage(WebPage, frozen=True, kw_only=True):
    template = "posts/posts.html"

    args: PostsArgs
    posts: list[Post]
    is_empty: bool
    count: int | None
    next_cursor: str | None

    @property
    def period(self) -> str | None:
        days = self.args.days
        return show_period(*days) if days and days[0] < days[1] else None

    @property
    def hour(self) -> str | None:
        return None if self.args.hour is None else _hour(self.args.hour)

    @property
    def query(self) -> str:
        hour = "" if self.args.hour is None else str(self.args.hour)
        return self.args.query(hour=hour, has=self.args.has, shows=self.args.shows)

    @property
    def shown(self) -> str | None:
        """How the posts are written, in words."""
        return shown_label(self.args.shows) if self.args.shows else None


class TweetPage(WebPage, frozen=True, kw_only=True):
    template = "posts/tweet.html"

    author: Author
    similar: SimilarPosts
    conversation: Conversation
    around: list[Post]
    """Messages before and after it in its room."""
    zone: str | None
    """That of its room, in which a message shows its time."""

    @property
    def post(self) -> Post:
        return self.similar.post


@blueprint.page("/posts", cursor=TWEET_CURSOR, is_cacheable=True)
async def show_posts(args: PostsArgs, after: TweetKey | None) -> str:
    async with resources().db.read() as session:
        count = None
        if not (args.has or args.shows):  # Counts tell neither media nor how posts are written.
            count = await count_selected(session, args.selection, args.zone, hour=args.hour)
        posts, next_key = await list_selected(
            session,
            args.selection,
            hour=args.hour,
            zone=args.zone,
            after=after,
            limit=POSTS_PER_WALL if args.has else POSTS_PER_PAGE,
        )
        is_empty = not posts and not await count_users(session)
    return await render(
        PostsPage(
            args=args,
            posts=posts,
            is_empty=is_empty,
            count=count,
            next_cursor=cursor_of(next_key),
            about=args.names,
            of_platform=args.platform,
        )
    )


_SHOWN: Final[dict[Shown, str]] = {
    "long": gettext_noop("Seven words or more"),
    "short": gettext_noop("Three words or fewer"),
    "questions": gettext_noop("Question marks"),
    "exclamations": gettext_noop("Exclamation marks"),
    "small": gettext_noop("Lowercase start"),
    "silence": gettext_noop("After a silence"),
}
_ENDINGS: Final[dict[Shown, Ending]] = dict(
    zip(("dot", "dots", "tilde", "tears", "yo"), ENDINGS, strict=True)
)


def shown_label(shown: Shown) -> str:
    """Return in words how posts are written."""
    if shown in _ENDINGS:
        return gettext("Ends with {sign}").format(sign=f"“{_ENDINGS[shown]}”")
    return gettext(_SHOWN[shown])


def _hour(hour: int) -> str:
    """Return an hour of the week in words."""
    names = weekday_names("wide")
    clock = hour % HOURS
    return gettext("{weekday}, {start}:00 to {end}:00").format(
        weekday=names[hour // HOURS], start=clock, end=clock + 1
    )


@blueprint.page("/tweet/<id:tweet_id>", is_cacheable=True)
async def show_tweet(tweet_id: int) -> str:
    parts = resources()
    similar = await similar_posts(
        parts.db, parts.embeddings, parts.models.backgrounds, tweet_id, limit=SIMILAR
    )
    async with parts.db.read() as session:
        author = await get_author(session, similar.post.username)
        conversation = await read_conversation(session, tweet_id, most=MOST_OF_THREAD)
        around = await messages_around(session, similar.post)
        room = similar.post.room
        speakers = await speakers_of(session, room.id) if room else [author.username]
        zone = await zone_of_room(session, room.id) if room else None
    return await render(
        TweetPage(
            author=author,
            similar=similar,
            conversation=conversation,
            around=around,
            zone=zone,
            about=speakers,
            in_chat=room is not None,
        )
    )


class MediaBody(FileBody):
    """A file as a body, which breaks off for a visitor when the site becomes private.

    Quart (0.22) fails on a range that asks for the last bytes.
    """

    def __init__(self, path: Path, openness: Openness | None) -> None:
        super().__init__(path, buffer_size=CHUNK_BYTES)
        self._openness = openness
        """By what a visitor may read; None for those who have a right of their own."""

    async def __anext__(self) -> bytes:
        if self._openness is not None and not await self._openness.is_surely_public():
            raise asyncio.CancelledError
        return await super().__anext__()

    async def make_conditional(self, begin: int, end: int | None) -> int:
        begin = begin if begin >= 0 else max(0, self.size + begin)
        return await super().make_conditional(begin, end)


@blueprint.page(f"{MEDIA}/<name>")
async def show_media(name: str) -> Response:
    """Send a file that a post needs, or the asked range of it."""
    async with resources().db.read() as session:
        type_ = content_type(name)
        is_there = type_ is not None and await is_needed(session, name)
    config = resources().config
    path = config.media_dir / name
    if not is_there or not await resources().work_pool.run(partial(is_medium, path)):
        raise NotFoundError("There is no such picture or video")
    body = MediaBody(path, resources().openness if g.is_visitor else None)
    response = Response(body, content_type=type_)
    response.timeout = None  # A video may be played for longer than a page may load.
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = ALWAYS_PUBLIC if config.public else ASKED_EACH_TIME
    response.headers["Accept-Ranges"] = "bytes"
    response.content_length = body.size
    response.set_etag(name)
    await response.make_conditional(request, accept_ranges=True, complete_length=body.size)
    return response


@blueprint.page(ATOM_NAME, is_cacheable=True)
async def show_atom() -> Response:
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
    """Whose posts these are; nobody's for all."""
    page: str
    """The address of the page that shows them too."""
    entries: list[Post]
    origin: str
    self_address: str

    @property
    def title(self) -> str:
        return shown_name(self.author) if self.author else gettext("Newest posts")

    @property
    def updated(self) -> datetime:
        newest = self.entries[0].created_at if self.entries else None
        return newest or EPOCH


async def _atom(author: str, page: str, posts: Sequence[Post]) -> Response:
    """Return the feed of posts, the newest first; those without a time can be no entries."""
    entries = [post for post in posts if post.created_at]
    feed = FeedPage(
        author=author,
        page=page,
        entries=entries,
        origin=own_origin(),
        self_address=own_address(),
        about=[post.username for post in posts],
    )
    body = await render(feed)
    return Response(_NO_XML.sub("", body), content_type=ATOM)

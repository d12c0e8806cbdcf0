"""Pages of single posts and of the posts behind a point of a figure; Atom feeds (RFC 4287)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from quart import Response, request, url_for
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.language.i18n import gettext, show_period, weekday_names
from app.language.of_request import own_address
from app.lifespan import resources
from app.models import MAX_ID
from app.paths import ATOM_NAME
from app.services.access.rights import has_message
from app.services.imports.jobs import RunningImport, find_running
from app.services.posts import tweets
from app.services.posts.local_time import WEEK_H, LocalHour
from app.services.posts.manners import MANNER_OF, Shown
from app.services.posts.post_counts import count_selected
from app.services.posts.replies import Conversation, read_conversation
from app.services.posts.selection import Selection
from app.services.posts.users import count_users, get_author
from app.services.rooms.chats import speakers_of, zone_of_room
from app.services.rooms.messages import messages_around
from app.services.search.embeddings import SimilarPosts, similar_posts
from app.services.search.results import MAX_QUERY_LENGTH, SearchQuery
from app.views.blueprints import PageBlueprint
from app.views.cast import shown_name
from app.views.filters import ViewFilters
from app.views.page import WebPage, render
from app.views.policies import own_chat, own_origin
from app.views.requests import TWEET_CURSOR, cursor_of
from app.views.rooms.pages import ViewerPage

blueprint = PageBlueprint("posts", policy="read")

MOST_LOOKED_AT: Final = 5_000
"""Posts counted one by one, in some 10 ms."""

ENTRIES: Final = 40
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class PostsArgs(ViewFilters):
    hour: Annotated[int, Meta(ge=0, lt=WEEK_H)] | None = None
    has: Literal["", "media"] = ""
    shows: Shown | Literal[""] = ""
    picture: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    cursor: str | None = None

    @property
    def selection(self) -> Selection:
        at = None if self.hour is None else LocalHour(self.hour, self.zone, WEEK_H)
        return replace(super().selection, shows=self.shows or None, at=at or super().selection.at)

    @property
    def looks_inside(self) -> bool:
        """Whether posts are chosen by what the kept counts do not tell."""
        return bool(self.has or self.shows)

    @property
    def whole_query(self) -> str:
        hour = "" if self.hour is None else str(self.hour)
        return self.query(hour=hour, has=self.has, shows=self.shows)


class PostsPage(WebPage, frozen=True, kw_only=True):
    template = "posts/posts.html"

    args: PostsArgs
    posts: list[tweets.Post]
    is_empty: bool
    importing: RunningImport | None
    count: int | None
    next_cursor: str | None

    @property
    def period(self) -> str | None:
        days = self.args.days
        return show_period(*days) if days and days[0] < days[1] else None

    @property
    def hour(self) -> str | None:
        if self.args.hour is None:
            return None
        day, clock = divmod(self.args.hour, 24)
        return gettext("{weekday}, {start}:00 to {end}:00").format(
            weekday=weekday_names("wide")[day], start=clock, end=clock + 1
        )

    @property
    def shown(self) -> str | None:
        if not self.args.shows:
            return None
        manner = MANNER_OF[self.args.shows]
        return gettext(manner.label).format(sign=f"“{manner.sign}”")


class TweetPage(WebPage, frozen=True, kw_only=True):
    template = "posts/tweet.html"

    posts_total: int | None
    similar: SimilarPosts
    conversation: Conversation
    around: list[tweets.Post]
    zone: str | None

    @property
    def answered_id(self) -> int | None:
        """The id of the answered post, if it can be read."""
        reply_to = self.similar.post.reply_to
        here = {entry.post.id for entry in self.conversation.posts}
        is_here = reply_to is not None and (own_chat() is None or reply_to.id in here)
        return reply_to.id if reply_to and is_here else None


@blueprint.get("/posts", keep=True, cursor=TWEET_CURSOR)
async def show_posts(args: PostsArgs, after: tweets.TweetKey | None) -> str:
    if args.has and args.picture:
        return await _show_picture(args, args.picture)
    async with resources().db.read() as session:
        count = await _count(session, args) if after is None or not args.looks_inside else None
        posts, next_key = await tweets.list_selected(
            session, args.selection, after=after, limit=24 if args.has else 20
        )
        is_empty = not posts and not await count_users(session)
        importing = await find_running(session) if is_empty else None
    return await render(
        PostsPage(
            args=args,
            posts=posts,
            is_empty=is_empty,
            importing=importing,
            count=count,
            next_cursor=cursor_of(next_key),
            about=args.names,
            of_platform=args.platform,
        )
    )


async def _count(session: AsyncSession, args: PostsArgs) -> int | None:
    kept = replace(args.selection, chosen=(), shows=None)
    count = await count_selected(session, kept)
    if not args.looks_inside:
        return count
    if count > MOST_LOOKED_AT:
        return None
    return await tweets.count_one_by_one(session, args.selection)


async def _show_picture(args: PostsArgs, tweet_id: int) -> str:
    async with resources().db.read() as session:
        post = await tweets.get_post(session, tweet_id)
        if not post.media:
            raise NotFoundError("There is no such picture or video")
        neighbours = await tweets.neighbours_of(session, args.selection, post)
        zone = await zone_of_room(session, post.room.id) if post.room else None
    return await render(
        ViewerPage(
            post=post,
            neighbours=neighbours,
            zone=zone,
            wall=f"{url_for('posts.show_posts')}?{args.whole_query}",
            place=url_for("posts.show_tweet", tweet_id=post.id),
            about=args.names,
            of_platform=args.platform,
        )
    )


async def _is_of_chat(session: AsyncSession, room_id: int) -> bool:
    return await has_message(session, room_id, int((request.view_args or {})["tweet_id"]))


@blueprint.get("/tweet/<id:tweet_id>", keep=True, of_chat=_is_of_chat)
async def show_tweet(tweet_id: int) -> str:
    similar, chat = await _similar_posts(tweet_id), own_chat()
    async with resources().db.read() as session:
        author = await get_author(session, similar.post.username)
        conversation = await read_conversation(session, tweet_id, most=100, room_id=chat)
        around = await messages_around(session, similar.post)
        room = similar.post.room
        speakers = await speakers_of(session, room.id) if room else [author.username]
        zone = await zone_of_room(session, room.id) if room else None
    return await render(
        TweetPage(
            # What is written elsewhere is not told in the only chat that somebody may read.
            posts_total=author.tweets if chat is None else None,
            similar=similar,
            conversation=conversation,
            around=around,
            zone=zone,
            about=speakers,
            in_chat=room is not None,
        )
    )


async def _similar_posts(tweet_id: int) -> SimilarPosts:
    parts = resources()
    if own_chat() is None:
        return await similar_posts(
            parts.db, parts.embeddings, parts.models.backgrounds, tweet_id, limit=5
        )
    async with parts.db.read() as session:
        return SimilarPosts(await tweets.get_post(session, tweet_id), "wording")


class FeedArgs(Struct):
    q: str = ""


@blueprint.get(ATOM_NAME, keep=True)
async def show_atom(args: FeedArgs) -> Response:
    if args.q.strip():
        searched = SearchQuery(
            args.q[:MAX_QUERY_LENGTH], Selection(of_everyone=True), sort="newest"
        )
        found = await resources().find(searched, limit=ENTRIES)
        return await _atom("", url_for("search.show_search", q=args.q), found.hits, args.q)
    async with resources().db.read() as session:
        posts = await tweets.newest_public(session, limit=ENTRIES)
    return await _atom("", url_for("home.show_home"), posts)


@blueprint.get("/user/<username>" + ATOM_NAME, keep=True)
async def show_author_atom(username: str) -> Response:
    async with resources().db.read() as session:
        author = await get_author(session, username)
        posts = await tweets.newest_public(session, user_id=author.id, limit=ENTRIES)
    page = url_for("authors.show_author", username=author.username)
    return await _atom(author.username, page, posts)


class FeedPage(WebPage, frozen=True, kw_only=True):
    template = "posts/feed.xml"

    author: str
    """Author of the posts; empty for all authors."""
    query: str
    page: str
    entries: list[tweets.Post]
    origin: str
    self_address: str

    @property
    def title(self) -> str:
        if self.query:
            return gettext("Search: {query}").format(query=self.query)
        return shown_name(self.author) if self.author else gettext("Newest posts")

    @property
    def updated(self) -> datetime:
        newest = self.entries[0].created_at if self.entries else None
        return newest or datetime(1970, 1, 1, tzinfo=UTC)


async def _atom(author: str, page: str, posts: Sequence[tweets.Post], query: str = "") -> Response:
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

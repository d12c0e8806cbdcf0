"""The page of one post, and the posts behind a point of a figure."""

from typing import Annotated

from babel.dates import get_day_names
from msgspec import Meta
from quart import g, render_template

from app.i18n import gettext, show_period
from app.lifespan import resources
from app.services.posts.replies import read_conversation
from app.services.posts.statistics import WEEK_H, count_selected
from app.services.posts.tweets import list_selected
from app.services.posts.users import get_author
from app.services.search.similar import similar_posts
from app.views.blueprints import PageBlueprint
from app.views.filters import View
from app.views.pages.parts import show_names
from app.views.parsing import TWEET_CURSOR

blueprint = PageBlueprint("posts")

POSTS_PER_PAGE = 20
HOURS = 24
SIMILAR = 5
MOST_TURNS = 100
"""Posts of a conversation on the page of one of them."""


class PostsArgs(View):
    hour: Annotated[int, Meta(ge=0, lt=WEEK_H)] | None = None
    cursor: str | None = None


@blueprint.page("/posts", is_cacheable=True)
async def show_posts(args: PostsArgs) -> str:
    after = TWEET_CURSOR.decode(args.cursor)
    async with resources().db.read() as session:
        count = await count_selected(session, args.selection, args.zone, hour=args.hour)
        posts, following = await list_selected(
            session,
            args.selection,
            hour=args.hour,
            zone=args.zone,
            after=after,
            limit=POSTS_PER_PAGE,
        )
        await show_names(session, [*args.names, *(post.username for post in posts)])
    return await render_template(
        "posts.html",
        args=args,
        posts=posts,
        count=count,
        period=show_period(*args.days) if args.days and args.days[0] < args.days[1] else None,
        hour=None if args.hour is None else _hour(args.hour),
        query=args.query(hour="" if args.hour is None else str(args.hour)),
        is_first_page=after is None,
        next_cursor=TWEET_CURSOR.encode(following),
    )


def _hour(hour: int) -> str:
    """Return an hour of the week in words."""
    names = get_day_names("wide", locale=g.locale)
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
        conversation = await read_conversation(session, tweet_id, most=MOST_TURNS)
        shown = [*similar.posts, *(turn.post for turn in conversation.turns)]
        await show_names(session, {post.username for post in shown})
    return await render_template(
        "tweet.html", post=similar.post, author=author, similar=similar, conversation=conversation
    )

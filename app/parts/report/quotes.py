"""Messages that the sender has ticked: a file quotes no other messages."""

import random
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidInputError
from app.models import Tweet, User
from app.parts.report.reports import Draft, OnPage
from app.services.compare.stored_texts import other_writers
from app.services.posts.selection import IS_PUBLIC
from app.services.posts.tweets import Post, find_posts
from app.services.posts.users import ids_by_key
from app.views.subjects import Subject
from saywho.text import username_key

MOST_QUOTED: Final = 10
MOST_OFFERED: Final = 16
MOST_CHOICES: Final = 6
"""People among the choices of a question."""


async def read_quotes(making: Draft, subject: Subject) -> list[Post]:
    """Return the chosen messages of a subject, in the order of their ticks, with the names of the
    file in their texts.

    Raises InvalidInputError for other messages, and for too many.
    """
    chosen = [*dict.fromkeys(making.choice.quotes)]
    if len(chosen) > MOST_QUOTED:
        raise InvalidInputError("Choose at most {most} messages", most=MOST_QUOTED)
    query = select(Tweet.id).where(subject.posts, Tweet.id.in_(chosen))
    own = [*await making.session.scalars(query)] if chosen else []
    posts = await find_posts(making.session, own)
    for id_ in chosen:
        if id_ not in posts or not _may_be_sent(posts[id_]):
            raise InvalidInputError("Message {id} is not on this page", id=id_)
    return [
        structs.replace(post, text=making.calling.rename(post.text))
        for post in map(posts.__getitem__, chosen)
    ]


class Quiz(Struct, frozen=True):
    """Questions of a file about its quoted messages."""

    quotes: list[Post]
    choices: Sequence[str] = ()
    """The choices of a question."""
    shared: Collection[int] = ()
    """Messages with a text that another choice wrote, too: no question asks about them."""


async def read_quiz(making: Draft, subject: Subject) -> Quiz:
    quotes = await read_quotes(making, subject)
    choices = choices_among(subject.about, quotes)
    shared = await read_shared(making.session, quotes, choices)
    return Quiz(quotes, choices, shared)


def _may_be_sent(post: Post) -> bool:
    return post.room is not None or post.visibility == "public"


def choices_among(people: Iterable[str], quotes: Iterable[Post]) -> list[str]:
    """Return the choices of a question: the people of the messages, and who writes most."""
    authors = dict.fromkeys(quote.username for quote in quotes)
    order = [*dict.fromkeys([*people, *authors])]
    others = [name for name in order if name not in authors]
    kept = {*authors, *others[: max(MOST_CHOICES - len(authors), 0)]}
    return [name for name in order if name in kept]


async def read_shared(
    session: AsyncSession, quotes: Sequence[Post], choices: Sequence[str]
) -> set[int]:
    ids = [quote.id for quote in quotes]
    query = select(Tweet.id, Tweet.user_id, Tweet.text).where(Tweet.id.in_(ids))
    posts = (await session.execute(query)).all()
    users = await ids_by_key(session, [*map(username_key, choices)])
    writers = await other_writers(session, posts, [*users.values()])
    return {post.id for post in posts if writers[post.id] - {post.user_id}}


async def read_offered(
    session: AsyncSession, posts: ColumnElement[bool], seed: int, shown: OnPage
) -> OnPage:
    """Return messages that may be ticked: the page's, then the same further messages each time."""
    seen = set[int]()
    offers = list[tuple[str, Sequence[Post]]]()
    for topic, listed in [*shown, ("", await _sampled(session, posts, seed))]:
        may = (post for post in listed if post.text and _may_be_sent(post))
        offered = [post for post in may if post.id not in seen]
        seen.update(post.id for post in offered)
        offers += [(topic, offered)] if offered else []
    return offers


async def _sampled(session: AsyncSession, posts: ColumnElement[bool], seed: int) -> list[Post]:
    length = func.length(Tweet.text)
    query = (
        select(Tweet.text, Tweet.id)
        .join(User, User.id == Tweet.user_id)
        .where(posts, User.deleted_at.is_(None), Tweet.created_at.is_not(None))
        .where(or_(Tweet.room_id.is_not(None), IS_PUBLIC))
        .where(length >= 12, length <= 160)
        .order_by(Tweet.created_at.desc(), Tweet.id.desc())
        .limit(400)
    )
    # A text that somebody writes each morning is offered once.
    newest = {row.text: row.id for row in await session.execute(query)}
    ids = [*newest.values()]
    chance = random.Random(seed)  # noqa: S311 - no secret
    chosen = sorted(chance.sample(ids, min(len(ids), MOST_OFFERED)))
    found = await find_posts(session, chosen)
    return [found[id_] for id_ in chosen if id_ in found]

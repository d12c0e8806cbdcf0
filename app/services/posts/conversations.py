"""The conversation around a post: what it answers, what answers that, and the gaps between."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.compute.text import username_key
from app.compute.threads import first_of_each
from app.errors import NotFoundError
from app.formats.records import ReplyTarget
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.posts.tweets import Post, find_posts, newest_first

DEEPEST: Final = 4
"""Branches of branches beyond this depth are shown like it."""
_MOST_BESIDE: Final = 100
"""Answers to a post that is not here, of which one leads to the others."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A post of a conversation, and how deep its branch is."""

    post: Post
    level: int
    answers_missing: bool
    """Whether it answers a post that is not here."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The posts of a conversation, each after the one that it answers."""

    turns: list[Turn]
    is_whole: bool
    """Whether there are no more posts than could be read."""

    @property
    def missing(self) -> list[ReplyTarget]:
        """The posts that are answered and not here."""
        gaps = [turn.post.reply_to for turn in self.turns if turn.answers_missing]
        return list(dict.fromkeys(ReplyTarget(gap.source_id, gap.username) for gap in gaps if gap))


async def read_conversation(session: AsyncSession, tweet_id: int, *, most: int) -> Conversation:
    """Return up to `most` posts of the conversation, those nearest to the post rather than others.

    A fixed number of queries, however deep it is. Raises NotFoundError.
    """
    depends_on(EVERYTHING)
    half = most // 2
    before = await _before(session, tweet_id, half + 1)
    if not before:
        raise NotFoundError("There is no post {tweet_id}", tweet_id=tweet_id)
    first = before[:half][-1]
    near = [*before[:half], *await _after(session, [tweet_id], half)]
    others = await _after(session, [first, *await _beside(session, first)], most + 1)
    ids = list(dict.fromkeys([*near, *others]))
    posts = await find_posts(session, ids[:most])
    is_whole = len(before) <= half and len(ids) <= most
    return Conversation(_in_turns(list(posts.values())), is_whole)


async def _before(session: AsyncSession, tweet_id: int, most: int) -> list[int]:
    """Return the post and those before it, up to one that answers nothing that is here."""
    is_kept = User.deleted_at.is_(None)
    chain = (
        select(Tweet.id, Tweet.reply_to_id)
        .join(User, and_(User.id == Tweet.user_id, is_kept))
        .where(Tweet.id == tweet_id)
        .cte("chain", recursive=True)
    )
    # UNION leaves out what is there already, so that circles end.
    chain = chain.union(
        select(Tweet.id, Tweet.reply_to_id)
        .join(chain, chain.c.reply_to_id == Tweet.id)
        .join(User, and_(User.id == Tweet.user_id, is_kept))
    )
    rows = await session.execute(select(chain.c.id, chain.c.reply_to_id).limit(most))
    answers = {row.id: row.reply_to_id for row in rows}
    found: dict[int, None] = {}
    at = tweet_id
    while at in answers and at not in found:
        found[at] = None
        at = answers[at]
    return list(found)


async def _beside(session: AsyncSession, tweet_id: int) -> list[int]:
    """Return what answers the same post as this one, where that is not here."""
    first, other, by, to = aliased(Tweet), aliased(Tweet), aliased(User), aliased(User)
    query = (
        select(other.id, by.username_key, other.reply_to_username)
        .add_columns(to.username_key.label("own_key"), first.reply_to_username.label("name"))
        .select_from(first)
        .join(other, other.reply_to_source_id == first.reply_to_source_id)
        .join(by, and_(by.id == other.user_id, by.deleted_at.is_(None)))
        .join(to, to.id == first.user_id)
        .where(first.id == tweet_id, other.id != tweet_id)
        .limit(_MOST_BESIDE)
    )
    return [
        row.id
        for row in await session.execute(query)
        if _answered(row.reply_to_username, row.username_key) == _answered(row.name, row.own_key)
    ]


def _answered(username: str | None, own_key: str) -> str:
    """Return the key of the author whom a post answers: where none is named, its own."""
    return own_key if username is None else username_key(username)


async def _after(session: AsyncSession, starts: Sequence[int], most: int) -> list[int]:
    """Return these posts and those that answer them, and so on, up to `most` of them."""
    tree = select(Tweet.id, Tweet.source_id).where(Tweet.id.in_(starts)).cte("tree", recursive=True)
    answer = aliased(Tweet)
    is_answer = and_(answer.reply_to_source_id == tree.c.source_id, answer.reply_to_id == tree.c.id)
    tree = tree.union(
        select(answer.id, answer.source_id)
        .join(tree, is_answer)
        .join(User, and_(User.id == answer.user_id, User.deleted_at.is_(None)))
    )
    return list(await session.scalars(select(tree.c.id).limit(most)))


def _in_turns(posts: Sequence[Post]) -> list[Turn]:
    """Return the posts in the order of reading: branches first, then what goes on.

    What goes on stays at the depth of what it answers: the author's own next post, or the only
    answer.
    """
    ids = {post.id for post in posts}
    above = {
        post.id: post.reply_to.id
        for post in posts
        if post.reply_to is not None and post.reply_to.id in ids
    }
    first = first_of_each(above, ids)
    starts: list[Post] = []
    answers: dict[int, list[Post]] = defaultdict(list)
    for post in sorted(posts, key=lambda post: newest_first(post.created_at, post.id)):
        (starts if first[post.id] == post.id else answers[above[post.id]]).append(post)
    turns: list[Turn] = []
    waiting = [(post, 0) for post in starts]
    while waiting:
        post, level = waiting.pop()
        answered, next_ones = post.reply_to, answers[post.id]
        is_gap = answered is not None and answered.id is None
        turns.append(Turn(post, min(level, DEEPEST), is_gap))
        own = [each for each in next_ones if each.username == post.username]
        going_on = own[-1] if own else next_ones[0] if len(next_ones) == 1 else None
        if going_on is not None:
            waiting.append((going_on, level))
        waiting += [(each, level + 1) for each in next_ones if each is not going_on]
    return turns

"""The conversation around a post: what it answers, what answers that, and the gaps between."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.compute.threads import first_of_each
from app.errors import NotFoundError
from app.formats.records import ReplyTarget
from app.memo import EVERYTHING, depends_on
from app.services.posts.tweets import Post, find_posts, newest_first

DEEPEST: Final = 4
"""Branches of branches beyond this depth are shown like it."""
_MOST_BESIDE: Final = 100
"""Answers to a post that is not here, of which one leads to the others."""

# UNION leaves out what is there already, so that circles end.
_BEFORE: Final = text("""
    WITH RECURSIVE chain (id, reply_to_id) AS (
        SELECT post.id, post.reply_to_id FROM "Tweet" AS post
        JOIN "Users" AS author ON author.id = post.user_id AND author.deleted_at IS NULL
        WHERE post.id = :tweet_id
        UNION
        SELECT post.id, post.reply_to_id FROM chain
        JOIN "Tweet" AS post ON post.id = chain.reply_to_id
        JOIN "Users" AS author ON author.id = post.user_id AND author.deleted_at IS NULL
    )
    SELECT id, reply_to_id FROM chain LIMIT :most
""")
_AFTER: Final = text("""
    WITH RECURSIVE tree (id, source_id) AS (
        SELECT id, source_id FROM "Tweet" WHERE id IN :starts
        UNION
        SELECT post.id, post.source_id FROM tree
        JOIN "Tweet" AS post
            ON post.reply_to_source_id = tree.source_id AND post.reply_to_id = tree.id
        JOIN "Users" AS author ON author.id = post.user_id AND author.deleted_at IS NULL
    )
    SELECT id FROM tree LIMIT :most
""").bindparams(bindparam("starts", expanding=True))
_BESIDE: Final = text("""
    SELECT other.id, author.username_key, other.reply_to_username AS username,
        own.username_key AS own_key, post.reply_to_username AS own_username
    FROM "Tweet" AS post
    JOIN "Users" AS own ON own.id = post.user_id
    JOIN "Tweet" AS other ON other.reply_to_source_id = post.reply_to_source_id
    JOIN "Users" AS author ON author.id = other.user_id AND author.deleted_at IS NULL
    WHERE post.id = :tweet_id AND other.id <> :tweet_id
    LIMIT :most
""")


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
    rows = await session.execute(_BEFORE, {"tweet_id": tweet_id, "most": most})
    answers = {row.id: row.reply_to_id for row in rows}
    found: dict[int, None] = {}
    at = tweet_id
    while at in answers and at not in found:
        found[at] = None
        at = answers[at]
    return list(found)


async def _beside(session: AsyncSession, tweet_id: int) -> list[int]:
    """Return what answers the same post as this one, where that is not here."""
    rows = await session.execute(_BESIDE, {"tweet_id": tweet_id, "most": _MOST_BESIDE})
    return [
        row.id
        for row in rows
        if _answered(row.username, row.username_key) == _answered(row.own_username, row.own_key)
    ]


def _answered(username: str | None, own_key: str) -> str:
    """Return the key of the author whom a post answers: where none is named, its own."""
    return own_key if username is None else username_key(username)


async def _after(session: AsyncSession, starts: Sequence[int], most: int) -> list[int]:
    """Return these posts and those that answer them, and so on, up to `most` of them."""
    return list(await session.scalars(_AFTER, {"starts": starts, "most": most}))


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

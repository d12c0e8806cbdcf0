"""Reasons: where the authors use what a text's marks say, and the words typical of an author."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.case import Case, Fitted
from app.compute.evidence import PostTexts, used_piece
from app.compute.features import RECIPE
from app.compute.wording import TypicalWord, is_mostly_korean, typical_words
from app.memo import DERIVED, depends_on
from app.models import Profile, User
from app.services.compare.answering import EXPLAINED, Comparison, Evidence
from app.services.compare.cases import Models
from app.services.compare.habits import OwnPost, newest_own

SEARCHED_POSTS: Final = 1_000
"""Of each author, the newest."""
SEARCHED_OTHERS: Final = 40
"""Posts of each of the population, where one author alone is compared."""
SHOWN_POSTS: Final = 3
SHOWN_WORDS: Final = 3
RECENT_POSTS: Final = 100
"""Newest posts of an author in which typical words are looked for."""


async def add_reasons(session: AsyncSession, case: Case, comparison: Comparison) -> Comparison:
    """Return the comparison with how often each mark is used, by whom, and in which posts."""
    ids = {suspect.username: suspect.id for suspect in case.suspects}
    names = [ranked.username for ranked in comparison.ranking[:EXPLAINED]]
    posts = {
        name: [
            post
            for post in await newest_own(session, ids[name], SEARCHED_POSTS)
            if post.id not in case.hidden
        ]
        for name in names
    }
    others: list[OwnPost] = []
    if len(names) == 1:
        members = case.fitted.population.members
        for place in case.others_of(case.suspects[0]).nonzero()[0].tolist():
            others += await newest_own(session, members[place][0], SEARCHED_OTHERS)
    found = await asyncio.to_thread(_with_uses, comparison.evidence, posts, others)
    return msgspec.structs.replace(comparison, evidence=found)


def _with_uses(
    marks: Sequence[Evidence], posts: dict[str, list[OwnPost]], others: list[OwnPost]
) -> list[Evidence]:
    own = {name: PostTexts(some) for name, some in posts.items()}
    rest = {
        name: PostTexts(
            [*others, *(post for each in posts if each != name for post in posts[each])]
        )
        for name in {mark.username for mark in marks}
    }
    found = []
    texts = {post.id: post.text for some in posts.values() for post in some}
    for mark in marks:
        piece, uses = used_piece(mark.text, own[mark.username])
        found.append(
            msgspec.structs.replace(
                mark,
                piece=piece,
                own=own[mark.username].times(len(uses)),
                others=rest[mark.username].times(len(rest[mark.username].find(piece))),
                posts=_unlike(uses, texts)[:SHOWN_POSTS],
            )
        )
    return found


def _unlike(uses: list[int], texts: dict[int, str]) -> list[int]:
    """Return the posts, of those with the same text the first."""
    shown: dict[str, int] = {}
    for post_id in uses:
        shown.setdefault(texts[post_id], post_id)
    return [*shown.values()]


async def typical_of(
    session: AsyncSession, models: Models, users: Sequence[User]
) -> dict[int, list[TypicalWord]]:
    """Return the typical words of authors, then signs, the clearest first, by author.

    Each is compared with others of the population, of the same language if possible; the words are
    those of the newest posts. They are kept while the author's posts and the population are the
    same.
    """
    depends_on(DERIVED)
    fitted = await models.backgrounds.load(session)
    if not fitted.population.members:
        return {}
    found = {}
    for user in users:
        key = (fitted.version, user.id, user.tweet_count, user.deletion_count)
        words = models.typical.get(key)
        if words is None:
            words = await _typical_words(session, models, fitted, user)
            models.typical.put(key, words)
        found[user.id] = words
    return found


async def _typical_words(
    session: AsyncSession, models: Models, fitted: Fitted, user: User
) -> list[TypicalWord]:
    texts = [post.text for post in await newest_own(session, user.id, RECENT_POSTS)]
    language = "ko" if is_mostly_korean(texts) else None
    members = fitted.population.without([user.id], language)
    if not members.any() or not texts:
        return []
    (own,) = await models.profiles.load(session, [user], may_evict=False)
    rest = (texts, fitted.population, members, fitted.background)
    return await asyncio.to_thread(typical_words, own, *rest)


async def typical_of_folded(
    session: AsyncSession, models: Models, user_ids: Sequence[int]
) -> dict[int, list[str]]:
    """Return three typical words of each author, for a list; none of those of a few posts.

    Only authors with a stored profile have any: to read all posts of the others takes longer.
    """
    stored = select(Profile.user_id).where(Profile.recipe == RECIPE)
    query = select(User).where(User.id.in_(user_ids), User.id.in_(stored))
    users = (await session.scalars(query)).all()
    typical = await typical_of(session, models, users)
    return {
        user_id: [word.text for word in words if not word.is_mark][:SHOWN_WORDS]
        for user_id, words in typical.items()
    }

"""What is typical of one author: words and signs used far more often than other authors do."""

import asyncio
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import Profile
from app.compute.background import Background
from app.compute.distinctive import Distinctive, distinctive_words
from app.services.compare import Models
from app.services.reasons import recent_posts
from app.services.users import get_user

MOST_WORDS: Final = 12
MOST_SIGNS: Final = 6
MOST_OTHERS: Final = 30


async def typical_of(session: AsyncSession, models: Models, username: str) -> list[Distinctive]:
    """Return the author's typical words, then signs, the strongest first.

    The author is held against those whose profiles the background's snapshot holds; the words are
    those of the newest posts. Raises NotFoundError.
    """
    user = await get_user(session, username)
    snapshot = await models.backgrounds.load(session)
    others = [profile for user_id, profile in snapshot.impostors.items() if user_id != user.id]
    if not others or not user.tweet_count:
        return []
    (own,) = await models.profiles.load(session, [user])
    texts = [post.text for post in await recent_posts(session, user.id)]
    return await asyncio.to_thread(_find, own, others[:MOST_OTHERS], texts, snapshot.background)


def _find(
    own: Profile, others: Sequence[Profile], texts: Sequence[str], background: Background
) -> list[Distinctive]:
    nothing: Sequence[str] = ()
    posts = [texts, *(nothing for _ in others)]
    found = distinctive_words([own, *others], posts, background, most=2 * MOST_WORDS)[0]
    # Numbers tell what somebody writes about, not how.
    words = [word for word in found if any(map(str.isalpha, word.text))]
    signs = [sign for sign in found if sign.is_mark]
    return words[:MOST_WORDS] + signs[:MOST_SIGNS]

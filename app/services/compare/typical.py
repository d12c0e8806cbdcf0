"""What is typical of one author: words and signs used far more often than other authors do."""

import asyncio
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.background import Background
from app.compute.profiles import AuthorProfile
from app.compute.style import Distinctive, distinctive_words
from app.compute.text import guess_language
from app.services.compare.calibration import choose_impostors
from app.services.compare.compare import Models
from app.services.compare.reasons import recent_posts
from app.services.posts.users import get_user

MOST_WORDS: Final = 12
MOST_SIGNS: Final = 6
MOST_OTHERS: Final = 30


async def typical_of(session: AsyncSession, models: Models, username: str) -> list[Distinctive]:
    """Return the author's typical words, then signs, the strongest first.

    The author is held against those whose profiles the background's snapshot holds, of the same
    language if there are such; the words are those of the newest posts. Raises NotFoundError.
    """
    user = await get_user(session, username)
    snapshot = await models.backgrounds.load(session)
    texts = [post.text for post in await recent_posts(session, user.id)]
    chosen = choose_impostors(
        ((user_id, user_id in snapshot.koreans) for user_id in snapshot.impostors),
        compared={user.id},
        is_korean=2 * sum(guess_language(text) == "ko" for text in texts) > len(texts),
        most=MOST_OTHERS,
    )
    if not chosen or not texts:
        return []
    (own,) = await models.profiles.load(session, [user])
    others = [snapshot.impostors[user_id] for user_id in chosen]
    return await asyncio.to_thread(_find, own, others, texts, snapshot.background)


def _find(
    own: AuthorProfile,
    others: Sequence[AuthorProfile],
    texts: Sequence[str],
    background: Background,
) -> list[Distinctive]:
    nothing: Sequence[str] = ()
    posts = [texts, *(nothing for _ in others)]
    found = distinctive_words([own, *others], posts, background, most=2 * MOST_WORDS)[0]
    # Numbers tell what somebody writes about, not how.
    words = [word for word in found if any(map(str.isalpha, word.text))]
    signs = [sign for sign in found if sign.is_mark]
    return words[:MOST_WORDS] + signs[:MOST_SIGNS]

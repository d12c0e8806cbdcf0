"""How well one author is told from some others, by their newest posts, which are held out."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import probabilities_of, scores_of_each
from app.compute.case import Fitted
from app.compute.fitting import hold_out
from app.compute.profiles import AuthorProfile
from app.compute.self_replies import chained, units_of
from app.result_cache import DERIVED, depends_on
from app.services.compare.cases import Models
from app.services.compare.habits import OwnPost, newest_own
from app.services.posts.replies import own_chains
from app.services.posts.user_rows import UserRow

MOST_ASKED: Final = 60
"""Posts that are held out: the newest, and at most a quarter of all."""
FEWEST_ASKED: Final = 20
"""A share of fewer posts says nothing."""
LONGEST_SHOWN: Final = 200
"""Characters of the post that is called the surest."""


class RecognisedPosts(msgspec.Struct, frozen=True):
    """How many of an author's newest posts, hidden from the model, it gave to their author."""

    asked: Annotated[int, Meta(description="Number of held-out posts with enough words.")]
    right: Annotated[int, Meta(description="Number of these posts attributed to their author.")]
    authors: Annotated[int, Meta(description="Number of authors compared.")]
    surest: Annotated[
        int | None,
        Meta(description="ID of the post most certainly attributed to its author; null if none."),
    ]


class _Judged(NamedTuple):
    """How each of the posts that were held out was judged."""

    asked: Sequence[Sequence[str]]
    """Their texts, in units."""
    shares: Sequence[float]
    """How probable their author was, among all asked."""
    is_right: Sequence[bool]


async def recognised_posts(
    session: AsyncSession, models: Models, author: UserRow, others: Sequence[UserRow]
) -> RecognisedPosts | None:
    """Return how well an author is told from the others; None where it cannot be asked often."""
    depends_on(DERIVED)
    if author.tweet_count // 4 < FEWEST_ASKED or not others:
        return None
    newest = await newest_own(session, author.id, min(MOST_ASKED, author.tweet_count // 4))
    units = units_of(chained(newest, await own_chains(session, author.id)))
    profiles = await models.profiles.load(session, [author, *others], may_evict=False)
    fitted = await models.backgrounds.load(session)
    judged = await asyncio.to_thread(_judge, profiles, units, fitted)
    if judged is None or len(judged.asked) < FEWEST_ASKED:
        return None
    right = sum(judged.is_right)
    return RecognisedPosts(len(judged.asked), right, len(profiles), _surest(judged, newest))


def _judge(
    profiles: Sequence[AuthorProfile], units: Sequence[Sequence[str]], fitted: Fitted
) -> _Judged | None:
    """Return how the units of the first author's posts are judged; None where nothing is left."""
    held = hold_out(profiles[0], units)
    rivals = [profile for profile in profiles[1:] if profile.counts.keys.size]
    if not (held.queries and rivals and held.profile.counts.keys.size):
        return None
    scores = scores_of_each(held.queries, [held.profile, *rivals], fitted.background)
    shares = probabilities_of(scores, fitted.temperature)
    is_right = shares.argmax(axis=1) == 0
    return _Judged(held.asked, shares[:, 0].tolist(), np.asarray(is_right).tolist())


def _surest(judged: _Judged, newest: Sequence[OwnPost]) -> int | None:
    """Return the short post that is most surely its author's, of equal ones the newest."""
    ids = {text: post_id for post_id, text in newest}
    sure = {
        ids[texts[0]]: share
        for texts, share, is_right in zip(*judged, strict=True)
        if is_right and len(texts) == 1 and len(texts[0]) <= LONGEST_SHOWN
    }
    return max(sure, key=lambda post_id: sure[post_id], default=None)

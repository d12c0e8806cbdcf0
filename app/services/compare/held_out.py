"""Posts taken out of their authors' profiles, to be asked about as if they came only now.

Counts are exact under subtraction, so a profile without an author's newest posts is the profile
of before they were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.counts import Counts
from app.compute.features import features, own_words
from app.compute.profiles import AuthorProfile, text_keys, without_posts
from app.models import Tweet


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Features of posts, and the author's profile without them."""

    profile: AuthorProfile
    places: list[int]
    """Of the posts among those given."""
    queries: list[Counts]


class OwnPost(NamedTuple):
    """A post that is asked about."""

    id: int
    created_at: datetime | None
    text: str


async def newest_own(session: AsyncSession, user_id: int, count: int) -> list[OwnPost]:
    """Return the author's newest posts, the newest first; those without a time count as oldest."""
    newest = (
        select(Tweet.id, Tweet.created_at, Tweet.text)
        .where(Tweet.user_id == user_id)
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .limit(count)
    )
    return [OwnPost(*row) for row in await session.execute(newest)]


def hold_out(profile: AuthorProfile, texts: Sequence[str]) -> HeldOut:
    """Take the posts out of the profile, but those that were posted several times.

    Raises ValueError if the profile does not hold them.
    """
    times = profile.texts.count(text_keys(texts)).tolist()
    if not all(times):
        raise ValueError("the profile does not hold the posts")
    places = [place for place, count in enumerate(times) if count == 1]
    once = [texts[place] for place in places]
    queries = [features(own_words(text)) for text in once]
    return HeldOut(without_posts(profile, once), places, queries)

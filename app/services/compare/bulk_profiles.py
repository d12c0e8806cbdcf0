"""Folding what an import stores into the profiles of its authors."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.counts import Counts
from app.db.backend import Sessions, is_among
from app.models import User
from app.services.compare.profiles import (
    FOLDED_FOR_ONE,
    in_parts,
    store_profiles,
    stored_profiles,
    with_tails,
)

FOLD_FROM: Final = 50
"""Posts of one author in a batch, from which on an import folds them, and counts them before."""
MOST_WAITING: Final = 2_000_000
"""Characters of the posts that wait for more of their authors: features take 5 to 20 bytes each."""
BESIDE_TEXT: Final = 50
"""Characters that a post counts beside its text, for what even the shortest takes."""


CountedText = tuple[str, Counts | None]
"""The text of a post that was stored in bulk, and its features, if they were counted before."""


class BulkProfiles:
    """Folds the posts of one import: at once while they are much beside the profile, else later.

    With each batch, a chat of a million messages would rewrite all profiles a thousand times, of
    some megabytes each. What waits is the authors' tails, so that no reader misses it.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, list[CountedText]] = {}
        """Texts of the tails of some authors."""
        self._size = 0
        """Characters of these, as `MOST_WAITING` counts them."""
        self._folded: dict[int, int] = {}
        """How many posts the profiles had as they were stored."""

    async def add(self, session: AsyncSession, posts: Mapping[int, Sequence[CountedText]]) -> None:
        """Fold posts that the session has just stored, by author, where it is time.

        A few posts of an author are left: they are the tail, as single posts are.
        """
        for user_id, texts in posts.items():
            if len(texts) >= FOLD_FROM or user_id in self._waiting:
                self._waiting.setdefault(user_id, []).extend(texts)
                self._size += sum(map(_size, texts))
        if self._size > MOST_WAITING:
            await self._fold(session, list(self._waiting), posts)
        else:
            await self._fold(session, [*filter(self._is_due, self._waiting)], posts)

    def _is_due(self, user_id: int) -> bool:
        return len(self._waiting[user_id]) * FOLDED_FOR_ONE >= self._folded.get(user_id, 0)

    async def fold_rest(self, db: Sessions) -> None:
        """Fold all that waits, at the end of the import."""
        if self._waiting:
            async with db.write() as session:
                await self._fold(session, list(self._waiting))

    async def _fold(
        self, session: AsyncSession, user_ids: Collection[int], here: Collection[int] = ()
    ) -> None:
        """Fold the tails of authors. The posts are read, since others may have changed them.

        here: authors who are here for sure; others may have been deleted meanwhile.
        """
        gone = await _deleted(session, set(user_ids).difference(here))
        for user_id in gone:
            self._taken(user_id)
        left = [user_id for user_id in user_ids if user_id not in gone]
        for part in in_parts((user_id, self._folded.get(user_id, 0)) for user_id in left):
            texts = chain.from_iterable(map(self._taken, part))
            counts = {text: features for text, features in texts if features is not None}
            profiles = await with_tails(session, await stored_profiles(session, part), counts)
            await store_profiles(session, profiles)
            self._folded |= {user_id: known.profile.posts for user_id, known in profiles.items()}

    def _taken(self, user_id: int) -> list[CountedText]:
        """Return the texts of an author, which wait no longer."""
        texts = self._waiting.pop(user_id)
        self._size -= sum(map(_size, texts))
        return texts


def _size(post: CountedText) -> int:
    text, _ = post
    return len(text) + BESIDE_TEXT


async def _deleted(session: AsyncSession, user_ids: set[int]) -> set[int]:
    """Return who of the authors is here no more."""
    if not user_ids:
        return set()
    is_here = is_among(session, User.id, user_ids), User.deleted_at.is_(None)
    return user_ids.difference(await session.scalars(select(User.id).where(*is_here)))

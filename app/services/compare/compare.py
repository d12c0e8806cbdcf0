"""Who would have said this? Authors ranked for a text, with evidence."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import NOBODY, scores_of
from app.compute.background import Background
from app.compute.counts import Counts
from app.compute.features import features, own_words
from app.compute.profiles import AuthorProfile
from app.compute.text import clean_text, letter_count, username_key
from app.errors import InvalidInputError
from app.services.compare.background import BackgroundStore, Snapshot
from app.services.compare.profiles import INLINE_CHARACTERS, ProfileStore
from app.services.events import newest_event
from app.services.off_loop import worked_on
from app.services.posts.users import Contender, all_contenders, contenders_by_key, in_order

SCREENED: Final = 300
"""Of more authors only the best are kept in full; a profile takes some 100 KB."""
SCREENED_AT_ONCE: Final = 100
SCREENED_KEPT: Final = 30
"""More than are ever shown."""
MOST_NAMED: Final = 1_000
"""Authors named are all ranked, so all of their profiles are in memory at once."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a comparison rests on, all of one state of the database."""

    text: str
    users: list[Contender]
    profiles: list[AuthorProfile]
    snapshot: Snapshot
    as_of_event: int
    is_named: bool
    """Whether the authors were named; otherwise they are all that have posts."""
    rest: NDArray[np.float64] = field(default_factory=lambda: NOBODY)
    """What the authors score who are compared too, but far behind these."""


@dataclass(slots=True)
class Models:
    """What this process keeps in memory for comparisons."""

    profiles: ProfileStore
    backgrounds: BackgroundStore


async def gather_material(
    session: AsyncSession, models: Models, *, text: str, usernames: Sequence[str] = ()
) -> Material:
    """Read what a comparison needs, for the authors named or for all that have posts.

    Every post that the session sees counts. Raises NotFoundError and InvalidInputError.
    """
    text = comparable_text(text)
    users = await compared_users(session, usernames)
    if not usernames and len(users) > SCREENED:
        return (await screen(session, models, [text], users))[0]
    material = await load_authors(session, models, users, is_named=bool(usernames))
    return replace(material, text=text)


async def load_authors(
    session: AsyncSession, models: Models, users: list[Contender], *, is_named: bool
) -> Material:
    """Read what a comparison of these authors needs, for texts that are still to come.

    Raises InvalidInputError if none of them wrote anything.
    """
    return part_of(await read_authors(session, models, users, is_named=is_named), users)


async def read_authors(
    session: AsyncSession, models: Models, users: list[Contender], *, is_named: bool
) -> Material:
    """Read the same of any authors, of whom `part_of` takes those of one comparison."""
    return Material(
        text="",
        users=users,
        profiles=await models.profiles.load(session, users),
        snapshot=await models.backgrounds.load(session),
        as_of_event=await newest_event(session),
        is_named=is_named,
    )


def part_of(material: Material, users: list[Contender]) -> Material:
    """Return the material of some of its authors. Raises InvalidInputError if these are mute."""
    places = {user.id: place for place, user in enumerate(material.users)}
    profiles = [material.profiles[places[user.id]] for user in users]
    if not any(profile.counts.keys.size for profile in profiles):
        raise _no_words()
    return replace(material, users=users, profiles=profiles)


def _no_words() -> InvalidInputError:
    return InvalidInputError(
        "These authors have posted nothing but other people's words", loc="usernames"
    )


async def screen(
    session: AsyncSession, models: Models, texts: Sequence[str], users: Sequence[Contender]
) -> list[Material]:
    """Return for each text the material of the authors who fit it best, of very many.

    All are scored, some at a time, and only the best are kept, so that memory stays bounded.
    """
    snapshot = await models.backgrounds.load(session)
    queries = await asyncio.to_thread(lambda: [features(own_words(text)) for text in texts])
    shortlists = [_Shortlist(query, np.full(len(users), -np.inf)) for query in queries]
    for start in range(0, len(users), SCREENED_AT_ONCE):
        some = users[start : start + SCREENED_AT_ONCE]
        profiles = await models.profiles.load(session, some, may_evict=False)
        filled = {start + i: each for i, each in enumerate(profiles) if each.counts.keys.size}
        for shortlist in shortlists:
            await asyncio.to_thread(shortlist.add, filled, snapshot.background)
    as_of_event = await newest_event(session)
    if not any(shortlist.best for shortlist in shortlists):
        raise _no_words()
    return [
        Material(
            text=text,
            users=[users[i] for i in sorted(shortlist.best)],
            profiles=[shortlist.best[i] for i in sorted(shortlist.best)],
            snapshot=snapshot,
            as_of_event=as_of_event,
            is_named=False,
            rest=np.delete(shortlist.scores, sorted(shortlist.best)),
        )
        for text, shortlist in zip(texts, shortlists, strict=True)
    ]


@dataclass(slots=True)
class _Shortlist:
    """What all authors score for a text, and the profiles of the best."""

    query: Counts
    scores: NDArray[np.float64]
    best: dict[int, AuthorProfile] = field(default_factory=dict)
    """By place among all authors."""

    def add(self, profiles: dict[int, AuthorProfile], background: Background) -> None:
        self.scores[list(profiles)] = scores_of(self.query, list(profiles.values()), background)
        both = self.best | profiles
        # Equal scores are ordered by name, as the authors are.
        best = sorted(both, key=lambda i: (-self.scores[i], i))[:SCREENED_KEPT]
        self.best = {i: both[i] for i in best}


async def compared_users(session: AsyncSession, usernames: Sequence[str]) -> list[Contender]:
    """Return the authors named, or all that have posts. Raises NotFoundError, InvalidInputError."""
    if usernames:
        return await _named(session, usernames)
    users = await all_contenders(session)
    if len(users) < 2:
        raise InvalidInputError(
            "A comparison needs two authors with posts; there are {count}",
            loc="usernames",
            count=len(users),
        )
    return users


def comparable_text(text: str) -> str:
    """Return the text as it is judged. Raises InvalidInputError if nobody could judge it."""
    try:
        text = clean_text(text)
    except ValueError as error:
        raise InvalidInputError(str(error), loc="text") from None
    if not letter_count(text):
        raise InvalidInputError("The text has no letters to judge by", loc="text")
    return text


async def _named(session: AsyncSession, usernames: Sequence[str]) -> list[Contender]:
    keys = await worked_on(
        usernames,
        lambda: {username_key(name) for name in usernames},
        inline_characters=INLINE_CHARACTERS,
    )
    found = await contenders_by_key(session, keys)
    users = await worked_on(
        usernames, lambda: choose(usernames, found), inline_characters=INLINE_CHARACTERS
    )
    if len(users) > MOST_NAMED:
        raise InvalidInputError(
            "A comparison takes at most {count} authors by name", loc="usernames", count=MOST_NAMED
        )
    return users


def choose(usernames: Sequence[str], found: Mapping[str, Contender]) -> list[Contender]:
    """Return the authors to compare among those found, by their names.

    Raises NotFoundError, and InvalidInputError where they cannot be compared.
    """
    seen: set[str] = set()
    for name in usernames:
        if username_key(name) in seen:
            raise InvalidInputError(
                "'{username}' is named twice; choose different authors",
                loc="usernames",
                username=name,
            )
        seen.add(username_key(name))
    users = in_order(usernames, found)
    if len(users) == 1:
        raise InvalidInputError(
            "'{username}' alone cannot be compared; choose a second author",
            loc="usernames",
            username=users[0].username,
        )
    for user in users:
        if not user.tweet_count:
            raise InvalidInputError(
                "'{username}' has no posts to compare with",
                loc="usernames",
                username=user.username,
            )
    return users

"""Who would have said this? Authors ranked for a text, with evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import Profile as AuthorProfile
from app.compute.text import clean_text, letter_count, username_key
from app.errors import InvalidInputError
from app.models import User
from app.services.background import BackgroundStore, Snapshot
from app.services.events import newest_event
from app.services.profiles import ProfileStore
from app.services.users import users_by_name


@dataclass(frozen=True, slots=True)
class Material:
    """What a comparison rests on, all of one state of the database."""

    text: str
    users: list[User]
    profiles: list[AuthorProfile]
    snapshot: Snapshot
    as_of_event: int
    is_named: bool
    """Whether the authors were named; otherwise they are all that have posts."""


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
    return replace(await gather_authors(session, models, usernames=usernames), text=text)


async def gather_authors(
    session: AsyncSession, models: Models, *, usernames: Sequence[str] = ()
) -> Material:
    """Read the same for texts that are still to come; `text` is empty."""
    users = await compared_users(session, usernames)
    profiles = await models.profiles.load(session, users)
    if not any(profile.counts.keys.size for profile in profiles):
        raise InvalidInputError(
            "These authors have posted nothing but other people's words", loc="usernames"
        )
    return Material(
        text="",
        users=users,
        profiles=profiles,
        snapshot=await models.backgrounds.load(session),
        as_of_event=await newest_event(session),
        is_named=bool(usernames),
    )


async def compared_users(session: AsyncSession, usernames: Sequence[str]) -> list[User]:
    """Return the authors named, or all that have posts. Raises NotFoundError, InvalidInputError."""
    if usernames:
        return await _named(session, usernames)
    everybody = (
        select(User)
        .where(User.tweet_count > 0, User.deleted_at.is_(None))
        .order_by(User.username_key)
    )
    users = list(await session.scalars(everybody))
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


async def _named(session: AsyncSession, usernames: Sequence[str]) -> list[User]:
    seen: set[str] = set()
    for name in usernames:
        if username_key(name) in seen:
            raise InvalidInputError(
                "'{username}' is named twice; choose different authors",
                loc="usernames",
                username=name,
            )
        seen.add(username_key(name))
    users = await users_by_name(session, usernames)
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

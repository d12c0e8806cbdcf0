"""The text and the authors of a comparison, checked."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import clean_text, letter_count, username_key
from app.errors import InvalidInputError
from app.services.off_loop import worked_on
from app.services.posts.users import Contender, all_contenders, contenders_by_key, in_order

MOST_NAMED: Final = 1_000
"""All authors named are ranked, so all of their profiles are in memory at once."""


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
    """Return the text as it is judged. Raises InvalidInputError if it cannot be judged."""
    try:
        text = clean_text(text)
    except ValueError as error:
        raise InvalidInputError(str(error), loc="text") from None
    if not letter_count(text):
        raise InvalidInputError("The text has no letters to judge by", loc="text")
    return text


async def _named(session: AsyncSession, usernames: Sequence[str]) -> list[Contender]:
    keys = await worked_on(usernames, lambda: {username_key(name) for name in usernames})
    found = await contenders_by_key(session, keys)
    users = await worked_on(usernames, lambda: choose(usernames, found))
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
                "'{username}' has no posts to compare with", loc="usernames", username=user.username
            )
    return users

"""What a request or a stream rests on, and whether that is still in force."""

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import UnauthorizedError
from app.services.access.logins import sessions_in_force
from app.services.access.tokens import tokens_in_force

INVALID: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Right(NamedTuple):
    """The token or the operator's session by which somebody may do something."""

    token_id: int | None
    session_id: int | None


async def ended_rights(session: AsyncSession, rights: Collection[Right]) -> set[Right]:
    """Return those of the rights that are no longer in force."""
    token_ids = {right.token_id for right in rights if right.token_id is not None}
    session_ids = {right.session_id for right in rights if right.session_id is not None}
    tokens = await tokens_in_force(session, token_ids) if token_ids else set()
    sessions = await sessions_in_force(session, session_ids) if session_ids else set()
    return {
        right
        for right in rights
        if right.token_id not in tokens and right.session_id not in sessions
    }


async def check_right(session: AsyncSession, right: Right | None) -> None:
    """Raise UnauthorizedError if the right has ended; None needs none.

    In the transaction of a write it makes sure that nothing is stored after a revocation,
    however long the request's body took to arrive.
    """
    if right is not None and await ended_rights(session, [right]):
        raise right_has_ended()


def right_has_ended() -> UnauthorizedError:
    return UnauthorizedError("The API token was revoked, or the sign-in has ended", headers=INVALID)

"""The token or session that authorises a request or a stream, and whether it is in force."""

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import UnauthorizedError
from app.models import LoginSession, Token
from app.services.access.logins import is_in_force

INVALID: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Right(NamedTuple):
    """The API token or the operator's session that authorises a request."""

    token_id: int | None
    session_id: int | None


async def ended_rights(session: AsyncSession, rights: Collection[Right]) -> set[Right]:
    """Return the rights that are no longer in force."""
    token_ids = {right.token_id for right in rights if right.token_id is not None}
    session_ids = {right.session_id for right in rights if right.session_id is not None}
    tokens: set[int] = set()
    sessions: set[int] = set()
    if token_ids:
        query = select(Token.id).where(Token.id.in_(token_ids), Token.revoked_at.is_(None))
        tokens.update(await session.scalars(query))
    if session_ids:
        query = select(LoginSession.id).where(LoginSession.id.in_(session_ids), is_in_force())
        sessions.update(await session.scalars(query))
    return {
        right
        for right in rights
        if right.token_id not in tokens and right.session_id not in sessions
    }


async def check_right(session: AsyncSession, right: Right | None) -> None:
    """Raise UnauthorizedError if the right has ended; None stands for public access.

    Inside a write transaction it guarantees that nothing is stored after a revocation, however
    long the request's body took to arrive.
    """
    if right is not None and await ended_rights(session, [right]):
        raise ended_right_error()


def ended_right_error() -> UnauthorizedError:
    return UnauthorizedError("The API token was revoked, or the sign-in has ended", headers=INVALID)

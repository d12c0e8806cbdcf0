"""API tokens, and the rights that they and sessions give: granted, looked up and revoked."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple, cast, get_args

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.errors import InvalidInputError, NotFoundError
from app.models import MAX_ID, LoginSession, Token
from app.security import digest, new_secret
from app.services.access.logins import is_in_force
from app.services.access.site import is_row_public

Scope = Literal["read", "write", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
"""Each scope includes those before it."""
SECRET_PREFIX: Final = "saywho_"  # noqa: S105 - no secret; scanners recognise leaked tokens by it


class TokenFacts(msgspec.Struct, frozen=True):
    """A token without its secret."""

    id: int
    name: str
    scope: Scope
    created_at: datetime


async def add_token(session: AsyncSession, name: str, scope: Scope) -> tuple[int, str]:
    """Add a token; return its id and its secret, which is not stored."""
    name = name.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise InvalidInputError("A token's name must have 1 to 100 characters", loc="name")
    secret = new_secret(SECRET_PREFIX)
    token = Token(name=name, scope=scope, sha256=digest(secret), created_at=now())
    session.add(token)
    await session.flush()
    return token.id, secret


async def tokens_by_digest(
    session: AsyncSession, digests: Sequence[bytes]
) -> dict[bytes, TokenFacts]:
    """Return the tokens of these digests."""
    query = select(Token).where(Token.sha256.in_(digests))
    return {token.sha256: _facts(token) for token in await session.scalars(query)}


async def list_tokens(session: AsyncSession) -> list[TokenFacts]:
    return [_facts(token) for token in await session.scalars(select(Token).order_by(Token.id))]


async def revoke_token(session: AsyncSession, token_id: int) -> None:
    """End a token at once. Raises NotFoundError."""
    token = await session.get(Token, token_id) if 0 < token_id <= MAX_ID else None
    if token is None:
        raise NotFoundError("There is no token {token_id}", token_id=token_id)
    await session.delete(token)


def _facts(token: Token) -> TokenFacts:
    return TokenFacts(token.id, token.name, cast(Scope, token.scope), token.created_at)


INVALID: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Right(NamedTuple):
    """What authorises a request: an API token, a session, or that the site is public."""

    kind: str
    """`token`, `session` or `visitor`."""
    id: int


VISITOR: Final = Right("visitor", 0)
"""The right of all who are not signed in, while the switch says that the site is public."""


async def ended_rights(session: AsyncSession, rights: Collection[Right]) -> set[Right]:
    """Return the rights that are no longer in force."""
    queries = {"token": select(Token.id), "session": select(LoginSession.id).where(is_in_force())}
    ended = set(rights)
    for kind, query in queries.items():
        if ids := {right.id for right in rights if right.kind == kind}:
            in_force = await session.scalars(query.where(query.selected_columns.id.in_(ids)))
            ended -= {Right(kind, right_id) for right_id in in_force}
    if VISITOR in ended and await is_row_public(session):
        ended.discard(VISITOR)
    return ended

"""API tokens: add, check, list and revoke them; only their hashes are stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, cast

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.db.backend import allocate_ids
from app.errors import InvalidInputError, NotFoundError
from app.models import MAX_ID, Token
from app.services.access.secrets import digest, new_secret

Scope = Literal["read", "write", "admin"]
SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "admin")
"""Each scope includes those before it."""
SECRET_PREFIX: Final = "saywho_"  # noqa: S105 - no secret; scanners recognise leaked tokens by it


class TokenFacts(msgspec.Struct, frozen=True):
    """A token without its secret."""

    id: int
    name: str
    scope: Scope
    created_at: datetime


def allows(have: Scope, need: Scope) -> bool:
    """Return whether a token of scope `have` satisfies scope `need`."""
    return SCOPES.index(have) >= SCOPES.index(need)


async def add_token(session: AsyncSession, name: str, scope: Scope) -> tuple[int, str]:
    """Add a token; return its id and its secret, which is not stored."""
    name = name.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise InvalidInputError("A token's name must have 1 to 100 characters", loc="name")
    secret = new_secret(SECRET_PREFIX)
    (token_id,) = await allocate_ids(session, Token, 1)
    session.add(Token(id=token_id, name=name, scope=scope, sha256=digest(secret), created_at=now()))
    await session.flush()
    return token_id, secret


async def tokens_by_digest(
    session: AsyncSession, digests: Sequence[bytes]
) -> dict[bytes, TokenFacts]:
    """Return the tokens of these digests, without revoked ones."""
    query = select(Token).where(Token.sha256.in_(digests), Token.revoked_at.is_(None))
    return {token.sha256: _facts(token) for token in await session.scalars(query)}


async def list_tokens(session: AsyncSession) -> list[TokenFacts]:
    """Return the tokens that are in force."""
    query = select(Token).where(Token.revoked_at.is_(None)).order_by(Token.id)
    return [_facts(token) for token in await session.scalars(query)]


async def revoke_token(session: AsyncSession, token_id: int) -> None:
    """End a token at once. Raises NotFoundError."""
    token = await session.get(Token, token_id) if 0 < token_id <= MAX_ID else None
    if token is None or token.revoked_at is not None:
        raise NotFoundError("There is no token {token_id}", token_id=token_id)
    token.revoked_at = now()
    await session.flush()


def _facts(token: Token) -> TokenFacts:
    return TokenFacts(token.id, token.name, cast(Scope, token.scope), token.created_at)

"""API tokens, and the rights that they and sessions give: granted, looked up and revoked."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple, cast, get_args

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidInputError, NotFoundError
from app.models import MAX_ID, LoginSession, Operator, Token
from app.runtime.clock import now
from app.security import digest, new_secret
from app.services.access.logins import is_in_force
from app.services.access.operators import check_maker
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
    created_by: str | None = None
    """The operator who made it in the settings, in lists; None if a command did."""


async def add_token(
    session: AsyncSession, name: str, scope: Scope, *, account_id: int | None = None
) -> tuple[int, str]:
    """Add a token; return its id and its secret, which is not stored.

    account_id: the operator who makes it; none for a command. Raises InvalidInputError,
    ForbiddenError.
    """
    name = name.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise InvalidInputError("The token name must have 1 to 100 characters", loc="name")
    if account_id is not None:
        await check_maker(session, account_id)
    secret, time = new_secret(SECRET_PREFIX), now()
    token = Token(
        name=name, scope=scope, sha256=digest(secret), created_at=time, created_by_id=account_id
    )
    session.add(token)
    await session.flush()
    return token.id, secret


async def tokens_by_digest(
    session: AsyncSession, digests: Sequence[bytes]
) -> dict[bytes, TokenFacts]:
    """Return the tokens of these digests."""
    query = select(Token).where(Token.sha256.in_(digests))
    return {token.sha256: _facts(token) for token in await session.scalars(query)}


async def list_tokens(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[TokenFacts]:
    """Return the tokens in force, each with its maker; conditions choose among them."""
    query = select(Token, Operator.name).outerjoin(Operator, Operator.id == Token.created_by_id)
    rows = await session.execute(query.where(*conditions).order_by(Token.id))
    return [_facts(token, maker) for token, maker in rows]


async def revoke_token(session: AsyncSession, token_id: int) -> None:
    """End a token at once. Raises NotFoundError."""
    token = await session.get(Token, token_id) if 0 < token_id <= MAX_ID else None
    if token is None:
        raise NotFoundError("There is no token {token_id}", token_id=token_id)
    await session.delete(token)


def _facts(token: Token, maker: str | None = None) -> TokenFacts:
    return TokenFacts(token.id, token.name, cast(Scope, token.scope), token.created_at, maker)


INVALID: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Right(NamedTuple):
    """What authorises a request: an API token, a session, or that the site is public."""

    kind: str
    """`token`, `session`, `visitor`, or `player` of a game."""
    id: int

    @property
    def is_account(self) -> bool:
        return self.kind == "session"


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

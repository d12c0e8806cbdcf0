"""Removing an account, and with an operator's what this operator made to let others in."""

import msgspec
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Operator, Token
from app.services.access.operators import OPERATOR, end_setup_links, find_account, get_account
from app.services.access.readers import end_invitations_of
from app.services.access.rights import TokenFacts, list_tokens


class Removal(msgspec.Struct):
    """What ended with an account, and the tokens that stay in force."""

    name: str
    setup_links: int
    """Links that would have made an account of that name."""
    invitations: int = 0
    """Open invitations of the operator."""
    revoked_tokens: list[TokenFacts] = []
    """Tokens that the operator made."""
    remaining_tokens: list[TokenFacts] = []
    """Those where they are to stay, and the tokens of unknown makers."""


async def remove_account(
    session: AsyncSession, name: str, *, keeps_tokens: bool = False
) -> Removal:
    """Remove an account with its sessions, and end what an operator made, all at once.

    Where there are only set-up links for that name, they end. Raises NotFoundError.
    """
    removal = Removal(name.strip(), await end_setup_links(session, name))
    if removal.setup_links and await find_account(session, name) is None:
        return removal
    account = await get_account(session, name)
    removal.name = account.name
    if account.role == OPERATOR:
        await _end_what_was_made(session, account, removal, keeps_tokens=keeps_tokens)
    await session.delete(account)
    return removal


async def _end_what_was_made(
    session: AsyncSession, account: Operator, removal: Removal, *, keeps_tokens: bool
) -> None:
    """End the operator's invitations and tokens, and note them."""
    is_own = Token.created_by_id == account.id
    own_tokens = await list_tokens(session, is_own)
    removal.invitations = await end_invitations_of(session, account.id)
    removal.remaining_tokens = await list_tokens(session, Token.created_by_id.is_(None))
    if keeps_tokens:
        removal.remaining_tokens = [*own_tokens, *removal.remaining_tokens]
        return
    await session.execute(delete(Token).where(is_own))
    removal.revoked_tokens = own_tokens

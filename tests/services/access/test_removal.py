"""What ends with an account, on both databases."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.errors import ForbiddenError, NotFoundError
from app.models import Invitation, LoginSession, Operator, SetupLink, Token
from app.services.access import accounts
from app.services.access.logins import add_session
from app.services.access.rights import AccountRemoval, add_token, list_tokens, remove_account
from tests.browsing import PASSWORD_HASH


@pytest.fixture
async def session(db: Database) -> AsyncIterator[AsyncSession]:
    async with db.write() as session:
        yield session


async def operator_with(session: AsyncSession, name: str) -> Operator:
    """Return a new operator, signed in twice, with an open invitation, a used one and a token."""
    account = await accounts.add_operator(session, name, password_hash=PASSWORD_HASH)
    for _ in range(2):
        await add_session(session, account)
    for guest in ("guest", "reader"):
        secret = await accounts.add_invitation(session, f"{guest} of {name}", account_id=account.id)
    await accounts.accept_invitation(
        session, secret, f"reader of {name}", password_hash=PASSWORD_HASH
    )
    await add_token(session, f"script of {name}", "admin", account_id=account.id)
    return account


async def token_names(session: AsyncSession) -> list[str]:
    return [token.name for token in await list_tokens(session)]


async def test_what_an_operator_made_ends_with_the_account(session: AsyncSession) -> None:
    ann, ben = [await operator_with(session, name) for name in ("ann", "ben")]
    await add_token(session, "of a command", "write")
    makers = {token.name: token.created_by for token in await list_tokens(session)}
    assert makers == {"script of ann": "ann", "script of ben": "ben", "of a command": None}
    removal = await remove_account(session, " ANN ")
    assert (removal.name, removal.setup_links, removal.invitations) == ("ann", 0, 1)
    assert [token.name for token in removal.revoked_tokens] == ["script of ann"]
    assert [token.name for token in removal.remaining_tokens] == ["of a command"]
    assert await token_names(session) == ["script of ben", "of a command"]
    assert [each.name for each in await accounts.list_invitations(session)] == ["guest of ben"]
    # The reader whom she invited stays, and the link of that invitation says that it was used.
    assert await accounts.find_account(session, "reader of ann")
    used = await session.scalars(select(Invitation.ended_at).where(Invitation.used_at.is_not(None)))
    assert used.all() == [None, None]
    assert set(await session.scalars(select(LoginSession.operator_id))) == {ben.id}
    assert await session.get(Operator, ann.id) is None


async def test_an_operator_s_tokens_can_be_kept(session: AsyncSession) -> None:
    await operator_with(session, "ann")
    await add_token(session, "of a command", "write")
    removal = await remove_account(session, "ann", keeps_tokens=True)
    assert (removal.invitations, removal.revoked_tokens) == (1, [])
    names = [token.name for token in removal.remaining_tokens]
    assert names == ["script of ann", "of a command"] == await token_names(session)
    # Nobody knows any more who made them: the next removal names them too.
    await accounts.add_operator(session, "ann", password_hash=PASSWORD_HASH)
    again = await remove_account(session, "ann")
    assert [token.name for token in again.remaining_tokens] == names
    assert set(await session.scalars(select(Token.created_by_id))) == {None}


async def test_a_reader_has_made_nothing(session: AsyncSession) -> None:
    ann = await operator_with(session, "ann")
    await add_token(session, "of a command", "write")
    assert await remove_account(session, "reader of ann") == AccountRemoval("reader of ann", 0)
    assert await token_names(session) == ["script of ann", "of a command"]
    assert len(await accounts.list_invitations(session)) == 1
    assert await session.get(Operator, ann.id)


async def test_set_up_links_for_the_name_end(session: AsyncSession) -> None:
    await accounts.add_setup_link(session, "Éve")
    await accounts.add_setup_link(session, "\u00e9ve")
    await accounts.add_setup_link(session, "ben")
    await accounts.add_setup_link(session)
    assert await remove_account(session, "e\u0301ve") == AccountRemoval("e\u0301ve", 2)
    assert list(await session.scalars(select(SetupLink.name))) == ["ben", None]
    with pytest.raises(NotFoundError):
        await remove_account(session, "éve")
    # A reader took the name before the operator did.
    await accounts.add_account(session, "Ben", accounts.READER, password_hash=PASSWORD_HASH)
    assert await remove_account(session, "ben") == AccountRemoval("Ben", 1)
    assert await session.scalar(select(SetupLink.name)) is None


async def test_a_request_that_has_begun_makes_nothing_for_a_removed_account(db: Database) -> None:
    async with db.write() as session:
        ann = await accounts.add_operator(session, "ann", password_hash=PASSWORD_HASH)
    async with db.write() as session:
        await remove_account(session, "ann")
    for make in (partial(add_token, scope="admin"), accounts.add_invitation):
        with pytest.raises(ForbiddenError):
            async with db.write() as session:
                await make(session, "late", account_id=ann.id)
    async with db.read() as session:
        assert (await list_tokens(session), await accounts.list_invitations(session)) == ([], [])

"""Readers' accounts, invitations, and `/setup`."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED
from app.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from app.formats.post import RoomReference
from app.models import MAX_ID, Invitation, LoginSession, Operator, Room
from app.runtime.clock import now
from app.security import digest, new_secret
from app.services.access.operators import (
    LINK_LIFETIME,
    OPERATOR,
    READER,
    ROOM_NAME,
    Role,
    add_account,
    add_operator,
    check_maker,
    find_account,
    find_setup_link,
    plain_name,
    readable_chat,
)

PREFIX: Final = "invitation_"
"""Prefix of each secret, unlike a set-up link's."""
MOST_LISTED: Final = 500


class Reader(msgspec.Struct, frozen=True):
    """A reader's account, as the settings list it."""

    id: int
    name: str
    created_at: datetime
    signed_in_at: datetime | None
    """Start of the newest session; None if all have ended."""
    room: RoomReference | None
    """The only chat that the reader may read; None for the whole site."""


class OpenInvitation(msgspec.Struct, frozen=True):
    """An unused invitation, as the settings list it."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime
    room: RoomReference | None
    """The only chat of the invitation; None for the whole site."""


async def add_invitation(
    session: AsyncSession, name: str, *, account_id: int, room_id: int | None = None
) -> str:
    """Return the secret of a new invitation, which is not stored.

    name: the invited person, for the settings. room_id: the only chat to read. Raises
    InvalidInputError, ForbiddenError.
    """
    name = plain_name(name)
    if not name:
        raise InvalidInputError(
            "Enter who the invitation is for, in 1 to 100 characters", loc="invited"
        )
    await check_maker(session, account_id)
    time = now()
    # An expired invitation is kept for a while, so that its link says why it is not valid.
    is_old = Invitation.expires_at <= time - timedelta(days=90)
    await session.execute(delete(Invitation).where(is_old))
    secret = new_secret(PREFIX)
    invitation = Invitation(
        name=name,
        sha256=digest(secret),
        created_at=time,
        expires_at=time + LINK_LIFETIME,
        created_by_id=account_id,
        room_id=room_id,
    )
    session.add(invitation)
    return secret


async def list_invitations(session: AsyncSession) -> list[OpenInvitation]:
    query = (
        select(Invitation, ROOM_NAME)
        .outerjoin(Room, Room.id == Invitation.room_id)
        .where(_is_open())
        .order_by(Invitation.id.desc())
        .limit(MOST_LISTED)
    )
    return [
        OpenInvitation(
            invitation.id,
            invitation.name or "",
            invitation.created_at,
            invitation.expires_at,
            readable_chat(invitation.room_id, room_name),
        )
        for invitation, room_name in await session.execute(query)
    ]


def _is_open() -> ColumnElement[bool]:
    is_left = Invitation.used_at.is_(None) & Invitation.ended_at.is_(None)
    return is_left & (Invitation.expires_at > now())


async def end_invitation(session: AsyncSession, invitation_id: int) -> None:
    """End an unused invitation. Raises NotFoundError."""
    is_known = 0 < invitation_id <= MAX_ID
    invitation = await session.get(Invitation, invitation_id) if is_known else None
    if invitation is None or invitation.used_at is not None:
        raise NotFoundError("There is no invitation {number}", number=invitation_id)
    invitation.ended_at = invitation.ended_at or now()


async def end_invitations_of(session: AsyncSession, account_id: int) -> int:
    is_own = Invitation.created_by_id == account_id
    ended = update(Invitation).where(is_own, _is_open()).values(ended_at=now())
    return len((await session.scalars(ended.returning(Invitation.id))).all())


async def find_invitation(session: AsyncSession, secret: str) -> Invitation:
    """Return that secret's invitation. Raises ForbiddenError with the reason."""
    query = select(Invitation).where(Invitation.sha256 == digest(secret))
    invitation = await session.scalar(query)
    if invitation is None:
        raise ForbiddenError("Unknown invitation: the link may be incomplete")
    if invitation.used_at is not None:
        raise ForbiddenError("This invitation was already used; each invitation works once")
    if invitation.ended_at is not None:
        raise ForbiddenError("This invitation was cancelled")
    if invitation.expires_at <= now():
        raise ForbiddenError("This invitation has expired; it was valid for 7 days")
    return invitation


async def accept_invitation(
    session: AsyncSession, secret: str, name: str, *, password_hash: str
) -> Operator:
    """Create the account of an invitation, then used.

    Raises ForbiddenError, ConflictError, InvalidInputError.
    """
    invitation = await find_invitation(session, secret)
    if await find_account(session, name):
        raise ConflictError(
            "The name '{name}' is already taken; choose another name",
            name=plain_name(name),
            loc="name",
        )
    account = await add_account(
        session, name, READER, password_hash=password_hash, room_id=invitation.room_id
    )
    invitation.used_at = now()
    invitation.used_by_id = account.id
    return account


async def list_readers(session: AsyncSession) -> list[Reader]:
    signed_in_at = func.max(LoginSession.created_at)
    query = (
        select(Operator.id, Operator.name, Operator.created_at, signed_in_at)
        .add_columns(Operator.room_id, ROOM_NAME)
        .outerjoin(LoginSession, LoginSession.operator_id == Operator.id)
        .outerjoin(Room, Room.id == Operator.room_id)
        .where(Operator.role == READER)
        .group_by(Operator.id, Room.id)
        .order_by(Operator.id.desc())
        .limit(MOST_LISTED)
    )
    return [
        Reader(id_, name, created_at, signed_in_at, readable_chat(*room))
        for id_, name, created_at, signed_in_at, *room in await session.execute(query)
    ]


async def remove_reader(session: AsyncSession, account_id: int) -> None:
    """Remove a reader's account and sessions. Raises NotFoundError."""
    account = await session.get(Operator, account_id) if 0 < account_id <= MAX_ID else None
    if account is None or account.role != READER:
        raise NotFoundError("There is no reader {number}", number=account_id)
    await session.delete(account)


async def move_readers(session: AsyncSession, room_id: int, target_id: int) -> None:
    """Let readers and invited readers of a joined chat read the other."""
    for table in (Operator, Invitation):
        moved = update(table).where(table.room_id == room_id).values(room_id=target_id)
        await session.execute(moved, execution_options=UNTRACKED)


async def end_readers(session: AsyncSession, room_id: int) -> None:
    ended = update(Invitation).where(Invitation.room_id == room_id, _is_open())
    await session.execute(ended.values(ended_at=now()), execution_options=UNTRACKED)
    readers = delete(Operator).where(Operator.room_id == room_id)
    await session.execute(readers, execution_options=UNTRACKED)


class Offer(NamedTuple):
    """The account that a link to `/setup` offers."""

    role: Role
    name: str | None
    """None if the user of the link chooses it."""
    suggested: str = ""
    room: RoomReference | None = None


async def find_offer(session: AsyncSession, secret: str) -> Offer:
    """Return the offer of a link's secret. Raises ForbiddenError if invalid."""
    if secret.startswith(PREFIX):
        invitation = await find_invitation(session, secret)
        room_id = invitation.room_id
        name = await session.scalar(select(ROOM_NAME).where(Room.id == room_id))
        return Offer(READER, None, invitation.name or "", readable_chat(room_id, name))
    if not secret:
        raise ForbiddenError("The link is incomplete: it has no token. Open the whole link")
    return Offer(OPERATOR, (await find_setup_link(session, secret)).name)


async def accept_offer(
    session: AsyncSession, secret: str, name: str, *, password_hash: str
) -> Operator:
    """Create the account of a link, `name` if the link has none.

    Raises ForbiddenError, ConflictError, InvalidInputError.
    """
    offer = await find_offer(session, secret)  # Another request may have used it.
    if offer.role == READER:
        return await accept_invitation(session, secret, name, password_hash=password_hash)
    return await add_operator(session, offer.name or name, password_hash=password_hash)

"""What a link to `/setup` offers: an operator's account, or by an invitation a reader's."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats.post import RoomReference
from app.models import Operator, Room
from app.services.access.operators import (
    OPERATOR,
    READER,
    ROOM_NAME,
    Role,
    add_operator,
    find_setup_link,
    readable_chat,
)
from app.services.access.readers import PREFIX, accept_invitation, find_invitation


class Offer(NamedTuple):
    """The account that a link creates."""

    role: Role
    name: str | None
    """None lets the user of the link choose it."""
    suggested: str = ""
    """For whom an invitation is, as its operator noted it."""
    room: RoomReference | None = None
    """The only chat that an invitation is for."""


async def find_offer(session: AsyncSession, secret: str) -> Offer:
    """Return what the link of that secret offers. Raises ForbiddenError where it is not valid."""
    if secret.startswith(PREFIX):
        invitation = await find_invitation(session, secret)
        room_id = invitation.room_id
        name = await session.scalar(select(ROOM_NAME).where(Room.id == room_id))
        return Offer(READER, None, invitation.name or "", readable_chat(room_id, name))
    return Offer(OPERATOR, (await find_setup_link(session, secret)).name)


async def accept_offer(
    session: AsyncSession, secret: str, name: str, *, password_hash: str
) -> Operator:
    """Create the account that the link offers; the name counts where the link has none.

    Raises ForbiddenError, ConflictError, InvalidInputError.
    """
    offer = await find_offer(session, secret)  # Another request may have used it.
    if offer.role == READER:
        return await accept_invitation(session, secret, name, password_hash=password_hash)
    return await add_operator(session, offer.name or name, password_hash=password_hash)

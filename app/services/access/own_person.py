"""Which person of their chat a reader says to be; only the account itself is told."""

from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import UNTRACKED
from app.errors import NotFoundError
from app.models import Operator, User
from app.services.access.rights import select_speakers
from saywho.text import username_key

MOST_OFFERED = 200


class OwnPerson(NamedTuple):
    room_id: int
    usernames: list[str]
    """The people of the chat, most messages first."""
    username: str | None
    """The chosen person; None for nobody, and for a person who is not in the chat any more."""
    is_chosen: bool
    """Whether the reader has answered, perhaps without a person."""


async def read_own_person(session: AsyncSession, account_id: int, room_id: int) -> OwnPerson:
    people = (await session.execute(select_speakers(room_id).limit(MOST_OFFERED))).all()
    account = await session.get(Operator, account_id)
    person_id = account.person_id if account else None
    named = aliased(User)
    author_id = select(func.coalesce(named.joined_to_id, named.id)).where(named.id == person_id)
    chosen = select_speakers(room_id).where(User.id == author_id.scalar_subquery())
    row = (await session.execute(chosen)).first() if person_id else None
    return OwnPerson(
        room_id,
        [person.username for person in people],
        row.username if row else None,
        account is not None and account.is_person_chosen,
    )


async def choose_person(
    session: AsyncSession, account_id: int, room_id: int, username: str
) -> None:
    """Note a person of the chat, or no person for an empty name. Raises NotFoundError."""
    person_id = None
    if username:
        named = select_speakers(room_id).where(User.username_key == username_key(username))
        row = (await session.execute(named)).first()
        if row is None:
            raise NotFoundError("User '{username}' doesn't exist", username=username)
        person_id = row.id
    own = update(Operator).where(Operator.id == account_id)
    values = {"person_id": person_id, "is_person_chosen": True}
    await session.execute(own.values(values), execution_options=UNTRACKED)

"""Accounts of operators and readers: passwords, set-up links, invitations, and `/setup`."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, TypeVar, cast

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, delete, exists, func, literal, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, is_among
from app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from app.models import MAX_ID, ROOM_NAME, Invitation, LoginSession, Operator, Room, SetupLink
from app.security import digest, new_secret
from saywho.clock import now
from saywho.formats.post import RoomReference
from saywho.text import is_visible, normalized, username_key

R = TypeVar("R")
Role = Literal["operator", "reader"]

OPERATOR: Final = "operator"
READER: Final = "reader"

LINK_LIFETIME: Final = timedelta(days=7)
MAX_NAME_LENGTH: Final = 100
SHORTEST: Final = 8
LONGEST: Final = 1_000
MOST_PENDING: Final = 20
"""Hashes in progress in a process; each takes 64 MiB and 250 ms."""

HASHER: Final = PasswordHasher()
NOBODYS_HASH: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$ZIIyA7ojD7YnMpDWOPXyiw$px6iheVSD0eTZM/4z7N6xeJLwIKGN7rxBdBFilSVRMQ"
)
"""Hash of unknown accounts: its verification takes as long as a known account's."""


class AccountFacts(msgspec.Struct, frozen=True):
    """An account without its secrets."""

    name: str
    role: Role
    created_at: datetime
    room: RoomReference | None
    """The only chat that a reader may read; None for the whole site."""


def account_key(name: str) -> str:
    return username_key(name.strip())


def clean_account_name(name: str) -> str:
    """Return the name stripped in NFC; "" if too long or with invisible characters."""
    name = normalized(name.strip()[: 4 * MAX_NAME_LENGTH])
    is_plain = len(name) <= MAX_NAME_LENGTH and name.isprintable() and is_visible(name)
    return name if is_plain else ""


async def has_operator(session: AsyncSession) -> bool:
    return bool(await session.scalar(select(exists().where(Operator.role == OPERATOR))))


async def can_get_operator(session: AsyncSession) -> bool:
    """Return whether there is an operator, or a link that makes the first one."""
    is_open = SetupLink.name.is_(None), SetupLink.created_at > now() - LINK_LIFETIME
    links = await session.scalar(select(exists().where(*is_open)))
    return bool(links) or await has_operator(session)


async def has_account(session: AsyncSession) -> bool:
    return bool(await session.scalar(select(exists().select_from(Operator))))


async def find_account(session: AsyncSession, name: str) -> Operator | None:
    query = select(Operator).where(Operator.name_key == account_key(name))
    return await session.scalar(query)


async def get_account(session: AsyncSession, name: str) -> Operator:
    """Raises NotFoundError."""
    account = await find_account(session, name)
    if account is None:
        raise NotFoundError("There is no account '{name}'", name=name)
    return account


async def check_account(session: AsyncSession, account_id: int) -> None:
    """Raise ForbiddenError if the account was removed meanwhile: its creations would outlive it."""
    if await session.get(Operator, account_id) is None:
        raise ForbiddenError("This account was removed")


async def list_accounts(session: AsyncSession) -> list[AccountFacts]:
    query = select(Operator, ROOM_NAME).outerjoin(Room, Room.id == Operator.room_id)
    return [
        AccountFacts(
            account.name,
            cast(Role, account.role),
            account.created_at,
            chat_reference(account.room_id, room_name),
        )
        for account, room_name in await session.execute(query.order_by(Operator.id))
    ]


def chat_reference(room_id: int | None, name: str | None) -> RoomReference | None:
    return None if room_id is None else RoomReference(id=room_id, name=name or "")


async def add_setup_link(session: AsyncSession, name: str | None = None) -> str:
    """Return the secret of a new link for that name, or the first account.

    Raises ConflictError if the account exists.
    """
    if name is not None:
        name = await _unused_name(session, name)
    secret, time = new_secret(), now()
    await session.execute(delete(SetupLink).where(SetupLink.created_at <= time - LINK_LIFETIME))
    session.add(SetupLink(sha256=digest(secret), name=name, created_at=time))
    return secret


async def find_setup_link(session: AsyncSession, secret: str) -> SetupLink:
    """Return that secret's link. Raises ForbiddenError if used or expired."""
    query = select(SetupLink).where(SetupLink.sha256 == digest(secret), _is_valid())
    link = await session.scalar(query)
    if link is None:
        raise ForbiddenError(
            "This set-up link was already used or has expired. To get a new link, run:"
            " saywho operator add NAME"
        )
    return link


async def end_setup_links(session: AsyncSession, name: str) -> int:
    """End the links for that name; return how many were valid."""
    query = select(SetupLink).where(SetupLink.name.is_not(None), _is_valid())
    links = [
        link
        for link in await session.scalars(query)
        if account_key(link.name or "") == account_key(name)
    ]
    for link in links:
        await session.delete(link)
    return len(links)


def _is_valid() -> ColumnElement[bool]:
    return SetupLink.created_at > now() - LINK_LIFETIME


async def add_operator(session: AsyncSession, name: str, *, password_hash: str) -> Operator:
    """Create an operator's account; end set-up links. Raises ConflictError, InvalidInputError."""
    operator = await add_account(session, name, OPERATOR, password_hash=password_hash)
    await session.execute(delete(SetupLink))
    return operator


async def add_account(
    session: AsyncSession, name: str, role: Role, *, password_hash: str, room_id: int | None = None
) -> Operator:
    """Create an account. Raises ConflictError, InvalidInputError.

    room_id: a reader's only chat.
    """
    name = await _unused_name(session, name)
    account = Operator(
        name=name,
        name_key=account_key(name),
        role=role,
        room_id=room_id,
        password_hash=password_hash,
        created_at=now(),
    )
    session.add(account)
    await session.flush()
    return account


async def _unused_name(session: AsyncSession, name: str) -> str:
    name = clean_account_name(name)
    if not name:
        raise InvalidInputError(
            "The account name must have 1 to 100 visible characters", loc="name"
        )
    if await find_account(session, name):
        raise ConflictError(
            "The account '{name}' already exists; choose another name, or remove it with"
            " saywho operator remove NAME",
            name=name,
        )
    return name


class Passwords:
    """Hashes passwords with argon2id (RFC 9106) in threads; UnavailableError if many are queued."""

    def __init__(self) -> None:
        # Each hash takes 64 MiB and 250 ms of one core.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
        self._pending: list[Future[Any]] = []

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return the password's hash. Raises InvalidInputError, UnavailableError."""
        return await self._run(lambda: hash_password(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password matches; None: unknown account. Raises UnavailableError."""
        if len(password) > LONGEST:
            return False
        stored = password_hash or NOBODYS_HASH
        try:
            await self._run(lambda: HASHER.verify(stored, password))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    async def _run(self, work: Callable[[], R]) -> R:
        # The thread continues when its request is cancelled, and counts until it has finished.
        self._pending = [waiting for waiting in self._pending if not waiting.done()]
        if len(self._pending) >= MOST_PENDING:
            raise UnavailableError(
                "Too many people are signing in. Try again in a moment.", retry_after_s=5
            )
        future = self._threads.submit(work)
        self._pending.append(future)
        return await asyncio.wrap_future(future)


def hash_password(password: str) -> str:
    """Return the hash, after 250 ms of work. Raises InvalidInputError."""
    check_password(password)
    return HASHER.hash(password)


def check_password(password: str) -> None:
    """Raise InvalidInputError unless the password has 8 to 1,000 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInputError("The password must have 8 to 1,000 characters", loc="password")


INVITATION_PREFIX: Final = "invitation_"
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
    name = clean_account_name(name)
    if not name:
        raise InvalidInputError(
            "Enter who the invitation is for, in 1 to 100 characters", loc="invited"
        )
    await check_account(session, account_id)
    time = now()
    # An expired invitation is kept for a while, so that its link says why it is not valid.
    is_old = Invitation.expires_at <= time - timedelta(days=90)
    await session.execute(delete(Invitation).where(is_old))
    secret = new_secret(INVITATION_PREFIX)
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
            chat_reference(invitation.room_id, room_name),
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
            name=clean_account_name(name),
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
        Reader(id_, name, created_at, signed_in_at, chat_reference(*room))
        for id_, name, created_at, signed_in_at, *room in await session.execute(query)
    ]


async def remove_reader(session: AsyncSession, account_id: int) -> None:
    """Remove a reader's account and sessions. Raises NotFoundError."""
    account = await session.get(Operator, account_id) if 0 < account_id <= MAX_ID else None
    if account is None or account.role != READER:
        raise NotFoundError("There is no reader {number}", number=account_id)
    await session.delete(account)


class Guests(NamedTuple):
    """People who may read one chat alone, and people who are invited to do so."""

    readers: list[str]
    invited: list[str]

    @property
    def names(self) -> str:
        return ", ".join([*self.readers, *self.invited])


async def find_guests(session: AsyncSession, room_ids: Collection[int]) -> dict[int, Guests]:
    """Return the guests of each chat that has any."""
    if not room_ids:
        return {}
    rows = union_all(
        select(Operator.room_id, literal(0).label("place"), Operator.id, Operator.name).where(
            is_among(session, Operator.room_id, room_ids)
        ),
        select(Invitation.room_id, literal(1), Invitation.id, Invitation.name).where(
            is_among(session, Invitation.room_id, room_ids), _is_open()
        ),
    ).subquery()
    guests: dict[int, Guests] = {}
    for room_id, place, _, name in await session.execute(select(rows).order_by(rows.c.id)):
        guests.setdefault(room_id, Guests([], []))[place].append(name or "…")
    return guests


def has_guests(room_id: ColumnElement[int]) -> ColumnElement[bool]:
    readers = exists().where(Operator.room_id == room_id)
    return or_(readers, exists().where(Invitation.room_id == room_id, _is_open()))


async def are_guests_here(session: AsyncSession) -> bool:
    """Return whether any chat has guests."""
    readers = exists().where(Operator.room_id.is_not(None))
    invited = exists().where(Invitation.room_id.is_not(None), _is_open())
    return bool(await session.scalar(select(or_(readers, invited))))


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
    if secret.startswith(INVITATION_PREFIX):
        invitation = await find_invitation(session, secret)
        room_id = invitation.room_id
        name = await session.scalar(select(ROOM_NAME).where(Room.id == room_id))
        return Offer(READER, None, invitation.name or "", chat_reference(room_id, name))
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

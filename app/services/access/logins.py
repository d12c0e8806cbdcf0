"""Signing in, sessions, and throttling of failed attempts."""

import contextlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, LargeBinary, Select, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, table_of
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import TooManyError, UnauthorizedError, UnavailableError
from app.models import LoginFailure, LoginSession, Operator
from app.models.base import as_utc
from app.security import digest, new_secret
from app.services.access import accounts
from saywho.clock import now

SESSION_LIFETIME: Final = timedelta(days=90)
WINDOW: Final = timedelta(minutes=15)
MOST_OF_ACCOUNT: Final = 5
MOST_OF_ADDRESS: Final = 10
"""Failures from one network, of one account and of all."""
HALF: Final = 16
"""Bytes of a failure's subject for the account, and for its origin."""

logger = logging.getLogger(__name__)


class SignedInAccount(msgspec.Struct, frozen=True):
    session_id: int
    account_id: int
    name: str
    role: accounts.Role
    room_id: int | None = None
    """The only chat that a reader may read; None for the whole site."""
    person: tuple[int | None, bool] = (None, False)
    """Who of the chat they say to be, by id, and whether they said so: no event tells of it, so
    the key of what is kept for them does.
    """

    @property
    def is_operator(self) -> bool:
        return self.role == accounts.OPERATOR


class LoginClient(NamedTuple):
    address: str
    device: str | None
    """Id of a browser with an earlier sign-in of this account."""


async def sign_in(
    db: Database, passwords: accounts.Passwords, client: LoginClient, name: str, password: str
) -> str:
    """Return a new session's secret. Raises UnauthorizedError, TooManyError, UnavailableError."""
    password_hash = await verify_password(db, passwords, client, name, password)
    async with db.write() as session:
        return await add_session(session, await _unchanged(session, name, password_hash))


async def replace_password(
    session: AsyncSession, me: SignedInAccount, *, old_hash: str, new_hash: str
) -> None:
    """Replace the password, and end other sessions. Raises UnauthorizedError."""
    account = await _unchanged(session, me.name, old_hash)
    account.password_hash = new_hash
    is_elsewhere = LoginSession.operator_id == me.account_id, LoginSession.id != me.session_id
    await session.execute(delete(LoginSession).where(*is_elsewhere))


async def _unchanged(session: AsyncSession, name: str, password_hash: str) -> Operator:
    """Return the account, unless its password changed since the hash was verified."""
    account = await accounts.find_account(session, name)
    if account is None or account.password_hash != password_hash:
        raise _wrong()
    return account


async def verify_password(
    db: Database, passwords: accounts.Passwords, client: LoginClient, name: str, password: str
) -> str:
    """Return the hash of an account's password, if this is the password.

    No password is tried for 15 minutes after 5 failures of the account from one network, or 10 from
    the network. Known browsers count separately, so that no one can lock the owner out (OWASP's
    device cookie). Raises UnauthorizedError, TooManyError, UnavailableError.
    """
    address, device = client
    origin = _half(f"device:{device}" if device else f"address:{network_of(address)}")
    subject = _half(f"account:{accounts.account_key(name)}") + origin
    is_there = func.substr(LoginFailure.subject, HALF + 1, type_=LargeBinary) == origin
    is_same = LoginFailure.subject == subject
    time = now()
    async with db.write() as session:
        await session.execute(delete(LoginFailure).where(LoginFailure.failed_at <= time - WINDOW))
        for condition, most in ((is_same, MOST_OF_ACCOUNT), (is_there, MOST_OF_ADDRESS)):
            query = select(func.count(), func.min(LoginFailure.failed_at)).where(condition)
            count, oldest = (await session.execute(query)).one()
            if count >= most:
                logger.warning("sign-in from %s is closed for 15 minutes", network_of(address))
                wait_s = max(int((oldest + WINDOW - time).total_seconds()), 1)
                raise TooManyError(
                    "Too many failed attempts; try again in {minutes} minutes",
                    minutes=-(-wait_s // 60),
                    headers={"Retry-After": str(wait_s)},
                )
        # Counted in advance, so that attempts at the same time do not get past the limit.
        session.add(failure := LoginFailure(subject=subject, failed_at=time))
        account = await accounts.find_account(session, name)
    password_hash = account.password_hash if account else None
    try:
        is_right = await passwords.verify(password_hash, password)
    except UnavailableError:  # No password was tried.
        async with db.write() as session:
            is_failure = LoginFailure.id == failure.id
            await session.execute(delete(LoginFailure).where(is_failure))
        raise
    if password_hash is None or not is_right:
        raise _wrong()
    async with db.write() as session:
        await session.execute(delete(LoginFailure).where(is_same))
    return password_hash


def _wrong() -> UnauthorizedError:
    return UnauthorizedError("Wrong name or password")


async def unlock(session: AsyncSession, name: str) -> str:
    """Delete an account's failures; return its name. Raises NotFoundError."""
    account = await accounts.get_account(session, name)
    subject = func.substr(LoginFailure.subject, 1, HALF, type_=LargeBinary)
    is_own = subject == _half(f"account:{account.name_key}")
    await session.execute(delete(LoginFailure).where(is_own))
    return account.name


async def unlock_all(session: AsyncSession) -> None:
    await session.execute(delete(LoginFailure))


async def blocked_networks(session: AsyncSession) -> int:
    origin = func.substr(LoginFailure.subject, HALF + 1, type_=LargeBinary)
    query = (
        select(func.count())
        .where(LoginFailure.failed_at > now() - WINDOW)
        .group_by(origin)
        .having(func.count() >= MOST_OF_ADDRESS)
    )
    return len((await session.scalars(query)).all())


def network_of(address: str) -> str:
    """Return the network of counted failures: for IPv6 the client's /64."""
    with contextlib.suppress(ValueError):
        ip = IPv6Address(address)
        return str(ip.ipv4_mapped or IPv6Network((int(ip), 64), strict=False))
    return address


def _half(value: str) -> bytes:
    return digest(value)[:HALF]


async def add_session(session: AsyncSession, account: Operator) -> str:
    await session.execute(delete(LoginSession).where(~is_in_force()))
    secret = new_secret()
    session.add(LoginSession(sha256=digest(secret), operator_id=account.id, created_at=now()))
    return secret


async def find_session(db: Sessions, feed: Feed, secret: str) -> SignedInAccount | None:
    """Return the account of a session in force, on SQLite without one of the pool."""
    sha256 = digest(secret)
    rows: Sequence[Sequence[Any]] | None = feed.read_at_once(_AT_ONCE, sha256)
    if rows is None:
        async with db.read() as session:
            rows = (await session.execute(_accounts(), {"digest": sha256})).all()
    else:
        rows = [(*row[:-1], as_utc(row[-1])) for row in rows]
    for session_id, account_id, name, role, room_id, person_id, is_chosen, began_at in rows:
        if began_at > now() - SESSION_LIFETIME:
            person = person_id, bool(is_chosen)
            return SignedInAccount(session_id, account_id, name, role, room_id, person)
    return None


_AT_ONCE: Final = (
    "SELECT session.id, account.id, name, role, room_id, person_id, is_person_chosen,"
    ' session.created_at FROM "LoginSession" session'
    ' JOIN "Operator" account ON account.id = operator_id WHERE sha256 = ?'
)


@cache
def _accounts() -> Select[*tuple[Any, ...]]:
    # Making the statement takes twice the calls of executing it.
    login, account = table_of(LoginSession).c, table_of(Operator).c
    facts = account.name, account.role, account.room_id, account.person_id
    return select(login.id, account.id, *facts, account.is_person_chosen, login.created_at).where(
        account.id == login.operator_id, login.sha256 == bindparam("digest")
    )


def is_in_force() -> ColumnElement[bool]:
    return LoginSession.created_at > now() - SESSION_LIFETIME


async def list_sessions(session: AsyncSession, account_id: int) -> Sequence[LoginSession]:
    conditions = LoginSession.operator_id == account_id, is_in_force()
    query = select(LoginSession).where(*conditions).order_by(LoginSession.id.desc())
    return (await session.scalars(query)).all()


async def end_session(session: AsyncSession, session_id: int, *, account_id: int) -> None:
    conditions = LoginSession.id == session_id, LoginSession.operator_id == account_id
    await session.execute(delete(LoginSession).where(*conditions))

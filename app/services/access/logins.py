"""Signing in: sessions that can be ended at once, and throttling of failed attempts."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, LargeBinary, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.db.engine import Database
from app.errors import TooManyError, UnauthorizedError, UnavailableError
from app.models import LoginFailure, LoginSession, Operator
from app.services.access.operators import find_operator, get_operator, operator_key
from app.services.access.passwords import Passwords, digest, new_secret

SESSION_LIFETIME: Final = timedelta(days=90)
"""How long a session lasts."""
WINDOW: Final = timedelta(minutes=15)
"""Period in which failures are counted."""
MOST_FAILURES_OF_ACCOUNT: Final = 5
MOST_FAILURES_OF_ADDRESS: Final = 10
HALF: Final = 16
"""Bytes of a failure's subject that stand for the account; as many stand for its source."""

logger = logging.getLogger(__name__)


class SignedInOperator(msgspec.Struct, frozen=True):
    """The operator of a session in force."""

    session_id: int
    operator_id: int
    name: str


class LoginSource(NamedTuple):
    """From where somebody gives a password."""

    address: str
    device: str | None
    """The id of a browser on which this operator signed in before."""


async def sign_in(
    db: Database, passwords: Passwords, source: LoginSource, name: str, password: str
) -> str:
    """Return the secret of a new session.

    Raises UnauthorizedError, TooManyError, UnavailableError.
    """
    operator, attempt = await verified_operator(db, passwords, source, name, password)
    async with db.write() as session:
        if operator is None or not await is_confirmed(session, operator, attempt):
            raise UnauthorizedError("The name or the password is wrong")
        return await add_session(session, operator)


async def verified_operator(
    db: Database, passwords: Passwords, source: LoginSource, name: str, password: str
) -> tuple[Operator | None, int]:
    """Return the operator with this name and password, and the attempt.

    It counts as a failure until it is confirmed. Raises TooManyError, UnavailableError.
    """
    async with db.write() as session:
        attempt = await note_attempt(session, source, name)
        operator = await find_operator(session, name)
    try:
        matches = await passwords.verify(operator.password_hash if operator else None, password)
    except UnavailableError:
        # The password was not verified, so this is no failure.
        async with db.write() as session:
            await session.execute(delete(LoginFailure).where(LoginFailure.id == attempt))
        raise
    return operator if matches else None, attempt


async def is_confirmed(session: AsyncSession, operator: Operator, attempt: int) -> bool:
    """Return whether the operator's password is still the one that was verified.

    If so, there were no failures from where it was given.
    """
    unchanged = Operator.id == operator.id, Operator.password_hash == operator.password_hash
    if await session.scalar(select(Operator.id).where(*unchanged)) is None:
        return False
    subject = select(LoginFailure.subject).where(LoginFailure.id == attempt).scalar_subquery()
    await session.execute(delete(LoginFailure).where(LoginFailure.subject == subject))
    return True


async def note_attempt(session: AsyncSession, source: LoginSource, name: str) -> int:
    """Count an attempt to sign in as a failure in advance; return its id.

    Counting first also limits attempts that many workers verify at the same time. Raises
    TooManyError within 15 minutes after 5 failures of the account from one network, or 10 from
    that network. A browser that signed in before has a count of its own, so that nobody else can
    lock its operator out.
    """
    time = now()
    await session.execute(delete(LoginFailure).where(LoginFailure.failed_at <= time - WINDOW))
    address, device = source
    origin = _half(f"device:{device}" if device else f"address:{_network(address)}")
    subject = _half(f"account:{operator_key(name)}") + origin
    is_there = func.substr(LoginFailure.subject, HALF + 1, type_=LargeBinary) == origin
    limits = [(LoginFailure.subject == subject, MOST_FAILURES_OF_ACCOUNT)]
    limits += [] if device else [(is_there, MOST_FAILURES_OF_ADDRESS)]
    for condition, most in limits:
        query = select(func.count(), func.min(LoginFailure.failed_at)).where(condition)
        count, oldest = (await session.execute(query)).one()
        if count >= most:
            operator = await find_operator(session, name)
            account = repr(operator.name) if operator else "somebody unknown"
            logger.warning("sign-in as %s from %s is closed for 15 minutes", account, address)
            wait = int((oldest + WINDOW - time).total_seconds())
            raise TooManyError(
                "Too many failed attempts; try again in {minutes} minutes",
                minutes=-(-wait // 60),
                headers={"Retry-After": str(max(wait, 1))},
            )
    failure = LoginFailure(subject=subject, failed_at=time)
    session.add(failure)
    await session.flush()
    return failure.id


async def unlock(session: AsyncSession, name: str) -> str:
    """Delete all failures of an account; return its name. Raises NotFoundError."""
    operator = await get_operator(session, name)
    account = func.substr(LoginFailure.subject, 1, HALF, type_=LargeBinary)
    is_own = account == _half(f"account:{operator.name_key}")
    await session.execute(delete(LoginFailure).where(is_own))
    return operator.name


def _network(address: str) -> str:
    """Return the network of one client: an IPv4 address, or an IPv6 /64 (RFC 4291)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip_network((ip, 32 if ip.version == 4 else 64), strict=False))


def _half(value: str) -> bytes:
    return digest(value)[:HALF]


async def add_session(session: AsyncSession, operator: Operator) -> str:
    """Add a session of the operator and return its secret; expired sessions are deleted."""
    await session.execute(delete(LoginSession).where(~is_in_force()))
    secret = new_secret()
    session.add(LoginSession(sha256=digest(secret), operator_id=operator.id, created_at=now()))
    await session.flush()
    return secret


async def find_session(session: AsyncSession, secret: str) -> SignedInOperator | None:
    """Return the operator of the session; None if it has ended."""
    query = (
        select(LoginSession.id, LoginSession.operator_id, Operator.name)
        .join(Operator, Operator.id == LoginSession.operator_id)
        .where(LoginSession.sha256 == digest(secret), is_in_force())
    )
    row = (await session.execute(query)).first()
    return SignedInOperator(*row) if row else None


def is_in_force() -> ColumnElement[bool]:
    """Return the condition that a session of an operator has not expired."""
    return LoginSession.created_at > now() - SESSION_LIFETIME


async def list_sessions(session: AsyncSession, operator_id: int) -> Sequence[LoginSession]:
    """Return the operator's sessions, the newest first."""
    own = LoginSession.operator_id == operator_id, is_in_force()
    query = select(LoginSession).where(*own).order_by(LoginSession.id.desc())
    return (await session.scalars(query)).all()


async def end_session(session: AsyncSession, session_id: int, *, operator_id: int) -> None:
    """End a session of the operator at once; others stay."""
    own = LoginSession.id == session_id, LoginSession.operator_id == operator_id
    await session.execute(delete(LoginSession).where(*own))


async def end_other_sessions(session: AsyncSession, *, operator_id: int, but: int | None) -> None:
    """End all sessions of the operator but one."""
    query = delete(LoginSession).where(LoginSession.operator_id == operator_id)
    await session.execute(query if but is None else query.where(LoginSession.id != but))

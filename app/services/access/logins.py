"""Signing in: sessions that can be ended everywhere at once, and throttling of failures."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import allocate_ids
from app.errors import NotFoundError, TooManyError
from app.models import LoginFailure, LoginSession, Operator
from app.services.access.operators import operator_key
from app.services.access.secrets import digest, new_secret
from app.services.clock import now

SESSION_LIFETIME: Final = timedelta(days=30)
"""Without being used; each use renews it."""
SEEN_RESOLUTION: Final = timedelta(hours=1)
WINDOW: Final = timedelta(minutes=15)
MOST_FAILURES_OF_ACCOUNT: Final = 5
MOST_FAILURES_OF_ADDRESS: Final = 10


class SignedIn(msgspec.Struct, frozen=True):
    """Whose session it is."""

    session_id: int
    operator_id: int
    name: str
    seen_at: datetime


class SessionFacts(msgspec.Struct, frozen=True):
    """A session without its secret."""

    id: int
    created_at: datetime
    seen_at: datetime


async def note_attempt(session: AsyncSession, *, name: str, address: str) -> list[int]:
    """Count an attempt to sign in before it is known whether it succeeds; return its records.

    Counting first bounds what many workers let through at once. Raises TooManyError after 5
    failures of the account or 10 of the address within 15 minutes.
    """
    await session.execute(delete(LoginFailure).where(LoginFailure.failed_at <= now() - WINDOW))
    limits = (
        (_subject("account", operator_key(name)), MOST_FAILURES_OF_ACCOUNT),
        (_subject("address", _network(address)), MOST_FAILURES_OF_ADDRESS),
    )
    for subject, most in limits:
        query = select(func.count(), func.min(LoginFailure.failed_at)).where(
            LoginFailure.subject == subject
        )
        count, oldest = (await session.execute(query)).one()
        if count >= most:
            wait = int((oldest + WINDOW - now()).total_seconds())
            raise TooManyError(
                "Too many failed attempts; try again in {minutes} minutes",
                minutes=-(-wait // 60),
                headers={"Retry-After": str(max(wait, 1))},
            )
    failures = [LoginFailure(subject=subject, failed_at=now()) for subject, _ in limits]
    session.add_all(failures)
    await session.flush()
    return [failure.id for failure in failures]


async def clear_attempt(session: AsyncSession, failure_ids: Sequence[int]) -> None:
    """Forget an attempt that was no failure."""
    await session.execute(delete(LoginFailure).where(LoginFailure.id.in_(failure_ids)))


async def clear_failures(session: AsyncSession, name: str) -> None:
    """Forget the failures of an account, once somebody has signed in to it."""
    account = _subject("account", operator_key(name))
    await session.execute(delete(LoginFailure).where(LoginFailure.subject == account))


def _network(address: str) -> str:
    """Return what one client may choose its addresses from: in IPv6 at least a /64 (RFC 4291)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))


def _subject(kind: str, value: str) -> bytes:
    return digest(f"{kind}:{value}")


async def add_session(session: AsyncSession, operator: Operator) -> str:
    """Return the secret of a new session of that operator; sessions too old to be used go."""
    await session.execute(delete(LoginSession).where(~_is_in_force()))
    secret = new_secret()
    (session_id,) = await allocate_ids(session, LoginSession, 1)
    session.add(
        LoginSession(
            id=session_id,
            sha256=digest(secret),
            operator_id=operator.id,
            created_at=now(),
            seen_at=now(),
        )
    )
    await session.flush()
    return secret


async def find_session(session: AsyncSession, secret: str) -> SignedIn | None:
    """Return whose session it is, unless it has ended."""
    query = (
        select(LoginSession.id, LoginSession.operator_id, Operator.name, LoginSession.seen_at)
        .join(Operator, Operator.id == LoginSession.operator_id)
        .where(
            LoginSession.sha256 == digest(secret),
            _is_in_force(),
        )
    )
    row = (await session.execute(query)).first()
    return SignedIn(*row) if row else None


def _is_in_force() -> ColumnElement[bool]:
    return LoginSession.seen_at > now() - SESSION_LIFETIME


async def sessions_in_force(session: AsyncSession, session_ids: Collection[int]) -> set[int]:
    """Return those of the sessions that have not ended."""
    query = select(LoginSession.id).where(LoginSession.id.in_(session_ids), _is_in_force())
    return set(await session.scalars(query))


def is_stale(signed_in: SignedIn) -> bool:
    """Return whether the session's last use should be noted again."""
    return signed_in.seen_at < now() - SEEN_RESOLUTION


async def renew_session(session: AsyncSession, session_id: int) -> None:
    await session.execute(
        update(LoginSession).where(LoginSession.id == session_id).values(seen_at=now())
    )


async def list_sessions(session: AsyncSession, operator_id: int) -> list[SessionFacts]:
    """Return the operator's sessions, the one used last first."""
    query = (
        select(LoginSession.id, LoginSession.created_at, LoginSession.seen_at)
        .where(LoginSession.operator_id == operator_id, _is_in_force())
        .order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
    )
    return [SessionFacts(*row) for row in await session.execute(query)]


async def end_session(session: AsyncSession, session_id: int, *, operator_id: int) -> None:
    """End a session at once. Raises NotFoundError if it is not one of this operator's."""
    ended = await session.execute(
        delete(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.operator_id == operator_id)
        .returning(LoginSession.id)
    )
    if ended.first() is None:
        raise NotFoundError("There is no session {session_id}", session_id=session_id)


async def end_other_sessions(session: AsyncSession, *, operator_id: int, but: int | None) -> None:
    """End all sessions of the operator but one."""
    query = delete(LoginSession).where(LoginSession.operator_id == operator_id)
    if but is not None:
        query = query.where(LoginSession.id != but)
    await session.execute(query)

"""What is kept only as a hash: operators' passwords, and random secrets of tokens and sessions."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import InvalidInputError, UnavailableError

R = TypeVar("R")

SHORTEST: Final = 8
LONGEST: Final = 1_000
AT_ONCE: Final = 2
"""Threads; each hash takes 64 MiB and 250 ms of one core."""
MOST_PENDING: Final = 20
"""Hashes pending in one process, running ones included."""

_hasher: Final = PasswordHasher()
NOBODYS_HASH: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$ZIIyA7ojD7YnMpDWOPXyiw$px6iheVSD0eTZM/4z7N6xeJLwIKGN7rxBdBFilSVRMQ"
)
"""Hash to verify against for an unknown account, which then takes as long as a known one."""


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as text for an address or a header."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return the stored hash of a secret; a random one needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


class Passwords:
    """Hashes passwords with argon2id (RFC 9106) in threads; a full queue is UnavailableError."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._pending = 0

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return the password's hash. Raises InvalidInputError, UnavailableError."""
        return await self._run(lambda: hash_password(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password belongs to the hash; None stands for an unknown account.

        Raises UnavailableError if too many are pending.
        """
        if len(password) > LONGEST:
            return False
        stored = password_hash or NOBODYS_HASH
        return await self._run(lambda: _matches(stored, password)) and password_hash is not None

    async def _run(self, work: Callable[[], R]) -> R:
        if self._pending >= MOST_PENDING:
            raise UnavailableError(
                "Too many people are signing in. Try again in a moment.",
                headers={"Retry-After": "5"},
            )
        self._pending += 1
        future = self._threads.submit(work)
        # The thread continues when its request is cancelled, and counts until it has finished.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done))
        return await asyncio.wrap_future(future)

    def _done(self) -> None:
        self._pending -= 1


def hash_password(password: str) -> str:
    """Return the password's hash, after 250 ms of work. Raises InvalidInputError."""
    check_password(password)
    return _hasher.hash(password)


def check_password(password: str) -> None:
    """Raise InvalidInputError unless the password has 8 to 1,000 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInputError("The password must have 8 to 1,000 characters", loc="password")


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False

"""The cookies of operators: a session's, and that of a browser which signed in before."""

import secrets
from typing import Final

from itsdangerous import BadSignature, Signer
from quart import Response, request

from app.lifespan import resources
from app.services.access.logins import SESSION_LIFETIME, SignedInOperator, find_session
from app.services.access.operators import operator_key
from app.services.access.secrets import digest

COOKIE: Final = "saywho_session"
SECURE_COOKIE: Final = "__Host-saywho_session"
"""Browsers take this name only with Secure, from this very host (RFC 6265bis, 4.1.3)."""


DEVICE: Final = "saywho_device"
DEVICE_LIFETIME_S: Final = 400 * 24 * 3600
"""The longest that browsers keep a cookie."""


def cookie_name() -> str:
    return SECURE_COOKIE if request.is_secure else COOKIE


def has_session_cookie() -> bool:
    """Return whether the browser sent a session, in force or not."""
    return cookie_name() in request.cookies


async def signed_in() -> SignedInOperator | None:
    """Return the operator who is signed in, or None."""
    cookie = request.cookies.get(cookie_name())
    if cookie is None:
        return None
    try:
        secret = _signer().unsign(cookie).decode()
    except (BadSignature, UnicodeDecodeError):
        return None
    async with resources().db.read() as session:
        return await find_session(session, secret)


def set_session(response: Response, secret: str) -> None:
    """Set the session's cookie."""
    value = _signer().sign(secret).decode()
    _set_cookie(response, cookie_name(), value, int(SESSION_LIFETIME.total_seconds()))


def set_device(response: Response, name: str) -> None:
    """Let the browser's further attempts to sign in count apart from everybody else's."""
    if known_device(name) is None:
        value = _signer("device").sign(f"{secrets.token_hex(8)}.{_account(name)}").decode()
        _set_cookie(response, _device_cookie(), value, DEVICE_LIFETIME_S)


def known_device(name: str) -> str | None:
    """Return the id of a browser on which this operator signed in before, else None."""
    try:
        value = _signer("device").unsign(request.cookies.get(_device_cookie(), "")).decode()
    except (BadSignature, UnicodeDecodeError):
        return None
    device, _, account = value.partition(".")
    return device if account == _account(name) else None


def _device_cookie() -> str:
    return cookie_name().replace(COOKIE, DEVICE)


def _account(name: str) -> str:
    return digest(operator_key(name)).hex()


def _set_cookie(response: Response, name: str, value: str, max_age: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def clear_session(response: Response) -> None:
    """Delete the session's cookie."""
    response.delete_cookie(
        cookie_name(), path="/", httponly=True, samesite="Lax", secure=request.is_secure
    )


def _signer(salt: str = "session") -> Signer:
    # The last key signs; all of them verify.
    return Signer(list(reversed(resources().secret_keys)), salt=salt)

"""The session cookie."""

import contextlib
from typing import Final

from itsdangerous import BadSignature, Signer
from quart import Response, g, request

from app.errors import StorageFullError, UnavailableError
from app.lifespan import resources
from app.services.access.logins import (
    SESSION_LIFETIME,
    SignedInOperator,
    find_session,
    renew_session,
)

COOKIE: Final = "saywho_session"
SECURE_COOKIE: Final = "__Host-saywho_session"
"""Browsers take this name only with Secure, from this very host (RFC 6265bis, 4.1.3)."""


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
        found = await find_session(session, secret)
    if found is not None and found.is_stale:
        # Reads still work where nothing can be written.
        with contextlib.suppress(UnavailableError, StorageFullError):
            async with resources().db.write() as session:
                await renew_session(session, found.session_id)
            g.renewed_session = secret
    return found


async def renew_cookie(response: Response) -> Response:
    """Renew the cookie of a session that was renewed."""
    if (secret := g.get("renewed_session")) is not None and "Set-Cookie" not in response.headers:
        set_session(response, secret)
    return response


def set_session(response: Response, secret: str) -> None:
    """Set the session's cookie."""
    response.set_cookie(
        cookie_name(),
        _signer().sign(secret).decode(),
        max_age=int(SESSION_LIFETIME.total_seconds()),
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


def _signer() -> Signer:
    # The last key signs; all of them verify.
    return Signer(list(reversed(resources().secret_keys)), salt="session")

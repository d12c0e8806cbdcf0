"""The cookies of operators: a session's, and that of a browser which signed in before."""

import secrets
from typing import Final, Literal

from itsdangerous import BadSignature, Signer
from quart import Response, request

from app.lifespan import resources
from app.services.access.logins import SESSION_LIFETIME, SignedInOperator, find_session
from app.services.access.operators import operator_key
from app.services.access.secrets import digest

Kind = Literal["session", "device"]
DEVICE_LIFETIME_S: Final = 400 * 24 * 3600
"""The longest that browsers keep a cookie."""


def cookie_name(kind: Kind, *, is_secure: bool) -> str:
    """Return the name of a cookie.

    Browsers take `__Host-` only with Secure, from this very host (RFC 6265bis, 4.1.3).
    """
    return f"{'__Host-' if is_secure else ''}saywho_{kind}"


def has_session_cookie() -> bool:
    """Return whether the browser sent a session, in force or not."""
    return cookie_name("session", is_secure=request.is_secure) in request.cookies


async def signed_in() -> SignedInOperator | None:
    """Return the operator who is signed in, or None."""
    secret = _get("session")
    if secret is None:
        return None
    async with resources().db.read() as session:
        return await find_session(session, secret)


def set_session(response: Response, secret: str) -> None:
    _set(response, "session", secret, int(SESSION_LIFETIME.total_seconds()))


def clear_session(response: Response) -> None:
    _set(response, "session", "", 0)


def set_device(response: Response, name: str) -> None:
    """Let the browser's further attempts to sign in count apart from everybody else's."""
    if known_device(name) is None:
        _set(response, "device", f"{secrets.token_hex(8)}.{_account(name)}", DEVICE_LIFETIME_S)


def known_device(name: str) -> str | None:
    """Return the id of a browser on which this operator signed in before, else None."""
    device, _, account = (_get("device") or "").partition(".")
    return device if account == _account(name) else None


def _account(name: str) -> str:
    return digest(operator_key(name)).hex()


def _get(kind: Kind) -> str | None:
    """Return the value of a cookie that was signed here; None for any other."""
    cookie = request.cookies.get(cookie_name(kind, is_secure=request.is_secure), "")
    try:
        return _signer(kind).unsign(cookie).decode()
    except (BadSignature, UnicodeDecodeError):
        return None


def _set(response: Response, kind: Kind, value: str, max_age_s: int) -> None:
    response.set_cookie(
        cookie_name(kind, is_secure=request.is_secure),
        _signer(kind).sign(value).decode(),
        max_age=max_age_s,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def _signer(kind: Kind) -> Signer:
    # The last key signs; all of them verify.
    return Signer(list(reversed(resources().secret_keys)), salt=kind)

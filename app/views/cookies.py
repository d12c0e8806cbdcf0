"""The cookies: of a session, and of a browser that signed in before; parts have their own."""

import secrets
from datetime import timedelta
from typing import Final, Literal

from itsdangerous import BadSignature, Signer
from quart import Response, request

from app.lifespan import resources
from app.services.access.logins import SESSION_LIFETIME, LoginClient, SignedInAccount, find_session
from app.services.access.operators import account_key

Cookie = Literal["session", "device"]

DEVICE_LIFETIME: Final = timedelta(days=400)
"""The longest that browsers keep a cookie."""


def cookie_name(kind: str) -> str:
    """Return the name of a cookie.

    Browsers take `__Host-` only with Secure, from this very host (RFC 6265bis, 4.1.3).
    """
    return f"{'__Host-' if request.is_secure else ''}saywho_{kind}"


async def signed_in() -> SignedInAccount | None:
    """Return the account that is signed in, or None."""
    secret = _get("session")
    if secret is None:
        return None
    async with resources().db.read() as session:
        return await find_session(session, secret)


def set_session(response: Response, secret: str, name: str) -> None:
    """Sign the browser in; its further attempts at this account count by themselves."""
    _set(response, "session", secret, SESSION_LIFETIME)
    device = client_of(name).device or secrets.token_hex(8)
    _set(response, "device", device, DEVICE_LIFETIME, of=name)


def clear_session(response: Response) -> None:
    _set(response, "session", "", timedelta())


def client_of(name: str) -> LoginClient:
    """Return from where this account's password is given."""
    return LoginClient(request.remote_addr or "", _get("device", of=name))


def _get(kind: Cookie, *, of: str = "") -> str | None:
    """Return the value of a cookie that was signed here, for this account; None for any other."""
    if not (value := request.cookies.get(cookie_name(kind))):
        return None
    try:
        return _signer(kind, of).unsign(value).decode()
    except (BadSignature, UnicodeDecodeError):
        return None


def _set(
    response: Response, kind: Cookie, value: str, lifetime: timedelta, *, of: str = ""
) -> None:
    set_secret(response, cookie_name(kind), _signer(kind, of).sign(value).decode(), lifetime)


def set_secret(response: Response, name: str, value: str, lifetime: timedelta) -> None:
    """Set a cookie that neither scripts nor requests of other sites can use."""
    response.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def _signer(kind: Cookie, account: str) -> Signer:
    # The last key signs; all of them verify.
    return Signer(list(reversed(resources().secret_keys)), salt=kind + account_key(account))

"""Values that go through a visitor's hands and come back, without the visitor reading them."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

_NONCE: Final = 16
_TAG: Final = 16


def seal(value: bytes, keys: Sequence[str]) -> str:
    """Return the value as text for a form that tells nothing of it but its length."""
    nonce = secrets.token_bytes(_NONCE)
    hidden = _with_pad(value, nonce, keys[0])
    return base64.urlsafe_b64encode(nonce + _tag(nonce + hidden, keys[0]) + hidden).decode()


def unseal(sealed: str, keys: Sequence[str]) -> bytes:
    """Return the value that was sealed with one of the keys. Raises ValueError for any other."""
    try:
        data = base64.b64decode(sealed, b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not sealed here") from None
    nonce, tag, hidden = data[:_NONCE], data[_NONCE : _NONCE + _TAG], data[_NONCE + _TAG :]
    for key in keys:
        if hmac.compare_digest(tag, _tag(nonce + hidden, key)):
            return _with_pad(hidden, nonce, key)
    raise ValueError("not sealed here")


def _with_pad(value: bytes, nonce: bytes, key: str) -> bytes:
    """Return the value under a pad that nobody can make without the key, or taken out of it."""
    pad = hashlib.shake_256(_derived(key, b"pad") + nonce).digest(len(value))
    return bytes(a ^ b for a, b in zip(value, pad, strict=True))


def _tag(data: bytes, key: str) -> bytes:
    return hmac.digest(_derived(key, b"tag"), data, "sha256")[:_TAG]


def _derived(key: str, purpose: bytes) -> bytes:
    return hmac.digest(key.encode(), b"seal " + purpose, "sha256")

"""Random secrets, kept only as hashes, and values sealed for a form."""

import base64
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as text for an address or a header."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return the stored hash of a secret; a random one needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


_HALF: Final = 16
"""Bytes of a nonce, and of a tag."""


def seal(value: bytes, keys: Sequence[str]) -> str:
    """Return the value as text for a form that reveals only its length."""
    nonce = secrets.token_bytes(_HALF)
    hidden = _xor_pad(value, nonce, keys[0])
    return base64.urlsafe_b64encode(nonce + _tag(nonce + hidden, keys[0]) + hidden).decode()


def unseal(sealed: str, keys: Sequence[str]) -> bytes:
    """Return the value that was sealed with one of the keys. Raises ValueError."""
    with contextlib.suppress(ValueError):
        data = base64.b64decode(sealed, b"-_", validate=True)
        nonce, tag, hidden = data[:_HALF], data[_HALF : 2 * _HALF], data[2 * _HALF :]
        for key in keys:
            if hmac.compare_digest(tag, _tag(nonce + hidden, key)):
                return _xor_pad(hidden, nonce, key)
    raise ValueError("not sealed here")


def _xor_pad(value: bytes, nonce: bytes, key: str) -> bytes:
    """Return the value encrypted or decrypted with a one-time pad derived from the key."""
    seed = hmac.digest(key.encode(), b"seal pad" + nonce, "sha256")
    pad = hashlib.shake_256(seed).digest(len(value))
    return bytes(a ^ b for a, b in zip(value, pad, strict=True))


def _tag(data: bytes, key: str) -> bytes:
    return hmac.digest(key.encode(), b"seal tag" + data, "sha256")[:_HALF]

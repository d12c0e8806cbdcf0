"""Secrets that are given out once and kept only as their hashes."""

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as text for an address or a header."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return what is stored of a secret; a random one needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()

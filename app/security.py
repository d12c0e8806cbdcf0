"""Files that no other account may read, the keys that sign cookies, and values sealed by them."""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from app.config import Config
from app.errors import StartError

KEY_FILE: Final = "secret_key"
SHORTEST_KEY: Final = 16
EVERYBODY: Final = 0o007
OTHERS: Final = 0o077
_HALF: Final = 16
"""Bytes of a nonce, and of a tag."""


def make_private_folder(path: Path) -> None:
    """Make a folder for its owner alone; an existing folder keeps its rights."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Make an empty file for its owner alone; take the rights of everybody from an existing one.

    Rights of a group that the owner gave on purpose stay. An existing file is not opened: closing
    it would release the locks that this process has on it.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    with contextlib.suppress(FileNotFoundError, PermissionError):
        mode = path.stat().st_mode
        if stat.S_ISREG(mode) and mode & EVERYBODY:  # Not a folder named by mistake.
            path.chmod(mode & ~OTHERS & 0o7777)


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read, as `opener` of `open`."""
    return os.open(path, flags, 0o600)


def load_secret_keys(config: Config) -> list[str]:
    """Return the keys of the settings, else one of the data folder; the first one signs.

    Raises StartError if the file cannot be made or read, or holds no key.
    """
    if config.secret_key:
        return config.secret_key.split(",")
    path = config.data_dir / KEY_FILE
    try:
        if not path.exists():
            make_private_folder(path.parent)
            _make_key(path)
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"the secret key {path} cannot be made or read: {error}") from error
    if len(key) < SHORTEST_KEY:
        # An empty file must not make all signatures guessable.
        raise StartError(f"the secret key {path} is too short; remove it and a new one is made")
    return [key]


def _make_key(path: Path) -> None:
    """Make the whole file at once, so that several workers agree on the first one."""
    draft = path.with_name(f".{KEY_FILE}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_urlsafe(48).encode())
        os.fsync(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.close(descriptor)
        draft.unlink()


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

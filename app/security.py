"""Private files and folders, secrets, and keys that sign cookies."""

import contextlib
import hashlib
import html
import os
import secrets
from pathlib import Path
from typing import Final

from app.config import Config
from app.errors import StartError

KEY_FILE: Final = "secret_key"
LINK_PAGE: Final = "open-saywho.html"
"""Page in the data folder that leads a browser to the link for the first account."""


def make_private_folder(path: Path) -> None:
    """Create a folder that only its owner can read; an existing one keeps its rights."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read, as `opener` of `open`."""
    return os.open(path, flags, 0o600)


def load_secret_keys(config: Config) -> list[str]:
    """Return the keys of the settings, or of the data folder; the first one signs.

    Raises StartError if the file cannot be created or read, or has no key.
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
        raise StartError(f"the secret key {path} cannot be created or read: {error}") from error
    if len(key) < 16:
        # An empty file must not make all signatures guessable.
        raise StartError(f"the secret key {path} is too short; delete it to create a new one")
    return [key]


def _make_key(path: Path) -> None:
    """Create the whole file at once, so that several workers agree on the first."""
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


def write_link_page(data_dir: Path, link: str) -> Path:
    """Write the private page that leads to the link, and return its path. Raises OSError."""
    path = data_dir / LINK_PAGE
    address = html.escape(link)
    page = (
        '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0; url={address}"><title>saywho</title>'
        f'<a href="{address}">saywho</a>\n'
    )
    remove_link_page(data_dir)
    with open(path, "x", encoding="utf-8", opener=open_private) as file:
        file.write(page)
    return path


def remove_link_page(data_dir: Path) -> None:
    """Remove the page, if there is one and the folder can be written."""
    with contextlib.suppress(OSError):
        os.unlink(data_dir / LINK_PAGE)


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as text for an address or a header."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return the stored hash of a secret; a random one needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()

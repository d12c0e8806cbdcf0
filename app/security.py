"""Private files and folders, secrets, and keys that sign cookies."""

import contextlib
import hashlib
import html
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final

from app.config import Config
from app.errors import StartError

KEY_FILE: Final = "secret_key"
LINK_PAGE: Final = "open-saywho.html"
"""Page in the data folder that leads a browser to the link for the first account."""


def make_private_folder(path: Path) -> None:
    """Create a folder that only its owner can read, and sync its name; an existing one keeps its
    rights.
    """
    make_folder(path, mode=0o700)


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Create a folder and its parents, if they are absent, and sync their names."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read, as `opener` of `open`."""
    return os.open(path, flags, 0o600)


@contextlib.contextmanager
def durable_file(path: Path, *, replaces: bool = True) -> Iterator[BinaryIO]:
    """Open a private file that gets its name when it is complete, and then survives a power cut.

    replaces: whether it may take the place of another file. Raises FileExistsError if it may not,
    and OSError; no part of the file is left then.
    """
    draft = path.with_name(f".saywho-{secrets.token_hex(8)}.part")
    try:
        with open(draft, "xb", opener=open_private) as file:
            yield file
            sync_file(file)
        (os.replace if replaces else os.link)(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_durably(path: Path, content: bytes, *, replaces: bool = True) -> None:
    """Write a file whose loss in a power cut somebody would notice: see `durable_file`."""
    with durable_file(path, replaces=replaces) as file:
        file.write(content)


def sync_file(file: IO[bytes]) -> None:
    """Let what was written to a file survive a power cut. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Let the names in a folder survive a power cut. Raises OSError."""
    try:
        folder = os.open(path, os.O_RDONLY)
    except PermissionError:  # Names may be written in some folders that may not be read.
        return
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
            # The whole file appears at once, so that several workers agree on the first.
            with contextlib.suppress(FileExistsError):
                write_durably(path, secrets.token_urlsafe(48).encode(), replaces=False)
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"the secret key {path} cannot be created or read: {error}") from error
    if len(key) < 16:
        # An empty file must not make all signatures guessable.
        raise StartError(f"the secret key {path} is too short; delete it to create a new one")
    return [key]


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

"""The keys that sign session cookies: of the settings, else made once into the data folder."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from app.config import Config
from app.db.private_files import make_private_folder
from app.errors import StartError

FILE: Final = "secret_key"
SHORTEST: Final = 16


def load_secret_keys(config: Config) -> list[str]:
    """Return the keys, the one that signs first.

    Raises StartError if the file cannot be made or read, or holds no key.
    """
    if config.secret_key:
        return config.secret_key.split(",")
    path = config.data_dir / FILE
    try:
        if not path.exists():
            make_private_folder(path.parent)
            _make(path)
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"the secret key {path} cannot be made or read: {error}") from error
    if len(key) < SHORTEST:
        # Whoever empties the file must not make all signatures guessable.
        raise StartError(f"the secret key {path} is too short; remove it and a new one is made")
    return [key]


def _make(path: Path) -> None:
    """Make the file whole at once, so that several workers agree on the first one."""
    draft = path.with_name(f".{FILE}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_urlsafe(48).encode())
        os.fsync(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.close(descriptor)
        draft.unlink()

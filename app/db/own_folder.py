"""The maker of a data folder, if no setting names it.

Then the folder is `instance` in the current folder, where an unpacked archive may have brought one:
a stranger would know its operator's password and its secret key. So a folder that saywho makes gets
a mark, which is also kept in the home of its user.
"""

import contextlib
import os
import secrets
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import msgspec

from app.config import DATA_DIR, PROGRAM_FOLDER, Config, ConfigError, shown_path
from app.db.lock import file_lock
from app.db.sqlite.connection import database_path, open_connection, open_read_only
from app.errors import AppError, StartError
from app.security import KEY_FILE, make_private_folder, sync_folder, write_durably

MARK: Final = ".mark"
"""File in a data folder with its random mark."""
NAMES: Final = 'SELECT substr(name, 1, 100) FROM "Operator" ORDER BY id LIMIT ?'
NEWEST: Final = """
    SELECT "Tweet".created_at, username, substr(text, 1, ?)
    FROM "Tweet" JOIN "Users" ON "Users".id = user_id ORDER BY "Tweet".id DESC LIMIT 1
"""
MOST_STEPS: Final = 10_000_000
"""Instructions of SQLite that a query may take, as its table may be an endless view."""
Marks = dict[str, str]
"""The marks of a user's folders by their paths."""


def prepare_folder(
    config: Config, *, is_unnamed: bool, ask: Callable[[list[str]], bool] | None
) -> Iterator[str]:
    """Make sure that the data folder may be used and has its database; yield lines about both.

    is_unnamed: whether no setting names the folder; ask: see `claim_folder`. Raises ConfigError and
    StartError.
    """
    if is_unnamed:
        claim_folder(config, ask=ask)
        yield f"the data folder is {shown_path(config.data_dir.absolute())}"
    if strayed := move_stray_database(config):
        yield f"moved the database from {shown_path(strayed)} to {shown_path(config.own_database)}"


def claim_folder(config: Config, *, ask: Callable[[list[str]], bool] | None) -> None:
    """Make sure that the user has made the data folder, or knows it.

    ask: shows lines about an unknown folder, and returns whether to use it; None without a
    terminal. Raises ConfigError if the folder is not to be used.
    """
    folder = Path(os.path.realpath(config.data_dir))
    # Whoever runs a checkout trusts its maker.
    if folder == Path(os.path.realpath(PROGRAM_FOLDER / "instance")):
        return
    try:
        make_private_folder(_home_of_marks())
        # Several workers may start at the same time.
        with file_lock(_home_of_marks() / "folders.lock"):
            marks = _read_marks()
            if _is_marked(folder, marks):
                return
            if _is_occupied(folder) and not (ask is not None and ask(_describe(config, folder))):
                raise ConfigError(
                    f"{shown_path(folder)} may be someone else's data folder; set {DATA_DIR} to"
                    " your own folder, or to use this one:"
                    f" {DATA_DIR}={shlex.quote(shown_path(folder))}"
                )
            _mark(folder, marks)
    except (OSError, RuntimeError, AppError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"{shown_path(folder)} cannot be remembered as your data folder: {reason}; set"
            f" {DATA_DIR}={shlex.quote(shown_path(folder))}"
        ) from error


def move_stray_database(config: Config) -> Path | None:
    """Move a database that version 1.1 kept elsewhere into the data folder; return where it was.

    Version 1.1 decoded signs such as `%20` in the folder's path, and cut the path at `?`. Raises
    StartError if the database may be another folder's, or cannot be moved.
    """
    home = config.own_database
    strayed = Path(unquote(str(home).partition("?")[0]))
    is_default = database_path(config.database_url) == home
    if strayed == home or not is_default or not config.data_dir.is_dir() or not strayed.is_file():
        return None
    # Several workers may start at the same time.
    with file_lock(config.data_dir):
        return None if home.exists() or not strayed.is_file() else _brought(config, strayed, home)


def _brought(config: Config, strayed: Path, home: Path) -> Path:
    places = f"of {shown_path(home.parent)} may be {shown_path(strayed)}, by a fault of saywho 1.1"
    beside = [path for path in strayed.parent.iterdir() if not path.name.startswith(strayed.name)]
    if beside or not any((config.data_dir / name).exists() for name in (KEY_FILE, "media")):
        raise StartError(
            f"the database {places}; move it to {shown_path(home)}, or if it belongs to another"
            " folder, make an empty file of this name"
        )
    try:
        with contextlib.closing(open_connection(strayed, timeout_s=1)) as connection:
            # Its log is written into it. This fails while another process uses the database.
            connection.execute("PRAGMA journal_mode = DELETE").close()
        strayed.replace(home)
        sync_folder(home.parent)
        for path in strayed.parent.iterdir():
            if not path.stat().st_size:  # The file of a lock.
                path.unlink()
        with contextlib.suppress(OSError):
            strayed.parent.rmdir()
    except (OSError, sqlite3.Error) as error:
        raise StartError(f"the database {places}, and cannot be moved: {error}") from error
    return strayed


def _home_of_marks() -> Path:
    """Return the user's folder for the state of programs. Raises RuntimeError without a home."""
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state") / "saywho"


def _read_marks() -> Marks:
    try:
        return msgspec.json.decode((_home_of_marks() / "folders.json").read_bytes(), type=Marks)
    except (FileNotFoundError, msgspec.DecodeError):
        return {}


def _is_marked(folder: Path, marks: Marks) -> bool:
    known = marks.get(str(folder))
    try:
        return known is not None and (folder / MARK).read_text(errors="replace") == known
    except OSError:
        return False


def _is_occupied(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False


def _mark(folder: Path, marks: Marks) -> None:
    mark = secrets.token_hex(16)
    # First the user's own file: a folder that is still empty can be marked again.
    known = msgspec.json.encode(marks | {str(folder): mark})
    write_durably(_home_of_marks() / "folders.json", known)
    make_private_folder(folder)
    write_durably(folder / MARK, mark.encode())


def _describe(config: Config, folder: Path) -> list[str]:
    path = folder / f"{config.env}.db"
    accounts, newest = "unknown", "unknown"
    with contextlib.suppress(sqlite3.Error):
        if path.is_file():
            accounts, newest = _content(path)
    return [f"folder: {folder}", f"accounts: {accounts}", f"newest post: {newest}"]


def _content(path: Path) -> tuple[str, str]:
    with contextlib.closing(open_read_only(path)) as connection:
        connection.set_progress_handler(lambda: True, MOST_STEPS)
        names = [str(name) for (name,) in connection.execute(NAMES, (20,))]
        row = connection.execute(NEWEST, (200,)).fetchone()
    newest = f"{row[0] or 'without a time'}, {row[1]}: {row[2]}" if row else "none"
    return ", ".join(names) or "none", newest

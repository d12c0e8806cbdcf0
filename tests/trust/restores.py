"""Backups whose database a stranger has changed, and restores that are killed at each step."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tests.archives import tar
from tests.installation import Installation

DELETED: Final = (
    "INSERT INTO \"Token\" (name, scope, sha256, created_at) VALUES (OLD.name, 'admin',"
)
BACK: Final = f"{DELETED} OLD.sha256, OLD.created_at)"
NO_CASCADE: Final = """
    PRAGMA writable_schema = ON;
    UPDATE sqlite_master SET sql = replace(sql, 'ON DELETE CASCADE', 'ON DELETE SET NULL')
    WHERE name = '{}'
"""
REFUSED: Final = {
    "a trigger that keeps tokens": (
        f'CREATE TRIGGER spy AFTER DELETE ON "Token" BEGIN {BACK}; END',
        "trigger 'spy' on 'Token'",
    ),
    "a trigger that changes posts": (
        'CREATE TRIGGER eat AFTER INSERT ON "Tweet" BEGIN'
        " UPDATE \"Tweet\" SET text = 'never said' WHERE id = NEW.id; END",
        "trigger 'eat' on 'Tweet'",
    ),
    "a trigger on the revision": (
        "CREATE TRIGGER late AFTER UPDATE ON alembic_version BEGIN"
        ' UPDATE "Site" SET public = 1; END',
        "trigger 'late' on 'alembic_version'",
    ),
    "a trigger on a table of the word index": (
        'CREATE TRIGGER deep AFTER INSERT ON "TweetWords_data" BEGIN'
        ' UPDATE "Site" SET public = 1; END',
        "trigger 'deep' on 'TweetWords_data'",
    ),
    "our trigger with another text": (
        'DROP TRIGGER "TweetWords_insert"; CREATE TRIGGER "TweetWords_insert"'
        ' AFTER INSERT ON "Tweet" BEGIN UPDATE "Site" SET public = 1; END',
        "changed trigger 'TweetWords_insert'",
    ),
    "our trigger left out": ('DROP TRIGGER "TweetWords_delete"', "tweetwords_delete is missing"),
    "our view with another text": (
        'DROP VIEW "TweetTerms"; CREATE VIEW "TweetTerms" AS SELECT id, text AS terms FROM "Tweet"',
        "changed view 'TweetTerms'",
    ),
    "a view in place of a table": (
        'ALTER TABLE "Word" RENAME TO other; CREATE VIEW "Word" AS SELECT * FROM other',
        "foreign view 'Word'",
    ),
    "a virtual table in place of a table": (
        'DROP TABLE "LoginFailure"; CREATE VIRTUAL TABLE "LoginFailure" USING fts5(subject)',
        "foreign table 'LoginFailure'",
    ),
    "a table that keeps posts": (
        'CREATE TABLE keeper (id REFERENCES "Tweet" ON DELETE RESTRICT)',
        "foreign table 'keeper' that refers to 'Tweet'",
    ),
    "invitations that outlive their chat": (
        NO_CASCADE.format("Invitation"),
        "'Invitation.room_id'",
    ),
    "names that exclude each other": (
        'CREATE UNIQUE INDEX one ON "Token" (scope)',
        "index 'one' is not in a fresh database",
    ),
    "rows that replace others": (
        """
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master
        SET sql = replace(sql, 'UNIQUE (name_key)', 'UNIQUE (name_key) ON CONFLICT REPLACE')
        WHERE name = 'Operator'
        """,
        "table 'Operator' differs",
    ),
}
"""Changes of a database, each with words of the line that refuses it."""
ADDITIONS: Final = (
    'CREATE VIEW mine AS SELECT text FROM "Tweet"; CREATE TABLE notes (id, word);'
    "CREATE TRIGGER noted AFTER INSERT ON notes BEGIN DELETE FROM notes WHERE word = ''; END;"
    'CREATE INDEX slow ON "Tweet" (lang); ALTER TABLE "Room" ADD COLUMN colour TEXT'
)
ADDED: Final = (
    "view 'mine'",
    "table 'notes'",
    "trigger 'noted'",
    "index 'slow'",
    "column 'Room.colour'",
)


def change(database: Path, statements: str) -> None:
    """Change a database past the program."""
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(statements)


def changed_backup(original: Installation, folder: Path, statements: str) -> Path:
    """Return a backup of a copy of an installation's database, changed by a stranger."""
    copy = Path(shutil.copy(original.database, folder / "copy.db"))
    change(copy, statements)
    media = original.data_dir / "media"
    members = {f"media/{path.name}": path.read_bytes() for path in media.glob("*.*")}
    content = copy.read_bytes()
    members[f"database.db.{sha256(content).hexdigest()}"] = content
    return tar(folder / "changed.tar", members, is_packed=False)


STEPS: Final = ("rename", "unlink", "rmdir")
"""Calls of the system that take something out of its place."""
EVERY_STEP: Final = (*STEPS, "mkdir", "fsync")


def die_at(number: int, steps: tuple[str, ...]) -> None:
    """Kill this process by its step of that number, counted from 1, before it is done."""
    left = number

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return step

    for name in steps:
        setattr(os, name, counted(getattr(os, name)))


def killed_at(number: int, steps: tuple[str, ...], work: Callable[[], object]) -> bool:
    """Do the work in a process that is killed by its step of that number; return whether it was."""
    pid = os.fork()
    if pid == 0:
        try:
            die_at(number, steps)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)

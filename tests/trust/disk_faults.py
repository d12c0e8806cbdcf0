"""The n-th write, sync, change of a name, or opening of a file fails, with each error a disk has.

Each command and request then has its whole effect or none, says so in a line, leaves nothing
behind, and does the rest when it is repeated. `python -m tests.trust.disk_faults` lets each call of
each subject fail with each error, which takes hours; `… each 7` with one error, drawn by seed 7;
`… 12 7 import` lets 12 calls of an import fail.
"""

import asyncio
import errno
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from click.testing import Result

from app.config import Config
from app.db.migrate import prepare
from app.db.sqlite.connection import open_connection
from app.db.sqlite.fts5 import register
from app.services.imports.jobs import FOLDER
from saywho.clock import monotonic
from tests import children, quick_start
from tests.archives import picture, x_media, x_media_members, zip_bytes
from tests.conftest import Client, app_of, client_with
from tests.house import ROOT
from tests.installation import Installation
from tests.trust.disk import FAULTS, Failing, Fault, calls_library
from tests.trust.power import KEPT, website_of
from tests.uploading import jsonl
from tests.waiting import eventually

EVERY: Final = 1_000_000
EACH: Final = "each"
CALLS: Final = {
    False: {"write": 24, "sync": 1, "open": 3},
    True: {"write": 43, "sync": 8, "open": 30},
}
"""Calls for a post, and for an import of a line, with its request."""
SOON_S: Final = 0.2
FAILS_WITHIN_S: Final = 10.0
"""In which an import makes the call that fails, if it makes so many."""
MOST_S: Final = 20.0
"""Of a request after a fault has passed: less than the 30 s for which a writer waits."""
NO_MEDIA: Final = "no more media are stored"
PERSISTENT: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""Errors that may also last, until somebody makes room."""
PASSING: Final = re.compile(r"testing\.db$|-(wal|shm)$|\.(commits|turn|lock)$")
"""Files of a database that may be there or not, as it may be empty."""


PLACES: Final = frozenset(
    {
        *("posts.jsonl", "more.jsonl", "other.jsonl", "pictures.zip"),
        *("backup.tar", "export.jsonl", "website"),
    }
)
"""Words of commands that are files and folders of a run."""


class Subject(NamedTuple):
    """A command, and what it changes."""

    name: str
    words: tuple[str, ...]
    template: str
    """The folder with what is there before."""
    state: Callable[[Path], Any]
    """Returns what the command changes; the same whenever it has been done."""
    is_stepwise: bool = False
    """Whether a part of it may be done, which the next run goes on with."""


def posts_of(folder: Path) -> Any:
    """Return the texts, the media and the revision of the tables."""
    database = folder / "instance" / "testing.db"
    if not database.exists():
        return None
    with closing(sqlite3.connect(database)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            return None
        texts = [str(text) for (text,) in connection.execute('SELECT text FROM "Tweet"')]
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    media = folder / "instance" / "media"
    return sorted(texts), sorted(path.name for path in media.glob("*.*")), revision


def backup_of(folder: Path) -> Any:
    """Return the names in the backup without the digests of databases, which differ."""
    try:
        with tarfile.open(folder / "backup.tar") as tar:
            return sorted(name.partition(".db.")[0] for name in tar.getnames())
    except FileNotFoundError:
        return None


def export_of(folder: Path) -> Any:
    path = folder / "export.jsonl"
    return path.read_bytes() if path.exists() else None


SUBJECTS: Final = (
    Subject("first import", ("import", "posts.jsonl"), "empty", posts_of, is_stepwise=True),
    Subject("import", ("import", "more.jsonl", "pictures.zip"), "site", posts_of, is_stepwise=True),
    Subject("replacement", ("import", "other.jsonl", "--replace", "1"), "site", posts_of),
    Subject("undo", ("import", "--undo", "1"), "site", posts_of, is_stepwise=True),
    Subject("backup", ("backup", "backup.tar", "--with-secrets"), "site", backup_of),
    Subject("restore", ("restore", "backup.tar"), "backup", posts_of, is_stepwise=True),
    Subject("publish", ("publish", "website", "-u", "mina", "--yes"), "site", website_of, True),
    Subject("export", ("export", "-o", "export.jsonl"), "site", export_of),
    Subject("upgrade", ("db", "upgrade"), "old", posts_of),
)


class Faults:
    """Templates of folders, and runs in copies of them in which a call fails."""

    def __init__(self, folder: Path, failing: Failing) -> None:
        self._folder = folder
        self._failing = failing
        self.tried = self._copies = 0

    def make_templates(self) -> None:
        site = self._folder / "site"
        installation = self._installation(site)
        site.mkdir()
        for name, word in {"posts": "line", "other": "other", "more": "more"}.items():
            rows = ({"username": "mina", "text": f"{word} {n} of mina"} for n in range(40))
            (site / f"{name}.jsonl").write_bytes(jsonl(*rows))
        posts = {n: [x_media(f"https://p.example/{n}.png")] for n in range(10, 13)}
        files = {f"{n}-{n}.png": picture(n) for n in posts}
        (site / "pictures.zip").write_bytes(zip_bytes(x_media_members(posts, files)))
        shutil.copytree(site, self._folder / "empty")
        installation.done("import", site / "posts.jsonl")
        installation.done("operator", "add", "boss", "--password-stdin", stdin="a long password\n")
        self._installation(self._folder / "backup").data_dir.parent.mkdir()
        installation.done("backup", self._folder / "backup" / "backup.tar", "--with-secrets")
        old = self._installation(self._folder / "old")
        old.data_dir.mkdir(parents=True)
        with closing(open_connection(old.database)) as connection:
            register(connection)
            connection.executescript(KEPT.read_text())

    def try_some(self, subject: Subject, most: int | None, chance: Random) -> Iterator[str]:
        """Let so many calls of a command fail, or each once; yield what is wrong."""
        for fault in self._chosen(subject, most, chance):
            folder = self._copy(subject.template)
            with self._failing.at(fault):
                result = self._run(folder, subject)
            self.tried += self._failing.has_failed
            wrong = list(self._wrong_after(folder, subject, result))
            if not fault.lasts and not subject.is_stepwise:
                wrong += self._left_behind(folder, subject)
            again = self._run(folder, subject)
            if subject.state(folder) != self._done.state:
                wrong.append(f"not done by the second run: {again.exception!r} {again.output}")
            wrong += self._left_behind(folder, subject)
            installation = self._installation(folder)
            if installation.database.exists() and (checked := installation.run("check")).exit_code:
                wrong.append(checked.output)
            shutil.rmtree(folder)
            yield from (f"{subject.name}, {fault}: {each}" for each in wrong)

    def _wrong_after(self, folder: Path, subject: Subject, result: Result) -> Iterator[str]:
        """Yield what is wrong with the end of a command for which a call failed."""
        state = subject.state(folder)
        if result.exit_code == 0:
            is_known = NO_MEDIA in result.output  # A picture that cannot be stored stops no post.
            if state != self._done.state and not is_known:
                yield "status 0, and it is not done"
            return
        is_sentence = isinstance(result.exception, SystemExit) and result.stderr.strip()
        if result.exit_code not in {1, 2} or not is_sentence or "Traceback" in result.output:
            yield f"status {result.exit_code}, {result.exception!r}: {result.output}"
        before = subject.state(self._folder / subject.template)
        if state not in (before, self._done.state) and not subject.is_stepwise:
            yield "half done"

    def _left_behind(self, folder: Path, subject: Subject) -> Iterator[str]:
        known = files_in(self._folder / subject.template) | self._done.files
        yield from (f"left behind: {name}" for name in sorted(files_in(folder) - known))

    def _chosen(self, subject: Subject, most: int | None, chance: Random) -> list[Fault]:
        """Count the calls of a run without faults, which is what each run is compared with."""
        faults = []
        for kind in FAULTS:
            folder = self._copy(subject.template)
            self._failing.count(kind)
            result = self._run(folder, subject)
            assert result.exit_code == 0, result.output
            faults += [faults_at(kind, n) for n in range(1, self._failing.seen + 1)]
            self._done = Done(subject.state(folder), files_in(folder))
        return some_of(faults, most, chance)

    def _copy(self, template: str) -> Path:
        self._copies += 1  # This process knows no folder of such a name yet.
        return Path(shutil.copytree(self._folder / template, self._folder / f"run{self._copies}"))

    def _installation(self, folder: Path) -> Installation:
        return Installation(folder / "instance", {"SAYWHO_ACCESS_LOG": "0"})

    def _run(self, folder: Path, subject: Subject) -> Result:
        words = (folder / word if word in PLACES else word for word in subject.words)
        return self._installation(folder).run(*words)


class Done(NamedTuple):
    state: Any
    files: set[str]


def files_in(folder: Path) -> set[str]:
    names = (f"{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file())
    return {name for name in names if not PASSING.search(name)}


def faults_at(kind: str, number: int) -> list[Fault]:
    """Return the faults of a call."""
    _, errors = FAULTS[kind]
    passing = [Fault(kind, number, error, lasts=False) for error in errors]
    lasting = [Fault(kind, number, error, lasts=True) for error in errors if error in PERSISTENT]
    return [*passing, *lasting]


def some_of(faults: Sequence[Sequence[Any]], most: int | None, chance: Random) -> list[Any]:
    """Return so many faults of any calls, or one of each call."""
    if most is None:
        return [chance.choice(each) for each in faults]
    every = list(chain.from_iterable(faults))
    return chance.sample(every, min(most, len(every)))


async def try_requests(
    folder: Path, failing: Failing, most: int | None, chance: Random
) -> AsyncIterator[str]:
    """Let calls of a site fail that serves; yield what is wrong, and "" for each call that did."""
    installation = Installation(folder / "served" / "instance", {"SAYWHO_ACCESS_LOG": "0"})
    config = Config.from_env(installation.environment())
    await asyncio.to_thread(prepare, config, upgrade_old=False)
    async with app_of(config) as app:
        client = await client_with(app, "admin")
        await client.add_user("ann")
        every = [
            [(is_import, fault) for fault in faults_at(kind, n)]
            for is_import, calls in CALLS.items()
            for kind, last in calls.items()
            for n in range(1, last + 1)
        ]
        for number, (is_import, fault) in enumerate(some_of(every, most, chance)):
            text = f"number {number} of ann"
            # An import whose process failed is tried again after 5 s.
            with failing.at(fault):
                if is_import:
                    path, data = "/api/v1/imports?format=jsonl", jsonl(ann_says(text))
                    answer = await client.post(path, data=data)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(_until_failed(failing), FAILS_WITHIN_S)
                    await asyncio.sleep(SOON_S)
                else:
                    path = "/api/v1/users/ann/tweets"
                    answer = await client.post(path, json={"text": text})
            if failing.has_failed:
                yield ""
            is_done = answer.status_code in {201, 202}
            if not is_done and answer.status_code not in {503, 507}:
                yield f"{path}, {fault}: {answer.status_code} {await answer.get_data()}"
            if answer.status_code == 202:
                is_done = await _is_done(client, (await answer.get_json())["id"])
            stored = [post["text"] for post in await client.walk("/api/v1/users/ann/tweets", 200)]
            if stored.count(text) != is_done:
                yield f"{path}, {fault}: told {is_done}, and stored {stored.count(text)} times"
            began = monotonic()
            await client.add_tweet("ann", f"after {number}")
            if monotonic() - began > MOST_S:
                yield f"{path}, {fault}: the next post took {monotonic() - began:.1f} s"
        await eventually(partial(asyncio.to_thread, _uploads, config), until=lambda left: not left)


async def _until_failed(failing: Failing) -> None:
    while not failing.has_failed:  # noqa: ASYNC110 - another process may write it
        await asyncio.sleep(SOON_S / 10)


def ann_says(text: str) -> dict[str, Any]:
    return {"username": "ann", "text": text}


async def _is_done(client: Client, job: int) -> bool:
    """Wait until an import has ended; return whether it has stored its posts."""

    async def look() -> Any:
        return await client.json(f"/api/v1/imports/{job}")

    ended = await eventually(look, until=lambda seen: seen["state"] in {"done", "failed"})
    assert ended["state"] == "done" or ended["errors"], ended
    return bool(ended["state"] == "done")


def _uploads(config: Config) -> list[Path]:
    return list((config.data_dir / FOLDER).glob("*"))


async def _all_of_requests(*given: Any) -> list[str]:
    return [fault async for fault in try_requests(*given)]


def run_here(folder: Path, most: int | None, seed: int, name: str) -> int:
    """Try faults in this process, into which the library is loaded."""
    quick_start.install()
    children.install()
    failing = Failing(Path(os.environ["DISK_CONTROL"]))
    faults, wrong = Faults(folder, failing), 0
    faults.make_templates()
    for subject in SUBJECTS:
        if name in subject.name:
            for fault in faults.try_some(subject, most, Random(seed)):
                wrong += 1
                print(fault, flush=True)
            print(f"{subject.name}: {faults.tried} faults so far", flush=True)
    if name in "requests":
        for fault in asyncio.run(_all_of_requests(folder, failing, most, Random(seed))):
            if fault:
                wrong += 1
                print(fault, flush=True)
            else:
                faults.tried += 1
    print(f"{faults.tried} faults, {wrong} wrong")
    return 1 if wrong else 0


def run(most: str, seed: str = "0", name: str = "") -> int:
    """Try faults in a process of its own; return its status."""
    with tempfile.TemporaryDirectory(prefix="saywho-faults-") as made:
        folder = Path(made).resolve()
        control = folder / "control"
        Failing(control)
        (folder / "disk").mkdir()
        env = os.environ | {
            "LD_PRELOAD": f"{calls_library(folder)}",
            "DISK_ROOT": f"{folder / 'disk'}",
            "DISK_CONTROL": f"{control}",
        }
        command = (sys.executable, "-m", __spec__.name, "here", most, seed, name)
        return subprocess.run(command, env=env, cwd=ROOT, check=False).returncode


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["here"]:
        _, most, seed, name = arguments
        number = None if most == EACH else int(most)
        return run_here(Path(os.environ["DISK_ROOT"]), number, int(seed), name)
    return run(*(arguments or [f"{EVERY}"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

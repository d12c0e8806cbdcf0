"""Commands of one revision of saywho on folders of cases: files with what is to be stored of them.

A folder of cases has `expected.json`: a list of objects with `input` (a path in the folder),
`arguments` of `saywho import`, and others that tell what is right.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
_SERVER: Final = """
import json, os, sys
from runpy import run_path
import app.cli.importer
for line in sys.stdin:
    sent = json.loads(line)
    pid = os.fork()
    if not pid:
        code = 70
        try:
            out = os.open(sent["out"], os.O_CREAT | os.O_TRUNC | os.O_RDWR)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0), os.dup2(out, 1), os.dup2(out, 2)
            os.environ.update(sent["environment"])
            sys.argv = ["saywho", *sent["arguments"]]
            app.cli.main()
            code = 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
            if isinstance(error.code, str):
                print(error.code, file=sys.stderr)
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stdout.flush(), sys.stderr.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""Loads the program once, and forks for each command."""
ENVIRONMENT: Final = {
    "SAYWHO_LOCALE": "en",
    "SAYWHO_LOG": "text",
    "LANGUAGE": "en",
    "TZ": "UTC",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "COLUMNS": "4000",
}


class Case(NamedTuple):
    name: str
    paths: tuple[Path, ...]
    """The file, behind the files that are imported before it."""
    arguments: tuple[str, ...]
    expected: dict[str, Any]


def cases_in(folder: Path) -> list[Case]:
    """Return the cases that are imported from files; live sources are left out."""
    return [
        Case(
            each["input"],
            tuple(folder / name for name in (*each.get("before", ()), each["input"])),
            tuple(each["arguments"]),
            each,
        )
        for each in json.loads((folder / "expected.json").read_text())
        if each.get("way", "import") == "import"
    ]


class Result(NamedTuple):
    status: int
    output: str


class Program:
    """A revision of the program, whose commands run one at a time."""

    def __init__(self, tree: Path) -> None:
        environment = {n: v for n, v in os.environ.items() if not n.startswith("SAYWHO_")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            env=environment | ENVIRONMENT | {"PYTHONPATH": str(tree)},
            cwd=tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, data: Path, *arguments: str | Path) -> Result:
        out = data.parent / "out"
        sent = {
            "arguments": list(map(str, arguments)),
            "environment": {"SAYWHO_DATA_DIR": str(data)},
            "out": str(out),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(sent) + "\n")
        self._process.stdin.flush()
        return Result(int(self._process.stdout.readline()), out.read_text(errors="replace"))

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def programs(*trees: Path) -> Iterator[list[Program]]:
    running = [Program(tree) for tree in trees]
    try:
        yield running
    finally:
        for program in running:
            program.close()


@contextmanager
def tree_of(revision: str) -> Iterator[Path]:
    """Check a revision out while the block runs; yield its folder."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", tree, revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", tree], check=True)


class Sites:
    """Data folders, each a copy of an empty site of one revision."""

    def __init__(self, program: Program, folder: Path) -> None:
        self._template, self._folder, self._made = folder / "template" / "data", folder, 0
        self._template.parent.mkdir(parents=True)
        made = program.run(self._template, "users")
        assert made.status == 0, made.output

    def make(self) -> Path:
        self._made += 1
        data = self._folder / str(self._made) / "data"
        data.parent.mkdir()
        shutil.copytree(self._template, data)
        return data

    @staticmethod
    def remove(data: Path) -> None:
        shutil.rmtree(data.parent)

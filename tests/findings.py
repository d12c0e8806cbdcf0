"""`make findings`: runs the scripts about other people's packages, and prints what has changed.

Each script of findings/ installs what it needs into a folder of its own. One runs after the other.
"""

import difflib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parents[1] / "findings"
SECONDS: Final = 240
"""Time of a script, with its installation."""
PARTS: Final = ("Expected", "Seen", "Output", "Why", "Who is hurt")
"""Parts of a head, in order, below the line of packages and behaviour."""
_TITLE: Final = re.compile(r"# (?P<packages>[^:]*\d[^:]*): (?P<behaviour>\S.*\.)")
_PACKAGE: Final = re.compile(r"([@\w./-]+) (\d[\w.]*\w)")
_PART: Final = re.compile(rf"^# ({'|'.join(PARTS)}):", re.MULTILINE)
_LACKS_A_PROGRAM: Final = 127
"""Status of a shell that does not find a command."""


class Head(NamedTuple):
    """The comment at the beginning of a script."""

    packages: list[tuple[str, str]]
    """Names and versions."""
    behaviour: str
    parts: dict[str, str]

    @property
    def output(self) -> list[str]:
        """Lines that the script prints."""
        return [line.removeprefix("#   ") for line in self.parts["Output"].splitlines()]


def head_of(script: str) -> Head:
    """Return the head of a script. Raises ValueError if it has another form."""
    comment = re.match(r"#!/usr/bin/env bash\n((?:#.*\n)+)", script)
    title, _, rest = comment[1].partition("\n#\n") if comment else ("", "", "")
    found = _TITLE.fullmatch(title)
    _, *split = _PART.split(rest)
    if found is None or tuple(split[::2]) != PARTS:
        raise ValueError(f"the head is a line “package version: behaviour.”, and {PARTS}")
    packages = _PACKAGE.findall(found["packages"])
    parts = {name: text.strip("\n ") for name, text in zip(PARTS, split[1::2], strict=True)}
    return Head(packages, found["behaviour"], parts)


def changes_of(script: Path) -> list[str]:
    """Run a script, and return the lines that tell how it differs from its head, none if nothing.

    Raises RuntimeError if it did not come to its end.
    """
    process = subprocess.Popen(
        ["bash", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Its end is that of all its programs.
    )
    try:
        seen, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()
        raise RuntimeError(f"not at its end after {SECONDS} s") from error
    if process.returncode == _LACKS_A_PROGRAM or (process.returncode and not seen):
        raise RuntimeError((errors.strip() or "no output").splitlines()[-1])
    head = head_of(script.read_text(encoding="utf-8"))
    lines = [line.rstrip() for line in seen.splitlines() if line.strip()]
    changes = [
        line
        for line in difflib.ndiff(head.output, lines)
        if not line.startswith(("  ", "?"))  # Equal lines, and marks below changed ones.
    ]
    if process.returncode and not changes:
        return errors.strip().splitlines()[-1:]
    return changes


def main() -> int:
    scripts = [FOLDER / f"{name}.sh" for name in sys.argv[1:]] or sorted(FOLDER.glob("*.sh"))
    unknown = [script.stem for script in scripts if not script.exists()]
    if unknown:
        print("there is no script", *unknown, file=sys.stderr)
        return 2
    is_as_described = True
    for script in scripts:
        try:
            changes = changes_of(script)
            said = "has changed (- described, + seen)" if changes else "as described"
        except RuntimeError as error:
            changes, said = [], f"not run: {error}"
        print(f"{script.stem}: {said}", *changes, sep="\n  ", flush=True)
        is_as_described &= said == "as described"
    return 0 if is_as_described else 1


if __name__ == "__main__":
    raise SystemExit(main())

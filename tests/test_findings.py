"""The form of the scripts about other people's packages, none of which runs here."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests import findings

SCRIPTS: Final = sorted(findings.FOLDER.glob("*.sh"))
BEGINNING: Final = "\nset -euo pipefail\nfolder=$(mktemp -d)\ntrap 'rm -rf \"$folder\"' EXIT\n"
INSTALLED: Final = re.compile(r"\b(?:pip\"? install|npm install)\b(.*)")
PINNED: Final = re.compile(r"[\w.\[\]-]+==\d[\w.]*|(?:@[\w.-]+/)?[\w.-]+@\d[\w.]*")
HOST: Final = re.compile(r"\w+://(?:[\w.-]+@)?([\w.-]+)")
EXAMPLE: Final = re.compile(r"(?:.*\.)?(?:example|example\.(?:com|net|org))|localhost|127\.0\.0\.1")
ELSEWHERE: Final = re.compile(
    r"(?<![\w.:/])/(?:work|tmp|opt|root|home)\b|--(?:extra-)?index-url|--find-links|--registry"
)
MADE: Final = """\
#!/usr/bin/env bash
# tea 1.0: a cup has two handles.
#
# Expected: a cup has one.
# Seen: it has two.
# Output:
#   one
#   two
# Why: nobody knows.
# Who is hurt: people who drink tea.
"""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_finding_has_the_form(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    head = findings.head_of(text)
    assert head.packages
    for name, version in head.packages:
        assert re.search(rf"{re.escape(name)}(?:==|@){re.escape(version)}(?![\w.])", text), name
    assert all(head.parts.values())
    comment = text.partition("\nset ")[0]
    assert not [line for line in comment.splitlines() if len(line) > 120]
    letters = [letter for letter in comment if letter.isalpha()]
    assert sum(letter.isascii() for letter in letters) > 0.75 * len(letters), "the head is English"
    assert BEGINNING in text
    assert "saywho" not in text
    assert ELSEWHERE.search(text) is None
    assert [host for host in HOST.findall(text) if not EXAMPLE.fullmatch(host)] == []
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_finding_installs_pinned_packages(script: Path) -> None:
    commands = INSTALLED.findall(script.read_text(encoding="utf-8").replace("\\\n", " "))
    words = [
        word
        for command in commands
        for word in shlex.split(command.partition(")")[0].partition("2>")[0])
        if not word.startswith("-")
    ]
    assert words
    assert [word for word in words if not PINNED.fullmatch(word)] == []


def test_the_page_of_findings_lists_each() -> None:
    page = (findings.FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[([\w-]+)\]\(\1\.sh\) \|(.*)\|$", page, re.MULTILINE)
    assert [name for name, _ in rows] == [script.stem for script in SCRIPTS]
    for script, (_, row) in zip(SCRIPTS, rows, strict=True):
        cells = [cell.strip() for cell in row.split(" | ")]
        assert len(cells) == 4
        assert all(cells)
        head = findings.head_of(script.read_text(encoding="utf-8"))
        assert all(f"{name} {version}" in cells[2] for name, version in head.packages)


@pytest.mark.parametrize(
    ("program", "changes"),
    [
        ("printf 'one\\ntwo\\n'", []),
        ("printf 'one\\n\\nthree\\n'", ["- two", "+ three"]),
        ("printf 'one\\ntwo\\n'; echo 'two is not three' >&2; exit 1", ["two is not three"]),
    ],
)
def test_a_run_prints_the_lines_that_changed(
    program: str, changes: list[str], tmp_path: Path
) -> None:
    script = tmp_path / "tea.sh"
    script.write_text(f"{MADE}{program}\n")
    assert findings.changes_of(script) == changes


@pytest.mark.parametrize(
    ("program", "reason"),
    [("echo 'no such package' >&2; exit 1", "no such package"), ("no-such-program", "not found")],
)
def test_a_run_without_its_packages_is_no_change(program: str, reason: str, tmp_path: Path) -> None:
    script = tmp_path / "tea.sh"
    script.write_text(f"{MADE}{program}\n")
    with pytest.raises(RuntimeError, match=reason):
        findings.changes_of(script)

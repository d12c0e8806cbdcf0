"""A package with a format whose pattern never comes to an end, and files that it is asked about."""

import os
from pathlib import Path
from typing import Final

import pytest

AT_ONCE: Final = b"never ends\n"
LATER: Final = b"ends never\n"
"""Behind its first records, the reading of this file does not end."""
_MODULE: Final = """
import re
from saywho.errors import Message
from saywho.formats.records import Account, Format, Record, RecordStream
from saywho.formats.source.file import head

def end():
    re.fullmatch("(?:a|b|ab)*", "ab" * 100 + "c")

def items():
    for place in range(1, 2_501):
        yield Record(place=place, text=f"post {place}")
    end()

def read(source, options):
    begin = b"" if source.has_members else head(source, 5)
    if begin == b"never":
        end()
    if begin == b"ends ":
        return RecordStream("never", "line", Account("ann", None, "local"), items())

FORMAT = Format("never", Message("Never"), read)
"""


def plant(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes that start from now on find the format."""
    (folder / "never_ending_format.py").write_text(_MODULE)
    about = folder / "never_ending-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: never-ending\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[saywho.formats]\nnever = never_ending_format:FORMAT\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)

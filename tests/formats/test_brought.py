"""Formats of other packages: found, refused by name, and kept from harming others."""

import io
import logging
import sys
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from app.errors import BrokenFileError
from saywho.formats.records import NO_OPTIONS, Format
from saywho.formats.registry import FORMATS, bring_formats
from saywho.formats.source.file import Source

HEAD = """
from app.errors import Message
from saywho.formats.records import Format, Record, RecordStream
"""
MODULES = {
    "good": "FORMAT = Format('notes', Message('Notes'), lambda source, options: None)",
    "twice": "FORMAT = Format('notes', Message('Notes'), lambda source, options: None)",
    "namesake": "FORMAT = Format('csv', Message('CSV'), lambda source, options: None)",
    "auto": "FORMAT = Format('auto', Message('All'), lambda source, options: None)",
    "raising": "raise RuntimeError('no\\nluck')",
    "leaving": "raise SystemExit(7)",
    "lacking": "",
    "typeless": "FORMAT = {'name': 'notes'}",
    "shouting": "FORMAT = Format('NOTES/../x', Message('Notes'), lambda source, options: None)",
    "labelless": "FORMAT = Format('plain', 'Notes', lambda source, options: None)",
    "readless": "FORMAT = Format('readless', Message('Notes'), None)",
    "hanging": "import gate\ngate.opened.wait()\nFORMAT = None",
}
FAULTS = {
    "twice": "another format has this name",
    "namesake": "another format has this name",
    "auto": "another format has this name",
    "raising": "RuntimeError: no luck",
    "leaving": "SystemExit: 7",
    "lacking": "AttributeError: module 'brought_lacking' has no attribute 'FORMAT'",
    "typeless": "it is no Format, but of the type dict",
    "shouting": "its name is not of small letters, digits and hyphens",
    "labelless": "its label is no Message",
    "readless": "its read cannot be called",
    "hanging": "its import takes more than 0.2 s",
}


def install(folder: Path, **modules: str) -> None:
    """Lay packages into a folder, each with one module that brings a format."""
    for name, text in modules.items():
        (folder / f"brought_{name}.py").write_text(f"{HEAD}\n{text}\n")
        about = folder / f"from_{name}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: from-{name}\nVersion: 1\n")
        entry = f"[saywho.formats]\n{name} = brought_{name}:FORMAT\n"
        (about / "entry_points.txt").write_text(entry)


def test_a_broken_format_is_named_in_one_line_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Event()
    monkeypatch.setitem(sys.modules, "gate", SimpleNamespace(opened=opened))
    install(tmp_path, **MODULES)
    monkeypatch.syspath_prepend(tmp_path)
    brought = bring_formats(FORMATS, within_s=0.2)
    opened.set()
    assert [form.name for form in brought.formats] == ["notes"]
    named = {"good", "twice"} & {line.split()[2] for line in brought.faults}
    assert len(named) == 1  # Of two of one name the one that was found first is kept.
    assert {line for line in brought.faults if line.split()[2] not in named} == {
        f"the format {name} of from-{name} is left out: {fault}"
        for name, fault in FAULTS.items()
        if name != "twice"
    }


def brought_as(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, read: str) -> Format:
    folder = folder / name
    folder.mkdir()
    form = f"FORMAT = Format({name!r}, Message('Notes'), read)"
    install(folder, **{name: f"{read}\n{form}"})
    with monkeypatch.context() as patch:
        patch.syspath_prepend(folder)
        (form_here,) = bring_formats(FORMATS).formats
    return form_here


def test_a_format_that_fails_at_a_file_ends_the_reading_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = brought_as(monkeypatch, tmp_path, "failing", "def read(*_): return {}['key']")
    strange = brought_as(monkeypatch, tmp_path, "strange", "def read(*_): return [1]")
    stream = "return RecordStream('other', 'line', None, {})"
    late = brought_as(
        monkeypatch, tmp_path, "late", "def read(*_): " + stream.format("(1 // n for n in (0,))")
    )
    wrong = brought_as(
        monkeypatch, tmp_path, "wrong", "def read(*_): " + stream.format("iter(['text'])")
    )
    with Source(io.BytesIO(b"text\n"), name="a.txt") as source:
        with caplog.at_level(logging.WARNING):
            assert failing.read(source, NO_OPTIONS) is None
            assert strange.read(source, NO_OPTIONS) is None
        assert "the format failing fails: KeyError: 'key'" in caplog.text
        for form, reason in ((late, "ZeroDivisionError"), (wrong, "str is no record")):
            records = form.read(source, NO_OPTIONS)
            assert records is not None
            assert records.format == form.name
            with pytest.raises(BrokenFileError, match=f"a.txt: reading stopped.*{reason}"):
                list(records.items)

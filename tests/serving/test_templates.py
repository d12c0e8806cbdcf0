"""Templates are compiled once, not at each start."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

from app.serving.worker import load_templates

TEMPLATES = {"page": "Hello {{ name }}", "part": "{{ name | upper }}"}


class Counting(Environment):
    """Counts what it compiles."""

    compiled = 0

    def compile(self, *arguments: Any, **options: Any) -> Any:
        self.compiled += 1
        return super().compile(*arguments, **options)


def compiled(program: Path, templates: Mapping[str, str] = TEMPLATES) -> int:
    """Return how many templates a start compiles."""
    environment = Counting(loader=DictLoader(templates))
    load_templates(environment, program)
    before = environment.compiled
    assert environment.get_template("page").render(name="mina") == "Hello mina"
    assert environment.compiled == before
    return before


def kept_in(program: Path) -> list[Path]:
    return [path for path in program.rglob("*") if path.is_file() and path.suffix != ".py"]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of one module, whose compiled modules are kept."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "filters.py").write_text("")
    return tmp_path


def test_a_second_start_compiles_what_has_changed_alone(program: Path) -> None:
    assert [compiled(program) for _ in range(3)] == [2, 0, 0]
    assert compiled(program, TEMPLATES | {"part": "{{ name | lower }}", "new": "new"}) == 2
    assert [compiled(program) for _ in range(2)] == [1, 0]
    assert len(kept_in(program)) == 1


def test_a_changed_module_makes_all_new(program: Path) -> None:
    compiled(program)
    (program / "filters.py").write_text("upper = str.lower")
    assert [compiled(program) for _ in range(2)] == [2, 0]


@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_a_broken_file_is_written_anew(program: Path, size: int) -> None:
    compiled(program)
    (kept,) = kept_in(program)
    kept.write_bytes(kept.read_bytes()[:size])
    assert [compiled(program) for _ in range(2)] == [2, 0]


def test_nothing_is_kept_where_python_keeps_nothing(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert [compiled(program) for _ in range(2)] == [2, 2]
    assert not kept_in(program)


def test_a_start_does_without_where_nothing_can_be_written(program: Path) -> None:
    (program / "__pycache__").write_text("no folder")
    assert [compiled(program) for _ in range(2)] == [2, 2]

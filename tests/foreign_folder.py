"""A folder that someone else has filled, and that a command or a server is started in."""

import sys
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.installation import lines

RECORDED = """
with open({record!r}, "a") as file:
    file.write({name!r} + "\\n")
raise ImportError("a module of the current folder")
"""
FORMAT = "[saywho.formats]\nforeign = foreign_format:FORMAT\n"


@dataclass(frozen=True, slots=True)
class ForeignFolder:
    """A folder with modules that record their import, a `.env`, and posts."""

    path: Path

    @classmethod
    def filled(cls, path: Path) -> "ForeignFolder":
        """Fill the folder: a module of every name that may be imported, and a format's package."""
        folder = cls(path)
        names = {*sys.stdlib_module_names, *packages_distributions()} - {"app", "saywho"}
        for name in (*names, "sitecustomize", "foreign_format"):
            folder._add_module(path / f"{name}.py")
        for package in ("app", "saywho"):
            (path / package).mkdir()
            folder._add_module(path / package / "__init__.py")
        (path / "foreign-1.dist-info").mkdir()
        (path / "foreign-1.dist-info" / "METADATA").write_text("Name: foreign\nVersion: 1\n")
        (path / "foreign-1.dist-info" / "entry_points.txt").write_text(FORMAT)
        folder.settings.write_text(
            f"SAYWHO_DATABASE_URL=sqlite+aiosqlite:///{path / 'foreign.db'}\n"
            "SAYWHO_EMBEDDER=http:http://127.0.0.1:9\nSAYWHO_LOCALE=ko\n"
        )
        lines(path / "posts.jsonl", {"username": "ann", "text": "the lamp is lit"})
        return folder

    def _add_module(self, file: Path) -> None:
        record = str(self.path / "imported")
        file.write_text(RECORDED.format(record=record, name=str(file.relative_to(self.path))))

    @property
    def settings(self) -> Path:
        return self.path / ".env"

    @property
    def imported(self) -> list[str]:
        """The files that were imported."""
        record = self.path / "imported"
        return record.read_text().split() if record.exists() else []

    @property
    def note(self) -> str:
        """The line that says how to use the settings of the folder."""
        return (
            f"saywho: {self.settings} is not read; to use it, set SAYWHO_ENV_FILE={self.settings}"
        )

    def assert_ignored(self, said: str) -> None:
        """Assert that nothing of the folder counted, and that one line says so."""
        assert self.imported == []
        assert said.splitlines().count(self.note) == 1, said
        assert not (self.path / "foreign.db").exists()

"""The code that docs/from-flask.md shows, with what stands before each piece."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
GUIDES: Final = ("docs/from-flask.md", "docs/from-flask.ko.md")
_PART: Final = re.compile(r"^## ([0-9]+)\.[^\n]*$|^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE: Final = re.compile(r"`((?:app|tests|examples)/[\w/]+\.py)`")
_FRAMEWORKS: Final = {"Flask": "flask", "Quart": "quart"}


@dataclass(frozen=True)
class Snippet:
    """A piece of code."""

    section: int
    framework: str | None
    """What it is written for, if its heading says so."""
    file: str | None
    """Where in the repository it stands."""
    code: str


def snippets(guide: str) -> list[Snippet]:
    """Return the guide's Python code, in its order."""
    text = (ROOT / guide).read_text()
    snippets: list[Snippet] = []
    section, end = 0, 0
    for part in _PART.finditer(text):
        before, end = text[end : part.start()], part.end()
        if part[1]:
            section = int(part[1])
            continue
        snippets.append(Snippet(section, *_told(before, snippets), part[2]))
    return snippets


def _told(before: str, earlier: list[Snippet]) -> tuple[str | None, str | None]:
    """Return framework and file as the text between two pieces of code tells them."""
    if not before.strip():
        return earlier[-1].framework, earlier[-1].file
    heading = before.strip().splitlines()[-1]
    framework = next((kind for name, kind in _FRAMEWORKS.items() if heading.startswith(name)), None)
    files = _FILE.findall(before)
    return framework, files[-1] if files and heading.endswith((":", ".")) else None


def written_for(framework: str, section: int) -> str:
    """Return the code of a section for Flask or Quart."""
    (code,) = (
        snippet.code
        for snippet in snippets(GUIDES[0])
        if (snippet.framework, snippet.section) == (framework, section)
    )
    return code

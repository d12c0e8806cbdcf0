"""The one file of posts in a zip or a folder, as sites for data sets hand tables out."""

from collections.abc import Collection
from typing import Final

from app.formats.source.file import Content, Source

_DATA: Final = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
"""Endings of files that may hold posts."""


def lone_content(source: Source, endings: Collection[str]) -> Content | None:
    """Return the source if it is a file, else the one file of data in it; None for several.

    The other files are for people to read; each counts as not read once the file is taken.
    """
    if not source.has_members:
        return source
    names = [name for name in source.members if _may_hold_posts(name)]
    if len(names) != 1 or not names[0].lower().endswith(tuple(endings)):
        return None
    return source.member(names[0])


def take(source: Source, content: Content) -> None:
    """Note that the file is read, and that the others beside it are not."""
    if content is source:
        return
    source.expect([content.name])
    for name in source.members:
        if name != content.name and not _is_hidden(name):
            source.notes.leave("file", name)


def _may_hold_posts(name: str) -> bool:
    return name.lower().endswith(_DATA) and not _is_hidden(name)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))

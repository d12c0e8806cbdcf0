"""Files of posts in a zip or a folder, as sites for data sets publish tables."""

from collections.abc import Collection, Iterable

from app.formats.source.file import Content, Source


def lone_content(source: Source, endings: Collection[str]) -> Content | None:
    """Return the source if it is a file, else its only data file; None for several.

    Other files count as unread after the file was taken.
    """
    if not source.has_members:
        return source
    names = [name for name in source.members if _may_hold_posts(name)]
    if len(names) != 1 or not names[0].lower().endswith(tuple(endings)):
        return None
    return source.member(names[0])


def tables_in(source: Source, endings: Collection[str]) -> list[Content]:
    names = [name for name in sorted(source.members) if name.lower().endswith(tuple(endings))]
    names = [name for name in names if _may_hold_posts(name)]
    return [source.member(name) for name in names] if len(names) <= 1_000 else []


def take(source: Source, taken: Iterable[Content]) -> None:
    """Note the files as read, and the others next to them as unread."""
    names = {content.name for content in taken if content is not source}
    if not names:
        return
    source.expect(names)
    for name in source.members:
        if name not in names and not _is_hidden(name):
            source.notes.leave("file", name)


def _may_hold_posts(name: str) -> bool:
    endings = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
    return name.lower().endswith(endings) and not _is_hidden(name)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))

"""Archives and files of posts, told apart by content: bytes in, records out, no database."""

from typing import Final

from app.formats import bluesky, jsonl, mastodon, mongo
from app.formats import csv as delimited
from app.formats.formats import Format
from app.formats.records import Archive, UnrecognisedFileError
from app.formats.source.file import Source
from app.formats.source.lines import is_blank
from app.formats.x import api as x_api
from app.formats.x import archive as x_archive

# In the order in which they are tried: the most particular first.
FORMATS: Final[tuple[Format, ...]] = (
    x_archive.FORMAT,
    mastodon.FORMAT,
    x_api.FORMAT,
    bluesky.FORMAT,
    mongo.FORMAT,
    jsonl.FORMAT,
    delimited.FORMAT,
)


def open_archive(
    source: Source,
    *,
    format: str = "auto",  # noqa: A002 # the word that the command line and the API use
    include_restricted: bool = False,
) -> Archive:
    """Return what a source holds; its items are read as they are taken, its account is known.

    An empty file is an archive without items. Raises ValueError for an unknown format name,
    UnrecognisedFileError where nothing is recognised; the items may raise BrokenFileError.
    """
    candidates = _candidates(format)
    for candidate in candidates:
        if candidate.recognises(source):
            return candidate.parse(source, include_restricted=include_restricted)
    if not source.has_members and is_blank(source):
        fallback = jsonl.FORMAT if format == "auto" else candidates[0]
        return Archive(fallback.name, "line", None, iter(()))
    expected = "any known format" if format == "auto" else f"the format {format}"
    raise UnrecognisedFileError(f"{source.name} is not in {expected}")


def _candidates(name: str) -> tuple[Format, ...]:
    if name == "auto":
        return FORMATS
    chosen = tuple(known for known in FORMATS if known.name == name)
    if not chosen:
        names = ", ".join(known.name for known in FORMATS)
        raise ValueError(f"unknown format {name!r}; known are auto, {names}")
    return chosen

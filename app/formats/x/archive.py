"""X (Twitter) archives, current and classic: zip, folder, or a lone `tweets.js`."""

from collections.abc import Iterator
from itertools import count
from typing import Final

from app.formats.formats import Format
from app.formats.records import (
    Archive,
    BadRecord,
    BrokenFileError,
    Item,
    Skipped,
    UnrecognisedFileError,
)
from app.formats.source.file import Source
from app.formats.x.layout import Layout, find_layout
from app.formats.x.notes import Notes
from app.formats.x.posts import read_tweet, to_item
from app.formats.x.stream import array_items


def recognises(source: Source) -> bool:
    """Return whether there are the posts or the index of an X archive."""
    return find_layout(source) is not None


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the account's posts; those to a circle only where they are asked for."""
    layout = find_layout(source)
    if layout is None:
        raise UnrecognisedFileError(f"{source.name} is not an X archive")
    if all(layout.members):
        source.expect(layout.members)
    items = _items(source, layout, include_restricted=include_restricted)
    return Archive(FORMAT.name, "record", layout.account, items)


def _items(source: Source, layout: Layout, *, include_restricted: bool) -> Iterator[Item]:
    notes, broken = _read_notes(source, layout)
    places = count(1)
    place = 0
    for item in _entries(source, layout.tweets):
        place = next(places)
        yield _item(item, place, layout, notes, is_left_out=False)
    for item in _entries(source, layout.circle):
        place = next(places)
        yield _item(item, place, layout, notes, is_left_out=not include_restricted)
    _use_up_deleted(source, layout, notes)
    yield from notes.leftovers(place, layout.account)
    if broken is not None:
        raise broken
    if layout.missing:
        raise BrokenFileError(f"{source.name} lacks {', '.join(layout.missing)}")


def _read_notes(source: Source, layout: Layout) -> tuple[Notes, BrokenFileError | None]:
    """Return the long posts as far as they can be read, and why they are not all."""
    notes = Notes()
    try:
        for item in _entries(source, layout.notes):
            notes.add(item)
    except BrokenFileError as error:
        notes.is_whole = False
        return notes, error
    return notes, None


def _entries(source: Source, names: tuple[str, ...]) -> Iterator[object]:
    for name in names:
        label = f"{name} in {source.name}" if name else source.name
        with source.open_member(name) if name else source.open() as stream:
            yield from array_items(stream, label)


def _item(item: object, place: int, layout: Layout, notes: Notes, *, is_left_out: bool) -> Item:
    try:
        tweet = read_tweet(item)
    except ValueError as error:
        return Skipped(place, "restricted") if is_left_out else BadRecord(place, str(error))
    # A note is used up by whatever it belongs to, lest it come in as a post of its own.
    note_text = notes.join(tweet)
    if is_left_out:
        return Skipped(place, "restricted")
    if tweet.is_repost:
        return Skipped(place, "repost")
    if note_text is None and not notes.is_whole and tweet.seems_shortened:
        # Stored like this it would stay like this: texts don't change.
        return BadRecord(place, "a long post whose whole text cannot be read")
    return to_item(tweet, place, layout.account, note_text=note_text)


def _use_up_deleted(source: Source, layout: Layout, notes: Notes) -> None:
    """Take out the long texts of deleted posts, which are never imported."""
    if all(note.is_joined for note in notes.all):
        return
    for item in _entries(source, layout.deleted):
        try:
            notes.join(read_tweet(item))
        except ValueError:
            continue


FORMAT: Final = Format("x", recognises, parse)

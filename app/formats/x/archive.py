"""X (Twitter) archives, current and classic: zip, folder, or a lone `tweets.js`."""

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import BinaryIO, Final

from app.errors import message_of
from app.formats.records import (
    Archive,
    BadRecord,
    BrokenFileError,
    Format,
    Item,
    Record,
    RecordError,
    Skipped,
    UnrecognisedFileError,
)
from app.formats.source.file import Source
from app.formats.source.json import load_value
from app.formats.source.json_split import SplitError, Splitter
from app.formats.source.reading import BUFFER_BYTES, read_up_to
from app.formats.x.layout import Layout, find_layout
from app.formats.x.media import media_and_addresses
from app.formats.x.notes import Notes
from app.formats.x.posts import ArchivedTweet, DamagedItem, read_tweet, to_record

_PREFIX_BYTES: Final = 1024
_MEDIA_FOLDERS: Final = (
    *("tweets_media", "tweet_media", "community_tweet_media", "twitter_circle_tweet_media"),
)
_AROUND: Final = b"; \t\r\n"
_PREFIX = re.compile(rb"\s*(?:(?:window\.|var\s)?[\w.\s]{1,200}=\s*)?")


def recognises(source: Source) -> bool:
    """Return whether there are the posts or the index of an X archive."""
    return find_layout(source) is not None


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the account's posts; those to a circle only on request."""
    layout = find_layout(source)
    if layout is None:
        raise UnrecognisedFileError("{name} is not an X archive", name=source.name)
    if all(layout.members):
        source.expect(layout.members)
    items = _items(source, layout, include_restricted=include_restricted)
    files = source if source.has_members else None
    return Archive(FORMAT.name, "record", layout.account, items, files)


def _items(source: Source, layout: Layout, *, include_restricted: bool) -> Iterator[Item]:
    notes, broken = _read_notes(source, layout)
    places = count(1)
    place = 0
    for item in _entries(source, layout.tweets):
        place = next(places)
        yield _item(item, place, source, layout, notes, is_left_out=False)
    for item in _entries(source, layout.circle):
        place = next(places)
        yield _item(item, place, source, layout, notes, is_left_out=not include_restricted)
    yield from _deleted(source, layout, notes, places)
    yield from notes.leftovers(place, layout.account)
    with suppress(BrokenFileError):
        for _ in _entries(source, layout.likes):
            yield Skipped(next(places), "like")
    if broken is not None:
        raise broken
    if layout.missing:
        missing = ", ".join(layout.missing)
        raise BrokenFileError("{name} lacks {missing}", name=source.name, missing=missing)


def _read_notes(source: Source, layout: Layout) -> tuple[Notes, BrokenFileError | None]:
    """Return the long posts up to any damage, and that damage."""
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


def _item(
    item: object, place: int, source: Source, layout: Layout, notes: Notes, *, is_left_out: bool
) -> Item:
    try:
        tweet = read_tweet(item)
        # A note is joined to its post even if that is left out, lest it become a post of its own.
        note_text = notes.join(tweet)
        if is_left_out:
            return Skipped(place, "restricted")
        if tweet.is_repost:
            return Skipped(place, "repost")
        if note_text is None and not notes.is_whole and tweet.seems_shortened:
            # It would stay shortened for good: stored texts do not change.
            raise RecordError("a long post whose whole text cannot be read")
        record = to_record(tweet, place, layout.account, note_text=note_text, as_of=layout.made_at)
        if isinstance(record, Record) and record.media and source.has_members:
            record = replace(record, files=_files(tweet, source, layout))
        return record
    except RecordError as error:
        restricted = Skipped(place, "restricted")
        return restricted if is_left_out else BadRecord(place, message_of(error))


def _files(tweet: ArchivedTweet, source: Source, layout: Layout) -> tuple[str | None, ...]:
    """Return the names of the files of the post's media, as far as they are there.

    They begin with the post's id, and end as one of the addresses of the medium does.
    """

    def find(addresses: list[str]) -> str | None:
        ends = dict.fromkeys(address.partition("?")[0].rpartition("/")[2] for address in addresses)
        names = (
            f"{layout.folder}{folder}/{tweet.id}-{end}" for end in ends for folder in _MEDIA_FOLDERS
        )
        return next((name for name in names if source.place_of(name) is not None), None)

    return tuple(map(find, media_and_addresses(tweet.data).values()))


def _deleted(
    source: Source, layout: Layout, notes: Notes, places: Iterator[int]
) -> Iterator[Skipped]:
    """Count deleted posts, which are never imported, and join their long texts to them."""
    try:
        for item in _entries(source, layout.deleted):
            with suppress(RecordError):
                notes.join(read_tweet(item))
            yield Skipped(next(places), "deleted")
    except BrokenFileError:
        # Long texts that match no post would be imported as posts, deleted ones too.
        if not all(note.is_joined for note in notes.all):
            raise


def array_items(stream: BinaryIO, label: str) -> Iterator[object]:
    """Yield the items of `window.… = [ … ];` one at a time, a DamagedItem for a bad one.

    An empty file has none. Raises BrokenFileError where it is no array, and where it breaks off.
    """
    chunk = _without_prefix(read_up_to(stream, _PREFIX_BYTES))
    if not chunk.strip(_AROUND):
        return
    if not chunk.startswith(b"["):
        raise BrokenFileError("{name} does not hold a list of posts", name=label)
    splitter, done = Splitter(), 0
    try:
        while chunk:
            for value in splitter.feed(chunk):
                done += 1
                item, fault = load_value(value)
                yield DamagedItem(fault) if fault else item
            chunk = stream.read(BUFFER_BYTES)
        splitter.end()
    except SplitError as error:
        raise BrokenFileError(
            "{name} breaks off or is damaged after {count} items: {fault}",
            name=label,
            count=f"{done:,}",
            fault=message_of(error),
        ) from error


def _without_prefix(start: bytes) -> bytes:
    start = start.removeprefix(codecs.BOM_UTF8)
    match = _PREFIX.match(start)
    return start[match.end() :] if match else start


FORMAT: Final = Format("x", recognises, parse)

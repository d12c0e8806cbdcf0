"""X (Twitter) archives, current and classic: zip, folder, or a lone `tweets.js`."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Final

from app.errors import (
    BrokenFileError,
    LimitReachedError,
    RecordError,
    UnrecognisedFileError,
    message_of,
)
from app.formats.format import Format
from app.formats.records import Archive, BadRecord, Item, Record, Skipped
from app.formats.source.file import Content, Source
from app.formats.source.json import Window
from app.formats.x.layout import Layout, find_layout
from app.formats.x.media import media_and_addresses
from app.formats.x.notes import Notes
from app.formats.x.posts import ArchivedTweet, DamagedItem, read_tweet, to_record

_MEDIA_FOLDERS: Final = (
    *("tweets_media", "tweet_media", "community_tweet_media", "twitter_circle_tweet_media"),
)
_PREFIX = re.compile(r"\s*(?:(?:window\.|var\s)?[\w.\s]{1,200}=\s*)?")


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
    """Yield all records; a damaged file ends itself, and is named behind them.

    So are the others that are damaged, among the records.
    """
    files, left_out = _Files(source), _Files(source)
    notes, places = Notes(), count(1)
    place = 0
    for item in files.entries(layout.notes):
        notes.add(item)
    broken_notes = len(files.broken)
    notes.is_whole = notes.is_whole and not broken_notes
    for item in files.entries(layout.tweets):
        place = next(places)
        yield _item(item, place, source, layout, notes, is_left_out=False)
    for item in files.entries(layout.circle):
        place = next(places)
        yield _item(item, place, source, layout, notes, is_left_out=not include_restricted)
    for item in left_out.entries(layout.deleted):
        with suppress(RecordError):
            notes.join(read_tweet(item))
        yield Skipped(next(places), "deleted")
    files.broken += left_out.broken if notes.has_leftovers else ()
    if len(files.broken) == broken_notes:
        # Else the post of a long text may stand behind the break, or have been deleted.
        yield from notes.leftovers(place, layout.account)
    yield from (Skipped(next(places), "like") for _ in left_out.entries(layout.likes))
    yield from (BadRecord(next(places), message_of(error)) for error in files.broken[1:])
    if files.broken:
        raise files.broken[0]
    if layout.missing:
        missing = ", ".join(layout.missing)
        raise BrokenFileError("{name} lacks {missing}", name=source.name, missing=missing)


class _Files:
    """The files of an archive that hold lists, and those of them that are broken."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.broken: list[BrokenFileError] = []

    def entries(self, names: tuple[str, ...]) -> Iterator[object]:
        """Yield the items of these files, of a broken one those before the break.

        Raises LimitReachedError.
        """
        for name in names:
            try:
                yield from array_items(self._source.member(name) if name else self._source)
            except LimitReachedError:
                raise
            except BrokenFileError as error:
                self.broken.append(error)


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


def array_items(content: Content) -> Iterator[object]:
    """Yield the items of `window.… = [ … ];` one at a time, a DamagedItem for a bad one.

    An empty file has none. Raises BrokenFileError where it is no array, and where it breaks off.
    """
    window = Window(content)
    window.read_on()
    match = _PREFIX.match(window.text)
    window.at = match.end() if match else 0
    mark = window.mark()
    if mark and mark != "[":
        raise BrokenFileError("{name} does not hold a list of posts", name=content.name)
    for item, fault in window.items() if mark else ():
        yield DamagedItem(fault) if fault else item
    if window.mark():
        raise window.broken("something stands after the last value")


FORMAT: Final = Format("x", recognises, parse)

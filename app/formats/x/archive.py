"""X (Twitter) archives, current and classic: zip, folder, or a lone `tweets.js`."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Final

from app.errors import BrokenFileError, LimitReachedError, Message, RecordError, message_of
from app.formats.records import Archive, BadRecord, Format, Item, ReadOptions, Record, Skipped
from app.formats.source.file import Content, Source
from app.formats.source.json import Json, Window
from app.formats.x.layout import Layout, find_layout
from app.formats.x.media import media_and_addresses
from app.formats.x.notes import Notes
from app.formats.x.posts import digits, raw_text, to_item

_MEDIA_FOLDERS: Final = (
    *("tweets_media", "tweet_media", "community_tweet_media", "twitter_circle_tweet_media"),
)
_PREFIX = re.compile(r"\s*(?:(?:window\.|var\s)?[\w.\s]{1,200}=\s*)?")
_CUT = re.compile(r"…(?:\s*https?://t\.co/[A-Za-z0-9]+)?\s*\Z")
_SHORTENED_FROM: Final = 100
"""Characters of the beginning of a long post."""


def read(source: Source, options: ReadOptions) -> Archive | None:
    """Return the account's posts; those to a circle only on request."""
    layout = find_layout(source)
    if layout is None:
        return None
    if all(layout.members):
        source.expect(layout.members)
    items = _Reader(source, layout).items(include_restricted=options.include_restricted)
    files = source if source.has_members else None
    return Archive(FORMAT.name, "record", layout.account, items, files)


def array_items(content: Content) -> Iterator[Json | Message]:
    """Yield the items of `window.… = [ … ];` one at a time, of a bad one the fault in it.

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
        if isinstance(item, dict):
            # Early archives have no such wrapper as `{"tweet": {…}}`.
            inner = next(iter(item.values())) if len(item) == 1 else None
            yield inner if isinstance(inner, dict) else item
        else:
            yield fault or Message("not a post")
    if window.mark():
        raise window.broken("something stands after the last value")


class _Reader:
    """Reads the files of an archive; a damaged one ends itself, and is named behind the records."""

    def __init__(self, source: Source, layout: Layout) -> None:
        self._source = source
        self._layout = layout
        self._notes = Notes()
        self._broken: list[BrokenFileError] = []
        account = layout.account
        self._owner: Json = {
            "screen_name": account.username,
            "name": account.display_name,
            "id_str": account.id,
        }

    def items(self, *, include_restricted: bool) -> Iterator[Item]:
        """Yield all records. Raises BrokenFileError behind them."""
        notes, places, place = self._notes, count(1), 0
        for item in self._entries("notes"):
            notes.add(item)
        broken_notes = len(self._broken)
        notes.is_whole = notes.is_whole and not broken_notes
        for kind, is_left_out in (("tweets", False), ("circle", not include_restricted)):
            for item in self._entries(kind):
                place = next(places)
                yield self._item(item, place, is_left_out=is_left_out)
        broken_posts = len(self._broken)
        for item in self._entries("deleted"):
            with suppress(RecordError):
                notes.join(item if isinstance(item, dict) else {})
            yield Skipped(next(places), "deleted")
        if not notes.alone():
            del self._broken[broken_posts:]
        if len(self._broken) == broken_notes:
            # Else the post of a long text may stand behind the break, or have been deleted.
            yield from notes.leftovers(place, self._layout.account)
        needed = len(self._broken)
        yield from (Skipped(next(places), "like") for _ in self._entries("likes"))
        del self._broken[needed:]
        yield from (BadRecord(next(places), message_of(error)) for error in self._broken[1:])
        if self._broken:
            raise self._broken[0]
        if missing := ", ".join(self._layout.missing):
            raise BrokenFileError("{name} lacks {missing}", name=self._source.name, missing=missing)

    def _entries(self, kind: str) -> Iterator[Json | Message]:
        """Yield the items of these files, of a broken one those before the break.

        Raises LimitReachedError.
        """
        for name in self._layout.files.get(kind, ()):
            try:
                yield from array_items(self._source.member(name) if name else self._source)
            except LimitReachedError:
                raise
            except BrokenFileError as error:
                self._broken.append(error)

    def _item(self, item: Json | Message, place: int, *, is_left_out: bool) -> Item:
        try:
            if isinstance(item, Message):
                raise RecordError(item)
            raw = raw_text(item)
            # A note is joined to its post even if that is left out, lest it become one of its own.
            whole_text = self._notes.join(item)
            if is_left_out:
                return Skipped(place, "restricted")
            if raw.startswith("RT @"):
                return Skipped(place, "repost")
            is_cut = whole_text is None and len(raw) >= _SHORTENED_FROM and _CUT.search(raw)
            if is_cut and not self._notes.is_whole:
                # It would stay shortened for good: stored texts do not change.
                raise RecordError("a long post whose whole text cannot be read")
            record = to_item(
                item | {"user": self._owner},
                place,
                include_restricted=True,
                whole_text=whole_text,
                as_of=self._layout.made_at,
            )
            if isinstance(record, Record) and record.media and self._source.has_members:
                record = replace(record, files=self._files(item))
            return record
        except RecordError as error:
            restricted = Skipped(place, "restricted")
            return restricted if is_left_out else BadRecord(place, message_of(error))

    def _files(self, tweet: Json) -> tuple[str | None, ...]:
        """Return the names of the files of the post's media, as far as they are there.

        They begin with the post's id, and end as one of the addresses of the medium does.
        """
        post_id = digits(tweet.get("id_str")) or digits(tweet.get("id"))

        def find(addresses: list[str]) -> str | None:
            ends = (address.partition("?")[0].rpartition("/")[2] for address in addresses)
            names = (
                f"{self._layout.folder}{folder}/{post_id}-{end}"
                for end in dict.fromkeys(ends)
                for folder in _MEDIA_FOLDERS
            )
            return next((name for name in names if self._source.place_of(name) is not None), None)

        return tuple(map(find, media_and_addresses(tweet).values()))


FORMAT: Final = Format("x", read)

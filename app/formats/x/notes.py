"""Long posts of an X archive, which are in a file of their own without the ids of their posts."""

import html
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.errors import Message, RecordError, message_of
from app.formats.records import Account, BadRecord, Item, Record, required_text
from app.formats.source.json import as_object, listed
from app.formats.source.times import read_time
from app.formats.x.posts import ArchivedTweet, digits, expanded, unwrapped

MAX_HELD_CHARACTERS: Final = 64_000_000
_OVERHEAD_CHARACTERS: Final = 500
_COMPARED_CHARACTERS: Final = 40


@dataclass(slots=True)
class Note:
    """A long post: its whole text, with links written out."""

    id: str | None
    text: str
    created_at: datetime | None
    is_joined: bool = False


@dataclass(slots=True)
class Notes:
    """The long posts of an archive, found by their second and the beginning of their text."""

    all: list[Note] = field(default_factory=list)
    faults: list[Message] = field(default_factory=list)
    is_whole: bool = True
    """Whether each could be read."""
    _found: dict[tuple[datetime | None, str], list[Note]] = field(default_factory=dict)
    _characters: int = 0

    def add(self, item: object) -> None:
        """Keep an item of `note-tweet.js`, unless they need too much memory."""
        if self._characters > MAX_HELD_CHARACTERS:
            return
        try:
            raw, note = _read_note(item)
        except RecordError as error:
            self._fail(Message("a long post: {fault}", fault=message_of(error)))
            return
        self._characters += len(raw) + _OVERHEAD_CHARACTERS
        if self._characters > MAX_HELD_CHARACTERS:
            self._fail(Message("the archive holds too many long posts"))
            return
        self.all.append(note)
        self._found.setdefault((note.created_at, _beginning(raw)), []).append(note)

    def _fail(self, fault: Message) -> None:
        self._characters += _OVERHEAD_CHARACTERS
        self.faults.append(fault)
        self.is_whole = False

    def join(self, tweet: ArchivedTweet) -> str | None:
        """Return the whole text of a shortened post, or None; each note is joined to one post."""
        if not self._found or tweet.created_at is None:
            return None
        key = tweet.created_at, _beginning(html.unescape(tweet.raw_text))
        notes = self._found.get(key, ())
        for note in notes:
            if not note.is_joined:
                note.is_joined = True
                return note.text
        return notes[-1].text if notes else None

    @property
    def has_leftovers(self) -> bool:
        """Whether there is a note without a shortened post."""
        return not all(note.is_joined for note in self.all)

    def leftovers(self, place: int, account: Account) -> Iterator[Item]:
        """Yield the notes without a shortened post, and those that could not be read."""
        for note in self.all:
            if not note.is_joined:
                place += 1
                yield Record(
                    place=place,
                    text=note.text,
                    username=account.username,
                    display_name=account.display_name,
                    platform="x",
                    created_at=note.created_at,
                    source_id=note.id,
                )
        for number, fault in enumerate(self.faults, place + 1):
            yield BadRecord(number, fault)


def _read_note(item: object) -> tuple[str, Note]:
    data = unwrapped(item) or {}
    core = as_object(data.get("core"))
    text = required_text(core.get("text") or None)
    time = data.get("createdAt")
    links = {
        str(url.get("shortUrl")): str(url["expandedUrl"])
        for url in map(as_object, listed(core, "urls"))
        if url.get("expandedUrl")
    }
    whole = expanded(text, links, is_escaped=False)
    return text, Note(digits(data.get("noteTweetId")), whole, read_time(time) if time else None)


def _beginning(text: str) -> str:
    # Normalising needs time that grows with the square of the marks in a row.
    return unicodedata.normalize("NFC", text[: 4 * _COMPARED_CHARACTERS])[:_COMPARED_CHARACTERS]

"""Long posts of an X archive, which are in a file of their own without the ids of their posts."""

import html
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.errors import Message, RecordError, message_of
from app.formats.records import Account, BadRecord, Item, Record, required_text
from app.formats.source.json import Json, as_object, listed
from app.formats.source.times import read_time
from app.formats.x.posts import digits, expanded, raw_text, time_of

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

    faults: list[Message] = field(default_factory=list)
    is_whole: bool = True
    """Whether each could be read."""
    _found: dict[str, list[Note]] = field(default_factory=dict)
    _characters: int = 0

    def add(self, item: Json | Message) -> None:
        """Keep an item of `note-tweet.js`, unless they need too much memory."""
        if self._characters > MAX_HELD_CHARACTERS:
            return
        try:
            raw, note = _read_note(item)
            self._characters += len(raw) + _OVERHEAD_CHARACTERS
            if self._characters <= MAX_HELD_CHARACTERS:
                self._found.setdefault(_beginning(raw), []).append(note)
                return
            fault = Message("the archive holds too many long posts")
        except RecordError as error:
            self._characters += _OVERHEAD_CHARACTERS
            fault = Message("a long post: {fault}", fault=message_of(error))
        self.faults.append(fault)
        self.is_whole = False

    def join(self, tweet: Json) -> str | None:
        """Return the whole text of a shortened post, or None; each note is joined to one post.

        Raises RecordError for a post that cannot be read.
        """
        if not self._found:
            return None
        alike = self._found.get(_beginning(html.unescape(raw_text(tweet))), ())
        time = time_of(tweet) if alike else None
        notes = [note for note in alike if time and note.created_at == time]
        if not notes:
            return None
        note = next((note for note in notes if not note.is_joined), notes[-1])
        note.is_joined = True
        return note.text

    def alone(self) -> list[Note]:
        """Return the notes without a shortened post, in their order."""
        return [note for notes in self._found.values() for note in notes if not note.is_joined]

    def leftovers(self, place: int, account: Account) -> Iterator[Item]:
        """Yield the notes without a shortened post, and those that could not be read."""
        alone = self.alone()
        for number, note in enumerate(alone, place + 1):
            yield Record(
                place=number,
                text=note.text,
                username=account.username,
                display_name=account.display_name,
                platform="x",
                created_at=note.created_at,
                source_id=note.id,
            )
        for number, fault in enumerate(self.faults, place + len(alone) + 1):
            yield BadRecord(number, fault)


def _read_note(item: Json | Message) -> tuple[str, Note]:
    if isinstance(item, Message):
        raise RecordError(item)
    core = as_object(item.get("core"))
    text = required_text(core.get("text") or None)
    time = item.get("createdAt")
    links = {
        str(url.get("shortUrl")): str(url["expandedUrl"])
        for url in map(as_object, listed(core, "urls"))
        if url.get("expandedUrl")
    }
    whole = expanded(text, links, is_escaped=False)
    return text, Note(digits(item.get("noteTweetId")), whole, read_time(time) if time else None)


def _beginning(text: str) -> str:
    # Normalising needs time that grows with the square of the marks in a row.
    return unicodedata.normalize("NFC", text[: 4 * _COMPARED_CHARACTERS])[:_COMPARED_CHARACTERS]

"""Long posts of an X archive, which stand in a file of their own without their post's id."""

import html
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.formats.records import Account, BadRecord, BrokenFileError, Item, Record
from app.formats.source.times import read_time
from app.formats.x.posts import Tweet, digits, expanded, unwrapped

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
    """The long posts of an archive, held to be found by second and beginning of the text."""

    all: list[Note] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    is_whole: bool = True
    """Whether each could be read."""
    _found: dict[tuple[datetime | None, str], list[Note]] = field(default_factory=dict)
    _characters: int = 0

    def add(self, item: object) -> None:
        """Keep an item of `note-tweet.js`; BrokenFileError if they are too many to be held."""
        raw, note, fault = "", None, ""
        try:
            raw, note = _read_note(item)
        except ValueError as error:
            fault = str(error)
        self._characters += len(raw) + _OVERHEAD_CHARACTERS
        if self._characters > MAX_HELD_CHARACTERS:
            raise BrokenFileError("the archive holds too many long posts")
        if note is None:
            self.faults.append(fault)
            self.is_whole = False
            return
        self.all.append(note)
        self._found.setdefault((note.created_at, _beginning(raw)), []).append(note)

    def join(self, tweet: Tweet) -> str | None:
        """Return the whole text of a shortened post, or None; that note is then used up."""
        if not self._found or tweet.created_at is None:
            return None
        key = tweet.created_at, _beginning(html.unescape(tweet.raw_text))
        notes = self._found.get(key, ())
        for note in notes:
            if not note.is_joined:
                note.is_joined = True
                return note.text
        return notes[-1].text if notes else None

    def leftovers(self, place: int, account: Account) -> Iterator[Item]:
        """Yield the notes that no post was shortened from, and those that could not be read."""
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
            yield BadRecord(number, f"a long post: {fault}")


def _read_note(item: object) -> tuple[str, Note]:
    data = unwrapped(item) or {}
    core = data.get("core")
    text = core.get("text") if isinstance(core, dict) else None
    if not isinstance(core, dict) or not isinstance(text, str) or not text.strip():
        raise ValueError("no text")
    time = data.get("createdAt")
    urls = core.get("urls")
    links = {
        str(url.get("shortUrl")): str(url["expandedUrl"])
        for url in (urls if isinstance(urls, list) else ())
        if isinstance(url, dict) and url.get("expandedUrl")
    }
    whole = expanded(text, links, is_escaped=False)
    return text, Note(digits(data.get("noteTweetId")), whole, read_time(time) if time else None)


def _beginning(text: str) -> str:
    # Sorting marks grows by the square of how many follow each other.
    return unicodedata.normalize("NFC", text[: 4 * _COMPARED_CHARACTERS])[:_COMPARED_CHARACTERS]

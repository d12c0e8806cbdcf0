"""The chats of a file as they are compared with chats here: hashes of texts, times, people."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heappush, heappushpop
from typing import Final

import msgspec
import numpy as np

from app.compute.people.same_chat import UNKNOWN, Messages
from app.compute.text import composed, drop_controls
from app.formats.post import RoomReference
from app.formats.records import FileRoom, Item, Record

MOST_CHATS: Final = 1_000
"""Chats of one file that are compared."""
_MOST_SAMPLES: Final = 32
_LONGEST_SAMPLE: Final = 300
"""Characters of a sample: an app may cut a longer text."""


def stored_form(text: str) -> str:
    """Return a message's text as it is stored."""
    return composed(drop_controls(text))


def text_hash(stored: str) -> int:
    """Return a hash of 64 bits of a stored text; apps differ in blanks."""
    words = " ".join(stored.split()).encode()
    return int.from_bytes(blake2b(words, digest_size=8).digest(), "little")


class FileChat(msgspec.Struct):
    """A chat of a file, in its order, as one process sends it to another."""

    file: FileRoom | None
    named: RoomReference | None
    """The chat as a record names it, unless the file is a chat's."""
    people: list[str]
    """Usernames, the first of number 0."""
    texts: bytes
    times: bytes
    writers: bytes
    samples: list[str]
    """Its longest texts."""
    has_ids: bool

    @property
    def reference(self) -> RoomReference:
        reference = self.file or self.named
        assert reference is not None  # noqa: S101 # for the type checker
        return reference

    @property
    def messages(self) -> Messages:
        return Messages(
            np.frombuffer(self.texts, np.uint64),
            np.frombuffer(self.times, np.int64),
            np.frombuffer(self.writers, np.int64),
        )


@dataclass(slots=True)
class _Collected:
    people: dict[str, int] = field(default_factory=dict)
    texts: "array[int]" = field(default_factory=lambda: array("Q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))
    writers: "array[int]" = field(default_factory=lambda: array("q"))
    longest: list[tuple[int, str]] = field(default_factory=list)
    has_ids: bool = False

    def add(self, record: Record, name: str) -> None:
        writer = self.people.setdefault(name, len(self.people))
        if not (text := stored_form(record.text)):
            return
        self.texts.append(text_hash(text))
        time = record.created_at
        self.times.append(UNKNOWN if time is None else int(time.timestamp()))
        self.writers.append(writer)
        self.has_ids = self.has_ids or record.source_id is not None
        is_full = len(self.longest) == _MOST_SAMPLES
        if len(text) > _LONGEST_SAMPLE or (is_full and len(text) <= self.longest[0][0]):
            return
        if (sample := (len(text), text)) not in self.longest:
            (heappushpop if is_full else heappush)(self.longest, sample)


class FileChats:
    """Collects the chats of a file while its items are read; some 20 bytes a message."""

    def __init__(self) -> None:
        self._chats: dict[RoomReference, _Collected] = {}

    def see(self, item: Item) -> None:
        if not isinstance(item, Record) or item.room is None or item.username is None:
            return
        if item.room not in self._chats and len(self._chats) < MOST_CHATS:
            self._chats[item.room] = _Collected()
        if item.room in self._chats:
            self._chats[item.room].add(item, item.username)

    def see_all(self, items: Iterable[Item]) -> None:
        for item in items:
            self.see(item)

    @property
    def found(self) -> list[FileChat]:
        return [
            FileChat(
                room if isinstance(room, FileRoom) else None,
                None if isinstance(room, FileRoom) else room,
                list(chat.people),
                chat.texts.tobytes(),
                chat.times.tobytes(),
                chat.writers.tobytes(),
                [text for _, text in sorted(chat.longest, reverse=True)],
                chat.has_ids,
            )
            for room, chat in self._chats.items()
        ]

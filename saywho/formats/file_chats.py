"""The chats of a file as compared with chats here: hashes of texts and ids, times, people."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from saywho.formats.post import RoomReference
from saywho.formats.records import FileRoom, Item, Record
from saywho.people.same_chat import UNKNOWN, Messages
from saywho.processes import watched
from saywho.text import composed, drop_controls

MOST_CHATS: Final = 1_000
"""Chats of one file that are compared."""
MOST_SAMPLES: Final = 32
_LONGEST_SAMPLE: Final = 300
"""Characters of a sample: an app may cut a longer text."""
_TOGETHER: Final = 1_000
"""Texts that are hashed together; a text of more characters is the last of them."""
_MOST_CHARACTERS: Final = 1_000_000
"""Characters that are hashed together, which take 30 bytes each."""
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)


def stored_form(text: str) -> str:
    """Return a message's text as it is stored."""
    is_plain = text.isascii() and text.isprintable()
    return text if is_plain else composed(drop_controls(text))


def text_hashes(stored: Sequence[str]) -> NDArray[np.uint64]:
    """Return a hash of 64 bits of each stored text, (n,); apps differ in blanks.

    A polynomial of the letters, modulo 2 ** 64: one hash after the other would take twice as
    long.
    """
    if len(stored) > 1 and sum(map(len, stored)) > _MOST_CHARACTERS:
        half = len(stored) // 2
        return np.concatenate([text_hashes(stored[:half]), text_hashes(stored[half:])])
    words = [" ".join(text.split()) for text in stored]
    lengths = np.array([len(text) + 1 for text in words], np.int64)
    ends = np.cumsum(lengths)
    joined = "\0".join([*words, ""]).encode("utf-32-le", "surrogatepass")
    places = np.arange(len(joined) // 4) - np.repeat(ends - lengths, lengths)
    powers = np.full(lengths.max(initial=0), _BASE).cumprod()
    sums = np.add.reduceat(np.frombuffer(joined, "<u4") * powers[places], ends - lengths)
    hashes: NDArray[np.uint64] = (sums ^ (sums >> 32)) * _BASE
    return hashes


NO_TEXT: Final = text_hashes([""])[0]


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
    ids: bytes
    """Hashes of the ids of messages; `NO_TEXT` for none."""

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
    words: list[str] = field(default_factory=list)
    """Texts that are not hashed yet."""
    numbers: list[str] = field(default_factory=list)
    """Ids that are not hashed yet."""
    hashes: bytearray = field(default_factory=bytearray)
    ids: bytearray = field(default_factory=bytearray)
    times: "array[int]" = field(default_factory=lambda: array("q"))
    writers: "array[int]" = field(default_factory=lambda: array("q"))
    longest: list[tuple[int, str]] = field(default_factory=list)

    def add(self, record: Record, name: str) -> None:
        writer = self.people.setdefault(name, len(self.people))
        if not (text := stored_form(record.text)):
            return
        self.words.append(text)
        self.numbers.append(record.source_id or "")
        if len(self.words) == _TOGETHER or len(text) > _TOGETHER:
            self.hash_words()
        time = record.created_at
        self.times.append(UNKNOWN if time is None else int(time.timestamp()))
        self.writers.append(writer)
        is_full = len(self.longest) == MOST_SAMPLES
        if len(text) > _LONGEST_SAMPLE or (is_full and len(text) <= self.longest[0][0]):
            return
        if (sample := (len(text), text)) not in self.longest:
            (heappushpop if is_full else heappush)(self.longest, sample)

    def hash_words(self) -> None:
        self.hashes += text_hashes(self.words).tobytes()
        self.ids += text_hashes(self.numbers).tobytes()
        self.words.clear()
        self.numbers.clear()

    @property
    def texts(self) -> bytes:
        self.hash_words()
        return bytes(self.hashes)


class FileChats:
    """Collects the chats of a file while its items are read; some 30 bytes a message."""

    def __init__(self) -> None:
        self._chats: dict[RoomReference, _Collected] = {}

    def see(self, item: Item) -> None:
        if not isinstance(item, Record) or item.room is None or item.username is None:
            return
        if item.room not in self._chats and len(self._chats) < MOST_CHATS:
            self._chats[item.room] = _Collected()
        if item.room in self._chats:
            self._chats[item.room].add(item, item.username)

    @watched
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
                chat.texts,
                chat.times.tobytes(),
                chat.writers.tobytes(),
                [text for _, text in sorted(chat.longest, reverse=True)],
                bytes(chat.ids),
            )
            for room, chat in self._chats.items()
        ]

"""The skeleton of chats in JSON: a format finds its messages and reads each.

docs/contributing.md has an example. If a file is not one list of messages, the format also
overrides `files`, `parts` or `found`.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import ClassVar, Final, Generic, Literal, NamedTuple, TypeVar

import msgspec

from saywho.errors import BrokenFileError, Message, RecordError
from saywho.formats import records
from saywho.formats.chats.chat_files import NONE, Attachments, find_rooms, one_by_one
from saywho.formats.chats.reactions import as_told
from saywho.formats.post import Reactions, ReplyTarget
from saywho.formats.reading import BROKEN, BadRecord, Skipped, is_broken
from saywho.formats.source.file import Content, Source
from saywho.formats.source.json import Json, Window, no_object, objects, unit_of
from saywho.formats.source.times import timed
from saywho.text import clean_title

ChatT = TypeVar("ChatT")
Skip = Literal["system", "deleted", "older", "media", "repost", "restricted"]
_MILLISECONDS: Final = re.compile(r":\d\d[.,]\d{3}")
_DIGITS_OF_SECONDS: Final = 11
"""A time with more digits counts milliseconds or less."""
_MOST_SEEN: Final = 50_000
"""Number of messages among which repeated ones are found."""


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    name: str
    username: str | None = ""
    """Name of the author's account; empty means `name`, None the exporting person."""
    author_id: str | None = None
    time: object = None
    """As the file states it, or a datetime, if any."""
    time_field: str = "time"
    """Name of the time in notes on unreadable times."""
    source_id: str | None = None
    reply_to: ReplyTarget | None = None
    attached: Attachments = NONE
    counts: Reactions | None = None
    room: records.FileRoom | None


class ChatPlace(NamedTuple):
    """A chat in a file of its own."""

    room: records.FileRoom
    folder: str
    as_of: datetime | None = None
    """Time at which the file was written."""


class Found(NamedTuple, Generic[ChatT]):
    chat: ChatT
    value: object
    line: int = 0
    """Line number if each value has a line, else 0."""


class JsonChat(ABC, Generic[ChatT]):
    """The chats of one app as JSON; `ChatT` is its reader's knowledge of a chat."""

    name: ClassVar[str]
    label: ClassVar[Message]
    file_name: ClassVar[str]
    ends: ClassVar[tuple[str, ...]] = ()
    """Endings of its files, if not the one name."""
    messages_key: ClassVar[str] = "messages"
    message_keys: ClassVar[frozenset[str]] = frozenset()
    about_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys before the messages that describe the chat."""
    reactions_key: ClassVar[str] = "reactions"
    """Key of a message's reactions; empty for an app that exports none."""
    began: ClassVar[int | None] = None
    """First year of the service."""
    is_in_order: ClassVar[bool] = True
    steps: ClassVar[tuple[Message, ...]] = ()

    def chat(self, about: Json, folder: str) -> ChatT:
        """Return the chat of a list of messages; its attached files are in or below `folder`."""
        raise NotImplementedError

    @abstractmethod
    def said(self, message: Json, chat: ChatT) -> ChatMessage | records.Moved | Skip:
        """Return the content of a message, or why it is left out. Raises RecordError."""

    def files(self, source: Source) -> list[Content]:
        ends = self.ends or self.file_name
        rooms = find_rooms(source, ends, lambda file: self.recognises(file) or None)
        return [room.content for room in rooms]

    def recognises(self, content: Content) -> bool:
        """Return whether a message is among the first 100 values in a file's list."""
        with suppress(BrokenFileError), closing(self.found(content.beginning)) as found:
            return any(
                isinstance(value, dict) and self.is_message(value, chat)
                for chat, value, _ in islice(found, 100)
            )
        return False

    def is_message(self, message: Json, _chat: ChatT) -> bool:
        return message.keys() >= self.message_keys

    def parts(
        self, _source: Source, contents: Sequence[Content]
    ) -> Iterable[Iterator[Found[ChatT]]]:
        """Yield the values of each part of an export; damage in a part spoils no other part."""
        return map(self.found, contents)

    def found(self, content: Content) -> Generator[Found[ChatT], None, None]:
        window, about = Window(content), dict.fromkeys(self.about_keys)
        for _ in window.each_list({self.messages_key}, about):
            chat = self.chat(about, content.name.rpartition("/")[0])
            for value in window.items():
                yield Found(chat, value)

    def unit(self, contents: Sequence[Content]) -> Literal["line", "record"]:
        return unit_of(contents[0])

    @classmethod
    def room(cls, name: str | None, external_id: str | None = None) -> records.FileRoom:
        return records.FileRoom(
            platform=cls.name, name=clean_title(name) or "", external_id=clean_title(external_id)
        )

    def items(self, found: Iterator[Found[ChatT]]) -> Iterator[records.Item]:
        return records.read_each(_numbered(found), partial(self._item, set()))

    def _item(self, seen: set[int], pair: tuple[ChatT, Json], place: int) -> records.Item:
        chat, message = pair
        said = self.said(message, chat)
        if isinstance(said, str):
            return Skipped(place, said)
        if isinstance(said, records.Moved):
            return replace(said, place=place)
        return Skipped(place, "system") if _is_repeated(said, seen) else record_of(said, place)

    def read(self, source: Source, _options: records.ReadOptions) -> records.RecordStream | None:
        if not (contents := self.files(source)):
            return None
        items = one_by_one(map(self.items, self.parts(source, contents)))
        if self.reactions_key:
            items = as_told(items, contents, self.reactions_key)
        return records.RecordStream(self.name, self.unit(contents), None, items)

    def format(self) -> records.Format:
        return records.Format(
            self.name,
            self.label,
            self.read,
            is_chat=True,
            file_name=self.file_name,
            began=self.began,
            is_in_order=self.is_in_order,
            steps=self.steps,
        )


def _is_repeated(said: ChatMessage, seen: set[int]) -> bool:
    """Return whether the file has a message twice: nobody writes twice in one millisecond."""
    if said.source_id is not None or not _is_exact(said.time):
        return False
    size = len(seen)
    if size >= _MOST_SEEN:
        seen.clear()
    # The hash of a whole room takes as long as all the rest.
    room = said.room and (said.room.external_id, said.room.name, said.room.file)
    key = (room, said.name, said.author_id, said.time, said.text, said.attached)
    seen.add(hash(key))
    return len(seen) == size


def _is_exact(time: object) -> bool:
    if isinstance(time, str):
        digits = len(time) if time.isdigit() else 0
        return digits > _DIGITS_OF_SECONDS or bool(_MILLISECONDS.search(time))
    return isinstance(time, int) and time >= 10**_DIGITS_OF_SECONDS


def _numbered(
    found: Iterable[Found[ChatT]],
) -> Iterator[tuple[int, tuple[ChatT, Json]] | BadRecord]:
    for number, (chat, value, line) in enumerate(found, 1):
        if isinstance(value, dict):
            yield line or number, (chat, value)
        else:
            yield no_object(line or number, value)


def record_of(said: ChatMessage, place: int) -> records.Item:
    """Return a message as a record. Raises RecordError for broken characters."""
    if is_broken((said.username or said.name) + said.text):
        raise RecordError(BROKEN)
    if not (said.text.strip() or said.attached.media):
        return Skipped(place, "media")
    return records.Record(
        place=place,
        text=said.text,
        username=said.name if said.username == "" else said.username,
        author_id=said.author_id,
        display_name=said.name,
        platform="local",
        **timed(said.time, said.time_field),
        source_id=said.source_id,
        reply_to=said.reply_to,
        media=said.attached.media,
        files=said.attached.files,
        counts=said.counts,
        room=said.room,
    )


def found_lines(content: Content, chat: ChatT) -> Generator[Found[ChatT], None, None]:
    for numbered in objects(content):
        if isinstance(numbered, BadRecord):
            yield Found(chat, numbered.value, numbered.place)
        else:
            yield Found(chat, numbered[1], numbered[0])


def without_posts(stream: records.RecordStream, source: Source, name: str) -> records.RecordStream:
    """Return a download's chats with a note about own posts, which the format `name` reads."""
    note = Message(
        "the chats of {name} are read, and own posts, which the format {format} reads,"
        " are left out",
        name=source.name,
        format=name,
        choice="format",
    )
    return replace(stream, left_out=(records.LeftOut(note, name),))

"""The first records of a file as plain values.

`app/runtime/sandbox.py` runs it, because a file may take any time or memory.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from saywho.clock import monotonic
from saywho.errors import FileError, Message, choice_of, message_of, packed
from saywho.formats import records
from saywho.formats.assumptions import NO_NOTES, NotesSummary, decoded_sentence
from saywho.formats.doubts.questions import SeenId, asked
from saywho.formats.file_chats import FileChat
from saywho.formats.reading import BadRecord, username_for
from saywho.formats.registry import TABLES, read_file
from saywho.formats.source.file import Source
from saywho.text import decode_entities

LOOKED_AT: Final = 1_000
"""Number of records in a preview: enough to know a file, in well under a second."""
CHAT_S: Final = 8.0
"""Time for reading a chat's messages, in seconds, to find all its people."""
SHOWN: Final = 5
MOST_CHOICES: Final = 500


class PreviewRequest(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    name: str
    options: records.ReadOptions
    limit_bytes: int
    chat_s: float = CHAT_S
    format: str = "auto"
    accepts_unread: bool = False


class Speaker(msgspec.Struct):
    name: str
    username: str | None
    """None for the exporting person if the chat states no name."""
    messages: int = 0
    samples: list[str] = []

    @property
    def called(self) -> str | None:
        """Return the written name, or the username if another person has that name."""
        is_own = self.username is not None and username_for(self.name) == self.username
        return self.name if is_own else self.username


class PreviewedPost(msgspec.Struct, frozen=True):
    username: str | None
    author_id: str | None
    created_at: datetime | None
    lang: str | None
    text: str


class PreviewFault(records.ImportFault, frozen=True):
    detail: Message


class Preview(msgspec.Struct):
    """Facts about the first records of a file, or the first seconds of a chat."""

    failure: Message | None = None
    format: str = ""
    apps: tuple[str, ...] = ()
    """Names of the formats of its chats, if several."""
    is_chat: bool = False
    has_account: bool = False
    title: str = ""
    chats: list[FileChat] = []
    username: str | None = None
    """The only author, if there is a name."""
    columns: tuple[tuple[str, str], ...] = ()
    broken: Message | None = None
    is_whole: bool = True
    """Whether the file ended within the read records."""
    total: int | None = None
    accepted: int = 0
    rejected: int = 0
    reposts: int = 0
    restricted: int = 0
    skipped: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    """Times of the first and last post; None without times."""
    with_entities: int = 0
    """Number of posts with undecoded `&amp;` and the like."""
    left_out: tuple[records.LeftOut, ...] = ()
    notes: NotesSummary = NO_NOTES
    errors: list[PreviewFault] = []
    authors: list[tuple[str, int]] = []
    author_count: int = 0
    posts: list[PreviewedPost] = []
    speakers: list[Speaker] = []
    speaker_count: int = 0
    files: int | None = None
    """Media files in the archive for these records; None if it cannot have media."""
    ids: list[SeenId] = []
    """The first posts with ids, which may be here with other texts."""
    zone: str | None = None
    """Time zone that the file itself gives to its chat, if any."""
    digest: bytes | None = None
    """SHA-256 of the read parts of the file."""

    @property
    def may_strip(self) -> bool:
        """Whether `strip_tags` would take something off."""
        choices = filter(None, (choice_of(doubt.finding) for doubt in self.notes.doubts))
        return any(choice.values["choice"] == "strip_tags" for choice in choices)


def preview(body: bytes) -> Iterator[object]:
    """Yield the preview for an encoded PreviewRequest: one plain value."""
    request = msgspec.json.decode(body, type=PreviewRequest)
    ends_at = monotonic() + request.chat_s
    try:
        path = Path(request.path)
        with Source(path, name=request.name, limit_bytes=request.limit_bytes) as source:
            read = read_file(source, request.format, request.options)
            doubted_s = min(3.0, request.chat_s)
            result = _Reading(read.records, request).read(ends_at, doubted_s)
            result.digest = read.digest
            yield _plain(result)
    except FileError as error:
        yield _plain(Preview(failure=message_of(error)))


def _plain(result: Preview) -> object:
    plain = msgspec.to_builtins(result, enc_hook=packed)
    # Bytes of no encoding have become half surrogate pairs, which no page can hold.
    return json.loads(json.dumps(plain, ensure_ascii=False).encode(errors="replace"))


def decoded_preview(line: bytes) -> Preview:
    return msgspec.json.decode(line, type=Preview, dec_hook=decoded_sentence)


class _Reading:
    def __init__(self, stream: records.RecordStream, request: PreviewRequest) -> None:
        self._request = request
        self._records, self._questions = asked(
            stream, request.options, accepts_unread=request.accepts_unread
        )
        account = stream.account
        self._result = Preview(
            format=stream.format,
            is_chat=stream.is_chat,
            has_account=account is not None,
            username=account.username if account else None,
            columns=stream.columns[:MOST_CHOICES],
            left_out=stream.left_out,
            total=stream.total,
        )
        self._authors: Counter[str] = Counter()
        self._files: set[str] = set()
        self._speakers: dict[str | None, Speaker] = {}
        self._titles: set[str] = set()

    def read(self, ends_at: float, doubted_s: float) -> Preview:
        result = self._result
        try:
            items = self._records.items
            for item in items if self._records.is_chat else islice(items, LOOKED_AT):
                self._count(item)
                if self._records.is_chat and monotonic() >= ends_at:
                    break
            result.is_whole = next(self._records.items, None) is None
        except FileError as error:
            result.broken = message_of(error)
        unsettled = records.unsettled_of(
            self._records, self._request.options, accepts_unread=self._request.accepts_unread
        )
        result.notes = structs.replace(self._records.notes.summary, unsettled=unsettled)
        self._doubt_rest(doubted_s)
        if all(part.kind != "timezone" for part in result.notes.assumptions):
            result.zone = self._records.notes.zone
        silent = self._records.silent_apps if result.is_whole else ()
        result.apps = tuple(app for app in self._records.apps if app not in silent)
        result.authors = self._authors.most_common(SHOWN)
        result.author_count = len(self._authors)
        result.title = next(iter(self._titles)) if len(self._titles) == 1 else ""
        result.chats = self._questions.chats.found
        by_messages = sorted(self._speakers.values(), key=lambda speaker: -speaker.messages)
        result.speakers, result.speaker_count = by_messages[:MOST_CHOICES], len(by_messages)
        if self._records.files:
            result.files = len(self._files)
        return result

    def _doubt_rest(self, doubted_s: float) -> None:
        result, ends_at = self._result, monotonic() + doubted_s
        if not (result.is_whole or self._records.is_chat or result.broken):
            with suppress(FileError):
                while monotonic() < ends_at and [*islice(self._records.items, LOOKED_AT)]:
                    pass
        result.notes = structs.replace(result.notes, doubts=self._questions.doubts(newest=True))
        result.ids = self._questions.ids

    def _count(self, item: records.Item) -> None:
        result = self._result
        if isinstance(item, records.Record):
            result.accepted += 1
            if time := item.created_at:
                result.first_at = min(time, result.first_at or time)
                result.last_at = max(time, result.last_at or time)
            self._add(item)
        elif isinstance(item, BadRecord):
            result.rejected += 1
            if len(result.errors) < 100:
                detail = item.detail if isinstance(item.detail, Message) else Message(item.detail)
                result.errors.append(PreviewFault(detail, item.place))
        else:
            records.count_skipped(result, item)

    def _add(self, record: records.Record) -> None:
        if self._records.files:
            self._files.update(self._records.files.members.keys() & set(record.files))
        if self._records.is_chat:
            self._add_message(record)
            return
        result = self._result
        if len(result.posts) < SHOWN:
            result.posts.append(
                PreviewedPost(
                    username=record.username,
                    author_id=record.author_id,
                    created_at=record.created_at,
                    lang=record.lang,
                    text=record.text[:10_000],
                )
            )
        if name := record.username or record.author_id:
            self._authors[name] += 1
        if result.format in TABLES:
            result.with_entities += decode_entities(record.text) != record.text

    def _add_message(self, record: records.Record) -> None:
        name = record.display_name or record.username or ""
        speaker = self._speakers.setdefault(record.username, Speaker(name, record.username))
        speaker.messages += 1
        if record.room is not None and len(self._titles) <= 1:
            self._titles.add(record.room.name)
        has_room = len(speaker.samples) < 2 and len(self._speakers) <= 5_000
        if has_room and record.text.strip():
            speaker.samples.append(record.text[:300])

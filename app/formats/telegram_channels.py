"""Telegram: the posts of one channel, by the channel as author, as JSON or as pages.

Channels in an account's export are left out, because the account only reads most of them.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from msgspec import structs

from app.errors import BrokenFileError, Message
from app.formats.assumptions import ReadNotes
from app.formats.chats.attachments import in_place
from app.formats.chats.chat_files import one_by_one
from app.formats.chats.json_chat import ChatMessage, Skip
from app.formats.chats.people import as_username, zone_of
from app.formats.chats.telegram import Telegram, TelegramChat
from app.formats.chats.telegram_pages import TelegramPages, is_channel, title_of
from app.formats.post import ReplyTarget
from app.formats.records import Account, Format, Item, ReadOptions, Record, RecordStream, Skipped
from app.formats.signs import as_told
from app.formats.source.file import Content, Source, head
from app.formats.source.window import Json

_PRIVATE: Final = "private_channel"
_IS_CHANNEL: Final = re.compile(rb'"type"\s*:\s*"(?:public|private)_channel"')


class _Posts(Telegram):
    def said(self, message: Json, chat: TelegramChat) -> ChatMessage | Skip:
        return self.written(message, chat)


@dataclass(frozen=True, slots=True)
class _Channel:
    account: Account
    options: ReadOptions
    notes: ReadNotes
    is_private: bool

    def posts(self, items: Iterator[Item]) -> Iterator[Item]:
        for item in items:
            if isinstance(item, Record) and self.is_private and not self.options.include_restricted:
                yield Skipped(item.place, "restricted")
            else:
                yield self._post(item) if isinstance(item, Record) else item

    def _post(self, record: Record) -> Record:
        answered = _number(record.reply_to.source_id) if record.reply_to else None
        return structs.replace(
            record,
            username=self.account.username,
            author_id=None,
            display_name=self.account.display_name,
            platform="telegram",
            kind="reply" if answered else "post",
            created_at=self._utc(record.created_at),
            source_id=_number(record.source_id),
            reply_to=ReplyTarget.of(answered, self.account.username) if answered else None,
            room=None,
        )

    def _utc(self, time: datetime | None) -> datetime | None:
        """Return a time in UTC; one without a zone is in the chosen zone, else in UTC."""
        if time is None or time.tzinfo is not None:
            return time
        zone = zone_of(self.options.timezone) if self.options.timezone else UTC
        if self.options.timezone is None:
            evidence = Message("the file names no time zone")
            self.notes.assume("timezone", "UTC", evidence=evidence)
        try:
            return time.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError:
            return None


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    """Return a channel's posts; those of a private one only on request."""
    return _from_json(source, options) or _from_pages(source, options)


def _from_json(source: Source, options: ReadOptions) -> RecordStream | None:
    reader = _Posts()
    content = _only_file(source)
    if content is None or not _IS_CHANNEL.search(head(content, 4_000)):
        return None
    chat = None
    with suppress(BrokenFileError):
        chat = reader.only_chat(content)
    is_channel = chat is not None and chat.kind in {"public_channel", _PRIVATE}
    if chat is None or not is_channel or not reader.recognises(content):
        return None
    if source.has_members:
        source.expect([content.name])
    account = _account(chat.room.name, chat.room.external_id)
    channel = _Channel(account, options, content.notes, chat.kind == _PRIVATE)
    return _stream(channel, reader.items(reader.found(content)), [content], source)


def _only_file(source: Source) -> Content | None:
    if not source.has_members:
        return source
    names = [name for name in source.members if name.rpartition("/")[2] == FORMAT.file_name]
    return source.member(names[0]) if len(names) == 1 else None


def _from_pages(source: Source, options: ReadOptions) -> RecordStream | None:
    reader = TelegramPages(options)
    contents = reader.files(source)
    folders = {content.name.rpartition("/")[0] for content in contents}
    title = title_of(contents[0]) if len(folders) == 1 else ""
    try:
        if not title or not is_channel(contents, title):
            return None
    except BrokenFileError:  # The reader of chats names the damage.
        return None
    channel = _Channel(_account(title, None), options, contents[0].notes, is_private=False)
    items = one_by_one(map(reader.items, reader.parts(source, contents)))
    return _stream(channel, items, contents, source)


def _stream(
    channel: _Channel, items: Iterator[Item], contents: list[Content], source: Source
) -> RecordStream:
    posts = channel.posts(in_place(as_told(items, contents), source.members))
    files = source if source.has_members else None
    return RecordStream(FORMAT.name, "record", channel.account, posts, files)


def _account(title: str, number: str | None) -> Account:
    return Account(as_username(title) if title else None, title or None, "telegram", number)


def _number(source_id: str | None) -> str | None:
    return source_id.rpartition(":")[2] if source_id else None


FORMAT: Final = Format(
    "telegram-channel",
    Message("Telegram channel"),
    read,
    file_name="result.json",
    mark=Message("JSON or pages from Telegram Desktop with a single channel"),
)

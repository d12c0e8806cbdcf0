"""Discord's data package: own messages, in a folder for each channel, as JSON or as CSV.

Nothing that others wrote is in it. Folders are called in the language of the account, so that only
`c<id>/messages.json` and the like tell it.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Final

from app.errors import Message
from app.formats.chats.attachments import attachments_of
from app.formats.chats.chat_files import one_by_one
from app.formats.csv import read_rows
from app.formats.discord.channels import written_out
from app.formats.post import digits
from app.formats.records import (
    Account,
    BadRecord,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
    as_username,
    read_each,
    required_text,
)
from app.formats.source.file import Content, Source
from app.formats.source.json import as_object, as_word, first_documents, objects
from app.formats.source.text import first_lines
from app.formats.source.times import time_or_field
from app.formats.source.window import Json, load

_COLUMNS: Final = ("ID", "Timestamp", "Contents", "Attachments")
_MESSAGES: Final = re.compile(r"(?:.*/)?c?\d{1,20}/messages\.(?:json|csv)")
_USER: Final = re.compile(r"(?:.*/)?[^/]+/user\.json")


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    """Return what the account wrote; in channels of single people only on request."""
    contents = _contents(source)
    if not contents:
        return None
    account = _account(source)
    is_for_all = options.include_restricted
    items = one_by_one(
        _items(content, account, is_left_out=not is_for_all and _is_private(source, content.name))
        for content in contents
    )
    return RecordStream(FORMAT.name, "record", account, items)


def _contents(source: Source) -> list[Content]:
    """Return the files of messages: the file itself, or those of all channels; many are empty."""
    if not source.has_members:
        return [source] if _has_messages(source) else []
    names = sorted(filter(_MESSAGES.fullmatch, source.members))
    if not any(_has_messages(source.member(name)) for name in names[:200]):
        return []
    source.expect(names)
    return [source.member(name) for name in names]


def _has_messages(content: Content) -> bool:
    if _is_table(content):
        return True
    return any(value.keys() >= set(_COLUMNS) for value in first_documents(content.uncounted))


def _is_table(content: Content) -> bool:
    first = next(iter(first_lines(content.uncounted)), "")
    return first.strip("\ufeff\r\n") == ",".join(_COLUMNS)


def _account(source: Source) -> Account:
    """Return the owner; of the file about them, the names and the number are read alone."""
    file = next((name for name in sorted(source.members) if _USER.fullmatch(name)), None)
    user = as_object(load(source.start_of(file))) if file else {}
    name = as_username(user.get("username"))
    display_name = as_word(user.get("global_name")) or as_word(user.get("username"))
    unread = file if file and not name else None
    return Account(name, display_name, "discord", digits(user.get("id")), unread)


def _is_private(source: Source, name: str) -> bool:
    """Return whether single people read the channel of a file of messages."""
    file = f"{name.rpartition('/')[0]}/channel.json"
    channel = as_object(load(source.start_of(file))) if file in source.members else {}
    return str(channel.get("type")) in {"1", "3", "DM", "GROUP_DM"}


def _items(content: Content, account: Account, *, is_left_out: bool) -> Iterator[Item]:
    """Yield the messages of a channel; those of a private one are left out."""
    read_one = partial(_item, account=account, is_left_out=is_left_out)
    return read_each(_rows(content) if _is_table(content) else objects(content), read_one)


def _rows(content: Content) -> Iterator[tuple[int, Json] | BadRecord]:
    for numbered in islice(read_rows(content, ","), 1, None):
        if isinstance(numbered, BadRecord):
            yield numbered
        else:
            place, fields = numbered
            yield place, dict(zip(_COLUMNS, fields, strict=False))


def _item(message: Json, place: int, *, account: Account, is_left_out: bool) -> Item:
    if is_left_out:
        return Skipped(place, "restricted")
    text = written_out(required_text(message.get("Contents") or ""), {})
    attached = attachments_of((as_word(message.get("Attachments")) or "").split())
    if not (text.strip() or attached.media):
        return Skipped(place, "empty")
    created_at, unread_time = time_or_field(message.get("Timestamp"), "Timestamp")
    return Record(
        place=place,
        text=text,
        username=account.username,
        display_name=account.display_name,
        platform=account.platform,
        created_at=created_at,
        unread_time=unread_time,
        source_id=digits(message.get("ID")),
        media=attached.media,
        files=attached.files,
    )


FORMAT: Final = Format(
    "discord-package",
    Message("Discord data package"),
    read,
    file_name="messages.json",
    mark=Message(
        "files messages.json or messages.csv with `ID`, `Timestamp`, `Contents` and `Attachments`"
    ),
)

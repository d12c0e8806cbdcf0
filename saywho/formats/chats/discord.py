"""Discord: channels in JSON or CSV of DiscordChatExporter, and Discord's own data package.

Source: https://github.com/Tyrrrz/DiscordChatExporter, JsonMessageWriter.cs, CsvMessageWriter.cs and
ExportRequest.cs. A CSV has no message ids, its name states server, channel and channel id, and a
spreadsheet may have saved it. The data package has only the account's messages; its folder names
are translated, so `c<id>/messages.json` identifies it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

from saywho.errors import Message
from saywho.formats.chats.chat_files import RoomFile, attachments_of, one_by_one
from saywho.formats.chats.json_chat import ChatMessage, record_of
from saywho.formats.chats.message_tables import Cells, table_format
from saywho.formats.chats.people import UTC_OR_LOCAL
from saywho.formats.chats.reactions import reactions_of
from saywho.formats.chats.sentence_tables import matcher
from saywho.formats.post import digits
from saywho.formats.post_shapes import PostShape
from saywho.formats.reading import Skipped, as_username, required_text
from saywho.formats.records import Account, FileRoom, Item, ReadOptions, RecordStream, read_each
from saywho.formats.source.file import Content, Source
from saywho.formats.source.json import as_object, as_word, first_documents, load, objects
from saywho.formats.source.text import first_lines
from saywho.formats.tables.csv import Heading, read_rows
from saywho.text import clean_title

_PERSON: Final = re.compile(r"<@!?(\d{1,20})>")
_EMOJI: Final = re.compile(r"<a?(:\w{1,100}:)\d{1,20}>")


def written_out(text: str, names: Mapping[str, str]) -> str:
    """Return a text with Discord's marks of emoji and known people as words."""
    if "<" not in text:
        return text
    named = _PERSON.sub(
        lambda match: f"@{names[match[1]]}" if match[1] in names else match[0], text
    )
    return _EMOJI.sub(r"\1", named)


def time_of(stated: object) -> object:
    """Return a time with the offset of the exporter's clock; others as they are stated."""
    with suppress(ValueError):
        time = datetime.fromisoformat(stated) if isinstance(stated, str) else None
        if time is not None and time.tzinfo is not None:
            zone = time.tzinfo if time.utcoffset() else UTC_OR_LOCAL
            return time.replace(microsecond=0, tzinfo=zone)
    return stated or None


_NAME: Final = re.compile(r"(?P<title>.*?\S)\s*\[(?P<id>\d{1,20})\](?:\s*\[part \d+\])?")
_SIGN: Final = re.compile(r"([^,]{1,100}?) \((\d{1,9})\)(?:,|$)")
_ADDRESS: Final = re.compile(r"(?:https?://|\S)[^\s,]+")


def _room(file: RoomFile[Heading]) -> FileRoom:
    match = _NAME.fullmatch(file.names[0])
    title = match["title"] if match else ""
    if (person := title.removeprefix("Direct Messages - ")) != title:
        title = person
    elif len(parts := title.split(" - ")) > 1:
        title = f"{parts[0]} #{parts[-1]}"
    return FileRoom(
        platform="discord",
        name=clean_title(title) or "",
        external_id=match["id"] if match else None,
        file=file.content.name,
    )


def _table_item(cells: Cells, place: int, file: RoomFile[Heading]) -> Item:
    room, folder = _room(file), file.content.name.rpartition("/")[0]
    name, text = cells["author"].strip(), cells["content"]
    if not name or name == "Deleted User":
        return Skipped(place, "deleted")
    if matcher("discord-csv", "line").has(text):
        return Skipped(place, "system")
    attached = attachments_of(_ADDRESS.findall(cells.get("attachments", "")), folder)
    signs = _SIGN.findall(cells.get("reactions", ""))
    said = ChatMessage(
        text=text,
        name=name,
        author_id=digits(cells["authorid"].strip()),
        time=time_of(cells["date"].strip()),
        time_field="Date",
        attached=attached,
        counts=reactions_of((sign.strip(), int(count)) for sign, count in signs) if signs else None,
        room=room,
    )
    return record_of(said, place)


CSV_FORMAT: Final = table_format(
    "discord-csv", Message("Discord as CSV"), ("authorid", "author", "date", "content"), _table_item
)


_PACKAGE_COLUMNS: Final = ("ID", "Timestamp", "Contents", "Attachments")
_MESSAGES: Final = re.compile(r"(?:.*/)?c?\d{1,20}/messages\.(?:json|csv)")
_USER: Final = re.compile(r"(?:.*/)?[^/]+/user\.json")


def read_package(source: Source, _options: ReadOptions) -> RecordStream | None:
    contents = list(source.contents(_MESSAGES.fullmatch))
    if not any(map(_has_messages, contents[:200])):
        return None
    source.expect(content.name for content in contents)
    account = _account(source)

    def items(content: Content) -> Iterator[Item]:
        is_private = _is_private(source, content.name)
        shape = replace(_PACKAGE, is_restricted=lambda _: is_private)
        read_one = partial(shape.item, account=account)
        if not _is_table(content):
            return read_each(objects(content), read_one)
        return read_each(
            islice(read_rows(content, ","), 1, None),
            lambda row, place: read_one(dict(zip(_PACKAGE_COLUMNS, row, strict=False)), place),
        )

    return RecordStream(PACKAGE_FORMAT.name, "record", account, one_by_one(map(items, contents)))


def _has_messages(content: Content) -> bool:
    if _is_table(content):
        return True
    documents = first_documents(content.uncounted)
    return any(value.keys() >= set(_PACKAGE_COLUMNS) for value in documents)


def _is_table(content: Content) -> bool:
    first = next(iter(first_lines(content.uncounted)), "")
    return first.strip("\ufeff\r\n") == ",".join(_PACKAGE_COLUMNS)


def _account(source: Source) -> Account:
    file = next((name for name in sorted(source.members) if _USER.fullmatch(name)), None)
    user = as_object(load(source.start_of(file))) if file else {}
    name = as_username(user.get("username"))
    display_name = as_word(user.get("global_name")) or as_word(user.get("username"))
    unread = file if file and not name else None
    return Account(name, display_name, "discord", digits(user.get("id")), unread)


def _is_private(source: Source, name: str) -> bool:
    file = f"{name.rpartition('/')[0]}/channel.json"
    channel = as_object(load(source.start_of(file))) if file in source.members else {}
    return str(channel.get("type")) in {"1", "3", "DM", "GROUP_DM"}


_PACKAGE: Final = PostShape(
    name="discord-package",
    label=Message("Discord data package"),
    platform="discord",
    text=lambda message: written_out(required_text(message.get("Contents") or ""), {}),
    media=lambda message: attachments_of((as_word(message.get("Attachments")) or "").split()).media,
    time=("Timestamp",),
    id=lambda message: digits(message.get("ID")),
)
PACKAGE_FORMAT: Final = replace(_PACKAGE.format(), read=read_package, file_name="messages.json")

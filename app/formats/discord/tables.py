"""Channels of Discord as CSV: a file of DiscordChatExporter for each, perhaps saved again.

Source: https://github.com/Tyrrrz/DiscordChatExporter, CsvMessageWriter.cs and ExportRequest.cs. The
file's name says the server, the channel and its number; the rows name no messages.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

from app.compute.text import clean_title
from app.errors import Message, RecordError
from app.formats.chats.attachments import attachments_of
from app.formats.chats.chat_files import RoomFile, find_rooms, one_by_one
from app.formats.csv import read_rows
from app.formats.post import digits
from app.formats.records import (
    BROKEN,
    FileRoom,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
    is_broken,
    read_each,
)
from app.formats.signs import reactions_of
from app.formats.source.file import Source
from app.formats.source.text import first_lines
from app.formats.source.times import time_or_field
from app.formats.table_dialect import Heading, headings

_COLUMNS: Final = ("authorid", "author", "date", "content")
_NAME: Final = re.compile(r"(?P<title>.+?)\s*\[(?P<id>\d{1,20})\](?:\s*\[part \d+\])?")
_DIRECT: Final = "Direct Messages - "
_SIGN: Final = re.compile(r"\s*([^,]{1,100}?) \((\d{1,9})\)(?:,|$)")
_ADDRESS: Final = re.compile(r"(?:https?://|\S)[^\s,]+")


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return what was said in the channels; None for another format."""
    rooms = find_rooms(source, ".csv", lambda content: _heading(first_lines(content)))
    if not rooms:
        return None
    return RecordStream(FORMAT.name, "line", None, one_by_one(map(_items, rooms)))


def _heading(first: list[str]) -> Heading | None:
    """Return the header, whatever stands between its columns; None for another table."""
    for heading in headings(first):
        if {name.casefold() for name in heading.names}.issuperset(_COLUMNS):
            return heading
    return None


def _items(file: RoomFile[Heading]) -> Iterator[Item]:
    room, heading = _room(file), file.grammar
    places = {name.casefold(): place for place, name in enumerate(heading.names)}
    folder = file.content.name.rpartition("/")[0]

    def read_row(fields: list[str], place: int) -> Item:
        if len(fields) < len(_COLUMNS):
            template = "the row has {count} fields, the header {width}"
            raise RecordError(template, count=len(fields), width=len(places))
        cells = {name: fields[at] for name, at in places.items() if at < len(fields)}
        return _item(cells, place, room, folder)

    rows = read_rows(file.content, heading.dialect)
    return read_each(islice(rows, heading.above + 1, None), read_row)


def _room(file: RoomFile[Heading]) -> FileRoom:
    """Return the room that the name of the file says, a server's channel or a direct chat."""
    match = _NAME.fullmatch(file.names[0])
    title = match["title"] if match else ""
    if title.startswith(_DIRECT):
        title = title.removeprefix(_DIRECT)
    elif match and len(parts := title.split(" - ")) > 1:
        title = f"{parts[0]} #{parts[-1]}"
    return FileRoom(
        platform="discord",
        name=clean_title(title) or "",
        external_id=match["id"] if match else None,
        file=file.content.name,
    )


def _item(cells: dict[str, str], place: int, room: FileRoom, folder: str) -> Item:
    """Return the record of a row. Raises RecordError."""
    name, text = cells["author"].strip(), cells["content"]
    if is_broken(name + text):
        raise RecordError(BROKEN)
    if not name or name == "Deleted User":
        return Skipped(place, "deleted")
    if _own_lines().fullmatch(text.strip()):
        return Skipped(place, "system")
    attached = attachments_of(_ADDRESS.findall(cells.get("attachments", "")), folder)
    if not (text.strip() or attached.media):
        return Skipped(place, "media")
    signs = _SIGN.findall(cells.get("reactions", ""))
    created_at, unread_time = time_or_field(cells["date"].strip(), "Date")
    return Record(
        place=place,
        text=text,
        username=name,
        author_id=digits(cells["authorid"].strip()),
        display_name=name,
        platform="local",
        created_at=created_at,
        unread_time=unread_time,
        media=attached.media,
        files=attached.files,
        counts=reactions_of((sign, int(count)) for sign, count in signs) if signs else None,
        room=room,
    )


@cache
def _own_lines() -> re.Pattern[str]:
    """Return what the exporter writes for the app's own lines."""
    listed = json.loads(Path(__file__).with_name("own_lines.json").read_text(encoding="utf-8"))
    sentences = (
        re.escape(sentence).replace(r"\{any\}", ".{1,200}") for sentence in listed["sentences"]
    )
    return re.compile("|".join(sentences))


FORMAT: Final = Format(
    "discord-csv",
    Message("Discord as CSV"),
    read,
    is_chat=True,
    mark=Message("CSV with the columns `AuthorID`, `Author`, `Date` and `Content`"),
)

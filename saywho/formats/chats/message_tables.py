"""Chats in tables of other programs: iMazing (iMessage, WhatsApp) and WeChatMsg.

iMazing's columns are in English; which there are depends on app and version. WeChatMsg writes a row
for each message of its database, also for pictures (as XML) and notes of the app; older versions
have no names, and say only if the exporting person wrote the message.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Final

from saywho.errors import Message
from saywho.formats.chats.chat_files import RoomFile, attachments_of, find_rooms, one_by_one
from saywho.formats.chats.json_chat import ChatMessage, record_of
from saywho.formats.reading import Skipped
from saywho.formats.records import FileRoom, Format, Item, ReadOptions, RecordStream, read_each
from saywho.formats.source.file import Content, Source
from saywho.formats.source.text import first_lines
from saywho.formats.tables.csv import Heading, headings, read_rows, wrong_width
from saywho.text import clean_title

Cells = Mapping[str, str]
CellsReader = Callable[[Cells, int, RoomFile[Heading]], Item]


def tables_with(
    source: Source, is_known: Callable[[frozenset[str]], object]
) -> list[RoomFile[Heading]]:
    """Return the tables with known columns, by their names in lower case."""

    def heading_of(content: Content) -> Heading | None:
        possible = headings(first_lines(content))
        return next((each for each in possible if is_known(frozenset(columns_of(each)))), None)

    return find_rooms(source, ".csv", heading_of)


def columns_of(heading: Heading) -> tuple[str, ...]:
    return tuple(name.strip().casefold() for name in heading.names)


def read_table(
    file: RoomFile[Heading], read: Callable[[Cells, int], Item], fewest: int | None = None
) -> Iterator[Item]:
    """Yield the items of a table's rows: as wide as its header, or at least with `fewest` cells."""
    heading, names = file.grammar, columns_of(file.grammar)

    def read_row(fields: list[str], place: int) -> Item:
        if len(fields) != len(names) if fewest is None else len(fields) < fewest:
            raise wrong_width(len(fields), len(names))
        return read(dict(zip(names, fields, strict=False)), place)

    rows = read_rows(file.content, heading.dialect)
    return read_each(islice(rows, heading.above + 1, None), read_row)


def table_format(name: str, label: Message, columns: Collection[str], read: CellsReader) -> Format:
    """Return the format of chats in tables with these columns, given in lower case."""

    def items(room: RoomFile[Heading]) -> Iterator[Item]:
        return read_table(room, lambda cells, place: read(cells, place, room), len(columns))

    def read_tables(source: Source, _options: ReadOptions) -> RecordStream | None:
        rooms = tables_with(source, frozenset(columns).issubset)
        return RecordStream(name, "line", None, one_by_one(map(items, rooms))) if rooms else None

    return Format(name, label, read_tables, is_chat=True)


_LOCAL_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?", re.ASCII)
_ME: Final = "Me"


def _of_imazing(cells: Cells, place: int, file: RoomFile[Heading]) -> Item:
    kind = cells["type"].strip().casefold()
    if kind not in {"incoming", "outgoing"}:
        return Skipped(place, "system")
    if cells.get("forwarded", "").strip().casefold() in {"yes", "true", "1"}:
        return Skipped(place, "repost")
    if cells.get("reactions", "").strip():
        file.content.notes.leave("column", "Reactions")
    session, service = cells["chat session"].strip(), cells.get("service", "").strip()
    time = cells["message date"].strip()
    name = cells["sender name"].strip() or cells.get("sender id", "").strip()
    subject, text = cells.get("subject", "").strip(), cells["text"]
    is_own = not name and kind == "outgoing"
    said = ChatMessage(
        text=f"{subject}\n{text}" if subject else text,
        name=_ME if is_own else name or session,
        username=None if is_own else "",
        time=datetime.fromisoformat(time) if _LOCAL_TIME.fullmatch(time) else time,
        time_field="Message Date",
        attached=attachments_of(
            [cells.get("attachment", "").strip()], file.content.name.rpartition("/")[0]
        ),
        room=FileRoom(
            platform="imessage" if service else "whatsapp",
            name=clean_title(session) or "",
            file=file.content.name,
            thread=session,
        ),
    )
    return record_of(said, place)


_TEXT: Final = "1"
_NOTES: Final = frozenset({"10000", "10002"})


def _of_wechat(cells: Cells, place: int, file: RoomFile[Heading]) -> Item:
    kind = cells["type"].strip()
    if kind != _TEXT:
        return Skipped(place, "system" if kind in _NOTES else "media")
    talker, title = cells["talkerid"].strip(), file.names[0].removesuffix("_utf8")
    named = (cells.get(field, "").strip() for field in ("remark", "nickname", "sender"))
    name = next(filter(None, named), "")
    is_own = not name and cells["issender"].strip() == "1"
    said = ChatMessage(
        text=cells["strcontent"],
        name=_ME if is_own else name or title or talker,
        username=None if is_own else "",
        author_id=cells.get("sender", "").strip() or None,
        time=cells["createtime"].strip(),
        time_field="CreateTime",
        room=FileRoom(
            platform="wechat",
            name=(clean_title(title) or "") if title != "messages" else "",
            file=file.content.name,
            thread=talker,
        ),
    )
    return record_of(said, place)


IMAZING: Final = table_format(
    "imazing",
    Message("iMazing"),
    {"chat session", "message date", "type", "sender name", "text"},
    _of_imazing,
)
WECHAT: Final = table_format(
    "wechat-csv",
    Message("WeChat as CSV"),
    {"talkerid", "type", "issender", "createtime", "strcontent"},
    _of_wechat,
)

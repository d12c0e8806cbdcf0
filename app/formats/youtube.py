"""YouTube: own comments and messages in live chats, as tables of Google Takeout.

The account's language names folders and files, but not columns.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from app.errors import Message, RecordError
from app.formats.account_tables import AccountTable, Row, columns_of, first_rows, tables_in
from app.formats.chats.chat_files import one_by_one
from app.formats.chats.people import as_username
from app.formats.post import ReplyTarget
from app.formats.records import (
    Account,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
    read_each,
    required_text,
)
from app.formats.source.file import Source
from app.formats.source.html import written_out
from app.formats.source.json import as_object, as_word, listed, load
from app.formats.source.times import time_or_field

_KINDS: Final = ("comment", "live chat")
_SEGMENTS: Final = "takeoutSegments"
_CHANNEL: Final = "channel id"


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    tables = tables_in(source, lambda columns: _kind_of(columns) is not None)
    if not tables:
        return None
    channel = _channel(tables)
    title = _titles(source).get(channel) if channel else None
    account = Account(as_username(title) if title else None, title, "youtube", channel)
    items = one_by_one(_items(table, account) for table in tables)
    return RecordStream(FORMAT.name, "line", account, items)


def _kind_of(columns: frozenset[str]) -> str | None:
    needed = ("id", "text", "create timestamp")
    return next(
        (kind for kind in _KINDS if columns >= {_CHANNEL, *(f"{kind} {part}" for part in needed)}),
        None,
    )


def _channel(tables: list[AccountTable]) -> str | None:
    for table in tables:
        for cells in first_rows(table.content, 2)[1:]:
            if len(cells) == len(table.columns):
                return table.row(cells)[_CHANNEL].strip() or None
    return None


def _titles(source: Source) -> Mapping[str, str]:
    for name in sorted(source.members):
        if name.lower().endswith(".csv"):
            columns = columns_of(source.member(name).uncounted)
            title = next((name for name in columns if name.startswith("channel title")), None)
            if title and _CHANNEL in columns:
                number, place = columns.index(_CHANNEL), columns.index(title)
                rows = first_rows(source.member(name), 100)[1:]
                wide = (cells for cells in rows if len(cells) == len(columns))
                return {cells[number].strip(): cells[place].strip() for cells in wide}
    return {}


def _items(table: AccountTable, account: Account) -> Iterator[Item]:
    kind = _kind_of(frozenset(table.columns)) or _KINDS[0]
    read_one = partial(_item, table=table, account=account, kind=kind)
    return read_each(table.rows(), read_one)


def _item(
    cells: list[str], place: int, *, table: AccountTable, account: Account, kind: str
) -> Item:
    row = table.row(cells)
    channel = row[_CHANNEL].strip()
    if channel != (account.id or ""):
        raise RecordError(
            "written by {username}, but the file starts with posts by another author",
            username=channel,
        )
    text = text_of(required_text(row[f"{kind} text"]))
    if not text.strip():
        return Skipped(place, "empty")
    number, video = row[f"{kind} id"].strip() or None, row.get("video id", "").strip()
    answered = _answered(row)
    column = f"{kind} create timestamp"
    created_at, unread_time = time_or_field(row[column].strip(), column)
    return Record(
        place=place,
        text=text,
        username=account.username,
        display_name=account.display_name,
        platform=account.platform,
        kind="reply" if answered else "post",
        created_at=created_at,
        unread_time=unread_time,
        source_id=number,
        url=f"https://www.youtube.com/watch?v={video}&lc={number}" if video and number else None,
        reply_to=ReplyTarget.of(answered, None),
    )


def _answered(row: Row) -> str | None:
    names = ("parent comment id", "video id", "post id")
    return next(filter(None, (row.get(name, "").strip() for name in names)), None)


def text_of(cell: str) -> str:
    """Return a cell's words: JSON with a list of segments, segments alone, or plain text."""
    if not cell.lstrip().startswith("{"):
        return cell
    value = load(cell)
    if isinstance(value, dict) and _SEGMENTS in value:
        segments: object = listed(value, _SEGMENTS)
    else:
        segments = load(f"[{cell}]")
    if not isinstance(segments, list) or not all(isinstance(part, dict) for part in segments):
        return cell
    return "".join(map(_segment, map(as_object, segments)))


def _segment(segment: dict[str, object]) -> str:
    text = segment.get("text")
    if not isinstance(text, str):
        return ""
    address = as_word(as_object(segment.get("link")).get("linkUrl"))
    is_address = text.lower().startswith(("http://", "https://"))
    return written_out(text, address) if address and is_address else text


FORMAT: Final = Format(
    "youtube",
    Message("YouTube comments of Google Takeout"),
    read,
    mark=Message(
        "tables such as YouTube's comments.csv, with `Comment ID`, `Channel ID` and `Comment Text`"
    ),
)

"""Tables in an account's download, recognised by their column names.

Reddit answers a data request with posts and comments in a zip. Google Takeout has an account's
comments and messages in live chats on YouTube; the account's language names folders and files, but
not columns.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final

from saywho.errors import Message, RecordError
from saywho.formats.chats.chat_files import RoomFile, attachments_of, one_by_one
from saywho.formats.chats.message_tables import Cells, columns_of, read_table, tables_with
from saywho.formats.post import Medium, ReplyTarget
from saywho.formats.post_shapes import PostShape, word_of
from saywho.formats.reading import as_username, readable, required_text, username_for
from saywho.formats.records import Account, ReadOptions, RecordStream
from saywho.formats.source.file import Content, Source
from saywho.formats.source.html import written_out
from saywho.formats.source.json import Json, as_object, as_word, listed, load
from saywho.formats.source.text import first_lines
from saywho.formats.tables.csv import Heading, headings, read_rows
from saywho.text import unescape_html


def _first_rows(content: Content, most: int) -> list[list[str]]:
    return list(readable(islice(read_rows(content.uncounted, ","), most)))


_OF_COMMENTS: Final = frozenset({"link", "parent"})
_GONE: Final = frozenset({"[deleted]", "[removed]"})
_POST_IN_LINK: Final = re.compile(r"/comments/([a-z0-9]{1,20})(?:/|$)", re.IGNORECASE)
_ID: Final = re.compile(r"(?:t[13]_)?[a-z0-9]{1,20}", re.IGNORECASE)
_NO_WIDTH: Final = re.compile(r"&(?:amp;)?#x200b;", re.IGNORECASE)


def _read_reddit(source: Source, _options: ReadOptions) -> RecordStream | None:
    def is_wanted(columns: frozenset[str]) -> bool:
        is_of_account = columns >= {"id", "permalink", "date", "subreddit", "body"}
        return is_of_account and (columns >= {"title", "url"} or columns >= _OF_COMMENTS)

    if not (tables := tables_with(source, is_wanted)):
        return None
    username = _reddit_name(source)
    return _rows(_REDDIT, tables, Account(username, username, "reddit"))


def _rows(shape: PostShape, tables: Iterable[RoomFile[Heading]], account: Account) -> RecordStream:
    read_one = partial(shape.item, account=account)
    items = one_by_one(read_table(table, read_one) for table in tables)
    return RecordStream(shape.name, "line", account, items)


def _reddit_name(source: Source) -> str | None:
    for name in source.members:
        if name.rpartition("/")[2] == "statistics.csv":
            for cells in _first_rows(source.member(name), 100):
                if len(cells) > 1 and cells[0].strip().casefold() in {"account name", "username"}:
                    return as_username(cells[1])
    return None


def _reddit_text(row: Cells) -> str:
    cells = (required_text(row.get(name, "")).strip() for name in ("title", "body"))
    own = (unescape_html(_NO_WIDTH.sub("", cell)).strip() for cell in cells if cell not in _GONE)
    return "\n\n".join(filter(None, own))


def _reddit_id(row: Cells) -> str | None:
    number, kind = row["id"].strip(), "t1_" if _is_comment(row) else "t3_"
    return f"{kind}{number.removeprefix(kind)}" if _ID.fullmatch(number) else None


def _is_comment(row: Cells) -> bool:
    return row.keys() >= _OF_COMMENTS


def _linked(row: Cells) -> tuple[Medium, ...]:
    address = row.get("url", "").strip()
    if (
        _is_comment(row)
        or not address.startswith(("https://", "http://"))
        or _POST_IN_LINK.search(address)
    ):
        return ()
    return attachments_of([address]).media or (Medium("link", address),)


def _permalink(row: Cells) -> str | None:
    permalink = row["permalink"].strip()
    return f"https://www.reddit.com{permalink}" if permalink[:1] == "/" else permalink or None


def _commented(row: Cells) -> ReplyTarget | None:
    if not _is_comment(row):
        return None
    parent = row["parent"].strip()
    if _ID.fullmatch(parent):
        return ReplyTarget(parent if "_" in parent else f"t1_{parent}")
    post = _POST_IN_LINK.search(row["link"])
    return ReplyTarget(f"t3_{post[1]}") if post else None


_REDDIT: Final = PostShape(
    name="reddit",
    label=Message("Reddit data request"),
    platform="reddit",
    text=_reddit_text,
    media=_linked,
    time=("date",),
    id=_reddit_id,
    url=_permalink,
    kind=lambda row: "reply" if _is_comment(row) else "post",
    answered=_commented,
    empty=lambda row: "deleted" if row["body"].strip() in _GONE else "empty",
)
REDDIT: Final = replace(_REDDIT.format(), read=_read_reddit)


_KINDS: Final = ("comment", "live chat")
_SEGMENTS: Final = "takeoutSegments"
_CHANNEL: Final = "channel id"


def _read_youtube(source: Source, _options: ReadOptions) -> RecordStream | None:
    tables = tables_with(source, lambda columns: _kind_of(columns) is not None)
    if not tables:
        return None
    channel = _channel(tables)
    title = _channel_titles(source).get(channel) if channel else None
    account = Account(username_for(title) if title else None, title, "youtube", channel)
    shape = replace(_YOUTUBE, text=partial(_youtube_text, channel or ""))
    return _rows(shape, tables, account)


def _kind_of(columns: frozenset[str]) -> str | None:
    needed = ("id", "text", "create timestamp")
    return next(
        (kind for kind in _KINDS if columns >= {_CHANNEL, *(f"{kind} {part}" for part in needed)}),
        None,
    )


def _channel(tables: list[RoomFile[Heading]]) -> str | None:
    for table in tables:
        columns = columns_of(table.grammar)
        for cells in _first_rows(table.content, 2)[1:]:
            if len(cells) == len(columns):
                return cells[columns.index(_CHANNEL)].strip() or None
    return None


def _channel_titles(source: Source) -> Mapping[str, str]:
    for name in sorted(source.members):
        if name.lower().endswith(".csv"):
            columns = columns_of(next(headings(first_lines(source.member(name)))))
            title = next((name for name in columns if name.startswith("channel title")), None)
            if title and _CHANNEL in columns:
                number, place = columns.index(_CHANNEL), columns.index(title)
                rows = _first_rows(source.member(name), 100)[1:]
                wide = (cells for cells in rows if len(cells) == len(columns))
                return {cells[number].strip(): cells[place].strip() for cells in wide}
    return {}


def _youtube_text(channel: str, row: Cells) -> str:
    if (author := row[_CHANNEL].strip()) != channel:
        raise RecordError(
            "written by {username}, but the file starts with posts by another author",
            username=author,
        )
    return text_of(required_text(_youtube_cell(row, "text") or ""))


def _youtube_cell(row: Cells, name: str) -> str | None:
    cells = (row.get(f"{kind} {name}") for kind in _KINDS)
    return next(filter(None, cells), None)


def _youtube_link(row: Cells) -> str | None:
    number, video = (_youtube_cell(row, "id") or "").strip(), row.get("video id", "").strip()
    return f"https://www.youtube.com/watch?v={video}&lc={number}" if video and number else None


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
    return "".join(map(_segment, segments))


def _segment(segment: Json) -> str:
    text = segment.get("text")
    if not isinstance(text, str):
        return ""
    address = as_word(as_object(segment.get("link")).get("linkUrl"))
    is_address = text.lower().startswith(("http://", "https://"))
    return written_out(text, address) if address and is_address else text


_YOUTUBE: Final = PostShape(
    name="youtube",
    label=Message("YouTube comments of Google Takeout"),
    platform="youtube",
    text=partial(_youtube_text, ""),
    time=tuple(f"{kind} create timestamp" for kind in _KINDS),
    id=tuple(f"{kind} id" for kind in _KINDS),
    url=_youtube_link,
    answered=lambda row: ReplyTarget.of(
        word_of(row, ("parent comment id", "video id", "post id")), None
    ),
)
YOUTUBE: Final = replace(_YOUTUBE.format(), read=_read_youtube)

"""Reddit: posts and comments in the answer to a data request, tables in a zip."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from app.compute.text import unescape_html
from app.errors import Message
from app.formats.account_tables import AccountTable, Row, first_rows, tables_in
from app.formats.chats.chat_files import attachments_of, one_by_one
from app.formats.post import Medium, ReplyTarget
from app.formats.records import (
    Account,
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
from app.formats.source.file import Source
from app.formats.source.times import time_or_field

_OF_COMMENTS: Final = frozenset({"link", "parent"})
_GONE: Final = frozenset({"[deleted]", "[removed]"})
_POST_IN_LINK: Final = re.compile(r"/comments/([a-z0-9]{1,20})(?:/|$)", re.IGNORECASE)
_ID: Final = re.compile(r"(?:t[13]_)?[a-z0-9]{1,20}", re.IGNORECASE)
_NO_WIDTH: Final = re.compile(r"&(?:amp;)?#x200b;", re.IGNORECASE)


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    tables = tables_in(source, _is_wanted)
    if not tables:
        return None
    username = _username(source)
    account = Account(username, username, "reddit")
    items = one_by_one(_items(table, account) for table in tables)
    return RecordStream(FORMAT.name, "line", account, items)


def _is_wanted(columns: frozenset[str]) -> bool:
    is_of_account = columns >= {"id", "permalink", "date", "subreddit", "body"}
    return is_of_account and (columns >= {"title", "url"} or columns >= _OF_COMMENTS)


def _username(source: Source) -> str | None:
    for name in source.members:
        if name.rpartition("/")[2] == "statistics.csv":
            for cells in first_rows(source.member(name), 100):
                if len(cells) > 1 and cells[0].strip().casefold() in {"account name", "username"}:
                    return as_username(cells[1])
    return None


def _items(table: AccountTable, account: Account) -> Iterator[Item]:
    is_comments = frozenset(table.columns) >= _OF_COMMENTS
    read_one = partial(_item, table=table, account=account, is_comments=is_comments)
    return read_each(table.rows(), read_one)


def _item(
    cells: list[str], place: int, *, table: AccountTable, account: Account, is_comments: bool
) -> Item:
    row = table.row(cells)
    created_at, unread_time = time_or_field(row["date"].strip(), "date")
    title, body = _words(row.get("title", "")), _words(row["body"])
    text, media = "\n\n".join(filter(None, (title, body))), () if is_comments else _media(row)
    if not (text or media):
        return Skipped(place, "deleted" if row["body"].strip() in _GONE else "empty")
    number = row["id"].strip()
    kind = "t1_" if is_comments else "t3_"
    permalink = row["permalink"].strip()
    return Record(
        place=place,
        text=text,
        username=account.username,
        display_name=account.display_name,
        platform=account.platform,
        kind="reply" if is_comments else "post",
        created_at=created_at,
        unread_time=unread_time,
        source_id=f"{kind}{number.removeprefix(kind)}" if _ID.fullmatch(number) else None,
        url=f"https://www.reddit.com{permalink}" if permalink[:1] == "/" else permalink or None,
        reply_to=_target(row) if is_comments else None,
        media=media,
    )


def _words(cell: str) -> str:
    text = required_text(cell).strip()
    return "" if text in _GONE else unescape_html(_NO_WIDTH.sub("", text)).strip()


def _media(row: Row) -> tuple[Medium, ...]:
    address = row["url"].strip()
    if not address.startswith(("https://", "http://")) or _POST_IN_LINK.search(address):
        return ()
    return attachments_of([address]).media or (Medium("link", address),)


def _target(row: Row) -> ReplyTarget | None:
    parent = row["parent"].strip()
    if _ID.fullmatch(parent):
        return ReplyTarget(parent if "_" in parent else f"t1_{parent}")
    post = _POST_IN_LINK.search(row["link"])
    return ReplyTarget(f"t3_{post[1]}") if post else None


FORMAT: Final = Format(
    "reddit",
    Message("Reddit data request"),
    read,
    mark=Message("tables posts.csv or comments.csv with `permalink`, `subreddit` and `body`"),
)

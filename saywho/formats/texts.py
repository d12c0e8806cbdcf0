"""Whole texts in a folder or an archive: plain files with authors in their names."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import starmap
from typing import Final, Literal, NamedTuple

from saywho.errors import Message, RecordError, message_of
from saywho.formats import records
from saywho.formats.assumptions import fields_without
from saywho.formats.chats.chat_files import one_by_one
from saywho.formats.file_authors import NamedAuthors, authors_of, chosen_way, is_of_unknown
from saywho.formats.reading import BadRecord, Skipped, required_text
from saywho.formats.refusals import is_plain_text
from saywho.formats.source.file import WORDY_ENDS, Content, Source, head, is_hidden
from saywho.formats.source.html import page_to_text
from saywho.formats.source.text import pieces
from saywho.formats.source.times import time_or_field
from saywho.formats.tables.limits import hides_row, limit_of
from saywho.text import word_set

MOST_CHARACTERS: Final = 16 * 2**20
"""Maximum length of a file in characters: the longest novels have a third of it."""
_LOOKED_AT: Final = 20
_ENDS: Final = (".txt", ".md", ".markdown")
_PAGES: Final = (".html", ".htm")
"""Ends of names of posts that blogs such as Jekyll keep as HTML below the same keys."""
_HEAD: Final = re.compile(
    r"\A\ufeff?(?:---[ \t]*\n((?:\w[\w-]*:.*\n|[ \t-].*\n|\n){1,100})(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
    r"|\+\+\+[ \t]*\n((?:[\w-]+[ \t]*=.*\n|[ \t\[].*\n|\n){1,100})\+\+\+[ \t]*(?:\n|\Z)"
    r"|((?:title|date|author|tags|categories|layout):.*\n(?:\w[\w-]*:.*\n|[ \t-].*\n|\n){1,100}?)"
    r"---[ \t]*(?:\n|\Z)"
    r"|(Content-Type: text/x-zim-wiki\n(?:[\w-]+: .*\n)*))"
)
"""Keys above a note: YAML of Obsidian and Jekyll, TOML of Hugo, Hexo's without a first line, or
the lines of Zim.
"""
_LINE_OF_HEAD: Final = re.compile(
    r"^([\w-]{1,40})[ \t]*[:=][ \t]*(.{0,300}?)[ \t]*$(?:\n[ \t]+-[ \t]*(.{1,200}?)[ \t]*$)?",
    re.MULTILINE,
)
"""A key above a text with its value, or with the first item of its list."""
_TIMES_IN_HEAD: Final = (
    "date",
    "created",
    "created_at",
    "creation-date",
    "published_at",
    "날짜",
    "작성일",
)
_DRAFTS: Final = word_set("draft drafts")
"""Folders of blogs with texts that are not published."""
_AUTHORS_IN_HEAD: Final = ("author", "authors", "by", "writer", "작성자", "글쓴이", "저자")
_TIME_IN_NAME: Final = re.compile(
    r"(?<!\d)(\d{4}-[01]\d-[0-3]\d)"
    r"(?:[_T ]([0-2]\d)[-.:h]?([0-5]\d)[-.:m]?([0-5]\d)?(?:_?(UTC|Z))?)?(?!\d)"
)
_MARK: Final = r"^[ \t]*\*{3}[ \t]*%s OF (?:THE|THIS) PROJECT GUTENBERG E(?:BOOK|TEXT)[^\n]*"
_LICENCE_BEFORE: Final = re.compile(_MARK % "START", re.MULTILINE | re.IGNORECASE)
_LICENCE_BEHIND: Final = re.compile(_MARK % "END", re.MULTILINE | re.IGNORECASE)
_AUTHOR_IN_HEAD: Final = re.compile(r"^Author:(.{1,200})$", re.MULTILINE)


def read(source: Source, options: records.ReadOptions) -> records.RecordStream | None:
    """Return each text by its author; by `username` if the names of the files have no authors."""
    if not source.has_members:
        return None
    ends = {*WORDY_ENDS, *_ENDS}
    wordy = [
        name
        for name in source.members
        if name.lower().endswith(tuple(ends)) and not is_hidden(name)
    ]
    pages = [name for name in wordy if name.lower().endswith(_PAGES)]
    looked_at = pages[:: max(1, len(pages) // _LOOKED_AT)]
    headed = sum(head(source.member(name), 3) == b"---" for name in looked_at)
    ends_of_texts = (*_ENDS, *_PAGES) if 2 * headed > len(looked_at) else _ENDS
    names = sorted(name for name in wordy if name.lower().endswith(ends_of_texts))
    contents = [source.member(name) for name in names[:: max(1, len(names) // _LOOKED_AT)]]
    plain = [content for content in contents if is_plain_text(content)]
    if not names or 2 * len(names) < len(wordy) or 2 * len(plain) < len(contents):
        return None
    has_none = "username" in fields_without(options.columns)
    way = chosen_way(options.columns)
    firsts = (next(iter(pieces(content.uncounted)), "") for content in plain)
    heads = [_head_of(first.replace("\r\n", "\n")) for first in firsts]
    # Keys above the texts are of a blog or notes, whose files are called by titles.
    is_headed = 2 * sum(bool(keys.end) for keys in heads) > len(heads)
    has_author = any(keys.author for keys in heads)
    is_stated = way is None and (options.username is not None or has_author or is_headed)
    authors = None if has_none or is_stated else authors_of(names, is_table=False, chosen=way)
    if authors is None and not (has_none or is_stated):
        return None
    taken = [name for name in names if authors is None or name in authors.by_file]
    source.expect(taken)
    left_out = _of_unknown(names) if authors is not None else ()
    source.notes.is_author_open = authors is None and not has_author
    items = _items(source, taken, authors)
    return records.RecordStream(FORMAT.name, "record", None, items, left_out=left_out)


def _of_unknown(names: list[str]) -> tuple[records.LeftOut, ...]:
    count = sum(map(is_of_unknown, names))
    note = Message(
        "Texts of unknown authors, which are left out: {count}. To ask who wrote such a text,"
        " compare it with the others",
        count=f"{count:,}",
        choice="compare",
    )
    return (records.LeftOut(note),) if count else ()


def _items(
    source: Source, names: list[str], authors: NamedAuthors | None
) -> Iterator[records.Item]:
    notes = source.notes
    by_file: Mapping[str, str] = {}
    if authors is not None:
        authors.note(notes)
        by_file = authors.by_file

    def read_one(place: int, name: str) -> Iterator[records.Item]:
        item = text_of(source.member(name), place, by_file.get(name))
        if item is None:
            notes.leave("file", name)
        else:
            yield item

    yield from one_by_one(starmap(read_one, enumerate(names, start=1)))


def text_of(content: Content, place: int, author: str | None) -> records.Item | None:
    """Return a file's text as a record, if it is to be one; None if it is no plain text."""
    if not is_plain_text(content):
        return None
    text = ""
    for piece in pieces(content):
        text += piece
        if len(text) > MOST_CHARACTERS:
            fault = Message("{name}: longer than {size} MB", name=content.name, size=16)
            return BadRecord(place, fault)
    if not text.strip():
        return Skipped(place, "empty")
    text = _without_licence(text.replace("\r\n", "\n"), content, author)
    if any(folder.strip("_").casefold() in _DRAFTS for folder in content.name.split("/")[:-1]):
        return Skipped(place, "deleted")
    keys = _head_of(text)
    if keys.reason is not None:
        return Skipped(place, keys.reason)
    text = text[keys.end :]
    time, unread = _time_of(keys, content.name)
    try:
        text = page_to_text(text) if content.name.lower().endswith(_PAGES) else text
        if not text.strip():
            return Skipped(place, "empty")
        record = records.Record(
            place=place,
            text=required_text(text.strip()),
            created_at=time,
            unread_time=unread,
            source=content.name,
        )
        author = keys.author or author
        return records.by_author(record, author) if author else record
    except RecordError as error:
        return BadRecord(
            place, Message("{name}: {fault}", name=content.name, fault=message_of(error))
        )


class _Head(NamedTuple):
    """Keys above a text."""

    end: int = 0
    author: str = ""
    time: str = ""
    reason: Literal["restricted", "deleted"] | None = None


def _head_of(text: str) -> _Head:
    match = _HEAD.match(text)
    if match is None:
        return _Head()
    keys = {
        line[1].casefold(): (line[2].strip("[] \"'") or line[3] or "").strip("[] \"'")
        for line in _LINE_OF_HEAD.finditer(next(filter(None, match.groups()), ""))
    }

    def first(names: Iterable[str]) -> str:
        return next(filter(None, map(keys.get, names)), "")

    limits = {limit_of(name, [value]) for name, value in keys.items() if hides_row(name, value)}
    return _Head(
        match.end(),
        re.split(r"[\"']?,", first(_AUTHORS_IN_HEAD))[0].strip("\"' "),
        first(_TIMES_IN_HEAD),
        "deleted" if limits & {"is_deleted", "is_published"} else "restricted" if limits else None,
    )


def _time_of(keys: _Head, name: str) -> tuple[datetime | None, str | None]:
    """Return the time by the keys above a text, else by the name of its file."""
    if keys.time:
        return time_or_field(keys.time, "date")
    match = _TIME_IN_NAME.search(name.rpartition("/")[2])
    if match is None:
        return None, None
    day, hour, minute, second, zone = match.groups()
    clock = f"T{hour}:{minute}:{second or '00'}{'Z' if zone else ''}" if hour else ""
    return time_or_field(f"{day}{clock}", name)


def _without_licence(text: str, content: Content, author: str | None) -> str:
    start = _LICENCE_BEFORE.search(text)
    end = _LICENCE_BEHIND.search(text, start.end()) if start else None
    if not (start and end and (own := text[start.end() : end.start()].strip())):
        return text
    notes = content.notes
    notes.look_odd(
        "words", Message("The licence of Project Gutenberg, which is cut off"), [start[0]]
    )
    stated = _AUTHOR_IN_HEAD.search(text, 0, start.start())
    if author and stated and not _words_in(author) & _words_in(stated[1]):
        finding = Message("Books with another author in their head than in their file name")
        notes.look_odd("names", finding, [f"{content.name}: {stated[1].strip()}"])
    return own


def _words_in(name: str) -> set[str]:
    return {*re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", name).casefold())}


FORMAT: Final = records.Format("texts", Message("Texts"), read)

"""All formats by name, also of other packages, and the opening of files.

The content of a file tells its format. Other packages name their formats by entry points in the
group `saywho.formats`. A format of theirs that fails at a file does not recognise it, or stops
reading it.
"""

import contextlib
import logging
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from itertools import chain, groupby, islice
from threading import Thread
from typing import Any, Final, NamedTuple

from msgspec import structs

from saywho import errors
from saywho.formats import refusals, texts
from saywho.formats.assumptions import REPAIR, UNREPAIRED, fields_without
from saywho.formats.chats import (
    band,
    chatlab,
    discord,
    imessage,
    irc,
    kakaotalk,
    line,
    mail,
    message_tables,
    shapes,
    signal,
    slack,
    telegram,
    telegram_pages,
    whatsapp,
    zoom,
)
from saywho.formats.chats.chat_files import damaged_beside, in_place, together
from saywho.formats.chats.people import named_people, without_bots, without_media_notes
from saywho.formats.chats.text_chat import text_formats
from saywho.formats.long_texts import parts_of
from saywho.formats.meta import chats as meta_chats, posts as meta_posts
from saywho.formats.posts import (
    account_tables,
    blogs,
    bluesky,
    fediverse_api,
    journals,
    mastodon,
    nostr,
    tei,
    tiktok,
    tumblr,
)
from saywho.formats.reading import TOO_DEEP, BadRecord, Skipped
from saywho.formats.records import (
    NO_OPTIONS,
    Format,
    Item,
    LeftOut,
    ReadOptions,
    Record,
    RecordStream,
    Writer,
)
from saywho.formats.source.encodings import is_misread, repaired
from saywho.formats.source.file import Source
from saywho.formats.source.json import ValueTooLongError, check_closed
from saywho.formats.source.members import damaged
from saywho.formats.source.text import pieces
from saywho.formats.tables import csv, documents
from saywho.formats.tables.left_words import LeftWords
from saywho.formats.tables.own_words import may_have_others, own_part
from saywho.formats.tables.parquet import put_lines_in_place
from saywho.formats.tables.workbook import put_rows_in_place
from saywho.formats.tally import Sightings
from saywho.formats.x import archive as x_archive, posts as x_posts
from saywho.processes import watched
from saywho.text import decode_entities as decoded

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_OWN_ERRORS: Final = (errors.FileError, RecursionError, MemoryError)

logger = logging.getLogger(__name__)


class Brought(NamedTuple):
    """Formats of other packages, and the faults of formats that are left out."""

    formats: list[Format]
    faults: list[str]


def bring_formats(taken: Collection[str], *, within_s: float = 5.0) -> Brought:
    """Load other packages' formats with free names, each in that time."""
    brought, names = Brought([], []), {*taken, "auto"}
    for entry in entry_points(group="saywho.formats"):
        form, fault = _loaded(entry, within_s)
        if form is not None and form.name in names:
            fault = "another format has this name"
        if form is None or fault:
            source = entry.dist.name if entry.dist else entry.value
            brought.faults.append(f"the format {entry.name} of {source} is left out: {fault}")
        else:
            names.add(form.name)
            brought.formats.append(replace(form, read=_Reader(form).read, writer=None))
    return brought


def _loaded(entry: EntryPoint, within_s: float) -> tuple[Format | None, str]:
    """Return an entry point's format, or the fault.

    A thread imports it, because the import may never end.
    """
    results: list[tuple[Format | None, str]] = []

    def load() -> None:
        try:
            results.append(_checked(entry.load()))
        except BaseException as error:
            results.append((None, _reason(error)))

    thread = Thread(target=load, name=f"loads {entry.name}", daemon=True)
    with contextlib.redirect_stdout(sys.stderr):  # The output is a result that others read.
        thread.start()
        thread.join(within_s)
    return results[0] if results else (None, f"its import takes more than {within_s:g} s")


def _checked(form: Any) -> tuple[Format | None, str]:
    if not isinstance(form, Format):
        return None, f"it is no Format, but of the type {type(form).__name__}"
    if not (isinstance(form.name, str) and _NAME.fullmatch(form.name)):
        return None, "its name is not of small letters, digits and hyphens"
    if not isinstance(form.label, errors.Message):
        return None, "its label is no Message"
    return (form, "") if callable(form.read) else (None, "its read cannot be called")


class _Reader:
    """Reads by another package's format, and contains its faults."""

    def __init__(self, form: Format) -> None:
        self._form = form

    def read(self, source: Source, options: ReadOptions) -> RecordStream | None:
        try:
            records = self._form.read(source, options)
            if records is None:
                return None
            items = self._items(source, iter(records.items))
            return replace(records, format=self._form.name, items=items)
        except _OWN_ERRORS:
            raise
        except Exception as error:
            logger.warning("the format %s fails: %s", self._form.name, _reason(error))
            return None

    def _items(self, source: Source, items: Iterator[Item]) -> Iterator[Item]:
        try:
            for item in items:
                if not isinstance(item, Record | BadRecord | Skipped):
                    raise TypeError(f"{type(item).__name__} is no record")
                yield item
        except _OWN_ERRORS:
            raise
        except Exception as error:
            raise errors.BrokenFileError(
                "{name}: reading stopped because the custom format {format} failed ({reason})",
                name=source.name,
                format=self._form.name,
                reason=_reason(error),
            ) from error


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {errors.in_one_line(error)}"


# In the order in which they are tried: the most particular first.
_LATER: Final[tuple[Format, ...]] = (
    bluesky.REPO_FORMAT,
    slack.FORMAT,
    slack.ANSWERS_FORMAT,
    telegram.CHANNEL_FORMAT,
    telegram.FORMAT,
    telegram_pages.FORMAT,
    chatlab.FORMAT,
    signal.FORMAT,
    signal.EXPORT_FORMAT,
    discord.CSV_FORMAT,
    message_tables.IMAZING,
    message_tables.WECHAT,
    discord.PACKAGE_FORMAT,
    tiktok.CHATS_FORMAT,
    tiktok.FORMAT,
    *shapes.FORMATS,
    meta_chats.FORMAT,
    meta_posts.FORMAT,
    fediverse_api.MASTODON_API,
    fediverse_api.MISSKEY,
    account_tables.REDDIT,
    account_tables.YOUTUBE,
    mail.MAIL,
    blogs.WORDPRESS,
    blogs.BLOGGER,
    tei.FORMAT,
    tumblr.FORMAT,
    journals.GHOST,
    journals.MEDIUM,
    journals.SUBSTACK,
    journals.LIVEJOURNAL,
    journals.STACK_EXCHANGE,
    nostr.FORMAT,
    documents.MONGO,
    x_posts.FORMAT,
    bluesky.FORMAT,
    documents.JSONL,
    *text_formats(
        signal.SIGNAL_MARKDOWN,
        signal.SIGTOP,
        imessage.IMESSAGE,
        irc.IRC,
        zoom.ZOOM,
        band.BAND,
        kakaotalk.KAKAOTALK,
        line.LINE,
        whatsapp.WHATSAPP,
    ),
    csv.FORMAT,
    texts.FORMAT,
)
_BUILT_IN: Final = (x_archive.FORMAT, mastodon.FORMAT, together(_LATER), *_LATER)
BROUGHT: Final = bring_formats([form.name for form in _BUILT_IN])
FORMATS: Final[dict[str, Format]] = {form.name: form for form in (*BROUGHT.formats, *_BUILT_IN)}
"""Other packages' formats come first: their files may look like tables or JSON."""
WRITERS: Final[dict[str, Writer]] = {
    form.name: form.writer
    for form in (documents.JSONL, csv.FORMAT, documents.MONGO)
    if form.writer is not None
}
MOST_CHARACTERS: Final = 120_000
"""Maximum length of a record with author and media: over four longest texts."""
TABLES: Final = frozenset({"jsonl", "csv"})
"""Formats of any program's tables, whose texts may have entities and whose rows may stand twice."""


def _of_chat(
    records: RecordStream, source: Source, options: ReadOptions, *, is_table: bool
) -> RecordStream:
    items = without_bots(in_place(records.items, source.members), options, source.notes)
    chat = replace(
        records,
        left_out=(*records.left_out, *damaged_beside(source)),
        items=without_media_notes(items) if is_table else items,
        files=source if source.has_members else None,
        is_chat=True,
    )
    return named_people(chat, options)


@watched
def open_records(
    source: Source,
    *,
    format: str = "auto",  # noqa: A002 # the word that the command line and the API use
    options: ReadOptions = NO_OPTIONS,
) -> RecordStream:
    """Return a source's records; its account is known immediately, its items are read on demand.

    An empty file has no items. Raises KeyError for an unknown format name, UnrecognisedFileError if
    nothing is recognised; the items may raise BrokenFileError.
    """
    source.choose_encoding(options.encoding)
    options = put_rows_in_place(source, options)
    if not source.has_members:
        put_lines_in_place(source)
    if source.about is not None:
        source.about(source.notes)
    source.notes.words = LeftWords()
    for candidate in _candidates(source, format):
        records = _read_by(candidate, source, options, is_named=format != "auto")
        if records is not None:
            is_of_one = records.account is not None
            is_chat = candidate.is_chat or records.is_chat
            items = _noted(records, source, options)
            own = _in_own_words(items, source, options, is_chat=is_chat)
            if not is_chat and records.format in TABLES:
                own = _Rows(source, is_of_one or bool(options.username)).each_once(own)
            items = items if records.is_export else own
            items = _to_the_end(items, source, is_of_one=is_of_one)
            records = replace(records, notes=source.notes, items=items)
            if note := source.listing.note:
                records = replace(records, left_out=(*records.left_out, LeftOut(note)))
            if is_chat:
                return _of_chat(records, source, options, is_table=not candidate.is_chat)
            return records
    if source.fault is not None:
        raise source.fault
    if not source.has_members and _is_empty(source):
        name = documents.JSONL.name if format == "auto" else format
        return RecordStream(name, "line", None, iter(()))
    raise _unrecognised(source, format)


class FileReading(NamedTuple):
    """How a file is read, and its records."""

    form: str
    """Name of the format, or `auto`."""
    digest: bytes | None
    """SHA-256 of what is read."""
    records: RecordStream


@watched
def read_file(source: Source, form: str, options: ReadOptions) -> FileReading:
    """Return a reading of a file. Raises as `open_records`."""
    records = open_records(source, format=form, options=options)
    return FileReading(form, source.digest(), records)


def _candidates(source: Source, name: str) -> Iterator[Format]:
    """Yield the formats to try. Raises UnrecognisedFileError for a file that is known as another.

    From MongoDB on, formats take any table or JSON for posts. Raises KeyError for an unknown name.
    """
    for form in FORMATS.values() if name == "auto" else (FORMATS[name],):
        is_last = form is documents.MONGO and name == "auto" and not source.has_members
        if is_last and (known := refusals.known_file(source)) is not None:
            raise errors.UnrecognisedFileError(
                "{name} cannot be read: {why}", name=source.name, why=known
            )
        yield form


def _read_by(
    form: Format, source: Source, options: ReadOptions, *, is_named: bool
) -> RecordStream | None:
    try:
        return form.read(source, options)
    except RecursionError as error:
        raise damaged(source.name, TOO_DEEP) from error
    except errors.UnrecognisedFileError as error:
        # A chat with a comma in each line has the width of a table.
        if form is csv.FORMAT and not is_named and refusals.looks_like_chat(source):
            raise _unrecognised(source, "auto") from error
        raise


def _noted(records: RecordStream, source: Source, options: ReadOptions) -> Iterator[Item]:
    """Yield the items; note unreadable times, and note or by choice correct misread letters.

    Posts for a limited audience come only on request or of an own export.
    """
    count, encoding, shows_all = 0, options.encoding, options.include_restricted
    decodes = options.decode_entities and records.format in TABLES
    for item in records.items:
        if not isinstance(item, Record):
            yield item
            continue
        if item.visibility == "restricted" and not (shows_all or records.is_export):
            yield Skipped(item.place, "restricted")
            continue
        if decodes:
            item = structs.replace(item, text=decoded(item.text))  # the same record
        if item.unread_time is not None:
            source.notes.leave("time", item.unread_time)
        if is_misread(item.text):
            if encoding == REPAIR:
                yield _with_repaired_texts(item)
                continue
            count += 1
            if encoding != UNREPAIRED:
                evidence = errors.Message(
                    "texts with letters that another program misread, such as <U+2019>: {count}",
                    count=count,
                )
                source.notes.assume(
                    "encoding", UNREPAIRED, alternatives=(REPAIR,), evidence=evidence
                )
        yield item


def _in_own_words(
    items: Iterator[Item], source: Source, options: ReadOptions, *, is_chat: bool
) -> Iterator[Item]:
    """Yield the items without quotations and words passed on; what is only such is a repost."""
    may_pass = "is_repost" not in fields_without(options.columns)
    for item in items:
        if isinstance(item, Record) and may_have_others(item.text, is_post=not is_chat):
            own = own_part(item.text, is_post=not is_chat, may_pass=may_pass)
            if own is None and not item.media:
                yield Skipped(item.place, "repost")
                continue
            if own != item.text:
                source.notes.tell_cut()
                item = structs.replace(item, text=own or "")  # the same record
        yield item


@dataclass
class _Rows:
    """Rows without ids of a source's tables, each once: equal ones of one author and second, and
    the fuller of a cleaned copy; without a clock or an author only in a table that copies another.
    """

    source: Source
    of_one: bool
    before: dict[int, str] = field(default_factory=dict)
    """The rows of earlier tables, and the beginnings of their texts by author and second."""

    def each_once(self, items: Iterator[Item]) -> Iterator[Item]:
        for name, rows in groupby(items, lambda _: self.source.meter.reading):
            counts, own = Counter[str](), dict[int, str]()
            fates = ((item, self._fate(item, own)) for item in rows)
            head, fault = list[tuple[Item, str]](), None
            try:
                for each in islice(fates, 100 if self.before else 0):
                    head.append(each)
            except errors.FileError as error:
                fault = error
            # Most of its first rows make a table a copy, not one that it begins with.
            first = Counter(fate for _, fate in head if fate)
            is_copy = 2 * (first["same"] + first["again"] + first["fewer"]) > first.total()
            for item, fate in chain(head, fates):
                is_repeated = fate == "same" or (is_copy and fate in {"again", "fewer"})
                counts["repeated" if is_repeated else fate] += 1
                yield Skipped(item.place, "repeated") if is_repeated else item
            if fault is not None:
                raise fault
            self.before |= own
            self._tell(name, counts)

    def _fate(self, record: Item, own: dict[int, str]) -> str:
        """Return what a row is beside those before it; "" for others, and for rows with an id."""
        if not isinstance(record, Record) or record.source_id is not None:
            return ""
        moment, text = record.created_at, record.text
        has_clock = moment is not None and moment.time() != datetime.min.time()
        is_sure = has_clock and (self.of_one or record.username is not None)
        place = record.media, record.url, record.reply_to
        key, second = hash((record.username, moment, text, place)), hash((record.username, moment))
        if (is_own := key in own) or key in self.before:
            is_long = len(text) >= 12  # What is shorter, people write again and again.
            return "same" if is_sure else "new" if not is_long else "twice" if is_own else "again"
        if len(own) + len(self.before) < 400_000:
            own[key] = ""
            if is_sure and self.source.has_members:
                own.setdefault(second, text[:160])
        if not (said := self.before.get(second) if is_sure else None):
            return "new"
        words = re.findall(r"\w{1,3}", text[:60].casefold())
        are_there = 10 * sum(map(said.casefold().__contains__, words)) >= 7 * len(words)
        return "fewer" if are_there and len(text[:160]) <= len(said) else "other"

    def _tell(self, name: str, counts: Counter[str]) -> None:
        once = errors.Message("Rows that stand twice, and count once (see {file})", file=name)
        both = errors.Message("Rows that stand twice, and are stored twice (see {file})", file=name)
        worded = errors.Message(
            "Rows with the author and second of another file’s row, in other words (see {file})",
            file=name,
        )
        for finding, count, share in (
            (once, counts["repeated"], 0.05),
            (both, counts["twice"] + counts["again"], 0.4),
            (worded, counts["other"] + counts["fewer"], 0.5),
        ):
            if count > 1 and count >= share * (counts.total() - counts[""]):
                odd = Sightings("left_out", finding, count=count, is_grave=finding is worded)
                self.source.notes.odd["left_out", finding] = odd


def _with_repaired_texts(record: Record) -> Record:
    names = {
        name: repaired(value)
        for name in ("text", "username", "display_name")
        if (value := getattr(record, name))
    }
    return structs.replace(record, **names)


def _to_the_end(items: Iterator[Item], source: Source, *, is_of_one: bool) -> Iterator[Item]:
    """Yield the items, then raise the file's fault, if any.

    Unread files are noted, except in one account's archive, whose files are known.
    """
    notes, attached = source.notes, set[str]()
    try:
        for item in items:
            watched.renew()
            if isinstance(item, Record):
                notes.posts += 1
                notes.timeless += item.created_at is None
                notes.nameless += item.username is None and item.author_id is None
                if item.files and source.has_members:
                    attached.update(filter(None, item.files))
                yield from map(_of_bounded_size, parts_of(item, notes))
            elif isinstance(item, BadRecord):
                yield BadRecord(item.place, item.detail)
            else:
                yield item
    except RecursionError as error:
        raise damaged(source.name, TOO_DEEP) from error
    source.check()
    if source.fault is not None:
        raise source.fault
    if source.has_members and not is_of_one:
        source.note_unread(attached)


def _is_empty(source: Source) -> bool:
    """Return whether a file is empty or `[]`. Raises LimitReachedError."""
    marks = ""
    try:
        with closing(pieces(source.uncounted)) as texts:
            for text in texts:
                marks += "".join(text.split())
                if len(marks) > 2:
                    break
    except errors.LimitReachedError:
        raise
    except errors.BrokenFileError:  # The text ends in the middle of a character.
        return False
    return marks in {"", "[]"}


def _unrecognised(source: Source, format_name: str) -> errors.UnrecognisedFileError:
    fault = errors.Message("{name} is not in any known format", name=source.name)
    if format_name != "auto":
        template = "{name} is not in the format {format}"
        fault = errors.Message(template, name=source.name, format=format_name)
    note = source.listing.note
    ends = tuple(form.file_name for form in FORMATS.values() if form.file_name)
    for content in islice(source.contents(lambda name: name.endswith(ends)), 20):
        if source.has_members or refusals.looks_like_json(content):
            try:
                check_closed(content)
            except ValueTooLongError as error:
                note = error.detail if source.has_members else None
            except errors.BrokenFileError as error:
                note = error.detail
    if note is None:
        note = (
            refusals.reason_of_archive(source) if source.has_members else refusals.reason_of(source)
        )
    if note is None:
        return errors.UnrecognisedFileError(fault)
    return errors.UnrecognisedFileError("{fault}: {note}", fault=fault, note=note)


def _of_bounded_size(record: Record) -> Item:
    """Return a record, or a bad one if it is too large: a thousand are in memory together."""
    size = (
        len(record.text)
        + len(record.username or "")
        + len(record.display_name or "")
        + len(record.url or "")
        + len(record.lang or "")
    )
    if not record.media and size <= MOST_CHARACTERS:
        return record
    media = sum(len(medium.alt or "") + len(medium.source_url or "") for medium in record.media)
    if size + media + len(record.media) <= MOST_CHARACTERS:
        return record
    return BadRecord(
        record.place, errors.Message("longer than {size} KB", size=MOST_CHARACTERS // 1000)
    )

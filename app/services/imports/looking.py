"""Looking at a file before it is stored: its records are read once, doubted, and kept.

Up to `WHOLE_BYTES`, a file is read to its end, so that nothing of it is stored if there are grave
doubts. Of a larger file and of a stream, the first records are, and the others while they are
stored.
"""

import pickle
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import IO, Final

from app.config import MIB
from app.errors import ImportFileError, Message
from app.formats.assumptions import Doubt, doubt_sentence, ways_out
from app.formats.doubts.questions import RecordQuestions
from app.formats.file_chats import FileChat, FileChats
from app.formats.records import (
    NO_OPTIONS,
    Item,
    ReadOptions,
    RecordStream,
    nameless,
    next_items,
    unsettled_of,
)
from app.formats.registry import open_records
from app.formats.source.file import Source

FIRST_RECORDS: Final = 1_000
WHOLE_BYTES: Final = 50 * MIB
"""Size up to which a file is looked at whole."""
LOOKED_AT: Final = 20_000
"""Records of a larger file, or of a stream, that are looked at before it is stored."""
_IN_MEMORY: Final = MIB
"""Bytes of a file whose records are kept in memory; a temporary file has the others."""


class UnsettledError(ImportFileError):
    """Authors or times of a file are ambiguous, so that someone must choose."""


class DoubtError(UnsettledError):
    """There are grave doubts about how a file was read."""


class FirstReading:
    """Records of a source that are read, and asked about, before any is stored."""

    def __init__(
        self, records: RecordStream, source: Source, options: ReadOptions = NO_OPTIONS
    ) -> None:
        self.questions = RecordQuestions(records, options)
        records.notes.questions = self.questions
        self.records = replace(records, items=self.questions.of(records.items))
        self.is_whole = False
        """Whether the file was read to its end."""
        self._source, self._options = source, options
        self._fault: ImportFileError | None = None
        self._chunks: list[tuple[int, list[Item]]] = []
        self._file: IO[bytes] | None = None
        self._positions: list[int] = []
        self.first = self._next()
        self._count = len(self.first)

    def checked(self) -> RecordStream:
        """Return all records, reading to the end of the file, or far enough to judge a larger one.

        Raises UnsettledError before any record is stored.
        """
        check_settled(self.records, self._options)
        while not self.is_whole and (self._count < LOOKED_AT or not self._is_long):
            self._count += len(self._next())
        check_settled(self.records, self._options)
        return replace(self.records, items=self._items())

    def chats(self, form: str, *, has_guests: bool) -> list[FileChat]:
        """Return all chats; of a file that is not read whole, read on if it is a chat, if a chat
        here has guests, or if a later date may disprove the assumed order.

        Raises UnsettledError.
        """
        assumed = self.records.notes.assumptions
        is_open = any(part.kind == "dates" and part.alternatives for part in assumed)
        if self.is_whole or not (self.records.is_chat or has_guests or is_open):
            return self.questions.chats.found
        chats = FileChats()
        with self._source.again() as again:
            records = open_records(again, format=form, options=self._options)
            with suppress(ImportFileError):  # Storing reports it, behind the records before it.
                chats.see_all(records.items)
            if is_open:
                check_settled(records, self._options)
        return chats.found

    @property
    def _is_long(self) -> bool:
        source = self._source
        return source.path is None or (source.bytes_total or source.bytes_read) > WHOLE_BYTES

    def _next(self) -> list[Item]:
        """Read and keep some items, up to a fault."""
        chunk: list[Item] = []
        try:
            chunk.extend(next_items(self.records.items, FIRST_RECORDS))
        except ImportFileError as error:
            self._fault = error
        self.is_whole = self._fault is not None or not chunk
        if self._source.bytes_read <= _IN_MEMORY:
            self._chunks.append((self._source.bytes_read, chunk))
            return chunk
        if self._file is None:
            self._file = self._source.temporary()
        pickle.dump(chunk, self._file, pickle.HIGHEST_PROTOCOL)
        self._positions.append(self._source.bytes_read)
        return chunk

    def _items(self) -> Iterator[Item]:
        """Yield what was read, and the records behind it."""
        self._chunks.reverse()
        while self._chunks:
            self._source.taken, chunk = self._chunks.pop()
            yield from chunk
        if self._file is not None:
            self._file.seek(0)
            for position in self._positions:
                self._source.taken = position
                # The program has written it, and nobody else can open it.
                yield from pickle.load(self._file)  # noqa: S301
            self._file.close()
        self._source.taken = None
        if self._fault is not None:
            raise self._fault
        yield from self.records.items


def check_order(records: RecordStream) -> None:
    """Raise UnsettledError if a later date contradicts the assumed order."""
    if records.notes.is_order_disproved:
        raise UnsettledError(ways_out("dates", is_table=bool(records.columns)))


def check_settled(records: RecordStream, options: ReadOptions) -> None:
    """Raise UnsettledError if someone must choose before these records are stored."""
    if unsettled := unsettled_of(records, options):
        if unsettled == "author":
            raise UnsettledError("{reason}; nothing is stored", reason=nameless(records))
        raise UnsettledError(ways_out(unsettled, is_table=bool(records.columns)))


def check_doubts(
    records: RecordStream, accepted: Collection[Message] | None, *, has_stored: bool = False
) -> None:
    """Raise DoubtError for a grave doubt whose evidence is not accepted; None accepts all."""
    if accepted is None:
        return
    doubts = (doubt for doubt in grave_doubts(records) if doubt.finding not in accepted)
    if (doubt := next(doubts, None)) is not None:
        said = doubt_sentence(doubt)
        if has_stored:
            raise DoubtError(
                "this file may be read wrongly, so the import stops: {doubt}. Earlier posts stay:"
                " undo the import, or accept the doubts and import the file again",
                doubt=said,
            )
        raise DoubtError(
            "this file may be read wrongly, so nothing is stored: {doubt}. If it is read rightly,"
            " accept the doubts",
            doubt=said,
        )


def grave_doubts(records: RecordStream) -> list[Doubt]:
    return [doubt for doubt in records.notes.summary.doubts if doubt.grave]

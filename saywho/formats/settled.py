"""What must be known of a file before its posts are used: columns, authors, times, grave doubts."""

from collections.abc import Collection

from saywho.errors import FileError, Message, UnrecognisedFileError
from saywho.formats.assumptions import doubt_sentence, is_of_column, ways_out
from saywho.formats.records import Account, ReadOptions, RecordStream, nameless, unsettled_of
from saywho.formats.tables.cells import plain_column
from saywho.formats.tables.column_names import is_value
from saywho.formats.tally import Doubt


class UnsettledError(FileError):
    """Authors or times of a file are ambiguous, so that someone must choose."""


class DoubtError(UnsettledError):
    """There are grave doubts about how a file was read."""


class NamelessFileError(FileError):
    """The file of one account needs another name."""


def check_columns(records: RecordStream, options: ReadOptions) -> None:
    """Raise UnrecognisedFileError for a table without needed columns."""
    known = {plain_column(name) for name, _ in records.columns}
    absent = [
        name
        for name, field in options.columns.items()
        if plain_column(name) not in known and is_of_column(name, field)
    ]
    if records.columns and absent:
        raise UnrecognisedFileError(
            "unknown column {column}; the columns are {names}",
            column=absent[0],
            names=", ".join(name for name, _ in records.columns),
        )
    names = [name for name, _ in records.columns]
    if names and "text" not in dict(records.columns).values():
        if any(map(is_value, names)):
            raise UnrecognisedFileError(
                "the first row has values, and not the names of columns; write a row with names"
                " above it, such as `username,created_at,text`"
            )
        likely = (part.what for part in records.notes.unread if part.role == "text")
        raise UnrecognisedFileError(
            "no text column found among {names}; choose the column with the texts",
            names=", ".join(names),
            column=next(likely, "NAME"),
            choice="text",
        )


def owner_name(account: Account, username: str | None) -> str:
    """Return the name of the account that wrote all posts, or the given one.

    Raises NamelessFileError if there is none.
    """
    name = username or account.username
    if not name and account.unread:
        raise NamelessFileError(
            "{file} cannot be read, so the author of these posts is unknown; enter the name",
            file=account.unread,
            choice="username",
        )
    if not name:
        raise NamelessFileError(
            "the file does not name the author of these posts; enter the name", choice="username"
        )
    return name


def check_order(records: RecordStream) -> None:
    """Raise UnsettledError if a later date contradicts the assumed order."""
    if records.notes.is_order_disproved:
        raise UnsettledError(ways_out("dates"))


def check_settled(records: RecordStream, options: ReadOptions, *, accepts_unread: bool) -> None:
    """Raise UnsettledError if someone must choose before these records are used."""
    if unsettled := unsettled_of(records, options, accepts_unread=accepts_unread):
        is_named = records.account is not None or options.username is not None
        # Without authors no choice about the times helps.
        if unsettled == "author" or (records.notes.lacks_authors and not is_named):
            raise UnsettledError("{reason}; nothing is stored", reason=nameless(records))
        raise UnsettledError(ways_out(unsettled))


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

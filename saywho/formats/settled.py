"""What must be known of a file before its posts are used: columns, authors, times, grave doubts."""

from collections.abc import Collection, Sequence

from saywho.errors import FileError, Message, QuestionError
from saywho.formats.assumptions import (
    DATE_ORDERS,
    ColumnQuestion,
    doubt_sentence,
    is_of_column,
    question_sentence,
    ways_out,
)
from saywho.formats.records import Account, ReadOptions, RecordStream, nameless, unsettled_of
from saywho.formats.tables.cells import plain_column
from saywho.formats.tally import Doubt


class DoubtError(FileError):
    """There are grave doubts about how a file was read."""


class NamelessFileError(FileError):
    """The file of one account needs another name."""


def check_columns(records: RecordStream, options: ReadOptions) -> None:
    """Raise QuestionError for a table of whose columns someone must choose."""
    names = [name for name, _ in records.columns]
    known = {plain_column(name) for name in names}
    absent = [
        name
        for name, field in options.columns.items()
        if plain_column(name) not in known and is_of_column(name, field)
    ]
    if names and absent:
        raise QuestionError(
            "unknown column {column}; the columns are {names}",
            column=absent[0],
            names=", ".join(names),
            columns=names,
        )
    questions = [*records.notes.asked.values()]
    if not questions and names and "text" not in dict(records.columns).values():
        questions = [ColumnQuestion("text", (*names,))]
    if questions:
        raise _asking(questions, names or questions[0].columns)


def _asking(questions: Sequence[ColumnQuestion], columns: Sequence[str]) -> QuestionError:
    first, *others = map(question_sentence, questions)
    for other in others:
        first = Message("{question} {answer}", question=first, answer=other)
    return QuestionError(first, columns=columns, questions=questions)


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
    """Raise QuestionError if a later date contradicts the assumed order."""
    if records.notes.is_order_disproved:
        raise QuestionError(ways_out("dates"), questions=[ColumnQuestion("dates", DATE_ORDERS)])


def check_settled(records: RecordStream, options: ReadOptions, *, accepts_unread: bool) -> None:
    """Raise QuestionError if someone must choose before these records are used."""
    if unsettled := unsettled_of(records, options, accepts_unread=accepts_unread):
        is_named = records.account is not None or options.username is not None
        # Without authors no choice about the times helps.
        columns = [name for name, _ in records.columns]
        if unsettled == "author" or (records.notes.lacks_authors and not is_named):
            raise QuestionError(
                "{reason}; nothing is stored",
                reason=nameless(records),
                columns=columns,
                questions=[ColumnQuestion("author", (*columns,))],
            )
        role, asked = (unsettled, DATE_ORDERS) if unsettled == "dates" else ("time", columns)
        raise QuestionError(
            ways_out(unsettled), columns=columns, questions=[ColumnQuestion(role, (*asked,))]
        )


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
                choice="doubts",
            )
        raise DoubtError(
            "this file may be read wrongly, so nothing is stored: {doubt}. If it is read rightly,"
            " accept the doubts",
            doubt=said,
            choice="doubts",
        )


def grave_doubts(records: RecordStream) -> list[Doubt]:
    return [doubt for doubt in records.notes.summary.doubts if doubt.grave]

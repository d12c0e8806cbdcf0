"""Errors of the library, and sentences that keep their parts for translation."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """A fault at one place of the input."""

    loc: str
    detail: str


class Message(str):
    """An English sentence that keeps its template and values for translation.

    A value may be a Message too; the value `choice` names what the reader can choose, such as
    `dates`, which each place calls by its option, field or argument. msgspec encodes a Message only
    with `enc_hook=str`.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        message = super().__new__(cls, template.format(**values) if values else template)
        message.template, message.values = template, values
        return message


def choice_of(sentence: object) -> Message | None:
    """Return the sentence that names a choice, this one or one of its values, if any."""
    if not isinstance(sentence, Message) or "choice" in sentence.values:
        return sentence if isinstance(sentence, Message) else None
    return next(filter(None, map(choice_of, sentence.values.values())), None)


def packed(sentence: object) -> object:
    """Return a sentence as JSON values: a Message as its template and values."""
    if not isinstance(sentence, Message):
        return sentence
    return sentence.template, {name: packed(value) for name, value in sentence.values.items()}


def unpacked(value: Any) -> Any:
    """Return a sentence from its packed form, in JSON a list."""
    if not isinstance(value, list | tuple):
        return value
    template, values = value
    return Message(template, **{name: unpacked(inner) for name, inner in values.items()})


class SaywhoError(Exception):
    """A failure with a sentence for the user.

    detail: the sentence; errors: the places of the input that it is about.
    """

    def __init__(
        self,
        message: str,
        *,
        loc: str | None = None,
        errors: Sequence[FieldError] = (),
        **values: object,
    ) -> None:
        self.detail = message if isinstance(message, Message) else Message(message, **values)
        self.errors = tuple(errors) or ((FieldError(loc, str(self.detail)),) if loc else ())
        super().__init__(self.detail)


class InvalidInputError(SaywhoError):
    """The input is well-formed, but wrong."""


class RecordError(InvalidInputError):
    """A record cannot be read, but other records of its file can."""


class FileError(InvalidInputError):
    """The rest of the file cannot be read."""


class UnrecognisedFileError(FileError):
    """The file is missing, or nothing in it is recognised."""


class QuestionError(FileError):
    """Someone must choose how a file is read, because nothing in it tells.

    columns: all columns of a table; questions: each with its `role`, such as `text`, its
    `choices`, and values of the first rows.
    """

    def __init__(
        self,
        message: str,
        *,
        columns: Sequence[str] = (),
        questions: Sequence[Any] = (),
        **values: object,
    ) -> None:
        super().__init__(message if isinstance(message, Message) else Message(message, **values))
        self.columns, self.questions = tuple(columns), tuple(questions)

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """Return what can be chosen, by role."""
        return {each.role: each.choices for each in self.questions}


class BrokenFileError(FileError):
    """The file, or a member of it, is cut off; earlier records are kept."""


class LimitReachedError(BrokenFileError):
    """The file exceeds a limit, and the rest is not read."""


def message_of(error: Exception) -> Message:
    """Return the reason of a failure as a sentence that pages can translate."""
    return error.detail if isinstance(error, SaywhoError) else Message(str(error))


def in_one_line(error: BaseException) -> str:
    """Return the message of a library's error, or its type."""
    return " ".join(str(error).split()) or type(error).__name__

"""The options of commands for what the library's sentences and notes leave open."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from app.language.i18n import translate_message
from saywho.errors import Message, QuestionError, choice_of
from saywho.formats import assumptions
from saywho.formats.tally import Doubt

_OPTIONS: Final = {
    "times": "--column time=NAME for a table, --dates day-first, month-first or year-first, or"
    " --accept-unread for no times",
    "username": "--username NAME",
    "dates": "--dates day-first, month-first or year-first",
    "doubts": "--accept-doubts",
    "encoding": "--encoding NAME",
    "strip_tags": "--strip-tags",
    "format": "--format {format}",
    "compare": "saywho compare --one-hand --file FILE asks who wrote one",
    "follow": "saywho follow add rss:URL follows it",
    "timezone": "--timezone ZONE",
    "room": "--room ID|new",
    **dict.fromkeys(("column", "ids", "reposts", "sheet"), "--column ROLE=NAME"),
}
"""By a sentence's choice, or the kind of an assumption."""


def with_option(message: str) -> str:
    """Return a sentence in the command's language, with the option of the choice that it names."""
    if not isinstance(message, Message):
        return message
    said, asking = translate_message(message), choice_of(message)
    return f"{said} ({_option(asking.values)})" if asking else said


def _option(named: Mapping[str, object]) -> str:
    """Return the option for a choice; a role of a column is the choice of its column."""
    choice = str(named["choice"])
    if choice not in assumptions.ROLES:
        return _OPTIONS[choice].format_map(named)
    pair = shlex.quote(f"{choice}={named.get('column', 'NAME')}")
    return f"--column {pair}{' --public-values VALUE' if choice == 'audience' else ''}"


def note_lines(notes: assumptions.NotesSummary) -> Iterator[str]:
    """Yield an English line for each doubt, assumption with its option, and for unused data."""
    yield from map(_doubt_line, notes.doubts)
    for part in notes.assumptions:
        named: dict[str, object] = {"choice": part.kind}
        if part.kind == "audience":
            named["column"] = part.value
        is_open = assumptions.has_choice(part) and part.kind in {*assumptions.ROLES, *_OPTIONS}
        choice = f"; {_option(named)} chooses" if is_open else ""
        others = ", ".join(part.alternatives)
        yield f"{assumptions.assumption_sentence(part)}{choice}{others and f' ({others})'}"
    yield from map(str, assumptions.unread_sentences(notes.unread))


def _doubt_line(doubt: Doubt) -> str:
    label = "grave doubt" if doubt.grave else "doubt"
    examples = f" (such as {', '.join(map(repr, doubt.examples))})" if doubt.examples else ""
    return f"{label}: {with_option(assumptions.doubt_sentence(doubt))}{examples}"


def question_lines(error: QuestionError) -> Iterator[str]:
    """Yield each question about a table's columns with its options; nothing for other questions."""
    if choice_of(error.detail) is None:
        for question in error.questions:
            said = translate_message(assumptions.question_sentence(question))
            yield f"{said}: {_answers(question)}"


def _answers(question: assumptions.ColumnQuestion) -> str:
    """Return the options that answer a question, the likeliest first, and other columns."""
    none = f"--column {question.role}={assumptions.NO_COLUMN}"
    likely = question.likely or (() if question.role == "author" else question.choices[:1])
    options = [
        shlex.join(("--column", f"{question.role}={name}"))
        for name in likely[: assumptions.MOST_LISTED]
    ]
    if assumptions.NO_COLUMN in question.choices and none not in options:
        options.append(none)
    if question.role == "author":
        options = [f"{each} --username NAME" if each == none else each for each in options]
    others = [name for name in question.columns if name not in likely]
    more = f" (other columns: {', '.join(others)})" if others else ""
    return "; or ".join(options) + more

"""Assumptions and unread parts of a preview, and its choices."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple, TypeVar

from msgspec import structs

from app.errors import Message
from app.language.i18n import gettext, translate_message
from app.services.imports.options import ImportOptions, rooms_of
from app.services.rooms.identification import SimilarRoom
from app.views.blueprints import Form
from saywho.formats.assumptions import (
    DATE_ORDERS,
    ENCODINGS,
    NAME_WAYS,
    NEW_ROOM,
    NO_AUTHOR,
    NO_COLUMN,
    ROLES,
    SHEET,
    Assumption,
    ColumnQuestion,
    NotesSummary,
    Unsettled,
    assumption_sentence,
    choice_hint,
    columns_of,
    is_of_column,
    order_of,
    pair_of,
    parse_encoding,
    question_sentence,
    unread_sentences,
    value_label,
)
from saywho.formats.tables.csv import FIELDS
from saywho.formats.tally import Doubt

Given = TypeVar("Given")
Chosen = TypeVar("Chosen")
_FIND_OUT: Final = Message("detect automatically")
_LABELS: Final = {
    "column": Message("Column"),
    "ids": Message("Column"),
    "reposts": Message("Reposts"),
    "author": Message("Author of each file"),
    "sheet": Message("Sheet"),
}
ASKED: Final[Mapping[Unsettled, tuple[Message, Message | None]]] = {
    "time": (
        Message("Most times cannot be read. Choose below how to read them."),
        Message("Store the posts without a time"),
    ),
    "author": (
        Message(
            "The file names no author. Choose below where the names are, or enter "
            "the name of the person who wrote all of it."
        ),
        None,
    ),
    "dates": (
        Message(
            "Some dates contradict the order of day and month in other dates. Choose the order."
        ),
        None,
    ),
    "columns": (Message("Choose the columns: their names do not tell what they have."), None),
    "room": (
        Message(
            "A chat here with this title and these people is read by guests. Choose the chat of"
            " this file."
        ),
        None,
    ),
}
"""Why an import cannot start, and what to tick; None: only a choice helps."""


_OPEN: Final = "room", ""
"""Kind and value of an assumption about a chat that somebody must choose."""
_FOR_COMMAND: Final = re.compile(r"(?<!\s)\s*\([^()]*(?:--[a-z]|SAYWHO_|saywho )[^()]*\)")


def on_page(sentence: Message) -> str:
    """Return a sentence in the visitor's language without options of the command, which stand in
    brackets.
    """

    def said(template: str) -> str:
        text = gettext(template)
        return type(text)(_FOR_COMMAND.sub("", text))  # Perhaps one that knows Korean particles.

    return translate_message(sentence, said)


class ReadingChoice(NamedTuple):
    name: str
    label: Message
    values: list[tuple[str, str]]
    """Values with labels; the empty one leaves the choice to the reader."""
    selected: str
    is_required: bool = False
    ticked: Collection[str] | None = None
    """Values with a tick, if several may be chosen."""


class ReadingNotes(NamedTuple):
    doubts: Sequence[Doubt]
    assumptions: list[tuple[Message, Message | None]]
    """Each with a remedy if it is wrong."""
    unread: list[Message]
    choices: list[ReadingChoice]
    question: Message | None
    """The question to settle before the import starts."""
    tick: Message | None
    """The tick that settles it without a choice."""
    asked: ColumnQuestion | None = None
    """A question with the first rows of a table, if someone must choose its columns."""


def noted_of(
    notes: NotesSummary,
    options: ImportOptions,
    rooms: Iterable[SimilarRoom],
    columns: Sequence[tuple[str, str]] = (),
    *,
    is_chat: bool,
) -> ReadingNotes:
    is_table = bool(columns)
    question, tick = ASKED[notes.unsettled] if notes.unsettled else (None, None)
    if options.accept_unread and notes.unsettled is None:
        _, tick = ASKED["time"]
    return ReadingNotes(
        doubts=notes.doubts,
        # The form of a chat has its zone.
        assumptions=[
            (assumption_sentence(part), choice_hint(part))
            for part in notes.assumptions
            if part.kind != "timezone" or not is_chat
        ],
        unread=list(unread_sentences(notes.unread)),
        choices=[
            *_questions(notes, dict(columns)),
            *_choices(notes, options, is_table=is_table),
            *(_ticks(part, options) for part in notes.assumptions if part.kind == "audience"),
            *(_room_choice(choice, options) for choice in rooms),
        ],
        question=question,
        tick=tick,
        asked=next(iter(notes.questions), None),
    )


def _questions(notes: NotesSummary, fields: Mapping[str, str]) -> Iterator[ReadingChoice]:
    """Yield a choice for each role that someone must choose, and for the known ones beside them."""
    asked = {question.role: question for question in notes.questions}
    every = next((question.columns for question in notes.questions), ())
    for role in dict.fromkeys((*(("text", "author", "time") if asked else ()), *asked)):
        question = asked.get(role) or ColumnQuestion(role, every)
        known = next((name for name, field in fields.items() if field == ROLES[role]), "")
        known = known if role not in asked else ""
        label = question_sentence(question)
        none = Message("none of them")
        values: list[tuple[str, str]] = [("", Message("not chosen yet"))]
        values += [
            (f"{role}={name}", none if name == NO_COLUMN else name) for name in question.choices
        ]
        picked = f"{role}={known}" if known else ""
        yield ReadingChoice("pick", label, values, picked, is_required=role in asked)


def sentences_of(notes: NotesSummary) -> list[Message]:
    """Return a started import's assumptions and unread parts."""
    said = [assumption_sentence(part) for part in notes.assumptions]
    return [*said, *unread_sentences(notes.unread)]


def count_notes(notes: NotesSummary) -> int:
    return len(notes.doubts) + len(sentences_of(notes))


def settled(notes: NotesSummary, options: ImportOptions) -> NotesSummary:
    """Return the notes without a question that an author's name or a chosen chat answers."""
    if options.username is not None:  # Who wrote is open only where a column may say it.
        asked = [part for part in notes.questions if part.role != "author" or part.likely]
        is_answered = notes.unsettled == "columns" and not asked
        unsettled = None if is_answered else notes.unsettled
        notes = structs.replace(notes, questions=(*asked,), unsettled=unsettled)
    is_named = notes.unsettled == "author" and options.username is not None
    rooms = [part.alternatives for part in notes.assumptions if (part.kind, part.value) == _OPEN]
    is_chosen = notes.unsettled == "room" and all({*options.rooms} & {*each} for each in rooms)
    return structs.replace(notes, unsettled=None) if is_named or is_chosen else notes


def chosen_reading(form: Form, before: ImportOptions) -> ImportOptions:
    """Return the form's choices; a column counts if it was chosen before or changed."""
    encoding, is_another = form.get("encoding", "").strip(), form.get("same_chat") == NEW_ROOM
    rooms = [*form.getlist("room"), *([NEW_ROOM] if is_another else form.getlist("same_room"))]
    taken = form.getlist("taken")
    names, fields = form.getlist("column"), form.getlist("field")
    if len(taken) != len(names):
        taken = ["?"] * len(names)  # Each is chosen.
    public, asked = form.getlist("public_values"), {*form.getlist("audience")}
    columns = {
        name: field
        for name, field, was in zip(names, fields, taken, strict=False)
        if field in {"", *FIELDS} and (field != was or name in before.columns)
        if field or name not in asked
    }
    for name in asked - columns.keys():
        if any(value.startswith(f"{name}=") for value in public):
            columns[name] = ROLES["audience"]
    return ImportOptions(
        columns=columns
        | chosen_by(columns_of, filter(None, form.getlist("pick")), dict[str, str]()),
        public_values=(*public,),
        dates=order_of(form.get("dates", "")),
        encoding=chosen_by(parse_encoding, encoding, None) if encoding else None,
        accept_unread="accept_unread" in form,
        accept_doubts="accept_doubts" in form,
        rooms=chosen_by(rooms_of, filter(None, rooms), ()),
    )


def chosen_by(read: Callable[[Given], Chosen], given: Given, otherwise: Chosen) -> Chosen:
    """Return a choice of a form, which only pages write; otherwise for what none writes."""
    try:
        return read(given)
    except ValueError:
        return otherwise


def _choices(
    notes: NotesSummary, options: ImportOptions, *, is_table: bool
) -> Iterator[ReadingChoice]:
    assumed = {part.kind: part for part in reversed(notes.assumptions)}
    if (part := assumed.get("encoding")) or options.encoding:
        texts = [part for part in notes.assumptions if part.kind == "encoding"]
        others = [*chain.from_iterable(part.alternatives for part in texts), *ENCODINGS]
        values = _values("encoding", part, others, options.encoding)
        yield ReadingChoice("encoding", Message("Encoding"), values, options.encoding or "")
    is_asked = notes.unsettled in {"time", "dates"}
    if (part := assumed.get("dates")) or options.dates or is_asked:
        orders = part.alternatives if part and part.alternatives else DATE_ORDERS
        values = _values("dates", part, orders, options.dates)
        is_required = notes.unsettled == "dates"
        label = Message("Order of the dates")
        yield ReadingChoice("dates", label, values, options.dates or "", is_required)
    # Each column of a table has a list of its own.
    for part in notes.assumptions:
        is_all = not is_table or part.kind in {"ids", "author", "sheet"}
        pairs = [pair for pair in part.alternatives if is_all or _is_beside(pair)]
        if part.kind in _LABELS and pairs:
            values = _values(part.kind, part, pairs, None)
            yield ReadingChoice("pick", _LABELS[part.kind], values, "")
    roles = {field: role for role, field in ROLES.items()}
    for name, field in options.columns.items():
        pair = pair_of(name, field, roles)
        has_ticks = is_of_column(name, field) and field == ROLES["audience"]
        if not has_ticks and (not is_table or _is_beside(pair)):
            yield _chosen_before(pair)


def _ticks(part: Assumption, options: ImportOptions) -> ReadingChoice:
    """Return the ticks beside the values of a column; each value is sent with its column."""
    label = Message("Everybody may read the posts with these values of {column}", column=part.value)
    empty = Message("empty")
    values: list[tuple[str, str]] = [
        (f"{part.value}={value}", value or empty) for value in part.alternatives
    ]
    chosen = {value for value, _ in values if value in options.public_values}
    return ReadingChoice("public_values", label, values, part.value, ticked=chosen)


def _chosen_before(pair: str) -> ReadingChoice:
    role, _, name = pair.partition("=")
    kind = "author" if name in NAME_WAYS else SHEET if role == SHEET else "column"
    values = [("", _FIND_OUT), (pair, value_label(kind, pair))]
    return ReadingChoice("pick", _LABELS[kind], values, pair)


def _is_beside(pair: str) -> bool:
    by_name = pair.partition("=")[2] in NAME_WAYS
    return pair == NO_AUTHOR or pair.startswith(("repost=", f"{SHEET}=")) or by_name


def _room_choice(room: SimilarRoom, options: ImportOptions) -> ReadingChoice:
    here = Message("{name}, {count} messages", name=room.name, count=f"{room.messages:,}")
    values: list[tuple[str, str]] = [
        (str(room.id), here),
        (NEW_ROOM, Message("Another chat, which is not here yet")),
    ]
    if room.guests is not None:
        values.insert(0, ("", Message("not chosen yet")))
    chosen = (value for value, _ in values if value in options.rooms)
    label = Message("Chat of the file")
    if room.title:
        label = Message("Chat of the file: {title}", title=room.title)
    return ReadingChoice("room", label, values, next(chosen, values[0][0]), is_required=True)


def _values(
    kind: str, part: Assumption | None, others: Iterable[str], chosen: str | None
) -> list[tuple[str, str]]:
    guess = value_label(kind, part.value) if part else ""
    first = Message("{value}, a guess", value=guess) if guess else _FIND_OUT
    labels = {value_label(kind, value): value for value in filter(None, [chosen, *others])}
    rest = [(value, label) for label, value in labels.items() if label != guess]
    return [("", first), *rest]

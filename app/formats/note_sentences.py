"""Sentences about assumptions and unread data, for pages, commands and answers."""

from collections.abc import Iterable, Iterator
from typing import Final

from app.errors import Message
from app.formats.assumptions import Assumption, NotesSummary, Unread, Unsettled
from app.formats.choices import REPAIR, UNREPAIRED

MOST_FILES: Final = 5
ENCODINGS: Final = {
    "big5": Message("Traditional Chinese (Big5)"),
    "cp1250": Message("Central European (Windows-1250)"),
    "cp1251": Message("Cyrillic (Windows-1251)"),
    "cp1252": Message("Western European (Windows-1252)"),
    "cp1253": Message("Greek (Windows-1253)"),
    "cp1254": Message("Turkish (Windows-1254)"),
    "cp949": Message("Korean (CP949)"),
    "euc_jp": Message("Japanese (EUC-JP)"),
    "gb18030": Message("Simplified Chinese (GB 18030)"),
    "shift_jis": Message("Japanese (Shift_JIS)"),
    "utf-8": Message("Unicode (UTF-8)"),
    "utf-16": Message("Unicode (UTF-16)"),
}
REPAIRS: Final = {UNREPAIRED: Message("left unchanged"), REPAIR: Message("repaired")}
_CALENDARS: Final = {
    "buddhist": Message("Buddhist calendar"),
    "persian": Message("Persian calendar"),
}
_SAME_ENCODINGS: Final = {
    "big5hkscs": "big5",
    "cp932": "shift_jis",
    "cp950": "big5",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "utf-8-sig": "utf-8",
}
ORDERS: Final = {
    "day-first": Message("the day before the month"),
    "month-first": Message("the month before the day"),
    "year-first": Message("the year before the month"),
}
_ROLES: Final = {
    "author": Message("author"),
    "text": Message("text"),
    "time": Message("time"),
    "name": Message("name shown"),
    "id": Message("id"),
    "lang": Message("language"),
    "url": Message("address"),
}
_OPTIONS: Final = {
    "dates": "--dates day-first|month-first|year-first",
    "encoding": "--encoding NAME",
    "timezone": "--timezone ZONE",
    "column": "--column ROLE=NAME",
}


def value_label(kind: str, value: str) -> str:
    """Return an option value's label; a Message if there is a translation."""
    if kind == "encoding" and value in REPAIRS:
        return REPAIRS[value]
    if kind == "encoding":
        return ENCODINGS.get(_SAME_ENCODINGS.get(value, value), value)
    if kind == "dates":
        return ORDERS.get(value, value)
    if kind == "year":
        return _CALENDARS.get(value, value)
    if kind == "column":
        role, _, name = value.partition("=")
        return Message("{column} as the {role}", column=name, role=_ROLES.get(role, role))
    return value


def assumption_sentence(assumption: Assumption) -> Message:
    said = _decision(assumption)
    if not assumption.evidence:
        return said
    return Message("{decision} ({evidence})", decision=said, evidence=assumption.evidence)


def _decision(assumption: Assumption) -> Message:
    kind, value = assumption.kind, assumption.value
    label = value_label(kind, value)
    match kind:
        case "encoding" if value in REPAIRS:
            return Message("Letters that another program misread: {value}", value=label)
        case "encoding":
            return Message("Encoding: {value}, a guess", value=label)
        case "dates":
            return Message("Order of the dates: {value}, a guess", value=label)
        case "timezone":
            return Message("Time zone: {value}, assumed", value=label)
        case "column":
            return Message("Column: {value}, a guess", value=label)
        case "app_lines":
            return Message("Lines treated as written by the app: {count}", count=value)
        case "reposts":
            return Message("Posts treated as reposts: {value}", value=value)
        case "person":
            return Message("Treated as one person: {value}", value=value)
        case "year":
            return Message("Year: {value}, assumed", value=label)


def choice_hint(assumption: Assumption) -> Message | None:
    """Return what to check and to choose, if there is a choice."""
    if assumption.value in REPAIRS:
        return Message("If the letters look wrong, choose the repair.")
    hints = {
        "encoding": Message("If the letters look wrong, choose another encoding."),
        "dates": Message("If the dates look wrong, choose the other order."),
        "timezone": Message("If the times look wrong, choose another time zone."),
        "column": Message("If this column is wrong, choose another column."),
    }
    return hints.get(assumption.kind)


def unread_sentences(unread: Iterable[Unread]) -> Iterator[Message]:
    """Yield the unused data without full stops; files are one sentence."""
    files: list[str] = []
    for part in unread:
        if part.kind == "file":
            files.append(part.what)
        else:
            yield _unread_sentence(part)
    if len(files) > MOST_FILES:
        template = "Files not read: {files} and {count} more"
        named = ", ".join(files[:MOST_FILES])
        yield Message(template, files=named, count=f"{len(files) - MOST_FILES:,}")
    elif files:
        yield Message("Files not read: {files}", files=", ".join(files))


def _unread_sentence(unread: Unread) -> Message:
    count, what = f"{unread.count:,}", unread.what
    if unread.kind == "time":
        if what:
            template = "Times that cannot be read: {count} (field {what})"
            return Message(template, count=count, what=what)
        return Message("Posts without a time: {count}", count=count)
    if unread.kind == "sentence":
        return Message("Not understood: {what} (times: {count})", what=what, count=count)
    looks = {
        "author": Message("Column that looks like the author, but is not used: {what}", what=what),
        "time": Message("Column that looks like the time, but is not used: {what}", what=what),
        "repost": Message("Column that looks like reposts, but is not used: {what}", what=what),
    }
    if unread.role is None:
        return Message("Column not used: {what}", what=what)
    return looks[unread.role]


def note_lines(notes: NotesSummary) -> Iterator[str]:
    """Yield an English line for each assumption with its option, and for unused data."""
    for assumption in notes.assumptions:
        option = _OPTIONS.get(assumption.kind)
        choice = f"; {option} chooses" if option else ""
        others = ", ".join(assumption.alternatives)
        yield f"{assumption_sentence(assumption)}{choice}{others and f' ({others})'}"
    yield from map(str, unread_sentences(notes.unread))


def ways_out(unsettled: Unsettled, *, is_table: bool) -> Message:
    """Return why a file is not stored, and the options that settle it."""
    if unsettled == "dates":
        return Message(
            "some dates contradict the order of day and month in other dates, so nothing"
            " is stored; give the order with --dates day-first, month-first or year-first"
        )
    if unsettled == "author":
        return Message(
            "most authors cannot be read, so nothing is stored; name the author column"
            " with --column author=NAME, or store only the posts with a known author with"
            " --accept-unread"
        )
    if is_table:
        return Message(
            "most times cannot be read, so nothing is stored; name the time column with"
            " --column time=NAME, give the order of the dates with --dates day-first,"
            " month-first or year-first, or store the posts without a time with --accept-unread"
        )
    return Message(
        "most times cannot be read, so nothing is stored; give the order of the dates"
        " with --dates day-first, month-first or year-first, or store the posts without a time with"
        " --accept-unread"
    )

"""Rows of JSON lines, CSV and MongoDB as records, by the plan that the file's first rows make."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import structs

from saywho.errors import Message, RecordError
from saywho.formats import post
from saywho.formats.assumptions import NO_REPOSTS, REPOST_BEGINNING, ReadNotes
from saywho.formats.reading import Skipped, as_username, is_broken, required_text, username_for
from saywho.formats.records import Item, ReadOptions, Record, by_author
from saywho.formats.source.html import html_to_text
from saywho.formats.source.json import Json, as_json
from saywho.formats.source.times import FileTimes, in_zone, read_time
from saywho.formats.tables import own_words
from saywho.formats.tables.cells import (
    EMPTY_CELLS,
    NA,
    PUBLIC,
    answered_id,
    as_id,
    as_language,
    as_name,
    as_objects,
    as_whole,
    heading_of,
    is_damaged_id,
    is_error,
    is_filled,
    is_nobody,
    is_restricted,
    is_rounded,
    plain_column,
    printable_name,
    refers,
    says_no,
    text_of_bytes,
    word,
)
from saywho.formats.tables.column_kinds import COUNTS, KINDS, account_on_server
from saywho.formats.tables.column_names import is_index
from saywho.formats.tables.columns import QUOTES, FileColumns, Row, file_columns_of, opened
from saywho.formats.tables.correspondence import correspondence_in
from saywho.formats.tables.limits import OPEN_WORDS, is_gone, value_text
from saywho.formats.tables.plan import Plan, plan_of
from saywho.formats.tally import DoubtKind
from saywho.formats.x.posts import is_notice

T = TypeVar("T")
_PLATFORMS: Final[dict[str, post.Platform]] = {
    name: platform
    for platform, names in post.PLATFORMS.items()
    for name in (platform, *names.in_files)
}
_NO_COUNTS: Final = [None] * len(COUNTS)
_COUNTS: Final = frozenset({"counts", *COUNTS})
_AUDIENCES: Final = frozenset({"visibility", "is_restricted", "is_for_all", "status"})
_TARGETS: Final = frozenset({"reply_to", "reply_id", "reply_name"})


class RowRules(NamedTuple):
    plan: Plan = Plan({})
    is_table: bool = False
    """Whether values are cells: there a word may mean no value."""
    include_restricted: bool = False
    notes: ReadNotes | None = None
    """For what is assumed or odd, if anyone asks."""
    is_of_chats: bool = False
    """Whether rows are private messages: they have a chat's readers, whatever their state is."""
    read_time: Callable[[object], datetime] = read_time
    """Return a value's time. Raises RecordError."""

    def look_odd(self, kind: DoubtKind, finding: Message, value: object) -> None:
        if self.notes is not None:
            self.notes.look_odd(kind, finding, [str(value)])


NO_RULES: Final = RowRules()
_TAG: Final = re.compile(r"<[^<>]*>")
_LISTED_NAMES: Final = re.compile(r"\[(?P<quote>['\"])(?P<names>.{1,200})(?P=quote)\]")
"""A list of names, as pandas writes it into a cell."""
_WORDY: Final = frozenset({"text", "username", "display_name"})
_WITH_NA: Final = EMPTY_CELLS | {NA}
_ERRORS: Final = Message("Error values of a spreadsheet in place of texts")
_OF_PROGRAMS: Final = Message("Posts of programs, which were left out")
_NAMELESS: Final = Message("Posts of people who stayed anonymous, which were left out")
WORDS_FOR_NOTHING: Final = Message("Texts that are only a word for nothing, and are left out")
_ROUNDED_ANSWERS: Final = Message("Ids of answered posts that a spreadsheet has rounded")


def read_row(columns: FileColumns, row: Row, place: int, rules: RowRules = NO_RULES) -> Item:
    """Return the row as a record; skip a repost or an empty row. Raises RecordError."""
    values = _values(columns, row, rules)
    if columns.has("audience"):
        values |= _audience(columns, row, rules)
    kind: post.Kind | Literal["repost"] = _kind(values) if columns.says_kind else "post"
    whose = rules.plan.whose
    if kind == "repost" or (whose and _is_anothers(row.get(whose), values)):
        return Skipped(place, "repost")
    if not columns.is_own and (reason := _reason_to_skip(columns, values, rules)):
        return Skipped(place, reason)
    exported: Json = {
        field: value
        for field, type_ in columns.own_types
        if field in values and (value := _exported(values[field], type_)) is not None
    }
    media = exported.get("media", ())
    text = _text(columns, values, rules)
    texts = columns.texts
    if text is None and not media:
        cells = [cell for name in texts if isinstance(cell := row.get(name), str)]
        if filled := next(filter(str.strip, cells), None):
            rules.look_odd("left_out", WORDS_FOR_NOTHING, filled)
        if cells:
            return Skipped(place, "empty")
    if isinstance(text, str) and not columns.is_own:
        if rules.is_table and is_error(text):
            rules.look_odd("words", _ERRORS, text)
            return Skipped(place, "empty")
        if told := _reason_by_text(columns, text, rules):
            return Skipped(place, told)
        text = _mended(text, rules)
    username, display_name = _author(columns, values, rules)
    text = _without_label(text, f"{display_name or ''} {username or ''}", rules)
    reply_to = _target(values, username, rules)
    url, lang, platform = values.get("url"), values.get("lang"), values.get("platform")
    created_at, unread_time = _time(columns, values, rules)
    # Most columns are in few files: what is absent takes no call for each row.
    record = Record(
        place=place,
        text=required_text("" if text is None and media else text),
        username=username,
        display_name=display_name,
        platform=None if platform is None else _PLATFORMS.get((word(platform) or "").casefold()),
        kind=_kind_of_answer(values, kind, reply_to) if kind == "reply" else kind,
        created_at=created_at,
        unread_time=unread_time,
        lang=None if lang is None else word(lang) if columns.is_own else as_language(lang),
        source_id=_id(columns, values, rules) if "source_id" in values else None,
        url=url if url is None or (columns.is_own and isinstance(url, str)) else word(url),
        reply_to=reply_to,
        counts=_reactions(values),
        visibility=_visibility(values),
        handles=word(values["handles"]) if "handles" in values else None,
    )
    return structs.replace(record, **exported) if exported else record


def _values(columns: FileColumns, row: Row, rules: RowRules) -> Json:
    values: Json = {}
    is_table = rules.is_table and not columns.is_own
    nothing = _WITH_NA if rules.plan.has_na else EMPTY_CELLS
    for field, names, counts in columns.tested:
        for name in names:
            value = row.get(name)
            if value is None:
                continue
            # Most values are strings, and a call for each would take longer.
            if isinstance(value, str) and counts is not bool:
                if not value or value.isspace():
                    continue
                if value in nothing if is_table else value == NA and field not in _WORDY:
                    continue
                if counts is is_filled:
                    values[field] = value
                    break
            if counts(value):
                values[field] = value
                break
    return _among_texts(columns, values, row) if len(columns.texts) > 1 else values


def _among_texts(columns: FileColumns, values: Json, row: Row) -> Json:
    """Return the filled values and an id, if several columns could be the text."""
    texts = [row.get(name) for name in columns.texts]
    if "text" in values and "source_id" not in values:
        source_id = next(filter(None, map(_long_number, texts)), None)
        if source_id is not None and source_id != values["text"]:
            values["source_id"] = source_id
    return values


def _audience(columns: FileColumns, row: Row, rules: RowRules) -> Json:
    """Return the fields that tell who may read a row, by all columns that say it in words."""
    said: Json = {}
    for name in columns.names_of("audience"):
        value, audience = row.get(name), rules.plan.audience_of(name)
        may_read = audience.of(value)
        if may_read == "unanswered" and rules.is_of_chats:
            continue
        if may_read == "unanswered" and rules.notes is not None:
            rules.notes.tell_unanswered(name, value_text(value))
        is_all = may_read == "all"
        is_public = is_all and (audience.public is not None or plain_column(str(value)) in PUBLIC)
        field = "is_deleted" if may_read == "gone" else "visibility" if is_all else "is_restricted"
        if not is_all or is_public:
            said[field] = "public" if is_all else True
    return said


def _is_anothers(value: object, values: Json) -> bool:
    """Return whether a row's value in a chosen column says that another person wrote the row: a
    yes, a word for reposts or likes, or another name than the author's.
    """
    kind = KINDS.get(plain_column(str(value)), "repost")
    if not refers(value) or says_no(value) or kind != "repost":
        return False
    own = {as_name(values.get(field)) for field in ("username", "display_name")}
    return (as_name(value) or "").casefold() not in {name.casefold() for name in own if name}


def _reason_to_skip(
    columns: FileColumns, values: Json, rules: RowRules
) -> Literal["repost", "restricted", "deleted", "system"] | None:
    if "is_bot" in values or str(values.get("username", "")).endswith("[bot]"):
        rules.look_odd("people", _OF_PROGRAMS, values.get("username"))
        return "system"
    if "is_anonymous" in values:  # Nobody learns here who wrote it.
        rules.look_odd("people", _NAMELESS, "***")
        return "deleted"
    # In other tables, the column has the words.
    is_state = "status" in values and values["status"] != values.get("text")
    is_unpublished = is_state and is_gone(values["status"])
    if "is_deleted" in values or "is_published" in values or is_unpublished:
        return "deleted"
    is_by_community = "is_by_community" in values
    is_nobodys = is_nobody(values.get("username")) or is_nobody(values.get("text"))
    # Bulk Downloader for Reddit writes so of an account that is deleted.
    is_gone_there = is_by_community and values.get("username") == "DELETED"
    if (is_nobodys and (is_by_community or rules.is_table)) or is_gone_there:
        return "deleted"
    if not columns.has_limits:
        return None
    if _is_limited(values) and not rules.include_restricted:
        return "restricted"
    return "repost" if "shares" in values and "text" not in values else None


def _text(columns: FileColumns, values: Json, rules: RowRules) -> object:
    text = values.get("text")
    if columns.is_own:
        return text
    if "is_cut" in values and "…" not in str(text)[-40:]:  # Its end tells it otherwise.
        rules.look_odd("words", Message("Texts that are cut, as their file says"), str(text)[-60:])
    if rules.is_table and isinstance(text, str):
        text = text_of_bytes(text)
    if isinstance(text, str) and columns.has("reply_words") and own_words.is_head_of_reply(text):
        text = values.get("reply_words")
    if isinstance(text, str) and rules.plan.is_html:
        # By choice, other texts are no HTML, whose line breaks are blanks.
        is_html = not rules.plan.strips or "<" in text or "&" in text
        text = html_to_text(text) if is_html else text
    title = values.get("title")
    is_post = rules.plan.has_titles or (
        "is_by_community" in values and not columns.has("answered_thread")
    )
    if not (is_post and isinstance(title, str)) or (isinstance(text, str) and title in text):
        return text
    return f"{title}\n{text}" if isinstance(text, str) and not is_nobody(text) else title


def _reason_by_text(
    columns: FileColumns, text: str, rules: RowRules
) -> Literal["repost", "system"] | None:
    if is_notice(text):
        return "system"
    return "repost" if _is_repost_by_text(columns, text, rules) else None


def _is_repost_by_text(columns: FileColumns, text: str, rules: RowRules) -> bool:
    if columns.marks_reposts or not (text[:1] == "<" or "T" in text[:20]):
        return False
    if not REPOST_BEGINNING.match(_TAG.sub("", text[:2_000]) if text[:1] == "<" else text):
        return False
    if rules.notes is not None:
        rules.notes.tell_repost(NO_REPOSTS)
    return True


def _author(columns: FileColumns, values: Json, rules: RowRules) -> tuple[str | None, str | None]:
    """Return username and display name. Raises RecordError."""
    stated, display_name = values.get("username"), values.get("display_name")
    display_name = None if display_name is None else word(display_name)
    if columns.has_parts_of_names and isinstance(stated, str):
        stated = _whole_name(word(stated) or "", word(values.get("family_name")) or "")
    if isinstance(stated, str) and "://" in stated:
        stated = post.author_in(stated) or stated
    are_lost = "username" in rules.plan.lost_ids
    read = _read_author if isinstance(stated, str) else _read_author.__wrapped__
    name, username = read(stated, is_own=columns.is_own, are_lost=are_lost)
    if name is None or columns.is_own:
        return name, display_name
    may_be_account = "actor" in values and len(name.split()) == 1
    if may_be_account and (account := account_on_server(name, values["actor"])):
        return account, display_name or name
    return (name, display_name) if username is None else (username, display_name or name)


def _whole_name(given: str, family: str) -> str:
    """Return a name in the order of its script: families come first in East Asia."""
    if "\u3040" <= family[:1] <= "\ud7a3":
        return f"{family}{given}"
    return " ".join(filter(None, (given, family)))


@lru_cache(maxsize=10_000)
def _read_author(stated: object, *, is_own: bool, are_lost: bool) -> tuple[str | None, str | None]:
    """Return the stated name and, if it is no username, the one that is made of it."""
    if not (is_own or (isinstance(stated, str) and stated.isidentifier())):
        _check_author(stated, are_lost=are_lost)
    name = word(stated) if is_own else as_name(stated)
    if name is None or is_own:
        return name, None
    if listed := _LISTED_NAMES.fullmatch(name):
        name = ", ".join(re.split(rf"{listed['quote']}, ?{listed['quote']}", listed["names"]))
    name = name.rstrip(":： ") or name  # As a script has it, in front of a line.
    is_username = len(name.split()) == 1 and (is_broken(name) or as_username(name) is not None)
    return name, None if is_username else username_for(name, name)


def _check_author(stated: object, *, are_lost: bool) -> None:
    """Raise RecordError for an account that a spreadsheet has changed into a number."""
    if is_damaged_id(stated) or (are_lost and is_rounded(stated)):
        raise RecordError("the author is a number that a spreadsheet has rounded")
    if isinstance(stated, str) and is_error(stated):
        raise RecordError("the author is an error value of a spreadsheet")


def _time(
    columns: FileColumns, values: Json, rules: RowRules
) -> tuple[datetime | None, str | None]:
    """Return the time, and the name of the column if it is unreadable."""
    if "created_at" not in values:
        return None, None
    try:
        stated = _stated_time(values) if "clock" in values else values["created_at"]
        if zone := values.get("time_zone", columns.zone):
            stated = in_zone(stated, zone)
        return rules.read_time(stated), None
    except RecordError:
        return None, printable_name(columns.names_of("created_at")[0])


def _id(columns: FileColumns, values: Json, rules: RowRules) -> str | None:
    value = values.get("source_id")
    if columns.is_own:
        return (value if value != NA else None) if isinstance(value, str) else as_id(value)
    return None if "source_id" in rules.plan.lost_ids and is_rounded(value) else as_id(value)


def _mended(text: str, rules: RowRules) -> str:
    if rules.plan.has_escaped_breaks and "\\n" in text:
        rules.look_odd(
            "letters", Message("Line breaks as escapes, which are line breaks again"), text
        )
        text = own_words.with_breaks(text)
    if rules.plan.has_quoted_breaks and '"\n"' in text:
        text = text.replace('"\n"', "\n")
        rules.look_odd(
            "letters", Message("Quotation marks at line ends, which were left out"), text
        )
    if rules.is_table and (line := own_words.line_of_app(text)):
        text = text[: -len(line)].rstrip()
        if rules.notes is not None:
            rules.notes.app_lines += 1
    if (own := own_words.without_translation(text)) is not None:
        if rules.plan.strips:
            return own
        finding = Message(
            "Texts with a machine’s translation, to be taken off", choice="strip_tags"
        )
        rules.look_odd("words", finding, text)
    if (label := rules.plan.label) and text.startswith(label):
        if rules.plan.strips:
            return text.removeprefix(label).lstrip()
        finding = Message("Texts that begin with one label, to be taken off", choice="strip_tags")
        rules.look_odd("words", finding, text)
    return text


def _without_label(text: object, author: str, rules: RowRules) -> object:
    if not (rules.plan.has_labels and isinstance(text, str)):
        return text
    label, found = own_words.stopped_label(text, author), own_words.LABEL.match(text)
    is_label = found is not None and (found["sign"] or own_words.names_speaker(found[0], author))
    if found is not None and is_label and not found[0][len(label) :].strip(" —–") * bool(label):
        label = found[0]  # What stands behind a full stop may have a colon.
    if not label:
        return text
    finding = Message("Names of speakers before their words, which were left out")
    rules.look_odd("words", finding, label)
    return text[len(label) :].strip() or text


def _kind(values: Json) -> post.Kind | Literal["repost"]:
    stated = KINDS.get(plain_column(word(values.get("kind")) or ""))
    if stated == "repost" or "is_repost" in values or "reposts" in values:
        return "repost"
    if stated:
        return stated
    if "is_reply" in values or "replies_to" in values:
        return "reply"
    return "quote" if not QUOTES.isdisjoint(values) else "post"


def _kind_of_answer(values: Json, kind: post.Kind, reply_to: post.ReplyTarget | None) -> post.Kind:
    people = _listed_people(values.get("reply_to"))
    if people is None or kind != "reply" or reply_to is not None:
        return kind
    own, conversation = as_id(values.get("source_id")), as_id(values.get("conversation"))
    answers_self = bool(people) and conversation is not None and conversation != own
    if answers_self or "is_reply" in values:
        return "reply"
    return "quote" if not QUOTES.isdisjoint(values) else "post"


def _listed_people(value: object) -> list[Json] | None:
    is_list = isinstance(value, list) or (isinstance(value, str) and value.startswith("["))
    return as_objects(value) if is_list else None


def _target(values: Json, username: str | None, rules: RowRules) -> post.ReplyTarget | None:
    if _TARGETS.isdisjoint(values):
        return None
    people = _listed_people(values.get("reply_to"))
    if people is not None:
        names = (as_name(person.get("username") or person.get("screen_name")) for person in people)
        own = (username or "").casefold()
        others = (name for name in names if name and name.casefold() != own)
        return post.ReplyTarget.of(answered_id(values.get("reply_id")), next(others, None))
    value = as_json(values.get("reply_to"))
    if isinstance(value, dict):
        source_id, name = _as_is(value.get("source_id")), _as_is(value.get("username"))
    else:
        answers = (values.get("reply_id"), values.get("reply_to"))
        sound = (_sound_answer(answer, rules) for answer in answers if answer is not None)
        source_id, name = next(filter(None, sound), None), as_name(values.get("reply_name"))
    return post.ReplyTarget.of(source_id, name)


def _sound_answer(value: object, rules: RowRules) -> str | None:
    """Return an answered post's id; None for a rounded id, which may be another post's."""
    are_lost = not rules.plan.lost_ids.keys().isdisjoint({"source_id", "reply_id"})
    if is_damaged_id(value) or (are_lost and is_rounded(value)):
        rules.look_odd("ids", _ROUNDED_ANSWERS, value)
        return None
    return answered_id(value)


def _stated_time(values: Json) -> object:
    value, clock = values["created_at"], values.get("clock")
    if not (isinstance(clock, str) and isinstance(value, str)) or clock == value:
        return value
    has_clock = ":" in value or value.strip().isdigit()
    return value if has_clock else f"{value.strip()} {clock.strip()}"


def _reactions(values: Json) -> post.Reactions | None:
    if _COUNTS.isdisjoint(values):
        return None
    stated = _exported(values["counts"], post.Reactions) if "counts" in values else None
    if stated and stated.signs:
        stated = structs.replace(stated, signs=post.kept_signs(stated.signs))
    if stated and stated.is_known:
        return stated
    figures = [as_whole(values[field]) if field in values else None for field in COUNTS]
    likes, reposts, replies, quotes = figures
    return None if figures == _NO_COUNTS else post.Reactions(likes, reposts, replies, quotes)


def _exported(value: object, type_: type[T]) -> T | None:
    if value is None:
        return None
    try:
        return msgspec.convert(as_json(value), type_, strict=False)
    except ValueError:  # Half a surrogate pair is no ValidationError.
        return None


def _is_limited(values: Json) -> bool:
    if "status" in values and values["status"] != values.get("text"):
        return True
    audience = values.get("visibility")
    is_for_few = is_restricted(audience) and plain_column(str(audience)) not in OPEN_WORDS
    return is_for_few or "is_restricted" in values or "is_for_all" in values


def _visibility(values: Json) -> post.Visibility | None:
    if _AUDIENCES.isdisjoint(values):
        return None
    if _is_limited(values):
        return "restricted"
    return "public" if plain_column(word(values.get("visibility")) or "") in PUBLIC else None


def _as_is(value: object) -> str | None:
    return value or None if isinstance(value, str) else None


def _long_number(value: object) -> str | None:
    text = str(value).strip() if isinstance(value, str | int) else ""
    return text if len(text) >= 10 and text.isdigit() else None


def read_document(document: Row, place: int) -> Item:
    """Return an object, with its inner objects' values, as a record. Raises RecordError."""
    row, columns = opened(document, file_columns_of)
    return read_row(columns, row, place)


class RowReader:
    """Reads one file's rows by their plan."""

    def __init__(
        self, sample: Sequence[Row], options: ReadOptions, *, is_table: bool, has_na: bool = False
    ) -> None:
        form = "csv" if is_table else "jsonl"
        correspondence = correspondence_in(sample, form)
        self._plan = plan_of(
            sample,
            options,
            is_table=is_table,
            has_na=has_na,
            is_of_chats=correspondence is not None,
        )
        cells = (cell for row in sample if is_table for cell in row.items())
        self._heading = heading_of(sample[0]) if sample else ""
        self._filled = {name for name, cell in cells if is_filled(cell) and not is_index(name)}
        self.is_export = self._plan.is_export
        self.columns = self._plan.columns
        self._dates, self._zone = options.dates, options.timezone
        self.author: str | None = None
        """Author by the name of the file, for all rows."""
        self._correspondence = None if self.is_export else correspondence
        self.is_of_chats = self._correspondence is not None
        """Whether rows are private messages."""
        self._rules = RowRules(
            self._plan, is_table, options.include_restricted, is_of_chats=self.is_of_chats
        )

    @property
    def has_likely_author(self) -> bool:
        """Whether an unused column looks like the author."""
        return any(each.role == "author" and each.likely for each in self._plan.questions)

    @property
    def asks_for_text(self) -> bool:
        """Whether several rows have words, but no column is known to have them."""
        asked = [each for each in self._plan.questions if each.role == "text"]
        return any(each.likely and len(each.rows) > 1 for each in asked)

    def ask(self, notes: ReadNotes) -> None:
        """Note what someone must choose before the rows are used."""
        notes.heading = notes.heading or self._heading
        for question in self._plan.questions:
            if question.role != "author" or self.author is None:
                notes.ask(question)

    def names_authors_by(self, column: str) -> bool:
        return self._plan.chosen.get(column) == "username"

    def has_text(self, row: Row) -> bool:
        flat, columns = opened(row, self.columns)
        return any(not isinstance(flat[name], list | dict) for name in columns.texts)

    def unused(self, names: Iterable[str]) -> list[str]:
        """Return the filled columns that are not used, and are told nowhere else."""
        plan, columns = self._plan, self.columns(tuple(dict.fromkeys(names)))
        used = dict(columns.fields)
        told = {*plan.chosen}
        helpers = ("is_bot", "is_anonymous", "is_cut", "time_zone")
        told |= {name for helper in helpers for name in columns.names_of(helper)}
        return [
            name
            for name, field in used.items()
            if not field and name in self._filled and name not in told
        ]

    def says_who(self, rows: Iterable[Row]) -> bool:
        return any(opened(row, self.columns)[1].has("username") for row in rows)

    def says_who_or_when(self, rows: Iterable[Row]) -> bool:
        known = [opened(row, self.columns)[1] for row in rows]
        return any(columns.has("username") or columns.has("created_at") for columns in known)

    def is_post(self, row: Row) -> bool:
        flat, columns = opened(row, self.columns)
        text = any(isinstance(flat[name], str) for name in columns.texts)
        return text and any(flat[name] for name in columns.names_of("username"))

    def read(self, row: Row, place: int) -> Item:
        columns, written = self.columns(tuple(row)), row
        if columns.may_open:
            row, columns = opened(row, self.columns)
        try:
            item = read_row(columns, row, place, self._rules)
        except RecordError:
            if self._correspondence is None or not self._correspondence.is_notice(written):
                raise
            return Skipped(place, "system")
        if self.author is not None and isinstance(item, Record):
            item = by_author(item, self.author)
        if self._correspondence is not None:
            item = self._correspondence.of(item, written)
        return item

    def noting(
        self, items: Iterator[Item], notes: ReadNotes, rows: Callable[[], Iterable[Row]]
    ) -> Iterator[Item]:
        """Yield the items, and note assumptions and unused data.

        `rows` yields the rows again, to look ahead for the order of dates.
        """
        times = FileTimes(self._dates, notes, lambda: self._times_in(rows()), zone=self._zone)
        self._rules = self._rules._replace(notes=notes, read_time=times.read)
        self._plan.note(notes)
        notes.is_author_open |= self._plan.is_author_open and self.author is None
        yield from items

    def _times_in(self, rows: Iterable[Row]) -> Iterator[object]:
        for row in rows:
            flat, columns = opened(row, self.columns)
            yield from (flat.get(name) for name in columns.names_of("created_at")[:1])

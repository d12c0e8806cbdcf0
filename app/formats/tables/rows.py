"""Rows of JSON lines, CSV and MongoDB as records, by the names in `column_names.py`.

The first rows of a file decide for all of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import structs

from app.errors import Message, RecordError
from app.formats.assumptions import (
    NO_AUTHOR,
    NO_IDS,
    REPOST_BEGINNING,
    ReadNotes,
    Role,
    SeenRow,
    ToldReposts,
    fields_without,
)
from app.formats.post import PLATFORMS, Kind, Platform, Reactions, ReplyTarget, kept_signs
from app.formats.records import (
    Item,
    ReadOptions,
    Record,
    Skipped,
    as_username,
    by_author,
    is_broken,
    required_text,
    username_for,
)
from app.formats.source.html import html_to_text
from app.formats.source.json import Json, as_json
from app.formats.source.times import FileTimes, read_time
from app.formats.tables.author_columns import (
    account_column,
    account_on_server,
    are_of_people,
    likeliest_author,
    names_posts,
)
from app.formats.tables.cells import (
    EMPTY_CELLS,
    answered_id,
    are_rounded,
    as_id,
    as_language,
    as_name,
    as_objects,
    as_whole,
    is_damaged_id,
    is_filled,
    is_nobody,
    is_object,
    is_restricted,
    is_rounded,
    leaves,
    plain_column,
    printable_name,
    refers,
    says_yes,
    text_of_bytes,
    word,
)
from app.formats.tables.column_kinds import COUNTS, NumberedRow, count_columns, why_no_ids
from app.formats.tables.column_names import (
    ROLES,
    UNWRAPPED,
    guess,
    heads,
    inner_names,
    is_export,
    is_helper,
    likely_reposts,
    names_by_field,
    types_of_own_fields,
    values_by_name,
    without_remark,
)
from app.formats.tables.own_words import (
    are_html,
    is_head_of_reply,
    may_have_others,
    own_part,
    without_quotations,
)
from app.formats.x.posts import is_notice

T = TypeVar("T")
Row = Mapping[str, object]
_PLATFORMS: Final[dict[str, Platform]] = {
    name: platform for platform, names in PLATFORMS.items() for name in (platform, *names.in_files)
}
_KINDS: Final[dict[str, Kind | Literal["repost"]]] = {
    **dict.fromkeys(("post", "tweet", "original", "글", "게시물", "트윗"), "post"),
    **dict.fromkeys(("reply", "repliedto", "답글", "댓글", "멘션"), "reply"),
    **dict.fromkeys(("quote", "quoted", "quotetweet", "quotepost", "인용"), "quote"),
    **dict.fromkeys(
        ("repost", "retweet", "retweeted", "reblog", "boost", "renote", "announce", "리트윗"),
        "repost",
    ),
    "재게시": "repost",
}
_NO_COUNTS: Final = [None] * len(COUNTS)
_COUNTS: Final = frozenset({"counts", *COUNTS})
_TARGETS: Final = frozenset({"reply_to", "reply_id", "reply_name"})
_QUOTES: Final = frozenset({"is_quote", "quotes", "shares"})
_PLAIN_NAMES: Final = frozenset({"name", "이름"})
"""Columns that may have the names of something else than people."""
_DATE: Final = re.compile(r"\d{1,4}[-./]\s?\d{1,2}[-./]\s?\d{1,4}\.?", re.ASCII)
_CLOCK: Final = re.compile(
    r"(?:(?:오전|오후|午前|午後|上午|下午)\s?)?\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?[AaPp]\.?[Mm]\.?)?"
    r"|(?:(?:오전|오후)\s?)?\d{1,2}시(?:\s?\d{1,2}분)?"
)
_LIMITS: Final = frozenset(
    {"is_deleted", "is_by_community", "is_restricted", "visibility", "shares"}
)
_SAYING_KIND: Final = _QUOTES | {"kind", "is_repost", "reposts", "is_reply", "replies_to"}
MOST_OF_TEXT: Final = 1_000
"""Characters of a text in a kept row; its values are cut there, too."""
MOST_SEEN: Final = 300
"""Rows that are kept as they stand, for doubts."""
KNOWN_HEADERS: Final = 32
"""Maximum number of remembered sets of column names, for rows without a header."""


class RowRules(NamedTuple):
    is_table: bool = False
    """Whether values are cells, in which a word may mean no value."""
    has_rounded_ids: bool = False
    include_restricted: bool = False
    is_html: bool = False
    has_titles: bool = False
    """Whether a title is the first line of its post."""
    on_repost: Callable[[], None] | None = None
    on_cut: Callable[[], None] | None = None
    """Is called for a text from which other people's words were cut."""
    read_time: Callable[[object], datetime] = read_time
    """Return a value's time. Raises RecordError."""


NO_RULES: Final = RowRules()


class FileColumns:
    """Columns of each field; the first column with a value that counts is read."""

    def __init__(self, names: Iterable[str], chosen: Mapping[str, str] | None = None) -> None:
        self._all = tuple(names)
        self.is_own = is_export(self._all)
        self._chosen = chosen or {}
        plain: dict[str, str] = {}
        for name in self._all:
            plain.setdefault(plain_column(name), name)
        for name in self._all:
            if name not in self._chosen and name.endswith((")", "）")):
                plain.setdefault(plain_column(without_remark(name)), name)
        known = heads() | {plain_column(name).partition(".")[0] for name in self._chosen}
        self._heads = [plain[name] for name in plain if name in known]
        self._wrappers = [name for name in UNWRAPPED if name in plain]
        self._names = names_by_field(plain, self._chosen)
        for field in (unnamed := fields_without(self._chosen)):
            self._names.pop(field, None)
        if "username" in unnamed:
            self._names.pop("display_name", None)
        tests = _TESTS | ({"source_id": bool} if self.is_own else {})
        if len(self._names.get("text", ())) > 1:
            tests = tests | {"text": _is_no_number}
        # Their values are read once more, and only of several one has to be chosen.
        lone = {
            field
            for field in ("source_id", *COUNTS)
            if not self.is_own and len(self._names.get(field, ())) == 1
        }
        self._fields = [
            (field, names, is_filled if field in lone else tests.get(field, is_filled))
            for field, names in self._names.items()
        ]
        has_wrappers = self.text in {None, *self._wrappers} and bool(self._wrappers)
        # Whether a row may have objects whose values are columns.
        self.may_open = not self.is_own and (bool(self._heads) or has_wrappers)
        self._limits = not self.is_own and not _LIMITS.isdisjoint(self._names)
        self._texts = self._names.get("text", ())
        self._says_kind = not _SAYING_KIND.isdisjoint(self._names)
        own_types = types_of_own_fields().items()
        self._own_types = [(field, kind) for field, kind in own_types if field in self._names]
        marks = {"is_repost", "reposts", "kind"}
        self._marks_reposts = self.is_own or not marks.isdisjoint(self._names)
        self._marks_reposts |= "is_repost" in unnamed

    @property
    def text(self) -> str | None:
        return next(iter(self._names.get("text", ())), None)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        taken = {
            name: field
            for field, names in [*self._names.items()][::-1]
            for name in names
            if not is_helper(field)
        }
        named = filter(str.strip, self._all)
        return tuple((printable_name(name), taken.get(name, "")) for name in named)

    def names_of(self, field: str) -> tuple[str, ...]:
        return self._names.get(field, ())

    def has(self, field: str) -> bool:
        return field in self._names

    def is_of_time(self, name: str) -> bool:
        """Return whether a column is named like a time, or a time of day."""
        return name in {*self.names_of("created_at"), *self.names_of("clock")} or bool(
            guess("created_at", {name: ["2024-01-05"]})
        )

    def first(self, row: Row, field: str) -> object:
        """Return the row's first filled value of a field; None without one."""
        values = (row.get(name) for name in self.names_of(field))
        return next((value for value in values if value is not None and is_filled(value)), None)

    def __len__(self) -> int:
        return sum(not is_helper(field) for field in self._names)

    def opened(self, row: Row) -> Row | None:
        """Return the row with its objects' values as columns; None without objects."""
        if not self.may_open:
            return None
        if any(is_object(row.get(name)) for name in self._heads):
            flat = flattened(row, self._chosen)
            return flat if flat.keys() != row.keys() else None
        inners = {
            name: inner
            for name in self._wrappers
            if self.text in {None, name} and isinstance(inner := row.get(name), dict) and inner
        }
        if not inners:
            return None
        # Beside a comment stands what it is about, whose name and id are not the comment's.
        has_text = (name for name in inners if file_columns_of(tuple(inners[name])).text)
        name = next(has_text, next(iter(inners)))
        return {key: row[key] for key in row if key not in inners} | inners[name]

    def read(self, row: Row, place: int, rules: RowRules = NO_RULES) -> Item:
        """Return the row as a record; skip a repost or an empty row. Raises RecordError."""
        values = self._values(row, rules)
        kind: Kind | Literal["repost"] = _kind(values) if self._says_kind else "post"
        if kind == "repost":
            return Skipped(place, "repost")
        may_skip = self._limits or (rules.is_table and not self.is_own)
        if may_skip and (reason := self._reason_to_skip(values, rules)):
            return Skipped(place, reason)
        exported = {
            field: value
            for field, type_ in self._own_types
            if (value := _exported(values.get(field), type_)) is not None
        }
        media = exported.get("media", ())
        text = self._text(values, rules)
        texts = self._texts
        if text is None and not media and any(isinstance(row.get(name), str) for name in texts):
            return Skipped(place, "empty")
        if isinstance(text, str) and not self.is_own:
            if told := self._reason_by_text(text, rules):
                return Skipped(place, told)
            text = _own_part(text, rules)
        username, display_name = self._author(values)
        created_at, unread_time = self._time(values, rules)
        reply_to = _target(values, username, has_rounded_ids=rules.has_rounded_ids)
        url, lang = values.get("url"), values.get("lang")
        return Record(
            place=place,
            text=required_text("" if text is None and media else text),
            username=username,
            display_name=display_name,
            platform=_PLATFORMS.get((word(values.get("platform")) or "").casefold()),
            kind=_kind_of_answer(values, kind, reply_to, username) if kind == "reply" else kind,
            created_at=created_at,
            unread_time=unread_time,
            lang=word(lang) if self.is_own else as_language(lang),
            source_id=self._id(values, rules),
            url=url if self.is_own and isinstance(url, str) else word(url),
            reply_to=reply_to,
            counts=_reactions(values),
            **exported,
        )

    def _values(self, row: Row, rules: RowRules) -> Json:
        values: Json = {}
        is_table = rules.is_table and not self.is_own
        for field, names, counts in self._fields:
            for name in names:
                value = row.get(name)
                if value is None:
                    continue
                # Most values are strings, and a call for each would take longer.
                if isinstance(value, str) and counts is not bool:
                    if not value or value.isspace() or (is_table and value in EMPTY_CELLS):
                        continue
                    if counts is is_filled:
                        values[field] = value
                        break
                if counts(value):
                    values[field] = value
                    break
        return self._among_texts(values, row) if len(self._texts) > 1 else values

    def _among_texts(self, values: Json, row: Row) -> Json:
        """Return the filled values and an id, if several columns could be the text."""
        texts = [row.get(name) for name in self._texts]
        if "text" not in values:
            filled = (text for text in texts if text is not None and is_filled(text))
            if (text := next(filled, None)) is not None:
                values["text"] = text
        elif "source_id" not in values:
            source_id = next(filter(None, map(_long_number, texts)), None)
            if source_id is not None and source_id != values["text"]:
                values["source_id"] = source_id
        return values

    def _reason_to_skip(
        self, values: Json, rules: RowRules
    ) -> Literal["repost", "restricted", "deleted"] | None:
        if "is_deleted" in values:
            return "deleted"
        may_be_gone = rules.is_table or "is_by_community" in values
        if may_be_gone and (is_nobody(values.get("username")) or is_nobody(values.get("text"))):
            return "deleted"
        if not self._limits:
            return None
        is_limited = "is_restricted" in values or is_restricted(values.get("visibility"))
        if is_limited and not rules.include_restricted:
            return "restricted"
        return "repost" if "shares" in values and "text" not in values else None

    def _text(self, values: Json, rules: RowRules) -> object:
        text = values.get("text")
        if self.is_own:
            return text
        if rules.is_table and isinstance(text, str):
            text = text_of_bytes(text)
        if isinstance(text, str) and "reply_words" in self._names and is_head_of_reply(text):
            text = values.get("reply_words")
        if isinstance(text, str) and rules.is_html:
            text = html_to_text(without_quotations(text) if "reblogged_from" in values else text)
        title = values.get("title")
        is_post = rules.has_titles or (
            "is_by_community" in values and not self.has("answered_thread")
        )
        if not (is_post and isinstance(title, str)) or (isinstance(text, str) and title in text):
            return text
        return f"{title}\n{text}" if isinstance(text, str) and not is_nobody(text) else title

    def _reason_by_text(self, text: str, rules: RowRules) -> Literal["repost", "system"] | None:
        if is_notice(text):
            return "system"
        has_none = may_have_others(text) and own_part(text) is None
        return "repost" if has_none or self._is_repost_by_text(text, rules) else None

    def _is_repost_by_text(self, text: str, rules: RowRules) -> bool:
        if self._marks_reposts or "RT @" not in text or not REPOST_BEGINNING.match(text):
            return False
        if rules.on_repost is not None:
            rules.on_repost()
        return True

    def _author(self, values: Json) -> tuple[str | None, str | None]:
        read = word if self.is_own else as_name
        name, display_name = read(values.get("username")), word(values.get("display_name"))
        if name is None or self.is_own or len(name.split()) == 1:
            if "actor" in values and (account := account_on_server(name, values["actor"])):
                return account, display_name or name
            if name is None or self.is_own or is_broken(name) or as_username(name) is not None:
                return name, display_name
        return username_for(name, name), display_name or name

    def _time(self, values: Json, rules: RowRules) -> tuple[datetime | None, str | None]:
        if "created_at" not in values:
            return None, None
        try:
            stated = _stated_time(values) if "clock" in values else values["created_at"]
            return rules.read_time(stated), None
        except RecordError:
            return None, printable_name(self._names["created_at"][0])

    def _id(self, values: Json, rules: RowRules) -> str | None:
        value = values.get("source_id")
        if self.is_own:
            return value if isinstance(value, str) else as_id(value)
        return None if rules.has_rounded_ids and is_rounded(value) else as_id(value)


file_columns_of: Final = lru_cache(KNOWN_HEADERS)(FileColumns)


def read_document(document: Row, place: int, rules: RowRules = NO_RULES) -> Item:
    """Return an object, with its inner objects' values, as a record. Raises RecordError."""
    row, columns = opened(document, file_columns_of)
    return columns.read(row, place, rules)


def opened(
    row: Row, columns_of: Callable[[tuple[str, ...]], FileColumns]
) -> tuple[Row, FileColumns]:
    """Return a row with its objects' values, up to three deep, and its columns."""
    columns = columns_of(tuple(row))
    for _ in range(3):
        if (flat := columns.opened(row)) is None:
            break
        row, columns = flat, columns_of(tuple(flat))
    return row, columns


def _own_part(text: str, rules: RowRules) -> str | None:
    if not may_have_others(text):
        return text
    own = own_part(text)
    if own is not None and len(own) < len(text.strip()) and rules.on_cut is not None:
        rules.on_cut()
    return own


def _all_match(pattern: re.Pattern[str], rows: Sequence[Row], name: str) -> bool:
    """Return whether all filled values of a column match, and there is any."""
    cells = [row.get(name) for row in rows]
    filled = [cell for cell in cells if cell is not None and is_filled(cell)]
    return bool(filled) and all(
        isinstance(cell, str) and pattern.fullmatch(cell.strip()) for cell in filled
    )


def _kind(values: Json) -> Kind | Literal["repost"]:
    stated = _KINDS.get(plain_column(word(values.get("kind")) or ""))
    if stated == "repost" or "is_repost" in values or "reposts" in values:
        return "repost"
    if stated:
        return stated
    if "is_reply" in values or "replies_to" in values:
        return "reply"
    return "quote" if not _QUOTES.isdisjoint(values) else "post"


def _kind_of_answer(
    values: Json, kind: Kind, reply_to: ReplyTarget | None, username: str | None
) -> Kind:
    """Return the kind of a post whose reply_to may list people, including its author."""
    people = _listed_people(values.get("reply_to"))
    if people is None or kind != "reply" or reply_to is not None:
        return kind
    own, conversation = as_id(values.get("source_id")), as_id(values.get("conversation"))
    answers_self = bool(people) and conversation is not None and conversation != own
    if answers_self or "is_reply" in values:
        return "reply"
    return "quote" if not _QUOTES.isdisjoint(values) else "post"


def _listed_people(value: object) -> list[Json] | None:
    is_list = isinstance(value, list) or (isinstance(value, str) and value.startswith("["))
    return as_objects(value) if is_list else None


def _target(
    values: Json, username: str | None, *, has_rounded_ids: bool = False
) -> ReplyTarget | None:
    """Return the target of a reply: an object as in exports, or columns of their own."""
    if _TARGETS.isdisjoint(values):
        return None
    people = _listed_people(values.get("reply_to"))
    if people is not None:
        names = (as_name(person.get("username") or person.get("screen_name")) for person in people)
        own = (username or "").casefold()
        others = (name for name in names if name and name.casefold() != own)
        return ReplyTarget.of(answered_id(values.get("reply_id")), next(others, None))
    value = as_json(values.get("reply_to"))
    if isinstance(value, dict):
        source_id, name = _as_is(value.get("source_id")), _as_is(value.get("username"))
    else:
        answers = (values.get("reply_id"), values.get("reply_to"))
        sound = (
            None if has_rounded_ids and is_rounded(answer) else answered_id(answer)
            for answer in answers
        )
        source_id, name = next(filter(None, sound), None), as_name(values.get("reply_name"))
    return ReplyTarget.of(source_id, name)


def _stated_time(values: Json) -> object:
    value, clock = values["created_at"], values.get("clock")
    if isinstance(clock, str) and isinstance(value, str) and _DATE.fullmatch(value.strip()):
        is_clock = _CLOCK.fullmatch(clock.strip()) is not None
        return f"{value.strip()} {clock.strip()}" if is_clock else value
    return value


def _reactions(values: Json) -> Reactions | None:
    if _COUNTS.isdisjoint(values):
        return None
    stated = _exported(values["counts"], Reactions) if "counts" in values else None
    if stated and stated.signs:
        stated = structs.replace(stated, signs=kept_signs(stated.signs))
    if stated and stated.is_known:
        return stated
    figures = [as_whole(values[field]) if field in values else None for field in COUNTS]
    likes, reposts, replies, quotes = figures
    return None if figures == _NO_COUNTS else Reactions(likes, reposts, replies, quotes)


def _exported(value: object, type_: type[T]) -> T | None:
    if value is None:
        return None
    try:
        return msgspec.convert(as_json(value), type_, strict=False)
    except ValueError:  # Half a surrogate pair is no ValidationError.
        return None


def _as_is(value: object) -> str | None:
    return value or None if isinstance(value, str) else None


def _long_number(value: object) -> str | None:
    """Return a post's id, which a column `tweet` may contain next to its text."""
    text = str(value).strip() if isinstance(value, str | int) else ""
    return text if len(text) >= 10 and text.isdigit() else None


def _is_no_number(value: object) -> bool:
    return is_filled(value) and not (isinstance(value, str) and value.strip().isdigit())


_TESTS: Final[dict[str, Callable[[object], object]]] = {
    **dict.fromkeys(("is_repost", "is_reply", "is_quote", "is_restricted", "is_deleted"), says_yes),
    **dict.fromkeys(("reposts", "replies_to", "quotes", "shares"), refers),
    "source_id": as_id,
    "reply_id": answered_id,
}
"""Tests of whether a value counts; for other fields, filled values do."""


def flattened(row: Row, also: Iterable[str] = ()) -> Row:
    """Return the row with the known values in its objects by their paths: `author.username`.

    `also` contains further paths. An object without a known value stays.
    """
    nested = [name for name, value in row.items() if value and is_object(value)]
    wanted = inner_names().union(path for name in also for path in _beginnings(plain_column(name)))
    known = heads() | {path.partition(".")[0] for path in wanted}
    opened = [name for name in nested if plain_column(name) in known]
    if not opened:
        return row
    flat: Json = {name: value for name, value in row.items() if name not in opened}
    left = 500  # Values inside objects that are looked at.
    for name in opened:
        objects = as_objects(row[name])
        inner = dict(_inner(objects[0], name, wanted)) if objects else {}
        left -= len(inner)
        if left < 0:
            break
        flat |= inner or {name: row[name]}
    return flat


def _beginnings(path: str) -> Iterable[str]:
    parts = path.split(".")
    return (".".join(parts[:n]) for n in range(1, len(parts) + 1))


def _inner(value: Json, path: str, wanted: frozenset[str]) -> Iterable[tuple[str, object]]:
    for key, inner in value.items():
        name = f"{path}.{key}"
        if plain_column(name) in wanted:
            if isinstance(inner, dict):
                yield from _inner(inner, name, wanted)
            else:
                yield name, inner


class RowReader:
    """Reads one file's rows, and notes assumed and unused columns."""

    def __init__(self, sample: Sequence[Row], options: ReadOptions, *, is_table: bool) -> None:
        self._chosen = dict(options.columns)
        self._stated = frozenset(options.columns.values())
        """Fields that the importer chose."""
        self._known: dict[tuple[str, ...], FileColumns] = {}
        self._guesses: dict[str, list[str]] = {}
        """Columns that look like a field, the used one first."""
        self._looks_like: dict[str, Role] = {}
        """Unused columns that look like a time, author or repost."""
        self._counts: tuple[str, ...] = ()
        """Columns of 0 and 1 that are taken for counts."""
        self._no_ids: dict[str, Message] = {}
        """Columns named like ids that have none, and why."""
        rows = [opened(row, self.columns)[0] for row in sample]
        self._look_for(rows, sample, guesses_text=is_table)
        self.is_export = any(self.columns(tuple(row)).is_own for row in rows)
        self._look_for_accounts(rows)
        self._look_at_names(rows)
        self._look_for_clock(rows)
        if is_table:
            self._look_for_ids(rows)
        ids = [
            row.get(name) for row in rows for name in self.columns(tuple(row)).names_of("source_id")
        ]
        self._lost_ids = are_rounded(ids) or any(is_damaged_id(word(value) or "") for value in ids)
        self._rules = RowRules(
            is_table=is_table,
            has_rounded_ids=are_rounded(ids),
            is_html=are_html(rows),
            has_titles=any(map(self._is_title_all, rows)),
            include_restricted=options.include_restricted,
        )
        self._unread_titles = self._titles_of(rows) if is_table else ()
        self._is_author_open = is_table and self._names_nobody(rows)
        self._dates, self._zone = options.dates, options.timezone
        self.author: str | None = None
        """Author by the name of the file, for all rows."""
        self._rows = 0
        self._seen: list[SeenRow] | None = None

    @property
    def has_likely_author(self) -> bool:
        """Whether an unused column looks like the author."""
        return "author" in self._looks_like.values()

    def columns(self, names: tuple[str, ...]) -> FileColumns:
        if (known := self._known.get(names)) is None:
            if len(self._known) >= KNOWN_HEADERS:
                self._known.clear()
            known = self._known[names] = FileColumns(names, self._chosen)
        return known

    def has_text(self, row: Row) -> bool:
        flat, columns = opened(row, self.columns)
        return any(not isinstance(flat[name], list | dict) for name in columns.names_of("text"))

    def says_who(self, rows: Iterable[Row]) -> bool:
        return any(opened(row, self.columns)[1].has("username") for row in rows)

    def says_who_or_when(self, rows: Iterable[Row]) -> bool:
        known = [opened(row, self.columns)[1] for row in rows]
        return any(columns.has("username") or columns.has("created_at") for columns in known)

    def is_post(self, row: Row) -> bool:
        flat, columns = opened(row, self.columns)
        text = any(isinstance(flat[name], str) for name in columns.names_of("text"))
        return text and any(flat[name] for name in columns.names_of("username"))

    def read(self, row: Row, place: int) -> Item:
        self._rows += 1
        columns, written = self.columns(tuple(row)), row
        if columns.may_open:
            row, columns = opened(row, self.columns)
        item = columns.read(row, place, self._rules)
        if self.author is not None and isinstance(item, Record):
            item = by_author(item, self.author)
        if self._seen is not None and len(self._seen) < MOST_SEEN and not columns.is_own:
            kept = item
            if isinstance(item, Record) and len(item.text) > MOST_OF_TEXT:
                kept = structs.replace(item, text=item.text[:MOST_OF_TEXT])
            self._seen.append(SeenRow(leaves(written), columns.fields, kept))
        return item

    def noting(
        self, items: Iterator[Item], notes: ReadNotes, rows: Callable[[], Iterable[Row]]
    ) -> Iterator[Item]:
        """Yield the items, and note assumptions and unused data.

        `rows` yields the rows again, to look ahead for the order of dates.
        """
        times = FileTimes(self._dates, notes, lambda: self._times_in(rows()), zone=self._zone)
        told = ToldReposts(notes, may_choose=True)
        self._rules = self._rules._replace(
            on_repost=told.add, on_cut=told.add_cut, read_time=times.read
        )
        self._seen = notes.rows
        evidence = Message("based on its name and first values")
        for field, names in self._guesses.items():
            first, *others = (f"{ROLES[field]}={name}" for name in names)
            others += [NO_AUTHOR] if field == "username" else []
            notes.assume("column", first, alternatives=tuple(others), evidence=evidence)
        if self._counts:
            flags = tuple(f"repost={name}" for name in self._counts if self._is_of_reposts(name))
            evidence = Message("other columns are counts")
            notes.assume(
                "column", f"count={', '.join(self._counts)}", alternatives=flags, evidence=evidence
            )
        if self._lost_ids and not self.is_export:
            notes.assume("ids", NO_IDS, evidence=Message("a spreadsheet has rounded the values"))
        for name, reason in self._no_ids.items():
            notes.assume("ids", NO_IDS, alternatives=(f"id={name}",), evidence=reason)
        for name, role in self._looks_like.items():
            notes.leave("column", name, role=role)
        notes.is_author_open |= self._is_author_open and self.author is None
        for name in self._unread_titles:
            notes.leave("column", name)
        yield from items
        for name in self._looks_like:
            notes.leave("column", name, max(0, self._rows - 1))

    def _times_in(self, rows: Iterable[Row]) -> Iterator[object]:
        for row in rows:
            flat, columns = opened(row, self.columns)
            yield from (flat.get(name) for name in columns.names_of("created_at")[:1])

    def _look_for(self, rows: Sequence[Row], sample: Sequence[Row], *, guesses_text: bool) -> None:
        """Guess the fields without a known column, and keep the columns that look like them."""
        known = [self.columns(tuple(row)) for row in rows]
        if any(columns.is_own for columns in known):
            return
        counted = {field for columns in known for field in COUNTS if columns.has(field)}
        counts = count_columns(values_by_name(sample), counted)
        self._chosen = counts.fields | self._chosen
        self._counts = tuple(name for name in counts.assumed if self._chosen[name])
        used = {plain_column(name) for name in self._chosen}
        used |= {plain_column(name) for columns in known for name, field in columns.fields if field}
        values = {
            name: column
            for name, column in values_by_name(sample).items()
            if plain_column(name) not in used
        }
        unnamed = fields_without(self._chosen)
        shown = self._shown_names(rows)
        for field in ROLES:
            is_known = any(columns.has(field) for columns in known)
            is_known = is_known and not (field == "username" and shown)
            if is_known or (field == "text" and not guesses_text):
                continue
            if field not in unnamed and (found := guess(field, values)):
                self._guesses[field] = found
                self._chosen[found[0]] = field
                values.pop(found[0])
                if field == "username" and shown and self._chosen.get(shown) != "":
                    found.append(shown)
        if self._guesses or counts.fields:
            self._known.clear()
        self._looks_like |= dict.fromkeys(likely_reposts(values), "repost")

    def _shown_names(self, rows: Sequence[Row]) -> str:
        """Return the column `name` if no other one is known to name the authors; else "".

        It may also be a name of something else. Names that are ids of posts are not used.
        """
        columns = self.columns(tuple(rows[0])) if rows else None
        names = columns.names_of("username") if columns else ()
        if columns is None or len(names) != 1 or plain_column(names[0]) not in _PLAIN_NAMES:
            return ""
        column = [row.get(names[0]) for row in rows]
        ids = [columns.first(row, "source_id") for row in rows]
        if names_posts(column, ids):
            self._chosen[names[0]] = ""
            self._known.clear()
        return names[0]

    def _look_for_clock(self, rows: Sequence[Row]) -> None:
        """Find the column with the time of day if the time's column has only days, or the clock."""
        columns = self.columns(tuple(rows[0])) if rows else None
        if columns is None or columns.is_own or "created_at" in self._stated:
            return
        names = columns.names_of("created_at")
        days = [name for name in names if _all_match(_DATE, rows, name)]
        clocks = [name for name in rows[0] if _all_match(_CLOCK, rows, name)]
        clocks = [name for name in clocks if columns.is_of_time(name)]
        if days and clocks and names[0] in {*days[:1], *clocks}:
            self._chosen |= {days[0]: "created_at", clocks[0]: "clock"}
            self._known.clear()

    def _titles_of(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Return the columns with titles that are not read, because each post has other words."""
        columns = self.columns(tuple(rows[0])) if rows else None
        if columns is None or columns.is_own or columns.has("is_by_community"):
            return ()
        return () if self._rules.has_titles else columns.names_of("title")

    def _is_title_all(self, row: Row) -> bool:
        """Return whether a post has a title and no other words."""
        columns = self.columns(tuple(row))
        has_text = columns.first(row, "text") is not None
        return columns.has("text") and not has_text and columns.first(row, "title") is not None

    def _names_nobody(self, rows: Sequence[Row]) -> bool:
        """Return whether no column of a table names authors; keep the column that is likeliest."""
        columns = self.columns(tuple(rows[0])) if rows else None
        if columns is None or columns.is_own or columns.has("username"):
            return False
        unused = {name for name, field in columns.fields if not field} - {*self._chosen}
        values = {name: [row.get(name) for row in rows] for name in unused}
        if (likely := likeliest_author(values)) is not None:
            self._looks_like[likely] = "author"
        return True

    def _look_for_accounts(self, rows: Sequence[Row]) -> None:
        """Find the column with the accounts if the author's column has names that are shown."""
        columns = self.columns(tuple(rows[0])) if rows else None
        if columns is None or columns.is_own or "username" in self._stated:
            return
        names = columns.names_of("username")
        found = account_column(rows, names, columns.names_of("url")) if names else None
        if found is None or found == names[0]:
            return
        self._guesses["username"] = [found, names[0]]
        self._chosen[found] = "username"
        if not columns.has("display_name"):
            self._chosen[names[0]] = "display_name"
        self._known.clear()

    def _look_at_names(self, rows: Sequence[Row]) -> None:
        """Do not use a column `name` that has names of something else than the accounts."""
        flat = [flattened(row, self._chosen) for row in rows]
        columns = self.columns(tuple(flat[0])) if flat else None
        names = columns.names_of("display_name") if columns else ()
        if columns is None or columns.is_own or plain_column("".join(names)) not in _PLAIN_NAMES:
            return
        accounts = [columns.first(row, "username") for row in flat]
        if not are_of_people([row.get(names[0]) for row in flat], accounts):
            self._chosen[names[0]] = ""
            self._known.clear()

    def _is_of_reposts(self, name: str) -> bool:
        return self._chosen[name] == "n_reposts"

    def _look_for_ids(self, rows: Sequence[Row]) -> None:
        """Find the columns named like ids that count rows, or name something else than posts."""
        read = [(row, self.columns(tuple(row))) for row in rows]
        if any(columns.is_own for _, columns in read):
            return
        names = {name: None for _, columns in read for name in columns.names_of("source_id")}
        answered = [row.get(name) for row, columns in read for name in columns.names_of("reply_id")]
        for name in names:
            if self._chosen.get(name) == "source_id":
                continue
            numbered = [
                NumberedRow(row.get(name), *(columns.first(row, field) for field in ROLES))
                for row, columns in read
            ]
            if (reason := why_no_ids(numbered, answered)) is not None:
                self._no_ids[name] = reason
                self._chosen[name] = ""
        if self._no_ids:
            self._known.clear()

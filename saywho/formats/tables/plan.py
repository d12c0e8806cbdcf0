"""How the rows of a file are read: a plan, made by steps that each look at its first rows."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice, pairwise
from typing import Final, NamedTuple

from saywho.errors import Message
from saywho.formats.assumptions import (
    MOST_VALUES,
    NO_AUTHOR,
    NO_COLUMN,
    NO_IDS,
    ReadNotes,
    Role,
    fields_without,
    is_of_column,
)
from saywho.formats.post import author_in
from saywho.formats.records import ReadOptions
from saywho.formats.source.times import is_day, is_time, time_or_field
from saywho.formats.source.written.clock import find_clock
from saywho.formats.tables.cells import are_rounded, is_damaged_id, is_filled, plain_column, word
from saywho.formats.tables.column_kinds import (
    COUNTS,
    NumberedRow,
    account_column,
    are_of_people,
    count_columns,
    kind_of_texts,
    likeliest_author,
    names_posts,
    why_no_ids,
)
from saywho.formats.tables.column_names import (
    ANSWERS,
    MADE_WORDS,
    ORIGINAL_WORDS,
    ROLES,
    SPOKEN_WORDS,
    TEXTS_IF_NAMED,
    WRITING_WORDS,
    guess,
    inner_person,
    is_text,
    likeliest_person,
    likely_reposts,
    longest_texts,
    names_of_works,
    values_by_name,
    words_of,
)
from saywho.formats.tables.columns import KNOWN_HEADERS, FileColumns, Row, flattened, opened
from saywho.formats.tables.correspondence import says_directions
from saywho.formats.tables.limits import Audience, limit_of, value_text
from saywho.formats.tables.own_words import (
    LABEL,
    are_html,
    has_escaped_breaks,
    has_quoted_breaks,
    have_tags,
    names_speaker,
    returning,
    stopped_label,
)

_PLAIN_NAMES: Final = frozenset({"name", "이름"})
"""Columns that may have the names of something else than people."""
_COUNTED_NAMES: Final = {
    **dict.fromkeys(("tweets", "글", "게시글", "트윗", "posts"), ""),
    **dict.fromkeys(("댓글", "コメント", "comentario", "comentário", "komentar"), "n_replies"),
}
"""Counts that a column may contain although its name is also a text's."""
_WORDY: Final = 12
"""Rating of a column of texts that are sentences."""
_NAMES: Final = frozenset({"name", "full", "display", "real", "이름", "명"})
_MOST_COMPARED: Final = 200
_NO_TIME: Final = f"time={NO_COLUMN}"
_AGE: Final = re.compile(
    r"(?=.{0,40}(?:[전前]|\b(?:ago|vor|il y a|hace|há|atrás|fa|geleden|sedan|siden|temu|önce|lalu"
    r"|назад|тому|trước)\b))\D{0,15}\d{1,3}\D{1,30}",
    re.I,
)
"""A time counted back from now, such as `1 year ago`, in many languages."""
_QUARTER_HOUR_S: Final = 900
_OF_THREADS: Final = re.compile(r"post|thread|article|video|publish|게시글|원글|기사")
"""Beginning of the name of a column about the post that a comment stands below."""


class GuessedColumns(NamedTuple):
    columns: tuple[str, ...]
    """Columns that look like a field, the used one first."""
    evidence: Message


_BY_NAME: Final = Message("based on its name and first values")
_LIMIT_ROLES: Final = {
    "is_deleted": "deleted",
    "is_published": "deleted",
    "is_for_all": "audience",
    "audience": "audience",
}


@dataclass(frozen=True)
class Plan:
    """Which column has which field, the guesses, and the notes about it."""

    chosen: Mapping[str, str]
    """Fields by column, in place of the fields by the columns' names; empty: not used."""
    stated: frozenset[str] = frozenset()
    """Fields that the importer chose."""
    named: str | None = None
    """Author that the importer named."""
    has_na: bool = False
    """Whether `NA` stands for no value in texts and names, too."""
    is_html: bool = False
    """Whether the texts are HTML."""
    guesses: Mapping[str, GuessedColumns] = field(default_factory=dict)
    """By field."""
    no_texts: Mapping[str, Message] = field(default_factory=dict)
    """Columns named like texts without texts, and why."""
    lost_ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Columns with ids that a spreadsheet or JavaScript has rounded, by field."""
    looks_like: Mapping[str, Role] = field(default_factory=dict)
    """Unused columns that look like a time, author or repost."""
    counts: tuple[str, ...] = ()
    """Columns of 0 and 1 that are taken for counts."""
    no_ids: Mapping[str, Message] = field(default_factory=dict)
    """Columns named like ids without ids, and why."""
    works: tuple[str, ...] = ()
    """Columns with the names and authors of the books, films or places that the rows are about."""
    has_escaped_breaks: bool = False
    """Whether line breaks of texts are written as a backslash and a letter."""
    has_quoted_breaks: bool = False
    """Whether line breaks of texts stand between quotation marks of the export."""
    are_in_addresses: bool = False
    """Whether only the addresses of the posts name their authors."""
    has_labels: bool = False
    """Whether labels in front of the texts name who speaks."""
    has_titles: bool = False
    """Whether a title is the first line of its post."""
    unread_titles: tuple[str, ...] = ()
    """Columns with titles that are not read, because each post has other words."""
    is_author_open: bool = False
    """Whether no column names authors."""
    texts: tuple[str, ...] = ()
    """Columns that all have words of people, the read one first; empty for one."""
    limits: tuple[str, ...] = ()
    """Columns that say who may read a row, found by their names and values."""
    public_values: tuple[str, ...] = ()
    """Values whose rows everybody may read, as the importer named them."""
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    """Columns that say who may read a row in words, or in values to be explained, by plain name."""
    estimate: tuple[str, str] | None = None
    """Column of times that the file calls estimates, and one of its ages; None without any."""
    is_export: bool = False
    _known: dict[tuple[str, ...], FileColumns] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @property
    def stated_audiences(self) -> list[str]:
        """Columns that the importer chose for who may read a row."""
        pairs = self.chosen.items()
        return [name for name, used in pairs if used == "visibility" and is_of_column(name, used)]

    def audience_of(self, name: str) -> Audience:
        return self.audiences.get(plain_column(name)) or Audience(is_known=False)

    def public_of(self, name: str) -> frozenset[str] | None:
        """Return the values of a chosen column that everybody may read; None if not said."""
        values = [value.casefold() for value in self.public_values]
        mark = f"{name}=".casefold()
        named = [value.removeprefix(mark) for value in values if value.startswith(mark)]
        bare = [] if len(self.stated_audiences) > 1 else values
        return frozenset((*named, *bare)) if named or bare else None

    def columns(self, names: tuple[str, ...]) -> FileColumns:
        if (known := self._known.get(names)) is None:
            if len(self._known) >= KNOWN_HEADERS:
                self._known.clear()
            known = self._known[names] = FileColumns(names, self.chosen)
        return known

    def choosing(self, fields: Mapping[str, str]) -> "Plan":
        return replace(self, chosen={**self.chosen, **fields})

    def guessing(self, field: str, columns: tuple[str, ...], evidence: Message) -> "Plan":
        """Tell that columns look like a field, the used one first."""
        return replace(self, guesses={**self.guesses, field: GuessedColumns(columns, evidence)})

    def keeping(self, names: Iterable[str], role: Role) -> "Plan":
        """Tell that unused columns look like a role."""
        return replace(self, looks_like={**self.looks_like, **dict.fromkeys(names, role)})

    def note(self, notes: ReadNotes) -> None:
        notes.works += self.works
        for name, found in self.guesses.items():
            first, *others = (f"{ROLES[name]}={column}" for column in found.columns)
            others += [NO_AUTHOR] if name == "username" and first != NO_AUTHOR else []
            notes.assume("column", first, alternatives=tuple(others), evidence=found.evidence)
        if self.counts:
            flags = (name for name in self.counts if self.chosen[name] == "n_reposts")
            notes.assume(
                "column",
                f"count={', '.join(self.counts)}",
                alternatives=tuple(f"repost={name}" for name in flags),
                evidence=Message("other columns are counts"),
            )
        self._note_readers(notes)
        if self.estimate:
            name, age = self.estimate
            evidence = Message("the file calls its times estimates, such as “{age}”", age=age)
            choice = (f"time={name}",) if name else ()
            notes.assume("column", _NO_TIME, alternatives=choice, evidence=evidence)
        if self.texts:
            finding = Message("Several columns have words of people, and one is read")
            notes.look_odd("column", finding, self.texts, is_grave=True)
        if "source_id" in self.lost_ids:
            notes.assume("ids", NO_IDS, evidence=Message("a spreadsheet has rounded the values"))
        for name, reason in self.no_ids.items():
            notes.assume("ids", NO_IDS, alternatives=(f"id={name}",), evidence=reason)
        unread: dict[str, Role | None] = {**self.looks_like}
        unread |= dict.fromkeys(self.unread_titles)
        for name, looks_like in unread.items():
            notes.leave("column", name, role=looks_like)

    def _note_readers(self, notes: ReadNotes) -> None:
        for name in self.limits:
            role = _LIMIT_ROLES.get(self.chosen[name], "hidden")
            notes.assume(
                "column", f"{role}={name}", alternatives=(f"{role}={NO_COLUMN}",), evidence=_BY_NAME
            )
        for name in (name for name, role in self.chosen.items() if role == "audience"):
            audience = self.audience_of(name)
            if audience.public is not None:
                said = ", ".join(value for value in audience.values if audience.of(value) == "all")
                evidence = Message("everybody may read: {values}", values=said)
                notes.assume("audience", name, alternatives=audience.values, evidence=evidence)


class Sample(NamedTuple):
    """The first rows of a file."""

    rows: Sequence[Row]
    """With the values of inner objects as columns."""
    written: Sequence[Row]
    is_table: bool = True

    def columns(self, plan: Plan) -> FileColumns:
        """Return the columns of the first row."""
        return plan.columns(tuple(self.rows[0]) if self.rows else ())

    def values(self, name: str) -> list[object]:
        return [row.get(name) for row in self.rows]

    def each(self, plan: Plan) -> Iterable[tuple[Row, FileColumns]]:
        return ((row, plan.columns(tuple(row))) for row in self.rows)


def plan_of(
    written: Sequence[Row], options: ReadOptions, *, is_table: bool, has_na: bool = False
) -> Plan:
    """Return the plan of a file with these first rows.

    `has_na` tells that R wrote the table, by a cell `NA` without quotation marks.
    """
    stated = frozenset(options.columns.values())
    plan = Plan(dict(options.columns), stated, options.username, has_na, options.strip_tags)
    values = (unicodedata.normalize("NFC", value).strip() for value in options.public_values)
    plan = replace(plan, public_values=(*values,))
    sample = Sample([opened(row, plan.columns)[0] for row in written], written, is_table)
    if any(columns.is_own for _, columns in sample.each(plan)):
        return look_for_rounded_ids(replace(plan, is_export=True), sample)
    for step in STEPS:
        plan = step(plan, sample)
    return plan


def find_limits(plan: Plan, sample: Sample) -> Plan:
    """Find columns that say who may read a row, whatever they are called.

    A column in known words decides. If its values are numbers or other words, its rows are for no
    one until the importer has chosen it and named the values that everybody may read.
    """
    written = [*_with_answers(sample.written)]
    values = values_by_name(written, with_lists=True)
    whole = (n for row in written for n, cell in row.items() if not isinstance(cell, dict))
    headings = {columns for _, columns in sample.each(plan)}
    known: dict[str, set[str]] = {}
    for name, role in (pair for columns in headings for pair in columns.roles):
        known.setdefault(name, set()).add(role)
    # Without a column of texts, a status may be one.
    no_states = set() if any(columns.texts for columns in headings) else {"status"}
    stated = {plain_column(name): name for name in plan.stated_audiences}
    without = fields_without(plan.chosen)
    names = {
        plain_column(name): name for name in dict.fromkeys((*stated.values(), *whole, *values))
    }
    found: dict[str, str] = {}
    audiences: dict[str, Audience] = {}
    for plain, name in names.items():
        used, cells = known.get(name, set()), values.get(name, ())
        is_taken = name in plan.chosen or not used <= _SAY_WHO_READS - no_states
        # Words for received and sent say who wrote, whatever their column is called.
        is_taken = is_taken or says_directions(plain, {*map(str, cells)})
        if is_taken and plain not in stated:
            continue
        limit = limit_of(name, cells)
        if plain in stated or limit in {"unclear", "visibility", "status"}:
            texts = (*islice(dict.fromkeys(map(value_text, cells)), MOST_VALUES),)
            public = plan.public_of(stated[plain]) if plain in stated else None
            audiences[plain] = Audience(limit not in {None, "unclear"}, public, texts)
            found[name] = "audience"
        elif limit is not None and not used:
            found[name] = limit
    found = {name: field for name, field in found.items() if field not in without}
    told = (
        name
        for name, field in found.items()
        if field != "audience" or (name not in known and audiences[plain_column(name)].is_known)
    )
    chosen = {name: field for name, field in plan.chosen.items() if name not in stated.values()}
    return replace(plan, chosen=chosen | found, limits=(*told,), audiences=audiences)


def _with_answers(rows: Iterable[Row], depth: int = 3) -> Iterator[Row]:
    """Yield rows with the answers inside of them, which have columns of their own."""
    for row in rows:
        yield row
        for inner in map(row.get, ANSWERS if depth else ()):
            if isinstance(inner, list):
                answers = [answer for answer in inner if isinstance(answer, dict)]
                yield from _with_answers(answers, depth - 1)


_SAY_WHO_READS: Final = frozenset(
    {"visibility", "status", "is_restricted", "is_deleted", "is_for_all", "is_published"}
)


def look_for_na(plan: Plan, sample: Sample) -> Plan:
    """Take `NA` for nothing if a column without texts and names has it."""
    columns = sample.columns(plan)
    may_have = {name for name in ("text", "username", "display_name") if columns.has(name)}
    wordy = {name for role in may_have for name in columns.names_of(role)}
    has_na = any(row.get(name) == "NA" for row in sample.rows for name in row if name not in wordy)
    return replace(plan, has_na=plan.has_na or (sample.is_table and has_na))


def tell_counts_from_flags(plan: Plan, sample: Sample) -> Plan:
    taken = {name for _, columns in sample.each(plan) for name in COUNTS if columns.has(name)}
    counts = count_columns(values_by_name(sample.written), taken)
    plan = plan.choosing(counts.fields | {**plan.chosen})
    return replace(plan, counts=tuple(name for name in counts.assumed if plan.chosen[name]))


def tell_texts_from_counts_and_links(plan: Plan, sample: Sample) -> Plan:
    """Do not use a column of numbers or addresses as the text if it counts or another has words."""
    columns = sample.columns(plan)
    if "text" in plan.stated:
        return plan
    kinds = {name: kind_of_texts(sample.values(name)) for name in columns.texts}
    known = {name for name, used_as in columns.fields if used_as}
    unused = {
        name: column for name, column in values_by_name(sample.rows).items() if name not in known
    }
    has_words = "words" in kinds.values() or bool(sample.is_table and guess("text", unused))
    chosen: dict[str, str] = {}
    reasons: dict[str, Message] = {}
    for name, kind in kinds.items():
        counted = _COUNTED_NAMES.get(plain_column(name))
        if kind == "numbers" and (counted is not None or has_words):
            chosen[name] = counted if counted and not columns.has(counted) else ""
            reasons[name] = Message("the column {column} has only numbers", column=name)
        elif kind == "links" and has_words:
            chosen[name] = ""
            reasons[name] = Message("the column {column} has only addresses", column=name)
    return replace(plan.choosing(chosen), no_texts=reasons)


def prefer_original_texts(plan: Plan, sample: Sample) -> Plan:
    """Read what people wrote, and not its translation, or what a program made of it."""
    names = sample.columns(plan).texts
    if "text" in plan.stated or not names:
        return plan
    values = values_by_name(sample.written)
    own = words_of(names[0]) - MADE_WORDS
    for name in values:
        words = words_of(name)
        is_original = set() < words - ORIGINAL_WORDS < words and words - ORIGINAL_WORDS <= own
        is_plain = bool(words_of(names[0]) & MADE_WORDS) and words == own
        is_wordy = kind_of_texts(values[name]) == "words" and name not in names[:1]
        if (is_original or is_plain) and is_wordy:
            plan = plan.choosing({names[0]: "", name: "text"})
            return plan.guessing("text", (name, names[0]), Message("it has the words as written"))
    return plan


def find_texts_named_like_flags(plan: Plan, sample: Sample) -> Plan:
    """Take a column such as `quote` for the text if it has words, and no column is called one."""
    columns = sample.columns(plan)
    if columns.texts or "text" in plan.stated or not sample.is_table:
        return plan
    flags = [name for role in _FLAGS for name in columns.names_of(role)]
    wordy = [n for n in flags if kind_of_texts(sample.values(n)) == "words"]
    wordy = longest_texts({n: list(filter(None, sample.values(n))) for n in wordy}) if wordy else []
    if not wordy:
        return plan
    return plan.choosing({wordy[0]: "text"}).guessing("text", (wordy[0],), _BY_NAME)


_FLAGS: Final = ("is_quote", "is_reply", "n_quotes", "n_replies")


def ignore_works(plan: Plan, sample: Sample) -> Plan:
    """Do not take the author, name and title of a work for the review's."""
    if "username" in plan.stated:
        return plan
    works = [name for name in names_of_works(sample.columns(plan).all) if name not in plan.chosen]
    return replace(plan.choosing(dict.fromkeys(works, "")), works=(*works,))


def ignore_authors_that_are_times(plan: Plan, sample: Sample) -> Plan:
    names = sample.columns(plan).names_of("username") if "username" not in plan.stated else ()
    times = [name for name in names if are_times(sample.values(name))]
    return plan.choosing(dict.fromkeys(times, ""))


def ignore_names_of_posts(plan: Plan, sample: Sample) -> Plan:
    """Do not use a column `name` that has the ids of the posts.

    Do not use a column with another name in each row either if the importer says who wrote.
    """
    if not (shown := _shown_name(plan, sample)):
        return plan
    columns, values = sample.columns(plan), sample.values(shown)
    if names_posts(values, [columns.first(row, "source_id") for row in sample.rows]):
        return plan.choosing({shown: ""})
    are_different = len(values) > 1 and len({*map(word, values)}) == len(values)
    if plan.named is None or not are_different or "username" in plan.stated:
        return plan
    evidence = Message("each row has another value in {column}", column=shown)
    return plan.choosing({shown: ""}).guessing("username", (NO_COLUMN, shown), evidence)


def _shown_name(plan: Plan, sample: Sample) -> str:
    names = sample.columns(plan).names_of("username")
    return names[0] if len(names) == 1 and plain_column(names[0]) in _PLAIN_NAMES else ""


def guess_roles(plan: Plan, sample: Sample) -> Plan:
    """Guess the author, time and text without a known column.

    A document needs a known text, unless the importer says who wrote.
    """
    known = [columns for _, columns in sample.each(plan)]
    used = {plain_column(name) for name in plan.chosen}
    used |= {plain_column(name) for columns in known for name, used_as in columns.fields if used_as}
    values = {
        name: column
        for name, column in values_by_name(sample.written).items()
        if plain_column(name) not in used
    }
    shown = _shown_name(plan, sample)
    is_said = any(columns.names_of("username") for columns in known)
    is_said |= len(sample.rows) > 1 and not sample.is_table and bool(guess("username", values))
    may_guess_texts = sample.is_table or plan.named is not None or is_said
    for role in [*ROLES] if may_guess_texts else [role for role in ROLES if role != "text"]:
        may_be_shown = role == "username" and bool(shown)
        if _is_known(role, plan, sample, may_be_shown=may_be_shown):
            continue
        found, evidence = guess(role, values), _BY_NAME
        if role == "username":
            plan, found = _people(found, plan, values, may_be_shown=may_be_shown)
        elif role == "text":
            found = _with_words(found, plan, sample, is_said=is_said)
            if not found and (sample.is_table or (is_said and _returns(plan, sample))):
                found, evidence = longest_texts(values), Message("its texts are the longest")
                if sample.is_table and not (found and _says_who(plan, known)):
                    plan = plan.keeping(found, "text")
                    continue
        if not found:
            continue
        filled = len(values.pop(found[0]))
        if role == "username" and (second := _second_name(found, values, filled)):
            plan = plan.choosing({found[0]: role, second: role})
        columns_found = (*found, shown) if may_be_shown else (*found,)
        plan = plan.choosing({found[0]: role}).guessing(role, columns_found, evidence)
    return plan.keeping(likely_reposts(values), "repost")


def _is_known(role: str, plan: Plan, sample: Sample, *, may_be_shown: bool) -> bool:
    """Return whether a column has the role; an object whose parts are unknown has none."""
    if role in plan.guesses or role in fields_without(plan.chosen):
        return True
    if role == "username" and plan.works:
        return True
    return not may_be_shown and any(
        columns.has(role) and not isinstance(columns.first(row, role), dict)
        for row, columns in sample.each(plan)
    )


def _people(
    names: Sequence[str], plan: Plan, values: Mapping[str, Sequence[object]], *, may_be_shown: bool
) -> tuple[Plan, list[str]]:
    """Return the columns that may name authors, or the parts of a name in an inner object."""
    found = likeliest_person(values, names)
    parts = inner_person(values) if not (found or may_be_shown) else {}
    return plan.choosing(parts), found or [*parts][:1]


def _with_words(names: Sequence[str], plan: Plan, sample: Sample, *, is_said: bool) -> list[str]:
    """Return the columns, or fields of a document, that have words of people."""
    if sample.is_table:
        return _of_authors(names, plan, sample)

    def may_be(name: str) -> bool:
        is_spoken = words_of(name) & SPOKEN_WORDS or is_text(name.rpartition(".")[2])
        is_named = plan.named is not None and plain_column(name) in TEXTS_IF_NAMED
        return is_named or bool(is_said and is_spoken)

    return [*filter(may_be, names)]


def _returns(plan: Plan, sample: Sample) -> bool:
    """Return whether some author has several rows, and others have some: no list of accounts."""
    authors = [_author_of(row, columns) for row, columns in sample.each(plan)]
    return all(authors) and 1 < len({*authors}) < len(authors)


def _of_authors(names: Sequence[str], plan: Plan, sample: Sample) -> list[str]:
    """Return the columns of texts that some row with an author has, if any row has one."""
    authors = sample.columns(plan).names_of("username")
    named = [row for row in sample.rows if any(word(row.get(name)) for name in authors)]
    return [n for n in names if not named or any(word(row.get(n)) for row in named)]


def _says_who(plan: Plan, known: Sequence[FileColumns]) -> bool:
    is_read = any(columns.has("username") for columns in known)
    return is_read or plan.named is not None or "username" in plan.chosen.values()


def _second_name(found: Sequence[str], values: Mapping[str, Sequence[object]], filled: int) -> str:
    """Return the column with a name for those who have none in the first column, if any.

    filled: number of rows with a name in the first column.
    """
    of_first = words_of(found[0])
    beside = (
        name for name in values if words_of(name) - _NAMES and words_of(name) - _NAMES <= of_first
    )
    fuller = (name for name in (*found[1:], *beside) if len(values[name]) > filled)
    return next(fuller, "")


def ignore_row_numbers(plan: Plan, sample: Sample) -> Plan:
    """Do not use a column whose values count the rows for the author."""
    if "username" in plan.stated:
        return plan
    columns = sample.columns(plan)
    names = (*columns.names_of("username"), *columns.names_of("display_name"))
    counting = [name for name in names if _are_counting(sample.values(name))]
    return plan.choosing(dict.fromkeys(counting, ""))


def _are_counting(values: Sequence[object]) -> bool:
    numbers = [int(name) for name in map(word, values) if name and name.isdecimal()]
    steps = [after - before for before, after in pairwise(numbers)]
    return len(numbers) == len(values) > 2 and 10 * steps.count(1) >= 9 * len(steps)


def find_accounts(plan: Plan, sample: Sample) -> Plan:
    """Find the column with the accounts if the author's column has names that are shown."""
    columns = sample.columns(plan)
    names = columns.names_of("username")
    if "username" in plan.stated:
        return plan
    if not names:
        return plan if plan.named is not None else _with_addresses(plan, sample, columns)
    found = account_column(sample.rows, names, columns.names_of("url"))
    if found is None or found == names[0]:
        return plan
    shown = {} if columns.has("display_name") else {names[0]: "display_name"}
    evidence = Message("the addresses of the posts, or @, name these accounts")
    plan = plan.choosing({found: "username", **shown})
    return plan.guessing("username", (found, names[0]), evidence)


def _with_addresses(plan: Plan, sample: Sample, columns: FileColumns) -> Plan:
    """Take the accounts in the addresses of the posts if nothing else may name authors."""
    urls = columns.names_of("url")[:1] if not plan.works else ()
    texts = [(row, columns.first(row, "text")) for row in sample.rows]
    named = [author_in(row.get(name)) for name in urls for row, text in texts if text]
    if len(named) < 2 or 10 * sum(map(bool, named)) < 9 * len(named):
        return plan
    plan = replace(plan, are_in_addresses=True)
    return plan.guessing("username", urls, Message("the addresses of the posts name them"))


def ignore_names_of_things(plan: Plan, sample: Sample) -> Plan:
    """Do not use a column `name` that has names of something else than the accounts."""
    flat = sample._replace(rows=[flattened(row, plan.chosen) for row in sample.rows])
    columns = flat.columns(plan)
    names = columns.names_of("display_name")
    if plain_column("".join(names)) not in _PLAIN_NAMES:
        return plan
    accounts = [columns.first(row, "username") for row in flat.rows]
    are_people = are_of_people(flat.values(names[0]), accounts)
    return plan if are_people else plan.choosing({names[0]: ""})


def join_clock(plan: Plan, sample: Sample) -> Plan:
    """Find the column with the time of day if the time's column has only days, or the clock."""
    columns = sample.columns(plan)
    names = columns.names_of("created_at")
    if "created_at" in plan.stated or not names:
        return plan
    days = [name for name in names if _all(is_day, sample.values(name))]
    clocks = [name for name in sample.rows[0] if _all(_is_clock, sample.values(name))]
    clocks = [name for name in clocks if _is_of_time(name, columns)]
    if days and clocks and names[0] in {*days[:1], *clocks}:
        return plan.choosing({days[0]: "created_at", clocks[0]: "clock"})
    return plan


def _is_of_time(name: str, columns: FileColumns) -> bool:
    return name in {*columns.names_of("created_at"), *columns.names_of("clock")} or bool(
        guess("created_at", {name: ["2024-01-05"]})
    )


def _is_clock(cell: str) -> bool:
    before, clock, after = find_clock(cell)
    return clock is not None and not f"{before}{after}".strip()


def _all(is_such: Callable[[str], bool], cells: Iterable[object]) -> bool:
    filled = [cell for cell in cells if cell is not None and is_filled(cell)][:_MOST_COMPARED]
    return bool(filled) and all(isinstance(cell, str) and is_such(cell.strip()) for cell in filled)


def are_times(cells: Iterable[object]) -> bool:
    """Return whether all filled cells are times with a clock, in more than digits."""
    return _all(lambda cell: ":" in cell and is_time(cell), cells)


def choose_earlier_time(plan: Plan, sample: Sample) -> Plan:
    """Of several columns with full times, use the earlier one: nothing is collected unwritten.

    A time that many posts share is that of a thread, and one that is whole quarters of an hour
    away may be the same time in another zone.
    """
    columns = sample.columns(plan)
    names = columns.names_of("created_at")
    if "created_at" in plan.stated or not names or "clock" in plan.chosen.values():
        return plan
    if words_of(names[0]) & WRITING_WORDS:
        return plan
    rows = sample.rows[:_MOST_COMPARED]
    known = {name for name, used_as in columns.fields if used_as}
    unused = {name: sample.values(name) for name in rows[0] if name not in known}
    first = chosen = names[0]
    times = _times(rows, first)
    for name in (*names[1:], *guess("created_at", unused, least=2)):
        if not _OF_THREADS.match(plain_column(name)) and _is_earlier(_times(rows, name), times):
            chosen, times = name, _times(rows, name)
    if chosen == first:
        return plan
    evidence = Message("its times are earlier than the times of {column}", column=first)
    plan = plan.choosing({first: "", chosen: "created_at"})
    return plan.guessing("created_at", (chosen, first), evidence)


def _times(rows: Sequence[Row], name: str) -> list[datetime | None]:
    cells = (str(row.get(name) or "") for row in rows)
    return [time_or_field(cell, "")[0] if ":" in cell or cell.isdigit() else None for cell in cells]


def _is_earlier(times: Sequence[datetime | None], than: Sequence[datetime | None]) -> bool:
    pairs = [
        (one, other) for one, other in zip(times, than, strict=True) if one is not None and other
    ]
    if len(pairs) < max(2, 0.9 * sum(map(bool, than))):
        return False
    apart = {round((other - one).total_seconds()) for one, other in pairs}
    is_zone = len(apart) == 1 and not next(iter(apart)) % _QUARTER_HOUR_S
    is_shared = 2 * len({one for one, _ in pairs}) < len({other for _, other in pairs})
    earlier = sum(one < other for one, other in pairs)
    return earlier >= 0.95 * len(pairs) and not is_zone and not is_shared


def find_times(plan: Plan, sample: Sample) -> Plan:
    """Take the only unknown column of times for the time of a table; of several, tell each.

    A column that is only called a time, but has none, gives way.
    """
    columns = sample.columns(plan)
    names = columns.names_of("created_at") if "created_at" not in plan.stated else ()
    is_known = columns.has("created_at") and not _have_no_times(names, sample)
    if is_known or "created_at" in fields_without(plan.chosen) or not sample.rows:
        return plan
    unused = [name for name, used_as in columns.fields if not used_as and name not in plan.chosen]
    found = [name for name in unused if are_times(sample.values(name))]
    if len(found) != 1:
        return plan.keeping(found, "time")
    plan = plan.choosing({**dict.fromkeys(names, ""), found[0]: "created_at"})
    return plan.guessing("created_at", (*found,), Message("its values are times"))


def leave_estimates(plan: Plan, sample: Sample) -> Plan:
    """Take no times if an age, such as "1 year ago", stands beside them or in their place.

    Programs make times of such ages: days or hours that nobody wrote in.
    """
    columns = sample.columns(plan)
    if "created_at" in plan.stated or not columns.has("created_at"):
        return plan
    times = columns.names_of("created_at")
    names = [name for name, used_as in columns.fields if not used_as or name in times]
    ages = [name for name in names if _all(_is_age, sample.values(name))]
    if not ages:
        return plan
    timed = next((name for name in times if name not in ages), "")
    age = next(cell for cell in sample.values(ages[0]) if is_filled(cell))
    plan = plan.choosing({_NO_TIME: "created_at"} | dict.fromkeys(ages, ""))
    return replace(plan, estimate=(timed, str(age)))


def _is_age(cell: str) -> bool:
    return _AGE.fullmatch(cell) is not None


def _have_no_times(names: Sequence[str], sample: Sample) -> bool:
    cells = [cell for name in names for cell in sample.values(name) if cell and is_filled(cell)]
    return bool(cells) and not any(map(str.isdigit, "".join(map(str, cells[:_MOST_COMPARED]))))


def look_for_ids(plan: Plan, sample: Sample) -> Plan:
    """Find the columns of a table that are named like ids, but count or name something else."""
    read = [*sample.each(plan)] if sample.is_table else []
    names = {name: None for _, columns in read for name in columns.names_of("source_id")}
    answered = [row.get(name) for row, columns in read for name in columns.names_of("reply_id")]
    no_ids: dict[str, Message] = {}
    for name in names:
        if plan.chosen.get(name) == "source_id":
            continue
        numbered = [
            NumberedRow(row.get(name), *(columns.first(row, role) for role in ROLES))
            for row, columns in read
        ]
        if (reason := why_no_ids(numbered, answered)) is not None:
            no_ids[name] = reason
    return replace(plan.choosing(dict.fromkeys(no_ids, "")), no_ids=no_ids)


def look_for_rounded_ids(plan: Plan, sample: Sample) -> Plan:
    """Find the columns of ids that a spreadsheet has rounded; for answers, an id is enough."""
    lost: dict[str, list[str]] = {}
    for role, fewest in (("source_id", 2), ("reply_id", 1), ("username", 2)):
        names = {name for _, columns in sample.each(plan) for name in columns.names_of(role)}
        for name in sorted(names):
            ids = [value for value in sample.values(name) if value is not None]
            if are_rounded(ids, fewest) or any(map(is_damaged_id, ids)):
                lost.setdefault(role, []).append(name)
    return replace(plan, lost_ids=lost)


def look_for_titles(plan: Plan, sample: Sample) -> Plan:
    """Take the titles for words if a post has no other words."""
    if any(_is_title_all(row, columns) for row, columns in sample.each(plan)):
        return replace(plan, has_titles=True)
    columns = sample.columns(plan)
    is_unread = sample.is_table and not columns.has("is_by_community")
    return replace(plan, unread_titles=columns.names_of("title")) if is_unread else plan


def _is_title_all(row: Row, columns: FileColumns) -> bool:
    has_text = columns.first(row, "text") is not None
    return columns.has("text") and not has_text and columns.first(row, "title") is not None


def look_at_texts(plan: Plan, sample: Sample) -> Plan:
    """Take the texts for HTML, with escapes or labels, if nearly all are so written."""
    names = sample.columns(plan).texts
    by_name = [[cell for cell in sample.values(n) if isinstance(cell, str)] for n in names]
    texts = [cell for cells in by_name for cell in cells]
    said = [
        (columns.first(row, "text"), _author_of(row, columns)) for row, columns in sample.each(plan)
    ]
    spoken = [(text, name) for text, name in said if isinstance(text, str) and text.strip()]
    stopped = [stopped_label(text, name) for text, name in spoken]
    signed = [
        (label := LABEL.match(text)) is not None and names_speaker(label[0], name)
        for text, name in spoken
    ]
    labelled = sum(signed)
    if labelled > 1 or returning(stopped):
        labelled = sum(bool(label) or sign for label, sign in zip(stopped, signed, strict=True))
    return replace(
        plan,
        is_html=plan.is_html or are_html(sample.rows) or have_tags(by_name[0] if by_name else ()),
        has_escaped_breaks=sample.is_table and has_escaped_breaks(texts),
        has_quoted_breaks=sample.is_table and any(map(has_quoted_breaks, by_name)),
        has_labels=labelled > 1 and 2 * labelled > len(spoken),
    )


def _author_of(row: Row, columns: FileColumns) -> str:
    names = (word(columns.first(row, role)) for role in ("display_name", "username"))
    return " ".join(filter(None, names))


def look_for_several_texts(plan: Plan, sample: Sample) -> Plan:
    """Find columns whose names differ in one word, and which both have words of people."""
    columns = sample.columns(plan)
    if "text" in plan.stated or not columns.texts or not sample.is_table:
        return plan
    first, values = columns.texts[0], values_by_name(sample.written)
    of_first = words_of(first)
    others = {name: column for name, column in values.items() if name != first}
    twins = [
        name
        for name in guess("text", others, least=_WORDY)
        if len(words_of(name) ^ of_first) == 2 and len(words_of(name)) == len(of_first) > 1
        if not words_of(name) & (ORIGINAL_WORDS | MADE_WORDS)
    ]
    return replace(plan, texts=(first, *twins)) if twins else plan


def look_for_author(plan: Plan, sample: Sample) -> Plan:
    """Keep the likeliest column of a table if nothing names authors, and of JSON if the importer
    named one.
    """
    columns = sample.columns(plan)
    is_said = any(columns.has("username") for _, columns in sample.each(plan))
    if not sample.rows or is_said or plan.are_in_addresses:
        return plan
    if not sample.is_table and plan.named is None:
        return replace(plan, is_author_open=True)
    unused = {name for name, used_as in columns.fields if not used_as} - {*plan.chosen}
    values = {name: sample.values(name) for name in unused if not plan.works}
    likely = likeliest_author({n: cells for n, cells in values.items() if not are_times(cells)})
    return replace(plan, is_author_open=True).keeping(filter(None, [likely]), "author")


STEPS: Final[tuple[Callable[[Plan, Sample], Plan], ...]] = (
    find_limits,
    look_for_na,
    tell_counts_from_flags,
    ignore_works,
    find_texts_named_like_flags,
    tell_texts_from_counts_and_links,
    ignore_authors_that_are_times,
    ignore_row_numbers,
    ignore_names_of_posts,
    guess_roles,
    ignore_row_numbers,
    prefer_original_texts,
    find_accounts,
    ignore_names_of_things,
    join_clock,
    choose_earlier_time,
    find_times,
    leave_estimates,
    look_for_ids,
    look_for_rounded_ids,
    look_for_titles,
    look_at_texts,
    look_for_several_texts,
    look_for_author,
)
"""In their order: each one sees the columns that the ones before it have chosen."""

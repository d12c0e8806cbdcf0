"""How the rows of a file are read: a plan, made by steps that each look at its first rows.

Names of columns decide, and what the importer chose. Values only raise a question.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice, pairwise
from typing import Final, NamedTuple

from msgspec import structs

from saywho.errors import Message
from saywho.formats.assumptions import (
    MOST_VALUES,
    NO_COLUMN,
    NO_EVIDENCE,
    NO_IDS,
    NO_REPOSTS,
    ROLES as FIELDS,
    ColumnQuestion,
    ReadNotes,
    fields_without,
    is_of_column,
)
from saywho.formats.post import author_in
from saywho.formats.records import ReadOptions
from saywho.formats.source.times import is_day, is_time, states_zone, time_or_field
from saywho.formats.source.written.clock import find_clock
from saywho.formats.tables import column_kinds, own_words
from saywho.formats.tables.cells import (
    are_rounded,
    as_name,
    cell_of,
    is_damaged_id,
    is_filled,
    is_flag,
    leaves,
    plain_column,
    refers,
    word,
)
from saywho.formats.tables.column_names import (
    ALIASES,
    ANSWERS,
    LONGEST_NAME,
    ROLES,
    classes_of,
    inner_person,
    is_account,
    is_made,
    is_of_accounts,
    is_of_ids,
    is_of_works,
    may_be_names,
    may_be_original,
    may_name_people,
    names_of_works,
    role_of,
    says_repost,
    values_by_name,
)
from saywho.formats.tables.columns import KNOWN_HEADERS, FileColumns, Row, flattened, opened
from saywho.formats.tables.correspondence import says_directions
from saywho.formats.tables.limits import Audience, limit_of, value_text

_PLAIN_NAMES: Final = frozenset({"name", "이름"})
"""Columns that may have the names of something else than people."""
_MOST_COMPARED: Final = 200
_MOST_ASKED: Final = 50
"""Columns that are offered for a role."""
_SHOWN_ROWS: Final = 3
_SHOWN_CHARACTERS: Final = 200
_NO_TIME: Final = f"time={NO_COLUMN}"
_AGE: Final = re.compile(
    r"(?=.{0,40}(?:[전前]|\b(?:ago|vor|il y a|hace|há|atrás|fa|geleden|sedan|siden|temu|önce|lalu"
    r"|назад|тому|trước)\b))\D{0,15}\d{1,3}\D{1,30}",
    re.I,
)
"""A time counted back from now, such as `1 year ago`, in many languages."""
_OF_THREADS: Final = re.compile(r"post|thread|article|video|publish|게시글|원글|기사")
"""Beginning of the name of a column about the post that a comment stands below."""
BY_NAME: Final = Message("based on its name and first values")
_SEVERAL: Final = Message("several columns may have them")
_LIMIT_ROLES: Final = {
    "is_deleted": "deleted",
    "is_published": "deleted",
    "is_for_all": "audience",
    "audience": "audience",
}


@dataclass(frozen=True)
class Plan:
    """Which column has which field, the questions, and the notes about it."""

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
    is_of_chats: bool = False
    """Whether rows are private messages, whose senders are known otherwise."""
    strips: bool = False
    """Whether the importer has marks and additions of programs taken off."""
    label: str = ""
    """What a program wrote before all texts."""
    questions: tuple[ColumnQuestion, ...] = ()
    """What someone must choose before the rows are used."""
    lost_ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Columns with ids that a spreadsheet or JavaScript has rounded, by field."""
    no_ids: Mapping[str, Message] = field(default_factory=dict)
    """Columns named like ids without ids, and why."""
    works: tuple[str, ...] = ()
    """Columns with the names and authors of the books, films or places that the rows are about."""
    has_escaped_breaks: bool = False
    """Whether line breaks of texts are written as a backslash and a letter."""
    has_quoted_breaks: bool = False
    """Whether line breaks of texts stand between quotation marks of the export."""
    has_labels: bool = False
    """Whether labels in front of the texts name who speaks."""
    has_titles: bool = False
    """Whether a title is the first line of its post."""
    whose: str = ""
    """Column that says whether a row is another person's, as the importer chose it."""
    is_author_open: bool = False
    """Whether no column names authors."""
    limits: tuple[str, ...] = ()
    """Columns that say who may read a row, found by their names and values."""
    public_values: tuple[str, ...] = ()
    """Values whose rows everybody may read, as the importer named them."""
    explained: tuple[str, ...] = ()
    """Values with their columns, if other ones are to be asked about."""
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

    def asking(self, role: str, likely: Iterable[str], why: Message = _SEVERAL) -> "Plan":
        """Ask for the column of a role, if the importer has not chosen it, and nothing else asks.

        likely: columns that may have it, the likeliest first.
        """
        if FIELDS[role] in self.stated or any(each.role == role for each in self.questions):
            return self
        question = ColumnQuestion(role, likely=(*dict.fromkeys(likely),), why=why)
        return replace(self, questions=(*self.questions, question))

    def note(self, notes: ReadNotes) -> None:
        notes.works += self.works
        self._note_readers(notes)
        if self.estimate:
            name, age = self.estimate
            evidence = Message("the file calls its times estimates, such as “{age}”", age=age)
            choice = (f"time={name}",) if name else ()
            notes.assume("column", _NO_TIME, alternatives=choice, evidence=evidence)
        if "source_id" in self.lost_ids:
            notes.assume("ids", NO_IDS, evidence=Message("a spreadsheet has rounded the values"))
        for name, reason in self.no_ids.items():
            notes.assume("ids", NO_IDS, alternatives=(f"id={name}",), evidence=reason)

    def _note_readers(self, notes: ReadNotes) -> None:
        for name in self.limits:
            role = _LIMIT_ROLES.get(self.chosen[name], "hidden")
            notes.assume(
                "column", f"{role}={name}", alternatives=(f"{role}={NO_COLUMN}",), evidence=BY_NAME
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

    def has(self, plan: Plan, field: str) -> bool:
        """Return whether some row has a field; an object whose parts are unknown is none."""
        if any(used == field and is_of_column(name, field) for name, used in plan.chosen.items()):
            return True
        return any(
            columns.has(field) and not isinstance(columns.first(row, field), dict)
            for row, columns in self.each(plan)
        )

    def unused(self, plan: Plan) -> dict[str, list[object]]:
        """Return the filled values of the columns that have no field and were not chosen."""
        used = {plain_column(name) for name in plan.chosen}
        for columns in {columns for _, columns in self.each(plan)}:
            used |= {plain_column(name) for name, role in columns.roles if role in _SAID}
        if not self.has(plan, "username"):  # An object of a person may have parts.
            cells = (cell for row in self.written for cell in row.items())
            used -= {plain_column(name) for name, value in cells if isinstance(value, dict)}
        names = self.columns(plan).all if self.is_table else ()
        values = {name: list[object]() for name in names} | values_by_name(self.written)
        return {name: cells for name, cells in values.items() if used.isdisjoint(_paths_to(name))}


def _paths_to(name: str) -> list[str]:
    """Return the plain names of a column and of the objects that it is in."""
    parts = plain_column(name).split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


_SAID: Final = frozenset(ALIASES) - {"title", "clock", "conversation", "status"}


def plan_of(
    written: Sequence[Row],
    options: ReadOptions,
    *,
    is_table: bool,
    has_na: bool = False,
    is_of_chats: bool = False,
) -> Plan:
    """Return the plan of a file with these first rows.

    `has_na` tells that R wrote the table, by a cell `NA` without quotation marks.
    """
    stated = frozenset(options.columns.values())
    strips = options.strip_tags
    plan = Plan(
        dict(options.columns), stated, options.username, has_na, strips, is_of_chats, strips
    )
    values = (unicodedata.normalize("NFC", value).strip() for value in options.public_values)
    plan = replace(plan, public_values=(*values,), explained=options.explained)
    sample = Sample([opened(row, plan.columns)[0] for row in written], written, is_table)
    if any(columns.is_own for _, columns in sample.each(plan)):
        return look_for_rounded_ids(replace(plan, is_export=True), sample)
    for step in STEPS:
        plan = step(plan, sample)
    return replace(plan, questions=(*(_with_rows(each, sample) for each in plan.questions),))


def _with_rows(question: ColumnQuestion, sample: Sample) -> ColumnQuestion:
    """Return a question with all columns to choose from, and their first values."""
    names = (name for row in sample.written[:100] for name in leaves(row))
    found = [name for name in (*question.likely, *names) if name != NO_COLUMN]
    columns = (*islice(dict.fromkeys(found), _MOST_ASKED),)
    cells = [leaves(row) for row in sample.written[:_SHOWN_ROWS]]
    rows = [[row.get(name, "")[:_SHOWN_CHARACTERS] for name in columns] for row in cells]
    return structs.replace(question, columns=columns, rows=(*map(tuple, rows),))


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
            mark = f"{name}="
            told_of = (v.removeprefix(mark) for v in plan.explained if v.startswith(mark))
            explained = frozenset(map(str.casefold, told_of))
            audiences[plain] = Audience(limit not in {None, "unclear"}, public, texts, explained)
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


def ask_about_counts(plan: Plan, sample: Sample) -> Plan:
    """Ask whether columns named like marks, such as `retweet`, count; one answer is for all."""
    taken = {
        name
        for _, columns in sample.each(plan)
        for name in column_kinds.COUNTS
        if columns.has(name)
    }
    counts = column_kinds.count_fields(values_by_name(sample.written), taken)
    if "is_repost" in fields_without(plan.chosen):
        return plan.choosing(counts | {**plan.chosen})
    why = Message("columns that are named like marks have numbers")
    return plan.asking("repost", (NO_COLUMN, *counts), why) if counts else plan


def look_for_works(plan: Plan, sample: Sample) -> Plan:
    """Do not take the author, name and title of a work for the review's."""
    if "username" in plan.stated - fields_without(plan.chosen):
        return plan
    works = [name for name in names_of_works(sample.columns(plan).all) if name not in plan.chosen]
    return replace(plan.choosing(dict.fromkeys(works, "")), works=(*works,))


def ask_about_authors(plan: Plan, sample: Sample) -> Plan:
    """Ask for the authors if columns with such names have other values than names."""
    if "username" in plan.stated or plan.is_of_chats:
        return plan
    columns = sample.columns(plan)
    names = columns.names_of("username")
    ids = [columns.first(row, "source_id") for row in sample.rows]
    for name in (*names, *columns.names_of("display_name")):
        values, why = sample.values(name), None
        is_alone = name in names and len(names) == 1 and plain_column(name) in _PLAIN_NAMES
        if are_times(values):
            why = Message("the column {column} has times", column=name)
        elif _are_counting(values):
            why = Message("the column {column} counts the rows", column=name)
        elif is_alone and column_kinds.names_posts(values, ids):
            why = Message("the column {column} has the ids of the posts", column=name)
        elif is_alone and plan.named and 1 < len(values) == len({*map(word, values)}):
            why = Message("each row has another value in {column}", column=name)
        if why is not None:
            plan = plan.choosing({name: ""})
            likely = [each for each in names if each != name] or [*_people(plan, sample)]
            plan = plan.asking("author", (*likely, *([] if likely else [NO_COLUMN]), name), why)
    return plan


def _are_counting(values: Sequence[object]) -> bool:
    numbers = [int(name) for name in map(word, values) if name and name.isdecimal()]
    steps = [after - before for before, after in pairwise(numbers)]
    return len(numbers) == len(values) > 2 and 10 * steps.count(1) >= 9 * len(steps)


def know_names(plan: Plan, sample: Sample) -> Plan:
    """Take the only column whose name says in known words that it has a role; of several, ask."""
    unused = sample.unused(plan)
    for name, role in ROLES.items():
        is_open = name not in plan.stated and not sample.has(plan, name)
        if not is_open:
            continue
        found = [each for each in unused if role_of(each) == role]
        poorer = is_of_ids if role == "author" else is_made
        found = [each for each in found if not poorer(each)] or found
        if role == "author" and len({each.rpartition(".")[0] for each in found}) == 1:
            found = [*filter(is_account, found)] or found
        days = [each for each in found if _all(is_day, unused[each])]
        clocks = [each for each in found if _all(_is_clock, unused[each])]
        if len(found) == 1:
            plan = plan.choosing({found[0]: name})
        elif role == "time" and len(days) == len(clocks) == 1 and len(found) == 2:
            plan = plan.choosing({days[0]: name, clocks[0]: "clock"})
        elif found:
            plan = plan.asking(role, sorted(found, key=lambda each: -len(unused[each])))
        elif role == "author" and not plan.works:
            plan = plan.choosing(inner_person(unused))
    return plan


def ask_who_wrote(plan: Plan, sample: Sample) -> Plan:
    """Ask for the authors if no column has them, and nobody else says who wrote."""
    if not sample.rows or sample.has(plan, "username"):
        return plan
    plan = replace(plan, is_author_open=True)
    if plan.is_of_chats:
        return plan
    likely = [*_people(plan, sample)]
    if plan.works:
        known = [name for name in plan.works if role_of(name) == "author" or name in _PLAIN_NAMES]
        likely = [NO_COLUMN, *known] if not is_of_works(sample.columns(plan).all) else []
    elif plan.named is None:
        urls = sample.columns(plan).names_of("url")
        likely += [name for name in urls if _has_accounts(name, sample)]
    if likely or plan.named is None:
        why = Message("no author is named")
        why = Message("the rows are about works, such as books") if plan.works else why
        return plan.asking("author", likely, why)
    return plan


def _people(plan: Plan, sample: Sample) -> Iterator[str]:
    """Yield the unused columns that may name who wrote, the likeliest first."""
    unused = sample.unused(plan)
    found = [
        name
        for name, cells in unused.items()
        if may_name_people(name) or (plan.named is None and may_be_names(name))
        if _are_short(cells)
    ]
    yield from sorted(found, key=lambda name: -len(unused[name]))
    by_values = column_kinds.likeliest_author({n: c for n, c in unused.items() if not are_times(c)})
    yield from filter(None, [by_values])


def _are_short(cells: Sequence[object]) -> bool:
    names = [word(cell) or "" for cell in cells]
    are_short = all(0 < len(name) <= LONGEST_NAME and "://" not in name for name in names)
    return are_short and not all(map(is_flag, names))


def _has_accounts(name: str, sample: Sample) -> bool:
    cells = [cell for cell in sample.values(name) if cell]
    return bool(cells) and 10 * sum(author_in(cell) is not None for cell in cells) >= 9 * len(cells)


def ask_which_account(plan: Plan, sample: Sample) -> Plan:
    """Ask for the accounts if the author's column seems to have names that are shown."""
    columns = sample.columns(plan)
    names, addresses = columns.names_of("username"), columns.names_of("url")
    if not names or plan.is_of_chats:
        return plan
    rows = [
        (row, account)
        for row in sample.rows
        if (account := column_kinds.account_of(row, names[1:], addresses))
    ]
    equal = Counter(
        name
        for row, account in rows
        for name in row
        if (as_name(row[name]) or "").casefold() == account
    )
    of_name: dict[object, set[str]] = {}
    for row, account in rows:
        of_name.setdefault(row.get(names[0]), set()).add(account)
    if 2 * equal[names[0]] >= len(rows) and max(map(len, of_name.values()), default=0) < 2:
        return plan
    likely = [name for name in equal if 10 * equal[name] >= 8 * len(rows)]
    likely += [name for name in addresses if _has_accounts(name, sample)]
    why = Message("the addresses of the posts, or @, name other accounts")
    return plan.asking("author", (*likely[:1], names[0]), why)


def ask_about_shown_names(plan: Plan, sample: Sample) -> Plan:
    """Ask about a column `name` that may have names of something else than the accounts."""
    flat = sample._replace(rows=[flattened(row, plan.chosen) for row in sample.rows])
    columns = flat.columns(plan)
    names = columns.names_of("display_name")
    if plain_column("".join(names)) not in _PLAIN_NAMES:
        return plan
    accounts = [columns.first(row, "username") for row in flat.rows]
    if column_kinds.are_of_people(flat.values(names[0]), accounts):
        return plan
    why = Message("the column {column} may name something else than people", column=names[0])
    return plan.asking("name", (NO_COLUMN, names[0]), why)


def ask_about_texts(plan: Plan, sample: Sample) -> Plan:
    """Ask for the texts if no column is known to have them, or its values speak against it."""
    columns, unused = sample.columns(plan), sample.unused(plan)
    names, flags = columns.texts, [name for role in _FLAGS for name in columns.names_of(role)]
    if not sample.rows or "text" in plan.stated or (not names and sample.has(plan, "text")):
        return plan
    signed = [row for row, columns in sample.each(plan) if columns.first(row, "username")]
    cells = {**(values_by_name(signed) if sample.is_table and signed else unused)}
    cells |= {name: sample.values(name) for name in flags}
    lengths = {name: column_kinds.mean_length(cells.get(name, ())) for name in (*unused, *flags)}
    wordy = {name: length for name, length in lengths.items() if length}
    longest = sorted(wordy, key=lambda n: (is_made(n), not may_be_original(n), -wordy[n]))
    if not names:
        has_heading = not all(map(str.isdigit, columns.all))
        why = NO_EVIDENCE if has_heading else _NO_HEADING
        return plan.asking("text", longest, why)
    kind = column_kinds.kind_of_texts(sample.values(names[0]))
    if kind in {"numbers", "links"} and (others := [*names[1:], *longest]):
        why = Message("the column {column} has only numbers", column=names[0])
        if kind == "links":
            why = Message("the column {column} has only addresses", column=names[0])
        return plan.asking("text", (*others, names[0]), why)
    rivals = (*names[1:], *(n for n in longest if role_of(n) == "text" or may_be_original(n)))
    others = [n for n in rivals if _is_rival(n, names[0], sample)]
    if not others:
        return plan
    likely = sorted((names[0], *others), key=lambda name: not may_be_original(name))
    return plan.asking("text", likely)


def _is_rival(name: str, first: str, sample: Sample) -> bool:
    """Return whether a second column of texts has other words than the first one."""
    has_words = (
        column_kinds.mean_length([row[name] for row in sample.rows if row.get(name)]) or "." in name
    )
    is_own = bool(has_words) and not (is_made(name) or may_name_people(name))
    return is_own and not column_kinds.say_the_same(sample.written, first, name)


_FLAGS: Final = ("is_quote", "is_reply", "n_quotes", "n_replies")
"""Fields with the names of columns that may have words, such as `quote`."""
_NO_HEADING: Final = Message("the first row has values, and not the names of columns")


def join_clock(plan: Plan, sample: Sample) -> Plan:
    """Find the column with the time of day if the time's column has only days, or the clock."""
    columns = sample.columns(plan)
    names = columns.names_of("created_at")
    if "created_at" in plan.stated or not names:
        return plan
    days = [name for name in names if _all(is_day, sample.values(name))]
    clocks = [name for name in sample.rows[0] if _all(_is_clock, sample.values(name))]
    known = {*names, *columns.names_of("clock")}
    clocks = [name for name in clocks if name in known or role_of(name) == "time"]
    if days and clocks and names[0] in {*days[:1], *clocks}:
        return plan.choosing({days[0]: "created_at", clocks[0]: "clock"})
    return plan


def _is_clock(cell: str) -> bool:
    before, clock, after = find_clock(cell)
    return clock is not None and not f"{before}{after}".strip()


def _all(is_such: Callable[[str], bool], cells: Iterable[object]) -> bool:
    filled = [cell for cell in cells if cell is not None and is_filled(cell)][:_MOST_COMPARED]
    return bool(filled) and all(isinstance(cell, str) and is_such(cell.strip()) for cell in filled)


def are_times(cells: Iterable[object], *, or_days: bool = False) -> bool:
    """Return whether all filled cells are times with a clock, or days if asked, in more than
    digits.
    """
    return _all(lambda cell: (":" in cell and is_time(cell)) or (or_days and _is_day(cell)), cells)


def _is_day(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", cell) is None and is_day(cell)


def _times(rows: Sequence[Row], name: str) -> list[datetime | None]:
    cells = (cell_of(row, name) for row in rows)
    return [time_or_field(cell, "")[0] if ":" in cell or cell.isdigit() else None for cell in cells]


def _is_earlier(times: Sequence[datetime | None], than: Sequence[datetime | None]) -> bool:
    pairs = [
        (one, other) for one, other in zip(times, than, strict=True) if one is not None and other
    ]
    if len(pairs) < max(2, 0.9 * sum(map(bool, than))):
        return False
    is_zone = _are_zones_apart(times, than)
    is_shared = 2 * len({one for one, _ in pairs}) < len({other for _, other in pairs})
    earlier = sum(one < other for one, other in pairs)
    return earlier >= 0.95 * len(pairs) and not is_zone and not is_shared


def _are_zones_apart(times: Sequence[datetime | None], others: Sequence[datetime | None]) -> bool:
    """Return whether times are others in a place with at most a winter and a summer time."""
    pairs = zip(times, others, strict=True)
    apart = {round((one - other).total_seconds() / 60) for one, other in pairs if one and other}
    return len(apart) < 3 and any(apart) and not any(minutes % 15 for minutes in apart)


def ask_about_times(plan: Plan, sample: Sample) -> Plan:
    """Ask for the times if only a column without a known name has some, or has earlier ones.

    Nothing is collected before it is written. A time that many posts share is that of a thread, and
    one that is whole quarters of an hour away may be the same time in another zone.
    """
    columns, unused = sample.columns(plan), sample.unused(plan)
    names = columns.names_of("created_at")
    if "created_at" in plan.stated or not sample.rows:
        return plan
    if not sample.has(plan, "created_at") or (names and _have_no_times(names, sample)):
        found = [name for name, cells in unused.items() if are_times(cells, or_days=True)]
        return plan.asking("time", (*found, *names), NO_EVIDENCE) if found else plan
    rows = sample.written[:_MOST_COMPARED]
    if not names or "clock" in plan.chosen.values():
        return plan
    if _all(is_day, sample.values(names[0])):
        named = (name for name in unused if "other" not in (classes_of(name) or ()))
        found = [name for name in named if are_times(unused[name])]
        why = Message("the times of {column} are days", column=names[0])
        return plan.asking("time", (*found, names[0]), why) if found else plan
    times = _times(rows, names[0])
    if not any(states_zone(cell_of(row, names[0])) for row in rows):
        for name in (*names[1:], *unused):
            if all(states_zone(cell_of(row, name)) for row in rows) and _are_zones_apart(
                times, _times(rows, name)
            ):
                return plan.choosing({name: "created_at", names[0]: ""})
    for name in (*names[1:], *(name for name in unused if role_of(name) == "time")):
        if not _OF_THREADS.match(plain_column(name)) and _is_earlier(_times(rows, name), times):
            why = Message("its times are earlier than the times of {column}", column=names[0])
            return plan.asking("time", (name, names[0]), why)
    return plan


def leave_estimates(plan: Plan, sample: Sample) -> Plan:
    """Take no times if an age, such as "1 year ago", stands beside them or in their place.

    Programs make times of such ages: days or hours that nobody wrote in.
    """
    columns = sample.columns(plan)
    if "created_at" in plan.stated or not columns.has("created_at"):
        return plan
    times = columns.names_of("created_at")
    names = [name for name, used_as in columns.fields if not used_as or name in times]
    ages = [
        name for name in names if _all(lambda cell: bool(_AGE.fullmatch(cell)), sample.values(name))
    ]
    if not ages:
        return plan
    timed = next((name for name in times if name not in ages), "")
    age = next(cell for cell in sample.values(ages[0]) if is_filled(cell))
    plan = plan.choosing({_NO_TIME: "created_at"} | dict.fromkeys(ages, ""))
    return replace(plan, estimate=(timed, str(age)))


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
            column_kinds.NumberedRow(row.get(name), *(columns.first(row, role) for role in ROLES))
            for row, columns in read
        ]
        if (reason := column_kinds.why_no_ids(numbered, answered)) is not None:
            no_ids[name] = reason
    return replace(plan.choosing(dict.fromkeys(no_ids, "")), no_ids=no_ids)


def look_for_rounded_ids(plan: Plan, sample: Sample) -> Plan:
    """Find the columns of ids that a spreadsheet has rounded; for answers, an id is enough.

    X writes ids as strings, too, in columns whose names end in `_str`.
    """
    lost: dict[str, list[str]] = {}
    for role, fewest in (("source_id", 2), ("reply_id", 1), ("username", 2)):
        names = {name for _, columns in sample.each(plan) for name in columns.names_of(role)}
        for name in sorted(names):
            ids = [value for value in sample.values(name) if value is not None]
            if not (are_rounded(ids, fewest) or any(map(is_damaged_id, ids))):
                continue
            if any(f"{name}_str" in row for row in sample.rows):
                plan = plan.choosing({f"{name}_str": role, name: ""})
            else:
                lost.setdefault(role, []).append(name)
    return replace(plan, lost_ids=lost)


def ask_about_titles(plan: Plan, sample: Sample) -> Plan:
    """Ask whether titles are words of their posts if a post has no other words."""
    if "title" in plan.stated:
        return replace(plan, has_titles="title" not in fields_without(plan.chosen))
    columns = sample.columns(plan)
    rows = (row for row, _ in sample.each(plan) if columns.first(row, "text") is None)
    are_words = any(columns.first(row, "title") is not None for row in rows)
    if columns.has("is_by_community") or not (columns.has("text") and are_words):
        return plan
    why = Message("a post has a title, and no other words")
    return plan.asking("title", columns.names_of("title"), why)


def look_at_texts(plan: Plan, sample: Sample) -> Plan:
    """Take the texts for HTML, with escapes or labels, if nearly all are so written."""
    names = sample.columns(plan).texts
    by_name = [[cell for cell in sample.values(n) if isinstance(cell, str)] for n in names]
    texts = [cell for cells in by_name for cell in cells]
    said = [
        (columns.first(row, "text"), _author_of(row, columns)) for row, columns in sample.each(plan)
    ]
    spoken = [(text, name) for text, name in said if isinstance(text, str) and text.strip()]
    stopped = [own_words.stopped_label(text, name) for text, name in spoken]
    signed = [
        (label := own_words.LABEL.match(text)) is not None
        and own_words.names_speaker(label[0], name)
        for text, name in spoken
    ]
    labelled, (start, colon, _) = sum(signed), spoken[0][0].partition(":") if spoken else ("",) * 3
    is_first = colon and len(start) < 32 and all(text.startswith(start + ":") for text, _ in spoken)
    if labelled > 1 or own_words.returning(stopped):
        labelled = sum(bool(label) or sign for label, sign in zip(stopped, signed, strict=True))
    return replace(
        plan,
        is_html=plan.is_html
        or own_words.are_html(sample.rows)
        or own_words.have_tags(by_name[0] if by_name else ()),
        has_escaped_breaks=sample.is_table and own_words.has_escaped_breaks(texts),
        has_quoted_breaks=sample.is_table and any(map(own_words.has_quoted_breaks, by_name)),
        has_labels=labelled > 1 and 2 * labelled > len(spoken),
        label=f"{start}:" if is_first and len({*texts}) > 4 else "",
    )


def _author_of(row: Row, columns: FileColumns) -> str:
    names = (word(columns.first(row, role)) for role in ("display_name", "username"))
    return " ".join(filter(None, names))


def ask_whose_rows(plan: Plan, sample: Sample) -> Plan:
    """Ask about a column with a second person beside the author, or with words for reposts."""
    if "is_repost" in plan.stated:
        chosen = [name for name, used_as in plan.chosen.items() if used_as == "is_repost"]
        whose = next((name for name in chosen if name != NO_REPOSTS), "")
        return replace(plan.choosing({whose: ""}), whose=whose) if whose else plan
    if plan.is_of_chats or not sample.columns(plan).texts:
        return plan
    is_asked = any(each.role == "author" for each in plan.questions)
    author = "" if is_asked else next(iter(sample.columns(plan).names_of("username")), "")
    has_actors = sample.has(plan, "actor")  # Which tell accounts of one name apart.
    for name, cells in sample.unused(plan).items():
        said = {plain_column(str(cell)) for cell in cells[:_MOST_COMPARED]}
        has_word = any(column_kinds.KINDS.get(value) == "repost" for value in said)
        is_mark = says_repost(name) and any(map(refers, cells))
        if is_mark or (has_word and len(said) <= MOST_VALUES):
            why = Message("the column {column} may mark reposts", column=name)
            return plan.asking("repost", (name,), why)
        is_account = is_of_accounts(name) and not has_actors
        is_beside = is_account or _is_of_people(name, cells)
        if author and is_beside and _are_others(name, author, sample, is_account=is_account):
            why = Message("the column {column} may name another person", column=name)
            if is_account or role_of(name) == "author":
                return plan.asking("author", (name, author), why)
            return plan.asking("repost", (name,), why)
    return plan


def _is_of_people(name: str, cells: Sequence[object]) -> bool:
    is_of_row = name.count(".") < 2  # Deeper ones are of what a row is about.
    return is_of_row and may_name_people(name) and not is_of_ids(name) and _are_short(cells)


def _are_others(name: str, author: str, sample: Sample, *, is_account: bool) -> bool:
    """Return whether an author has several values of a column, of which one is another name, or
    the name of another author.
    """
    found: dict[str, set[str]] = {}
    for row in sample.written:
        cells = cell_of(row, author), cell_of(row, name).partition("?")[0]  # Of an address.
        found.setdefault(cells[0].casefold(), set()).add(cells[1].casefold())
    return any(
        len(others := names - {"", who}) > is_account and (len(names) > 1 or found.keys() & others)
        for who, names in found.items()
        if who
    )


STEPS: Final[tuple[Callable[[Plan, Sample], Plan], ...]] = (
    find_limits,
    look_for_na,
    ask_about_counts,
    look_for_works,
    ask_about_authors,
    know_names,
    ask_who_wrote,
    ask_which_account,
    ask_about_shown_names,
    ask_about_texts,
    join_clock,
    ask_about_times,
    leave_estimates,
    look_for_ids,
    look_for_rounded_ids,
    ask_about_titles,
    look_at_texts,
    ask_whose_rows,
)
"""In their order: each one sees the columns that the ones before it have chosen."""

"""How the rows of a file are read: a plan, made by steps that each look at its first rows."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from app.errors import Message
from app.formats.assumptions import NO_AUTHOR, NO_IDS, ReadNotes, Role, fields_without
from app.formats.records import ReadOptions
from app.formats.tables.author_columns import (
    account_column,
    are_of_people,
    likeliest_author,
    names_posts,
)
from app.formats.tables.cells import are_rounded, is_damaged_id, is_filled, plain_column, word
from app.formats.tables.column_kinds import COUNTS, NumberedRow, count_columns, why_no_ids
from app.formats.tables.column_names import ROLES, guess, likely_reposts, values_by_name
from app.formats.tables.columns import KNOWN_HEADERS, FileColumns, Row, flattened, opened
from app.formats.tables.own_words import are_html

_PLAIN_NAMES: Final = frozenset({"name", "이름"})
"""Columns that may have the names of something else than people."""
DATE: Final = re.compile(r"\d{1,4}[-./]\s?\d{1,2}[-./]\s?\d{1,4}\.?", re.ASCII)
CLOCK: Final = re.compile(
    r"(?:(?:오전|오후|午前|午後|上午|下午)\s?)?\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?[AaPp]\.?[Mm]\.?)?"
    r"|(?:(?:오전|오후)\s?)?\d{1,2}시(?:\s?\d{1,2}분)?"
)


@dataclass(frozen=True)
class Plan:
    """Which column has which field, what was guessed, and what is told about it."""

    chosen: Mapping[str, str]
    """Fields by column, in place of those that the columns' names say; empty: not used."""
    stated: frozenset[str] = frozenset()
    """Fields that the importer chose."""
    guesses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns that look like a field, the used one first."""
    looks_like: Mapping[str, Role] = field(default_factory=dict)
    """Unused columns that look like a time, author or repost."""
    counts: tuple[str, ...] = ()
    """Columns of 0 and 1 that are taken for counts."""
    no_ids: Mapping[str, Message] = field(default_factory=dict)
    """Columns named like ids that have none, and why."""
    has_rounded_ids: bool = False
    has_lost_ids: bool = False
    """Whether a spreadsheet has rounded ids."""
    is_html: bool = False
    has_titles: bool = False
    """Whether a title is the first line of its post."""
    unread_titles: tuple[str, ...] = ()
    """Columns with titles that are not read, because each post has other words."""
    is_author_open: bool = False
    """Whether no column of a table names authors."""
    is_export: bool = False
    _known: dict[tuple[str, ...], FileColumns] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def columns(self, names: tuple[str, ...]) -> FileColumns:
        if (known := self._known.get(names)) is None:
            if len(self._known) >= KNOWN_HEADERS:
                self._known.clear()
            known = self._known[names] = FileColumns(names, self.chosen)
        return known

    def choosing(self, fields: Mapping[str, str]) -> "Plan":
        return replace(self, chosen={**self.chosen, **fields})

    def keeping(self, names: Iterable[str], role: Role) -> "Plan":
        """Tell that unused columns look like a role."""
        return replace(self, looks_like={**self.looks_like, **dict.fromkeys(names, role)})

    def note(self, notes: ReadNotes) -> None:
        evidence = Message("based on its name and first values")
        for name, columns in self.guesses.items():
            first, *others = (f"{ROLES[name]}={column}" for column in columns)
            others += [NO_AUTHOR] if name == "username" else []
            notes.assume("column", first, alternatives=tuple(others), evidence=evidence)
        if self.counts:
            flags = (name for name in self.counts if self.chosen[name] == "n_reposts")
            notes.assume(
                "column",
                f"count={', '.join(self.counts)}",
                alternatives=tuple(f"repost={name}" for name in flags),
                evidence=Message("other columns are counts"),
            )
        if self.has_lost_ids and not self.is_export:
            notes.assume("ids", NO_IDS, evidence=Message("a spreadsheet has rounded the values"))
        for name, reason in self.no_ids.items():
            notes.assume("ids", NO_IDS, alternatives=(f"id={name}",), evidence=reason)
        for name, role in self.looks_like.items():
            notes.leave("column", name, role=role)
        for name in self.unread_titles:
            notes.leave("column", name)


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


def plan_of(written: Sequence[Row], options: ReadOptions, *, is_table: bool) -> Plan:
    """Return the plan of a file with these first rows."""
    plan = Plan(dict(options.columns), frozenset(options.columns.values()))
    sample = Sample([opened(row, plan.columns)[0] for row in written], written, is_table)
    if any(columns.is_own for _, columns in sample.each(plan)):
        return look_for_rounded_ids(replace(plan, is_export=True), sample)
    for step in STEPS:
        plan = step(plan, sample)
    return plan


def tell_counts_from_flags(plan: Plan, sample: Sample) -> Plan:
    taken = {name for _, columns in sample.each(plan) for name in COUNTS if columns.has(name)}
    counts = count_columns(values_by_name(sample.written), taken)
    plan = plan.choosing(counts.fields | {**plan.chosen})
    return replace(plan, counts=tuple(name for name in counts.assumed if plan.chosen[name]))


def ignore_names_of_posts(plan: Plan, sample: Sample) -> Plan:
    """Do not use a column `name` that has the ids of the posts."""
    if not (shown := _shown_name(plan, sample)):
        return plan
    columns = sample.columns(plan)
    ids = [columns.first(row, "source_id") for row in sample.rows]
    return plan.choosing({shown: ""}) if names_posts(sample.values(shown), ids) else plan


def _shown_name(plan: Plan, sample: Sample) -> str:
    """Return the column `name` if no other one is known to name the authors; else ""."""
    names = sample.columns(plan).names_of("username")
    return names[0] if len(names) == 1 and plain_column(names[0]) in _PLAIN_NAMES else ""


def guess_roles(plan: Plan, sample: Sample) -> Plan:
    """Guess the author, time and text without a known column; a document needs a known text."""
    known = [columns for _, columns in sample.each(plan)]
    used = {plain_column(name) for name in plan.chosen}
    used |= {plain_column(name) for columns in known for name, used_as in columns.fields if used_as}
    values = {
        name: column
        for name, column in values_by_name(sample.written).items()
        if plain_column(name) not in used
    }
    shown = _shown_name(plan, sample)
    guesses: dict[str, tuple[str, ...]] = {}
    for role in [*ROLES] if sample.is_table else [role for role in ROLES if role != "text"]:
        may_be_shown = role == "username" and bool(shown)
        is_known = any(columns.has(role) for columns in known) and not may_be_shown
        if is_known or role in fields_without(plan.chosen) or not (found := guess(role, values)):
            continue
        values.pop(found[0])
        guesses[role] = (*found, shown) if may_be_shown else (*found,)
    plan = plan.choosing({names[0]: role for role, names in guesses.items()})
    return replace(plan, guesses=guesses).keeping(likely_reposts(values), "repost")


def find_accounts(plan: Plan, sample: Sample) -> Plan:
    """Find the column with the accounts if the author's column has names that are shown."""
    columns = sample.columns(plan)
    names = columns.names_of("username")
    if "username" in plan.stated or not names:
        return plan
    found = account_column(sample.rows, names, columns.names_of("url"))
    if found is None or found == names[0]:
        return plan
    shown = {} if columns.has("display_name") else {names[0]: "display_name"}
    guesses = {**plan.guesses, "username": (found, names[0])}
    return replace(plan.choosing({found: "username", **shown}), guesses=guesses)


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
    days = [name for name in names if _all_match(DATE, sample.values(name))]
    clocks = [name for name in sample.rows[0] if _all_match(CLOCK, sample.values(name))]
    clocks = [name for name in clocks if _is_of_time(name, columns)]
    if days and clocks and names[0] in {*days[:1], *clocks}:
        return plan.choosing({days[0]: "created_at", clocks[0]: "clock"})
    return plan


def _is_of_time(name: str, columns: FileColumns) -> bool:
    """Return whether a column is named like a time, or a time of day."""
    return name in {*columns.names_of("created_at"), *columns.names_of("clock")} or bool(
        guess("created_at", {name: ["2024-01-05"]})
    )


def _all_match(pattern: re.Pattern[str], cells: Iterable[object]) -> bool:
    """Return whether all filled cells match, and there is any."""
    filled = [cell for cell in cells if cell is not None and is_filled(cell)]
    return bool(filled) and all(
        isinstance(cell, str) and pattern.fullmatch(cell.strip()) for cell in filled
    )


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
    read = sample.each(plan)
    ids = [row.get(name) for row, columns in read for name in columns.names_of("source_id")]
    are_lost = are_rounded(ids)
    is_damaged = any(is_damaged_id(word(value) or "") for value in ids)
    return replace(plan, has_rounded_ids=are_lost, has_lost_ids=are_lost or is_damaged)


def look_for_titles(plan: Plan, sample: Sample) -> Plan:
    """Take the titles for words if a post has no others."""
    if any(_is_title_all(row, columns) for row, columns in sample.each(plan)):
        return replace(plan, has_titles=True)
    columns = sample.columns(plan)
    is_unread = sample.is_table and not columns.has("is_by_community")
    return replace(plan, unread_titles=columns.names_of("title")) if is_unread else plan


def _is_title_all(row: Row, columns: FileColumns) -> bool:
    has_text = columns.first(row, "text") is not None
    return columns.has("text") and not has_text and columns.first(row, "title") is not None


def look_for_html(plan: Plan, sample: Sample) -> Plan:
    return replace(plan, is_html=are_html(sample.rows))


def look_for_author(plan: Plan, sample: Sample) -> Plan:
    """Keep the likeliest column of a table if no column names authors."""
    columns = sample.columns(plan)
    if not (sample.is_table and sample.rows) or columns.has("username"):
        return plan
    unused = {name for name, used_as in columns.fields if not used_as} - {*plan.chosen}
    likely = likeliest_author({name: sample.values(name) for name in unused})
    return replace(plan, is_author_open=True).keeping(filter(None, [likely]), "author")


STEPS: Final[tuple[Callable[[Plan, Sample], Plan], ...]] = (
    tell_counts_from_flags,
    ignore_names_of_posts,
    guess_roles,
    find_accounts,
    ignore_names_of_things,
    join_clock,
    look_for_ids,
    look_for_rounded_ids,
    look_for_titles,
    look_for_html,
    look_for_author,
)
"""In their order: each one sees the columns that the ones before it have chosen."""

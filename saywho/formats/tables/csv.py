"""CSV and TSV with a header whose columns are recognised by name.

Exports are CSV (RFC 4180) in UTF-8 without a byte order mark. A `'` guards each text that a
spreadsheet would read as a formula; an import removes it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import suppress
from functools import partial
from itertools import chain, islice, product, zip_longest
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import structs

from saywho.errors import BrokenFileError, Message, RecordError, UnrecognisedFileError
from saywho.formats import records
from saywho.formats.assumptions import ReadNotes, fields_without
from saywho.formats.file_authors import authors_of, chosen_way
from saywho.formats.post import headers
from saywho.formats.reading import BadRecord, readable
from saywho.formats.source.file import Content, Source, is_hidden
from saywho.formats.source.text import MAX_LINE, beginning, first_lines, lines, lines_of
from saywho.formats.tables.cells import bare_cells, is_damaged_id, plain_column
from saywho.formats.tables.column_names import is_export, is_value, role_of
from saywho.formats.tables.columns import FileColumns
from saywho.formats.tables.limits import is_file_of_hidden
from saywho.formats.tables.rows import RowReader

DELIMITERS: Final = ",;\t|"
MOST_COLUMNS: Final = 16_384
"""Maximum number of columns, as in Excel: a line of a million commas is no table."""
_SEPARATOR: Final = re.compile(r'\ufeff?"?sep=(.)"?\s*', re.IGNORECASE)
_RULE: Final = re.compile(r"(?=[^-]*-)[\s|+:-]+")
"""A line that some programs draw below a header."""
_KINDS_OF_ORANGE: Final = frozenset({*"cdst", "continuous", "discrete", "string", "time"})
_FLAGS_OF_ORANGE: Final = frozenset({"", *"cim", "class", "ignore", "meta"})
_SAMPLE_ROWS: Final = 2_000
_BARE_NA: Final = re.compile(r"[,;\t]NA(?=[,;\t\r\n])")
"""A missing value of R, which puts texts into quotation marks."""
_ROUNDED: Final = Message("Ids of posts that a spreadsheet has rounded")


class Dialect(NamedTuple):
    delimiter: str
    quote: str = '"'
    """Sign around cells; empty if a quote is an ordinary letter."""
    escape: str = ""
    """Sign before a quote in a cell; empty if the quote is doubled."""
    skips_blanks: bool = False
    """Whether a blank after a delimiter belongs to no cell."""

    def reader(self, texts: Iterable[str]) -> Any:
        """Return the rows. A misplaced quote raises csv.Error."""
        csv.field_size_limit(2 * MAX_LINE)  # It is the whole process's; rows have a smaller one.
        return csv.reader(
            texts,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None,
            doublequote=not self.escape,
            skipinitialspace=self.skips_blanks,
            strict=True,
        )


class Heading(NamedTuple):
    dialect: Dialect
    names: list[str]
    above: int = 0
    """Rows above the header; -1 if there is none."""
    is_stated: bool = False
    """Whether the row above only states the delimiter."""
    below: int = 0
    """Rows under the header that describe its columns."""

    @property
    def first(self) -> int:
        """Place of the first row of values."""
        return self.above + 1 + self.below


def is_filled(cells: list[str]) -> bool:
    return any(map(str.strip, cells))


def headings(first: list[str]) -> Iterator[Heading]:
    """Yield possible headers among a file's first lines, the most likely first."""
    stated = _SEPARATOR.fullmatch(first[0]) if first else None
    below = first[1:] if stated else first
    has_apostrophe = any(line.startswith("'") for line in below[:1])
    delimiters = stated[1] if stated else DELIMITERS
    for delimiter, quote in product(delimiters, "'\"" if has_apostrophe else '"'):
        dialect = Dialect(delimiter, quote)
        names = next(_rows(below, dialect, 1), [])
        names = names if len(names) <= MOST_COLUMNS else []
        if len(names) > 1 and all(name.startswith(" ") for name in names[1:]):
            dialect = dialect._replace(skips_blanks=True)
            names = next(_rows(below, dialect, 1), [])
        yield Heading(dialect, names, int(stated is not None), is_stated=stated is not None)


def wrong_width(count: int, width: int) -> RecordError:
    return RecordError("the row has {count} fields, the header {width}", count=count, width=width)


def _rows(texts: Iterable[str], dialect: Dialect, most: int) -> Iterator[list[str]]:
    with suppress(csv.Error):
        yield from islice(filter(is_filled, dialect.reader(texts)), most)


def quoting_of(text: str, heading: Heading) -> Dialect:
    """Return the dialect whose quotes best fit a table's beginning."""
    delimiter, width = heading.dialect.delimiter, len(heading.names)
    if '"' not in text or heading.dialect.quote != '"':
        return heading.dialect
    kinds = [heading.dialect]
    if '\\"' in text:
        kinds.append(heading.dialect._replace(escape="\\"))
    if delimiter == "\t":
        kinds.append(heading.dialect._replace(quote=""))
    for kind in kinds:
        if _fits(text, kind, width, heading.above):
            return kind
    return max(kinds, key=partial(_sound_rows, text, width))


def _fits(text: str, dialect: Dialect, width: int, above: int) -> bool:
    rows, last = dialect.reader(lines_of(text)), 0
    try:
        for place, cells in enumerate(rows):
            if place >= above and len(cells) > width and is_filled(cells[width:]):
                return False
            if place > _SAMPLE_ROWS:
                break
            last = rows.line_num
    except csv.Error as error:
        is_end = "unexpected end" in str(error)
        return is_end and (rows.line_num > _SAMPLE_ROWS or _is_cut(text, dialect, width, last))
    return True


def _is_cut(text: str, dialect: Dialect, width: int, last: int) -> bool:
    """Return whether a text breaks off in a quoted cell, in the row after the line `last`.

    If its quotes were ordinary letters, rows would follow, or no earlier cell would be quoted.
    """
    first, *rest = islice(lines_of(text), last, None)
    rows = sum(line.count(dialect.delimiter) == width - 1 for line in rest)
    before = text[: -len("".join((first, *rest)))]
    return last > 1 and 2 * rows <= len(rest) and f'"{dialect.delimiter}' in before


def _sound_rows(text: str, width: int, dialect: Dialect) -> int:
    count, rows = 0, dialect.reader(lines_of(text))
    for _ in range(_SAMPLE_ROWS):
        with suppress(csv.Error):
            count += len(next(rows, [])) == width
    return count


FIELDS: Final = ("text", "username", "display_name", "created_at", "source_id", "lang", "url")
OWN_HEADER: Final = ",".join(headers()[-1])
# Korean and Japanese Excel takes the full-width signs for the others.
GUARDED: Final = (*"=+-@'", *"＝＋－＠＇", "\t")
_ENDINGS: Final = (".csv", ".tsv")
NAMES_OF_TABLES: Final = (*_ENDINGS, ".xlsx")
_JSON: Final = re.compile(r'\ufeff?\s*(?:\{\s*"|\[\s*[\[{"])')


def read_rows(
    content: Content, dialect: Dialect | str
) -> Iterator[tuple[int, list[str]] | BadRecord]:
    """Yield the rows that are not blank: first line number, and fields.

    Quoted texts may span lines. Raises BrokenFileError if a row is over 1 MB or a quote is never
    closed.
    """
    start, length, has_ended = 1, 0, False

    def texts() -> Iterator[str]:
        nonlocal length, has_ended
        for line in lines(content):
            length += len(line.text)
            if length > MAX_LINE:
                raise BrokenFileError(
                    "line {line}: the row is longer than 1 MB; check for a quote that is"
                    " never closed",
                    line=start,
                )
            yield line.text
        has_ended = True

    reader = (Dialect(dialect) if isinstance(dialect, str) else dialect).reader(texts())
    while not has_ended:
        start, length = reader.line_num + 1, 0
        try:
            fields: list[str] = next(reader, [])
        except csv.Error as error:
            if has_ended:
                raise BrokenFileError(
                    "line {line}: a quote that opens in this row is never closed", line=start
                ) from error
            fault = Message("the row has a quote or a line break in the wrong place")
            yield BadRecord(start, fault)
            continue
        if is_filled(fields):
            yield start, fields


def read(source: Source, options: records.ReadOptions) -> records.RecordStream | None:
    """Return the posts of many authors; no column may be known to contain texts.

    Archived tables are read if their columns agree, or name texts and authors.
    """
    download = _download(source)
    names = NAMES_OF_TABLES  # A workbook in an archive has its rows in its place.
    found = source.contents(lambda name: name.lower().endswith(names) and not is_hidden(name))
    contents = download.contents if download else without_hidden(islice(found, 1_001), source.notes)
    contents = contents if len(contents) <= 1_000 else []
    fields = {**options.columns, **(download.fields if download else {})}
    read_as = structs.replace(options, columns=fields)
    tables = list(filter(None, (_table(each, source, read_as) for each in contents)))
    if download is not None:
        tables = [table for table in tables if table.columns.has("text")]
        for table in tables:
            table.reader.author = options.username or download.owner
    elif len({tuple(table.names) for table in tables}) > 1:
        tables = _with_posts(tables)
    elif source.has_members:
        tables = [table for table in tables if table.columns.has("text")]
    if not tables:
        return None
    source.take(table.content for table in tables)
    _name_authors(source, tables, options)
    for table in tables:
        table.reader.ask(source.notes)
    # A cleaned copy comes behind its table.
    fullest = sorted(tables, key=lambda table: -table.content.stored.size)
    columns = tables[0].columns
    return records.RecordStream(
        FORMAT.name,
        "line",
        None,
        chain.from_iterable(table.items() for table in fullest),
        is_chat=any(table.reader.is_of_chats for table in tables),
        columns=columns.fields,
        is_export=columns.is_own,
    )


class _Download(NamedTuple):
    contents: list[Content]
    owner: str
    fields: Mapping[str, str]


_DOWNLOADS: Final[tuple[tuple[tuple[str, str], frozenset[str], dict[str, str]], ...]] = (
    (("first name", "last name"), frozenset({"shares.csv", "comments.csv"}), {}),
    (
        ("username", "given name"),
        frozenset({"reviews.csv", "comments.csv"}),
        {"Content": "", "Comment": "text", "Review": "text"},
    ),
)
"""Columns with the owner's name in the profile of LinkedIn and Letterboxd, tables of posts, and
fields of their columns.
"""
_PROFILE: Final = "profile.csv"


def _download(source: Source) -> _Download | None:
    """Return the tables of posts in an account's download, whose profile names the owner."""
    for name in sorted(
        name for name in source.members if f"/{name.lower()}".endswith("/profile.csv")
    ):
        rows = [*readable(islice(read_rows(source.member(name).uncounted, ","), 2))]
        if len(rows) < 2:
            continue
        profile = {column.strip().casefold(): cell for column, cell in zip(*rows, strict=False)}
        folder = name[: -len(_PROFILE)]
        for columns, tables, fields in _DOWNLOADS:
            wanted = {f"{folder}{table}".casefold() for table in tables}
            contents = [
                source.member(each) for each in sorted(source.members) if each.casefold() in wanted
            ]
            if profile.keys() >= {*columns} and contents:
                words = columns if columns[0] == "first name" else columns[:1]
                owner = " ".join(filter(None, (profile[word].strip() for word in words)))
                return _Download(contents, owner, fields) if owner else None
    return None


def without_hidden(contents: Iterable[Content], notes: ReadNotes) -> list[Content]:
    """Return the files but for those among them that are named for drafts or a trash."""
    found = [*contents]
    for content in found if len(found) > 1 else ():
        if is_file_of_hidden(content.name):
            notes.leave("file", content.name)
    return [each for each in found if len(found) == 1 or not is_file_of_hidden(each.name)]


def _name_authors(source: Source, tables: Sequence["_Table"], options: records.ReadOptions) -> None:
    way = chosen_way(options.columns)
    columns = {name for table in tables for name in table.names}
    has_authors = any(
        table.columns.has("username") or table.reader.has_likely_author for table in tables
    )
    has_none = "username" in fields_without(options.columns)
    if not source.has_members or has_none or way in columns or (has_authors and way is None):
        return
    names = [table.content.name for table in tables]
    if (authors := authors_of(names, is_table=True, chosen=way)) is not None:
        authors.note(source.notes)
        for table in tables:
            table.reader.author = authors.by_file.get(table.content.name)


def _table(content: Content, source: Source, options: records.ReadOptions) -> "_Table | None":
    try:
        heading = _heading(content, options.columns)
    except UnrecognisedFileError:
        if content is source:
            raise
        return None
    if heading is None:
        return None
    text = beginning(content)
    return _Table(content, heading._replace(dialect=quoting_of(text, heading)), options, text)


def _with_posts(tables: list["_Table"]) -> list["_Table"]:
    """Return the tables of posts, not letters. Raises UnrecognisedFileError if none has authors."""
    with_posts = [table for table in tables if table.is_of_posts]
    if with_posts:
        return with_posts
    with_texts = [table for table in tables if table.columns.has("text")]
    if authors_of([table.content.name for table in with_texts], is_table=True) is not None:
        return with_texts
    names = ", ".join(table.content.name for table in tables[:5])
    raise UnrecognisedFileError(
        "the archive has tables with different columns, and no table names the authors: {names};"
        " unpack the archive, then import each file by itself and enter the author's name",
        names=names,
        choice="username",
    )


class _Table:
    def __init__(
        self, content: Content, heading: Heading, options: records.ReadOptions, text: str
    ) -> None:
        self.content = content
        heading = heading._replace(
            names=_with_row_names(text, heading), below=_rows_of_orange(text, heading)
        )
        self._heading = heading
        self.names = names = heading.names
        self._repeated = [name for place, name in enumerate(names) if name in names[:place]]
        self._is_export = heading.dialect == Dialect(",") and is_export(names)
        self._above: list[str] = []
        sample = list(self._first_rows(text))
        has_na = _BARE_NA.search(text) is not None and text.lstrip("\ufeff").startswith('"')
        self.reader = RowReader(sample, options, is_table=True, has_na=has_na)
        self.columns = self.reader.columns(tuple(dict.fromkeys(names)))
        needed = [*self.columns.names_of("text"), *self.columns.names_of("username")]
        self._fewest = 1 + max(map(names.index, needed), default=len(names) - 1)
        """Number of cells that include a row's text and author."""

    @property
    def is_of_posts(self) -> bool:
        """Return whether columns contain texts and authors, but no private messages."""
        columns, is_of_chats = self.columns, self.reader.is_of_chats
        return columns.has("text") and columns.has("username") and not is_of_chats

    def items(self) -> Iterator[records.Item]:
        content, notes = self.content, self.content.notes
        for name in (*self._repeated, *self.reader.unused(self.names)):
            notes.leave("column", name)
        if not self._heading.is_stated:
            for line in self._above:
                notes.leave("sentence", line)
        return self.reader.noting(
            records.read_each(self._rows(content), self._read),
            notes,
            lambda: map(self._cells, readable(self._rows(content.uncounted))),
        )

    def _read(self, fields: list[str], place: int) -> records.Item | None:
        width = len(self._heading.names)
        if self._is_heading(fields):
            return None
        if len(fields) != width:
            if _RULE.fullmatch("|".join(fields)):
                return None
            if len(fields) < self._fewest or is_filled(fields[width:]):
                raise wrong_width(len(fields), width)
        if self._is_export:
            stated = dict(zip(self.names, fields, strict=False)).get("source_id")
            if is_damaged_id(stated):
                self.content.notes.look_odd("ids", _ROUNDED, [str(stated)])
        return self.reader.read(self._cells(fields), place)

    def _is_heading(self, fields: list[str]) -> bool:
        if len(fields) != len(self.names):
            return False
        pairs = zip(fields, self.names, strict=True)
        # The first pair that differs ends this; most rows differ in their first cell.
        return fields == self.names or (
            len(fields) > 1 and all(_plain(field) == _plain(name) for field, name in pairs)
        )

    def _rows(self, content: Content) -> Iterator[tuple[int, list[str]] | BadRecord]:
        heading = self._heading
        return islice(read_rows(content, heading.dialect), heading.first, None)

    def _cells(self, fields: list[str]) -> dict[str, str]:
        names = self.names
        if not self._is_export:
            fields = bare_cells(fields)
        if len(fields) == len(names) and not self._repeated:
            cells = dict(zip(names, fields, strict=True))
        else:
            pairs = list(zip_longest(names, fields[: len(names)], fillvalue=""))
            cells = dict(pairs[::-1] if self._repeated else pairs)
        if "__twarc.version" in cells and "text" in cells:
            cells["text"] = cells["text"].replace("\\n", "\n")  # So twarc-csv writes a line break.
        return unguarded_row(cells) if self._is_export else cells

    def _first_rows(self, text: str) -> Iterator[dict[str, str]]:
        heading = self._heading
        rows = _rows(lines_of(text), heading.dialect, heading.above + 1_000)
        self._above += (" ".join(row).strip()[:60] for row in islice(rows, max(heading.above, 0)))
        for fields in islice(rows, heading.first - len(self._above), None):
            if len(fields) == len(heading.names) and not self._is_heading(fields):
                yield self._cells(fields)


def _plain(field: str) -> str:
    return plain_column(field).strip('"')


def _rows_of_orange(text: str, heading: Heading) -> int:
    """Return 2 if Orange has put the kinds and the roles of its columns under the header."""
    place = max(heading.above, 0)
    rows = list(islice(_rows(lines_of(text), heading.dialect, place + 3), place, None))
    if len(rows) < 3 or {len(row) for row in rows} != {len(heading.names)}:
        return 0
    has_kinds = all(rows[1]) and not _KINDS_OF_ORANGE.isdisjoint(rows[1])
    return 2 if has_kinds and _FLAGS_OF_ORANGE.issuperset(rows[2]) else 0


def _with_row_names(text: str, heading: Heading) -> list[str]:
    """Return the header with an empty name for the names of rows above which R writes none."""
    rows = _rows(lines_of(text), heading.dialect, 1_000)
    names, seen = heading.names, list(islice(rows, heading.above + 1, None))
    has_one_more = bool(seen) and all(len(row) == len(names) + 1 and row[-1] for row in seen)
    are_different = len({row[0] for row in seen if row}) == len(seen)
    return ["", *names] if has_one_more and are_different else names


def encode(posts: Mapping[int, records.ExportedPost]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(map(_cells, posts.values()))
    return written.getvalue().encode()


def _heading(content: Content, chosen: Mapping[str, str]) -> Heading | None:
    """Return the header by whose delimiter most columns are recognised.

    One column of texts is enough, else two, one of them known. A table's file name needs no known
    column: the importer may name them.
    """
    first = first_lines(content)
    if first and _JSON.match(first[0]):  # It may break off behind a word that a column has.
        return None
    best, most = None, (False, 0, 0)
    for heading in headings(first):
        columns = FileColumns(heading.names, chosen)
        rating = (columns.text is not None, len(columns), len(heading.names))
        has_several = columns.text is not None or len(heading.names) > 1
        if rating > most and len(columns) and has_several:
            best, most = heading, rating
    if best is not None and most[0]:
        return best
    found = [*filter(None, map(partial(_widest, beginning(content)), DELIMITERS))]
    for heading in found:
        columns = FileColumns(heading.names, chosen)
        if columns.text is not None and len(columns) > 1:
            return heading
    return best or _heading_alone(content, first) or _strange_heading(content, first, found)


def _heading_alone(content: Content, first: Sequence[str]) -> Heading | None:
    """Return the header of a table that has one column, with words and named like them."""
    name = first[0].strip('\ufeff\r\n"') if first else ""
    is_alone = content.name.lower().endswith(".csv") and not set(DELIMITERS) & set(name)
    return Heading(Dialect(","), [name]) if is_alone and role_of(name) == "text" else None


def _strange_heading(
    content: Content, first: Sequence[str], found: Sequence[Heading]
) -> Heading | None:
    """Return the header of a table without a known column; the rows below are equally wide.

    If it has a time, an amount or a text, it is a row of values, and the columns have numbers.
    Raises UnrecognisedFileError if it is alone, or if the file name is no table's, because prose
    and logs may have such rows.
    """
    if not found:
        return None
    heading = max(found, key=lambda each: len(each.names))
    names, is_alone = heading.names, len(first) < 2  # lines
    is_called_table = content.name.lower().endswith(NAMES_OF_TABLES)
    if not is_alone and (is_called_table or any(role_of(name) == "text" for name in names)):
        if any(map(is_value, names)):
            numbers = [str(number) for number in range(1, len(names) + 1)]
            return heading._replace(names=numbers, above=heading.above - 1)
        return heading
    if content.fault is not None:
        return None
    if is_alone and is_called_table:
        raise UnrecognisedFileError(
            "{name} has only one row. Put the column names in the first row, and the"
            " posts in the rows below",
            name=content.name,
        )
    # JSON and HTML begin with these signs, and names of columns do not.
    is_named = "".join(names).isprintable() and not names[0].startswith(("{", "[", "<"))
    if is_named and not is_alone:
        raise UnrecognisedFileError(
            "{name} is not in any known format. If it is a table, name the column with"
            " the texts `text`; or rename the file to end in .csv or .tsv, and choose the column",
            name=content.name,
        )
    return None


def _widest(text: str, delimiter: str) -> Heading | None:
    """Return the first row of a table, below lines with fewer cells; None if the next is not as
    wide.
    """
    dialect = Dialect(delimiter)
    rows = [*_rows(lines_of(text), dialect, _MOST_ABOVE + 3)]
    (width, times), *_ = Counter(map(len, rows[1:] or rows)).most_common(1) or [(0, 0)]
    is_whole = [len(row) == width and 2 * sum(map(bool, row)) > width for row in rows]
    place = is_whole.index(True) if True in is_whole else 0
    if not 1 < width <= MOST_COLUMNS or len(rows[place]) != width or (place and times < 2):
        return None
    return Heading(dialect, rows[place], place)


_MOST_ABOVE: Final = 20
"""Lines above a table's header that are passed over."""


def _cells(post: records.ExportedPost) -> Iterable[str | None]:
    cells: dict[str, Any] = msgspec.to_builtins(post)
    source_id = post.source_id or ""
    cells["source_id"] = f"'{source_id}" if is_damaged_id(source_id) else guarded(source_id)
    return [value if name == "source_id" else _cell(value, name) for name, value in cells.items()]


_OTHER_IN_A_CELL: Final = re.compile(
    r"0\d+|\d{16,}|(?:\d*\.)?\d+e[+-]?\d+|\d+(?:[-/.:]\d+){1,2}|true|false",
    re.ASCII | re.IGNORECASE,
)


def _is_other_in_a_cell(name: str) -> bool:
    """Return whether a spreadsheet shows a name otherwise, as a number, a date or a truth value."""
    return _OTHER_IN_A_CELL.fullmatch(name) is not None


def _cell(value: object, column: str) -> str | None:
    if isinstance(value, str) and column == "username" and _is_other_in_a_cell(value):
        return f"'{value}"
    if value is None or isinstance(value, str):
        return value and guarded(value)
    is_empty = isinstance(value, Sized) and not value
    return None if is_empty else msgspec.json.encode(value).decode()


def guarded(value: str) -> str:
    """Put a `'` before a text that spreadsheets would read as a formula."""
    return f"'{value}" if value.startswith(GUARDED) else value


def written_table(rows: Iterable[Iterable[object]]) -> bytes:
    """Return a table for spreadsheets: UTF-8 with the byte order mark that Excel needs."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows(
        [guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return written.getvalue().encode("utf-8-sig")


def unguarded_row(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of an export without the `'` that it has for spreadsheets."""
    plain = {
        name: _unguarded(cell, name) if isinstance(cell, str) else cell
        for name, cell in cells.items()
    }
    return plain | {"source_id": _unguarded_id(str(cells.get("source_id") or ""))}


def _unguarded(value: str, column: str = "") -> str:
    if not value.startswith("'"):
        return value
    is_name = column == "username" and _is_other_in_a_cell(value[1:])
    return value[1:] if is_name or value[1:].startswith(GUARDED) else value


def _unguarded_id(value: str) -> str:
    if is_damaged_id(value):
        return ""
    return value[1:] if value.startswith("'") and is_damaged_id(value[1:]) else _unguarded(value)


FORMAT: Final = records.Format(
    "csv",
    Message("CSV"),
    read,
    records.Writer(
        "csv", "text/csv; charset=utf-8; header=present", f"{OWN_HEADER}\r\n".encode(), encode
    ),
    is_in_order=False,
)

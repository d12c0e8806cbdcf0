"""JSON lines, and documents of MongoDB: objects whose fields are recognised by name.

`mongoexport` writes Extended JSON (version 2, relaxed or canonical), which wraps some values:
`{"$oid": "…"}`. Source: https://github.com/mongodb/specifications, extended-json.md.

Exports are lines. For MongoDB `_id` is the post's id here, since `source_id` is unique for each
author only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain, islice, starmap
from typing import Final, NamedTuple

import msgspec

from saywho.errors import Message
from saywho.formats import records
from saywho.formats.assumptions import NO_AUTHOR, ReadNotes, fields_without
from saywho.formats.file_authors import authors_of, chosen_way
from saywho.formats.reading import BadRecord, readable
from saywho.formats.source import json
from saywho.formats.source.file import Content, Source, is_hidden
from saywho.formats.source.times import EPOCH
from saywho.formats.tables.cells import as_id
from saywho.formats.tables.column_names import ANSWERS, LISTS
from saywho.formats.tables.csv import unguarded_row, without_hidden
from saywho.formats.tables.limits import is_list_of_hidden
from saywho.formats.tables.plan import BY_NAME
from saywho.formats.tables.rows import RowReader
from saywho.formats.x.posts import is_v1, is_v2, read_status
from saywho.text import json_lines, word_set

CONTENT_TYPE: Final = "application/x-ndjson"
_WRAPPERS: Final = word_set(
    "$oid $uuid $binary $date $timestamp $numberInt $numberLong $numberDouble $numberDecimal"
)
_ANSWERS: Final = frozenset(ANSWERS)
_CUT: Final = Message("Cells that the viewer of a data set has cut")
_MOST_FILES: Final = 1_000
_DEEPEST_LIST: Final = 2
_MOST_KEYS: Final = 1_000
_MOST_LISTS: Final = 5
"""Lists of a document that are looked at, whatever they are called."""
KEY_OF_LIST: Final = "list/username"
"""Column of the key above a list of posts."""
_STATE_OF_LIST: Final = "list/status"
"""Column of the key above a list of posts, if the keys name states such as `trash`."""
_encoder = msgspec.json.Encoder()


def _read_lines(source: Source, options: records.ReadOptions) -> records.RecordStream | None:
    contents = _data_files(source)
    layouts = [_layout(content, options) for content in contents]
    files = [(content, layout) for content, layout in zip(contents, layouts, strict=True) if layout]
    # Among others, a file with a field `text` may be anything.
    if not files or len(files) < len(contents):
        return None
    if len(files) > 1 and not _name_authors(source, files, options):
        return None
    source.take(contents)
    for _, layout in files:
        layout.reader.ask(source.notes)
        if layout.rows_of is _rows_by_author and layout.reader.names_authors_by(KEY_OF_LIST):
            value, others = f"author={KEY_OF_LIST}", (NO_AUTHOR,)
            source.notes.assume("column", value, alternatives=others, evidence=BY_NAME)
    first, layout = files[0]
    unit = "record" if layout.lists or len(files) > 1 else json.unit_of(first)
    items = chain.from_iterable(starmap(_items, files))
    is_export = all(layout.reader.is_export for _, layout in files)
    is_chat = any(layout.reader.is_of_chats for _, layout in files)
    return records.RecordStream(JSONL.name, unit, None, items, is_chat=is_chat, is_export=is_export)


def _name_authors(
    source: Source, files: Sequence[tuple[Content, "_Layout"]], options: records.ReadOptions
) -> bool:
    """Take the authors of a file for each person from the names of the files.

    Return whether the files are so: posts without authors, in files whose names have them.
    """
    if any(layout.says_who for _, layout in files):
        return False
    if "username" in fields_without(options.columns):
        source.notes.is_author_open = True
        return True
    if options.username is not None and chosen_way(options.columns) is None:
        return True
    names = [content.name for content, _ in files]
    authors = authors_of(names, is_table=True, chosen=chosen_way(options.columns))
    if authors is None:
        return False
    authors.note(source.notes)
    for content, layout in files:
        layout.reader.author = authors.by_file.get(content.name)
    return True


def _items(content: Content, layout: "_Layout") -> Iterator[records.Item]:
    reader, lists, rows_of = layout.reader, layout.lists, layout.rows_of

    def rows(of: Content) -> Iterator[tuple[int, json.Json] | BadRecord]:
        notes = content.notes if of is content else None

        def items_of(page: json.Json) -> Iterator[json.Json]:
            return (_whole_cells(row, notes) for row in (rows_of or _items_of)(page))

        found = json.objects(of, lists=lists, items_of=items_of if rows_of else None)
        return _with_answers(found, reader.is_post)

    def read_plain(row: json.Json, place: int) -> records.Item:
        # An export in JSON has a list of media. Other programs make no list of an export in CSV.
        is_of_csv = reader.is_export and not isinstance(row.get("media"), list)
        return reader.read(unguarded_row(row) if is_of_csv else row, place)

    return reader.noting(
        records.read_each(rows(content), read_plain),
        content.notes,
        lambda: readable(rows(content.uncounted)),
    )


class _Layout(NamedTuple):
    reader: RowReader
    lists: tuple[str, ...] = ()
    rows_of: Callable[[json.Json], list[json.Json]] | None = None
    """Returns the posts of a document; None where each document is a post."""
    says_who: bool = False
    """Whether the posts have authors."""


def _layout(content: Content, options: records.ReadOptions) -> _Layout | None:
    whole = sample = json.first_documents(content)
    reader = RowReader(sample, options, is_table=False)
    if any(map(reader.has_text, sample)) and not any(map(_has_speeches, sample)):
        return _Layout(reader, says_who=reader.says_who(sample))
    asking = [_Layout(reader)] if reader.asks_for_text else []
    pages = json.first_documents(content, lists=LISTS)
    one = (_items_of, _rows_by_key, _rows_by_author)
    for rows_of in one if len(pages) == 1 else one[:1]:
        sample = [_whole_cells(row, None) for page in pages for row in rows_of(page)]
        reader = RowReader(sample, options, is_table=False)
        is_stated = "text" in options.columns.values()
        is_known = (
            is_stated or rows_of is _items_of or options.username or reader.says_who_or_when(sample)
        )
        is_known = is_known or any("role" in row for row in sample)
        if is_known and any(map(reader.has_text, sample)):
            has_pages = json.unit_of(content) == "line" or sample != pages
            rows = rows_of if has_pages else None
            has_more = len(whole) == 1 and rows_of is not _rows_by_author
            lists = *LISTS, *(_more_lists(whole[0], reader) if has_more else ())
            return _Layout(reader, lists, rows, says_who=reader.says_who(sample))
        if reader.asks_for_text:
            asking.append(_Layout(reader, LISTS, rows_of))
    for path in _paths_of_lists(pages[0]) if len(pages) == 1 else ():
        sample = json.first_documents(content, lists=(path,))
        reader = RowReader(sample, options, is_table=False)
        is_known = reader.says_who(sample) or reader.has_likely_author
        is_known |= "text" in options.columns.values()
        if is_known and any(map(reader.has_text, sample)):
            return _Layout(reader, (path,), says_who=True)
        if reader.asks_for_text:
            asking.append(_Layout(reader, (path,)))
    return next(iter(asking), None)


def _more_lists(page: json.Json, reader: RowReader) -> Iterator[str]:
    """Yield the keys of further lists of posts in a document, or of threads of posts."""
    for key, value in page.items():
        if isinstance(value, list) and not is_list_of_hidden(key) and key not in LISTS:
            posts = (post for each in value for post in json.as_list(each) or [each])
            if any(isinstance(post, dict) and reader.is_post(post) for post in posts):
                yield key


def _paths_of_lists(page: json.Json) -> list[str]:
    """Return the paths of the lists of objects in a document, the longest first."""
    found: list[tuple[int, str]] = []
    inside = [(f"{key}", value) for key, value in page.items()]
    for path, value in inside:
        if is_list_of_hidden(path.rpartition(".")[2]):
            continue
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            found.append((len(value), path))
        elif isinstance(value, dict) and path.count(".") < _DEEPEST_LIST:
            inside += [(f"{path}.{key}", inner) for key, inner in value.items()][:_MOST_KEYS]
    return [path for _, path in sorted(found, reverse=True)[:_MOST_LISTS]]


def _data_files(source: Source) -> list[Content]:
    """Return the file, or an archive's files with data if all are JSON, as sites publish them."""
    if not source.has_members:
        return [source]
    in_json = (".json", ".jsonl", ".ndjson")
    names = (".csv", ".tsv", *in_json)
    found = source.contents(lambda name: name.lower().endswith(names) and not is_hidden(name))
    contents = without_hidden(islice(found, _MOST_FILES + 1), source.notes)
    if any(content.name.endswith("speakers.json") for content in contents):
        # A corpus of ConvoKit has its words in one of five files.
        said = [content for content in contents if content.name.endswith("utterances.jsonl")]
        contents = said or contents
    is_json = all(content.name.lower().endswith(in_json) for content in contents)
    return contents if is_json and len(contents) <= _MOST_FILES else []


def _items_of(page: json.Json) -> list[json.Json]:
    for path in LISTS:
        value: object = page
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            return value
    return [page]


def _has_speeches(document: json.Json) -> bool:
    """Return whether a text stands a second time, as a list of what each speaker said."""
    lists = (json.listed(document, key) for key in ("utterances", "segments"))
    return any(
        isinstance(part, dict) and "text" in part and part.get("speaker") is not None
        for parts in lists
        for part in parts[:1]
    )


def _whole_cells(item: json.Json, notes: ReadNotes | None) -> json.Json:
    """Return the cells of a row of Hugging Face's viewer, but not cells that the viewer has cut."""
    row, cut = item.get("row"), json.listed(item, "truncated_cells")
    if "row_idx" not in item or not isinstance(row, dict):
        return item
    if notes is not None and cut:
        notes.look_odd("left_out", _CUT, map(str, cut))
    return {name: value for name, value in row.items() if name not in cut}


def _rows_by_key(page: json.Json) -> list[json.Json]:
    if inner := next((page[name] for name in LISTS if isinstance(page.get(name), dict)), None):
        return _rows_by_key(json.as_object(inner))
    groups = {key: group for key, group in page.items() if isinstance(group, dict) and group}
    if len(groups) < 2 or len(groups) < len(page):
        return []
    first = next(iter(groups.values()))
    if all(group.keys() == first.keys() for group in groups.values()) and _are_numbers(first):
        return [{name: column[key] for name, column in groups.items()} for key in first]
    if _are_numbers(groups):
        return [*groups.values()]
    return [{"id": key, **group} for key, group in groups.items()]


def _rows_by_author(page: json.Json) -> list[json.Json]:
    lists = {
        key: posts
        for key, posts in page.items()
        if isinstance(posts, list) and posts and all(isinstance(post, dict) for post in posts)
    }
    if len(lists) < 2 or len(lists) < len(page):
        return []
    is_of_roles = all("role" in post for posts in lists.values() for post in posts)
    key_of_list = "conversation" if is_of_roles else KEY_OF_LIST
    if hidden := {*filter(is_list_of_hidden, lists)}:  # No people, but states of posts.
        key_of_list = _STATE_OF_LIST
    return [
        {key_of_list: key if key in hidden or not hidden else "published", **post}
        for key, posts in lists.items()
        for post in posts
    ]


def _are_numbers(keys: Iterable[str]) -> bool:
    numbers = [*keys]
    return numbers == [str(number) for number in range(len(numbers))]


def _with_answers(
    rows: Iterable[tuple[int, json.Json] | BadRecord], is_post: Callable[[json.Json], bool]
) -> Iterator[tuple[int, json.Json] | BadRecord]:
    for row in rows:
        if isinstance(row, BadRecord):
            thread = [
                (row.place, post) for post in json.as_list(row.value) if isinstance(post, dict)
            ]
            yield from () if thread else [row]
        else:
            thread = [row]
        for place, document in thread:
            yield place, document
            if not _ANSWERS.isdisjoint(document):
                yield from ((place, answer) for answer in _answers_in(document, is_post, depth=20))


def _answers_in(
    document: json.Json, is_post: Callable[[json.Json], bool], depth: int
) -> Iterator[json.Json]:
    for name in ANSWERS:
        inner = document.get(name)
        if isinstance(inner, dict):
            are_under_ids = all(isinstance(each, dict) for each in inner.values())
            rows = ({"id": key, **json.as_object(each)} for key, each in inner.items())
            inner = [*rows] if are_under_ids else _items_of(inner)
        for answer in inner if isinstance(inner, list) and depth else ():
            if isinstance(answer, dict) and is_post(answer):
                yield answer
                yield from _answers_in(answer, is_post, depth - 1)


def _read_mongo(source: Source, options: records.ReadOptions) -> records.RecordStream | None:
    """Return the posts of many authors; protected accounts of X only on request."""
    documents = json.first_documents(source)
    inner = (value for each in documents for value in each.values() if isinstance(value, dict))
    if not (any("_id" in each for each in documents) or any(map(_wrapper_of, inner))):
        return None
    reader = RowReader([_row(document) for document in documents], options, is_table=False)
    has_text = any(reader.has_text(_row(document)) for document in documents)
    if not (has_text or reader.asks_for_text):
        return None
    reader.ask(source.notes)

    def read_one(document: json.Json, place: int) -> records.Item:
        row = _row(document)
        if not (is_v1(document) or is_v2(document)):
            return reader.read(row, place)
        plain = {key: _unwrapped(value) for key, value in document.items()}
        status = read_status(plain, place, notes=source.notes)
        if isinstance(status, records.Record) and not status.source_id:
            return msgspec.structs.replace(status, source_id=as_id(row.get("_id")))
        return status

    items = reader.noting(
        records.read_each(json.objects(source), read_one),
        source.notes,
        lambda: map(_row, readable(json.objects(source.uncounted))),
    )
    return records.RecordStream(
        MONGO.name,
        json.unit_of(source),
        None,
        items,
        is_chat=reader.is_of_chats,
        is_export=reader.is_export,
    )


def _row(document: json.Json) -> json.Json:
    """Return the fields without wrappers; a `source_id`, even null, excludes `_id`."""
    return {
        key: _unwrapped(value)
        for key, value in document.items()
        if key != "_id" or "source_id" not in document
    }


def _wrapper_of(value: json.Json) -> str | None:
    name = next(iter(value), "")
    return name if name in _WRAPPERS and len(value) == 1 else None


def _unwrapped(value: object) -> object:
    if isinstance(value, list):
        return [_unwrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    if (name := _wrapper_of(value)) is None:
        return {key: _unwrapped(item) for key, item in value.items()}
    try:
        return _plain(name, value[name])
    except (ValueError, OverflowError):
        return value


def _plain(name: str, value: object) -> object:
    """Return a wrapper's value. Raises ValueError or OverflowError."""
    match name, value:
        case ("$oid" | "$uuid" | "$date", str()):
            return value
        case ("$binary", {"base64": str() as data}):
            return data  # Of a UUID, which may be the id.
        case ("$timestamp", {"t": int() as seconds}):
            return (EPOCH + timedelta(seconds=seconds)).isoformat()
        case ("$date", (int() as since) | {"$numberLong": (str() | int()) as since}):
            return (EPOCH + timedelta(milliseconds=int(since))).isoformat()
        case ("$numberInt" | "$numberLong", str() | int()):
            return int(value)
        case ("$numberDecimal", str()) if value.lstrip("-").isdecimal():
            return int(value)  # A long id has more digits than a float keeps.
        case ("$numberDouble" | "$numberDecimal", str() | int() | float()):
            return float(value)
    raise ValueError


def _mongo_lines(posts: Mapping[int, records.ExportedPost]) -> bytes:
    dates = {key: post.created_at and {"$date": post.created_at} for key, post in posts.items()}
    documents = (
        {"_id": key, **msgspec.structs.asdict(post), "created_at": dates[key]}
        for key, post in posts.items()
    )
    return json_lines(_encoder.encode_lines(documents))


JSONL: Final = records.Format(
    "jsonl",
    Message("JSON lines"),
    _read_lines,
    records.Writer(
        *("jsonl", CONTENT_TYPE, b""),
        lambda posts: json_lines(_encoder.encode_lines(posts.values())),
    ),
    is_in_order=False,
)
MONGO: Final = records.Format(
    "mongo",
    Message("MongoDB, or an array of JSON objects"),
    _read_mongo,
    records.Writer("json", CONTENT_TYPE, b"", _mongo_lines),
    is_in_order=False,
)

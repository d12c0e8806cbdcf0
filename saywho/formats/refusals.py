"""Why a file is not read: apps that are known and not read, and reasons by a file's look."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple

from saywho.errors import FileError, Message
from saywho.formats.chats.irc import is_log
from saywho.formats.source.file import Content, Source, bare_head, head, is_hidden
from saywho.formats.source.json import first_documents, too_long_at_first
from saywho.formats.source.text import first_lines, form_of
from saywho.formats.tables.cells import printable_name

_LOOKED_AT: Final = 20
"""Files of a folder or archive that are looked at."""
_TEXTS: Final = (".json", ".jsonl", ".ndjson", ".xml", ".txt", ".csv", ".arff")

_TEXT: Final = Message(
    "save each work as plain text, `Author_Title.txt`, in one folder, and import that folder"
)


class KnownFile(NamedTuple):
    name: str
    """Common name of the file, the same in all languages."""
    marks: tuple[str, ...]
    """Parts that the file's beginning has without blanks, all of them."""
    way: Message
    """Way to posts or chats that can be read."""
    signs: str = ""
    """Possible first signs: the words of people in a chat may have the marks, too."""


KNOWN: Final = (
    KnownFile(
        "Gemini",
        ('"header":"GeminiApps"', '"products":['),
        Message("convert it to JSON of ChatLab, which saywho reads"),
        "[",
    ),
    KnownFile("Evernote", ("<en-export",), _TEXT, "<"),
    KnownFile("EPUB", ("opendocument:xmlns:container",), _TEXT, "<"),
    KnownFile(
        "JSON Feed",
        ('"version":"http', "jsonfeed.org"),
        Message("the site's RSS or Atom feed can be followed", choice="follow"),
        "{",
    ),
    KnownFile(
        "PAN",
        ('"pair":["',),
        Message("write a JSON object for each text, with the fields `username` and `text`"),
        "{",
    ),
    KnownFile(
        "Weka (ARFF)",
        ("@relation", "@attribute"),
        Message("save it as CSV there, and import that file"),
        "@%",
    ),
)
"""The first that fits counts."""


def known_file(source: Source) -> Message | None:
    """Return the refusal of a known file that is not read; None for any other."""
    for content in islice(_contents(source), _LOOKED_AT):
        with suppress(FileError):
            bare = bare_head(content)
            for known in KNOWN:
                if bare[:1] in known.signs and all(mark in bare for mark in known.marks):
                    return _sentence(known)
    return None


def _contents(source: Source) -> Iterator[Content]:
    if not source.has_members:
        return iter([source])
    return source.contents(lambda name: name.lower().endswith(_TEXTS) and not is_hidden(name))


def _sentence(known: KnownFile) -> Message:
    return Message(
        "it is an export of {app}, which saywho cannot read; {way}", app=known.name, way=known.way
    )


_MOST_LINES: Final = 40
_MOST_FIELDS: Final = 5
_OFFICE: Final = {
    "xl/workbook.bin": Message("it is a binary workbook (.xlsb); save it as a workbook (.xlsx)"),
    "word/document.xml": Message("it is a Word document; save it as plain text and import that"),
    "content.xml": Message("it is an OpenDocument file; save it as CSV or as plain text"),
}
_BINARY: Final = Message(
    "it is a {kind} file, which contains no text that saywho can read; export the"
    " posts or chats from the app as JSON, CSV or text"
)
_BY_BEGINNING: Final = {
    b"\x28\xb5\x2f\xfd": Message(
        "it is packed by Zstandard, as dumps of Reddit are; unpack it with `zstd -d -M2048MB"
        " {name}`, and import the file that this makes"
    ),
    b"PAR1": Message(
        "it is a table of Parquet, which saywho reads if pyarrow is installed beside it; or write"
        ' it as JSON lines, in pandas with `pd.read_parquet("FILE").to_json("posts.jsonl",'
        ' orient="records", lines=True)`, and import that file'
    ),
    b"ARROW1": Message(
        "it is a table of Arrow, which saywho cannot read; write it as JSON lines, in pandas with"
        ' `pd.read_feather("FILE").to_json("posts.jsonl", orient="records", lines=True)`, and'
        " import that file"
    ),
    b"\xd0\xcf\x11\xe0": Message(
        "it is a file of old Microsoft Office, such as .xls, or it has a password; save it as a"
        " workbook (.xlsx) without a password, or the sheet as “CSV UTF-8”"
    ),
    **{
        beginning: Message(_BINARY.template, kind=kind)
        for beginning, kind in (
            *((b"%PDF", "PDF"), (b"SQLite format 3", "SQLite"), (b"{\\rtf", "RTF")),
            *((b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF")),
            *((b"Rar!", "RAR"), (b"7z\xbc\xaf", "7z"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz")),
            (b"bplist", "property list"),
        )
    },
}
"""Reasons by the first bytes of a file; `name` is its name."""
_BSON: Final = re.compile(rb".{3}\x00[\x01-\x13][\w.$]{1,60}\x00", re.DOTALL)
"""A document's size, and its first field's type and name."""
_JSON: Final = re.compile(
    r"\ufeff?\s*(?:\{\s*(?:[\"}]|\Z)"
    r"|\[\s*(?:[\[{\"\]]|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?\s*[,\]]|(?:true|false|null)\b|\Z))",
    re.IGNORECASE,
)
_PRINTED_BY_PYTHON: Final = re.compile(r"\ufeff?\s*(?:\[\s*)?\{\s*u?'[^'\n]{0,100}'\s*:")
_MARKUP: Final = re.compile(r"\ufeff?\s*<(?:\?xml|!doctype|!--|[a-z][\w:.-]*[\s>/])", re.IGNORECASE)
_FEED: Final = re.compile(r"<(?:rss|feed|rdf:rdf)[\s>]", re.IGNORECASE)
_SUBTITLE: Final = re.compile(r"\d\d:\d\d:\d\d[,.]\d{3} --> \d\d:\d\d:\d\d[,.]\d{3}")
_PLAIN_TEXT: Final = Message(
    "it is text without dated lines of a chat and without named columns. If "
    "it is a chat, export it again. If it has posts, put them into a CSV "
    "table with the first row `username,created_at,text`. If it is a single "
    "text, put it into a folder or a zip with texts by other people, named "
    "`Author_Title.txt` or in a folder for each author"
)
_DATED: Final = re.compile(
    r"[\s\[(\u200e\u200f\u202a-\u202c\ufeff]*(?:[^\W\d]{1,12}[.,]?\s)?"
    r"(?:\d{1,4}\s?[./年년-]\s?\d{1,2}\s?[./月월-]?\s?\d{0,4}|\d{1,2}\s?[:.時시]\s?\d\d"
    r"|[^\W\d]{1,12}\s\d{1,2}|\d{1,2}\s[^\W\d]{3,12}).{0,40}?(?:[:：;\t]|\s-\s)"
)
"""Beginning of a line with a date or time, then a name or text."""


def looks_like_json(content: Content) -> bool:
    """Return whether a file begins as JSON does; a chat may also begin with a bracket."""
    first = first_lines(content)
    return bool(first) and _JSON.match("".join(first[:3])) is not None


def looks_like_chat(content: Content) -> bool:
    return bool(_dated(first_lines(content)[:_MOST_LINES]))


def _dated(lines: list[str]) -> list[str]:
    dated = [line for line in lines if _DATED.match(line)]
    # A chat begins with a date; its messages may be long.
    least = len(lines) / (8 if dated[:1] == lines[:1] else 4)
    return dated if len(dated) >= max(2, least) else []


def is_plain_text(content: Content) -> bool:
    """Return whether a file is text without any known structure, such as a novel, or blank."""
    with suppress(FileError):
        if (reason := _reason_of_bytes(content)) is None:
            lines = first_lines(content)[:_MOST_LINES]
            reason = _reason_of_text(content, lines)
            return reason in (None, _PLAIN_TEXT) and not is_log(lines)
    return False


def reason_of(content: Content) -> Message | None:
    """Return a file's apparent type and the nearest format, if it shows either."""
    with suppress(FileError):
        if (reason := _reason_of_bytes(content)) is not None:
            return reason
        reason = _reason_of_text(content, first_lines(content)[:_MOST_LINES])
        return reason and _with_encoding(reason, content)
    return None


def _reason_of_bytes(content: Content) -> Message | None:
    start = head(content, 1024)
    for beginning, reason in _BY_BEGINNING.items():
        if start.startswith(beginning):
            return Message(reason.template, **reason.values, name=content.name)
    if _BSON.match(start):
        return Message(
            "it is BSON, as mongodump writes it; export with mongoexport and import that file"
        )
    if b"\0" in start and not form_of(content).encoding.codec.startswith("utf-16"):
        return Message(
            "it contains no text; export the posts or chats from the app as JSON, CSV or text"
        )
    return None


def reason_of_archive(source: Source) -> Message:
    if (known := known_file(source)) is not None:
        return known
    names = sorted(source.members)
    for member, reason in _OFFICE.items():
        if member in names:
            return reason
    ends = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".txt", ".md", ".js", ".xml")
    data = [name for name in names if name.lower().endswith(ends) and not is_hidden(name)]
    if data and all(name.lower().endswith((".txt", ".md")) for name in data):
        return Message(
            "its texts (.txt) are no chats, and the names of its files and folders name no authors;"
            " name the files `Author_Title.txt`, or put them into a folder for each author, or"
            " enter the name if one author wrote all of them",
            choice="username",
        )
    if packed := [name for name in names if name.lower().endswith(".zip")]:
        return Message(
            "it contains another archive: {files}. Unpack it and import that archive",
            files=_listed(packed),
        )
    if data:
        return Message(
            "it does not look like a download of a known app; it contains {files}. Unpack it and "
            "import each of these files by itself",
            files=_listed(data),
        )
    if any(name.lower().endswith((".html", ".htm")) for name in names):
        return Message(
            "it contains web pages (HTML); if the app can also export JSON, CSV or text, import"
            " that"
        )
    return Message("it contains no text files such as .json, .csv or .txt")


def _listed(names: Iterable[str], longest: int = 100) -> str:
    """Return the first names, cut, without half surrogate pairs."""
    first = (name[:longest] for name in islice(names, _MOST_FIELDS))
    return printable_name(", ".join(first))


def _reason_of_text(content: Content, lines: list[str]) -> Message | None:
    if not lines:
        return None
    if _MARKUP.match("".join(lines[:3])):
        if _FEED.search("".join(lines)):
            return Message("it is a feed, which can be followed", choice="follow")
        return Message(
            "it is HTML or XML of an app that saywho does not know; if the app can also export"
            " JSON, CSV or text, import that"
        )
    if _PRINTED_BY_PYTHON.match("".join(lines[:3])):
        return Message(
            "it contains objects as Python prints them, with single quotes, and not JSON; write"
            " them with `json.dumps` and import that file"
        )
    if looks_like_json(content):
        return _reason_of_json(content)
    if any(_SUBTITLE.match(line) for line in lines):
        return Message(
            "it has the subtitles of a film, which have no dates; put them into a "
            "CSV table with the first row `username,text`"
        )
    if dated := _dated(lines):
        return Message(
            "it looks like a chat in text form, but of an unknown app or date format: {count}"
            " of the first {total} lines start like {shape}. If the app can export JSON, import"
            " that (if not, send this sentence to saywho's project)",
            count=len(dated),
            total=len(lines),
            shape=_shape_of(dated[0].strip()[:40]),
        )
    return _PLAIN_TEXT


def _shape_of(line: str) -> str:
    """Return a line with its letters and digits masked; what nobody sees is written out."""
    shape = re.sub(r"\d", "0", re.sub(r"[가-힣]", "가", re.sub(r"[^\W\d_가-힣]", "x", line)))
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shape)


def _reason_of_json(content: Content) -> Message | None:
    documents = first_documents(content)
    if not documents:
        if (fault := too_long_at_first(content)) is not None:
            return Message(
                "it is JSON with a first object that is too long to be read: {fault}; "
                "write an object for each post",
                fault=fault,
            )
        return Message(
            "it is JSON, but contains no objects; write an object for each post, with the fields"
            " `username`, `created_at` and `text`"
        )
    if _has_columns(documents[0]):
        return Message(
            "it is JSON with its values by column; write an object for each post instead, in"
            ' pandas with `orient="records"`'
        )
    if _has_texts_under_keys(documents[0]):
        return Message(
            "it is JSON with texts under keys, but without authors and times, such as a file of"
            " translations. If the texts are posts, give each a `username` and a `created_at`, or"
            " enter the name if one author wrote all of them",
            choice="username",
        )
    return Message(
        "it is JSON, but the fields of its first object do not include a text field such"
        " as `text` or `content`; they are {fields}. If one has the texts, choose it, or export the"
        " chat or posts in another format",
        choice="text",
        fields=_listed(_inner(documents[0]), 40) or "{}",
    )


def _inner(document: Mapping[str, object]) -> Mapping[str, object]:
    """Return the first of the objects inside of a document that has nothing else."""
    lists = [value for value in document.values() if isinstance(value, list) and value]
    inner = [*document.values()] if len(document) > 1 else []
    for values in (*lists[:1], inner):
        objects = [value for value in values if isinstance(value, dict)]
        if objects and len(objects) == len(values):
            return objects[0]
    return document


def _has_columns(document: Mapping[str, object]) -> bool:
    lists = [value for value in document.values() if isinstance(value, list)]
    if "columns" in document and isinstance(document.get("data"), list):
        return True
    return len(lists) > 1 and len(lists) == len(document) and len({*map(len, lists)}) == 1


def _has_texts_under_keys(document: Mapping[str, object]) -> bool:
    return len(document) > 1 and all(
        isinstance(value, dict) and isinstance(value.get("text", value.get("content")), str)
        for value in document.values()
    )


def _with_encoding(reason: Message, content: Content) -> Message:
    encoding = form_of(content).encoding
    if encoding.evidence is None:
        return reason
    return Message(
        "{reason}; it was read as {encoding}, which may be wrong",
        choice="encoding",
        reason=reason,
        encoding=encoding.codec.removesuffix("-sig"),
    )

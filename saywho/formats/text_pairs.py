"""Pairs of texts with their authors in a second file, as in PAN's data for verification since 2020.

`pairs.jsonl` has `{"id", "pair": [text, text]}` on each line, and `truth.jsonl` has `{"id",
"authors": [name, name]}`. Source: https://pan.webis.de/clef23/pan23-web/author-identification.html.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Final

from saywho.errors import Message, RecordError, UnrecognisedFileError, message_of
from saywho.formats.reading import BadRecord, required_text
from saywho.formats.records import Item, Record, RecordStream, by_author
from saywho.formats.source.file import Content, Source, is_hidden
from saywho.formats.source.json import Json, as_word, first_documents, objects

Authors = tuple[str, str]
NO_AUTHORS: Final = Message(
    "it has pairs of texts without their authors; import the folder or a "
    "zip that also contains the file with the field `authors`, such as "
    "truth.jsonl"
)


def is_of_pairs(content: Content) -> bool:
    return any(_pair_of(document) for document in first_documents(content)[:1])


def read_pairs(source: Source, format_name: str) -> RecordStream | None:
    """Return the texts of an archive's pairs. Raises UnrecognisedFileError without authors."""
    found = source.contents(lambda name: name.lower().endswith(".jsonl") and not is_hidden(name))
    pairs, truths = list[Content](), list[Content]()
    for content in found:
        if is_of_pairs(content):
            pairs.append(content)
        elif any(map(_authors_of, first_documents(content)[:1])):
            truths.append(content)
    if not pairs:
        return None
    if not truths:
        raise UnrecognisedFileError("{fault}: {note}", fault=source.name, note=NO_AUTHORS)
    source.take([*pairs, *truths])
    return RecordStream(format_name, "record", None, _items(pairs, truths))


def _items(pairs: list[Content], truths: list[Content]) -> Iterator[Item]:
    authors: dict[str, Authors] = {}
    for content in truths:
        for _, document in _documents(content):
            key, both = as_word(document.get("id")), _authors_of(document)
            if key and both:
                authors[key] = both
    place = 0
    for content in pairs:
        for bad, document in _documents(content):
            if bad is not None:
                place += 1
                yield BadRecord(place, bad.detail, bad.value)
                continue
            both = authors.get(as_word(document.get("id")) or "")
            for number, text in enumerate(_pair_of(document)):
                place += 1
                yield _text_of(text, place, both[number] if both else None)


def _documents(content: Content) -> Iterator[tuple[BadRecord | None, Json]]:
    for found in objects(content):
        yield (found, {}) if isinstance(found, BadRecord) else (None, found[1])


def _text_of(text: str, place: int, author: str | None) -> Item:
    try:
        # A text is in several pairs, and has no id.
        digest = blake2b(required_text(text).encode(), digest_size=8).hexdigest()
    except RecordError as error:
        return BadRecord(place, message_of(error))
    if author is None:
        return BadRecord(place, Message("no file names the authors of this pair"))
    return by_author(Record(place=place, text=text, source_id=digest), author)


def _pair_of(document: Mapping[str, object]) -> tuple[str, ...]:
    match document.get("pair"):
        case [str() as first, str() as second]:
            return first, second
    return ()


def _authors_of(document: Mapping[str, object]) -> Authors | None:
    match document.get("authors"):
        case [str() | int() as first, str() | int() as second]:
            return str(first), str(second)
    return None

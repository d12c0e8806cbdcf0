"""The reasons of an import: stored with their values, shown by answers and pages."""

from app.errors import Message
from app.models import ImportJob
from app.services.imports.report import (
    BulkError,
    ImportFault,
    encode_errors,
    errors_of,
    facts,
    with_failure,
)

FAULT = Message("not valid {encoding}", encoding="UTF-8")
LINE = Message("the line is {fault}", fault=FAULT)


def job(errors: bytes) -> ImportJob:
    names = ("id", "bytes_read", "bytes_total", "accepted", "duplicates", "rejected")
    numbers = dict.fromkeys((*names, "reposts", "restricted"), 0)
    words = {"state": "done", "format": "csv", "file_name": "posts.csv"}
    return ImportJob(**numbers, **words, errors=errors)


def test_reasons_come_back_with_their_places_and_all_their_values() -> None:
    stored = job(with_failure(encode_errors([BulkError(3, LINE)]), FAULT))
    assert facts(stored).errors == [
        ImportFault("not valid UTF-8"),
        ImportFault("the line is not valid UTF-8", 3),
    ]
    found = [error.detail for error in errors_of(stored)]
    assert found == [FAULT, LINE]
    assert isinstance(found[1], Message)
    assert found[1].template == LINE.template
    inner = found[1].values["fault"]
    assert isinstance(inner, Message)
    assert (inner.template, inner.values) == (FAULT.template, FAULT.values)


def test_rows_of_earlier_versions_have_their_english_sentences() -> None:
    (error,) = errors_of(job(b'[{"record": 2, "detail": "no text", "message": "", "values": {}}]'))
    assert error == ImportFault("no text", 2)
    assert not isinstance(error.detail, Message)

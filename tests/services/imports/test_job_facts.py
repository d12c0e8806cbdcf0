"""The reasons of an import: stored with their values, shown by answers and pages."""

import json

import pytest

from app.errors import Message
from app.models import ImportJob
from app.services.imports.bulk import BulkError
from app.services.imports.facts import ImportFault, details, encode_errors, facts, with_failure

FAULT = Message("not valid {encoding}", encoding="UTF-8")
LINE = Message("the line is {fault}", fault=FAULT)


def job(errors: bytes, detail: str | None = None) -> ImportJob:
    names = ("id", "bytes_read", "bytes_total", "accepted", "duplicates", "rejected")
    numbers = dict.fromkeys((*names, "reposts", "restricted"), 0)
    words = {"state": "done", "format": "csv", "file_name": "posts.csv"}
    return ImportJob(**numbers, **words, errors=errors, detail=detail)


def test_answers_show_places_and_sentences_alone() -> None:
    stored = with_failure(encode_errors([BulkError(3, LINE)]), FAULT)
    assert facts(job(stored, str(FAULT))).errors == [
        ImportFault("not valid UTF-8"),
        ImportFault("the line is not valid UTF-8", 3),
    ]


def test_pages_get_back_the_messages_with_all_their_values() -> None:
    stored = with_failure(encode_errors([BulkError(3, LINE)]), FAULT)
    found = [error.detail for error in details(job(stored, str(FAULT))).errors]
    assert found == [FAULT, LINE]
    templates = [message.template for message in found if isinstance(message, Message)]
    assert templates == [FAULT.template, LINE.template]
    assert isinstance(found[1], Message)
    inner = found[1].values["fault"]
    assert isinstance(inner, Message)
    assert (inner.template, inner.values) == (FAULT.template, FAULT.values)


@pytest.mark.parametrize("show", [facts, details])
def test_rows_of_earlier_versions_have_their_english_sentences(show: object) -> None:
    assert callable(show)
    errors = [{"record": 2, "detail": "unreadable time 'soon'"}]
    shown = show(job(json.dumps(errors).encode(), "posts.csv is damaged")).errors
    faults = [ImportFault("posts.csv is damaged"), ImportFault("unreadable time 'soon'", 2)]
    assert shown == faults
    assert not any(isinstance(error.detail, Message) for error in shown)

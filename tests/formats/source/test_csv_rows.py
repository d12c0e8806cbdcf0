"""Rows put together from lines, beside the csv module as the reference."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Message
from app.formats.csv import read_rows
from app.formats.records import BrokenFileError
from app.formats.source.lines import Line


def rows_of(text: str, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    lines = (Line(number, line) for number, line in enumerate(io.StringIO(text, "\n"), start=1))
    return [(row.number, row.fields) for row in read_rows(lines, delimiter)]


FIELDS = st.text(st.sampled_from('ab",;\n\r\t| 가😀'))


@given(st.lists(st.lists(FIELDS, min_size=1, max_size=4)), st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read_alike(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    found = [fields for _, fields in rows_of(file.getvalue(), delimiter)]
    assert found == [row for row in rows if any(row)]


@given(st.text(st.sampled_from('ab",\n')))
def test_anything_is_read_as_the_csv_module_reads_it(text: str) -> None:
    expected = [row for row in csv.reader(io.StringIO(text, "\n")) if any(row)]
    try:
        found = [fields for _, fields in rows_of(text)]
    except BrokenFileError:
        assert text.count('"') > 0
    else:
        assert found == expected


def test_a_fault_in_one_line_is_the_fault_of_its_row() -> None:
    lines = [
        Line(1, '"a\n'),
        Line(2, "b\n", Message("not valid UTF-8")),
        Line(3, 'c",d\n'),
        Line(4, "e,f"),
    ]
    rows = list(read_rows(lines, ","))
    assert [(row.number, row.fault) for row in rows] == [
        (1, "the row is not valid UTF-8"),
        (4, None),
    ]


def test_many_quoted_lines_take_time_in_proportion() -> None:
    text = '"' + "\n" * 900_000 + '",b\n'
    assert rows_of(text) == [(1, ["\n" * 900_000, "b"])]


def test_an_endless_row_is_refused() -> None:
    with pytest.raises(BrokenFileError, match="line 1: the row is longer than 1 MB"):
        rows_of('"' + "word\n" * 250_000)

"""`make neighbours` reads the table that it compares its runs with."""

from typing import Final

from tests.neighbours.__main__ import DOCUMENT
from tests.neighbours.tables import NEIGHBOURS, Row, documented

TEXT: Final = DOCUMENT.read_text()


def test_each_row_of_the_document_is_read_and_found_again() -> None:
    rows = documented(TEXT)
    assert len(rows) > 100
    assert {each.name for each in NEIGHBOURS} <= {row.program for row in rows}
    for row in rows:
        assert str(row) in TEXT.splitlines()
        assert row._replace(version="0").is_in(rows)
        assert not row._replace(kept="otherwise").is_in(rows)


def test_a_row_that_no_table_has_is_other() -> None:
    assert not Row("pandas", "3.1.1", "by post", "whole", "").is_in(documented(TEXT))

"""The places that `make test` leaves out, and those that it runs all the same, are there."""

import pytest

from tests.installation import ROOT
from tests.selection import LATER, SOONER


@pytest.mark.parametrize("start", [*LATER, *SOONER])
def test_a_place_of_the_selection_holds_tests(start: str) -> None:
    path, _, name = start.partition("[")[0].partition("::")
    place = ROOT / path
    modules = [place] if place.is_file() else list(place.rglob("test_*.py"))
    assert any(f"def {name or 'test_'}" in module.read_text() for module in modules), start

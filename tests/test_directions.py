"""Imports run one way: downwards in the table of `docs/design.md`."""

from typing import Final

from tests import house

BELOW_QUART: Final = frozenset(
    {"clock", "compute", "db", "embedders", "errors", "formats", "memo", "models", "services"}
)
SERVER_PACKAGES: Final = frozenset({"hypercorn", "quart", "werkzeug"})


def test_every_import_runs_downwards() -> None:
    assert house.upward_imports() == []


def test_services_and_all_below_them_know_no_web_framework() -> None:
    found = [each for each in house.imports() if each.source in BELOW_QUART]
    assert [each for each in found if each.target in SERVER_PACKAGES] == []


def test_the_table_names_every_package() -> None:
    assert set(house.floors()) == {house.room_of(path) for path in house.sources()}

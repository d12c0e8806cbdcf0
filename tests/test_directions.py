"""One of each: imports run downwards in the table of `docs/design.md`, time has one source."""

import re
from typing import Final

import pytest

from app import part_list
from tests import house

BELOW_QUART: Final = frozenset(
    {"db", "drawing", "embedders", "errors", "models", "runtime", "services"}
)
SERVER_PACKAGES: Final = frozenset({"hypercorn", "quart", "werkzeug"})


def test_every_import_runs_downwards() -> None:
    assert house.upward_imports() == []


def test_the_core_imports_no_part_and_a_part_those_alone_that_it_names() -> None:
    assert house.imports_of_parts() == []
    assert {path.parent.name for path in house.APP.glob("parts/*/part.py")} == {*part_list.names()}


def test_every_import_inside_services_runs_downwards() -> None:
    subjects = {subject for subject, _ in house.inner_modules("services")}
    assert house.inner_floors("services").keys() == subjects
    assert house.upward_inner_imports("services") == []


@pytest.mark.parametrize("package", ["views", "saywho/formats"])
def test_every_import_between_folders_runs_downwards(package: str) -> None:
    modules = house.inner_modules(package)
    folders = {subject for subject, path in modules if path.parent.name != package}
    assert house.inner_floors(package).keys() == folders
    assert house.upward_inner_imports(package) == []


def test_no_package_reaches_itself() -> None:
    assert house.circle() == []


def test_no_two_modules_import_each_other() -> None:
    assert house.rings() == []


def test_no_public_class_name_stands_twice() -> None:
    assert house.repeated_classes() == {}


def test_what_is_alike_is_one_struct() -> None:
    assert house.repeated_structs() == []


def test_no_field_has_the_name_of_its_type() -> None:
    assert house.self_named_fields() == []


def test_pages_say_nothing_behind_their_back() -> None:
    assert house.values_in_g() == []
    assert house.untyped_contexts() == []


def test_the_house_is_within_its_limits() -> None:
    counts = house.limited()
    assert counts.keys() == house.LIMITS.keys()
    assert [name for name, count in counts.items() if count > house.LIMITS[name]] == []


def test_few_functions_have_many_parameters() -> None:
    # Two add to the parameters of `add_url_rule`, one is `saywho.read`, one the edge.
    assert len(house.long_signatures()) <= 8, house.long_signatures()


def test_no_module_has_state() -> None:
    assert house.state_at_import() == []


def test_services_and_all_below_them_know_no_web_framework() -> None:
    imports = [each for each in house.imports() if each.source in BELOW_QUART or _of_library(each)]
    assert [each for each in imports if each.target in SERVER_PACKAGES] == []


def test_the_library_imports_nothing_of_the_site() -> None:
    assert [each for each in house.imports() if _of_library(each) and not _is_below(each)] == []


OF_A_SITE: Final = re.compile(
    r"(?<![\w-])--[a-z]|(?:^|[\s(`“])/[a-z]|\bthis site\b|\bthe import starts\b"
    r"|\bsaywho [a-z]+ [a-z]+ [A-Z-]"
)
"""Options, paths of pages, commands, and what only a site has."""


def test_no_sentence_of_the_library_knows_a_site() -> None:
    assert [
        text
        for path, tree in house.trees().items()
        if path.is_relative_to(house.LIBRARY)
        for text in house.sentences(tree)
        if OF_A_SITE.search(text)
    ] == []


def _of_library(each: house.Import) -> bool:
    return each.source.startswith("saywho/")


def _is_below(each: house.Import) -> bool:
    return not each.is_ours or each.target.startswith("saywho/")


def test_the_table_names_every_package() -> None:
    packages = {house.room_of(path) for path in house.sources()}
    assert set(house.floors()) == packages, "docs/design.md, Packages: a row for each package"


SOURCES_OF_TIME: Final = re.compile(
    r"\btime\.(time|monotonic|perf_counter)(_ns)?\(|datetime\.(now|today)\b|from time import"
)
OPENS: Final = re.compile(r"sqlite3\.connect\([^\"]|asyncpg\.connect\(")


def test_time_comes_from_one_clock() -> None:
    assert _files_with(SOURCES_OF_TIME) == {"saywho/clock.py"}


def test_connections_come_from_one_factory_for_each_database() -> None:
    assert _files_with(OPENS) == {"app/db/postgresql/connection.py", "app/db/sqlite/connection.py"}


def _files_with(pattern: re.Pattern[str]) -> set[str]:
    return {
        path.relative_to(house.ROOT).as_posix()
        for path, text in house.sources().items()
        if pattern.search(text)
    }

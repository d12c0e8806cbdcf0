"""The tests that `make near` runs for a change."""

import pytest

from tests.near import ELSEWHERE, near, without_nested


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("app/parts/portraits/author.py", {"tests/parts/portraits"}),
        ("app/parts/quiz/templates/quiz/quiz.html", {"tests/parts/quiz"}),
        ("saywho/formats/chats/line.py", {"tests/formats"}),
        ("app/views/imports/pages.py", {"tests/views/imports"}),
        ("app/templates/imports/imports.html", {"tests/views/imports"}),
        ("app/templates/base.html", {"tests/views"}),
        ("app/config.py", {"tests/test_config.py"}),
        ("app/drawing/png.py", {*ELSEWHERE["app/drawing"]}),
        ("docs/api.md", {"tests/test_docs.py", "tests/guide"}),
        ("README.md", {"tests/test_docs.py", "tests/guide"}),
        ("tests/views/test_cast.py", {"tests/views/test_cast.py"}),
        ("tests/formats/files.py", {"tests/formats"}),
        ("tests/test_config.py", {"tests/test_config.py"}),
        ("tests/conftest.py", set()),
        ("pyproject.toml", set()),
    ],
)
def test_the_tests_near_a_file(path: str, places: set[str]) -> None:
    assert near(path) == places


def test_a_folder_inside_another_is_not_named_twice() -> None:
    assert without_nested(["tests/views/imports", "tests/views", "tests/viewed"]) == [
        "tests/viewed",
        "tests/views",
    ]

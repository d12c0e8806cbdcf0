"""What docs/from-flask.md quotes stands in the program, and both languages show the same."""

import re

import pytest

from app.config import Config, ConfigError

from .snippets import GUIDES, ROOT, Snippet, snippets

QUOTED = [each for each in snippets(GUIDES[0]) if each.file]


@pytest.mark.parametrize("quoted", QUOTED, ids=[f"{q.section}-{q.file}" for q in QUOTED])
def test_what_is_quoted_stands_in_its_file(quoted: Snippet) -> None:
    assert quoted.file
    assert quoted.code in (ROOT / quoted.file).read_text()


def test_each_piece_of_code_is_quoted_or_run() -> None:
    loose = [each for each in snippets(GUIDES[0]) if not each.file and not each.framework]
    # Of the session and of the settings; test_pairs.py runs them.
    assert [each.section for each in loose] == [8, 12]


def test_both_languages_show_the_same_code() -> None:
    english, korean = map(snippets, GUIDES)
    assert english == korean


def skeleton(guide: str) -> list[str]:
    """Return what a translation leaves as it is: levels of headings, rows, items, quoted output."""
    lines = (ROOT / guide).read_text().splitlines()
    return [found[0] for line in lines if (found := re.match(r"#+ |\||- |[0-9]\. |```", line))]


def test_both_languages_have_the_same_parts() -> None:
    english, korean = map(skeleton, GUIDES)
    assert english == korean


@pytest.mark.parametrize("guide", GUIDES)
def test_the_error_of_a_misspelt_setting_is_the_program_s(guide: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_env({"SAYWHO_DATABSE_URL": "sqlite+aiosqlite:///x.db"})
    assert f"saywho: {caught.value}\n" in (ROOT / guide).read_text()


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))
)
def test_files_that_a_page_names_exist(page: str) -> None:
    for name in re.findall(
        r"`((?:app|tests|examples|benchmarks)/[\w/.-]*)`", (ROOT / page).read_text()
    ):
        assert (ROOT / name).exists(), name

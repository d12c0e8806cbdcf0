"""What docs/from-flask.md quotes stands in the program, and both languages show the same."""

import pytest

from app.config import Config, ConfigError

from .snippets import GUIDES, ROOT, Snippet, snippets

QUOTED = [snippet for snippet in snippets(GUIDES[0]) if snippet.file]


@pytest.mark.parametrize("quoted", QUOTED, ids=[f"{q.section}-{q.file}" for q in QUOTED])
def test_quoted_code_stands_in_its_file(quoted: Snippet) -> None:
    assert quoted.file
    assert quoted.code in (ROOT / quoted.file).read_text()


def test_each_piece_of_code_is_quoted_or_run() -> None:
    loose = [
        snippet for snippet in snippets(GUIDES[0]) if not snippet.file and not snippet.framework
    ]
    # Of the session and of the settings; test_pairs.py runs them.
    assert [each.section for each in loose] == [8, 12]


def test_both_languages_show_the_same_code() -> None:
    english, korean = map(snippets, GUIDES)
    assert english == korean


@pytest.mark.parametrize("guide", GUIDES)
def test_the_error_of_a_misspelt_setting_is_the_program_s(guide: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_env({"SAYWHO_DATABSE_URL": "sqlite+aiosqlite:///x.db"})
    assert f"saywho: {caught.value}\n" in (ROOT / guide).read_text()

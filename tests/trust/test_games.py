"""A real server, killed in the middle of questions: no answer is lost, none counts twice."""

from pathlib import Path

import pytest

from tests.databases import Databases
from tests.trust.games import run


@pytest.mark.full
@pytest.mark.databases("sqlite", pytest.param("postgresql", marks=pytest.mark.soak))
@pytest.mark.timeout(300)
def test_kills_lose_no_answer_and_no_sum_is_wrong(tmp_path: Path, databases: Databases) -> None:
    questions = {"sqlite": 3, "postgresql": 4}[databases.kind]
    games = run(databases.kind, questions, tmp_path)
    assert sum(games.site.killed.values()) == games.questions == questions
    assert games.answers

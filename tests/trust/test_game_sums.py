"""The second program that sums up a game: what it must say, and what it must not take."""

from pathlib import Path
from subprocess import CalledProcessError

import pytest

from tests.trust.receipts import Receipts, Sum


@pytest.fixture
def receipts(tmp_path: Path) -> Receipts:
    """Three players; two were acknowledged an answer to the first question."""
    receipts = Receipts(tmp_path / "game.jsonl")
    for player in (1, 2, 3):
        receipts.note(joined=player)
    receipts.note(player=1, question=1, username="ferry", ms=1)
    receipts.note(player=2, question=1, username="ferry", ms=20_000)
    return receipts


def test_sums_are_those_of_the_rules(receipts: Receipts) -> None:
    receipts.note(question=1, truth="ferry", seconds=20)
    receipts.note(player=3, question=2, username="museum", ms=0)
    receipts.note(void=2)
    receipts.note(player=1, question=2, username="museum", ms=0)
    receipts.note(question=2, truth="ferry", seconds=20)
    assert receipts.sums() == {1: Sum(999, 1), 2: Sum(500, 2), 3: Sum(0, 3)}
    receipts.note(removed=1)
    assert receipts.sums() == {2: Sum(500, 1), 3: Sum(0, 2)}


def test_two_answers_to_a_question_are_a_fault(receipts: Receipts) -> None:
    receipts.note(player=1, question=1, username="ferry", ms=2)
    with pytest.raises(CalledProcessError):
        receipts.sums()

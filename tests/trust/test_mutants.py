"""The planted bugs: each still has its place, and the tests that `make soak` finds it by."""

import pytest

from tests.house import ROOT
from tests.trust.mutants import MUTANTS
from tests.trust.planting import Mutant, find


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.bug)
def test_a_planted_bug_still_has_its_place(mutant: Mutant) -> None:
    assert mutant.has_its_place
    assert (ROOT / mutant.tests).exists()


@pytest.mark.soak
def test_a_planted_bug_is_found() -> None:
    (mutant,) = (each for each in MUTANTS if each.bug.startswith("a caller gets a value"))
    assert find(mutant)

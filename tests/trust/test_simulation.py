"""What the program promises, under faults that a seed decides, and bugs that must be found."""

import re
from typing import Final

import pytest

from tests.house import ROOT
from tests.trust.mutants import Mutant, find, mutants, planted
from tests.trust.simulation import PROPERTIES, first_failure, run

SEEDS: Final = 50
FOUND_HERE: Final = ("acknowledged_before_the_commit", "an_event_is_sent_again", "the_epoch_stays")
"""Planted bugs that few seeds find; `make soak` finds all of them."""


@pytest.mark.parametrize("name", PROPERTIES)
def test_no_seed_breaks_the_promise(name: str) -> None:
    found = first_failure(name, range(SEEDS))
    if found is not None:
        pytest.fail(f"python -m tests.trust.simulation {name} {found[0]}: {found[1]!r}")


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_seed_takes_the_same_steps_again(name: str) -> None:
    assert run(name, 7) == run(name, 7)


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_planted_bug_still_has_its_place(mutant: Mutant) -> None:
    with planted(mutant):
        assert mutant.property in PROPERTIES


@pytest.mark.parametrize(
    "mutant", [each for each in mutants() if each.name in FOUND_HERE], ids=lambda each: each.name
)
def test_a_planted_bug_is_found(mutant: Mutant) -> None:
    assert find(mutant, seeds=100)


def test_the_documentation_names_each_promise_and_each_planted_bug() -> None:
    page = (ROOT / "docs" / "promises.md").read_text()
    rows = set(re.findall(r"^\| (.+?) \| `(\w+)` \|", page, re.MULTILINE))
    assert {name for _, name in rows} == set(PROPERTIES)
    assert {(each.bug, each.property) for each in mutants()} <= rows
    assert len(rows) == len(PROPERTIES) + len(mutants())

"""The faults that this program really had: each has its place, and a row in the record."""

import pytest

from tests.house import ROOT
from tests.trust.old_faults import OLD_FAULTS, OldFault

RECORD = (ROOT / "docs" / "reliability.md").read_text()


@pytest.mark.parametrize("old", OLD_FAULTS, ids=lambda old: old.fault.bug)
def test_an_old_fault_can_still_be_planted(old: OldFault) -> None:
    assert old.fault.has_its_place
    tests = old.fault.tests.partition("::")[0]
    assert (ROOT / tests).exists()
    assert f"| {old.commit} | `{tests.removeprefix('tests/')}` |" in RECORD

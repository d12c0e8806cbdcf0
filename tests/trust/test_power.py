"""Power cuts: with full durability nothing that was acknowledged is lost."""

from pathlib import Path

import pytest

from tests.trust.power import cut_often


@pytest.mark.timeout(300)
def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    outcome = cut_often(tmp_path, cuts=4)
    assert outcome.acknowledged > 0
    assert not outcome.lost


@pytest.mark.timeout(300)
def test_what_is_not_synced_is_lost(tmp_path: Path) -> None:
    """Otherwise the cuts would prove nothing."""
    assert cut_often(tmp_path, cuts=1, durability="normal").lost

"""Power cuts after which a site must know all that it has acknowledged."""

from pathlib import Path
from random import Random

import pytest

from tests.installation import PROGRAM, Installation
from tests.trust import power
from tests.trust.disk import Disk, Recorder
from tests.uploading import jsonl

CUTS = 80
OF_UPGRADE = 20


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("seed", "actions", "cuts"), [(0, 12, CUTS), (3, 0, OF_UPGRADE)], ids=["new", "upgraded"]
)
def test_a_power_cut_takes_nothing_that_was_acknowledged(
    tmp_path: Path, seed: int, actions: int, cuts: int
) -> None:
    calls, root = power.tell_story(tmp_path / "story", seed, actions=actions)
    tried = list(power.try_cuts(calls, root, power.some_cuts(calls, cuts, Random(seed)), tmp_path))
    assert len(tried) == cuts
    assert [(cut, faults[:3]) for cut, faults in tried if faults] == []


def test_a_website_that_was_published_is_whole_after_a_power_cut(tmp_path: Path) -> None:
    recorder = Recorder.of(tmp_path)
    posts = ({"username": name, "text": f"by {name}"} for name in ("ann", "mina"))
    (tmp_path / "posts.jsonl").write_bytes(jsonl(*posts))
    installation = Installation(recorder.root / "instance", recorder.settings())
    for command in (
        ("import", tmp_path / "posts.jsonl"),
        (*power.PUBLISH, recorder.root / power.WEBSITE),
    ):
        done = installation.process(PROGRAM, *command)
        assert done.returncode == 0, done.stderr
    disk = Disk(recorder.root)
    for call in recorder.calls():
        disk.play(call)
    for seed, how in enumerate(power.HOW):
        disk.leave(tmp_path / f"{seed}", Random(seed), how)
        assert power.website_of(tmp_path / f"{seed}") == power.website_of(recorder.root), how


@pytest.mark.full
@pytest.mark.timeout(300)
def test_posts_are_lost_where_commits_are_not_synced(tmp_path: Path) -> None:
    calls, root = power.tell_story(tmp_path / "story", 0, actions=0, SAYWHO_DURABILITY="normal")
    cuts = [power.Cut(len(calls) - each, "nothing", each) for each in range(200, 0, -40)]
    faults = [
        fault for _, faults in power.try_cuts(calls, root, cuts, tmp_path) for fault in faults
    ]
    assert any(fault.startswith("lost: ") for fault in faults)

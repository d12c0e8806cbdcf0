"""A real server, killed while clients write and read; and whether the model finds what is wrong."""

from pathlib import Path

import pytest

from tests.databases import Databases
from tests.trust.histories import run
from tests.trust.model import Author, Post, Read


@pytest.mark.full
@pytest.mark.databases("sqlite", pytest.param("postgresql", marks=pytest.mark.soak))
@pytest.mark.timeout(300)
def test_kills_lose_nothing_and_no_answer_is_stale(tmp_path: Path, databases: Databases) -> None:
    kills = {"sqlite": 3, "postgresql": 4}[databases.kind]
    history = run(databases.kind, kills, tmp_path)
    assert sum(history.site.killed.values()) == kills
    assert min(history.acknowledged, history.removed, history.reads) > 0
    assert history.games.questions == kills
    assert history.games.answers > kills


def seen(began: int, *texts: str) -> Read:
    return Read(began, began + 1, frozenset(texts))


KEPT = Post(began=0, added=1)
REMOVED = Post(began=0, added=1, removal=4, removed=5)
UNKNOWN = Post(began=0)


@pytest.mark.parametrize(
    ("posts", "reads", "fault"),
    [
        ({"a": KEPT}, [seen(2)], "missing"),
        ({"a": REMOVED}, [seen(6, "a")], "cannot be there"),
        ({"a": KEPT}, [Read(2, 3, count=2)], "2 posts instead of 1 to 1"),
        ({"a": KEPT}, [Read(2, 3, of="a")], "missing"),
        ({"a": UNKNOWN}, [seen(1, "a"), seen(3)], "was there before"),
        ({"a": Post(0, 1, removal=4)}, [seen(5), seen(7, "a")], "came back"),
        ({"a": UNKNOWN, "b": UNKNOWN}, [seen(1, "a"), seen(1, "b")], "no one order"),
        ({"a": UNKNOWN}, [seen(1), seen(1, "a"), seen(3, "a")], ""),
        ({"a": REMOVED}, [seen(2, "a"), seen(4), seen(4, "a"), seen(6)], ""),
    ],
)
def test_an_answer_that_no_order_of_writes_explains_is_a_fault(
    posts: dict[str, Post], reads: list[Read], fault: str
) -> None:
    faults = list(Author("ann", posts, reads).faults(is_one_machine=True))
    assert any(fault in each for each in faults) if fault else not faults

"""This program against its peers, workload by workload."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks import contestants, machine, workloads
from benchmarks.contestants import (
    FASTAPI,
    FLASK_SYNC,
    FLASK_THREADS,
    QUART,
    QUART_BATCHED,
    Contestant,
    Server,
    all_serving,
    ours,
)
from benchmarks.databases import Shape, copy, database, made_texts, username
from benchmarks.load import Load, Rounds, check_equal, check_inserts, fetch, take_turns
from benchmarks.peers import course

CACHE_OFF: Final = {"SAYWHO_CACHE_MB": "0"}
LOOKED_AT: Final = 20
"""Authors whose answers are compared before anything is timed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    popular: Shape
    many: Shape
    million: Shape
    seconds: float
    rounds: int
    compared_authors: int = 100
    peers: tuple[Contestant, ...] = (FLASK_SYNC, FLASK_THREADS, FASTAPI, QUART)
    variants: tuple[Contestant, ...] = (
        ours("saywho, uvicorn", server="uvicorn"),
        ours("saywho, granian", server="granian"),
        ours("saywho, cache off", settings=CACHE_OFF),
    )
    """What else is measured of this program in `hot`."""

    def load(self, lines: workloads.Lines, **others: Any) -> Load:
        return replace(Load(lines, seconds=self.seconds, rounds=self.rounds), **others)


FULL: Final = Plan(
    Shape("popular", 1_000, 40, has_profiles=True),
    Shape("many", 100_000, 40, has_profiles=False),
    Shape("million", 3_000, 334, has_profiles=True),
    seconds=4,
    rounds=5,
)
QUICK: Final = Plan(
    Shape("quick-popular", 30, 25, has_profiles=True),
    Shape("quick-many", 40, 25, has_profiles=False),
    Shape("quick-million", 12, 30, has_profiles=True),
    seconds=0.3,
    rounds=1,
    compared_authors=12,
    peers=(FLASK_THREADS, FASTAPI, QUART),
    variants=(),
)

Results = dict[str, Rounds]


def hot(plan: Plan, folder: Path) -> Results:
    """Reads of popular authors' posts; also on other servers, without the cache, and bare."""
    path = copy(plan.popular, folder)
    listed = [workloads.list_path(author) for author in range(min(LOOKED_AT, plan.popular.authors))]
    who = [ours(), *plan.variants, *plan.peers, QUART_BATCHED]
    with all_serving(who, lambda _: path, folder, listed[0]) as servers:
        check_equal(servers, listed)
        body = folder / "body"
        # The bytes of a typical answer; their spaces may differ between the peers.
        body.write_bytes(_bytes(servers[0], listed[0]))
        bare = contestants.bare(body)
        with contestants.serving(bare, path, folder / "bare", "/") as ceiling:
            load = plan.load(workloads.hot(plan.popular.authors))
            return take_turns([*servers, ceiling], load, folder)


def _bytes(server: Server, path: str) -> bytes:
    return json.dumps(fetch(server, path), ensure_ascii=False, separators=(",", ":")).encode()


def cold_lists(plan: Plan, folder: Path) -> Results:
    """Reads of always another author's posts, the cache off."""
    return _cold(plan, folder, workloads.list_path)


def cold_users(plan: Plan, folder: Path) -> Results:
    """Reads of always another author, the cache off."""
    return _cold(plan, folder, workloads.user_path)


def _cold(plan: Plan, folder: Path, path: Callable[[int], str]) -> Results:
    file = database(plan.many)
    looked_at = [path(author) for author in range(min(LOOKED_AT, plan.many.authors))]
    who = [
        ours(settings=CACHE_OFF),
        ours("saywho, uvicorn", server="uvicorn", settings=CACHE_OFF),
        *plan.peers,
        QUART_BATCHED,
    ]
    with all_serving(who, lambda _: file, folder, looked_at[0]) as servers:
        check_equal(servers, looked_at)
        load = plan.load(workloads.cold(plan.many.authors, path))
        return take_turns(servers, load, folder)


def inserts(plan: Plan, folder: Path) -> Results:
    """New posts, each acknowledged when it is on the disk; every contestant has its own file."""
    who = [ours(), ours("saywho, uvicorn", server="uvicorn"), *plan.peers, QUART_BATCHED]
    with all_serving(who, _own_copies(plan, folder), folder, workloads.user_path(0)) as servers:
        check_inserts(servers, workloads.list_path(0))
        results = take_turns(servers, plan.load(workloads.inserts(plan.popular.authors)), folder)
    return results | _four_workers(plan, folder)


def _four_workers(plan: Plan, folder: Path) -> Results:
    """The same with four workers that write into one file, on all cores."""
    four = ours("saywho, 4 workers, all cores", workers=4)
    path = copy(plan.popular, _made(folder / "four"))
    ready = workloads.user_path(0)
    with contestants.serving(four, path, folder / "four", ready, on=machine.cores()) as server:
        return take_turns([server], plan.load(workloads.inserts(plan.popular.authors)), folder)


def mixed(plan: Plan, folder: Path) -> Results:
    """Reads with a new post now and then; the client checks every answer for staleness."""
    who = [ours(), *plan.peers]
    ready = workloads.user_path(0)
    with contextlib.ExitStack() as stack:
        own_copy = _own_copies(plan, folder)
        servers = stack.enter_context(all_serving(who, own_copy, folder, ready))
        if contestants.install("nginx"):
            behind = contestants.serving(
                replace(FLASK_THREADS, name="Flask"), own_copy(FLASK_THREADS), folder / "f", ready
            )
            upstream = stack.enter_context(behind)
            servers.append(
                stack.enter_context(contestants.nginx_in_front(upstream, folder / "nginx", ready))
            )
        else:
            print("skipped: nginx with a cache of 1 s (there is no nginx)")
        load = plan.load(workloads.mixed(plan.popular.authors), checks=True)
        return take_turns(servers, load, folder)


def _own_copies(plan: Plan, folder: Path) -> Callable[[Contestant], Path]:
    """Return a function that makes a copy of the database for each that asks."""
    copies = iter(range(1_000))
    return lambda _: copy(plan.popular, _made(folder / f"copy{next(copies)}"))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def compare(plan: Plan, folder: Path) -> Results:
    """Two authors compared, for always another text."""
    source = copy(plan.million, folder)
    theirs = folder / "course.db"
    course.make_database(theirs, source, plan.compared_authors)
    who = [ours(), contestants.COURSE, contestants.COURSE_LEAN]
    names = [*map(username, range(plan.compared_authors))]
    lines = workloads.comparisons(names, made_texts())
    ready = lines(0)[0].removeprefix("GET\t")
    with all_serving(
        who, lambda each: source if each.is_ours else theirs, folder, ready
    ) as servers:
        return take_turns(servers, plan.load(lines, connections=8), folder)

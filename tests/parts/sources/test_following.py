"""Who visits how often, and what a host may ask for."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import update

from app.lifespan import running
from app.models import LiveSource
from app.parts.sources import following, platforms
from app.services.maintenance import Maintenance
from saywho.clock import now
from tests.live_platforms import Fault, Platform
from tests.parts.sources.conftest import Following, until_asked
from tests.waiting import DEADLINE_S, eventually


async def test_a_source_is_visited_by_one_of_two_processes(
    following_here: Following, platform: Platform
) -> None:
    here = following_here
    for name in ("sky", "sea", "sun"):
        platform.add(name, f"of {name}")
        await here.follow("bluesky", name, name)
    followers = [following.Follower(here.config) for _ in range(3)]
    maintenance = [
        Maintenance(here.db, [following.sources_job(follower)]) for follower in followers
    ]
    async with contextlib.AsyncExitStack() as stack:
        for each in maintenance:
            await stack.enter_async_context(running(each.run()))

        async def have_arrived() -> bool:
            return await here.texts() == ["of sea", "of sky", "of sun"]

        await eventually(have_arrived)
    assert (len(platform.requests), platform.busiest) == (3, 1)
    for follower in followers:
        await follower.aclose()


async def test_who_waits_for_visits_while_the_clock_is_set_back_makes_each_once(
    following_here: Following, platform: Platform
) -> None:
    here = following_here
    platform.add("sky", "hello")
    await here.follow("bluesky", "sky")
    asked_at = now() + timedelta(hours=1)  # Asked before the clock was set back.
    follower = following.Follower(here.config)
    async with asyncio.timeout(DEADLINE_S):
        await follower.visit_due(here.db, asked_at)
    await follower.aclose()
    assert len(platform.requests) == 1
    async with here.db.read() as session:
        assert not await following.is_visit_missing(session, asked_at)


async def test_a_visit_that_never_ends_counts_as_failed_from_its_beginning(
    following_here: Following, platform: Platform
) -> None:
    """Where a visit ended the process, or the machine, the next one must not do so at once."""
    here = following_here
    platform.add("sky", "hello")
    await here.follow("bluesky", "sky")
    pauses: list[float] = []
    for begun in range(1, 4):
        platform.faults = [Fault(delay_s=DEADLINE_S)]
        visiting = asyncio.create_task(here.visit())
        await until_asked(platform, begun)
        visiting.cancel()
        await asyncio.wait([visiting])
        (source,) = await here.sources()
        pauses.append((source.next_visit_at - now()).total_seconds())
    assert pauses[0] > 15
    assert pauses[2] > 1.5 * pauses[1] > 1.5 * 1.5 * pauses[0]
    assert (await here.visit()).accepted == 1
    (source,) = await here.sources()
    assert (source.next_visit_at - now()).total_seconds() <= 10


async def test_a_pause_holds_for_all_sources_of_the_host_and_for_everybody(
    following_here: Following, platform: Platform
) -> None:
    here = following_here
    platform.add("sky", "hello")
    platform.add("sea", "hello")
    await here.follow("bluesky", "sky", "sky")
    platform.faults = [Fault(status=429, headers={"Retry-After": "600"})]
    await here.visit()
    await here.follow("bluesky", "sea", "sea")
    async with here.db.write() as session:
        await following.ask_for_visits(session)
    # The second one was added later; a process that knows of no pause asks once more, and hears.
    platform.faults = [Fault(status=429, headers={"Retry-After": "600"})]
    for _ in range(3):
        follower = following.Follower(here.config)
        await follower.visit_due(here.db)
        await follower.aclose()
        async with here.db.write() as session:
            await following.ask_for_visits(session)
    assert len(platform.requests) == 2
    sources = await here.sources()
    assert all(source.not_before and source.not_before > source.added_at for source in sources)


async def test_a_host_is_not_asked_before_its_pause_ends(
    following_here: Following, platform: Platform
) -> None:
    here, until = following_here, (now() + timedelta(hours=2)).replace(microsecond=0)
    platform.page = 3
    for number in range(8):
        platform.add("sky", f"number {number}")
    await here.follow("mastodon", "sky")
    await here.visit()
    newest = platform.add("sky", "the newest").text
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": until.isoformat()}
    asked = len(platform.requests)
    platform.faults = [Fault(headers=spent, delay_s=0.01)]
    source = await here.visit()
    assert len(platform.requests) == asked + 1
    assert newest in await here.texts()
    assert (source.last_error, source.not_before) == (None, until)
    async with here.db.write() as session:
        await following.ask_for_visits(session)
    follower = following.Follower(here.config)
    await follower.visit_due(here.db)
    await follower.aclose()
    assert len(platform.requests) == asked + 1
    await here.visit()
    assert len(await here.texts()) == 9


@pytest.mark.full
async def test_a_source_that_is_slow_to_read_leaves_time_to_others(
    following_here: Following, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = following_here
    # A fast machine reads the page below in less time than what is slow otherwise.
    monkeypatch.setattr(platforms, "SLOW_S", 0.5)
    item = "<item><guid>1</guid><title>slow</title></item>"
    platform.pages["/slow"] = "\n" * 25_000 + f'<rss version="2.0"><channel>{item}</channel></rss>'
    platform.add("quick", "hello")
    await here.follow("rss", "slow")
    await here.follow("rss", "quick")
    await here.visit()
    slow, quick = sorted(await here.sources(), key=lambda each: each.source, reverse=True)
    assert (slow.next_visit_at - now()).total_seconds() > following.SHORTEST_S + 1
    assert (quick.next_visit_at - now()).total_seconds() <= following.SHORTEST_S
    platform.add("quick", "again")
    async with here.db.write() as session:
        later = now() + timedelta(seconds=following.SHORTEST_S + 1)
        due = update(LiveSource).where(LiveSource.next_visit_at < later)
        await session.execute(due.values(next_visit_at=now()))
    asked = len(platform.requests)
    follower = following.Follower(here.config)
    await follower.visit_due(here.db)
    await follower.aclose()
    assert [path for _, path in platform.requests[asked:]] == ["/quick"]
    assert "again" in await here.texts()


async def test_a_visit_under_way_does_not_stand_for_an_ask(
    following_here: Following, platform: Platform
) -> None:
    here = following_here
    platform.add("sky", "before")
    await here.follow("bluesky", "sky")
    platform.faults = [held := Fault(delay_s=DEADLINE_S)]
    visiting = asyncio.create_task(here.visit())
    await until_asked(platform, 1)
    platform.add("sky", "after the visit began")
    for _ in range(3):
        async with here.db.write() as session:
            await following.ask_for_visits(session)
    held.go_on.set()
    await visiting
    assert len(await here.texts()) == 2


async def test_nothing_is_deleted_for_a_source_that_was_removed_meanwhile(
    make_following: Callable[..., Following], platform: Platform
) -> None:
    here = make_following(follow_deletions=True)
    posted = [platform.add("sky", f"number {n}") for n in range(4)]
    await here.follow("bluesky", "sky")
    await here.visit()
    platform.delete("sky", posted[2])
    platform.requests.clear()
    held = Fault(delay_s=DEADLINE_S)
    platform.faults = [Fault(delay_s=0.1), held]
    visiting = asyncio.create_task(here.visit())
    await until_asked(platform, 2)
    async with here.db.write() as session:
        await following.remove_source(session, 1)
    held.go_on.set()
    with contextlib.suppress(IndexError):  # There is no source to tell of.
        await visiting
    assert len(await here.texts()) == 4


@given(st.floats(0, 10**7), st.integers(0, 100))
def test_pauses_are_between_ten_seconds_and_fifteen_minutes(quiet_s: float, failures: int) -> None:
    assert (
        following.SHORTEST_S <= following.pause_s(quiet_s, failures=failures) <= following.LONGEST_S
    )


def test_quiet_sources_are_visited_ever_less_often() -> None:
    assert following.pause_s(599) == following.SHORTEST_S
    pauses = [following.pause_s(minutes * 60) for minutes in (20, 30, 45, 60, 300)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > 0.8 * following.LONGEST_S

"""The memo, against a model that keeps everything and invalidates by the same rule."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from app.db import result_cache
from app.db.feed import Change, Feed
from saywho.clock import now

ROOMY = 10**9
DEADLINE_S = 20
keys = st.integers(0, 8)
user_ids = st.integers(result_cache.DERIVED, 4)
changes = st.just(result_cache.DERIVED) | st.integers(1, 4)


class Log(Feed):
    """A log in memory, which a reader has always caught up with."""

    async def look(self) -> bool:
        return True  # Subscribers are told at once.

    async def _rest(self, *, is_well: bool) -> None:
        """Do nothing: nobody follows it."""

    async def close(self) -> None:
        """Do nothing: there is nothing open."""

    def append(self, *changed: int) -> None:
        start = self.newest + 1
        self._publish(
            [Change(start + n, "tweet.created", u, None, 1) for n, u in enumerate(changed)]
        )


def memo_of(max_size: int = ROOMY) -> tuple[result_cache.Memo[bytes], Log]:
    log = Log(0)
    return result_cache.Memo(log, max_size, lambda value: len(value) + 1_000), log


def put(
    memo: result_cache.Memo[bytes], key: int, value: bytes, users: frozenset[int] = frozenset()
) -> None:
    memo.put(key, value, users, began=memo.time)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), keys, st.frozensets(user_ids, max_size=3)),
            st.tuples(st.just("append"), st.lists(changes, min_size=1, max_size=3)),
            st.tuples(st.just("find"), keys),
        )
    )
)
async def test_a_value_is_kept_until_something_it_depends_on_changes(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    memo, log = memo_of()
    model = dict[int, tuple[bytes, frozenset[int]]]()
    for number, step in enumerate(steps):
        if step[0] == "put":
            value = str(number).encode()
            model[step[1]] = value, step[2]
            put(memo, step[1], value, step[2])
        elif step[0] == "append":
            log.append(*step[1])
            changed = (
                {*step[1]}
                if {*step[1]} == {result_cache.DERIVED}
                else {*step[1], result_cache.EVERYTHING}
            )
            model = {key: kept for key, kept in model.items() if not kept[1] & changed}
        else:
            assert memo.find(step[1]) == model.get(step[1], (None,))[0]
    assert all(memo.find(key) == model.get(key, (None,))[0] for key in range(9))


@given(st.lists(st.tuples(keys, st.integers(0, 30_000)), max_size=60))
async def test_the_memo_stays_within_its_size_and_evicts_the_least_recently_used(
    puts: list[tuple[int, int]],
) -> None:
    limit = 100_000
    memo, _ = memo_of(limit)
    for key, size in puts:
        put(memo, key, b"x" * size)
        kept = [value for key in range(9) if (value := memo.find(key)) is not None]
        assert sum(map(len, kept)) <= limit
        assert all(len(each) * 8 <= limit for each in kept)
    if puts and puts[-1][1] < limit // 10:
        assert memo.find(puts[-1][0]) is not None


async def test_a_memo_of_no_size_keeps_nothing() -> None:
    memo, _ = memo_of(0)
    put(memo, 1, b"")
    assert (memo.is_on, memo.find(1)) == (False, None)


@pytest.mark.parametrize(
    ("users", "is_kept"),
    [({1}, False), ({2}, True), ({result_cache.EVERYTHING}, False), (set(), True)],
)
async def test_a_value_that_an_event_has_overtaken_is_not_kept(
    users: set[int], is_kept: bool
) -> None:
    memo, log = memo_of()

    async def make() -> bytes:
        result_cache.cacheable()
        for user_id in users:
            result_cache.depends_on(user_id)
        log.append(1)
        return b"value"

    assert await memo.get_or_make("key", make) == b"value"
    assert (memo.find("key") is not None) == is_kept


async def test_a_value_of_one_visitor_is_kept_under_their_own_key_alone() -> None:
    memo, _ = memo_of()

    async def own() -> bytes:
        result_cache.cacheable()
        result_cache.depends_on_visitor()
        return b"own"

    async def common() -> bytes:
        result_cache.cacheable()
        return b"common"

    assert await memo.get_or_make("page", own, "page of ann") == b"own"
    assert await memo.get_or_make("page", common, "page of bo") == b"common"
    assert (memo.find("page of ann"), memo.find("page")) == (b"own", b"common")
    assert memo.find("page of bo") is None


@pytest.mark.parametrize(
    "note", [lambda: result_cache.depends_on_unkeyed("Referer"), result_cache.depends_on_visitor]
)
async def test_a_value_that_depends_on_more_than_its_key_is_not_kept(
    note: Callable[[], None],
) -> None:
    memo, _ = memo_of()

    async def make() -> bytes:
        note()
        result_cache.cacheable()
        return b"value"

    with pytest.warns(UserWarning, match="depends on more than its key"):
        assert await memo.get_or_make("key", make) == b"value"
    assert memo.find("key") is None


class Maker:
    """Makes a value of the number of its runs, each of which waits until it may go on."""

    def __init__(self, memo: result_cache.Memo[bytes]) -> None:
        self.memo = memo
        self.runs = 0
        self.may_end = asyncio.Event()
        self.is_cacheable = self.is_shared = True
        self.error: Exception | None = None

    async def make(self) -> bytes:
        self.runs += 1
        value = str(self.runs).encode()
        result_cache.depends_on(result_cache.EVERYTHING)
        if self.is_cacheable:
            result_cache.cacheable()
        if not self.is_shared:
            result_cache.release()
        await self.may_end.wait()
        if self.error:
            raise self.error
        return value

    async def begun(self, count: int) -> list["asyncio.Task[bytes | None]"]:
        async def call() -> bytes | None:
            async with asyncio.timeout(DEADLINE_S):
                return await self.memo.get_or_make("key", self.make)

        tasks = [asyncio.create_task(call()) for _ in range(count)]
        for _ in range(3):
            await asyncio.sleep(0)
        return tasks


async def test_all_who_wait_share_one_run() -> None:
    memo, _ = memo_of()
    maker = Maker(memo)
    tasks = await maker.begun(20)
    maker.may_end.set()
    assert set(await asyncio.gather(*tasks)) == {b"1"}
    assert memo.find("key") == b"1"


async def test_a_run_counts_for_those_who_came_before_an_event_and_no_later() -> None:
    memo, log = memo_of()
    maker = Maker(memo)
    before = await maker.begun(3)
    log.append(1)
    after = await maker.begun(3)
    maker.may_end.set()
    assert set(await asyncio.gather(*before)) == {b"1"}
    assert set(await asyncio.gather(*after)) == {b"2"}
    assert memo.find("key") == b"2"


async def test_a_cancelled_run_is_made_again_once_for_those_who_wait() -> None:
    memo, _ = memo_of()
    maker = Maker(memo)
    leader, *others = await maker.begun(5)
    leader.cancel()
    await asyncio.wait([leader])
    maker.may_end.set()
    assert set(await asyncio.gather(*others)) == {b"2"}
    assert leader.cancelled()


async def test_nobody_waits_for_the_end_of_what_cannot_be_shared() -> None:
    memo, _ = memo_of()
    endless, own = Maker(memo), Maker(memo)
    endless.is_shared = False
    (first,) = await endless.begun(1)
    own.may_end.set()
    (second,) = await own.begun(1)
    assert await second == b"1"
    assert not first.done()
    first.cancel()


async def test_an_uncacheable_value_is_not_kept() -> None:
    memo, _ = memo_of()
    maker = Maker(memo)
    maker.is_cacheable = False
    tasks = await maker.begun(3)
    maker.may_end.set()
    assert set(await asyncio.gather(*tasks)) == {b"1", b"2", b"3"}
    assert memo.find("key") is None


async def test_an_error_is_not_kept() -> None:
    memo, _ = memo_of()
    maker = Maker(memo)
    maker.error = ValueError("no")
    tasks = await maker.begun(3)
    maker.may_end.set()
    values = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in values] == [ValueError] * 3
    assert maker.runs == 3
    maker.error = None
    assert await memo.get_or_make("key", maker.make) == b"4"


@pytest.mark.parametrize(("hour", "is_kept"), [(-1, True), (1, False)])
async def test_a_value_of_a_day_holds_no_more_where_the_clock_was_set_back(
    hour: int, is_kept: bool
) -> None:
    memo, _ = memo_of()
    begin = now() + timedelta(hours=hour)
    memo.put("key", b"today", (), began=memo.time, span=(begin, begin + timedelta(days=1)))
    assert (memo.find("key") is not None) == is_kept


@pytest.mark.parametrize(("hours", "is_kept"), [((1, 2), True), ((1, 0), False), ((0, 1), False)])
async def test_a_value_holds_until_the_first_of_the_times_that_it_names(
    hours: tuple[int, ...], is_kept: bool
) -> None:
    memo, _ = memo_of()
    made = 0

    async def make() -> bytes:
        nonlocal made
        made += 1
        result_cache.cacheable()
        for hour in hours:
            result_cache.holds_until(now() + timedelta(hours=hour))
        return b"today"

    for _ in range(2):
        assert await memo.get_or_make("key", make) == b"today"
    assert made == (1 if is_kept else 2)

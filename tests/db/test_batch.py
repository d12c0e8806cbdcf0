"""Batches: who shares a run, its results and errors, limits, and cancellation."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
import uvloop
from hypothesis import given, strategies as st

from app.db.batch import Batch
from app.errors import UnavailableError


class Recorder:
    """A run that doubles numbers, waits for as many turns as it is told, and fails as told."""

    def __init__(self, *, turns: int = 0, failing_runs: set[int] | None = None) -> None:
        self.runs: list[list[int]] = []
        self.begun = asyncio.Event()
        self._turns = turns
        self._failing_runs = failing_runs or set()

    async def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.runs.append(list(items))
        self.begun.set()
        number = len(self.runs)
        for _ in range(self._turns):
            await asyncio.sleep(0)
        if number in self._failing_runs:
            raise RuntimeError(f"run {number}")
        return [ValueError(item) if item < 0 else 2 * item for item in items]


def batch_of(run: Recorder, *, max_size: int = 100, max_waiting: int = 100) -> Batch[int, int]:
    return Batch(run, max_size=max_size, max_waiting=max_waiting, timeout_s=10)


async def test_items_of_one_pass_of_the_loop_run_together() -> None:
    run = Recorder()
    batch = batch_of(run)
    assert await asyncio.gather(*(batch(item) for item in (1, 2, 3))) == [2, 4, 6]
    assert run.runs == [[1, 2, 3]]


async def test_equal_items_run_once_for_all_callers() -> None:
    run = Recorder()
    batch = batch_of(run)
    assert await asyncio.gather(*(batch(7) for _ in range(5))) == [14] * 5
    assert run.runs == [[7]]


async def test_who_comes_during_a_run_is_not_given_what_it_read() -> None:
    run = Recorder(turns=5)
    batch = batch_of(run)
    first = asyncio.create_task(batch(1))
    await run.begun.wait()
    assert await batch(1) == 2
    assert await first == 2
    assert run.runs == [[1], [1]]


async def test_a_run_with_too_few_results_fails_for_all() -> None:
    async def lose(items: Sequence[int]) -> list[int]:
        return list(items)[1:]

    batch = Batch(lose, max_size=10, max_waiting=10, timeout_s=10)
    results = await asyncio.gather(batch(1), batch(2), return_exceptions=True)
    assert all(isinstance(result, RuntimeError) for result in results)


async def test_an_item_that_nobody_waits_for_any_more_is_not_run() -> None:
    run = Recorder(turns=3)
    batch = batch_of(run)
    first = asyncio.create_task(batch(1))
    await run.begun.wait()
    left, shared, staying = (asyncio.create_task(batch(item)) for item in (2, 3, 3))
    await asyncio.sleep(0)
    left.cancel()
    shared.cancel()
    assert (await first, await staying) == (2, 6)
    assert run.runs == [[1], [3]]
    assert left.cancelled()


async def test_who_leaves_during_a_run_shifts_nobodys_result() -> None:
    run = Recorder(turns=5)
    batch = batch_of(run)
    first, second, third = (asyncio.create_task(batch(item)) for item in (1, 2, 3))
    await run.begun.wait()
    first.cancel()
    assert [await second, await third] == [4, 6]
    assert run.runs == [[1, 2, 3]]


async def test_the_queue_is_bounded() -> None:
    batch = batch_of(Recorder(), max_waiting=2)
    results = await asyncio.gather(*(batch(item) for item in (1, 2, 3)), return_exceptions=True)
    assert results[:2] == [2, 4]
    assert isinstance(results[2], UnavailableError)
    assert results[2].headers == {"Retry-After": "1"}


async def test_a_wait_has_an_end() -> None:
    never = asyncio.Event()

    async def hang(items: Sequence[int]) -> list[int]:
        await never.wait()
        return list(items)

    batch = Batch(hang, max_size=10, max_waiting=10, timeout_s=0.01)
    with pytest.raises(UnavailableError):
        await batch(1)
    never.set()
    await batch.close()


def test_a_result_that_comes_in_the_turn_of_the_timeout_is_returned() -> None:
    """Timers come first in a turn of uvloop, last in one of Python's loop."""
    check_last_moment(uvloop.new_event_loop, turns=0)
    check_last_moment(asyncio.new_event_loop, turns=1)


def check_last_moment(make_loop: Callable[[], asyncio.AbstractEventLoop], turns: int) -> None:
    async def take_all_the_time(items: Sequence[int]) -> list[int]:
        until = time.monotonic() + 0.02
        while time.monotonic() < until:
            pass  # The timer is due when the next turn begins.
        for _ in range(turns):
            await asyncio.sleep(0)
        return list(items)

    async def ask() -> int:
        return await Batch(take_all_the_time, max_size=1, max_waiting=1, timeout_s=0.01)(1)

    with asyncio.Runner(loop_factory=make_loop) as runner:
        assert runner.run(ask()) == 1


async def test_a_timeout_of_the_run_itself_is_passed_on() -> None:
    async def fail(items: Sequence[int]) -> list[int]:
        raise TimeoutError("of the run")

    with pytest.raises(TimeoutError, match="of the run"):
        await Batch(fail, max_size=1, max_waiting=1, timeout_s=10)(1)


async def test_closing_waits_for_what_is_there_and_refuses_the_rest() -> None:
    batch = batch_of(Recorder(turns=3), max_size=1)
    waiting = [asyncio.create_task(batch(item)) for item in (1, 2)]
    await asyncio.sleep(0)
    await batch.close()
    assert [task.result() for task in waiting] == [2, 4]
    with pytest.raises(UnavailableError):
        await batch(3)


def check(
    result: tuple[int, int] | BaseException, item: int, run: Recorder, failing: set[int]
) -> None:
    """Check that a caller got the result of its item, of a run that began after it asked."""
    if isinstance(result, ValueError):
        assert item < 0
        assert result.args == (item,)
    elif isinstance(result, RuntimeError):
        number = int(str(result).removeprefix("run "))
        assert number in failing
        assert item in run.runs[number - 1]
    else:
        assert not isinstance(result, BaseException)
        doubled, known = result
        assert doubled == 2 * item
        assert any(item in items for items in run.runs[known:])


CALLERS = st.lists(
    st.tuples(
        st.integers(-3, 6),  # the item
        st.integers(0, 8),  # the turn at which it is asked for
        st.none() | st.integers(0, 12),  # after how many turns the caller is cancelled
    ),
    min_size=1,
    max_size=25,
)


@given(CALLERS, st.integers(1, 4), st.integers(0, 4), st.sets(st.integers(1, 6), max_size=3))
def test_callers_get_their_own_result_or_error(
    callers: list[tuple[int, int, int | None]], max_size: int, turns: int, failing: set[int]
) -> None:
    async def play() -> None:
        run = Recorder(turns=turns, failing_runs=failing)
        batch = batch_of(run, max_size=max_size)

        async def ask(item: int, at: int) -> tuple[int, int]:
            for _ in range(at):
                await asyncio.sleep(0)
            known = len(run.runs)
            return await batch(item), known

        async def cancel(task: asyncio.Task[tuple[int, int]], after: int) -> None:
            for _ in range(after):
                await asyncio.sleep(0)
            task.cancel()

        tasks = [asyncio.create_task(ask(item, at)) for item, at, _ in callers]
        cancelling = [
            asyncio.create_task(cancel(task, after))
            for task, (_, _, after) in zip(tasks, callers, strict=True)
            if after is not None
        ]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*cancelling)
        for result, (item, _, after) in zip(results, callers, strict=True):
            if isinstance(result, asyncio.CancelledError):
                assert after is not None
            else:
                check(result, item, run, failing)
        for items in run.runs:
            assert len(items) <= max_size
            assert max(Counter(items).values()) == 1
        await batch.close()

    asyncio.run(play())

"""Bodies of any content, and authors of many years, leave the event loop to others.

They hold it for at most 10 ms of an ordinary core.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Any

import pytest
from sqlalchemy import insert

from app.models import PostCount
from app.services.posts.local_time import slot_from
from app.services.posts.users import get_user
from saywho.clock import now
from tests.browsing import parts_of
from tests.conftest import NDJSON, Client, Shared
from tests.loop_steps import ATTEMPTS, check_longest, no_garbage_collected

pytestmark = pytest.mark.pythons_loop
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Collect the processor time of each step of the loop, garbage collection left out."""
    steps: list[float] = []
    run = asyncio.Handle._run  # noqa: SLF001 - asyncio has no other place to time a step.

    def timed(handle: asyncio.Handle) -> None:
        started = thread_time()
        run(handle)
        steps.append(thread_time() - started)

    with no_garbage_collected(), monkeypatch.context() as patch:
        patch.setattr(asyncio.Handle, "_run", timed)
        yield steps


async def check_held(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[int], Awaitable[Any]], status: int = 200
) -> None:
    """Fail where each of some attempts, by their numbers, holds the loop for too long."""

    async def longest(attempt: int) -> float:
        asking = ask(attempt)
        with held(monkeypatch) as steps:
            answer = await asking
            await answer.get_data()
        assert answer.status_code == status
        return max(steps)

    await check_longest(longest)


def of_new_authors(attempt: int) -> bytes:
    line = '{{"username": "n{}x{}", "text": "the sea"}}\n'
    return "".join(line.format(attempt, n) for n in range(250)).encode()


def posts(attempt: int) -> bytes:
    line = '{{"username": "sailor", "text": "the sea on day {} of {}"}}\n'
    return "".join(line.format(n, attempt) for n in range(1_000)).encode()


@pytest.fixture(scope="module")
async def warm(shared: Shared) -> Client:
    """Compare, once all modules are imported and all templates compiled."""
    await shared.writer.add_user("sailor", "the sea and its harbours")
    await shared.writer.add_user("baker", "bread is warm")
    await shared.writer.post("/api/v1/tweets", data=posts(-1)[:1_000], headers=NDJSON)
    return shared.writer


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/api/v1/tweets", posts, NDJSON, 200),
        ("/api/v1/tweets", of_new_authors, NDJSON, 200),
        ("/api/v1/tweets", lambda _: b"{bad\n" * 100_000, NDJSON, 200),
        ("/api/v1/compare/batch", lambda _: b"\n" * 1_000_000 + b"{}", NDJSON, 200),
        ("/api/v1/compare/batch", lambda _: b"{}\n" * 1_000, NDJSON, 200),
        ("/compare", lambda _: b"tweet_text=a&more=" + b"%ED%95%9C" * 5_000, FORM, 303),
        ("/compare", lambda _: b"=%2" * 300_000, FORM, 303),
    ],
    ids=["posts", "new authors", "bad lines", "blank", "no texts", "escapes", "marks"],
)
async def test_a_large_body_does_not_hold_the_loop(
    warm: Client,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    body: Callable[[int], bytes],
    headers: dict[str, str],
    status: int,
) -> None:
    await check_held(
        monkeypatch, lambda attempt: warm.post(path, data=body(attempt), headers=headers), status
    )


async def test_an_author_of_many_years_does_not_hold_the_loop(
    warm: Client, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifteen years have 50,000 hours with posts, of which each was counted on the loop."""
    async with parts_of(shared.app).db.write() as session:
        sailor = await get_user(session, "sailor")
        newest = slot_from(now())
        rows = [
            {"user_id": sailor.id, "slot": newest - 8 * number, "lang": "", "posts": 1}
            for number in range(1, 60_000)
        ]
        await session.execute(insert(PostCount), rows)
    zones = [f"Etc/GMT-{attempt + 1}" for attempt in range(ATTEMPTS)]
    await check_held(
        monkeypatch, lambda attempt: warm.get(f"/api/v1/users/sailor/archive?tz={zones[attempt]}")
    )

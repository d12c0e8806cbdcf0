"""The process that reads what strangers wrote: what it refuses, and what becomes of the site."""

import asyncio
import contextlib
import io
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from app.child import MOST_BYTES, MOST_MEMORY, Child, ReadError
from app.clock import monotonic
from tests.trust.answers import HONEST, KNOWN

FEED = "app.formats.feed:read_feed"
OF_FEED = {"content_type": "application/xml", "name": "http://host/"}
HERE = "tests.test_child:"


@pytest.fixture
async def child() -> AsyncIterator[Child]:
    child = Child(limit_s=2)
    yield child
    await child.close()


async def read(child: Child, function: str, body: bytes = b"", **options: str) -> list[bytes]:
    values = io.BytesIO()
    sizes = await child.read(function, io.BytesIO(body), values, **options)
    values.seek(0)
    return [values.read(size) for size in sizes]


@pytest.mark.parametrize("body", KNOWN.values(), ids=KNOWN)
async def test_slow_input_is_read_or_fails_in_time_and_holds_up_nobody(
    child: Child, body: bytes
) -> None:
    await read(child, FEED, HONEST, **OF_FEED)  # It has started.
    longest, began = 0.0, monotonic()

    async def beat() -> None:
        nonlocal longest
        while True:
            before = monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, monotonic() - before)

    beating = asyncio.create_task(beat())
    with contextlib.suppress(ReadError):
        await read(child, FEED, body, **OF_FEED)
    beating.cancel()
    assert monotonic() - began < 10
    assert longest < 1
    (head, _) = await read(child, FEED, HONEST, **OF_FEED)
    assert json.loads(head)["account"]["platform"] == "rss"


def kill(_body: bytes) -> Iterator[str]:
    yield "a value"
    os.kill(os.getpid(), signal.SIGKILL)


def fill(_body: bytes) -> Iterator[str]:
    yield "x" * len([b"x" * 2**20 for _ in range(MOST_MEMORY // 2**20)])


def flood(_body: bytes) -> Iterator[str]:
    for _ in range(MOST_BYTES // 2**20 + 1):
        yield "x" * 2**20


def whisper(_body: bytes) -> Iterator[str]:
    yield "half a pair: \ud800."


def tell(_body: bytes) -> Iterator[object]:
    yield [name for name in os.environ if name.startswith("SAYWHO_")]
    yield os.listdir("/proc/self/fd")


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("kill", "cannot be read within 2 seconds and 256 MB"),
        ("fill", "MemoryError"),
        ("flood", "holds more than can be read"),
    ],
)
async def test_whatever_happens_there_is_a_reason_here(
    child: Child, function: str, why: str
) -> None:
    for _ in range(2):
        with pytest.raises(ReadError, match=why):
            await read(child, HERE + function)
        assert await read(child, f"{HERE}whisper") == [b'"half a pair: ."']


async def test_a_reader_that_is_cancelled_leaves_no_answer_to_the_next(child: Child) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await read(child, FEED, KNOWN["author"], **OF_FEED)
    assert await read(child, f"{HERE}whisper") == [b'"half a pair: ."']


async def test_the_process_has_no_settings_and_no_files_of_the_site(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAYWHO_SECRET_KEY", "secret")
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    settings, files = map(json.loads, await read(child, f"{HERE}tell"))
    os.close(read_end)
    os.close(write_end)
    assert settings == []
    assert len(files) == 4  # Standard input, output and errors, and the listed folder.

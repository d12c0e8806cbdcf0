"""The process that reads what strangers wrote: what it refuses, and what it can see."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Iterator
from tempfile import TemporaryFile

import pytest

from app.clock import monotonic
from app.sandbox import Sandbox
from app.sandboxed import MOST_BYTES, MOST_MEMORY, ReadError
from tests.trust.answers import KNOWN

FEED = "app.formats.rss:read_feed"
OF_FEED = {"content_type": "application/xml", "name": "http://host/"}
HERE = "tests.test_sandbox:"


async def read(function: str, body: bytes = b"", **options: str) -> list[bytes]:
    with TemporaryFile() as sent, TemporaryFile() as values:
        sent.write(body)
        await Sandbox(limit_s=2).read(function, sent, values, **options)
        return values.read().splitlines()


@pytest.mark.parametrize("body", KNOWN.values(), ids=KNOWN)
async def test_slow_input_is_read_or_fails_in_time(body: bytes) -> None:
    began = monotonic()
    with contextlib.suppress(ReadError):
        await read(FEED, body, **OF_FEED)
    assert monotonic() - began < 10


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
async def test_whatever_happens_there_is_a_reason_here(function: str, why: str) -> None:
    with pytest.raises(ReadError, match=why):
        await read(HERE + function)


async def test_a_reader_that_is_cancelled_ends_the_process() -> None:
    began = monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await read(FEED, KNOWN["author"], **OF_FEED)
    assert monotonic() - began < 1.5


async def test_half_a_character_is_dropped() -> None:
    assert await read(f"{HERE}whisper") == [b'"half a pair: ."']


async def test_the_process_has_no_settings_and_no_files_of_the_site(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SAYWHO_SECRET_KEY", "secret")
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    settings, files = map(json.loads, await read(f"{HERE}tell"))
    os.close(read_end)
    os.close(write_end)
    assert settings == []
    assert len(files) == 4  # Standard input, output and errors, and the listed folder.

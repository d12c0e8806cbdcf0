"""The process that reads what strangers wrote: what it refuses, and what it can see."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from tempfile import TemporaryFile

import pytest

from app.runtime.sandbox import LIMIT_S, ReadError, Sandbox
from saywho.formats.posts.rss import read_rss
from saywho.processes import be_nice
from tests import readers
from tests.server import oom_score_of
from tests.trust.answers import KNOWN
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.usefixtures("own_processes")

OF_FEED = {"content_type": "application/xml", "name": "http://host/"}


async def read(
    function: Callable[..., Iterator[object]],
    body: bytes = b"",
    *,
    limit_s: float = LIMIT_S,
    **options: str,
) -> list[bytes]:
    with TemporaryFile() as sent:
        sent.write(body)
        async with Sandbox(limit_s).read(function, sent, **options) as values:
            return values.read().splitlines()


@pytest.mark.parametrize("body", KNOWN.values(), ids=KNOWN)
async def test_slow_input_is_read_or_fails_in_time(body: bytes) -> None:
    with contextlib.suppress(ReadError):
        await read(read_rss, body, limit_s=0.1, **OF_FEED)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (readers.kill, "takes more than 10 seconds or 256 MB"),
        (readers.fill, "MemoryError"),
        (readers.flood, "too large to read"),
    ],
)
async def test_whatever_happens_there_is_a_reason_here(
    function: Callable[..., Iterator[str]], why: str
) -> None:
    with pytest.raises(ReadError, match=why):
        await read(function)


async def test_a_reader_that_waits_for_a_core_is_not_late() -> None:
    assert await read(readers.wait, limit_s=0.45) == [b'"a value"']


async def test_a_reader_that_is_cancelled_ends_the_process() -> None:
    """It would end by itself long after this test may last."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await read(read_rss, KNOWN["author"], limit_s=10 * DEADLINE_S, **OF_FEED)


async def test_half_a_character_is_dropped() -> None:
    assert await read(readers.whisper) == [b'"half a pair: ."']


async def test_the_process_has_no_settings_and_no_files_of_the_site(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SAYWHO_SECRET_KEY", "secret")
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    settings, files, modules = map(json.loads, await read(readers.tell))
    os.close(read_end)
    os.close(write_end)
    assert settings == []
    assert len(files) == 4  # Standard input, output and errors, and the listed folder.
    # They take a second to import, for each answer that is read.
    assert not {"numpy", "quart", "sqlalchemy"} & {*modules}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux chooses by /proc")
async def test_where_memory_is_short_the_process_goes_before_its_parent() -> None:
    (score,) = map(int, await read(readers.rank))
    assert score > oom_score_of(os.getpid())


def test_where_a_lower_priority_is_denied_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", deny)
    be_nice()

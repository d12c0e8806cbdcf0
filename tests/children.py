"""What the program does in processes of its own is done in this one, but in tests of these.

To start one takes half a second of imports. A module whose tests are about them (killed, watched,
limited, resumed) asks for the fixture `own_processes`, one about what is read there alone for
`own_readers`.
"""

import asyncio
import os
from collections.abc import Mapping
from typing import Final

import pytest

from app.config import Config
from app.runtime import sandbox
from app.runtime.processes import run_child
from app.services.imports import job_runner

REAL: Final = run_child


async def run_here(
    module: str,
    *arguments: str,
    settings: Mapping[str, str],
    streams: tuple[int | None, int | None, int | None] = (None, None, None),
) -> int:
    """Do what the module does, in a thread, cancelled as this is; return its status."""
    if module == sandbox.__name__:
        return await asyncio.to_thread(_read, settings[sandbox.REQUEST], *streams[:2])
    return await _import(Config.from_env(settings), int(arguments[1]))


def _read(request: str, body: int | None, lines: int | None) -> int:
    assert body is not None
    assert lines is not None
    with os.fdopen(os.dup(body), "rb") as source, os.fdopen(os.dup(lines), "wb") as target:
        return sandbox.answer(request, source, target)


async def _import(config: Config, job_id: int) -> int:
    """Run an import on a loop of its own, as its process does."""
    loop = asyncio.new_event_loop()
    work = loop.create_task(job_runner.run_waiting_job(config, os.getppid(), job_id))

    def run() -> int:
        try:
            loop.run_until_complete(work)
        except (SystemExit, asyncio.CancelledError):
            return 1
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
        return 0

    running = asyncio.create_task(asyncio.to_thread(run))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if not loop.is_closed():
            loop.call_soon_threadsafe(work.cancel)
        await running
        raise


def install() -> None:
    """Do so from now on."""
    sandbox.run_child = job_runner.run_child = run_here  # type: ignore[attr-defined]


@pytest.fixture
def own_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let children be processes, as they are for users."""
    for module in (sandbox, job_runner):
        monkeypatch.setattr(module, "run_child", REAL)


@pytest.fixture
def own_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what strangers wrote be read in processes, as it is for users."""
    monkeypatch.setattr(sandbox, "run_child", REAL)

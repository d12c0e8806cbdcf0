"""What docs/from-flask.md says of the event loop in tests is so."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.conftest import MakeConfig
from tests.installation import TIMEOUT_S

from .snippets import GUIDES, ROOT

SETTINGS: Final = tuple(
    f'asyncio_default_{kind}_loop_scope = "session"' for kind in ("fixture", "test")
)
TESTS: Final = """
import asyncio

import pytest

KEPT = []


@pytest.fixture(scope="module")
async def queue():
    return asyncio.Queue()


async def note():
    KEPT.append(asyncio.get_running_loop())
    KEPT.append(asyncio.create_task(asyncio.Event().wait()))


async def test_first():
    await note()


async def test_loops_are_one():
    assert KEPT[0] is asyncio.get_running_loop()


async def test_a_forgotten_task_goes_on():
    assert not KEPT[1].done()


async def wait(queue):
    asyncio.get_running_loop().call_soon(queue.put_nowait, 1)
    await queue.get()


async def test_a_queue_is_waited_for(queue):
    await wait(queue)


async def test_a_queue_is_waited_for_again(queue):
    await wait(queue)
"""


def outcome(folder: Path, *settings: str) -> tuple[set[str], str]:
    """Return which of the tests fail with these settings, and what is printed."""
    lines = ("[tool.pytest.ini_options]", 'asyncio_mode = "auto"', *settings, "")
    (folder / "pyproject.toml").write_text("\n".join(lines))
    (folder / "test_loops.py").write_text(TESTS)
    plugins = ("no:cacheprovider", "no:dash", "no:schemathesis", "no:xdist")
    options = [part for plugin in plugins for part in ("-p", plugin)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, folder],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return set(re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE)), done.stdout


@pytest.mark.full
def test_each_test_has_a_loop_unless_both_settings_say_otherwise(tmp_path: Path) -> None:
    own = {"test_loops_are_one", "test_a_forgotten_task_goes_on"}
    for settings in ((), SETTINGS[:1]):
        failed, printed = outcome(tmp_path, *settings)
        assert failed == own | {"test_a_queue_is_waited_for_again"}
        assert "is bound to a different event loop" in printed
    assert outcome(tmp_path, *SETTINGS)[0] == set()


@pytest.mark.parametrize("guide", GUIDES)
def test_the_settings_that_the_guide_shows_are_ours(guide: str) -> None:
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", (ROOT / guide).read_text(), re.M | re.S)
    assert shown in (ROOT / "pyproject.toml").read_text()
    assert all(setting in shown for setting in SETTINGS)


async def _ask(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


@pytest.mark.full
@pytest.mark.databases("postgresql")
async def test_a_connection_of_asyncpg_belongs_to_its_loop(make_config: MakeConfig) -> None:
    engine = create_async_engine(make_config().database_url)
    await _ask(engine)
    with pytest.raises(RuntimeError, match="attached to a different loop"):
        await asyncio.to_thread(asyncio.run, _ask(engine))
    await engine.dispose()

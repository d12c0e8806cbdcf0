"""How a run of pytest goes: what it selects, its order, processes, event loop, and garbage.

`pyproject.toml` names it, so that it is imported before all else.
"""

import gc

gc.disable()  # Until all is imported and collected, of which nothing is garbage.

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from app.runtime.processes import collect_seldom
from tests.event_loops import Loop
from tests.memory import memory_folder
from tests.postgresql import NoServerError, Server, sweep
from tests.selection import Scheduler, is_all_later, is_for_soak, is_later, kinds_for, turn_of

# Examples take as long as a busy machine lets them; every test has a time limit of its own.
# Some are the same in each run, as one that fails once in a hundred runs would stop what is not at
# fault; `make soak` finds it, with many others each time.
settings.register_profile("some", derandomize=True, deadline=None, max_examples=15)
settings.register_profile("many", derandomize=False, deadline=None, max_examples=150)

if memory := memory_folder():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))

SERVER = pytest.StashKey[tuple[str | None, str]]()


def pytest_configure(config: pytest.Config) -> None:
    # A shell lets what it starts in the background ignore Ctrl+C, and so all that this starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Not where this file is read: tests import it once more, after the option has been read.
    settings.load_profile(config.getoption("hypothesis_profile", None) or "some")
    if os.environ.get("PYTEST_XDIST_WORKER") is None and config.getoption("numprocesses", None):
        # One server for all workers, started by the main thread of what outlives them.
        _start_server(config)


def pytest_xdist_auto_num_workers() -> int:
    """Run a process more than there are cores: one waits for the browser most of the time.

    Each more would import and collect all once again, 6 s of processor time.
    """
    return len(os.sched_getaffinity(0)) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    return Scheduler(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no module whose tests are all left out."""
    place = collection_path.relative_to(config.rootpath).as_posix()
    return ("not later" in config.option.markexpr and is_all_later(place)) or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `make test-full` runs, unless it is asked for; begin with what takes longest.

    At the end of a run the other processes would wait for it.
    """
    items.sort(key=turn_of)
    for item in filter(is_later, items):
        item.add_marker("later")
    if config.option.markexpr or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if any(map(item.get_closest_marker, ("full", "soak")))]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of all later garbage collections.

    Else one in four tests pays 160 ms to look through it. Later ones come as seldom as in the
    program's own processes.
    """
    collect_seldom()
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Collect what tests left unclosed: pytest looks ten times through all that is not frozen."""
    for _ in range(2):
        gc.collect()
    gc.freeze()


def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the server is; called by pytest-xdist."""
    node.workerinput["postgresql"] = node.config.stash[SERVER]


def _start_server(config: pytest.Config) -> tuple[str | None, str]:
    """Return the server's URL, or None and why there is none."""
    sweep()
    try:
        server = Server()
    except NoServerError as error:
        config.stash[SERVER] = None, str(error)
    else:
        config.add_cleanup(server.remove)
        config.stash[SERVER] = server.url(), ""
    return config.stash[SERVER]


def server_of(config: pytest.Config) -> tuple[str | None, str]:
    """Return the URL of the run's server, or None and why there is none; it starts when needed."""
    workerinput = getattr(config, "workerinput", None)
    return _start_server(config) if workerinput is None else workerinput["postgresql"]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say in one line why nothing was tested on PostgreSQL."""
    url, reason = config.stash.get(SERVER, ("", ""))
    if url is None:
        terminalreporter.write_line(f"nothing was tested on PostgreSQL: {reason}", yellow=True)


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests on the loop that serves users, but those which look into Python's."""
    if item.get_closest_marker("pythons_loop"):
        return {"asyncio": asyncio.new_event_loop}
    return {"uvloop": Loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what uses a database on each kind of database that it is meant for."""
    if "databases" in metafunc.fixturenames:
        kinds = kinds_for(metafunc.definition)
        if "not soak" in metafunc.config.option.markexpr:
            kinds = [kind for kind in kinds if not is_for_soak(kind)]  # 1,400 would be dropped.
        metafunc.parametrize("databases", kinds, indirect=True, scope="session")

"""What the tests share: an app with a real database file of its own, and clients with rights."""

import gc

gc.disable()  # Until all is imported and collected, of which nothing is garbage.

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Final, cast

import pytest
from hypothesis import settings
from quart import Quart

from app import create_app
from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.runtime.processes import collect_seldom
from app.services.access.rights import Scope, add_token
from app.views.cast import NOBODY, bound
from tests import children, quick_start
from tests.browsing import in_one_line, parts_of
from tests.children import own_processes, own_readers  # noqa: F401 - fixtures
from tests.databases import Databases, PostgresqlDatabases, SqliteDatabases
from tests.event_loops import Loop
from tests.installation import Installation
from tests.live_platforms import Platform, live_platform
from tests.memory import memory_folder
from tests.postgresql import NoServerError, Server, sweep
from tests.selection import Scheduler, is_for_soak, kinds_for, turn_of

# Examples take as long as a busy machine lets them; every test has a time limit of its own.
# Some are the same in each run, as one that fails once in a hundred runs would stop what is not at
# fault; `make soak` finds it, with many others each time.
settings.register_profile("some", derandomize=True, deadline=None, max_examples=15)
settings.register_profile("many", derandomize=False, deadline=None, max_examples=150)

if memory := memory_folder():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))

quick_start.install()
children.install()

MakeConfig = Callable[..., Config]
NDJSON: Final = {"Content-Type": "application/x-ndjson"}
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `make test-full` runs, unless it is asked for; begin with what takes longest.

    At the end of a run the other processes would wait for it.
    """
    items.sort(key=turn_of)
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


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("template")
    prepare(Config(env="testing", data_dir=folder), upgrade_old=False)
    return folder / "testing.db"


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """What makes databases of the kind that the test runs on."""
    if request.param == "sqlite":
        yield SqliteDatabases(request.getfixturevalue("template"))
    else:
        yield request.getfixturevalue("postgresql")


@pytest.fixture(scope="session")
def postgresql(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[PostgresqlDatabases]:
    """Databases of the run's own server; skipped, or failed in CI, where none can be had."""
    workerinput = getattr(request.config, "workerinput", None)
    url, reason = (
        workerinput["postgresql"] if workerinput is not None else _start_server(request.config)
    )
    if url is None and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if url is None:
        pytest.skip(reason)
    made = PostgresqlDatabases(url, worker_id, tmp_path_factory.mktemp("postgresql"))
    yield made
    made.close()


@pytest.fixture
def make_config(databases: Databases, tmp_path: Path) -> Iterator[MakeConfig]:
    """Make the settings of an installation with a migrated, empty database."""

    def make(**settings: Any) -> Config:
        folder = settings.pop("data_dir", tmp_path / "instance")
        return config_of(databases, folder, **settings)

    yield make
    databases.drop(tmp_path)


def config_of(databases: Databases, folder: Path, **settings: Any) -> Config:
    folder.mkdir(parents=True, exist_ok=True)
    url = databases.make(folder)
    return Config(env="testing", data_dir=folder, database_url=url, access_log=False, **settings)


@dataclass(frozen=True, slots=True)
class Outside:
    """The test's database, past the program."""

    databases: Databases
    folder: Path

    @property
    def kind(self) -> str:
        return self.databases.kind

    async def execute(self, statement: str) -> None:
        """Wait in a thread, so that a transaction of the program can end meanwhile."""
        await asyncio.to_thread(self.databases.execute, self.folder, statement)

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        return self.databases.fetch(self.folder, query)


@pytest.fixture
def outside(databases: Databases, tmp_path: Path) -> Outside:
    return Outside(databases, tmp_path / "instance")


@pytest.fixture
def installation(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation for the command line, with a migrated, empty database file."""
    monkeypatch.chdir(tmp_path)
    return Installation.made(tmp_path / "instance", template)


@pytest.fixture
async def db(make_config: MakeConfig) -> AsyncIterator[Database]:
    """A database without an app."""
    database = Database(make_config())
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def shared_db(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Database]:
    """A database without an app, for those tests of a module that only read."""
    folder = tmp_path_factory.mktemp("shared")
    database = Database(config_of(databases, folder / "instance"))
    yield database
    await database.close()
    databases.drop(folder)


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests to an app that runs in this process; a scope gives it a token."""

    app: Quart
    headers: dict[str, str]

    async def send(self, method: str, path: str, **kwargs: Any) -> Any:
        headers = self.headers | kwargs.pop("headers", {})
        return await self.app.test_client().open(path, method=method, headers=headers, **kwargs)

    async def get(self, path: str, **kwargs: Any) -> Any:
        return await self.send("GET", path, **kwargs)

    async def post(self, path: str, **kwargs: Any) -> Any:
        return await self.send("POST", path, **kwargs)

    async def delete(self, path: str, **kwargs: Any) -> Any:
        return await self.send("DELETE", path, **kwargs)

    async def page(self, path: str, *, status: int = 200, **kwargs: Any) -> str:
        """Return a page's text as a reader sees its letters."""
        answer = await self.get(path, **kwargs)
        assert answer.status_code == status
        return unescape(in_one_line(await answer.get_data(as_text=True)))

    async def json(self, path: str, *, status: int = 200, **kwargs: Any) -> Any:
        """Return the value of an answer."""
        answer = await self.get(path, **kwargs)
        assert answer.status_code == status, await answer.get_data()
        return await answer.get_json(force=True)

    async def walk(self, path: str, limit: int) -> list[Any]:
        """Return the items of all pages of a list, of so many each."""
        items: list[Any] = []
        address = f"{path}{'&' if '?' in path else '?'}limit={limit}"
        cursor = ""
        while cursor is not None:
            page = await self.json(f"{address}&cursor={cursor}" if cursor else address)
            assert len(page["items"]) <= limit
            items, cursor = items + page["items"], page["next"]
        return items

    async def add_posts(self, *posts: dict[str, Any]) -> None:
        """Store posts in bulk, which are all new; authors are made."""
        data = "".join(json.dumps(post) + "\n" for post in posts)
        answer = await self.post("/api/v1/tweets?publish=1", data=data, headers=NDJSON)
        assert (await answer.get_json())["accepted"] == len(posts), await answer.get_data()

    async def add_user(self, username: str, *texts: str, **fields: Any) -> dict[str, Any]:
        """Add an author with posts; return the author."""
        answer = await self.post("/api/v1/users", json={"username": username} | fields)
        assert answer.status_code == 201, await answer.get_data()
        for text in texts:
            await self.add_tweet(username, text)
        return cast(dict[str, Any], await answer.get_json())

    async def add_dated(
        self, username: str, text: str, times: Iterable[object], **fields: Any
    ) -> None:
        """Add a post of an author for each time; `{n}` in the text is the number of the post."""
        posts = ({"text": text.format(n=n), "created_at": str(at)} for n, at in enumerate(times))
        await self.add_posts(*({"username": username} | post | fields for post in posts))

    async def add_author(self, username: str, *texts: str) -> None:
        """Add an author with posts in one request, for tests of what many posts say."""
        await self.add_posts(*({"username": username, "text": text} for text in texts))

    async def add_tweet(self, username: str, text: str, **fields: Any) -> dict[str, Any]:
        path = f"/api/v1/users/{username}/tweets?publish=1"
        answer = await self.post(path, json={"text": text} | fields)
        assert answer.status_code == 201, await answer.get_data()
        return cast(dict[str, Any], await answer.get_json())


@pytest.fixture
async def app(make_config: MakeConfig) -> AsyncIterator[Quart]:
    """An app that serves."""
    app = create_app(make_config())
    async with app.test_app():
        yield app


@dataclass(frozen=True, slots=True)
class Shared:
    """An app that serves, and clients of it without a token, and with one."""

    app: Quart
    anybody: Client
    writer: Client
    admin: Client


@pytest.fixture(scope="module")
async def shared(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared]:
    """One app for those tests of a module that only read, or write to authors of their own."""
    folder = tmp_path_factory.mktemp("shared")
    app = create_app(config_of(databases, folder / "instance"))
    async with app.test_app():
        writer, admin = await client_with(app, "write"), await client_with(app, "admin")
        yield Shared(app, Client(app, {}), writer, admin)
    databases.drop(folder)


async def client_with(app: Quart, scope: Scope) -> Client:
    """Return a client with a new token of that scope."""
    async with parts_of(app).db.write() as session:
        _, secret = await add_token(session, scope, scope)
    return Client(app, {"Authorization": f"Bearer {secret}"})


@pytest.fixture
def anybody(app: Quart) -> Client:
    """A client without a token."""
    return Client(app, {})


@pytest.fixture
async def writer(app: Quart) -> Client:
    """A client that may write."""
    return await client_with(app, "write")


@pytest.fixture
async def admin(app: Quart) -> Client:
    """A client that may do everything that a token can allow."""
    return await client_with(app, "admin")


@pytest.fixture(scope="module")
def without_people() -> Iterator[None]:
    """Let sentences outside of a page call people by their usernames."""
    with bound(NOBODY):
        yield


@pytest.fixture
def platform() -> Iterator[Platform]:
    """Serve what Bluesky, Mastodon and feeds do."""
    with live_platform() as platform:
        yield platform

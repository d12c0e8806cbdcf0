"""What the tests share: an app with a real database file of its own, and clients with rights."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Final, cast

import aiosqlite
import pytest
from quart import Quart

from app import create_app
from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.db.sqlite import connection
from app.services.access.rights import Scope, add_token
from app.services.snapshots import Snapshots
from app.views.cast import NOBODY, bound
from tests import children, quick_start
from tests.browsing import in_one_line, parts_of
from tests.children import own_processes, own_readers  # noqa: F401 - fixtures
from tests.databases import STOCK, Databases, PostgresqlDatabases, SqliteDatabases
from tests.installation import Installation
from tests.live_platforms import Platform, live_platform
from tests.plugin import server_of

quick_start.install()
children.install()
# On a busy machine the front page would lack parts; what visitors see then is test_counting's.
Snapshots.part_s = 60.0

MakeConfig = Callable[..., Config]
NDJSON: Final = {"Content-Type": "application/x-ndjson"}


@asynccontextmanager
async def app_of(config: Config) -> AsyncIterator[Quart]:
    """Serve, with these settings."""
    app = create_app(config)
    async with app.test_app():
        yield app


@pytest.fixture
async def app(make_config: MakeConfig) -> AsyncIterator[Quart]:
    """An app that serves."""
    app = create_app(make_config())
    async with app.test_app():
        yield app


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests to an app that runs in this process; a scope gives it a token."""

    app: Quart
    headers: dict[str, str]

    async def send(self, method: str, path: str, **kwargs: Any) -> Any:
        """Send a request; its answer must have the `status`, if one is given."""
        headers, status = self.headers | kwargs.pop("headers", {}), kwargs.pop("status", None)
        client = self.app.test_client()
        answer = await client.open(path, method=method, headers=headers, **kwargs)
        assert status in (None, answer.status_code), (answer.status_code, await answer.get_data())
        return answer

    async def get(self, path: str, **kwargs: Any) -> Any:
        return await self.send("GET", path, **kwargs)

    async def post(self, path: str, **kwargs: Any) -> Any:
        return await self.send("POST", path, **kwargs)

    async def delete(self, path: str, **kwargs: Any) -> Any:
        return await self.send("DELETE", path, **kwargs)

    async def page(self, path: str, *, status: int = 200, **kwargs: Any) -> str:
        """Return a page's text as a reader sees its letters."""
        answer = await self.get(path, status=status, **kwargs)
        return unescape(in_one_line(await answer.get_data(as_text=True)))

    async def json(self, path: str, *, status: int = 200, **kwargs: Any) -> Any:
        """Return the value of an answer."""
        answer = await self.get(path, status=status, **kwargs)
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
        answer = await self.post("/api/v1/users", json={"username": username} | fields, status=201)
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
        answer = await self.post(path, json={"text": text} | fields, status=201)
        return cast(dict[str, Any], await answer.get_json())


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
    async with app_of(config_of(databases, folder / "instance")) as app:
        writer, admin = await client_with(app, "write"), await client_with(app, "admin")
        yield Shared(app, Client(app, {}), writer, admin)
    databases.drop(folder)


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
def platform() -> Iterator[Platform]:
    """Serve what Bluesky, Mastodon and feeds do."""
    with live_platform() as platform:
        yield platform


@pytest.fixture(scope="module")
def without_people() -> Iterator[None]:
    """Let sentences outside of a page call people by their usernames."""
    with bound(NOBODY):
        yield


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """What makes databases of the kind that the test runs on."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgresql")
        return
    with pytest.MonkeyPatch.context() as patch:
        if request.param == STOCK:
            patch.setattr(connection, "DriverConnection", aiosqlite.Connection)
        yield SqliteDatabases(request.getfixturevalue("template"))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("template")
    prepare(Config(env="testing", data_dir=folder), upgrade_old=False)
    return folder / "testing.db"


@pytest.fixture(scope="session")
def postgresql(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[PostgresqlDatabases]:
    """Databases of the run's own server; skipped, or failed in CI, where none can be had."""
    url, reason = server_of(request.config)
    if url is None and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if url is None:
        pytest.skip(reason)
    made = PostgresqlDatabases(url, worker_id, tmp_path_factory.mktemp("postgresql"))
    yield made
    made.close()

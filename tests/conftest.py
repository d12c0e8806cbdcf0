"""What the tests share: an app with a real database file of its own, and clients with rights."""

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings
from quart import Quart

from app import create_app
from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.lifespan import KEY, Resources
from app.services.tokens import Scope, add_token
from tests.installation import Installation

# Examples take as long as a busy machine lets them; every test has a time limit of its own.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

MakeConfig = Callable[..., Config]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("template")
    prepare(Config(env="testing", data_dir=folder), upgrade_old=False)
    return folder / "testing.db"


@pytest.fixture
def make_config(template: Path, tmp_path: Path) -> MakeConfig:
    """Make the settings of an installation with a migrated, empty database."""

    def make(**settings: Any) -> Config:
        folder = settings.pop("data_dir", tmp_path / "instance")
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "testing.db"
        if not target.exists():
            shutil.copy(template, target)
        return Config(env="testing", data_dir=folder, access_log=False, **settings)

    return make


@pytest.fixture
def installation(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation for the command line, with a migrated, empty database."""
    monkeypatch.chdir(tmp_path)
    installation = Installation(tmp_path / "instance")
    installation.data_dir.mkdir()
    shutil.copy(template, installation.database)
    return installation


@pytest.fixture
async def db(make_config: MakeConfig) -> AsyncIterator[Database]:
    """A database without an app."""
    database = Database(make_config())
    yield database
    await database.close()


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

    async def add_user(self, username: str, *texts: str, **fields: Any) -> dict[str, Any]:
        """Add an author with posts; return the author."""
        answer = await self.post("/api/v1/users", json={"username": username} | fields)
        assert answer.status_code == 201, await answer.get_data()
        for text in texts:
            await self.add_tweet(username, text)
        return cast(dict[str, Any], await answer.get_json())

    async def add_tweet(self, username: str, text: str, **fields: Any) -> dict[str, Any]:
        path = f"/api/v1/users/{username}/tweets"
        answer = await self.post(path, json={"text": text} | fields)
        assert answer.status_code == 201, await answer.get_data()
        return cast(dict[str, Any], await answer.get_json())


@pytest.fixture
async def app(make_config: MakeConfig) -> AsyncIterator[Quart]:
    """An app that serves."""
    app = create_app(make_config())
    async with app.test_app():
        yield app


async def client_with(app: Quart, scope: Scope) -> Client:
    """Return a client with a new token of that scope."""
    resources = cast(Resources, app.extensions[KEY])
    async with resources.db.write() as session:
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

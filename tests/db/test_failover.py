"""A PostgreSQL server that goes away: it comes back, or a standby takes its place."""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from quart import Quart

from app.config import Config, Durability
from app.db.engine import Database
from app.db.migrate import prepare
from app.db.postgresql.backend import PostgresqlBackend
from app.db.postgresql.connection import connect, connection_string
from app.errors import UnavailableError
from tests.browsing import parts_of
from tests.conftest import Client, app_of, client_with, config_of
from tests.databases import Databases
from tests.listening import listening
from tests.postgresql import Server
from tests.posting import post
from tests.waiting import eventually

pytestmark = pytest.mark.databases("postgresql")


@pytest.fixture
def own_server(databases: Databases) -> Iterator[Server]:
    """A server that the test may stop; there is one, as that of the run shows."""
    server = Server(durable=True)
    yield server
    server.remove()


@asynccontextmanager
async def serving(folder: Path, url: str, durability: Durability = "full") -> AsyncIterator[Quart]:
    """Serve on a database that has no tables yet."""
    config = Config(
        env="testing", data_dir=folder, database_url=url, durability=durability, access_log=False
    )
    await asyncio.to_thread(prepare, config, upgrade_old=False)
    async with app_of(config) as app:
        yield app


@pytest.fixture
async def outlasting(own_server: Server, tmp_path: Path) -> AsyncIterator[Quart]:
    """An app on that server."""
    async with serving(tmp_path, own_server.url()) as app:
        yield app


@pytest.mark.parametrize(
    "at_once",
    [pytest.param(False, id="shut down", marks=pytest.mark.full), pytest.param(True, id="crashed")],
)
@pytest.mark.full
async def test_while_the_server_is_away_answers_are_503_and_it_heals_by_itself(
    outlasting: Quart, own_server: Server, at_once: bool
) -> None:
    writer, anybody = await client_with(outlasting, "write"), Client(outlasting, {})
    await writer.add_user("ann", "before")
    path = "/api/v1/users/ann/tweets"
    for _ in range(2):
        assert (await anybody.get(path)).status_code == 200
    own_server.stop(at_once=at_once)

    async def read() -> Any:
        return await anybody.get(path)

    # What is kept may be given for the second in which it cannot be stale.
    away = await eventually(read, until=lambda answer: answer.status_code != 200)
    assert (away.status_code, bool(away.headers["Retry-After"])) == (503, True)
    for answer in (
        await writer.post(path, json={"text": "meanwhile"}),
        await anybody.get("/readyz"),
        await anybody.get("/"),
    ):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "asyncpg" not in await answer.get_data(as_text=True)
    assert (await anybody.get("/healthz")).status_code == 200
    own_server.start()
    await eventually(read, until=lambda answer: answer.status_code == 200)

    async def write() -> Any:
        return await writer.post(path, json={"text": "after", "source_id": "after"})

    await eventually(write, until=lambda answer: answer.status_code in {200, 201})
    page = await (await read()).get_json()
    assert [post["text"] for post in page["items"]] == ["after", "before"]


async def fail_over(server: Server, app: Quart, lost: Callable[[], Awaitable[Any]]) -> None:
    """Replace the server by a standby that has heard of nothing since it was copied."""
    data, standby = server.folder / "data", server.folder / "standby"
    server.stop()
    assert await (await asyncio.create_subprocess_exec("cp", "-a", data, standby)).wait() == 0
    server.start()
    # It closes connections when it sees that the server began anew, a while after a read succeeds.
    await eventually(parts_of(app).feed.look)
    await lost()
    server.stop(at_once=True)
    shutil.rmtree(data)
    standby.rename(data)
    server.start()


@pytest.mark.full
async def test_writes_lost_by_a_failover_are_in_no_answer(
    outlasting: Quart, own_server: Server
) -> None:
    writer = await client_with(outlasting, "write")
    await writer.add_user("ann")
    await writer.add_tweet("ann", "kept")
    path = "/api/v1/users/ann/tweets"

    async def shown() -> list[str]:
        answer = await writer.get(path)
        page = await answer.get_json()
        return [post["text"] for post in page["items"]] if answer.status_code == 200 else []

    async def measured() -> list[str]:
        card = await (await writer.get("/api/v1/compare/card")).get_json()
        return [author["username"] for author in card["authors"]]

    async with listening(writer.app) as (stream,):

        async def lose() -> None:
            lost = await writer.add_tweet("ann", "lost")
            assert (await stream.next())[0][2] == lost
            assert await shown() == ["lost", "kept"]
            await writer.add_user("ghost", "boo")
            assert [each[1] for each in await stream.next(2)] == ["user.created", "tweet.created"]
            assert await measured() == ["ann", "ghost"]

        await fail_over(own_server, outlasting, lose)
        assert await eventually(shown) == ["kept"]
        assert [each[1] for each in await stream.next()] == ["reset"]
        await writer.add_tweet("ann", "after")
        after = await stream.next(with_id=False)
        assert after[0][2].get("text") == "after", after
        assert await shown() == ["after", "kept"]
        await writer.add_user("heir", "to the same id")
        assert await measured() == ["ann", "heir"]


async def wait_for_standbys(outside: Any, names: str) -> None:
    """Let the server acknowledge only what these standbys have, and return once it does so."""
    await outside.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    # Commits go by what the checkpointer has read, which is the last to hear of a reload. By the
    # second reload it has heard of the first one, and it reads before it begins a checkpoint.
    loaded = "SELECT pg_conf_load_time()"
    for _ in range(2):
        before = await outside.fetchval(loaded)
        await outside.execute("SELECT pg_reload_conf()")
        await eventually(lambda: outside.fetchval(loaded), until=before.__ne__)
    await outside.execute("CHECKPOINT")


@pytest.mark.full
async def test_a_commit_that_no_standby_has_is_never_acknowledged(
    outlasting: Quart, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = await client_with(outlasting, "write")
    await writer.add_user("ann")
    monkeypatch.setattr("app.db.postgresql.backend.COMMIT_TIMEOUT_S", 1.0)
    monkeypatch.setattr("app.db.engine.WRITE_TIMEOUT_S", 1.0)
    outside = await asyncpg.connect(connection_string(own_server.url()))

    async def post() -> int:
        body = {"text": "waits", "source_id": "1"}
        return int((await writer.post("/api/v1/users/ann/tweets", json=body)).status_code)

    await wait_for_standbys(outside, "ANY 1 (b)")
    assert [await post() for _ in range(3)] == [503] * 3
    assert await outside.fetchval('SELECT count(*) FROM "Tweet"') == 0
    await wait_for_standbys(outside, "")
    # Whether one of them had only to wait for the standby depends on who else wrote meanwhile.
    assert await eventually(post, until=lambda status: status != 503) in (200, 201)
    assert await outside.fetchval('SELECT count(*) FROM "Tweet"') == 1
    await outside.close()


@pytest.mark.full
async def test_replicated_acknowledges_only_what_a_standby_has(
    own_server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    outside = await asyncpg.connect(connection_string(own_server.url()))
    standby = await asyncio.to_thread(Server, durable=True, primary=own_server, name="b")
    request.addfinalizer(standby.remove)
    async with serving(tmp_path, own_server.url(), "replicated") as app:
        await wait_for_standbys(outside, "b")
        writer = await client_with(app, "write")
        await writer.add_user("ann", "both have it")
        await wait_for_standbys(outside, "")
        path = "/api/v1/users/ann/tweets"
        refused = await writer.post(path, json={"text": "none has it"})
        assert (refused.status_code, bool(refused.headers["Retry-After"])) == (503, True)
        assert (await Client(app, {}).get(path)).status_code == 200
        await wait_for_standbys(outside, "b")
        standby.stop()
        monkeypatch.setattr("app.db.postgresql.backend.COMMIT_TIMEOUT_S", 1.0)
        refused = await writer.post(path, json={"text": "it may have it"})
        assert (refused.status_code, bool(refused.headers["Retry-After"])) == (503, True)
    await outside.close()
    own_server.stop(at_once=True)
    standby.start()
    # It has on its disk what it acknowledged, and may show it later.
    assert await eventually(lambda: texts_on(standby)) == ["both have it"]


async def texts_on(standby: Server) -> list[str]:
    """Return the texts of the posts that it shows; its tables come by and by, too."""
    connection = await asyncpg.connect(connection_string(standby.url()))
    try:
        return [row["text"] for row in await connection.fetch('SELECT text FROM "Tweet"')]
    except asyncpg.UndefinedTableError:
        return []
    finally:
        await connection.close()


@pytest.mark.full
@pytest.mark.parametrize("hangs", [False, True], ids=["it died", "it hangs"])
async def test_the_primary_of_several_hosts_is_used_after_a_promotion(
    own_server: Server,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    hangs: bool,
) -> None:
    monkeypatch.setattr("app.db.postgresql.connection.COMMAND_TIMEOUT_S", 3600.0)
    monkeypatch.setattr("app.db.postgresql.backend.COMMIT_TIMEOUT_S", 3600.0)
    standby = await asyncio.to_thread(Server, durable=True, primary=own_server)
    request.addfinalizer(standby.remove)
    hosts = f"{standby.folder},{own_server.folder}"
    async with serving(tmp_path, f"postgresql+asyncpg://postgres@/postgres?host={hosts}") as app:
        writer = await client_with(app, "write")
        await writer.add_user("ann", "before")
        event = await (await writer.get("/api/v1/users/ann/tweets")).get_json()
        await eventually(lambda: texts_on(standby), until=["before"].__eq__)
        if hangs:
            hang(own_server, request)
        else:
            await asyncio.to_thread(own_server.stop, at_once=True)

        async def write() -> int:
            body = {"text": "after", "source_id": "1"}
            return int((await writer.post("/api/v1/users/ann/tweets", json=body)).status_code)

        under_way = asyncio.create_task(write())
        await standby.ask("SELECT pg_promote()")
        assert await under_way in {201, 503}
        await eventually(write, until=lambda status: status in {200, 201})
        page = await (await writer.get("/api/v1/users/ann/tweets")).get_json()
        assert page["items"][1:] == event["items"]
        assert page["items"][0]["text"] == "after"


def hang(server: Server, request: pytest.FixtureRequest) -> None:
    """Let all processes of the server hang until the end of the test."""
    pids = server.pids()

    def send(number: int) -> None:
        for pid in pids:
            os.kill(pid, number)

    send(signal.SIGSTOP)
    request.addfinalizer(lambda: send(signal.SIGCONT))


@pytest.mark.full
async def test_a_silent_host_does_not_hold_up_the_next(own_server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        hosts = f"host=127.0.0.1,{own_server.folder}&port={port},5432&target_session_attrs=primary"
        connection = await connect(f"postgresql+asyncpg://postgres@/postgres?{hosts}")
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


SOCKET = ".s.PGSQL.5432"


class Link:
    """Passes on what a program and a server say, until a message at which it breaks."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.left = 0
        """Messages of the program, or answers of the server, up to the one at which it breaks."""
        self.breaks_at_answers = False
        self.on_answer: Callable[[], None] = self.cut

    def cut(self) -> None:
        """Break all connections."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.create_task(self._connect(reader, writer)))

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(self._server)
        self._writers |= {writer, server_writer}
        with suppress(ConnectionError):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, server_writer, are_answers=False))
                group.create_task(self._copy(server_reader, writer, are_answers=True))

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, are_answers: bool
    ) -> None:
        with suppress(ConnectionError):
            while message := await reader.read(65_536):
                if self.left and are_answers == self.breaks_at_answers:
                    self.left -= 1
                    if not self.left and not are_answers:
                        self.cut()
                        return
                    if not self.left:
                        writer.write(message)
                        # Then the driver has read it, and who waits for it does not run yet.
                        await asyncio.sleep(0)
                        await asyncio.sleep(0)
                        self.on_answer()
                        continue
                writer.write(message)
        writer.close()

    async def end(self) -> None:
        """Break all connections, and wait until nothing is passed on."""
        self.cut()
        await asyncio.gather(*self._tasks)


@asynccontextmanager
async def linked(config: Config) -> AsyncIterator[tuple[Database, Link]]:
    """Open the database over a link."""
    (server,) = parse_qs(urlsplit(config.database_url).query)["host"]
    with tempfile.TemporaryDirectory(prefix="saywho-link-") as folder:
        link = Link(Path(server, SOCKET))
        listening = await asyncio.start_unix_server(link.accept, Path(folder, SOCKET))
        url = config.database_url.replace(server, folder)
        async with listening, Database(replace(config, database_url=url)) as db:
            yield db, link
        await link.end()


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param("before a message", marks=pytest.mark.full),
        pytest.param("after an answer", marks=pytest.mark.full),
        "dropped here",
    ],
)
async def test_a_link_that_breaks_anywhere_is_503_and_a_post_is_stored_once_or_not(
    databases: Databases, tmp_path: Path, breaks: str
) -> None:
    config = config_of(databases, tmp_path)
    async with linked(config) as (db, link):
        assert isinstance(db.backend, PostgresqlBackend)
        link.breaks_at_answers = breaks != "before a message"
        if breaks == "dropped here":
            # As where the server is another one since a failover.
            link.on_answer = db.backend.drop_connections
        stored = Counter[str]()
        for number in count(1):
            db.backend.drop_connections()
            link.left = number
            with suppress(UnavailableError):
                await post(db, "ann", f"post {number}")
                stored[f"post {number}"] += 1
            if link.left:
                break
        assert number > 20
        rows = databases.fetch(config.data_dir, 'SELECT text FROM "Tweet"')
        texts = Counter(text for (text,) in rows)
        assert stored <= texts
        assert set(texts.values()) == {1}

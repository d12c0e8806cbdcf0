"""Reads from a real standby: only what it can prove to be new enough."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from quart import Quart

from app import create_app
from app.config import Config
from app.db.migrate import prepare
from app.db.postgresql import connection, replicas
from app.db.postgresql.connection import data_source
from app.services.posts import exporting
from tests.conftest import Client, client_with
from tests.dashboard.viewing import GZIP, UPDATE, bars, call, drawn
from tests.databases import Databases
from tests.postgresql import Server
from tests.serving.test_server import children_of
from tests.views.pages.test_media_pages import LAMP, bring
from tests.waiting import eventually

pytestmark = pytest.mark.databases("postgresql")
POSTS = "/api/v1/users/ann/tweets"
EXPORT = "/api/v1/export"
WAITING = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'saywho'"
UNTOLD = ("LoginSession", "Token", "Operator", "ImportJob", "Lease")


@pytest.fixture
def primary(databases: Databases) -> Iterator[Server]:
    server = Server(durable=True)
    yield server
    server.remove()


@pytest.fixture
def standby(primary: Server) -> Iterator[Server]:
    server = Server(primary=primary)
    yield server
    server.remove()


@pytest.fixture
async def app(primary: Server, standby: Server, tmp_path: Path) -> AsyncIterator[Quart]:
    """An app that may read the standby, and keeps no answers."""
    config = Config(
        env="testing",
        data_dir=tmp_path,
        database_url=primary.url(),
        replica_urls=(standby.url(),),
        access_log=False,
        cache_mb=0,
    )
    await asyncio.to_thread(prepare, config, upgrade_old=False)
    app = create_app(config)
    async with app.test_app():
        yield app


async def sessions(app: Quart) -> dict[str, int]:
    """Return how many sessions read the primary and replicas, as the metrics say."""
    answer = await (await client_with(app, "admin")).get("/metrics")
    lines = (await answer.get_data(as_text=True)).splitlines()
    counts = dict(line.rsplit(" ", 1) for line in lines if line.startswith("saywho_db_seconds_c"))
    name = 'saywho_db_seconds_count{{kind="{}"}}'
    return {kind: int(float(counts.get(name.format(kind), 0))) for kind in ("read", "replica")}


async def texts(client: Client, path: str = POSTS) -> list[str]:
    answer = await client.get(path)
    assert answer.status_code == 200
    return [post["text"] for post in (await answer.get_json())["items"]]


async def from_replica(app: Quart, client: Client) -> None:
    """Wait until an answer comes from the replica: a busy machine may let it lag."""

    async def is_read() -> bool:
        before = (await sessions(app))["replica"]
        await texts(client)
        return (await sessions(app))["replica"] > before

    await eventually(is_read)


async def test_answers_come_from_a_replica_that_shows_the_newest_event(
    app: Quart, standby: Server
) -> None:
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first", "second")
    await from_replica(app, anybody)
    for path in (
        *("/", "/user/ann", "/search?q=first", "/compare", "/dashboard/", "/feed.atom"),
        *("/api/v1/users", "/api/v1/search?q=first", "/api/v1/stats", "/imports", "/login"),
    ):
        assert (await anybody.get(path)).status_code < 400, path
    assert await texts(writer) == ["second", "first"]


async def test_every_page_of_an_export_and_every_figure_come_from_a_replica(
    app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 1)
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first", "second")
    posts = 2

    async def export() -> None:
        assert (await (await anybody.get(EXPORT)).get_data()).count(b"\n") == posts

    async def draw() -> None:
        nonlocal posts
        await writer.add_tweet("ann", "next")  # Otherwise the figure before would be shown.
        posts += 1
        assert bars(await drawn(anybody, "timeline")) == {"ann": posts}

    async def read_by(work: Callable[[], Awaitable[None]]) -> int:
        before = (await sessions(app))["replica"]
        await work()
        return (await sessions(app))["replica"] - before

    pages = posts + 1  # And the look at where it ends.
    await eventually(lambda: read_by(export), until=lambda read: read > pages)
    await eventually(lambda: read_by(draw))


async def test_what_changes_without_an_event_is_never_read_from_a_replica(
    app: Quart, standby: Server
) -> None:
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first")
    await from_replica(app, anybody)
    for path in ("/", "/user/ann", "/imports", "/sources", "/api/v1/imports", "/api/v1/users/ann"):
        assert (await writer.get(path)).status_code < 500, path
    scans = "SELECT coalesce(sum(seq_scan + coalesce(idx_scan, 0)), 0) FROM pg_stat_user_tables"
    told = f"{scans} WHERE relname IN ('Tweet', 'Users')"
    assert await eventually(lambda: standby.ask(told))
    assert await standby.ask(f"{scans} WHERE relname IN {UNTOLD}") == 0


async def test_what_a_replica_lacks_the_primary_answers(app: Quart, standby: Server) -> None:
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first")
    await from_replica(app, anybody)
    await standby.ask("SELECT pg_wal_replay_pause()")
    for number in range(5):
        await writer.add_tweet("ann", f"later {number}")
        assert (await texts(anybody))[0] == f"later {number}"
        assert (await anybody.get("/api/v1/users/ann")).status_code == 200
        assert (await (await anybody.get(EXPORT)).get_data()).count(b"\n") == 2 + number
        assert bars(await drawn(anybody, "timeline")) == {"ann": 2 + number}
    assert await standby.ask('SELECT count(*) FROM "Tweet"') == 1
    await standby.ask("SELECT pg_wal_replay_resume()")
    await from_replica(app, anybody)
    assert len(await texts(anybody)) == 6


async def test_a_replica_that_ends_costs_no_answer(app: Quart, standby: Server) -> None:
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first")
    is_over = False

    async def read() -> None:
        while not is_over:
            for path in (POSTS, "/api/v1/users/ann", "/api/v1/users"):
                assert (await anybody.get(path)).status_code == 200

    async def write() -> None:
        while not is_over:
            await writer.add_tweet("ann", "next")

    async with asyncio.TaskGroup() as clients:
        clients.create_task(write())
        for _ in range(8):
            clients.create_task(read())
        for at_once in (False, True, False, True):
            await from_replica(app, anybody)
            await asyncio.to_thread(standby.stop, at_once=at_once)
            standby.start()  # Here, since it would end with another thread.
        await from_replica(app, anybody)
        is_over = True


@contextlib.asynccontextmanager
async def waiting_at_standby(
    ask: Callable[[], Coroutine[Any, Any, Any]], primary: Server, standby: Server
) -> AsyncIterator["asyncio.Task[Any]"]:
    """Ask for posts while their table is locked, until the block ends; give the request."""
    locking = await asyncpg.connect(data_source(primary.url()))
    async with locking.transaction():
        # The standby holds the lock too, once it has read of it.
        await locking.execute('LOCK TABLE "Tweet" IN ACCESS EXCLUSIVE MODE')
        await primary.ask("SELECT pg_switch_wal()")
        asking = asyncio.create_task(ask())
        await eventually(lambda: standby.ask(f"SELECT count(*) {WAITING}"))
        yield asking
    await locking.close()


@pytest.mark.parametrize("ended", ["pg_terminate_backend", "pg_cancel_backend"])
async def test_a_statement_that_a_replica_breaks_off_is_asked_elsewhere(
    app: Quart, primary: Server, standby: Server, ended: str
) -> None:
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first")
    await from_replica(app, anybody)
    async with waiting_at_standby(lambda: anybody.get(POSTS), primary, standby) as asking:
        assert await standby.ask(f"SELECT {ended}(pid) {WAITING}")
        await eventually(lambda: primary.ask(f"SELECT count(*) {WAITING}"))
    assert (await asking).status_code == 200


async def test_a_figure_that_a_replica_breaks_off_is_made_from_the_primary(
    app: Quart, primary: Server, standby: Server
) -> None:
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first")
    await from_replica(app, anybody)
    async with waiting_at_standby(lambda: drawn(anybody, "map"), primary, standby) as asking:
        assert await standby.ask(f"SELECT pg_terminate_backend(pid) {WAITING}")
        await eventually(lambda: primary.ask(f"SELECT count(*) {WAITING}"))
    assert "problem" not in await asking


@contextlib.contextmanager
def hanging(server: Server) -> Iterator[None]:
    """Stop all processes of the server until the block ends."""
    data = server.folder / "data"
    postmaster = int((data / "postmaster.pid").read_text().split()[0])
    stopped = [postmaster, *children_of(postmaster)]

    def send(sign: signal.Signals) -> None:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):  # It ended by itself.
                os.kill(pid, sign)

    send(signal.SIGSTOP)
    try:
        yield
    finally:
        send(signal.SIGCONT)


async def test_a_replica_that_hangs_is_left_alone(app: Quart, standby: Server) -> None:
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first")
    await from_replica(app, anybody)
    with hanging(standby):
        for _ in range(5):
            assert await texts(anybody) == ["first"]
    await from_replica(app, anybody)


async def test_a_statement_is_asked_elsewhere_when_its_replica_hangs(
    app: Quart, primary: Server, standby: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "COMMAND_TIMEOUT_S", 3600.0)
    monkeypatch.setattr(replicas, "LIMIT_S", 8)  # Long enough to be found while it waits.
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first")
    await from_replica(app, anybody)
    async with waiting_at_standby(lambda: anybody.get(POSTS), primary, standby) as asking:
        stack = contextlib.ExitStack()
        stack.enter_context(hanging(standby))
    with stack:
        assert (await asking).status_code == 200
    await from_replica(app, anybody)


async def test_without_the_primary_replicas_answer_and_say_how_new_they_are(
    app: Quart, primary: Server, tmp_path: Path
) -> None:
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await bring(app, tmp_path)
    await writer.add_user("ann", "first")
    added = await writer.post(POSTS, json={"text": "second"})
    newest = int(added.headers["Saywho-Event"])
    await from_replica(app, anybody)
    assert "Saywho-As-Of" not in (await anybody.get(POSTS)).headers
    primary.stop(at_once=True)

    async def read() -> Any:
        return await anybody.get(POSTS)

    answer = await eventually(read, until=lambda answer: "Saywho-As-Of" in answer.headers)
    assert int(answer.headers["Saywho-As-Of"]) == newest
    assert await texts(anybody) == ["second", "first"]
    for path in (
        *("/", "/user/ann", "/search?q=first", "/dashboard/", "/dashboard/table/week", LAMP),
        *("/api/v1/users/ann", "/api/v1/stats", EXPORT),
    ):
        answer = await anybody.get(path, headers={"Saywho-After": str(newest)})
        assert (path, answer.status_code) == (path, 200)
        assert int(answer.headers["Saywho-As-Of"]) == newest
    assert (await (await anybody.get(EXPORT)).get_data()).count(b"\n") == 4
    answer = await anybody.post(UPDATE, json=call("timeline"), headers=GZIP)
    assert int(answer.headers["Saywho-As-Of"]) == newest
    assert bars(await drawn(anybody, "timeline")) == {"ann": 2, "mina": 2}
    for answer in (
        await writer.post(POSTS, json={"text": "never"}),  # Its token cannot be looked up.
        await anybody.get("/readyz"),
        await anybody.get(POSTS, headers={"Saywho-After": str(newest + 1)}),
    ):
        assert (answer.status_code, bool(answer.headers["Retry-After"])) == (503, True)
    primary.start()

    async def write() -> int:
        return int((await writer.post(POSTS, json={"text": "after"})).status_code)

    await eventually(write, until=lambda status: status == 201)
    assert (await texts(anybody))[0] == "after"
    assert "Saywho-As-Of" not in (await anybody.get(POSTS)).headers


async def test_no_reader_notices_that_the_primary_ended_just_after_a_write(
    app: Quart, primary: Server
) -> None:
    await primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await primary.ask("SELECT pg_reload_conf()")
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first")
    await writer.add_user("bea", "hers")
    await from_replica(app, anybody)
    await writer.add_tweet("ann", "second")
    primary.stop(at_once=True)  # Here, so that the log is not read in between.
    for path in ("/", "/user/ann", "/search?q=second", "/api/v1/users", "/dashboard/", EXPORT):
        answer = await anybody.get(path)
        assert (path, answer.status_code) == (path, 200)
        assert "Saywho-As-Of" in answer.headers
    assert await texts(anybody) == ["second", "first"]
    primary.start()


async def test_another_log_with_the_same_numbers_is_not_read(app: Quart, standby: Server) -> None:
    writer, anybody = await client_with(app, "write"), Client(app, {})
    await writer.add_user("ann", "first")
    await from_replica(app, anybody)
    # The standby goes its own way, and comes to the same number before it is a standby again.
    await standby.ask("SELECT pg_promote()")
    await standby.ask('UPDATE "Event" SET created_at = now()')
    await standby.ask("""UPDATE "Tweet" SET text = 'other'""")
    standby.stop()
    (standby.folder / "data" / "standby.signal").touch()
    standby.start()
    assert await standby.ask("SELECT pg_is_in_recovery()")
    before = (await sessions(app))["replica"]
    for _ in range(5):
        assert await texts(anybody) == ["first"]
    assert (await sessions(app))["replica"] == before

"""What is PostgreSQL's own: the follower's horizon, errors, copies, a server that goes away."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.orm import InstrumentedAttribute

from app.config import Config, Durability
from app.db.backend import Terms
from app.db.engine import Database
from app.db.postgresql.connection import KEEPALIVES, addresses, connect, connection_string
from app.errors import AppError, StorageFullError, UnavailableError, headers_of
from app.models import Tweet
from app.services.checks import find_faults
from app.services.posts.users import add_user
from saywho.clock import now
from saywho.words import terms
from tests.conftest import MakeConfig, Outside
from tests.installation import PROGRAM, Installation, lines
from tests.posting import add_posts, new_tweet
from tests.waiting import eventually

pytestmark = pytest.mark.databases("postgresql")

INSERT = """
    INSERT INTO "Event" (kind, user_id, count, created_at) VALUES ('user.updated', 1, 1, now())
    RETURNING id
"""


@pytest.fixture
def config(make_config: MakeConfig) -> Config:
    return make_config()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("u:p%40@db1:5433,db2/x", ["u:p%40@/x db1:5433 primary", "u:p%40@/x db2 primary"]),
        ("/x?host=a,b&port=1,2", ["/x a 1 primary", "/x b 2 primary"]),
        ("[::1]:1,b/x?target_session_attrs=any", ["/x [::1]:1 any", "/x b any"]),
        ("%2Frun%2Fpg/x", ["/x /run/pg"]),
        ("u@%2Frun%2Fpg:5433,%2Fb/x", ["u@/x /run/pg 5433 primary", "u@/x /b primary"]),
        ("db1:5433/x?ssl=require", ["/x db1:5433 require"]),
    ],
)
def test_each_host_is_tried_alone(url: str, expected: list[str]) -> None:
    config = Config.from_env({"SAYWHO_DATABASE_URL": f"postgresql+asyncpg://{url}"})
    urls = [urlsplit(address) for address in addresses(config.database_url)]
    names = ("host", "port", "target_session_attrs", "sslmode")
    assert [
        " ".join([each.netloc + each.path, *(query[name] for name in names if name in query)])
        for each, query in zip(urls, [dict(parse_qsl(each.query)) for each in urls], strict=True)
    ] == expected


async def test_events_missed_by_a_lost_connection_are_read(
    db: Database, outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    feed = await db.open_feed()
    ids: list[int] = []
    feed.subscribe(lambda changes: ids.extend(change.id for change in changes))
    following = asyncio.create_task(feed.run())

    async def heard() -> list[int]:
        return ids

    for _ in range(3):
        outside.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'saywho feed' AND datname = current_database()"
        )
        expected = [*ids, *(outside.fetch(INSERT)[0][0] for _ in range(5))]
        await eventually(heard, until=expected.__eq__)
    assert "Traceback" not in caplog.text
    following.cancel()
    await asyncio.wait([following])
    await feed.close()


async def test_a_commit_is_heard_of_within_the_millisecond_of_a_look(
    db: Database, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1.0)  # uvloop's stands still.
    feed = await db.open_feed()
    assert await feed.look()
    assert await feed.has_seen(outside.fetch(INSERT)[0][0])
    await feed.close()


async def test_a_caller_that_leaves_keeps_nobody_from_hearing_of_a_lost_log(
    db: Database, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, _ = (outside.fetch(INSERT)[0][0] for _ in range(2))
    feed = await db.open_feed()
    starts: list[int] = []
    feed.on_reset(starts.append)
    await outside.execute('DELETE FROM "Event" WHERE id = (SELECT max(id) FROM "Event")')
    await feed.close()

    async def connect_and_leave(url: str, **settings: str) -> object:
        connection = await connect(url, **settings)
        leaving.cancel()
        return connection

    with monkeypatch.context() as patch:
        patch.setattr("app.db.postgresql.feed.connect", connect_and_leave)
        leaving = asyncio.create_task(feed.look())
        await asyncio.wait([leaving])
    assert await feed.look()
    assert starts == [kept]
    await feed.close()


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("53100", StorageFullError),
        ("53300", UnavailableError),
        ("40001", UnavailableError),
        ("40P01", UnavailableError),
        ("55P03", UnavailableError),
        ("57014", UnavailableError),
        ("25006", UnavailableError),
    ],
)
async def test_errors_of_the_server_have_a_status_of_their_own(
    db: Database, outside: Outside, state: str, error: type[AppError]
) -> None:
    await outside.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION 'secret' USING ERRCODE = '{state}'; END $$"
    )
    await outside.execute('CREATE TRIGGER fail BEFORE INSERT ON "Users" EXECUTE FUNCTION fail()')
    with pytest.raises(error) as caught:
        async with db.write() as session:
            await add_user(session, "ann")
    assert "secret" not in caught.value.detail
    if error is UnavailableError:
        assert headers_of(caught.value)["Retry-After"]
    await outside.execute('DROP TRIGGER fail ON "Users"')
    async with db.write() as session:
        await add_user(session, "ann")


async def test_a_read_session_cannot_write(db: Database) -> None:
    with pytest.raises(UnavailableError):
        async with db.read() as session:
            await session.execute(text('DELETE FROM "Users"'))


async def test_locks_of_a_machine_that_is_gone_are_released_soon(config: Config) -> None:
    connection = await connect(config.database_url)  # As a bulk load's, which holds the lock.
    # Of a socket of this machine the server shows no value, but that one was set.
    query = "SELECT name FROM pg_settings WHERE name LIKE 'tcp%' AND source = 'session'"
    assert {row[0] for row in await connection.fetch(query)} == KEEPALIVES.keys()
    await connection.close()


@pytest.mark.parametrize(
    ("durability", "of_the_server", "expected"),
    [("full", "off", "on"), ("normal", "on", "off"), ("replicated", "local", "on")],
)
async def test_durability_is_as_set_whatever_the_server_does_by_default(
    make_config: MakeConfig, durability: Durability, of_the_server: str, expected: str
) -> None:
    config = make_config(durability=durability)
    outside = await asyncpg.connect(connection_string(config.database_url))
    name = make_url(config.database_url).database
    await outside.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = {of_the_server}')
    await outside.close()
    db = Database(config)
    async with db.read() as session:
        assert await session.scalar(text("SHOW synchronous_commit")) == expected
        assert await session.scalar(text("SHOW transaction_isolation")) == "repeatable read"
    await db.close()


async def test_lists_are_read_in_the_order_of_an_index(db: Database) -> None:
    orders = {"ix_Tweet_newest": "", "ix_Tweet_user_id_newest": "WHERE user_id = 1"}
    async with db.read() as session:
        # Of an empty table the planner guesses some rows, which it would rather sort.
        for way in ("seqscan", "bitmapscan", "sort"):
            await session.execute(text(f"SET LOCAL enable_{way} = off"))
        for index, where in orders.items():
            plan = await session.scalars(
                text(
                    f'EXPLAIN SELECT id FROM "Tweet" {where}'  # noqa: S608 - from above
                    " ORDER BY created_at DESC NULLS LAST, id DESC LIMIT 20"
                )
            )
            steps = "\n".join(plan)
            assert index in steps
            assert "Sort" not in steps


@pytest.mark.parametrize("column", [Tweet.user_id, Tweet.room_id], ids=["author", "room"])
async def test_what_is_liked_most_is_read_in_the_order_of_an_index(
    db: Database, column: InstrumentedAttribute[int | None]
) -> None:
    """Most messages with reactions have one, so many are equal: they were sorted."""
    likes = db.backend.likes
    query = (
        select(Tweet.id)
        .where(column == 1, Tweet.counts.is_not(None), likes > 0)
        .order_by(likes.desc(), Tweet.id.desc())
        .limit(20)
    )
    async with db.read() as session:
        for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
            await session.execute(text(f"SET LOCAL enable_{way} = off"))
        shown = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        steps = "\n".join(await session.scalars(text(f"EXPLAIN {shown}")))
    assert f"ix_Tweet_{column.key}_likes" in steps
    assert "Sort" not in steps


ODD = [
    "it's",
    "a\\b 'c' \\'",
    "👩‍👩‍👧 🇰🇷 ❤️",
    "x" * 25_000,
    "학" * 25_000,
    "a b " * 6_000,
    "ᄀ\ue000 :* & | !",
]


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
async def test_any_text_is_indexed_and_found_by_its_terms(db: Database, body: str) -> None:
    async with db.write() as session:
        user = await add_user(session, "ann")
        added = await add_posts(session, user.id, [new_tweet(body, arrived_at=now())])
        for term in set(terms(body)):
            query = db.backend.words.matching(Terms((term,)), user_id=user.id)
            assert list(await session.scalars(select(query.c.id))) == [each.id for each in added]
    assert await find_faults(db) == []


@pytest.mark.full
@pytest.mark.parametrize(
    "place",
    [
        pytest.param("127.0.0.1:1/saywho", id="port", marks=pytest.mark.full),
        pytest.param("/saywho?host=/nowhere", id="socket"),
        pytest.param("no-such-host.invalid/saywho", id="name", marks=pytest.mark.full),
    ],
)
@pytest.mark.parametrize("command", [("serve", "--bind", "127.0.0.1:0"), ("users",)], ids=str)
def test_a_start_without_the_server_is_one_line_and_status_1(
    tmp_path: Path, place: str, command: tuple[str, ...]
) -> None:
    (tmp_path / "instance").mkdir()
    settings = {"SAYWHO_DATABASE_URL": f"postgresql+asyncpg://ann:hushhush@{place}"}
    done = Installation(tmp_path / "instance", settings).process(PROGRAM, *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "cannot be reached" in done.stderr
    assert "hushhush" not in done.stderr


@pytest.mark.full
def test_commands_do_on_postgresql_what_they_do_on_sqlite(config: Config, tmp_path: Path) -> None:
    installation = Installation.of(config)
    records = [
        {"username": "mina", "text": "등대에서 harbour <3", "source_id": "1"},
        {"username": "mina", "text": "another word", "source_id": "2"},
    ]
    path = lines(tmp_path / "p.jsonl", *records)
    dry = installation.json("import", path, "--dry-run")
    assert dry["accepted"] == 2
    assert installation.json("users")["items"] == []
    real = dry | {"imports": [{"file": str(path), "id": 1}]}
    assert installation.json("import", path) == real
    assert installation.json("import", path, "--dry-run")["duplicates"] == 2
    assert installation.json("import", path)["duplicates"] == 2
    assert installation.json("demo")["accepted"] > 100
    assert "등대에서 harbour <3" in str(installation.json("search", "harbour"))
    assert installation.done("check") == "ok\n"
    installation.done("user", "delete", "mina", "--yes")
    assert installation.done("db", "vacuum") == "vacuumed\n"
    assert installation.done("check") == "ok\n"
    assert "등대에서" not in str(installation.json("search", "harbour"))


ADDED = {
    "trigger": "spy on Token",
    "function": "kept",
    "view": "mine",
    "table": "notes",
    "policy": "mine on Tweet",
    "rule": "twice on Room",
}


async def test_a_check_reports_objects_of_others(config: Config, outside: Outside) -> None:
    for statement in (
        "CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        'CREATE TRIGGER spy AFTER DELETE ON "Token" FOR EACH ROW EXECUTE FUNCTION kept()',
        'CREATE VIEW mine AS SELECT text FROM "Tweet"',
        "CREATE TABLE notes (id bigint)",
        'CREATE POLICY mine ON "Tweet" USING (true)',
        'CREATE RULE twice AS ON UPDATE TO "Room" DO ALSO NOTHING',
    ):
        await outside.execute(statement)
    result = await asyncio.to_thread(Installation.of(config).run, "check")
    assert (result.exit_code, result.stdout) == (0, "ok\n")
    assert [line for line in result.stderr.splitlines() if "did not create" in line] == [
        f"saywho: warning: the database has the {kind} '{name}', which saywho did not create"
        for kind, name in sorted(ADDED.items())
    ]

"""Databases of earlier releases go on: migrated there and back, they are as a fresh one.

What is in `kept/` was made by the commands of 0.2.0, migrated by that release, and written as SQL;
its people are invented.
"""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.config import Config
from app.db.engine import backend_for
from app.db.migrate import alembic_config, downgrade, find_losses, head_revision, prepare
from app.db.sqlite.connection import open_connection
from app.db.sqlite.fts5 import register
from app.migrations.tables import remade
from app.models import OLD_MESSAGE, Base
from saywho.engine.features import RECIPE, Counts
from saywho.engine.profiles import profile_of
from tests.browsing import Browser
from tests.conftest import Client, app_of
from tests.databases import Databases
from tests.db.schema import newest_ids, schema
from tests.installation import Installation

KEPT: Final = Path(__file__).with_name("kept")
RELEASE: Final = "1.0.0"
REVISION: Final = "0037"
TOKEN: Final = "saywho_of-a-kept-site"
PAGES: Final = (
    *("/", "/authors", "/user/mina", "/user/하나", "/user/jun", "/tweet/1", "/search?q=등대"),
    *("/posts?username=mina", "/dashboard/", "/compare?text=harbour+light", "/about"),
    *("/compare/card?username=mina&username=하나", "/feed.atom", "/user/mina/feed.atom"),
    *("/api/v1/users", "/api/v1/users/mina", "/api/v1/users/mina/tweets", "/api/v1/tweets/1"),
    *("/api/v1/tweets/1/thread", "/api/v1/tweets/1/similar", "/api/v1/search?q=ferry"),
    *("/api/v1/stats", "/api/v1/export", "/api/v1/openapi.json"),
)
OPERATORS_PAGES: Final = ("/settings", "/imports", "/sources", "/api/v1/imports", "/api/v1/sources")
ROWS: Final = (
    "SELECT id, username, username_key, display_name, platform, is_of_chat, created_at,"
    ' tweet_count, version, deleted_at FROM "Users" ORDER BY id',
    'SELECT id, text, user_id, created_at, source_id, counts FROM "Tweet" ORDER BY id',
    'SELECT * FROM "Event" ORDER BY id',
    'SELECT * FROM "PostCount" ORDER BY user_id, slot, lang',
    'SELECT id, name, password_hash FROM "Operator" ORDER BY id',
    'SELECT id, name, scope, sha256, created_at FROM "Token" ORDER BY id',
)
READERS: Final = """
    INSERT INTO "Room" (id, platform, title, created_at, judged_messages)
        VALUES (1, '', 'a chat', '2026-10-01 12:00:00', 0);
    INSERT INTO "Operator" (id, name, name_key, password_hash, created_at, role, room_id) VALUES
        (91, 'one chat', 'one chat', 'x', '2026-10-01 12:00:00', 'reader', 1),
        (92, 'everything', 'everything', 'x', '2026-10-01 12:00:00', 'reader', NULL);
    INSERT INTO "LoginSession" (id, sha256, operator_id, created_at)
        VALUES (91, 'a', 91, '2026-10-01 12:00:00');
    INSERT INTO "Invitation" (sha256, created_at, expires_at, room_id)
        VALUES ('a', '2026-10-01 12:00:00', '2036-10-08 12:00:00', 1)
"""
AUDIENCES: Final = """
    UPDATE "Users" SET platform = 'mastodon' WHERE id = 1;
    UPDATE "Users" SET platform = 'bluesky' WHERE id = 2;
    UPDATE "Tweet" SET source_id = 'post ' || id, room_id = NULL, import_id = NULL WHERE id <= 10;
    INSERT INTO "ImportJob" (id, state, format, file_name, spool, options, bytes_total, bytes_read,
        accepted, duplicates, rejected, reposts, restricted, errors, created_at, attempts) VALUES
        (91, 'done', 'mastodon', 'a', '', '{"include_restricted": false}', 1, 1, 1, 0, 0, 0, 0,
            '[]', '2026-10-01 12:00:00', 0),
        (92, 'done', 'mastodon', 'a', '', '{"include_restricted": true}', 1, 1, 1, 0, 0, 0, 0,
            '[]', '2026-10-01 12:00:00', 0);
    INSERT INTO "Room" (id, platform, title, created_at, judged_messages)
        VALUES (91, '', 'a chat', '2026-10-01 12:00:00', 0);
    UPDATE "Tweet" SET import_id = 91 WHERE id = 3;
    UPDATE "Tweet" SET import_id = 92 WHERE id = 5;
    UPDATE "Tweet" SET room_id = 91 WHERE id = 7;
    UPDATE "Tweet" SET source_id = NULL WHERE id = 9
"""
"""Posts 1 and 5 may be for followers. Others are of Bluesky, of a chat, or without an id, or of an
import without such posts.
"""
MESSAGES_OF_BEFORE: Final = """
    INSERT INTO "Room" (id, platform, title, created_at, judged_messages)
        VALUES (91, '', 'a chat', '2026-10-01 12:00:00', 0);
    UPDATE "Tweet" SET room_id = NULL, import_id = NULL WHERE id <= 5;
    UPDATE "Tweet" SET import_id = 91 WHERE id = 3;
    UPDATE "Tweet" SET room_id = 91 WHERE id = 5;
    UPDATE "Users" SET is_of_chat = (id = 1)
"""
"""Message 1 was stored without its chat. Message 3 knows its import, and 5 its chat. Others are
posts.
"""
JUDGED: Final = """
    INSERT INTO "Room" (id, platform, title, created_at, judged_messages)
        VALUES (1, '', 'a chat', '2026-10-01 12:00:00', 400);
    INSERT INTO "RoomPerson" (room_id, user_id, messages, asked, recognised)
        VALUES (1, 1, 400, 60, 50)
"""
COUNTED_BEFORE: Final = """
    DELETE FROM "Profile";
    INSERT INTO "Profile" (user_id, recipe, as_of_event, posts, counts, texts)
        SELECT 1, 3, max(event_id), 1, '', NULL FROM "Tweet" WHERE user_id = 1
"""
UNREAD: Final = (
    *("ix_Tweet_created_at_id", "ix_Tweet_user_id_created_at_id"),
    *("fk_Tweet_room_id_Room", "fk_Token_created_by_id_Operator"),
    *("fk_Operator_room_id_Room", "fk_Invitation_room_id_Room", "fk_Operator_person_id_Users"),
)
"""Indexes of SQLite alone, and keys whose actions SQLAlchemy cannot read there."""


@pytest.fixture
def config(databases: Databases, tmp_path: Path) -> Iterator[Config]:
    """Settings of an installation with a database of the release."""
    folder = tmp_path / "kept"
    folder.mkdir()
    config = Config(env="testing", data_dir=folder, database_url=databases.make_bare(folder))
    statements = (KEPT / f"{RELEASE}.{databases.kind}.sql").read_text()
    if databases.kind == "postgresql":
        databases.execute(folder, statements)
    else:
        with closing(open_connection(folder / "testing.db")) as connection:
            register(connection)
            connection.executescript(statements)
    yield config
    databases.drop(tmp_path)


@pytest.fixture
def fresh(databases: Databases, tmp_path: Path) -> set[tuple[object, ...]]:
    """What a fresh database consists of."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    databases.make(folder)
    return schema(databases, folder)


def rows(databases: Databases, config: Config) -> list[list[tuple[Any, ...]]]:
    found = [databases.fetch(config.data_dir, query) for query in ROWS]
    return [*found, newest_ids(databases, config.data_dir)]


async def told_by_alembic(config: Config) -> list[Any]:
    """Return what `alembic check` would have a new revision do."""

    def is_ours(element: Any, name: str, _kind: str, is_there: bool, model: Any) -> bool:
        # What no model says is made by the migrations.
        return not (is_there and model is None) and name not in UNREAD

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        return list(compare_metadata(context, Base.metadata))

    async with backend_for(config.database_url).migrations() as connection:
        differences: list[Any] = await connection.run_sync(compare)
    return differences


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_an_upgrade_and_downgrade_keep_tables_and_rows(
    config: Config, databases: Databases, fresh: set[tuple[object, ...]]
) -> None:
    kept, alembic = schema(databases, config.data_dir), alembic_config(config.database_url)
    before = rows(databases, config)
    assert ("Tweet", 66) in before[-1] or ("Tweet_id_seq", 66) in before[-1]
    assert max(post_id for post_id, *_ in before[1]) == 65  # The newest one was deleted.
    for _ in range(2):
        prepare(config, upgrade_old=True)
        assert schema(databases, config.data_dir) == fresh
        assert rows(databases, config) == before
        command.downgrade(alembic, REVISION)
        assert schema(databases, config.data_dir) == kept
        assert rows(databases, config) == before
    prepare(config, upgrade_old=True)
    assert asyncio.run(told_by_alembic(config)) == []
    installation = Installation.of(config)
    assert installation.json("db", "current") == {"revision": head_revision()}
    assert installation.done("check") == "ok\n"
    own = 'SELECT username FROM "Users" JOIN "Site" ON own_user_id = "Users".id'
    assert databases.fetch(config.data_dir, own) == [("mina",)]  # The first with posts.
    assert len(installation.json("search", "light", "--limit", "200")["items"]) == 24


@pytest.mark.databases("sqlite")
def test_a_backup_before_the_upgrade_is_upgraded_when_restored(
    config: Config, tmp_path: Path
) -> None:
    old, file = Installation.of(config), tmp_path / "backup.tar"
    old.done("backup", file)
    assert old.json("db", "current") == {"revision": REVISION}
    new = Installation(tmp_path / "restored")
    new.done("restore", file)
    assert new.json("db", "current") == {"revision": head_revision()}
    assert [each["username"] for each in new.json("users")["items"]][:2] == ["jun", "mina"]
    assert new.json("operator", "list")["items"] == []


def test_a_downgrade_removes_readers_of_one_chat(config: Config, databases: Databases) -> None:
    prepare(config, upgrade_old=True)
    for statement in READERS.split(";"):
        databases.execute(config.data_dir, statement)
    command.downgrade(alembic_config(config.database_url), REVISION)
    prepare(config, upgrade_old=True)
    query = "SELECT name FROM \"Operator\" WHERE role = 'reader'"
    assert databases.fetch(config.data_dir, query) == [("everything",)]
    for query in ('SELECT id FROM "Invitation"', 'SELECT id FROM "LoginSession"'):
        assert databases.fetch(config.data_dir, query) == []


def test_recognition_in_chats_is_measured_again(config: Config, databases: Databases) -> None:
    prepare(config, upgrade_old=True)
    command.downgrade(alembic_config(config.database_url), REVISION)
    for statement in JUDGED.split(";"):
        databases.execute(config.data_dir, statement)
    prepare(config, upgrade_old=True)
    query = (
        'SELECT judged_messages, asked, recognised FROM "Room" JOIN "RoomPerson" ON room_id = id'
    )
    assert databases.fetch(config.data_dir, query) == [(0, 0, 0)]


def test_profiles_are_counted_again(config: Config, databases: Databases) -> None:
    prepare(config, upgrade_old=True)
    command.downgrade(alembic_config(config.database_url), "0053")
    for statement in COUNTED_BEFORE.split(";"):
        databases.execute(config.data_dir, statement)
    prepare(config, upgrade_old=True)
    query = 'SELECT recipe, posts, counts, texts FROM "Profile" WHERE user_id = 1'
    ((recipe, posts, counts, texts),) = databases.fetch(config.data_dir, query)
    said = (
        'SELECT text FROM "Tweet" JOIN "Profile" USING (user_id)'
        " WHERE user_id = 1 AND event_id <= as_of_event"
    )
    whole = profile_of([text for (text,) in databases.fetch(config.data_dir, said)])
    assert whole.posts
    assert (recipe, posts) == (RECIPE, whole.posts)
    assert Counts.from_bytes(counts) == whole.counts
    assert texts == whole.texts.to_bytes()


def test_nothing_says_who_could_see_posts_of_before(config: Config, databases: Databases) -> None:
    prepare(config, upgrade_old=True)
    command.downgrade(alembic_config(config.database_url), "0043")
    for statement in AUDIENCES.split(";"):
        databases.execute(config.data_dir, statement)
    prepare(config, upgrade_old=True)
    query = 'SELECT id FROM "Tweet" WHERE visibility IS NULL AND id <= 10 ORDER BY id'
    assert databases.fetch(config.data_dir, query) == [(1,), (5,)]


def test_messages_that_had_no_chat_are_known(config: Config, databases: Databases) -> None:
    prepare(config, upgrade_old=True)
    alembic = alembic_config(config.database_url)
    command.downgrade(alembic, "0043")
    for statement in MESSAGES_OF_BEFORE.split(";"):
        databases.execute(config.data_dir, statement)
    query = 'SELECT id, import_id FROM "Tweet" WHERE id <= 5 ORDER BY id'
    before = databases.fetch(config.data_dir, query)
    prepare(config, upgrade_old=True)
    after = [(1, OLD_MESSAGE), (2, None), (3, 91), (4, None), (5, None)]
    assert databases.fetch(config.data_dir, query) == after
    command.downgrade(alembic, "0043")
    assert databases.fetch(config.data_dir, query) == before


@pytest.mark.databases("sqlite", "postgresql")
def test_every_revision_declares_the_losses_of_its_downgrade(config: Config) -> None:
    prepare(config, upgrade_old=True)
    scripts = ScriptDirectory.from_config(alembic_config(config.database_url))
    revisions: list[Any] = [script.module for script in scripts.walk_revisions()]
    for revision in revisions[:-1]:
        assert isinstance(revision.LOST, dict), revision
        find_losses(config)  # Its queries fit this revision.
        downgrade(config)


@pytest.mark.databases("sqlite")
async def test_a_table_that_is_made_again_stays_as_it_was(
    config: Config, databases: Databases, fresh: set[tuple[object, ...]]
) -> None:
    def remake(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            for table in Base.metadata.tables:
                with remade(table):
                    pass

    await asyncio.to_thread(prepare, config, upgrade_old=True)
    before = rows(databases, config)
    async with backend_for(config.database_url).migrations() as connection:
        await connection.run_sync(remake)
        await connection.commit()
    assert schema(databases, config.data_dir) == fresh
    assert rows(databases, config) == before
    assert await asyncio.to_thread(Installation.of(config).done, "check") == "ok\n"


@pytest.mark.databases("sqlite", "postgresql")
async def test_every_page_of_it_answers(config: Config) -> None:
    await asyncio.to_thread(prepare, config, upgrade_old=True)
    async with app_of(replace(config, access_log=False)) as app:
        browser = Browser(app)
        for path in PAGES:
            assert (await browser.get(quote(path, safe="/?=&+"))).status_code == 200, path
        assert (await browser.sign_in("ann")).status_code == 303
        for path in OPERATORS_PAGES:
            assert (await browser.get(path)).status_code == 200, path
        reader = Client(app, {"Authorization": f"Bearer {TOKEN}"})
        assert (await reader.get("/api/v1/imports")).status_code == 200
        assert "This site is public." in await browser.page("/settings")

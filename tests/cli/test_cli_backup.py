"""`saywho db` and backups."""

import asyncio
import shlex
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from app import create_app
from app.config import Config
from app.db.migrate import head_revision
from app.db.sqlite import backend
from app.security import make_private_folder
from app.services.access.accounts import READER, add_invitation
from app.services.posts.media import small_folder
from tests.archives import picture, tar, x_media, x_media_members, x_zip
from tests.browsing import Browser, found_in, parts_of, signed_in
from tests.conftest import Client, app_of
from tests.installation import PROGRAM, Installation, lines

Members = dict[str, bytes]
URL = "postgresql+asyncpg://me:hunter2@db.example:5433/posts"


@pytest.fixture
def other(tmp_path: Path) -> Installation:
    """A place to restore to."""
    return Installation(tmp_path / "other")


@pytest.fixture(scope="module")
def original(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with some posts, and a backup of it beside its folder."""
    installation = Installation.made(tmp_path_factory.mktemp("original") / "instance", template)
    records = [{"username": "mina", "text": f"number {n}", "id": str(n)} for n in range(30)]
    folder = installation.data_dir.parent
    installation.done("import", lines(folder / "posts.jsonl", *records))
    installation.done("backup", folder / "backup.tar")
    return installation


@pytest.fixture
def backup(original: Installation, installation: Installation, tmp_path: Path) -> Path:
    """A copy of both; return that of the backup."""
    return copied(original, installation, tmp_path)


def copied(original: Installation, installation: Installation, folder: Path) -> Path:
    """Copy an installation, and its backup into the folder; return the latter."""
    shutil.copytree(original.data_dir, installation.data_dir, dirs_exist_ok=True)
    return Path(shutil.copy(original.data_dir.parent / "backup.tar", folder))


def members_of(path: Path) -> Members:
    with tarfile.open(path) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]


def test_the_database_of_a_backup_is_read_where_nothing_may_be_written(
    backup: Path, tmp_path: Path
) -> None:
    """SQLite 3.40 refuses to read a file with the mark of a log from a medium without writing."""
    (data,) = (data for name, data in members_of(backup).items() if name.startswith("database.db"))
    assert data[18:20] == b"\x01\x01"  # Versions for writing and reading; 2 stands for a log.
    copy = tmp_path / "copy.db"
    copy.write_bytes(data)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute('SELECT count(*) FROM "Tweet"').fetchone() == (30,)


@pytest.mark.databases("sqlite")
async def test_a_backup_made_while_posts_come_is_one_state_of_them(
    admin: Client, other: Installation, tmp_path: Path
) -> None:
    installation = Installation(tmp_path / "instance")  # That of the app.
    await admin.add_user("mina")
    await admin.add_tweet("mina", "number 0", source_id="0")
    sent = 1
    stop = asyncio.Event()

    async def keep_posting() -> None:
        nonlocal sent
        while not stop.is_set():
            await admin.add_tweet("mina", f"number {sent}", source_id=str(sent))
            sent += 1

    posting = asyncio.create_task(keep_posting())
    before = sent
    command = (PROGRAM, "backup", tmp_path / "backup.tar")
    made = await asyncio.to_thread(installation.process, *command)
    assert (made.returncode, made.stderr) == (0, "")
    stop.set()
    await posting
    assert (await asyncio.to_thread(other.json, "restore", tmp_path / "backup.tar"))["files"] == 1
    assert before <= other.count_posts() <= sent
    exported = (await asyncio.to_thread(other.done, "export")).splitlines()
    everything = (await asyncio.to_thread(installation.done, "export")).splitlines()
    assert exported == everything[: other.count_posts()]
    assert 0 < len(exported) < len(everything)
    assert await asyncio.to_thread(other.done, "check") == "ok\n"


def test_no_word_of_a_deleted_post_is_in_a_later_backup(
    original: Installation, installation: Installation, tmp_path: Path
) -> None:
    """Neither in the index nor among the words that are counted for spelling."""
    copied(original, installation, tmp_path)
    texts = [{"username": "gone", "text": f"Zyxwvutse 뷁쀍쭑 said {n}"} for n in range(5)]
    installation.done("import", lines(tmp_path / "more.jsonl", *texts))
    words = [word.encode() for word in ("zyxwvutse", "뷁쀍쭑")]
    before, after = tmp_path / "before.tar", tmp_path / "after.tar"
    installation.done("backup", before)
    assert all(word in before.read_bytes().lower() for word in words)
    installation.done("user", "delete", "gone", "--yes")
    for more in ((), ("--with-secrets",)):
        installation.done("backup", after, *more)
        assert not any(word in after.read_bytes().lower() for word in words)
        after.unlink()


def test_secrets_are_in_a_backup_only_on_request(
    installation: Installation, other: Installation, tmp_path: Path
) -> None:
    installation.done("operator", "add", "me", "--password-stdin", stdin="a long password\n")
    installation.done("token", "add", "mine", "--scope", "read")
    (installation.data_dir / "secret_key").write_text("k" * 40)
    installation.done("backup", tmp_path / "without.tar")
    installation.done("backup", tmp_path / "with.tar", "--with-secrets")
    assert not found_in((tmp_path / "without.tar").read_bytes(), b"argon2", b"mine")
    assert b"argon2" in (tmp_path / "with.tar").read_bytes()
    other.done("restore", tmp_path / "with.tar")
    assert other.json("token", "list") == installation.json("token", "list")
    assert (other.data_dir / "secret_key").read_text() == "k" * 40
    assert {path.stat().st_mode & 0o077 for path in other.data_dir.iterdir()} == {0}
    third = Installation(tmp_path / "third")
    third.done("restore", tmp_path / "without.tar")
    assert third.json("token", "list")["items"] == []
    assert set(third.files()) == {"testing.db"}


async def test_accounts_keep_their_roles_and_invitations_in_a_backup_with_secrets(
    installation: Installation, other: Installation, tmp_path: Path
) -> None:
    app = create_app(Config(env="testing", data_dir=installation.data_dir, access_log=False))
    async with app.test_app():
        await signed_in(app)
        await signed_in(app, "mina", role=READER)
        async with parts_of(app).db.write() as session:
            invitation = await add_invitation(session, "ben", account_id=1)
        await asyncio.to_thread(installation.done, "backup", tmp_path / "a.tar", "--with-secrets")
        await asyncio.to_thread(installation.done, "backup", tmp_path / "b.tar")
        listed = await asyncio.to_thread(installation.json, "operator", "list")
    assert b"mina" not in (tmp_path / "b.tar").read_bytes()
    assert [(item["name"], item["role"]) for item in listed["items"]] == [
        ("ann", "operator"),
        ("mina", "reader"),
    ]
    await asyncio.to_thread(other.done, "restore", tmp_path / "a.tar")
    assert await asyncio.to_thread(other.json, "operator", "list") == listed
    async with app_of(Config(env="testing", data_dir=other.data_dir, access_log=False)) as restored:
        reader = await signed_in(restored, "mina", is_new=False)
        assert (await reader.get("/imports")).status_code == 403
        assert (await Browser(restored).get(f"/setup?token={invitation}")).status_code == 200


def test_a_private_site_is_private_where_it_is_restored(
    installation: Installation, other: Installation, tmp_path: Path
) -> None:
    installation.done("operator", "add", "me", "--password-stdin", stdin="a long password\n")
    with closing(sqlite3.connect(installation.database)) as connection, connection:
        connection.execute('UPDATE "Site" SET public = 0')
    installation.done("backup", tmp_path / "backup.tar")
    other.done("restore", tmp_path / "backup.tar")
    with closing(sqlite3.connect(other.database)) as connection:
        assert connection.execute('SELECT public FROM "Site"').fetchall() == [(0,)]
        assert connection.execute('SELECT count(*) FROM "Operator"').fetchone() == (0,)


def test_a_backup_overwrites_nothing(
    installation: Installation, backup: Path, tmp_path: Path
) -> None:
    before = backup.read_bytes()
    assert len(installation.refused("backup", backup).splitlines()) == 1
    assert backup.read_bytes() == before
    assert backup.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.glob("*.part")] == []
    assert "not empty" in installation.refused("restore", backup)
    assert installation.count_posts() == 30


def test_a_backup_is_restored_beside_settings_files(backup: Path, tmp_path: Path) -> None:
    other = Installation(tmp_path / "other")
    other.data_dir.mkdir()
    of_server = other.data_dir / "hypercorn.toml"
    of_server.write_text("workers = 1")
    other.with_settings_files().done("restore", backup)
    assert other.count_posts() == 30
    assert of_server.read_text() == "workers = 1"


def named(name: str) -> Callable[[Members], Members]:
    """Give the database another name."""
    return lambda members: {name: database_of(members)}


def database_of(members: Members) -> bytes:
    (content,) = (data for name, data in members.items() if name.startswith("database.db."))
    return content


def with_database(members: Members, content: bytes) -> Members:
    """Return the members with another database, named as it should be."""
    others = {name: data for name, data in members.items() if not name.startswith("database.db.")}
    return others | {f"database.db.{sha256(content).hexdigest()}": content}


BAD: dict[str, Callable[[Members], Members]] = {
    "another name": named("../database.db"),
    "an absolute name": named("/database.db"),
    "another digest": named(f"database.db.{'0' * 64}"),
    "no digest": named("database.db"),
    "an older saywho's": lambda members: {"manifest.json": b"{}"} | members,
    "one file more": lambda members: members | {"../evil": b""},
    "one file twice": lambda members: members | {"database.db": database_of(members)},
    "no database": lambda members: {"secret_key": b""},
    "no SQLite": lambda members: with_database(members, b"x" * 9_000),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_bad_backup_is_status_2_and_changes_nothing(
    backup: Path, other: Installation, change: Callable[[Members], Members]
) -> None:
    tar(backup, change(members_of(backup)), is_packed=False)
    assert_refused(other, backup)


def test_a_sparse_file_of_a_backup_is_refused_before_it_is_written(
    backup: Path, other: Installation
) -> None:
    # It takes no room here, and could take all there is.
    info = tarfile.TarInfo(f"media/{'0' * 64}.png")
    size = str(2**24)
    info.pax_headers = {"GNU.sparse.size": size, "GNU.sparse.map": f"{size},0"}
    with tarfile.open(backup, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    assert "does not belong in a backup" in assert_refused(other, backup)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_backup_that_was_cut_off_is_status_2_and_changes_nothing(
    backup: Path, other: Installation, share: float
) -> None:
    content = backup.read_bytes()
    backup.write_bytes(content[: int(share * len(content))])
    assert_refused(other, backup)


@pytest.fixture(scope="module")
def original_with_media(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with posts that share a picture, and a backup of it beside its folder.

    A further author with a picture was deleted.
    """
    installation = Installation.made(tmp_path_factory.mktemp("media") / "instance", template)
    folder = installation.data_dir.parent
    for number, name in ((1, "mina"), (2, "mina"), (3, "other")):
        media = x_media(f"https://p.example/{number}.png")
        files = {f"{number}-{number}.png": picture(number // 3)}
        path = x_zip(folder / f"{number}.zip", x_media_members({number: [media]}, files))
        installation.done("import", path, "--username", name)
    installation.done("user", "delete", "other", "--yes")
    small = small_folder(installation.data_dir / "media")
    make_private_folder(small)
    (small / f"{sha256(picture(0)).hexdigest()}-320.webp").write_bytes(b"made again where missing")
    installation.done("backup", folder / "backup.tar")
    return installation


@pytest.fixture
def backup_of_media(
    original_with_media: Installation, installation: Installation, tmp_path: Path
) -> Path:
    """A copy of both; return that of the backup."""
    return copied(original_with_media, installation, tmp_path)


def test_media_are_in_a_backup(
    installation: Installation, backup_of_media: Path, other: Installation
) -> None:
    kept = f"media/{sha256(picture(0)).hexdigest()}.png"
    members = members_of(backup_of_media)
    assert [kept, f"database.db.{sha256(database_of(members)).hexdigest()}"] == list(members)
    with tarfile.open(backup_of_media) as made:  # Nothing of the system's users.
        assert {(each.uid, each.gid, each.uname, each.gname) for each in made} == {(0, 0, "", "")}
    other.done("restore", backup_of_media)
    assert other.files()[kept] == picture(0)
    assert other.done("check") == installation.done("check")
    exported = [each.done("export", "-o", "-") for each in (installation, other)]
    assert exported[0] == exported[1]


@pytest.mark.parametrize("name", ["media/../evil.png", "media/evil.png", "media/{}.svg", "{}.png"])
def test_media_of_another_name_or_content_are_refused(
    backup_of_media: Path, other: Installation, name: str
) -> None:
    members = members_of(backup_of_media)
    kept = next(member for member in members if member.startswith("media/"))
    name = name.format("0" * 64)
    others = {each: data for each, data in members.items() if each != kept}
    tar(backup_of_media, others | {name: members[kept]}, is_packed=False)
    assert_refused(other, backup_of_media)
    tar(backup_of_media, members | {kept: members[kept][:-1] + b"x"}, is_packed=False)
    assert_refused(other, backup_of_media)


def test_a_database_of_a_newer_program_is_refused(
    installation: Installation, other: Installation, tmp_path: Path
) -> None:
    installation.done("backup", tmp_path / "backup.tar")
    members = members_of(tmp_path / "backup.tar")
    revision = installation.done("db", "current").split()[0].encode()
    changed = database_of(members).replace(revision, b"9" * len(revision))
    tar(tmp_path / "backup.tar", with_database(members, changed), is_packed=False)
    assert "newer saywho" in assert_refused(other, tmp_path / "backup.tar")


def assert_refused(other: Installation, backup: Path) -> str:
    result = other.refused("restore", backup)
    assert len(result.splitlines()) == 1
    assert other.files() == {}
    return result


OF_SERVER = "postgresql://db.example:5433/postgres?host=/run/pg&sslmode=require"
OF_SITE = "postgresql://me@db.example:5433/posts?host=/run/pg&sslmode=require"
TOOLS = {
    "backup": [["pg_dump", "--format=custom", "--file={file}", OF_SITE]],
    "restore": [
        [
            *("psql", f"--dbname={OF_SERVER}"),
            '--command=ALTER DATABASE "posts" RENAME TO "posts_before"',
        ],
        [
            *("createdb", f"--maintenance-db={OF_SERVER}", "--owner=me"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--template=template0", "posts"),
        ],
        [
            *("psql", f"--dbname={OF_SERVER.replace('/postgres?', '/posts?')}"),
            "--command=CREATE EXTENSION vector",
        ],
        [
            *("pg_restore", "--no-owner", "--no-comments", "--exit-on-error"),
            *("--single-transaction", f"--dbname={OF_SITE}", "{file}"),
        ],
    ],
}


@pytest.mark.parametrize("command", TOOLS)
def test_postgresql_has_tools_of_its_own(other: Installation, tmp_path: Path, command: str) -> None:
    other.settings["SAYWHO_DATABASE_URL"] = f"{URL}?host=/run/pg&password=hunter2&ssl=require"
    file = tmp_path / "a file"
    if command == "restore":
        file.touch()
    result = other.refused(command, file)
    assert "hunter2" not in result
    assert [shlex.split(line) for line in result.replace("run: ", "run:\n").splitlines()[1:]] == [
        [part.format(file=file) for part in tool] for tool in TOOLS[command]
    ]


HEAD = head_revision()


def test_a_downgrade_from_the_first_revision_is_refused(installation: Installation) -> None:
    installation.done("db", "upgrade")
    while installation.json("db", "current") != {"revision": "0037"}:
        installation.done("db", "downgrade", "--yes")
    result = installation.refused("db", "downgrade")
    assert result == "saywho: 0037 is the first revision; there is none before it\n"
    assert installation.json("db", "current") == {"revision": "0037"}
    installation.done("db", "upgrade")
    assert installation.json("db", "current") == {"revision": HEAD}
    assert installation.done("check") == "ok\n"


def put(installation: Installation, statement: str) -> None:
    """Change the database from outside of the program."""
    with closing(sqlite3.connect(installation.database)) as connection, connection:
        connection.execute(statement)


def downgraded_to(installation: Installation, revision: str) -> Installation:
    while installation.json("db", "current") != {"revision": revision}:
        installation.done("db", "downgrade")  # Nothing is lost.
    return installation


ROOM = """
    INSERT INTO "Room" (id, platform, created_at, date_order)
    VALUES ({}, '', '2026-10-01 12:00:00', 'day-first')
"""


@pytest.mark.full
def test_a_downgrade_that_deletes_data_needs_a_yes(installation: Installation) -> None:
    downgraded_to(installation, "0043")
    for number in (1, 2):
        put(installation, ROOM.format(number))
    here = {"revision": "0043"}
    lost = "he downgrade deletes orders of day and month of chats (2)"
    result = installation.run("db", "downgrade")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert result.stderr == f"saywho: t{lost}; make a backup, then add --yes\n"
    assert installation.json("db", "current") == here

    asked = installation.on_terminal("no", "db", "downgrade")
    assert (asked.returncode, lost in asked.stdout) == (1, True)
    assert installation.json("db", "current") == here
    assert installation.on_terminal("yes", "db", "downgrade").returncode == 0
    assert installation.json("db", "current") == {"revision": "0037"}


def test_a_damaged_database_is_one_line(installation: Installation, tmp_path: Path) -> None:
    records = [{"username": "a", "text": f"number {n}", "id": str(n)} for n in range(50)]
    installation.done("import", lines(tmp_path / "p.jsonl", *records))
    with closing(sqlite3.connect(installation.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'Users'"
        (page,) = connection.execute(query).fetchone()
    with installation.database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    for command in (("users",), ("check",), ("db", "vacuum"), ("backup", tmp_path / "b.tar")):
        result = installation.run(*command)
        assert result.exit_code == 1, command
        assert len(result.stderr.splitlines()) == 1
        assert "damaged" in result.output or "malformed" in result.stderr


def test_a_vacuum_keeps_the_posts_and_their_search(
    installation: Installation, tmp_path: Path
) -> None:
    records = [{"username": "a", "text": f"number {n}", "id": str(n)} for n in range(50)]
    installation.done("import", lines(tmp_path / "p.jsonl", *records))
    before = installation.json("search", "number", "--limit", "200")
    assert installation.json("db", "vacuum") == {"vacuumed": True}
    assert installation.json("search", "number", "--limit", "200") == before


def test_a_vacuum_beside_a_reader_says_that_the_database_is_in_use(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "COMPACT_WAIT_S", 0.1)
    installation.done("import", lines(tmp_path / "p.jsonl", {"username": "a", "text": "hi"}))
    reader = sqlite3.connect(installation.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute('SELECT count(*) FROM "Tweet"').fetchone()
    result = installation.run("db", "vacuum")
    reader.execute("ROLLBACK")
    reader.close()
    assert result.exit_code == 1
    assert "in use" in result.stderr
    installation.done("db", "vacuum")

"""PgBouncer before PostgreSQL, with the settings that it comes with."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from app.config import Config
from app.db.migrate import prepare
from app.db.postgresql.connection import SETTINGS
from app.errors import StartError
from tests.browsing import parts_of
from tests.conftest import app_of, client_with
from tests.databases import Databases
from tests.installation import Installation
from tests.ports import free_port
from tests.waiting import DEADLINE_S

pytestmark = [pytest.mark.full, pytest.mark.databases("postgresql")]


@contextmanager
def pooler(url: str, mode: str) -> Iterator[str]:
    """Start PgBouncer before a database; give the URL that leads through it."""
    if (program := shutil.which("pgbouncer")) is None:
        pytest.skip("pgbouncer is not installed; the system's package manager has it")
    parts, port = urlsplit(url), free_port()
    folder = Path(tempfile.mkdtemp(prefix="saywho-pooler-"))
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": mode,
    }
    databases = f"[databases]\n* = host={parse_qs(parts.query)['host'][0]} user=postgres\n"
    lines = [f"{name} = {value}\n" for name, value in settings.items()]
    (folder / "conf").write_text("".join([databases, "[pgbouncer]\n", *lines]))
    folder.chmod(0o755)
    # It does not run as root.
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, folder / "conf"], user=user, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:

        def accepts() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            with suppress(ConnectionError):
                socket.create_connection(("127.0.0.1", port)).close()
                return True
            return False

        Installation.wait_until(accepts)
        yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}{parts.path}"
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
        shutil.rmtree(folder)


def config_behind(url: str, folder: Path) -> Config:
    return Config(env="testing", data_dir=folder, database_url=url, access_log=False)


async def test_in_session_mode_the_site_works_with_the_limits_of_its_sessions(
    databases: Databases, tmp_path: Path
) -> None:
    with pooler(databases.make(tmp_path), "session") as url:
        config = config_behind(url, tmp_path)
        await asyncio.to_thread(prepare, config, upgrade_old=False)
        async with app_of(config) as app:
            writer = await client_with(app, "write")
            await writer.add_user("lamp", *(f"the lamp is lit {n}" for n in range(5)))
            path = "/api/v1/search?q=lamp&limit="
            found = await asyncio.gather(*(writer.get(f"{path}{n}") for n in range(1, 21)))
            assert {answer.status_code for answer in found} == {200}
            async with parts_of(app).db.write() as session:
                limit = await session.scalar(text("SHOW statement_timeout"))
                assert limit == SETTINGS["statement_timeout"]


async def test_transaction_mode_stops_the_start_with_one_line(
    databases: Databases, tmp_path: Path
) -> None:
    with pooler(databases.make(tmp_path), "transaction") as url:
        for _ in range(2):  # The first one finds no session at the pooler, the second one some.
            with pytest.raises(StartError, match="is behind a pooler in transaction mode"):
                await asyncio.to_thread(prepare, config_behind(url, tmp_path), upgrade_old=False)

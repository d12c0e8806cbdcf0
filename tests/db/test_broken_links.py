"""A connection to PostgreSQL that breaks at any message of storing a post."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from app.config import Config
from app.db.engine import Database
from app.db.postgresql.backend import PostgresqlBackend
from app.errors import UnavailableError
from tests.conftest import config_of
from tests.databases import Databases
from tests.posting import post

pytestmark = pytest.mark.databases("postgresql")
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
        task = asyncio.create_task(self._connect(reader, writer))
        self._tasks.add(task)

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
    parts = urlsplit(config.database_url)
    (server,) = parse_qs(parts.query)["host"]
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

"""A project that is built on saywho: its tests pass in a folder elsewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as Migrations
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app import create_app
from app.config import Config
from app.lifespan import resources
from tests.conftest import app_of
from tests.examples.test_examples import EXAMPLES
from tests.installation import ROOT, TIMEOUT_S, Installation

PROJECT = EXAMPLES / "12_own_site"
BLOCK = re.compile(r"^```(?:python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENVIRONMENT = """
from alembic import context
from sqlalchemy import create_engine

from tests.examples.test_own_site import Guest

tables = Guest.metadata.tables
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(
        connection,
        target_metadata=Guest.metadata,
        version_table="alembic_version_of_guests",
        include_name=lambda name, kind, _: kind != "table" or name in tables,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""


class _OwnTables(DeclarativeBase):
    pass


class Guest(_OwnTables):
    __tablename__ = "Guests"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@pytest.mark.full
def test_the_tests_of_the_project_pass(tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "project")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=tmp_path / "project",
        env=Installation(tmp_path / "data").environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("page", ["testing-an-app.md", "extending.md"])
def test_the_documents_show_the_project_as_it_is(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    blocks = BLOCK.findall(text.partition("12_own_site")[2].partition("## A part in")[0])
    files = [file.read_text() for file in PROJECT.iterdir() if file.is_file()]
    assert blocks
    for block in blocks:
        assert any(block in file for file in files), block


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")  # Of saywho's tables.
async def test_a_table_of_the_project_has_migrations_of_its_own(tmp_path: Path) -> None:
    config = Config(env="testing", data_dir=tmp_path / "data")
    async with create_app(config).test_app():
        pass  # The database is made.
    url = config.database_url.replace("+aiosqlite", "")
    migrations = Migrations(tmp_path / "alembic.ini", attributes={"configure_logger": False})
    migrations.set_main_option("script_location", str(tmp_path / "migrations"))
    migrations.set_main_option("sqlalchemy.url", url)
    command.init(migrations, str(tmp_path / "migrations"))
    (tmp_path / "migrations/env.py").write_text(ENVIRONMENT)
    command.revision(migrations, "add guests", autogenerate=True)
    command.upgrade(migrations, "head")
    command.check(migrations)  # It raises if a table differs, or one of saywho's would go.
    async with app_of(config) as app, app.app_context():
        async with resources().db.write() as session:
            session.add(Guest(name="Mina"))
        async with resources().db.read() as session:
            assert await session.scalar(select(Guest.name)) == "Mina"

"""What a developer types who knows `flask shell` and `flask db`, in a copy of the checkout."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.browsing import missing_in
from tests.databases import Databases
from tests.db.schema import newest_ids, schema
from tests.installation import ROOT, TIMEOUT_S, Checkout, Installation

COLUMN: Final = "    display_name: Mapped["
CHANGES: Final = {
    "    display_name: Mapped[str | None] = mapped_column(sa.String(320))\n": (
        '    best_id: Mapped[int | None] = mapped_column(sa.ForeignKey("Users.id"))\n'
        "    motto: Mapped[str | None] = mapped_column(unique=True)\n"
    ),
    "    platform: Mapped[str] = mapped_column(sa.String(16), default": (
        "    platform: Mapped[str | None] = mapped_column(sa.String(20), index=True, default"
    ),
    '        _partial_index("ix_Users_joined_to_id"': (
        '        sa.UniqueConstraint("username", "platform"),\n'
        '        _partial_index("ix_Users_joined_to_id"'
    ),
}
"""A column of another type, one less and two more, with keys and an index."""
PEOPLE: Final = 'SELECT id, username, platform, created_at, version FROM "Users" ORDER BY id'


@pytest.mark.databases("sqlite", "postgresql")
def test_a_column_is_added_by_the_commands_alone(databases: Databases, tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    checkout = Checkout(tmp_path, databases.make(tmp_path / "instance"))
    assert "No new upgrade operations" in checkout.done("db", "check")
    model = checkout.folder / "app/models/content.py"
    text = model.read_text()
    assert text.count(COLUMN) == 1
    model.write_text(text.replace(COLUMN, f"    motto: Mapped[str | None]\n{COLUMN}"))
    lacking = checkout.run("db", "check")
    assert lacking.returncode == 2
    (line,) = lacking.stderr.splitlines()
    assert "motto" in line
    checkout.done("db", "revision", "-m", "authors have a motto", "--autogenerate")
    checkout.done("db", "upgrade")
    assert "No new upgrade operations" in checkout.done("db", "check")
    newest = checkout.done("db", "heads").split()[0]
    assert checkout.done("db", "history").splitlines()[0].endswith("authors have a motto")
    assert "authors have a motto" in checkout.done("db", "show", newest)
    assert checkout.done("db", "current").strip() == newest
    databases.drop(tmp_path)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_table_is_changed_by_the_commands_alone(databases: Databases, tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    folder.mkdir()
    checkout = Checkout(tmp_path, databases.make(folder))
    checkout.done("demo")
    model = checkout.folder / "app/models/content.py"
    text = model.read_text()
    for old, new in CHANGES.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    model.write_text(text)

    def kept() -> list[object]:
        return [databases.fetch(folder, PEOPLE), newest_ids(databases, folder)]

    before, rows = schema(databases, folder), kept()
    assert all(rows)
    checkout.done("db", "revision", "-m", "authors change", "--autogenerate")
    checkout.done("db", "upgrade")
    assert "No new upgrade operations" in checkout.done("db", "check")
    assert checkout.done("check") == "ok\n"  # The table has the options of a fresh one, too.
    lost = {name for name, *_ in before} - {name for name, *_ in schema(databases, folder)}
    assert "Users.display_name" in lost
    assert lost <= {"Users.display_name", "Users_platform_not_null"}  # PostgreSQL names the latter.
    assert kept() == rows
    checkout.done("db", "downgrade", "--yes")
    assert schema(databases, folder) == before
    assert kept() == rows
    databases.drop(tmp_path)


def test_models_are_not_compared_with_a_database_that_is_made_of_them(tmp_path: Path) -> None:
    early = Checkout(tmp_path).run("db", "revision", "-m", "nothing", "--autogenerate")
    assert (early.returncode, early.stderr.count("\n")) == (2, 1)
    assert "there is no database to compare the models with" in early.stderr


def test_a_revision_is_noted_or_refused(installation: Installation) -> None:
    head = installation.done("db", "current").strip()
    assert installation.done("db", "stamp", "0043").strip() == "0043"
    assert installation.done("db", "stamp", "head").strip() == head
    for word in ("stamp", "show"):
        refused = installation.refused("db", word, "9999")
        assert "9999" in refused
        assert len(refused.splitlines()) == 1


STATEMENTS: Final = """\
async with write() as session:
    made = await add_user(session, "mina")
    session.add(User(username="Jack"))

await add_tweet("jack", "the ferry is late")
[post.text for post in (await list_posts(session, limit=5))[0]]
(await find_user(session, "mina")).username
[user.username for user in await session.scalars(select(User))]
await get_author(session, "ghost")
resources().config.env, app.name
"""


def test_the_shell_awaits_in_the_started_app(installation: Installation) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "app", "shell"],
        env=installation.environment(),
        cwd=ROOT,
        input=STATEMENTS,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert asked.returncode == 0, asked.stderr
    answers = asked.stdout.replace(">>> ", "").replace("... ", "").split("\n")
    assert not missing_in(
        answers, "'mina'", "['mina', 'Jack']", "['the ferry is late']", "('testing', 'app')"
    )
    assert not missing_in(asked.stderr, "User 'ghost' doesn't exist", "find_user")

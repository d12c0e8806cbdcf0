"""Alembic's environment: it runs the revisions through the program's own engine."""

import asyncio
import warnings
from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.exc import SAWarning

from app.config import Config
from app.db.engine import backend_for
from app.migrations import written  # noqa: F401 # It says how a revision is written.
from app.migrations.tables import make_tables
from app.models import Base


def run(connection: Connection) -> None:
    def is_compared(item: Any, _: object, kind: str, is_found: bool, other: object) -> bool:
        # What only one kind of database has is not of the models (`tables.py`), or says so.
        is_own = kind in {"table", "index"} and is_found and other is None
        return not is_own and item.info.get("only") in {None, connection.dialect.name}

    context.configure(
        connection=connection,
        target_metadata=Base.metadata,  # It says how constraints are named.
        include_object=is_compared,
        # All revisions or none, on SQLite too: another server that starts sees no half-made tables.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        migration = context.get_context()
        if not migration.get_current_heads():
            # Only the models say what a table is: revisions change those that there are.
            make_tables(connection)
            migration.stamp(context.script, "head")
        with warnings.catch_warnings():
            # Indexes of expressions, which are in `tables.py`.
            warnings.filterwarnings("ignore", "Skipped unsupported reflection", SAWarning)
            context.run_migrations()


async def migrate() -> None:
    # The program names the database; for the command `alembic`, the settings do.
    url = context.config.attributes.get("url") or Config.from_env().database_url
    async with backend_for(url).migrations() as connection:
        await connection.run_sync(run)
        await connection.commit()


asyncio.run(migrate())

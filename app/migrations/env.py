"""Alembic's environment: it runs the revisions through the program's own engine."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from app.db.engine import backend_for
from app.migrations.tables import make_tables
from app.models import Base


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,  # It says how constraints are named.
        # All revisions or none, on SQLite too: another server that starts sees no half-made tables.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        migration = context.get_context()
        if not migration.get_current_heads():
            # Only the models say what a table is: revisions change those that there are.
            make_tables(connection)
            migration.stamp(context.script, "head")
        context.run_migrations()


async def migrate() -> None:
    async with backend_for(context.config.attributes["url"]).migrations() as connection:
        await connection.run_sync(run)
        await connection.commit()


asyncio.run(migrate())

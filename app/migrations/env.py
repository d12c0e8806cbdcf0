"""Alembic's environment: it runs the revisions through the program's own engine."""

import asyncio

from alembic import context
from alembic.operations import Operations
from sqlalchemy import Connection

from app.db.engine import backend_for
from app.db.migrate import TAKEN_OVER
from app.migrations.fresh import make_tables
from app.migrations.takeover import take_over
from app.models import Base

UNMAPPED = {"index": {"ix_Tweet_newest", "ix_Tweet_user_id_newest", "ix_Tweet_user_id_likes"}}
"""What the models do not know of, since each database has its own."""
SQLITE_INDEXES = {"ix_Tweet_created_at_id", "ix_Tweet_user_id_created_at_id"}
"""PostgreSQL has others in their place, in the order of lists: unknown times last."""
WORD_INDEX = "TweetWords"


def is_mapped(name: str | None, kind: str, _: object) -> bool:
    """Return whether the models are to know of it."""
    if kind == "table" and str(name).startswith(WORD_INDEX):
        return False
    return name not in UNMAPPED.get(kind, ())


def is_compared(_: object, name: str | None, kind: str, *__: object) -> bool:
    """Return whether the tables must have what the models have."""
    is_sqlite = context.get_context().dialect.name == "sqlite"
    return is_sqlite or kind != "index" or name not in SQLITE_INDEXES


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        # All revisions or none, on SQLite too: another server that starts sees no half-made tables.
        transactional_ddl=True,
        include_name=is_mapped,
        include_object=is_compared,
    )
    with context.begin_transaction():
        migration = context.get_context()
        heads = migration.get_current_heads()
        if TAKEN_OVER in heads:
            with Operations.context(migration):
                take_over()
        elif not heads:
            # Only the models say what a table is: revisions change those that there are.
            make_tables(connection)
            migration.stamp(context.script, "head")
        context.run_migrations()


async def migrate() -> None:
    async with backend_for(context.config.attributes["url"]).migrations() as connection:
        await connection.run_sync(run)
        await connection.commit()


asyncio.run(migrate())

"""Alembic's environment: it runs the revisions through the program's own engine."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from app.db.engine import make_engine
from app.models import Base

WORD_INDEX = "TweetWords"


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        include_name=lambda name, kind, _: kind != "table" or not str(name).startswith(WORD_INDEX),
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate() -> None:
    # Foreign keys stay off: a batch migration makes a table anew, and dropping the old one would
    # delete by cascade what refers to it.
    engine = make_engine(context.config.attributes["url"], foreign_keys=False)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
            await connection.commit()
    finally:
        # A connection that is left open keeps its thread, and with that the program, alive.
        await engine.dispose()


asyncio.run(migrate())

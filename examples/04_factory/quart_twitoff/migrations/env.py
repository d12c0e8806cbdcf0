"""Alembic's environment: it runs the revisions on the database that the app names."""

import asyncio

from alembic import context
from quart_twitoff.models import Base
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


# The app's driver is asynchronous and Alembic is not: run_sync lends it the connection.
async def migrate() -> None:
    engine = create_async_engine(context.config.attributes["url"])
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(migrate())

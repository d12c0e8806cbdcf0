"""Alembic's environment: it runs the revisions on the database that the app names."""

from alembic import context
from flask_twitoff.models import Base
from sqlalchemy import create_engine

engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()

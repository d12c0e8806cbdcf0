"""The database: its migrations before the app serves, and a session for each request.

In the course Flask-SQLAlchemy and Flask-Migrate do this. Both are synchronous: each query would
hold up all other requests.
"""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, cast

from alembic import command
from alembic.config import Config as AlembicConfig
from quart import Quart, current_app, g
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

MIGRATIONS: Final = Path(__file__).with_name("migrations")


def init_app(app: Quart) -> None:
    """Bring the tables up to date, and close each request's session at its end."""
    path = Path(app.instance_path) / app.config["DATABASE"]
    url = f"sqlite+aiosqlite:///{path}"

    # Flask has no hook for the start, so there the factory does this. Here the connections belong
    # to the event loop that serves, and are closed before it ends.
    @app.while_serving
    async def open_database() -> AsyncGenerator[None, None]:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Alembic is synchronous, and its environment runs an event loop of its own.
        await asyncio.to_thread(upgrade, url)
        engine = create_async_engine(url)
        # After a commit, an expired object would load itself by a mere attribute.
        app.extensions["sessions"] = async_sessionmaker(engine, expire_on_commit=False)
        yield
        await engine.dispose()

    @app.teardown_appcontext
    async def close_session(_error: BaseException | None) -> None:
        session = g.pop("session", None)
        if session is not None:
            await session.close()


# Making a session waits for nothing; only what it asks the database does.
def get_session() -> AsyncSession:
    """Return the request's session, opened on first use."""
    if "session" not in g:
        g.session = current_app.extensions["sessions"]()
    return cast(AsyncSession, g.session)


def upgrade(url: str) -> None:
    """Run the migrations that the database has not seen."""
    command.upgrade(alembic_config(url), "head")


def alembic_config(url: str) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = url
    return config

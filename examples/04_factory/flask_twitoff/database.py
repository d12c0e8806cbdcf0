"""The database: its migrations when the app is made, and a session for each request.

In the course Flask-SQLAlchemy and Flask-Migrate do this. Plain SQLAlchemy and Alembic, on which
both stand, do the same without two dependencies more.
"""

from pathlib import Path
from typing import Final, cast

from alembic import command
from alembic.config import Config as AlembicConfig
from flask import Flask, current_app, g
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

MIGRATIONS: Final = Path(__file__).with_name("migrations")


def init_app(app: Flask) -> None:
    """Bring the tables up to date, and close each request's session at its end."""
    path = Path(app.instance_path) / app.config["DATABASE"]
    url = f"sqlite:///{path}"
    path.parent.mkdir(parents=True, exist_ok=True)
    upgrade(url)
    app.extensions["sessions"] = sessionmaker(create_engine(url))

    @app.teardown_appcontext
    def close_session(_error: BaseException | None) -> None:
        session = g.pop("session", None)
        if session is not None:
            session.close()


def get_session() -> Session:
    """Return the request's session, opened on first use."""
    if "session" not in g:
        g.session = current_app.extensions["sessions"]()
    return cast(Session, g.session)


def upgrade(url: str) -> None:
    """Run the migrations that the database has not seen."""
    command.upgrade(alembic_config(url), "head")


def alembic_config(url: str) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = url
    return config

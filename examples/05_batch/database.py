"""A SQLite file with a thousand users, for both apps."""

import tempfile
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

USERS: Final = 1_000


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "Users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)


def open_sessions() -> async_sessionmaker[AsyncSession]:
    """Return sessions of a new database; it is removed with the process's temporary folder."""
    path = Path(FOLDER.name) / f"{len(list(Path(FOLDER.name).glob('*.db')))}.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all(User(username=f"user{number}") for number in range(USERS))
    engine.dispose()
    asynchronous = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_timeout=60)

    @event.listens_for(asynchronous.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA busy_timeout = 60000")

    return async_sessionmaker(asynchronous, expire_on_commit=False)


FOLDER: Final = tempfile.TemporaryDirectory()

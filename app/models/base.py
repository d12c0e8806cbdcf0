"""The declarative base, and column types for both databases."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from saywho.text import counted_text

BigId: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""Ids of 64 bits; SQLite autoincrements only an INTEGER PRIMARY KEY."""

CodePoints: Final = sa.String().with_variant(sa.String(collation="C"), "postgresql")
"""Text compared and sorted by code points."""

MAX_ID: Final = 2**53 - 1
"""The largest exact id in JSON (RFC 8259, section 6)."""


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    @declared_attr.directive
    def __tablename__(cls) -> Any:  # noqa: N805 # SQLAlchemy gives it the class.
        """A table is called as its class, unless the class says otherwise."""
        return cls.__name__


class Numbered(Base):
    """A table whose ids are given only once."""

    __abstract__ = True
    __table_args__: Any = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True, sort_order=-1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, in whole seconds; SQLite would return it naive."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        # The default takes four times as long for each post of an import.
        return _as_stored if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs a zone")
        return value.astimezone(UTC).replace(microsecond=0)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        # A list of posts has twenty times; the default would make each of them twice.
        return as_utc if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


_JSON: Final = msgspec.json.Encoder()


def _as_stored(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a time needs a zone")
    if value.tzinfo is not UTC:  # As the times of most posts are.
        value = value.astimezone(UTC)
    # A fifth of the time of `isoformat`, and imports write a time for each post.
    written = _JSON.encode(value).decode()
    return f"{written[1:11]} {written[12:20]}.000000"


def as_utc(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(f"{stored}+00:00")


def as_counted(stored: str) -> str:
    handles, _, text = stored.rpartition("\x1f")
    return counted_text(text, handles) if handles else text


class CountedText(TypeDecorator[str]):
    """A text as it is counted, made from the text with its handles before it, if it has any."""

    impl = sa.Text
    cache_ok = True

    @classmethod
    def of(cls, handles: Any, written: Any) -> sa.TypeCoerce[str]:
        return sa.type_coerce(sa.func.coalesce(handles + "\x1f" + written, written), cls)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        return as_counted  # The default takes three calls for each text.


class Vector(TypeDecorator[NDArray[np.float32]]):
    """An embedding, (d,) float32, stored in half precision: pgvector's type or bytes."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(sa.LargeBinary())
        from pgvector.sqlalchemy import HALFVEC

        return dialect.type_descriptor(HALFVEC())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if dialect.name == "postgresql":
            return np.asarray(value, dtype=np.float32)
        return np.ascontiguousarray(value, dtype="<f2").tobytes()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> NDArray[np.float32]:
        if isinstance(value, bytes):
            return np.frombuffer(value, dtype="<f2").astype(np.float32)
        return np.asarray(value, dtype=np.float32)

"""Users and their tweets."""

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "Users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(320), unique=True)

    tweets: Mapped[list["Tweet"]] = relationship(back_populates="user")


class Tweet(Base):
    __tablename__ = "Tweet"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    embedding: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))
    user_id: Mapped[int] = mapped_column(ForeignKey("Users.id"))

    user: Mapped["User"] = relationship(back_populates="tweets")

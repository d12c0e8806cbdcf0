"""The words that posts hold, counted: for judging which are rare, and for mending mistyped ones."""

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, CodePoints


class Word(Base):
    """A term of the word index, and in how many posts it stands; may lag behind the posts."""

    __tablename__ = "Word"

    word: Mapped[str] = mapped_column(CodePoints, primary_key=True)
    tweets: Mapped[int]


class Vocabulary(Base):
    """What the words were counted of; one row."""

    __tablename__ = "Vocabulary"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    """Version of the terms that are indexed."""
    as_of_event: Mapped[int] = mapped_column(BigId)
    tweets: Mapped[int]
    terms: Mapped[int] = mapped_column(BigId)
    """Of all posts together."""

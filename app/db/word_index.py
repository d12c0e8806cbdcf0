"""The word index on SQLite: an FTS5 table that triggers hold to the posts.

Its terms come from `compute.words` by a function that every connection knows, so that SQLite's
own commands build it anew and check it. It keeps no copy of the texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    Subquery,
    bindparam,
    column,
    select,
    text,
)

from app.compute.words import terms
from app.models import MAX_ID

AUTHOR_MARK: Final = "\ue000"
"""Begins the term that names a post's author; no text's term holds a private character."""

REBUILD: Final = text("""INSERT INTO "TweetWords" ("TweetWords") VALUES ('rebuild')""")
CHECK: Final = text(
    """INSERT INTO "TweetWords" ("TweetWords", rank) VALUES ('integrity-check', 1)"""
)


class _Connection(Protocol):
    def create_function(
        self, name: str, narg: int, func: Any, /, *, deterministic: bool
    ) -> Any: ...


def register(connection: _Connection) -> None:
    """Let a connection know the function that the triggers call."""
    connection.create_function("saywho_terms", 2, index_terms, deterministic=True)


def index_terms(text: str, user_id: int) -> str:
    """Return what a post is indexed by, with blanks between."""
    return " ".join([*terms(text), author_term(user_id)])


def author_term(user_id: int) -> str:
    return f"{AUTHOR_MARK}{user_id}"


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms that stand in a row; of the last one perhaps only the beginning."""

    terms: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """What holds all of these."""

    of: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """What holds any of these."""

    of: tuple["Expression", ...]


Expression = Terms | All | Either


def render(expression: Expression) -> str:
    """Return the expression in FTS5's query language."""
    if isinstance(expression, Terms):
        return f'"{" ".join(expression.terms)}"' + (" *" if expression.is_prefix else "")
    between = " AND " if isinstance(expression, All) else " OR "
    return "(" + between.join(render(each) for each in expression.of) + ")"


def matching(
    expression: Expression,
    without: Sequence[Expression] = (),
    *,
    user_id: int | None = None,
    before: int = MAX_ID + 1,
) -> Subquery:
    """Return the ids below `before` of posts that hold the expression and nothing of `without`."""
    if user_id is not None:
        expression = All((expression, Terms((author_term(user_id),))))
    match = render(expression)
    if without:
        match += " NOT " + render(Either(tuple(without)))
    found = text(
        'SELECT rowid AS id FROM "TweetWords" WHERE "TweetWords" MATCH :match AND rowid < :before'
    )
    bound = found.bindparams(bindparam("match", match, unique=True), before=before)
    return bound.columns(column("id", Integer)).subquery("found")


def vocabulary_after(word: str, limit: int) -> Select[tuple[str, int, int]]:
    """Return the next terms of the index in their order: in how many posts, and how often."""
    rows = text(
        'SELECT term, doc, cnt FROM "TweetWordsVocabulary" WHERE term > :word LIMIT :limit'
    ).bindparams(word=word, limit=limit)
    found = rows.columns(column("term", String), column("doc", Integer), column("cnt", Integer))
    return select(found.subquery("vocabulary"))


def among(column: SQLColumnExpression[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that the column is one of very many values."""
    listed = text("SELECT value FROM json_each(:listed)").bindparams(
        bindparam("listed", msgspec.json.encode(values).decode(), unique=True)
    )
    return column.in_(listed.columns(Column("value", String)))

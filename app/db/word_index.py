"""What posts are indexed by, and what may be asked of the index, on either database."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from app.compute.words import terms

AUTHOR_MARK: Final = "\ue000"
"""Begins the term that names a post's author; no text's term holds a private character."""


def index_terms(text: str, user_id: int) -> str:
    """Return what a post is indexed by, with blanks between."""
    return " ".join(post_terms(text, user_id))


def post_terms(text: str, user_id: int) -> list[str]:
    """Return what a post is indexed by, in its order."""
    return [*terms(text), author_term(user_id)]


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


class IndexedPost(NamedTuple):
    """A post that is to be found."""

    id: int
    user_id: int
    text: str


class TermCount(NamedTuple):
    """A term of the index: in how many posts it is, and how often."""

    term: str
    doc: int
    cnt: int

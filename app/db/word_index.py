"""The terms of posts, and expressions of terms to search for, on either database."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from app.compute.words import terms

AUTHOR_MARK: Final = "\ue000"
"""First character of the term that names a post's author; texts have no private characters."""


class _Described(msgspec.Struct):
    alt: str | None = None


_decoder = msgspec.json.Decoder(list[_Described])


def searched_text(text: str, media: str | None) -> str:
    """Return what is searched of a post: its text, and a line for each description of its media."""
    if not media or '"alt"' not in media:
        return text
    return "\n".join([text, *(each.alt for each in _decoder.decode(media) if each.alt)])


def index_terms(text: str, user_id: int, media: str | None = None) -> str:
    """Return the terms of a post, joined by blanks."""
    return " ".join(post_terms(text, user_id, media))


def post_terms(text: str, user_id: int, media: str | None) -> list[str]:
    """Return the terms of a post in their order, the author's last."""
    return [*terms(searched_text(text, media)), author_term(user_id)]


def author_term(user_id: int) -> str:
    return f"{AUTHOR_MARK}{user_id}"


@dataclass(frozen=True, slots=True)
class Terms:
    """Consecutive terms; with `is_prefix` the last one may continue."""

    terms: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Matches posts that match all of these."""

    of: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Matches posts that match any of these."""

    of: tuple["Expression", ...]


Expression = Terms | All | Either


class IndexedPost(NamedTuple):
    """A post to index."""

    id: int
    user_id: int
    text: str
    media: str | None


class TermCount(NamedTuple):
    """A term of the index: the number of posts with it, and of its occurrences."""

    term: str
    doc: int
    cnt: int

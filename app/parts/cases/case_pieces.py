"""The pieces of the texts that a report prints: few, without names, and each with its counts."""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.services.compare.answering import read_posts
from saywho.comparing.verdict import Comparison, Evidence, SearchedPosts
from saywho.engine.case import Case
from saywho.engine.evidence import PlainPost, PostTexts
from saywho.people.names import ManyNames
from saywho.significance import clear_log_chance, log_chances
from saywho.text import ADDRESS, own_words

STRONGEST: Final = 3
MOST_PIECES: Final = 10
LONGEST_PIECE: Final = 30
MOST_SHOWN: Final = 3
"""Words of the texts for each word that may be printed."""


_QUOTES: Final = "\"“”„‘’'"
_WORD: Final = re.compile(r"[^\W_](?:\S*[^\W_])?")


class SearchedAuthors:
    """Reads posts for the reasons of an answer, and keeps them for the counts of a report."""

    def __init__(self) -> None:
        self._plain: dict[int, list[PlainPost]] = {}

    async def read(self, session: AsyncSession, user_id: int, count: int) -> SearchedPosts:
        found = await read_posts(session, user_id, count)
        self._plain[user_id] = found.plain
        return found

    def of(self, user_id: int) -> list[PlainPost]:
        return self._plain.get(user_id, [])

    def beside(self, user_id: int) -> list[list[PlainPost]]:
        return [posts for each, posts in self._plain.items() if each != user_id and posts]


class CountedPiece(NamedTuple):
    """A piece of the texts, with the numbers of posts that have it."""

    piece: str
    own: int
    others: int


class CasePieces(NamedTuple):
    standing_out: Sequence[CountedPiece]
    """Words and marked places in more posts of the author than of other people, beyond chance, as
    far as printed.
    """
    not_printed: int
    """Number of such pieces that are not printed."""
    posts: int
    """Posts of the author that were searched."""
    others_posts: int
    others: int
    """Other authors with searched posts."""
    strongest: Sequence[str]
    """Places that speak most for the author and may be printed."""
    unprinted: int
    """Number of these places that may not be printed."""

    @property
    def is_one_strongest(self) -> bool:
        return len(self.strongest) + self.unprinted == 1


def strongest_of(marks: Sequence[Evidence]) -> list[str]:
    """Return the three texts that speak most for the author, in small letters."""
    return list(dict.fromkeys(mark.text.casefold() for mark in marks))[:STRONGEST]


def marks_for(comparison: Comparison) -> list[Evidence]:
    """Return the marks that speak for the only author, the strongest first."""
    return sorted(
        (mark for mark in comparison.evidence if mark.weight > 0), key=lambda mark: -mark.weight
    )


def pieces_of(
    case: Case, marks: Sequence[Evidence], searched: SearchedAuthors, names: ManyNames
) -> CasePieces:
    """Return the pieces of the texts that a report may print; names: of other people."""
    suspect = case.suspects[0]
    beside = searched.beside(suspect.id)
    own, others = PostTexts(searched.of(suspect.id)), PostTexts([*chain.from_iterable(beside)])
    addresses = [match.span() for match in ADDRESS.finditer(case.text)]

    def may_print(mark: Evidence | None, piece: str) -> bool:
        if mark and any(mark.start < end and start < mark.end for start, end in addresses):
            return False
        is_address = "@" in piece or ADDRESS.search(piece)
        return len(piece) <= LONGEST_PIECE and not is_address and not names.find(piece)

    budget = _Budget(sum(len(own_words(text).split()) for text in case.texts) // MOST_SHOWN)
    strongest = strongest_of(marks)
    printed = list[str]()
    for key in strongest:
        mark = next(mark for mark in marks if mark.text.casefold() == key)
        if may_print(mark, mark.text) and budget.takes(mark.text):
            printed.append(mark.text.strip(_QUOTES))
    marked = {str(mark.piece).casefold(): mark for mark in marks}
    pieces = {key: str(mark.piece) for key, mark in marked.items()}
    # There are few marks, so a word that stands out may be in none of them.
    for word in _words(case.own_text):
        pieces.setdefault(word.casefold(), word)
    counted = [
        CountedPiece(piece, len({*own.find(piece)}), len({*others.find(piece)}))
        for piece in pieces.values()
    ]
    found = _without_parts([*_beyond_chance(counted, own, others)])
    # The strongest marks come first, then the most frequent words.
    found.sort(key=lambda each: -each.own if each.piece.casefold() not in marked else -math.inf)
    standing_out = [
        each
        for each in found
        if may_print(marked.get(each.piece.casefold()), each.piece) and budget.takes(each.piece)
    ][:MOST_PIECES]
    return CasePieces(
        standing_out,
        len(found) - len(standing_out),
        len(own),
        len(others),
        len(beside),
        printed,
        len(strongest) - len(printed),
    )


def _words(text: str) -> Iterator[str]:
    """Yield links, @names and #tags as a whole, then all other words, without signs around them."""
    yield from (match[0] for match in ADDRESS.finditer(text))
    yield from (match[0] for match in _WORD.finditer(ADDRESS.sub(" ", text)))


def _without_parts(found: Sequence[CountedPiece]) -> list[CountedPiece]:
    """Return the pieces that are not a word of another piece."""
    longer = (each.piece.casefold().split() for each in found)
    parts = {word for words in longer if len(words) > 1 for word in words}
    return [each for each in found if each.piece.casefold() not in parts]


class _Budget:
    """Words that may be printed; a piece that was printed costs nothing more."""

    def __init__(self, words: int) -> None:
        self._left, self._taken = words, set[str]()

    def takes(self, piece: str) -> bool:
        key, words = piece.casefold(), len(piece.split())
        if key in self._taken:
            return True
        if words > self._left:
            return False
        self._left -= words
        self._taken.add(key)
        return True


def _beyond_chance(
    counted: Sequence[CountedPiece], own: PostTexts, others: PostTexts
) -> Iterator[CountedPiece]:
    """Yield pieces in more posts than chance explains, if they were spread over all posts alike."""
    if not (counted and len(own) and len(others)):
        return
    uses = np.array([each.own for each in counted], np.float64)
    of_all = uses + np.array([each.others for each in counted], np.float64)
    logs = log_chances(uses, of_all, len(own) / (len(own) + len(others)))
    limit = clear_log_chance(logs, len(counted))
    yield from (each for each, log in zip(counted, logs, strict=True) if log <= limit)

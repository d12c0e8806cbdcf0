"""Typing errors: of a word that no post has, the known words at one slip are searched."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import nsmallest
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.scoring import Part, Statistics, split_phrase
from app.compute.slips import words_at_one_slip
from app.db.backend import backend_of
from app.services.search.expressions import in_any_way
from app.services.search.vocabulary import statistics

MOST_MEANT: Final = 5
"""Known words that are searched instead of an unknown one."""
MOST_CORRECTED: Final = 10
"""Words of a query that are looked at; each has some hundred neighbours."""
SHORTEST: Final = {"word": 3, "paired": 2}
"""Letters, or syllables, of the shortest word that is corrected."""
_UNCOUNTED: Final = Statistics(0, 1.0, {})


async def corrected(session: AsyncSession, parts: Sequence[Part]) -> list[Part]:
    """Return the parts of a query; those that no post has, with known words at one slip.

    Quoted and excluded words stay, and words without such neighbours.
    """
    words = dict.fromkeys(word for part in parts for word in split_phrase(part) if _is_open(word))
    looked_at = list(words)[:MOST_CORRECTED]
    indexed = await _indexed(session, looked_at)
    meant = await _meant(session, [word for word in looked_at if word not in indexed])
    changed: list[Part] = []
    for part in parts:
        typed = split_phrase(part)
        pieces = [replace(word, meant=meant.get(word, ())) for word in typed]
        changed += pieces if pieces != typed else [part]
    return changed


def _is_open(word: Part) -> bool:
    is_exact = word.is_quoted or word.is_excluded
    return not is_exact and len(word.text) >= SHORTEST.get(word.kind, len(word.text) + 1)


async def _indexed(session: AsyncSession, words: Sequence[Part]) -> set[Part]:
    """Return the words that the index has, whatever their endings, in posts of any author."""
    if not words:
        return set()
    index = backend_of(session).words
    posts = [index.matching(in_any_way(word, _UNCOUNTED)) for word in words]
    row = (await session.execute(select(*(exists(select(ids.c.id)) for ids in posts)))).one()
    return {word for word, is_indexed in zip(words, row, strict=True) if is_indexed}


async def _meant(session: AsyncSession, words: Sequence[Part]) -> dict[Part, tuple[Part, ...]]:
    """Return the known words at one slip from each word, the most frequent first."""
    if not words:
        return {}
    neighbours, terms = await asyncio.to_thread(_neighbours, words)
    counts = (await statistics(session, terms)).frequencies

    def is_counted(word: Part) -> bool:
        return all(term in counts for term in _start(word).terms)

    def order(word: Part) -> tuple[int, int, str]:
        # Of a Korean word all pairs tell more than those of its start, if they are known.
        all_pairs = min(counts.get(term, 0) for term in word.terms)
        return -all_pairs, -min(counts[term] for term in _start(word).terms), word.text

    # The counts may be older than the index, and pairs of a start may stand in different posts.
    likeliest = {
        word: nsmallest(2 * MOST_MEANT, filter(is_counted, near), key=order)
        for word, near in neighbours.items()
    }
    indexed = await _indexed(session, list({word for near in likeliest.values() for word in near}))
    return {
        word: tuple(filter(indexed.__contains__, near))[:MOST_MEANT]
        for word, near in likeliest.items()
    }


def _neighbours(words: Iterable[Part]) -> tuple[dict[Part, list[Part]], list[str]]:
    """Return the neighbours of each word, and the terms of all of them."""
    neighbours = {
        word: [Part(word.kind, text) for text in words_at_one_slip(word.text) if len(text) > 1]
        for word in words
    }
    terms = {term for near in neighbours.values() for word in near for term in word.terms}
    terms = {term for near in neighbours.values() for word in near for term in word.terms}
    return neighbours, sorted(terms)


def _start(word: Part) -> Part:
    """Return the beginning that a post must have of a word, as for the search."""
    return Part(word.kind, word.start) if word.kind == "paired" else word

"""Parts of a query for the word index."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from app.compute.scoring import QueryPart, TermFrequencies
from app.db.backend import All, Either, Expression, Terms

CANDIDATES: Final = 1_000
UNCOUNTED: Final = TermFrequencies(0, 1.0, {})
"""Frequencies under which no form is too frequent."""


def in_any_way(
    part: QueryPart, frequencies: TermFrequencies, *, only_counted: bool = False
) -> Expression:
    """Return an expression for the part as typed, meant, or with another ending.

    only_counted: without a short stem's uncounted forms; most do not exist.
    """
    ways: list[Expression] = []
    for way in part.ways:
        is_open = way.kind == "paired" and not way.is_quoted
        start = exact(QueryPart(way.kind, way.start) if is_open else way)
        forms = _forms(way, frequencies)
        if only_counted:
            forms = [form for form in forms if form.terms[0] in frequencies.frequencies]
        ways += [start, *forms]
    return Either(tuple(ways))


def _forms(part: QueryPart, frequencies: TermFrequencies) -> list[Terms]:
    """Return forms of a one-syllable stem that do not displace the typed word."""
    rows = sorted(part.forms.terms()) if part.forms else []
    rows.sort(key=lambda row: frequencies.frequencies.get(row[0], 0))
    counts = accumulate(frequencies.frequencies.get(row[0], 0) for row in rows)
    return [Terms(row) for row, sum_ in zip(rows, counts, strict=True) if sum_ <= CANDIDATES]


def any_of(parts: Sequence[QueryPart], frequencies: TermFrequencies) -> Expression:
    """Return an expression for all quoted phrases, and any rarest other term."""
    required: list[Expression] = [exact(part) for part in parts if part.is_quoted]
    weights: dict[Terms, float] = {}
    for word in [way for part in parts if not part.is_quoted for way in part.ways]:
        is_paired = word.kind == "paired"
        ways = [Terms((term,), is_paired and len(term) == 1) for term in word.terms]
        for way in ways + _forms(word, frequencies):
            weights[way] = max(map(frequencies.weight, way.terms))
    chosen: list[Expression] = []
    posts = 0.0
    for way, weight in sorted(weights.items(), key=lambda item: -item[1]):
        if posts <= CANDIDATES:
            chosen.append(way)
            # The inverse of the weight is about the number of posts with the term.
            posts += frequencies.posts * math.exp(-weight)
    return All((*required, Either(tuple(chosen)))) if chosen else All(tuple(required))


def matchable(parts: Sequence[QueryPart]) -> Expression:
    return Either(tuple(in_any_way(part, UNCOUNTED) for part in parts))


def exact(part: QueryPart) -> Expression:
    if part.kind == "paired" and len(part.text) == 1:
        return Terms((part.text,), is_prefix=True)
    return Terms(tuple(part.terms[:20]))  # Scoring compares the rest of a longer row.

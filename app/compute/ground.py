"""What an answer rests on: whether an author has written anything like a text.

Both questions are asked of counts alone, so that they cost the same wherever a text is judged.
"""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import WEIGHTS
from app.compute.case import Case, Suspect
from app.compute.features import (
    CHARACTERS,
    GROUP_SHIFT,
    Counts,
    LetteredKeys,
    lettered_keys,
    lookup,
)
from app.compute.text import BETWEEN, has_words, own_words, rest_of

FEWEST_SHARED: Final = 0.25
"""Share of a text's runs of three characters below which an author has written nothing like it."""

NothingLike = Literal["letters", "language", "kind"]
"""Why a text is like nothing that an author has written: other letters, another language, or what
is no prose, such as code, numbers and links."""


def ground_of(case: Case, suspect: Suspect) -> int | None:
    """Return the key of the word, pair of words or three characters, with a letter in it, that
    speaks most for an author, who uses it more often than the others of the language; None if
    there is none.
    """
    query = case.ranking.query
    keys = np.intersect1d(_lettered(case).all, query.counts.keys, assume_unique=True)
    own = lookup(suspect.profile.counts, keys).astype(np.float64)
    keys, own = keys[own > 0], own[own > 0]
    if not keys.size:
        return None
    groups = (keys >> np.uint32(GROUP_SHIFT)).astype(np.intp)
    expected = query.expected[query.counts.keys.searchsorted(keys)]
    population, selection = case.weighed_against(suspect)
    theirs = population.uses(keys, selection).astype(np.float64)
    totals = population.totals[selection].sum(axis=0) if selection.any() else np.zeros(5)
    rates = own / np.maximum(suspect.profile.totals, 1)[groups]
    others = theirs / np.maximum(totals, 1)[groups]
    gains: NDArray[np.float64] = WEIGHTS[groups] * np.log1p(own / expected)
    gains[rates <= others] = 0
    best = int(gains.argmax())
    return int(keys[best]) if gains[best] > 0 else None


def nothing_like(case: Case, suspect: Suspect) -> NothingLike | None:
    """Return why a text is like nothing that an author has written; None if something is.

    Words and runs of letters cannot tell within a language: Korean people share under a quarter of
    both with their own next messages.
    """
    habit, known = suspect.habit, suspect.profile.counts
    text = rest_of(case.text, case.gaps)
    signs = sum(not sign.isspace() for sign in text)
    keys = _lettered(case)
    is_prose = has_words(text) and sum(map(str.isalpha, text)) >= 0.75 * signs
    if not is_prose:
        query = case.ranking.query
        runs = query.counts.keys[query.edges[CHARACTERS] : query.edges[CHARACTERS + 1]]
        return "kind" if _share(runs, known) < FEWEST_SHARED else None
    if habit is None or _share(keys.runs, known) >= FEWEST_SHARED:
        return None
    is_english = habit.is_english or habit.language == "en"
    if (habit.language == "ko") == case.is_korean and not (is_english and case.is_foreign):
        return None
    is_sure = max(_share(keys.runs, known), _share(keys.words, known)) < 0.02
    return "letters" if is_sure else "language"


def _lettered(case: Case) -> LetteredKeys:
    return lettered_keys(BETWEEN.join(own_words(rest_of(text, gaps)) for text, gaps in case.parts))


def _share(keys: NDArray[np.uint32], known: Counts) -> float:
    return float((lookup(known, keys) > 0).mean()) if keys.size else 1.0

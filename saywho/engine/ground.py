"""The ground of an answer: whether an author has written anything like a text.

Both questions are asked of counts alone, so that they cost the same wherever a text is judged.
"""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from saywho.engine import features
from saywho.engine.attribution import WEIGHTS
from saywho.engine.case import Case, Suspect
from saywho.text import BETWEEN, FEWEST_WORDS, is_unspaced, own_words, rest_of, without_addresses

FEWEST_SHARED: Final = 0.25
"""Share of a text's runs of three characters below which an author has written nothing like it."""

NothingLike = Literal["letters", "language", "kind"]
"""Why a text is like nothing that an author has written: other letters, another language, or what
is no prose, such as code, numbers and links."""


def ground_of(case: Case, place: int) -> int | None:
    """Return the key of a word, or else of a pair of words or three characters with a letter in it,
    that the author at this place uses more often than the others of the language do; None if there
    is none.

    Of several, it is the one that speaks most for the author. Three characters count only in
    languages of which authors are shipped, and where no blanks divide words: in others they may be
    what everybody writes.
    """
    query, suspect = case.ranking.query, case.suspects[place]
    population, selection = case.weighed_against(suspect)
    others = population.totals[selection].sum(axis=0)
    uses, theirs = case.ranking.uses[place], case.uses_by(population, selection, query.counts.keys)
    texts = BETWEEN.join(own_words(text) for text, _ in case.parts)
    words = features.named_words(without_addresses(texts))
    lettered = np.array([key for key, word in words.items() if word.isalpha()], np.uint32)
    # Most texts have a word, which is found without looking at all runs of letters.
    for some in (lettered, None):
        wanted = _pieces_of(case, suspect, texts) if some is None else some
        (places,) = (np.isin(query.counts.keys, wanted) & (uses > 0)).nonzero()
        keys, own = query.counts.keys[places], uses[places]
        groups = (keys >> np.uint32(features.GROUP_SHIFT)).astype(np.intp)
        rates = own / np.maximum(suspect.profile.totals, 1)[groups]
        exceeds = rates > theirs[places] / np.maximum(others, 1)[groups]
        if exceeds.any():
            gains = WEIGHTS[groups] * np.log1p(own / query.expected[places])
            return int(keys[np.where(exceeds, gains, -np.inf).argmax()])
    return None


def _pieces_of(case: Case, suspect: Suspect, texts: str) -> NDArray[np.uint32]:
    keys, language = _lettered(case).all, case.language_for(suspect)
    if language in {None, "ko", *case.fitted.shipped} or is_unspaced(texts):
        return keys
    pairs: NDArray[np.uint32] = keys[(keys >> np.uint32(features.GROUP_SHIFT)) == features.PAIRS]
    return pairs


def nothing_like(case: Case, suspect: Suspect) -> NothingLike | None:
    """Return why a text is like nothing that an author has written; None if something is.

    Words and runs of letters cannot tell within a language: Korean people share under a quarter of
    both with their own next messages.
    """
    known = suspect.profile.counts
    signs = "".join(rest_of(case.text, case.gaps).split())
    is_prose = case.words >= FEWEST_WORDS and sum(map(str.isalpha, signs)) >= 0.75 * len(signs)
    if not is_prose:
        query = case.ranking.query
        runs = query.counts.keys[
            query.edges[features.CHARACTERS] : query.edges[features.CHARACTERS + 1]
        ]
        return "kind" if _share(runs, known) < FEWEST_SHARED else None
    if not case.is_foreign_to(suspect):
        return None
    keys = _lettered(case)
    if _share(keys.runs, known) >= FEWEST_SHARED:
        return None
    is_sure = max(_share(keys.runs, known), _share(keys.words, known)) < 0.02
    return "letters" if is_sure else "language"


def _lettered(case: Case) -> features.LetteredKeys:
    return features.lettered_keys(
        BETWEEN.join(own_words(rest_of(text, gaps)) for text, gaps in case.parts)
    )


def _share(keys: NDArray[np.uint32], known: features.Counts) -> float:
    return float((features.lookup(known, keys) > 0).mean()) if keys.size else 1.0

"""What distinguishes authors in general: words that each uses more often than the others do."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import Profile
from app.compute.background import Background
from app.compute.counts import lookup
from app.compute.features import WORDS, named_words

PRIOR_WORDS: Final = 500
"""How many words of the background are mixed into each author's."""
FEWEST_POSTS: Final = 2
"""Posts that a word must stand in, so that one post's topic is no habit."""
CLEAR: Final = 1.96
"""Standard errors from which a difference is no accident."""


@dataclass(frozen=True, slots=True)
class Distinctive:
    """A word, and how far it speaks for an author."""

    text: str
    weight: float
    """Log-odds against the other authors."""
    z: float
    """The same in standard errors; the order goes by it."""
    uses: int
    """How often the author uses it, in all posts."""

    @property
    def is_mark(self) -> bool:
        """Whether it is punctuation, an emoji or another sign, and no word."""
        return not any(map(str.isalnum, self.text))


def distinctive_words(
    profiles: Sequence[Profile],
    posts: Sequence[Sequence[str]],
    background: Background,
    *,
    most: int,
) -> list[list[Distinctive]]:
    """Return for each of two or more authors the words, then the signs, that set the author apart.

    The strongest come first, at most so many of either kind.

    `posts` are some of each author's, from which the words are recovered; how often they are used
    comes from the profiles. Weighted log-odds with an informative Dirichlet prior, each author
    against the others together. Source: Monroe, Colaresi and Quinn 2008, equations 16 to 22.
    """
    forms: dict[int, str] = {}
    spread = [_spread(own, forms) for own in posts]
    keys = np.array(sorted(forms), np.uint32)
    if not keys.size or len(profiles) < 2:
        return [[] for _ in profiles]
    uses = np.array([lookup(profile.counts, keys) for profile in profiles], np.float64)
    totals = np.array([profile.totals[WORDS] for profile in profiles], np.float64)
    prior = PRIOR_WORDS * background.probabilities(keys)
    found = []
    for author, own in enumerate(spread):
        others_uses, others_total = uses.sum(axis=0) - uses[author], totals.sum() - totals[author]
        lead = _log_odds(uses[author], totals[author], prior) - _log_odds(
            others_uses, others_total, prior
        )
        z = lead / np.sqrt(1 / (uses[author] + prior) + 1 / (others_uses + prior))
        is_habit = np.array([own[key] >= FEWEST_POSTS for key in keys.tolist()])
        order = np.argsort(-z, kind="stable")
        clear = [
            Distinctive(forms[int(keys[i])], float(lead[i]), float(z[i]), int(uses[author, i]))
            for i in order
            if is_habit[i] and z[i] >= CLEAR
        ]
        marks = [each for each in clear if each.is_mark][:most]
        found.append([each for each in clear if not each.is_mark][:most] + marks)
    return found


def _spread(posts: Sequence[str], forms: dict[int, str]) -> Counter[int]:
    """Return in how many posts each word stands; note how words are written under their keys."""
    spread: Counter[int] = Counter()
    for post in posts:
        for key, word in named_words(post).items():
            spread[key] += 1
            # Most words stand at the beginning of a sentence now and then.
            if word.islower() or key not in forms:
                forms[key] = word
    return spread


def _log_odds(
    uses: NDArray[np.float64], total: float, prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    odds: NDArray[np.float64] = np.log(
        (uses + prior) / np.maximum(total + PRIOR_WORDS - uses - prior, 1e-9)
    )
    return odds

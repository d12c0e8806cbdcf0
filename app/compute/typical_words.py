"""The words and signs typical of an author, by the counts of profiles."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.compute.counts import lookup
from app.compute.features import WORDS, named_words
from app.compute.languages import guess_main_language
from app.compute.mentions import plain_laugh
from app.compute.population import Population
from app.compute.profiles import AuthorProfile
from app.compute.significance import clear_log_chances, log_odds_errors
from app.compute.text import decode_entities
from app.compute.wording import FEWEST_POSTS, is_telling
from app.compute.words import whole_emoji

MOST_WORDS: Final = 12
MOST_SIGNS: Final = 6


class TypicalWord(NamedTuple):
    """A word or sign that an author uses more than the others."""

    text: str
    weight: float
    """Log-odds against the other authors."""
    uses: int
    """Uses by the author, in all posts."""
    rate: float = 0.0
    """Uses by the author, in 1,000 words."""
    rate_elsewhere: float = 0.0
    """The same of all of the others together."""

    @property
    def times(self) -> float:
        """How many times as often as the others the author uses it."""
        return math.exp(self.weight)

    @property
    def is_mark(self) -> bool:
        """Whether it is a sign such as punctuation or an emoji, not a word."""
        return not any(map(str.isalnum, self.text))


def typical_words(
    author: AuthorProfile, posts: Sequence[str], population: Population, members: NDArray[np.bool_]
) -> list[TypicalWord]:
    """Return words, then signs, that an author uses more than the members (n,), clearest first.

    Function words and words in another script than most of the posts are left out. `posts` are
    some of the author's, from which words are recovered; their uses come from the profile.
    """
    forms: dict[int, str] = {}
    spread = _spread(posts, forms)
    keys = np.array(sorted(forms), np.uint32)
    if not keys.size or not members.any():
        return []
    uses = lookup(author.counts, keys).astype(np.float64)
    uses_elsewhere = population.uses(keys, members).astype(np.float64)
    _join_laughs(keys, forms, spread, (uses, uses_elsewhere))
    total, others_total = author.totals[WORDS], population.totals[members, WORDS].sum()
    # Of these authors alone: beside all posts of a large background, words that only this author
    # uses would be too rare to be clear.
    lead, errors = log_odds_errors(uses, int(total), uses_elsewhere, int(others_total))
    share = float(total / max(total + others_total, 1))
    tried = population.words_with(author.counts, members)
    spreads = np.array([spread[key] for key in keys.tolist()])
    fitting = np.where(spreads < FEWEST_POSTS, 0, uses)
    chances, clear = clear_log_chances(fitting, uses + uses_elsewhere, share, tried)
    typical: dict[str, TypicalWord] = {}
    for i in np.argsort(-errors, kind="stable").tolist():
        key = int(keys[i])
        if chances[i] <= clear:
            # Parts of one emoji have keys of their own.
            rate, rate_elsewhere = (
                1_000 * float(count[i] / max(words, 1))
                for count, words in ((uses, total), (uses_elsewhere, others_total))
            )
            word = TypicalWord(forms[key], float(lead[i]), int(uses[i]), rate, rate_elsewhere)
            typical.setdefault(word.text, word)
    language = guess_main_language(posts)
    words = [word for word in typical.values() if is_telling(word.text, language)]
    return words[:MOST_WORDS] + [word for word in typical.values() if word.is_mark][:MOST_SIGNS]


def _join_laughs(
    keys: NDArray[np.uint32],
    forms: dict[int, str],
    spread: Counter[int],
    counts: Sequence[NDArray[np.float64]],
) -> None:
    """Give the uses (k,) of a laugh of any length to its most frequent form, the plain one."""
    lengths: dict[str, list[int]] = {}
    for place, key in enumerate(keys.tolist()):
        if laugh := plain_laugh(forms[key]):
            lengths.setdefault(laugh, []).append(place)
    for laugh, places in lengths.items():
        most = max(places, key=counts[0].__getitem__)
        forms[int(keys[most])] = laugh
        spread[int(keys[most])] = sum(spread[int(keys[place])] for place in places)
        for of_each in counts:
            total = of_each[places].sum()
            of_each[places] = 0
            of_each[most] = total


def _wholes_of_signs(post: str) -> dict[str, str]:
    """Return the whole emoji of each sign: a skin tone, a flag or a family is several signs."""
    return {sign: whole for whole in whole_emoji(post) if whole[1:] for sign in whole}


def _spread(posts: Sequence[str], forms: dict[int, str]) -> Counter[int]:
    """Return the number of posts with each word; add the written forms to `forms` by key.

    HTML's entities that a file kept (`&amp;`) are the signs that they stand for.
    """
    spread: Counter[int] = Counter()
    for post in map(decode_entities, posts):
        wholes = _wholes_of_signs(post)
        for key, word in named_words(post).items():
            spread[key] += 1
            if word in wholes:
                forms.setdefault(key, wholes[word])
            # Words at the beginning of a sentence are capitalised.
            elif word.islower() or not word.isalnum() or key not in forms:
                forms[key] = word
    return spread

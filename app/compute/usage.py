"""Which words authors use: those typical of one, and in which posts a piece of a text stands."""

import bisect
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.compute.background import Background
from app.compute.counts import lookup
from app.compute.features import WORDS, named_words
from app.compute.korean import is_ending
from app.compute.profiles import AuthorProfile
from app.compute.ratios import Population
from app.compute.text import guess_language
from app.compute.words import segments

PRIOR_WORDS: Final = 500
"""Words of the background that are mixed into each author's."""
FEWEST_POSTS: Final = 2
"""Least number of posts with the word, so that the topic of one post is no habit."""
CLEAR: Final = 1.96
"""Standard errors from which a difference is significant."""
_FUNCTION_WORDS: Final = frozenset(
    re.findall(
        r"\S+",
        """
        a about after again all also am an and any are as at be because been before being between
        both but by ca can could did do does doing don down each even for from get had has have
        having he her here him his how i if in into is it its just ll me more most my no nor not
        now of off on once only or other our out over own re s same she should so some such t than
        that the their them then there these they this those through to too under until up us ve
        very was we were what when where which while who whom why will with wo would you your
        것 것은 것을 것이다 그 그는 그런 그리고 나 내 너 네 다 다른 대한 대해 더 던 되는 된 된다
        될 두 등 때 때문에 또 또는 또한 모든 못 및 바 받은 밝혔다 본 뿐 수 아니라 안 약 어떤 없는
        없다 없이 여러 오는 온 와 우리 위한 위해 으로 은 이 이런 이를 이번 이에 있는 있다 있어
        있을 잘 저 전 정도 제 좀 줄 중 즉 지 지난 측 통해 하고 하는 하지만 한 한다 할 함께 합니다
        해 했다 후
        """,
    )
)
"""Words that every text needs; the model weighs them, but they tell a reader nothing."""


MOST_WORDS: Final = 12
MOST_SIGNS: Final = 6


class TypicalWord(NamedTuple):
    """A word or sign that an author uses more than the others."""

    text: str
    weight: float
    """Log-odds against the other authors."""
    uses: int
    """Uses by the author, in all posts."""

    @property
    def times(self) -> float:
        """How many times as often as the others the author uses it."""
        return math.exp(self.weight)

    @property
    def is_mark(self) -> bool:
        """Whether it is a sign such as punctuation or an emoji, not a word."""
        return not any(map(str.isalnum, self.text))


def typical_words(
    author: AuthorProfile,
    posts: Sequence[str],
    population: Population,
    members: NDArray[np.bool_],
    background: Background,
) -> list[TypicalWord]:
    """Return words, then signs, that an author uses more than the members (n,), clearest first.

    Function words and words in another script than most of the posts are left out. `posts` are
    some of the author's, from which words are recovered; their uses come from the profile. Weighted
    log-odds with an informative Dirichlet prior. Source: Monroe, Colaresi and Quinn 2008, equations
    16 to 22.
    """
    forms: dict[int, str] = {}
    spread = _spread(posts, forms)
    keys = np.array(sorted(forms), np.uint32)
    if not keys.size or not members.any():
        return []
    prior = PRIOR_WORDS * background.probabilities(keys)
    uses = lookup(author.counts, keys).astype(np.float64)
    others = population.uses(keys, members).astype(np.float64)
    lead = _log_odds(uses, float(author.totals[WORDS]), prior)
    lead -= _log_odds(others, float(population.totals[members, WORDS].sum()), prior)
    errors = lead / np.sqrt(1 / (uses + prior) + 1 / (others + prior))
    found: dict[str, TypicalWord] = {}
    for i in np.argsort(-errors, kind="stable").tolist():
        key = int(keys[i])
        if spread[key] >= FEWEST_POSTS and errors[i] >= CLEAR:
            # Parts of one emoji have keys of their own.
            word = TypicalWord(forms[key], float(lead[i]), int(uses[i]))
            found.setdefault(word.text, word)
    is_korean = is_mostly_korean(posts)
    words = [word for word in found.values() if _is_telling(word.text, is_korean)]
    return words[:MOST_WORDS] + [word for word in found.values() if word.is_mark][:MOST_SIGNS]


def is_mostly_korean(posts: Sequence[str]) -> bool:
    """Return whether more than half of the posts are Korean."""
    return 2 * sum(guess_language(post) == "ko" for post in posts) > len(posts)


def _is_telling(word: str, is_korean: bool) -> bool:
    """Return whether a word in this author's script says something about the author.

    Numbers are about the subject of a post.
    """
    if not any(map(str.isalpha, word)) or (guess_language(word) == "ko") != is_korean:
        return False
    first = re.split("['’]|n['’]t", word.lower())[0]
    return first not in _FUNCTION_WORDS and not is_ending(word)


def _spread(posts: Sequence[str], forms: dict[int, str]) -> Counter[int]:
    """Return the number of posts with each word; add the written forms to `forms` by key."""
    spread: Counter[int] = Counter()
    for post in posts:
        # An emoji with a skin tone, a flag or a family is several signs.
        emoji = [post[each.start : each.end] for each in segments(post) if each.kind == "emoji"]
        wholes = {sign: whole for whole in emoji if whole[1:] for sign in whole}
        for key, word in named_words(post).items():
            spread[key] += 1
            if word in wholes:
                forms.setdefault(key, wholes[word])
            # Words at the beginning of a sentence are capitalised.
            elif word.islower() or not word.isalnum() or key not in forms:
                forms[key] = word
    return spread


def _log_odds(
    uses: NDArray[np.float64], total: float, prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    odds: NDArray[np.float64] = np.log(
        (uses + prior) / np.maximum(total + PRIOR_WORDS - uses - prior, 1e-9)
    )
    return odds


SHORTEST_BEGINNING: Final = 2
"""Syllables of the shortest beginning of a Korean word that is looked up."""
LONGEST_WORD: Final = 20
"""Characters of the longest word whose parts are looked up."""
MOST_TRIED: Final = 200
PER_POSTS: Final = 400
"""Posts in which uses are counted."""


class PostTexts:
    """The texts of posts, searched as one; white space and case do not count."""

    def __init__(self, posts: Sequence[tuple[int, str]]) -> None:
        """posts: id and text of each."""
        self._ids = [post_id for post_id, _ in posts]
        self._starts: list[int] = []
        texts, end = [], 0
        for _, text in posts:
            plain = _plain(text)
            self._starts.append(end)
            texts.append(plain)
            end += len(plain) + 1
        self._texts = "\n".join(texts)

    def find(self, piece: str) -> list[int]:
        """Return the post of each use of a piece, in the order of the posts."""
        wanted, found = _plain(piece), []
        place = self._texts.find(wanted)
        while place >= 0:
            if self._is_whole(wanted, place):
                found.append(self._ids[bisect.bisect_right(self._starts, place) - 1])
            place = self._texts.find(wanted, place + len(wanted))
        return found

    def times(self, uses: int) -> float:
        """Return so many uses as times in 400 posts."""
        return round(PER_POSTS * uses / max(1, len(self._ids)), 1)

    def _is_whole(self, piece: str, place: int) -> bool:
        before = self._texts[place - 1 : place]
        after = self._texts[place + len(piece) : place + len(piece) + 1]
        if piece[0].isalnum() and before.isalnum():
            return False
        # Korean particles follow a word without a space.
        return not (piece[-1].isalnum() and after.isalnum()) or _is_hangul(piece[-1])


def used_piece(mark: str, own: PostTexts) -> tuple[str, list[int]]:
    """Return the longest piece of a mark that the author uses, and the post of each use.

    Whole words first; without any, the mark itself and no posts.
    """
    for tried, piece in enumerate(_pieces(mark)):
        if uses := own.find(piece):
            return piece, uses
        if tried > MOST_TRIED:
            break
    return mark, []


def _pieces(mark: str) -> Iterator[str]:
    """Yield the runs of words of a mark, the longest first, with and without punctuation."""
    words = mark.split()
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            run = " ".join(words[start : start + length])
            yield run
            bare = _bare(run)
            if bare not in ("", run):
                yield bare
    for word in words:
        yield from _beginnings(_bare(word)[:LONGEST_WORD])


def _beginnings(word: str) -> Iterator[str]:
    """Yield the beginnings of a Korean word, whose endings change."""
    if word and _is_hangul(word[0]):
        for length in range(len(word) - 1, SHORTEST_BEGINNING - 1, -1):
            yield word[:length]


def _bare(run: str) -> str:
    first = next((i for i, sign in enumerate(run) if sign.isalnum()), len(run))
    last = next((i for i in range(len(run), first, -1) if run[i - 1].isalnum()), first)
    return run[first:last]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _is_hangul(sign: str) -> bool:
    return "\uac00" <= sign <= "\ud7a3"

"""Words that are in clearly more of some posts than of others, and whether words are telling."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.compute.korean import is_ending
from app.compute.languages import guess_language
from app.compute.links import without_addresses
from app.compute.mentions import LAUGHING
from app.compute.significance import clear_log_chance, log_chances_of_tests
from app.compute.text import decode_entities
from app.compute.words import words_and_runs

FEWEST_POSTS: Final = 2
"""Smallest number of posts with a word, so that the topic of a post is no habit."""
_NUMBER: Final = re.compile("[0-9]+[가-힣]+")
_JAMO: Final = frozenset(map(chr, range(0x3131, 0x3164))) - {*LAUGHING}
"""Korean letters that are not syllables."""
FUNCTION_WORDS: Final = frozenset(
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
"""Words that every text needs; the model counts them, but they tell a reader nothing."""


class GainedWord(msgspec.Struct, frozen=True):
    """A word that is in clearly more of some posts than of others."""

    text: str
    posts: int
    posts_beside: int
    """Number of the others' posts that contain the word."""


class GainedWords(NamedTuple):
    """Words that are in clearly more of some posts than of others, the clearest first."""

    words: list[str]
    logs: NDArray[np.float64]
    """Log chances of the words, (n,)."""
    tests: int
    """Number of words that were tested."""

    def by_bursts(self, bursts: Sequence[float]) -> "tuple[GainedWords, float]":
        """Return the words that are still clear, and the largest log chance of a clear word.

        bursts: for each word, the number of posts that count as one (`design_effect`), (n,).
        """
        logs = self.logs / np.array(bursts)
        clear = clear_log_chance(logs, self.tests)
        ranked = [i for i in np.argsort(logs, kind="stable").tolist() if logs[i] <= clear]
        words = [self.words[i] for i in ranked]
        return GainedWords(words, logs[ranked], self.tests), clear


def gained_words(
    spread: Counter[str], spread_of_all: Counter[str], share: float, tried: NDArray[np.int64]
) -> GainedWords:
    """Return the words in clearly more of some posts than of others, for independent posts.

    spread, spread_of_all: number of posts with each word, among these posts and among all.
    share: of these posts among all. tried: the numbers in `spread_of_all`, (m,).
    """
    # The order must be the same in every process: equal words are sorted by the alphabet.
    words = sorted(word for word, count in spread.items() if count >= FEWEST_POSTS)
    uses = np.array([spread[word] for word in words], np.float64)
    uses_of_all = np.array([spread_of_all[word] for word in words], np.float64)
    logs, tests = log_chances_of_tests(uses, uses_of_all, share, tried)
    gained, _ = GainedWords(words, logs, tests).by_bursts(np.ones(len(words)).tolist())
    return gained


def words_in_each(posts: Iterable[str]) -> Iterator[set[str]]:
    """Yield the folded words of each post.

    Left out are addresses, names, tags, HTML's entities (`&amp;`), Korean units of numbers (`12명`)
    and Korean laughs after a word (`그래ㅋㅋ`).
    """
    for post in posts:
        text = without_addresses(decode_entities(post))
        words, runs = words_and_runs(text if text.isascii() else _NUMBER.sub(" ", text))
        yield {*words, *map(_without_laugh, runs)} if runs else {*words}


def _without_laugh(run: str) -> str:
    return run if run[-1] not in LAUGHING else run.rstrip(LAUGHING) or run


def is_telling(word: str, language: str | None) -> bool:
    """Return whether a word in the author's script may say something about the author.

    Numbers belong to the subject of a post, and a single letter is a part of a word.
    """
    if not any(map(str.isalpha, word)) or guess_language(word) != language:
        return False
    if len(word) == 1 and (word.isascii() or word in _JAMO):
        return False
    first = re.split("['’]|n['’]t", word.lower())[0]
    return first not in FUNCTION_WORDS and not is_ending(word)

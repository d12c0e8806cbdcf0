"""Words in clearly more of some posts than of others, also for an author."""

import importlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, compress
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from saywho.engine.features import WORDS, lookup, named_words
from saywho.engine.population import Population
from saywho.engine.profiles import AuthorProfile
from saywho.significance import clear_log_chance, log_chances_of_tests, log_odds_errors
from saywho.text import (
    UNSPACED,
    decode_entities,
    guess_language,
    guess_main_language,
    without_addresses,
)
from saywho.words import LAUGHING, divided, is_ending, plain_laugh, whole_emoji, words_and_runs

FEWEST_POSTS: Final = 2
"""Smallest number of posts with a word: the topic of one post is no habit."""
_NUMBER: Final = re.compile("(?<![0-9])[0-9]+[가-힣]+")
_JAMO: Final = frozenset(map(chr, range(0x3131, 0x3164))) - {*LAUGHING}
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
"""Words that every text needs; they tell a reader nothing."""


def common_words(spread: Counter[str]) -> frozenset[str]:
    """Return the folded function words of the language that a person seems to write, by the most
    frequent words; none of English and Korean, which have `FUNCTION_WORDS`.

    spread: messages of the person with each word.
    """
    most, fewest = 200, 30
    frequent = Counter(dict(spread.most_common()[:most]))
    total = frequent.total()
    known = sum(count for word, count in frequent.items() if word in FUNCTION_WORDS)
    # In other languages than English, a tenth of all uses are of its words.
    if total < fewest or known >= 0.2 * total:
        return frozenset()
    uses = Counter[str]()
    languages, words_by_language = _stop_words()
    for word, count in frequent.items():
        for language in languages.get(word, ()):
            uses[language] += count
    language = max(uses, key=lambda each: (uses[each], each), default="en")
    is_clear = language not in {"en", "ko"} and uses[language] >= max(0.1 * total, uses["en"])
    return words_by_language[language] if is_clear else frozenset()


_MORE_OF_UKRAINIAN: Final = """
    а або бо буде в вже він ж за зі й його і її їй їм кого кому ли має мене мені мій мої моя на нас
    не ні ну по себе свої т тебе тепер тобі той тому треба тут у хто ці ще щоб щось я яка яке які
"""
"""Function words of Ukrainian; its list has so few that it was taken for Russian."""


@cache
def _stop_words() -> tuple[dict[str, list[str]], dict[str, frozenset[str]]]:
    """Return languages by folded word, and words by language. Few sites need them."""
    stopwords = importlib.import_module("stopwordsiso")
    words_of = {
        language: frozenset(
            chain(*words_and_runs("\n".join(sorted(stopwords.stopwords(language)))))
        )
        for language in sorted(stopwords.langs())
    }
    words_of["uk"] |= {*words_and_runs(_MORE_OF_UKRAINIAN)[0]}
    languages: dict[str, list[str]] = {}
    for language, words in words_of.items():
        for word in words:
            languages.setdefault(word, []).append(language)
    return languages, words_of


class GainedWord(msgspec.Struct, frozen=True):
    text: str
    posts: int
    posts_beside: int


class GainedWords(NamedTuple):
    """Words in clearly more of some posts than of others, the clearest first."""

    words: list[str]
    logs: NDArray[np.float64]  # (n,), log chances
    tests: int  # number of words tested

    def by_bursts(self, bursts: Sequence[float]) -> "tuple[GainedWords, float]":
        """Return the words that are still clear, and the largest log chance of a clear word.

        bursts: posts with each word that count as one (`design_effect`), (n,).
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

    spread, spread_of_all: posts with each word, among these (a share of all) and all. tried: the
    numbers in `spread_of_all`, (m,).
    """
    # The order must be the same in every process: equal words are sorted by the alphabet.
    words = sorted(word for word, count in spread.items() if count >= FEWEST_POSTS)
    uses = np.array([spread[word] for word in words], np.float64)
    uses_of_all = np.array([spread_of_all[word] for word in words], np.float64)
    logs, tests = log_chances_of_tests(uses, uses_of_all, share, tried)
    gained, _ = GainedWords(words, logs, tests).by_bursts(np.ones(len(words)).tolist())
    return gained


def words_in_each(posts: Iterable[str]) -> Iterator[set[str]]:
    """Yield each post's folded words, without addresses, names, tags, entities (`&amp;`), units of
    numbers (`12명`) and laughs after a word (`그래ㅋㅋ`). Words without blanks are `divided`.
    """
    for post in posts:
        # Most posts have nothing to leave out, which is found in less time than it takes to call.
        is_bare = not ("&" in post or "/" in post or "@" in post or "#" in post or "ww." in post)
        text = post if is_bare else without_addresses(decode_entities(post))
        words, runs = words_and_runs(text if text.isascii() else _NUMBER.sub(" ", text))
        if runs and ("ㅋ" in text or "ㅎ" in text or "ㅠ" in text or "ㅜ" in text):
            runs = [run.rstrip(LAUGHING) or run for run in runs]
        yield {*words, *divided(runs)} if runs else {*words}


def is_telling(word: str, language: str | None) -> bool:
    """Return whether a word in the author's script may say something about them: numbers and single
    letters say nothing.
    """
    if not any(map(str.isalpha, word)) or guess_language(word) != language:
        return False
    if len(word) == 1 and (word.isascii() or word in _JAMO):
        return False
    first = re.split("['’]|n['’]t", word.lower())[0]
    return first not in FUNCTION_WORDS and not is_ending(word)


class TypicalWord(NamedTuple):
    text: str
    weight: float
    """Log-odds against the other authors."""
    uses: int
    rate: float = 0.0
    """Author's uses in 1,000 words."""
    rate_elsewhere: float = 0.0

    @property
    def times(self) -> float:
        return math.exp(self.weight)

    @property
    def is_mark(self) -> bool:
        return not any(map(str.isalnum, self.text))


def typical_words(
    author: AuthorProfile, posts: Sequence[str], population: Population, members: NDArray[np.bool_]
) -> list[TypicalWord]:
    """Return words, then signs, that an author uses more than the members (n,), clearest first.

    Left out are function words, words in another script than most posts or without blanks, and
    signs that are more frequent only by words: short posts have a sign for fewer words.
    posts: some of the author's, to recover words from.
    """
    forms: dict[int, str] = {}
    spread = _spread(posts, forms)
    keys = np.array(sorted(forms), np.uint32)
    if not keys.size or not members.any():
        return []
    uses = lookup(author.counts, keys).astype(np.float64)
    uses_elsewhere = population.uses(keys).by(members).astype(np.float64)
    _join_laughs(keys, forms, spread, (uses, uses_elsewhere))
    total, others_total = author.totals[WORDS], population.totals[members, WORDS].sum()
    # Of these authors alone: beside all posts of a large background, words that only this author
    # uses would be too rare to be clear.
    lead, errors = log_odds_errors(uses, int(total), uses_elsewhere, int(others_total))
    share = float(total / max(total + others_total, 1))
    tried = population.words_with(author.counts, members)
    spreads = np.array([spread[key] for key in keys.tolist()])
    fitting = np.where(spreads < FEWEST_POSTS, 0, uses)
    chances, tests = log_chances_of_tests(fitting, uses + uses_elsewhere, share, tried)
    clear = clear_log_chance(chances, tests)
    posts_elsewhere = sum(compress((count for _, count, _ in population.members), members))
    are_in_more = uses * posts_elsewhere > uses_elsewhere * author.posts
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
            if are_in_more[i] or not word.is_mark:
                typical.setdefault(word.text, word)
    language = guess_main_language(posts)
    written = Counter(chain.from_iterable(words_in_each(posts))) if language is None else Counter()
    common = common_words(written)
    # A run of letters without blanks was counted whole, and is no word.
    words = [
        word
        for word in typical.values()
        if is_telling(word.text, language)
        and not UNSPACED.search(word.text)
        and not next(words_in_each([word.text])) <= common
    ]
    return words[:12] + [word for word in typical.values() if word.is_mark][:6]


def _join_laughs(
    keys: NDArray[np.uint32],
    forms: dict[int, str],
    spread: Counter[int],
    counts: Sequence[NDArray[np.float64]],
) -> None:
    """Give the uses (k,) of a laugh of any length to its most frequent form."""
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


def _spread(posts: Sequence[str], forms: dict[int, str]) -> Counter[int]:
    """Return the number of posts with each word; add written forms to `forms` by key."""
    spread: Counter[int] = Counter()
    for post in map(decode_entities, posts):
        # Some emoji, such as a flag, are several signs.
        wholes = {sign: whole for whole in whole_emoji(post) if whole[1:] for sign in whole}
        for key, word in named_words(post).items():
            spread[key] += 1
            if word in wholes:
                forms.setdefault(key, wholes[word])
            # Words at the beginning of a sentence are capitalised.
            elif word.islower() or not word.isalnum() or key not in forms:
                forms[key] = word
    return spread

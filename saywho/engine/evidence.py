"""Evidence: the words of a text that speak for an author, and where they are used.

Shape and style would look arbitrary on single words, so they are summed up as layout.
"""

import bisect
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby, islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from saywho.engine.attribution import Query, query_of, shares_of
from saywho.engine.case import Case, Suspect
from saywho.engine.features import SHAPE, Occurrences, struck_before
from saywho.korean import is_hangul
from saywho.text import RANDOM_BEGIN, UNSPACED, UNSPACED_LETTERS, own_words, without_hosts

MOST_MARKS: Final = 12
FEWEST_WEIGHT: Final = 0.3
"""Smallest log-odds of a mark; a weaker mark looks accidental."""

# Marks match from the first of them only, otherwise the time would be quadratic.
_SENTENCE_END = re.compile(r"(?:(?<![.!?…。！？؟۔।॥])[.!?…。！？؟۔।॥]+[\"'”’)\]]*(?=\s)|\n)\s*")
# In chats a sentence ends with these as well, or is nothing else.
_SIGNS = "~～ㅋㅎㅠㅜ\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff"
_CHAT_END = re.compile(rf"(?<![{_SIGNS}])[{_SIGNS}]+(?=\s)|(?<![^\s])(?:[Hh][Aa]){{2,}}[Hh]?(?=\s)")
_WORD = re.compile(rf"(?<!\S)(?!{RANDOM_BEGIN})\S+")
"""Pattern of a word; random links are no evidence."""

_LONG_WORD = re.compile(rf"[^\W\d_{UNSPACED_LETTERS}]{{4,}}|[가-힣]{{2,}}")
"""In scripts without blanks, a run of letters is no word."""

Mark = tuple[int, int, str, float]
"""Half-open code points without white space at the ends, username, and log-odds, below 0 against
the only author.
"""


def marks_of(
    case: Case, compared: Sequence[Suspect], appearances: Occurrences, ground: int | None = None
) -> list[Mark]:
    """Return the strongest marks, in text order, without overlap.

    A mark is consecutive words of a sentence for one author, without a gap. A single author is
    compared with everyone else of the language. appearances: the features' places. ground: the key
    of the piece that the first author is likely by, which is marked if nothing else of theirs is.
    """
    text, keys = case.text, appearances.counts.keys
    used: list[NDArray[np.uint32 | np.int64]]
    used = [case.own_uses(suspect, keys) for suspect in compared]
    totals = [suspect.profile.totals for suspect in compared]
    if len(compared) == 1:
        population, selection = case.weighed_against(compared[0])
        if selection.any():
            used.append(case.uses_by(population, selection, keys))
            totals.append(population.totals[selection].sum(axis=0))
    words = np.array([match.span() for match in _WORD.finditer(text)], np.int64).reshape(-1, 2)
    if case.gaps:
        struck = struck_before(case.gaps, len(text))
        words = words[struck[words[:, 0]] == struck[words[:, 1]]]
    if len(used) < 2 or not len(words):
        return []
    query = case.ranking.query
    if query.counts is not appearances.counts:  # A text is judged without quotations.
        query = query_of(appearances.counts, case.fitted.background)
    leads = _leads(query, np.array(used), np.array(totals)).take(appearances.numbers, axis=1)
    words_leads = _word_leads(appearances, words, leads, len(text))
    found = (pattern.finditer(text) for pattern in (_SENTENCE_END, _CHAT_END))
    cuts = [cut.start() for cut in chain.from_iterable(found)]
    ends = np.sort(np.array(cuts + [start for start, _ in case.gaps], np.int64))
    runs = _merged(words, words_leads, np.searchsorted(ends, words[:, 0]))
    strongest = sorted((run for run in runs if run[3] >= FEWEST_WEIGHT), key=lambda run: -run[3])
    strongest = strongest[:MOST_MARKS]
    if ground is not None and not any(
        run[2] == 0 and any(map(str.isalpha, text[run[0] : run[1]])) for run in strongest
    ):
        start, end = _place_of(ground, appearances, words)
        strongest = [run for run in strongest if run[1] <= start or end <= run[0]]
        strongest.append((start, end, 0, FEWEST_WEIGHT))
    names = [suspect.username for suspect in compared]
    return [
        (start, end, names[author], weight)
        if author < len(names)
        else (start, end, names[0], -weight)
        for start, end, author, weight in sorted(strongest)
    ]


def _place_of(key: int, appearances: Occurrences, words: NDArray[np.int64]) -> tuple[int, int]:
    """Return the words, (m, 2), around the first place of a feature."""
    number = appearances.counts.keys.searchsorted(np.uint32(key))
    (places,) = (appearances.numbers == number).nonzero()
    starts, ends = appearances.starts[places], appearances.ends[places]
    first = int(starts.argmin())
    touched = (words[:, 0] < ends[first]) & (words[:, 1] > starts[first])
    (inside,) = touched.nonzero()
    return int(words[inside[0], 0]), int(words[inside[-1], 1])


def _leads(query: Query, used: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log-odds of each located feature for each author: (n, k).

    A feature that an author never used speaks only for other authors. used: uses, (n, k); totals:
    features by group, (n, 5).
    """
    end, sizes = query.edges[SHAPE], query.edges[1 : SHAPE + 1] - query.edges[:SHAPE]
    used = used[:, :end]
    shares = shares_of(totals)[:, :SHAPE].repeat(sizes, axis=1)
    odds, authors = np.log1p(used / query.expected[:end]) + shares, len(used)
    # Each author's are those less the mean of the others'.
    leads: NDArray[np.float64] = (odds - odds.sum(axis=0) / authors) * (authors / (authors - 1))
    leads *= query.factors[:SHAPE].repeat(sizes)
    return np.where(used > 0, leads, np.minimum(leads, 0)) * used.any(axis=0)


def _word_leads(
    appearances: Occurrences, words: NDArray[np.int64], leads: NDArray[np.float64], length: int
) -> NDArray[np.float64]:
    """Return the log-odds of each word (m, 2) for each author, (n, m), spread over characters."""
    density = (leads / (appearances.ends - appearances.starts)).ravel()
    authors, places = len(leads), length + 1
    rows = np.arange(0, authors * places, places)[:, np.newaxis]
    steps = np.bincount((rows + appearances.starts).ravel(), density, authors * places)
    steps -= np.bincount((rows + appearances.ends).ravel(), density, authors * places)
    before = np.zeros((authors, places + 1))
    steps.reshape(authors, places).cumsum(axis=1).cumsum(axis=1, out=before[:, 1:])
    sums: NDArray[np.float64] = before.take(words[:, 1], axis=1)
    sums -= before.take(words[:, 0], axis=1)
    return sums


def _merged(
    words: NDArray[np.int64], leads: NDArray[np.float64], sentences: NDArray[np.intp]
) -> Iterator[tuple[int, int, int, float]]:
    """Yield start, end, author's index and weight of consecutive words of at least 0.1 for one
    author.

    sentences: of each word, (m,).
    """
    weights = leads.max(axis=0)
    authors = np.where(weights >= 0.1, leads.argmax(axis=0), -1).tolist()
    weighed = weights.tolist()
    pairs = list(zip(authors, sentences.tolist(), strict=True))
    starts, ends = words.T.tolist()
    for (author, _sentence), run in groupby(range(len(pairs)), pairs.__getitem__):
        if author >= 0:
            places = list(run)
            first, last = places[0], places[-1]
            yield starts[first], ends[last], author, sum(weighed[first : last + 1])


# It takes linear time, where a search for the punctuation at the end would be quadratic.
_BARE = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
PlainPost = tuple[int, str]
"""Id of a post, and its text with single spaces and folded case."""


def plain_posts(posts: Iterable[tuple[int, str]]) -> list[PlainPost]:
    return [(post_id, _plain(text)) for post_id, text in posts]


class PostTexts:
    def __init__(self, posts: Sequence[PlainPost]) -> None:
        self._ids = [post_id for post_id, _ in posts]
        self._starts = [0, *accumulate(len(text) + 1 for _, text in posts)]
        self._texts = "\n".join([text for _, text in posts])
        self.searched = 0

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, piece: str) -> list[int]:
        posts = []
        self.searched += len(self._texts)
        for place, is_whole in _finds(self._texts, _plain(piece)):
            self.searched += 400  # The characters that are searched in the time of a match.
            if is_whole:
                posts.append(self._ids[bisect.bisect_right(self._starts, place) - 1])
        return posts

    def has(self, piece: str) -> bool:
        """Return whether any post contains a piece; frequent pieces are found early."""
        return any(is_whole for _, is_whole in _finds(self._texts, _plain(piece)))

    def times(self, uses: int) -> float:
        return round(400 * uses / max(1, len(self._ids)), 1)


def _finds(texts: str, piece: str) -> Iterator[tuple[int, bool]]:
    place = texts.find(piece)
    while place >= 0:
        before, after = texts[place - 1 : place], texts[place + len(piece) : place + len(piece) + 1]
        begins = not (piece[0].isalnum() and before.isalnum()) or UNSPACED.match(before)
        # Korean particles follow a word without a space.
        ends = not (piece[-1].isalnum() and after.isalnum()) or is_hangul(piece[-1])
        yield place, bool(begins and (ends or UNSPACED.match(after)))
        place = texts.find(piece, place + len(piece))


def unwritten_words(text: str, posts: PostTexts) -> list[str]:
    """Return up to three long words of a text that no post contains, in text order."""
    words = list(dict.fromkeys(_LONG_WORD.findall(without_hosts(own_words(text)))))
    longest = sorted(words, key=len, reverse=True)[:40]
    strange = list(islice((word for word in longest if not posts.has(word)), 3))
    return sorted(strange, key=words.index)


def used_piece(mark: str, posts: PostTexts) -> tuple[str, list[int]]:
    """Return the longest piece of a mark that the author uses, and the post of each use.

    Beyond the limits, return the mark and no posts.
    """
    longest = 1_000  # Nobody repeats more characters word for word.
    for piece in islice(_pieces(mark[:longest]), 200):
        if posts.searched > 300_000_000:  # Usually 1 ns each, for all marks.
            break
        if uses := posts.find(piece):
            return piece, uses
    return mark, []


def place_in(text: str, piece: str) -> tuple[int, int] | None:
    """Return the code points of a text's first use of a piece, regardless of white space and case.

    In a word whose length changes with its case, they are approximate.
    """
    plain = _plain(piece)
    words = list(re.finditer(r"\S+", text))
    folded = [word[0].casefold() for word in words]
    starts = [0, *accumulate(len(word) + 1 for word in folded)]

    def original(place: int) -> int:
        word = bisect.bisect_right(starts, place) - 1
        return min(words[word].start() + place - starts[word], words[word].end() - 1)

    for place, is_whole in _finds(" ".join(folded), plain) if plain else ():
        if is_whole:
            return original(place), original(place + len(plain) - 1) + 1
    return None


def _pieces(mark: str) -> Iterator[str]:
    words = mark.split()
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            run = " ".join(words[start : start + length])
            yield run
            bare = _bare(run)
            if bare not in ("", run):
                yield bare
    for word in words:
        # The endings of a Korean word change: beginnings of at least two syllables are tried.
        bare = _bare(word)[:20]
        if bare and is_hangul(bare[0]):
            yield from (bare[:size] for size in range(len(bare) - 1, 1, -1))


def _bare(run: str) -> str:
    match = _BARE.search(run)
    return match[0] if match else ""


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()

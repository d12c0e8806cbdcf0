"""The words of a search's query, and the score of a post.

The index only proposes posts for the words; they are scored by BM25.
"""

import functools
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from saywho.korean import (
    LONGEST,
    NOUN,
    WORD,
    are_same_words,
    divided,
    is_hangul,
    stems_of,
    stems_of_joined,
)
from saywho.text import TAGS, normalized, tags_of
from saywho.words import Segment, segment_terms, segments, stems_in, tags_in, words_and_runs

_PIECE = re.compile(r'(?P<not>-?)(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+|"))')
_TAG_WORD: Final = re.compile(rf"{TAGS}[^\w#]*")
"""Pattern of a query's word that is a tag or several, with signs after them."""
MOST_PAIRS: Final = 50
"""Number of a word's first pairs that are searched: longer words hardly occur twice."""
K1: Final = 1.2
B: Final = 0.5


@dataclass(frozen=True)
class QueryPart:
    kind: str
    """`word`, `paired` or `emoji`, as in `Segment`; `phrase`, `tag`, `joined` for words that are
    written as one, or `inside` for letters anywhere in a Korean word.
    """
    text: str
    """Compared text; the segments of a phrase are joined by blanks."""
    is_quoted: bool = False
    is_excluded: bool = False
    pieces: tuple[tuple[str, str], ...] = ()
    """Kind and text of the segments of a phrase, a tag or joined words."""
    meant: tuple["QueryPart", ...] = ()
    """Words that are searched instead, if no post contains this word."""
    also: tuple["QueryPart", ...] = ()
    """Ways to write a Korean word with other blanks, which are searched too."""

    @functools.cached_property
    def ways(self) -> tuple["QueryPart", ...]:
        return self.meant or (self, *self.also)

    @functools.cached_property
    def terms(self) -> list[str]:
        """Index terms of every post with this part, without endings."""
        if self.pieces:
            found = [term for piece in self.pieces for term in segment_terms(*piece)]
            kind, last = self.pieces[-1]
            may_go_on = kind == "paired" and len(last) > 1 and not self.is_quoted
            return found[:-1] if may_go_on else found
        if self.kind in {"paired", "inside"} and len(self.text) > 1:
            return segment_terms("paired", self.text)[:-1][:MOST_PAIRS]
        return [self.text]

    @functools.cached_property
    def distinct_terms(self) -> frozenset[str]:
        """Terms without repetitions: ㅋㅋㅋㅋ has one pair, three times."""
        return frozenset(self.terms)

    @functools.cached_property
    def start(self) -> str:
        """Beginning that matching words of paired letters share, unless they have stems; of a
        laugh three letters.
        """
        if len({*self.text}) == 1:
            return self.text[:3]
        return self.text[: max(2, (len(self.text) + 1) // 2)]

    @functools.cached_property
    def stems(self) -> frozenset[str]:
        """Index terms of a Korean word's stems, or of an English word's forms, one of which every
        matching post has.
        """
        if self.kind == "joined":
            return frozenset(stems_of_joined([text for _, text in self.pieces]))
        if self.is_quoted or self.is_excluded:
            return frozenset()
        if self.kind == "word":
            return forms_of(self.text)
        is_korean = self.kind == "paired" and is_hangul(self.text)
        return frozenset(stems_of(self.text) if is_korean else ())

    @functools.cached_property
    def compounds(self) -> "QueryPart":
        """The part with words, too, in which a Korean noun of it stands: 운전면허 for 운전."""
        nouns = [stem[1:] for stem in self.stems if stem[0] == NOUN and self.kind == "paired"]
        noun = min(nouns, key=len, default="")
        if len(noun) < 2 or self.text[-1] == "다":
            return self
        return replace(self, also=(*self.also, QueryPart("inside", noun)))

    @functools.cached_property
    def last_starts(self) -> frozenset[str]:
        """First syllables of the last word of a phrase, of which any form is searched."""
        if self.kind != "phrase" or self.is_quoted or self.is_excluded:
            return frozenset()
        kind, last = self.pieces[-1]
        is_korean = kind == "paired" and is_hangul(last)
        return frozenset({last[0], *(stem[1] for stem in stems_of(last))} if is_korean else ())

    @functools.cached_property
    def beginnings(self) -> list[str]:
        """Beginnings of a Korean phrase, one of which is in the runs of every post with it."""
        before = [text for _, text in self.pieces[:-1]]
        starts = self.last_starts if is_hangul("".join(before)) else ()
        return [" ".join([*before, start]) for start in starts]


def parse_query(typed: str) -> list[QueryPart]:
    """Return up to 100 parts of a query: words, `"a phrase"`, `#tag`, `-word`."""
    parts: dict[QueryPart, None] = {}
    for piece in _PIECE.finditer(normalized(typed)):
        phrase = piece["phrase"]
        is_quoted = phrase is not None
        is_excluded = bool(piece["not"])
        if not is_quoted and _TAG_WORD.fullmatch(piece["word"]):
            for tag in tags_of(piece["word"]):
                pieces = tuple((segment.kind, segment.text) for segment in segments(tag[1]))
                parts[QueryPart("tag", tag[1].casefold(), True, is_excluded, pieces)] = None
            continue
        for run in [phrase] if is_quoted else _runs(piece["word"]):
            if part := _part(run, is_quoted=is_quoted, is_excluded=is_excluded):
                parts[part] = None
    return with_other_blanks(list(parts)[:100])


def with_other_blanks(parts: Sequence[QueryPart]) -> list[QueryPart]:
    """Return the parts, each Korean word with its other ways: blanks are left to the writer.

    확인 해봐 is also searched as 확인해봐, and 할수있다 as 할 수 있다.
    """
    found: list[list[QueryPart]] = [[] for _ in parts]
    # Each further part has many ways.
    last = min(len(parts), 5)
    for first in range(last):
        for end in range(first + 1, min(first + 3, last) + 1):
            texts = [part.text for part in parts[first:end]]
            if not _has_korean_stems(parts[end - 1]) or sum(map(len, texts)) > LONGEST:
                break
            ways = [_pieces("phrase", each) for each in divided("".join(texts)) if each != texts]
            if len(texts) > 1 and are_same_words(texts):
                joined = _pieces("joined", texts)
                exact = QueryPart("paired", "".join(texts), is_quoted=True)
                ways.append(joined if joined.stems else exact)
            for place in range(first, end):
                found[place] += [way for way in ways if not _is_implied(way, parts[place])]
    return [replace(part, also=tuple(ways)) for part, ways in zip(parts, found, strict=True)]


def _has_korean_stems(part: QueryPart) -> bool:
    return part.kind == "paired" and bool(part.stems)


_ENGLISH, _DOUBLED = map(
    re.compile, ("(?=.{3})[b-df-hj-np-tv-xz]*[aeiouy][a-z]+", "[^aeiou]*[aeiou][^aeiouwxy]")
)
"""Patterns of English words, and of those that double their last letter: stop, stopped."""
_LEMMAS: Final = (
    *(("(..)ie[sd]", r"\1y"), ("(s|x|z|o|ch|sh)es", r"\1"), ("([^sui])s", r"\1")),
    *((r"([^aeioulsfz])\1(?:ed|ing)", r"\1"), ("(?:ed|ing)", ""), ("([^aeiou])(?:ed|ing)", r"\1e")),
)
"""Endings of an English word, and what stands in their place in the word itself."""


@functools.lru_cache(maxsize=2_000)
def forms_of(word: str) -> frozenset[str]:
    """Return the forms of a folded English word by its regular inflections; empty if it has none.

    Forms that do not exist are among them, since no post has them: bookes.
    """
    if not _ENGLISH.fullmatch(word):
        return frozenset()
    others = {"news", "evening", "species", "series", "wedding", "hundred"}
    lemmas = set()
    for ending, instead in _LEMMAS if word not in others else ():
        lemma = re.sub(rf"{ending}\Z", instead, word)
        is_other = not instead and _DOUBLED.fullmatch(lemma)  # Hoped is of hope, not of hop.
        if lemma != word and _ENGLISH.fullmatch(lemma) and not is_other:
            lemmas.add(lemma)
    forms = {form for lemma in lemmas or {word} for form in _inflected(lemma)}
    return frozenset({word, *(forms - others)})


def _inflected(lemma: str) -> list[str]:
    bare = lemma + lemma[-1] if _DOUBLED.fullmatch(lemma) else lemma.removesuffix("e")
    found = [lemma, f"{lemma}s", f"{bare}ed", f"{bare}ing"]
    if lemma[-1] == "y" and lemma[-2] not in "aeiou":
        found = [lemma, f"{lemma[:-1]}ies", f"{lemma[:-1]}ied", f"{lemma}ing"]
    elif lemma.endswith(("s", "x", "z", "ch", "sh", "o")):
        found.append(f"{lemma}es")
    return found


def ignored_signs(typed: str) -> list[str]:
    """Return the signs of a query that are no words and not searched, such as £; without those that
    only divide words or sentences.
    """
    text = normalized(typed)
    for segment in reversed([*segments(text)]):
        text = text[: segment.start] + text[segment.end :]
    kinds = {char: unicodedata.category(char) for char in text}
    return [
        char
        for char, kind in kinds.items()
        if (kind[0] == "S" and char not in "~^`")
        or (kind == "Po" and char not in "#.,!?;:'\"/\\…·、。，！？")
    ]


def _is_implied(way: QueryPart, part: QueryPart) -> bool:
    """Return whether every post with the way has a form of the word, too."""
    if way.kind != "phrase":
        return False
    *before, last = [part.stems & {*stems_of(text)} for _, text in way.pieces]
    return any(before) or len(last) == len(stems_of(way.pieces[-1][1]))


def _pieces(kind: str, texts: Sequence[str]) -> QueryPart:
    return QueryPart(kind, " ".join(texts), pieces=tuple(("paired", text) for text in texts))


def quote_words(typed: str, words: Collection[str]) -> str:
    """Return the query with these folded words in quotes, so that no others are searched."""

    def quoted(piece: re.Match[str]) -> str:
        word = piece["word"]
        is_open = word and not piece["not"] and not _TAG_WORD.fullmatch(word)
        has = is_open and any(segment.text in words for segment in segments(word))
        return f'"{word}"' if has else piece[0]

    return _PIECE.sub(quoted, normalized(typed))


def split_phrase(part: QueryPart) -> list[QueryPart]:
    """Return the words of a phrase that was not quoted, such as `e-mail`, one by one."""
    if part.kind != "phrase" or part.is_quoted or part.is_excluded:
        return [part]
    return [QueryPart(kind, text) for kind, text in part.pieces]


def _runs(word: str) -> list[str]:
    runs, start, before = [], 0, None
    for segment in segments(word):
        if before is not None and segment.start == before.end:
            runs.append(word[start : segment.start])
            start = segment.start
        before = segment
    return [*runs, word[start:]]


def _part(text: str, *, is_quoted: bool, is_excluded: bool) -> QueryPart | None:
    pieces = tuple((segment.kind, segment.text) for segment in segments(text))
    if not pieces:
        return None
    if len(pieces) == 1:
        ((kind, folded),) = pieces
        return QueryPart(kind, folded, is_quoted, is_excluded)
    joined = " ".join(piece for _, piece in pieces)
    return QueryPart("phrase", joined, is_quoted, is_excluded, pieces)


@dataclass(frozen=True, slots=True)
class TermFrequencies:
    """Number of posts, their mean length in terms, and posts by term."""

    posts: int
    mean_terms: float
    frequencies: Mapping[str, int]
    has_stems: bool = True
    """False until the index of an earlier version is made again."""

    def weight(self, term: str) -> float:
        frequency = self.frequencies.get(term, 0)
        posts = max(self.posts, frequency, 1)
        return math.log(1 + (posts - frequency + 0.5) / (frequency + 0.5))


class Scorer:
    def __init__(self, parts: Sequence[QueryPart], frequencies: TermFrequencies) -> None:
        self.wanted = [part for part in parts if not part.is_excluded]
        self._unwanted = [part for part in parts if part.is_excluded]
        self._mean_terms = max(frequencies.mean_terms, 1.0)
        self._weight = functools.cache(frequencies.weight)
        self._korean_score = functools.cache(self._score_of_stems)
        ways = [way for part in self.wanted for way in part.ways if way.kind != "word"]
        stems = {stem for way in ways for stem in way.stems}
        self._stems_of = functools.cache(
            lambda run: tuple(filter(stems.__contains__, stems_in(run) if stems else ()))
        )

    def score(self, text: str) -> float | None:
        """Return the score of the text; None without any part, or with an excluded part."""
        post = _Post(text, self._stems_of)
        if self._unwanted and any(_holds(part, post) for part in self._unwanted):
            return None
        matched = 0
        for part in self.wanted:
            for way in part.ways:
                if _holds(way, post):
                    matched += 1
                    break
        if not matched:  # Most of what the index proposes for some queries: it costs least.
            return None
        shape = K1 * (1 - B + B * post.length / self._mean_terms)
        score = 0.0
        for part in self.wanted:
            score += max([self._part_score(way, post, shape) for way in part.ways])
        return score * 1.5 if matched == len(self.wanted) else score

    def highlights(self, text: str) -> list[tuple[int, int]]:
        """Return the matches, [start, end) in code points, in order and without overlap."""
        post = list(segments(text))
        ways = [way for part in self.wanted for way in part.ways]
        spans = sorted(span for way in ways for span in _spans(way, post, text))
        merged: list[tuple[int, int]] = []
        for start, end in spans:
            if merged and start < merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        return merged

    def compounds(self, text: str) -> list[str]:
        """Return the Korean nouns of a text inside of which a word of the query stands."""
        ways = (way for part in self.wanted for way in part.also if way.kind == "inside")
        words = [text[start:end] for way in ways for start, end in _spans(way, [], text)]
        nouns = (stem[1:] for word in words for stem in stems_of(word)[:1] if stem[0] == NOUN)
        typed = {way.text for part in self.wanted for way in part.ways}
        return [noun for noun in nouns if noun not in typed]

    def _part_score(self, part: QueryPart, post: "_Post", shape: float) -> float:
        if part.stems:
            if part.kind == "word":
                score, words = self._score_of_stems(part.stems, post.words, shape), post.words
            else:  # Few posts differ in these.
                score, words = self._korean_score(part.stems, post.stems, shape), post.each_run
            return score * 1.25 if part.text in words else score
        if part.kind in {"paired", "inside"}:
            return self._paired_score(part, post, shape)
        if part.pieces:
            count = post.has_tag(part.text) if part.kind == "tag" else post.count_phrase(part)
            weight = sum(self._weight(term) for term in part.distinct_terms) if count else 0.0
            return weight * _saturated(count, shape)
        return self._weight(part.text) * _saturated(post.words.count(part.text), shape)

    def _score_of_stems(self, wanted: frozenset[str], stems: Sequence[str], shape: float) -> float:
        scores = [
            self._weight(stem) * _saturated(stems.count(stem), shape)
            for stem in wanted.intersection(stems)
        ]
        return max(scores, default=0.0)

    def _paired_score(self, part: QueryPart, post: "_Post", shape: float) -> float:
        terms = part.terms
        # A long word is one word, though it has many pairs.
        share = 1 / math.sqrt(len(terms))
        scores = {
            term: self._weight(term) * share * _saturated(post.runs.count(term), shape)
            for term in part.distinct_terms
        }
        score = sum([scores[term] for term in terms])
        return score * 1.25 if part.text in post.runs else score


class _Post:
    def __init__(self, text: str, stems_of_run: Callable[[str], tuple[str, ...]]) -> None:
        self._text = text
        self.words, self.each_run = words_and_runs(text)
        # A run behind a word or a number may be its ending.
        runs = WORD.findall(text) if self.words and self.each_run else self.each_run
        self.stems = sum(map(stems_of_run, runs), ())
        """The query's stems of Korean, as often as the text has them."""
        self.runs = " ".join(self.each_run)
        self.length = len(self.words) + sum(map(len, self.each_run))

    @functools.cached_property
    def segments(self) -> list[Segment]:
        return list(segments(self._text))

    def has_tag(self, tag: str) -> bool:
        return tag in tags_in(self._text)

    def count_phrase(self, part: QueryPart) -> int:
        # Other blanks make many phrases of a query, and most posts have none of them.
        if part.beginnings and not any(map(self.runs.__contains__, part.beginnings)):
            return 0
        return len(_phrase_places(part, self.segments))


def _saturated(count: int, shape: float) -> float:
    return count * (K1 + 1) / (count + shape)


def _holds(part: QueryPart, post: _Post) -> bool:
    if part.kind == "tag":
        return post.has_tag(part.text)
    if part.kind == "phrase":
        return bool(post.count_phrase(part))
    if part.stems:
        return not part.stems.isdisjoint(post.words if part.kind == "word" else post.stems)
    if part.kind == "inside":
        return part.text in post.runs
    if part.kind == "paired":
        # The start is in the joined runs if it is in one of them: it has no blank.
        if part.is_quoted:
            return part.text in post.each_run
        return (part.text if part.is_excluded else part.start) in post.runs
    return part.text in post.words


def _phrase_places(part: QueryPart, post: Sequence[Segment]) -> list[int]:
    size = len(part.pieces)
    return [
        place
        for place in range(len(post) - size + 1)
        if all(_is_piece(part, number, post[place + number]) for number in range(size))
    ]


def _is_piece(part: QueryPart, number: int, segment: Segment) -> bool:
    kind, text = part.pieces[number]
    if segment.kind != kind:
        return False
    is_last = number == len(part.pieces) - 1
    if kind == "paired" and is_last and not part.is_quoted:
        if is_hangul(text) and is_hangul(segment.text):
            return not set(stems_of(text)).isdisjoint(stems_of(segment.text))
        return segment.text.startswith(text)
    return segment.text == text


def _spans(part: QueryPart, post: Sequence[Segment], text: str) -> list[tuple[int, int]]:
    if part.kind == "tag":
        return [tag.span() for tag in tags_of(text) if tag[1].casefold() == part.text]
    if part.kind == "phrase":
        last = len(part.pieces) - 1
        places = _phrase_places(part, post)
        return [(post[place].start, post[place + last].end) for place in places]
    if part.kind == "inside":
        return [word.span() for word in WORD.finditer(text) if part.text in word[0]]
    if part.stems and part.kind != "word":
        words = WORD.finditer(text)
        return [word.span() for word in words if not part.stems.isdisjoint(stems_of(word[0]))]
    if part.kind == "paired":
        runs = [run for run in post if run.kind == "paired" and part.start in run.text]
        return [run[2:] for run in runs if run.text == part.text or not part.is_quoted]
    return [
        (segment.start, segment.end)
        for segment in post
        if segment.kind == part.kind and segment.text in (part.stems or {part.text})
    ]

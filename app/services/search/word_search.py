"""Search by words: the index proposes posts, `compute.queries` matches, this module ranks.

Posts must have all words. If none has, unknown words count as typing errors, then one known word;
then some words suffice. Of very many matches the newest are ranked first.
"""

import asyncio
import functools
import re
import unicodedata
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import nsmallest
from itertools import chain, takewhile
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args

from sqlalchemy import ColumnElement, Subquery, TextClause, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import AllOf, AnyOf, Expression, backend_of, is_among, searched_text
from app.errors import InvalidInputError
from app.models import MAX_ID, Tweet, User
from app.runtime.work_pool import Runner, Turns
from app.services.posts.selection import AnySelect, Conditions
from app.services.posts.tweets import AnyRow
from app.services.search.index_terms import (
    CANDIDATES,
    UNCOUNTED,
    any_form,
    any_of,
    exact,
    term_frequencies,
)
from saywho.korean import dictionary_form, is_hangul, stems_of, stems_with_past
from saywho.queries import QueryPart, Scorer, TermFrequencies, parse_query, split_phrase
from saywho.words import tags_in

_ALPHABETS: Final = {
    "LATIN": "abcdefghijklmnopqrstuvwxyzæøłđı",
    "GREEK": "αβγδεζηθικλμνξοπρσςτυφχψω",
    "CYRILLIC": "абвгдежзийклмнопрстуфхцчшщъыьэюяёєіїґў",
    "HEBREW": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "ARABIC": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژکگی",
}
_FIRST_SYLLABLE: Final = 0xAC00
_INITIALS: Final = tuple("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ")
_MEDIALS: Final = (
    *("ㅏ", "ㅐ", "ㅑ", "ㅒ", "ㅓ", "ㅔ", "ㅕ", "ㅖ", "ㅗ", "ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅛ"),
    *("ㅜ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅠ", "ㅡ", "ㅡㅣ", "ㅣ"),
)
_FINALS: Final = (
    *("", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ"),
    *("ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ"),
    *("ㅍ", "ㅎ"),
)
_VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ"
_HANGUL: Final = "".join(_INITIALS) + _VOWELS
_TYPED_HANGUL: Final = re.compile("[가-힣ㄱ-ㅣ]+")


def _either(letters: tuple[str, ...]) -> str:
    return "|".join(sorted(filter(None, letters), key=len, reverse=True))


_CONSONANT: Final = f"[{''.join(_INITIALS)}]"
_MEDIAL: Final = _either(_MEDIALS)
_FINAL: Final = f"(?:{_either(_FINALS)})(?![{_VOWELS}])"
"""Pattern of a final consonant; a consonant before a vowel belongs to the next syllable."""
_PIECE: Final = re.compile(f"{_CONSONANT}(?:{_MEDIAL})(?:{_FINAL})?|.")
_SYLLABLE: Final = re.compile(f"({_CONSONANT})({_MEDIAL})(.*)")


def words_at_one_slip(word: str) -> set[str]:
    """Return the words at one typo from a folded word; none for numbers and very long words."""
    most_letters = 32  # Hardly anyone writes longer words.
    letters, letter = letters_of(word), next(filter(str.isalpha, word), "")
    if not letter or len(letters) > most_letters:
        return set()
    if _TYPED_HANGUL.fullmatch(word):
        return set(map(syllables_of, _slips(letters, _HANGUL))) - {word}
    alphabet = _ALPHABETS.get(unicodedata.name(letter, "").partition(" ")[0])
    if alphabet is None:
        return set()
    return set(_slips(letters, alphabet)) - {word}


def _slips(letters: str, alphabet: str) -> Iterator[str]:
    for place in range(len(letters) + 1):
        head, tail = letters[:place], letters[place:]
        for letter in alphabet:
            yield head + letter + tail
        if tail:
            yield head + tail[1:]
            for letter in alphabet:
                yield head + letter + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


def letters_of(word: str) -> str:
    return "".join(_letters(char) if "가" <= char <= "힣" else char for char in word)


def _letters(syllable: str) -> str:
    start, final = divmod(ord(syllable) - _FIRST_SYLLABLE, len(_FINALS))
    initial, medial = divmod(start, len(_MEDIALS))
    return _INITIALS[initial] + _MEDIALS[medial] + _FINALS[final]


def syllables_of(letters: str) -> str:
    """Return the syllables that a keyboard composes of letters; other letters stay."""
    return "".join([_syllable(piece) for piece in _PIECE.findall(letters)])


@functools.lru_cache(maxsize=20_000)
def _syllable(letters: str) -> str:
    match = _SYLLABLE.fullmatch(letters)
    if match is None:
        return letters
    start = _INITIALS.index(match[1]) * len(_MEDIALS) + _MEDIALS.index(match[2])
    return chr(_FIRST_SYLLABLE + start * len(_FINALS) + _FINALS.index(match[3]))


Key = TypeVar("Key", bound=Hashable)
MOST_MEANT: Final = 5
MOST_CORRECTED: Final = 10
"""Examined words, each with some hundred neighbours."""
SHORTEST: Final = {"word": 3, "paired": 2}
"""Letters, or syllables, of a corrected word."""


async def corrected(
    session: AsyncSession, parts: Sequence[QueryPart], frequencies: TermFrequencies
) -> list[QueryPart]:
    """Return parts with near words for open words without posts: with another blank, or at one
    slip.
    """
    words = dict.fromkeys(word for part in parts for word in split_phrase(part) if _is_open(word))
    looked_at = list(words)[:MOST_CORRECTED]
    other_blanks = _with_other_blanks(parts)
    expressions = {word: any_form(word, frequencies) for word in looked_at}
    expressions |= {
        way: any_form(way, frequencies) for ways in other_blanks.values() for way in ways
    }
    indexed = await _in_posts(session, expressions)
    parts = _replaced(parts, other_blanks, indexed)
    looked_at = [
        word for part in parts if not part.meant for word in split_phrase(part) if word in words
    ]
    near = await _counted(session, [word for word in looked_at if word not in indexed])
    likeliest = {word: neighbours[: 2 * MOST_MEANT] for word, neighbours in near.items()}
    # The counts may be older than the index.
    known = await _in_posts(
        session,
        {
            neighbour: any_form(neighbour, frequencies)
            for neighbours in likeliest.values()
            for neighbour in neighbours
        },
    )
    meant = {
        word: tuple(filter(known.__contains__, neighbours))[:MOST_MEANT]
        for word, neighbours in likeliest.items()
    }
    changed: list[QueryPart] = []
    for part in parts:
        typed = [part] if part.meant else split_phrase(part)
        pieces = [replace(word, meant=meant.get(word, word.meant)) for word in typed]
        changed += pieces if pieces != typed else [part]
    return changed


def _with_other_blanks(parts: Sequence[QueryPart]) -> dict[tuple[int, int], list[QueryPart]]:
    """Return two words as one, and one as two, by the places of the typed words."""
    ways: dict[tuple[int, int], list[QueryPart]] = {}
    for place, part in enumerate(parts[:MOST_CORRECTED]):
        if not _is_plain(part):
            continue
        following = parts[place + 1] if place + 1 < len(parts) else None
        if following and _is_plain(following):
            joined = _joined(part.text, following.text)
            ways[place, place + 2] = [QueryPart("word", text) for text in joined]
        ways[place, place + 1] = [
            _two_words(part.text[:border], part.text[border:])
            for border in range(2, len(part.text) - 1)
        ]
    return ways


def _joined(first: str, second: str) -> list[str]:
    """Return two words as one, also with one or two letters fewer at the end of the first, as in
    “disher washer”.
    """
    longest = 0 if len(second) < 3 else min(2, len(first) - 3)
    return [first[: len(first) - cut] + second for cut in range(max(longest, 0) + 1)]


def _replaced(
    parts: Sequence[QueryPart],
    ways: Mapping[tuple[int, int], Sequence[QueryPart]],
    known: Collection[QueryPart],
) -> list[QueryPart]:
    """Return the parts with their known ways, two words before one."""
    found: list[QueryPart] = []
    end = 0
    for (start, stop), each in sorted(ways.items(), key=lambda item: (item[0][0], -item[0][1])):
        meant = tuple(filter(known.__contains__, each))[:MOST_MEANT]
        if start >= end and meant and (stop > start + 1 or parts[start] not in known):
            found += parts[end:start]
            typed = " ".join(part.text for part in parts[start:stop])
            found.append(QueryPart("word", typed, meant=meant))
            end = stop
    return [*found, *parts[end:]]


def _is_plain(part: QueryPart) -> bool:
    is_exact = part.is_quoted or part.is_excluded or part.meant
    return part.kind == "word" and not is_exact and part.text.isalpha()


def _two_words(first: str, second: str) -> QueryPart:
    return QueryPart("phrase", f"{first} {second}", pieces=(("word", first), ("word", second)))


async def with_one_slip(
    session: AsyncSession, parts: Sequence[QueryPart], frequencies: TermFrequencies
) -> list[QueryPart]:
    """Return the parts that no post has together, as if one known word was mistyped.

    A word is searched as typed, or as words at one slip in a post with all other parts, at least
    two.
    """
    wanted = [part for part in parts if not part.is_excluded]
    shortest = {"word": 1, "paired": 2}  # Shorter than alone: the other parts decide.
    words = [part for part in wanted if _is_open(part, shortest) and not part.meant]
    if len(wanted) <= 2 or not words:
        return list(parts)
    near = await _counted(session, words[:MOST_CORRECTED], shortest=1)

    def beside(word: QueryPart, neighbours: Sequence[QueryPart]) -> Expression:
        meant = replace(word, meant=tuple(neighbours))
        searched = [meant if part == word else part for part in wanted]
        return AllOf(tuple(any_form(part, frequencies) for part in searched))

    # First all neighbours of a word together: for most words no post has any with the other parts.
    mistyped = await _in_posts(
        session, {word: beside(word, near[word]) for word in near if near[word]}
    )
    words = [word for word in near if word in mistyped][:4]  # Each pair is searched singly.
    pairs = [(word, neighbour) for word in words for neighbour in near[word]]
    slips = await _in_posts(session, {pair: beside(pair[0], pair[1:]) for pair in pairs})
    meant: dict[QueryPart, list[QueryPart]] = {}
    for word, neighbour in pairs:
        if (word, neighbour) in slips:
            meant.setdefault(word, [word]).append(neighbour)
    return [replace(part, meant=tuple(meant.get(part, part.meant))) for part in parts]


def _is_open(word: QueryPart, shortest: Mapping[str, int] = SHORTEST) -> bool:
    is_exact = word.is_quoted or word.is_excluded or len({*word.text}) == 1  # Such as a laugh.
    return not is_exact and len(word.text) >= shortest.get(word.kind, len(word.text) + 1)


async def _in_posts(session: AsyncSession, expressions: Mapping[Key, Expression]) -> set[Key]:
    if not expressions:
        return set()
    index = backend_of(session).words
    rendered = {key: index.render(expression) for key, expression in expressions.items()}
    # Neighbours often share their beginning.
    distinct = list(dict.fromkeys(rendered.values()))
    values = {f"match{n}": query for n, query in enumerate(distinct)}
    row = (await session.execute(_are_matched(index.postings, len(values)), values)).one()
    matched = {query for query, is_matched in zip(distinct, row, strict=True) if is_matched}
    return {key for key, query in rendered.items() if query in matched}


@lru_cache(maxsize=200)
def _are_matched(postings: str, count: int) -> TextClause:
    """Return the query whether posts have each `match`; every search without a result runs it."""
    matches = (
        f"EXISTS (SELECT 1 FROM ({postings.format(term=f'match{n}')}) AS matched"  # noqa: S608
        ' JOIN "Tweet" ON "Tweet".id = matched.id JOIN "Users" ON "Users".id = "Tweet".user_id'
        ' WHERE "Users".deleted_at IS NULL)'
        for n in range(count)
    )
    return text(f"SELECT {', '.join(matches)}")


async def _counted(
    session: AsyncSession, words: Sequence[QueryPart], *, shortest: int = 2
) -> dict[QueryPart, list[QueryPart]]:
    """Return the known words near each word, the most frequent first.

    shortest: the syllables of the stem of a Korean one.
    """
    if not words:
        return {}
    neighbours = await asyncio.to_thread(
        lambda: {word: _terms_at_one_slip(word, shortest) for word in words}
    )
    past = {word: stems_with_past(word.text) for word in words if is_hangul(word.text)}
    terms = {*chain.from_iterable([*neighbours.values(), *past.values()])}
    counts = (await term_frequencies(session, sorted(terms))).frequencies
    near: dict[QueryPart, list[QueryPart]] = {}
    for word, texts in neighbours.items():
        known = [term for term in past.get(word, ()) if term in counts]
        known = known or [term for term in texts if term in counts]
        most = nsmallest(20, known, key=lambda term: (-counts[term], -len(term), term))
        near[word] = _words_of(word, most)
    return near


def _words_of(word: QueryPart, terms: Iterable[str]) -> list[QueryPart]:
    found: list[str] = []
    for term in terms:
        # A rarer reading of the same word may not exist: 먹으르다, for 먹으러.
        if word.kind != "paired" or not any(
            term.startswith(other) or other.startswith(term) for other in found
        ):
            found.append(term)
    shown = dict.fromkeys(map(dictionary_form, found) if word.kind == "paired" else found)
    return [QueryPart(word.kind, text) for text in shown if text != word.text]


def _terms_at_one_slip(word: QueryPart, shortest: int) -> list[str]:
    """Return the terms that words at one slip from a word would have."""
    texts = [text for text in words_at_one_slip(word.text) if len(text) > 1]
    if word.kind == "word":
        return texts
    stems = {stem for text in texts if is_hangul(text) for stem in stems_of(text)}
    return sorted(stem for stem in stems if len(stem) > shortest and stem not in word.stems)


MOST_COUNTED: Final = 10_000
"""Matches stored last, counted or ordered by time or likes."""
Sort = Literal["best", "newest", "likes"]
ResultOrder = Sort | Literal["oldest"]
"""A list's order; a chat is read from its beginning."""
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
MOST_PAGES: Final = 10
"""Pages of candidates until the first match; the next search continues."""
_SEARCHED: Final = (Tweet.text, Tweet.media)
Result = TypeVar("Result")


class SearchWork(NamedTuple):
    """Place of a search's work, so that many hold up nothing else."""

    run: Runner = asyncio.to_thread
    """Runs scoring in a thread."""
    turns: Turns | None = None
    """Turns of searches for words that no post has together."""


ALONE: Final = SearchWork()
"""The work of a search beside which nothing waits, such as a command's."""
Scored = tuple[float, int]
"""Score and ID."""


class ResultKey(NamedTuple):
    """The candidates, and the number of shown ones."""

    before: int = MAX_ID + 1
    """Candidates have lower IDs."""
    offset: int = 0
    is_any: bool = False
    """Whether some words suffice, since no post has all."""
    is_inside: bool = False
    """Whether words are searched inside of others, since all other results were shown."""


@dataclass(frozen=True, slots=True)
class Matches:
    """All posts that match the index and the conditions."""

    scorer: Scorer
    expression: Expression | None
    """None for filters alone."""
    without: list[Expression]
    conditions: Conditions
    user_id: int | None
    run: Runner = asyncio.to_thread
    """Runs scoring in a thread."""
    frequencies: TermFrequencies = UNCOUNTED

    def select(self, session: AsyncSession, *columns: Any, before: int = MAX_ID + 1) -> AnySelect:
        return self._select(session, self.expression, *columns, before=before)

    async def next_matchable(self, session: AsyncSession, before: int) -> int | None:
        """Return the highest possible ID below `before`; scoring decides, since the index has pairs
        of long words.
        """
        wanted = self.scorer.wanted
        may_match = AnyOf(tuple(any_form(part, self.frequencies) for part in wanted))
        expression = AllOf((self.expression, may_match)) if self.expression else may_match
        return await session.scalar(self._select(session, expression, before=before).limit(1))

    async def count(self, session: AsyncSession, most: int = MOST_COUNTED) -> int:
        """Return the number of matches in the index, at most so many."""
        is_gone = User.deleted_at.is_not(None), User.tweet_count > 0
        of_gone_authors = select(select(User.id).where(*is_gone).exists())
        # Posts are read only for their conditions: the index counts in a twentieth of the time.
        if len(self.conditions) > 1 or not self.expression or await session.scalar(of_gone_authors):
            counted = self.select(session).limit(most).subquery()
        else:
            counted = select(self._in_index(session, self.expression)).limit(most).subquery()
        return await session.scalar(select(func.count()).select_from(counted)) or 0

    async def count_with(self, session: AsyncSession, part: QueryPart, way: QueryPart) -> int:
        """Return the number of matches in which this near word is meant, up to 10,000."""
        parts = [
            replace(each, meant=(way,)) if each == part else each for each in self.scorer.wanted
        ]
        expression = AllOf(tuple(any_form(each, self.frequencies) for each in parts))
        return await replace(self, expression=expression).count(session)

    def _select(
        self, session: AsyncSession, expression: Expression | None, *columns: Any, before: int
    ) -> AnySelect:
        query = select(Tweet.id, *columns).join(User, User.id == Tweet.user_id)
        query = query.where(*self.conditions)
        if expression is None:
            return query.where(Tweet.id < before).order_by(Tweet.id.desc())
        matching = self._in_index(session, expression, before)
        return query.join(matching, matching.c.id == Tweet.id).order_by(matching.c.id.desc())

    def _in_index(
        self, session: AsyncSession, expression: Expression, before: int = MAX_ID + 1
    ) -> Subquery:
        words = backend_of(session).words
        return words.matching(expression, self.without, user_id=self.user_id, before=before)


@dataclass(frozen=True, slots=True)
class WordResults:
    page: Sequence[tuple[float | None, int]]
    """Scores (None without words) and IDs."""
    next: ResultKey | None
    matches: Matches
    is_any: bool
    whole: list[Scored] | None
    """All matches, if ranked together."""
    compounds: "WordResults | None" = None
    """The posts in which words of the query stand inside of others; they come last."""

    @property
    def is_empty(self) -> bool:
        return not self.shown and self.next is None

    @property
    def shown(self) -> list[tuple[float | None, int]]:
        """The page with those that come last."""
        return [*self.page, *(self.compounds.page if self.compounds else ())]

    @property
    def best(self) -> Matches:
        """The matches, or if no post has the words themselves, those with words inside."""
        is_inside = self.compounds is not None and not self.page and self.whole == []
        return self.compounds.matches if self.compounds and is_inside else self.matches


async def search_words(
    session: AsyncSession,
    query: str,
    *,
    conditions: Conditions,
    user_id: int | None,
    limit: int,
    after: ResultKey | None = None,
    order: ResultOrder = "best",
    work: SearchWork = ALONE,
) -> WordResults | None:
    """Return a page of matches, perhaps empty with a next one; None if the query has signs alone.

    The session must hold nothing: its transaction ends while posts are scored. If no post has all
    words, the slower rest waits for its turn. Raises UnavailableError if none comes soon, and
    InvalidInputError for a query that only leaves words out.
    """
    if not (typed := parse_query(query)):
        return None
    if all(part.is_excluded for part in typed):
        raise InvalidInputError("Add a word to search for beside the words to leave out", loc="q")
    conditions = [*conditions, *await tag_conditions(session, typed, conditions, user_id, work.run)]
    asked = _Search(session, conditions, user_id, limit, order, work.run)
    start = after or ResultKey()
    terms = await _count(session, typed)
    results = None if start.is_any else await asked.with_compounds(terms, start)
    # If posts have all words, none is unknown: only other searches look for typing errors.
    if results and (start.is_inside or not results.is_empty):
        return results
    await session.commit()  # Others use the connection meanwhile.
    async with work.turns.turn() if work.turns else nullcontext():
        # Before words were counted, and in one chat alone, no word is known.
        corrects = terms.frequencies.posts > 0
        parts = await corrected(session, typed, terms.frequencies) if corrects else typed
        if parts != typed:
            terms = await _count(session, parts)
        if results is None or parts != typed:
            results = await asked.search(terms, start)
        if corrects and results.is_empty and not start.is_any:
            slipped = await with_one_slip(session, parts, terms.frequencies)
            if slipped != parts:
                results = await asked.search(await _count(session, slipped), start)
        if results.is_empty and after is None:
            results = await asked.search(terms, ResultKey(is_any=True))
    return results


@dataclass(frozen=True, slots=True)
class _Search:
    """What the searches of one query have in common."""

    session: AsyncSession
    conditions: Conditions
    user_id: int | None
    limit: int
    order: ResultOrder
    run: Runner

    async def search(
        self,
        terms: "_QueryTerms",
        tried: ResultKey,
        *,
        but: Sequence[Expression] = (),
        most: int = -1,
    ) -> WordResults:
        """Return at most so many matches (-1 for a page) without those of other expressions."""
        most = self.limit if most < 0 else most
        scorer, expression, without = _expressions(terms, is_any=tried.is_any)
        every = [*without, *but], self.conditions, self.user_id, self.run, terms.frequencies
        matches = Matches(scorer, expression, *every)
        if most == 0:  # Whoever counts them knows whether there are any.
            return WordResults([], tried, matches, tried.is_any, None)
        if self.order == "best":
            return await _best(self.session, matches, tried, most)
        return await _in_order(self.session, matches, tried, most, self.order)

    async def with_compounds(self, terms: "_QueryTerms", start: ResultKey) -> WordResults:
        """Return results and, behind the last, those in which words stand inside of others."""
        if start.is_inside:
            scorer, expression, without = _expressions(terms, is_any=False)
            matches = Matches(scorer, expression, without, self.conditions, self.user_id)
            found = WordResults([], None, matches, is_any=False, whole=None)
        else:
            found = await self.search(terms, start)
        inside = [part if part.is_excluded else part.compounds for part in terms.parts]
        is_later = start != ResultKey() and (found.next or found.is_empty) and not start.is_inside
        if is_later or found.matches.expression is None or inside == list(terms.parts):
            return found
        most = 0 if found.next else self.limit - len(found.page)
        key = start if start.is_inside else ResultKey(is_inside=True)
        but = [found.matches.expression]
        more = await self.search(replace(terms, parts=inside), key, but=but, most=most)
        return replace(found, next=found.next or more.next, compounds=more)


async def tag_conditions(
    session: AsyncSession,
    parts: Sequence[QueryPart],
    conditions: Conditions,
    user_id: int | None,
    run: Runner,
) -> Conditions:
    """Return the condition on all tags, if any: the index has only words, so texts are read.

    With very many only the newest are read, and scoring decides.
    """
    tags = [part for part in parts if part.kind == "tag" and not part.is_excluded]
    if not tags:
        return []
    signs = [Tweet.text.icontains(_like(tag.text), autoescape=True) for tag in tags]
    expression = AllOf(tuple(exact(tag) for tag in tags))
    matches = Matches(Scorer(tags, UNCOUNTED), expression, [], [*conditions, *signs], user_id)
    query = matches.select(session, Tweet.text).limit(MOST_COUNTED + 1)
    rows: Sequence[AnyRow] = (await session.execute(query)).all()
    wanted = {tag.text for tag in tags}

    def have_them() -> list[int]:
        return [row.id for row in rows if wanted <= tags_in(row.text)]

    found = is_among(session, Tweet.id, await without_connection(session, have_them, run))
    return [or_(found, Tweet.id < rows[-1].id) if len(rows) > MOST_COUNTED else found]


def _like(tag: str) -> str:
    """Return a tag's beginning with #, up to letters whose case SQLite does not know."""
    known = takewhile(lambda char: char.isascii() or char.lower() == char.upper(), tag)
    return "#" + "".join(known)


async def _best(
    session: AsyncSession, matches: Matches, after: ResultKey, limit: int
) -> WordResults:
    is_first = after == ResultKey(is_any=after.is_any, is_inside=after.is_inside)
    scored: list[Scored] = []
    rows: Sequence[AnyRow] = []
    next_key: ResultKey | None = after
    for _ in range(MOST_PAGES):
        query = matches.select(session, *_SEARCHED, before=after.before).limit(CANDIDATES)
        # A thousand rows that are no objects' take a third of the time.
        rows = (await (await session.connection()).execute(query)).all()
        scored = sorted(await _scored(session, matches, rows), reverse=True)
        is_last = len(rows) < CANDIDATES
        next_key = None if is_last else after._replace(before=rows[-1].id, offset=0)
        if scored or next_key is None:
            break
        next_id = await matches.next_matchable(session, next_key.before)
        if next_id is None:
            next_key = None
            break
        is_first, after = False, next_key._replace(before=next_id + 1)
    end = after.offset + limit
    following = _key_after(after, rows[0].id, end) if end < len(scored) else next_key
    whole = scored if is_first and next_key is None else None
    return WordResults(scored[after.offset : end], following, matches, after.is_any, whole)


async def _in_order(
    session: AsyncSession, matches: Matches, after: ResultKey, limit: int, order: ResultOrder
) -> WordResults:
    newest = matches.select(session, before=after.before).limit(MOST_COUNTED).subquery()
    query = (
        select(Tweet.id, *_SEARCHED, func.max(newest.c.id).over().label("top"))
        .join(newest, newest.c.id == Tweet.id)
        .order_by(*columns_of(session, order))
        .offset(after.offset)
        .limit(limit + 1)
    )
    rows: Sequence[AnyRow] = (await session.execute(query)).all()
    scored = await _scored(session, matches, [row[:3] for row in rows[:limit]])
    following = None
    if len(rows) > limit:
        following = _key_after(after, rows[0].top, after.offset + limit)
    whole = scored if after.offset == 0 and following is None else None
    return WordResults(scored, following, matches, after.is_any, whole)


def columns_of(session: AsyncSession, order: ResultOrder) -> list[ColumnElement[Any]]:
    """Return columns of an order by time or likes, equal likes newest first."""
    if order == "oldest":
        return [Tweet.created_at.asc().nulls_last(), Tweet.id.asc()]
    newest: list[ColumnElement[Any]] = [Tweet.created_at.desc().nulls_last(), Tweet.id.desc()]
    likes = [backend_of(session).likes.desc().nulls_last()] if order == "likes" else []
    return [*likes, *newest]


def _key_after(after: ResultKey, newest: int, offset: int) -> ResultKey:
    """Return a key further on, which later posts do not shift."""
    return after._replace(before=min(after.before, newest + 1), offset=offset)


async def without_connection(
    session: AsyncSession, work: Callable[[], Result], run: Runner
) -> Result:
    """Return a thread's result, while others may use the session's connection.

    Raises UnavailableError if too much is waiting.
    """
    await session.commit()
    result: Result = await run(work)
    return result


async def _scored(
    session: AsyncSession, matches: Matches, rows: Sequence[Sequence[Any]]
) -> list[Scored]:
    scorer = matches.scorer

    def score() -> list[Scored]:
        scores = [
            (scorer.score(searched_text(text, media) if media else text), post_id)
            for post_id, text, media in rows
        ]
        return [(score, post_id) for score, post_id in scores if score is not None]

    return await without_connection(session, score, matches.run)


@dataclass(frozen=True, slots=True)
class _QueryTerms:
    parts: Sequence[QueryPart]
    words: Sequence[QueryPart]
    frequencies: TermFrequencies


async def _count(session: AsyncSession, parts: Sequence[QueryPart]) -> _QueryTerms:
    words = list(dict.fromkeys(word for part in parts for word in split_phrase(part)))
    ways = [way for part in {*parts, *words} for way in part.ways]
    terms = {term for way in ways for term in way.terms}
    terms |= {stem for way in ways for stem in way.stems}
    return _QueryTerms(parts, words, await term_frequencies(session, sorted(terms)))


def _expressions(
    terms: _QueryTerms, *, is_any: bool
) -> tuple[Scorer, Expression, list[Expression]]:
    parts, frequencies = terms.words if is_any else terms.parts, terms.frequencies
    scorer = Scorer(parts, frequencies)
    if is_any:
        expression = any_of(scorer.wanted, frequencies)
    else:
        expression = AllOf(tuple(any_form(part, frequencies) for part in scorer.wanted))
    without: list[Expression] = [
        exact(part) for part in parts if part.is_excluded and not part.is_quoted
    ]
    return scorer, expression, without

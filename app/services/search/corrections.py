"""Known words at one typo from words without posts, alone or together.

A typo is a wrong, missing or additional letter, or two swapped. Hangul is typed by letter: 학교
(ㅎㅏㄱㄱㅛ) becomes 핵교, ㅎㄱ교, 학ㄱ교 or ㅎ가교.
"""

import asyncio
import functools
import re
import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from heapq import nsmallest
from typing import Final, TypeVar

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.queries import QueryPart, TermFrequencies, split_phrase
from app.compute.words import segment_terms
from app.db.backend import All, Expression, backend_of
from app.services.search.index_terms import UNCOUNTED, in_any_way, term_frequencies

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
    """Return the words at one typo from a folded word; none for numbers and very long words.

    In Hangul, only the first half is corrected, since searches compare only this half.
    """
    most_letters = 32  # Hardly anyone writes longer words.
    letters, letter = letters_of(word), next(filter(str.isalpha, word), "")
    if not letter or len(letters) > most_letters:
        return set()
    if _TYPED_HANGUL.fullmatch(word):
        # The letter after the half may belong to it.
        half = len(letters_of(word[: (len(word) + 1) // 2 + 1]))
        return set(map(syllables_of, _slips(letters, _HANGUL, half))) - {word}
    alphabet = _ALPHABETS.get(unicodedata.name(letter, "").partition(" ")[0])
    if alphabet is None:
        return set()
    return set(_slips(letters, alphabet, len(letters))) - {word}


def _slips(letters: str, alphabet: str, end: int) -> Iterator[str]:
    for place in range(end + 1):
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


async def corrected(session: AsyncSession, parts: Sequence[QueryPart]) -> list[QueryPart]:
    """Return parts with known words at one slip for open words without posts."""
    words = dict.fromkeys(word for part in parts for word in split_phrase(part) if _is_open(word))
    looked_at = list(words)[:MOST_CORRECTED]
    indexed = await _in_posts(session, {word: in_any_way(word, UNCOUNTED) for word in looked_at})
    near = await _counted(session, [word for word in looked_at if word not in indexed])
    likeliest = {word: neighbours[: 2 * MOST_MEANT] for word, neighbours in near.items()}
    # The counts may be older than the index, and pairs of a start may be in different posts.
    known = await _in_posts(
        session,
        {
            neighbour: in_any_way(neighbour, UNCOUNTED)
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
        typed = split_phrase(part)
        pieces = [replace(word, meant=meant.get(word, ())) for word in typed]
        changed += pieces if pieces != typed else [part]
    return changed


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
    near = await _counted(session, words[:MOST_CORRECTED])
    frequencies = await _with_forms(session, near, frequencies)

    def beside(word: QueryPart, neighbours: Sequence[QueryPart]) -> Expression:
        meant = replace(word, meant=tuple(neighbours))
        searched = [meant if part == word else part for part in wanted]
        # Looking for forms that do not exist took three times as long as the rest.
        ways = (in_any_way(part, frequencies, only_counted=True) for part in searched)
        return All(tuple(ways))

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
    session: AsyncSession, words: Sequence[QueryPart]
) -> dict[QueryPart, list[QueryPart]]:
    if not words:
        return {}
    neighbours, terms = await asyncio.to_thread(_neighbours, words)
    counts = (await term_frequencies(session, terms)).frequencies

    def order(word: QueryPart) -> tuple[int, int, str]:
        # For a Korean word, all pairs tell more than those of its start, if they are known.
        all_pairs = min(counts.get(term, 0) for term in word.terms)
        return -all_pairs, -min(counts[term] for term in _start(word).terms), word.text

    def likeliest(typed: QueryPart, texts: Sequence[str]) -> list[QueryPart]:
        kind = typed.kind
        # For most neighbours not even the first term is counted.
        near = (QueryPart(kind, text) for text in texts if segment_terms(kind, text)[0] in counts)
        known = [word for word in near if all(term in counts for term in _start(word).terms)]
        whole = [word for word in known if all(term in counts for term in word.terms)]
        # A start alone makes no word of loose letters, or of more syllables than were typed.
        other = (word for word in known if len(word.text) == len(typed.text) and _is_whole(word))
        return nsmallest(20, whole or other, key=order)

    return {word: likeliest(word, texts) for word, texts in neighbours.items()}


def _is_whole(word: QueryPart) -> bool:
    """Return whether a word has no letter of Hangul outside of a syllable."""
    return not any("ㄱ" <= char <= "ㅣ" for char in word.text)


async def _with_forms(
    session: AsyncSession, near: Mapping[QueryPart, Sequence[QueryPart]], known: TermFrequencies
) -> TermFrequencies:
    forms = [word.forms for neighbours in near.values() for word in neighbours if word.forms]
    terms = {row[0] for form in forms for row in form.terms()} - known.frequencies.keys()
    if not terms:
        return known
    counted = await term_frequencies(session, sorted(terms))
    return replace(known, frequencies={**known.frequencies, **counted.frequencies})


def _neighbours(words: Iterable[QueryPart]) -> tuple[dict[QueryPart, list[str]], list[str]]:
    neighbours = {
        word: [text for text in words_at_one_slip(word.text) if len(text) > 1] for word in words
    }
    terms = {
        term
        for word, texts in neighbours.items()
        for text in texts
        for term in segment_terms(word.kind, text)
    }
    return neighbours, sorted(terms)


def _start(word: QueryPart) -> QueryPart:
    return QueryPart(word.kind, word.start) if word.kind == "paired" else word

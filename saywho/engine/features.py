"""Features of a text, hashed n-grams in five groups, and their counts: sparse, sorted, immutable,
exact in addition and subtraction.

A feature is three characters, a word, a pair of words, a part of the shape (a skeleton such as
`Aa a, M U`) or of the style (18 habits of length, ends and punctuation). Features that a gap
touches do not count; style counts in the rest.
"""

import re
import string
import struct
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise, repeat
from operator import itemgetter
from typing import Final, NamedTuple, Self, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saywho.text import (
    ADDRESS,
    HOST,
    LINK,
    LINK_TO_HOST,
    QUOTED,
    RANDOM_LINK,
    RANDOM_SIGN,
    Gap,
    link_count,
    may_have_address,
    may_have_random_link,
    may_quote,
    plain_text,
    without_hosts,
)

# --- Counts ---

MAX_COUNT: Final = 2**32 - 1

_MAGIC: Final = b"cnt1"
_HEADER: Final = struct.Struct("<4sII")
_KEY_BITS: Final = np.uint64(32)
_LOW: Final = np.uint64(MAX_COUNT)
Key = TypeVar("Key", np.uint32, np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    keys: NDArray[np.uint32]  # (k,), sorted and unique
    counts: NDArray[np.uint32]  # (k,), above 0

    def __post_init__(self) -> None:
        self.keys.setflags(write=False)
        self.counts.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counts):
            return NotImplemented
        return np.array_equal(self.keys, other.keys) and np.array_equal(self.counts, other.counts)

    def to_bytes(self) -> bytes:
        """Return a little-endian blob of about 5 bytes a key: header, keys, indices and values of
        counts above 255, and a byte for each count.
        """
        (large,) = (self.counts > 255).nonzero()
        small = self.counts.astype(np.uint8)
        small[large] = 0
        return b"".join(
            (
                _HEADER.pack(_MAGIC, self.keys.size, large.size),
                self.keys.astype("<u4", copy=False).tobytes(),
                large.astype("<u4").tobytes(),
                self.counts[large].astype("<u4", copy=False).tobytes(),
                small.tobytes(),
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the counts of a blob; keys are views of `data` on little-endian machines.

        Raises ValueError for another version.
        """
        magic, size, large = _HEADER.unpack_from(data.ljust(_HEADER.size))
        if magic != _MAGIC or len(data) != _HEADER.size + 5 * size + 8 * large:
            raise ValueError("not a blob of counts, or of another version")
        words = np.frombuffer(data, "<u4", size + 2 * large, _HEADER.size)
        keys = words[:size].astype(np.uint32, copy=False)
        counts = np.frombuffer(data, np.uint8, offset=len(data) - size).astype(np.uint32)
        if large:
            counts[words[size : size + large]] = words[size + large :]
        return cls(keys, counts)


NO_KEYS: Final = (np.uint32(0), np.uint32(0))
EMPTY: Final = Counts(np.empty(0, np.uint32), np.empty(0, np.uint32))


def tally(keys: NDArray[np.uint32], once: tuple[np.uint32, np.uint32] = NO_KEYS) -> Counts:
    """Return the occurrences of each key in an unsorted array (n,), n below 2^32.

    once: half-open range of keys that count once.
    """
    if not keys.size:
        return EMPTY
    return Counts(*_tallied(np.sort(keys), once))


def tally_each(
    keys: NDArray[np.uint32],
    owners: NDArray[np.intp],
    size: int,
    once: tuple[np.uint32, np.uint32] = NO_KEYS,
) -> list[Counts]:
    """Return the tally of each owner's keys; keys and owners (n,), owners below `size`."""
    if not keys.size:
        return [EMPTY] * size
    tallied, amounts = _tallied(np.sort((owners.astype(np.uint64) << _KEY_BITS) | keys), once)
    edges = tallied.searchsorted(np.arange(size + 1, dtype=np.uint64) << _KEY_BITS).tolist()
    pairs = np.stack((tallied.astype(np.uint32), amounts))
    # Copies, so that the counts of an owner do not keep the counts of all in memory.
    return [Counts(*pairs[:, start:end].copy()) for start, end in pairwise(edges)]


def _tallied(
    ordered: NDArray[Key], once: tuple[np.uint32, np.uint32]
) -> tuple[NDArray[Key], NDArray[np.uint32]]:
    edges = run_edges(ordered)
    amounts = (edges[1:] - edges[:-1]).astype(np.uint32)
    values = ordered[edges[:-1]]
    keys = values.astype(np.uint32, copy=False)
    amounts[(keys >= once[0]) & (keys < once[1])] = 1
    return values, amounts


def add(parts: Sequence[Counts]) -> Counts:
    """Return the sum of counts. It saturates at 2^32 - 1; do not subtract from saturated counts."""
    filled = [part for part in parts if part.keys.size]
    if len(filled) < 2:
        return filled[0] if filled else EMPTY
    largest = max(filled, key=lambda part: part.keys.size)
    if 2 * largest.keys.size > sum(part.keys.size for part in filled):
        return _merged(largest, add([part for part in filled if part is not largest]))
    # Key and count share a number, so that a plain sort replaces argsort and two gathers. As much
    # as possible is in place: the profile of 100,000 posts has 1,500,000 keys.
    pairs = np.concatenate([part.keys for part in filled], dtype=np.uint64)
    pairs <<= _KEY_BITS
    pairs |= np.concatenate([part.counts for part in filled])
    pairs.sort()
    keys = (pairs >> _KEY_BITS).astype(np.uint32)
    starts = run_edges(keys)[:-1]
    pairs &= _LOW
    sums = np.add.reduceat(pairs, starts)
    del pairs
    return Counts(keys[starts], np.minimum(sums, _LOW, out=sums).astype(np.uint32))


def _merged(large: Counts, small: Counts) -> Counts:
    # Sorting a long profile anew takes several times as long.
    places = large.keys.searchsorted(small.keys)
    is_known = large.keys.take(places, mode="clip") == small.keys
    counts, known, fresh = large.counts.copy(), places[is_known], ~is_known
    sums = counts[known].astype(np.uint64) + small.counts[is_known]
    counts[known] = np.minimum(sums, _LOW)
    return Counts(
        np.insert(large.keys, places[fresh], small.keys[fresh]),
        np.insert(counts, places[fresh], small.counts[fresh]),
    )


def subtract(total: Counts, part: Counts) -> Counts:
    """Return the counts of `total` without `part`. Raises ValueError if any is missing."""
    if not part.keys.size:
        return total
    if np.any(lookup(total, part.keys) < part.counts):
        raise ValueError("cannot subtract counts that were never added")
    counts = total.counts.copy()
    counts[np.searchsorted(total.keys, part.keys)] -= part.counts
    left = counts > 0
    return Counts(total.keys[left], counts[left])


def lookup(counts: Counts, keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the counts of keys (n,), 0 for a missing key."""
    if not counts.keys.size:
        return np.zeros(keys.size, np.uint32)
    places = counts.keys.searchsorted(keys)
    matches = counts.keys.take(places, mode="clip") == keys
    amounts: NDArray[np.uint32] = counts.counts.take(places, mode="clip") * matches
    return amounts


def run_edges(ordered: NDArray[Key]) -> NDArray[np.intp]:
    """Return the start of each run of equal keys, and the last end."""
    fresh = np.ones(ordered.size + 1, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:-1])
    return fresh.nonzero()[0]


# --- Features ---

LINK_OR_NAME: Final = re.compile(rf"{LINK}|[@#]\w+")


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the text's code points: (n,), uint32."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return codes.astype(np.uint32, copy=False)


class _Classes(dict[int, int]):
    """A map from a code point to the letter of its kind, or itself."""

    def __missing__(self, code: int) -> int:
        letter = ord(_class_of(chr(code)))
        end_of_cache = 0x10000  # A cache of all code points would take 100 MB.
        if code < end_of_cache:
            self[code] = letter
        return letter


def _class_of(char: str) -> str:
    if char == RANDOM_SIGN:
        return "U"
    if char.islower():
        return "a"
    if char.isupper():
        return "A"
    if "가" <= char <= "힣":
        return "h"
    if "\u3131" <= char <= "\u318e":
        return "j"
    category = unicodedata.category(char)
    if category == "Nd":
        return "0"
    return "x" if category[0] == "L" else char


_CLASSES = _Classes()
_ALONE: Final = ~np.isin(np.arange(128), [ord(letter) for letter in "aAh0x"])
"""Whether each code point forms no runs, (128,); larger code points are like the last."""


def skeleton_of(plain: str) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Return the skeleton's code points, and the position in the text where each begins: (n,) each.

    Links become U, mentions M, tags T, and runs of digits or of a kind of letter one letter.
    """
    codes = code_points(plain.translate(_CLASSES)).copy()
    is_kept = np.ones(codes.size, np.bool_)
    is_kept[1:] = (codes[1:] != codes[:-1]) | _ALONE.take(codes[1:], mode="clip")
    named = "@" in plain or "#" in plain or "://" in plain
    for match in LINK_OR_NAME.finditer(plain) if named else ():
        start, end = match.span()
        codes[start] = {"@": ord("M"), "#": ord("T")}.get(plain[start], ord("U"))
        is_kept[start] = True
        is_kept[start + 1 : end] = False
        is_kept[end : end + 1] = True
    places = np.flatnonzero(is_kept)
    return codes[places], places


_CAPITALS: Final = string.ascii_uppercase.encode()
_MOST_KNOWN: Final = 50_000
_LONGEST_KNOWN: Final = 40
_MOST_BYTES: Final = np.uint64(2**30 - 1)
_IS_IN_CAPITALS: Final = np.uint64(1 << 62)
_IS_END: Final = np.uint64(1 << 63)
_MENTION = re.compile(r"@\w")
_TAG = re.compile(r"#\w")
_EMOJI = re.compile(r"[\u2600-\u27bf\U0001f000-\U0001faff]")


class _Words(dict[str, tuple[int, bytes]]):
    def __missing__(self, word: str) -> tuple[int, bytes]:
        ending = f" {word.lower()}".encode("utf-8", "surrogatepass")
        entry = crc32(ending[1:]), ending
        if len(self) < _MOST_KNOWN and len(word) <= _LONGEST_KNOWN:
            self[word] = entry
        return entry


class _Pieces(dict[str, tuple[int, ...]]):
    """A map from a piece of text between white space to its tokens: each one's hash, above it the
    number of its bytes, and whether it is in capitals.
    """

    def __missing__(self, piece: str) -> tuple[int, ...]:
        entry = tuple(map(self._token, [piece] if piece.isalnum() else TOKEN.findall(piece)))
        if len(self) < _MOST_KNOWN and len(piece) <= _LONGEST_KNOWN:
            self[piece] = entry
        return entry

    @staticmethod
    def _token(token: str) -> int:
        word = token.lower().encode("utf-8", "surrogatepass")
        is_in_capitals = token.isupper() and len(token) > 1
        return crc32(word) | len(word) << 32 | is_in_capitals * int(_IS_IN_CAPITALS)


class _Habits(dict[tuple[int, int | str], int]):
    def __missing__(self, habit: tuple[int, int | str]) -> int:
        habit_hash = crc32(f"{habit[0]} {habit[1]}".encode("utf-8", "surrogatepass"))
        if len(self) < _MOST_KNOWN:
            self[habit] = habit_hash
        return habit_hash


_END: Final = ""
_WORDS = _Words({_END: (crc32(b"^"), b" $")})
_PIECES = _Pieces({_END: (crc32(b"$") | 1 << 32 | int(_IS_END),)})
_HABITS = _Habits()
_SIGNS: Final = (2, 3)
"""Habits whose strength is a sign."""
_RARE: Final[dict[str, Callable[[str], int]]] = {
    "://": link_count,
    "@": lambda plain: len(_MENTION.findall(plain)),
    "#": lambda plain: len(_TAG.findall(plain)),
    "...": lambda plain: plain.count("..."),
}
"""What few texts have, by a sign of it."""
_MARKS: Final = f'{RANDOM_SIGN}!?…—",\n'
_MOST_KINDS: Final = 9 + len(_MARKS)
_WITH_BIT: Final = [[1 + kind for kind in range(8) if kind >> bit & 1] for bit in range(3)]
_KINDS: Final = np.zeros(0x110000, np.uint8)
"""Kinds of all code points for counting style, 0 for an unknown one; memory is taken when used."""


def _kind_of(char: str) -> int:
    if char in _MARKS:
        return 9 + _MARKS.index(char)
    return 1 + char.isupper() + 2 * char.isalpha() + 4 * bool(_EMOJI.match(char))


def token_hashes(texts: Sequence[Sequence[str]]) -> tuple[list[int], list[int]]:
    """Return the hashes of all words and pairs of words; `^` and `$` mark the ends of a text."""
    tokens = [token for words in texts for token in (*words, _END)]
    hashed = list(map(_WORDS.__getitem__, tokens))
    hashes = list(map(itemgetter(0), hashed))
    # The checksum of a pair continues that of its first word. The end of a text begins the next.
    pairs = list(map(crc32, map(itemgetter(1), hashed), (_WORDS[_END][0], *hashes)))
    return [token_hash for token, token_hash in zip(tokens, hashes, strict=True) if token], pairs


HABITS: Final = (
    "twenties of characters",
    "threes of words",
    "first sign",
    "last sign",
    "links",
    "links of platforms",
    "mentions",
    "tags",
    "exclamation marks",
    "question marks",
    "ellipses",
    "dashes",
    "quotation marks",
    "commas",
    "line ends",
    "tenths in capitals",
    "words in capitals",
    "emoji",
)


def habits_of(plain: str, tokens: Sequence[str]) -> tuple[int | str, ...]:
    """Return the strength of each of `HABITS` in a text."""
    if plain.isascii():
        raw = plain.encode()
        capitals = len(raw) - len(raw.translate(None, _CAPITALS))
        letters = capitals + len(raw) - len(raw.translate(None, _CAPITALS.lower()))
    else:
        capitals = sum(map(str.isupper, plain))
        letters = sum(map(str.isalpha, plain))
    return (
        len(plain) // 20,
        len(tokens) // 3,
        plain[0],
        plain[-1],
        link_count(plain),
        plain.count(RANDOM_SIGN),
        len(_MENTION.findall(plain)) if "@" in plain else 0,
        len(_TAG.findall(plain)) if "#" in plain else 0,
        plain.count("!"),
        plain.count("?"),
        plain.count("...") + plain.count("…"),
        plain.count("—"),
        plain.count('"'),
        plain.count(","),
        plain.count("\n"),
        10 * capitals // max(letters, 1),
        len([token for token in tokens if token.isupper() and len(token) > 1]) if capitals else 0,
        0 if plain.isascii() else len(_EMOJI.findall(plain)),
    )


def style_hashes(plain: str, tokens: Sequence[str]) -> list[int]:
    """Return 18 hashes, each of a habit and its strength."""
    return list(map(_HABITS.__getitem__, enumerate(habits_of(plain, tokens))))


HABITS_OF_TEXT: Final = len(HABITS)
"""Number of style features of each text."""

RECIPE: Final = 4
"""Version of the features; profiles of another version are counted again."""

GROUPS: Final = ("characters", "words", "pairs", "shape", "style")
CHARACTERS, WORDS, PAIRS, SHAPE, STYLE = range(5)

GROUP_SHIFT: Final = 29
GROUP_EDGES: Final = (np.arange(6, dtype=np.uint64) << np.uint64(GROUP_SHIFT)).astype(np.uint32)
"""Smallest key of each group, and the end of the last group: (6,)."""

_HASH_MASK: Final = np.uint32(2**GROUP_SHIFT - 1)
_BASE: Final = np.uint32(0x01000193)
SHAPES: Final = (GROUP_EDGES[SHAPE], GROUP_EDGES[SHAPE + 1])
"""Range of the keys of shapes; a text counts each shape once."""
SHORTEST_SHAPE, LONGEST_SHAPE = 4, 5
"""Numbers of signs in a shape; shorter shapes make the answers worse."""

TOKEN: Final = re.compile(rf"{LINK_TO_HOST}|[@#]?\w+(?:['’]\w+)?|[^\w\s]")


def features(text: str) -> Counts:
    plain = plain_text(text)
    if not plain:
        return EMPTY
    return tally(keys_of(plain, TOKEN.findall(plain)), SHAPES)


def features_of(texts: Sequence[str]) -> list[Counts]:
    """Return each text's features, in half the time of `features` for each."""
    worth_counting_together = 3
    if len(texts) < worth_counting_together:
        return [features(text) for text in texts]
    counted: list[Counts] = []
    for portion in _portions(texts):
        others, shapes = _occurring(portion)
        counted += tally_each(*_joined([*others, *shapes]), len(portion), SHAPES)
    return counted


def sum_of_features(texts: Sequence[str]) -> Counts:
    """Return the sum of the texts' features, in half the time of `features_of`."""
    return add([_summed(portion) for portion in _portions(texts)])


def _summed(texts: Sequence[str]) -> Counts:
    others, shapes = _occurring(texts)
    keys, owners = _joined(shapes)
    # A text counts each shape once.
    each = np.sort((owners.astype(np.uint64) << _KEY_BITS) | keys)
    once = each[run_edges(each)[:-1]].astype(np.uint32)
    return tally(np.concatenate((_joined(others)[0], once)))


def _portions(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the texts in portions of 50,000 characters, so that the arrays stay small."""
    if texts:
        ends = np.cumsum([len(text) for text in texts]) // 50_000
        edges = [*np.unique(ends, return_index=True)[1].tolist(), len(texts)]
        yield from (texts[start:end] for start, end in pairwise(edges))


Owned = tuple[NDArray[np.uint32], NDArray[np.intp]]
"""Keys of features, and the place of each one's text: (n,) both."""


def _joined(parts: Sequence[Owned]) -> Owned:
    if not parts:
        return EMPTY.keys, np.empty(0, np.intp)
    keys, owners = zip(*parts, strict=True)
    return np.concatenate(keys), np.concatenate(owners)


_FEWEST_TOGETHER: Final = 5_000
"""Characters of texts whose words and style are counted together, which takes 0.5 ms for any."""


def _occurring(texts: Sequence[str]) -> tuple[list[Owned], list[Owned]]:
    """Return the features that the texts have, and those of their shapes."""
    plains = [plain_text(text) for text in texts]
    numbers = [number for number, plain in enumerate(plains) if plain]
    if not numbers:
        return [], []
    plains = [plain for plain in plains if plain]
    lengths = np.array([len(plain) for plain in plains])
    codes = code_points("".join([f" {plain} " for plain in plains]))
    if codes.size < _FEWEST_TOGETHER:
        tokens = [TOKEN.findall(plain) for plain in plains]
        words, pairs = map(np.array, token_hashes(tokens))
        sizes = np.array([len(some) for some in tokens])
        style = np.ravel([*map(style_hashes, plains, tokens)])
    else:
        words, pairs, sizes, shouted = _token_hashes_of_each(plains)
        style = _style_hashes_of_each(plains, codes, lengths, sizes, shouted)

    padded = np.repeat(numbers, lengths + 2)
    parts = [
        (_of_group(words, WORDS), np.repeat(numbers, sizes)),
        (_of_group(pairs, PAIRS), np.repeat(numbers, sizes + 1)),
        (_of_group(style, STYLE), np.repeat(numbers, HABITS_OF_TEXT)),
        _within(_character_keys(codes), padded, 2),
    ]
    skeleton, places = skeleton_of("".join(map(between_lines, plains)))
    owners = padded[places]
    runs = enumerate(_shape_hashes(skeleton), SHORTEST_SHAPE - 1)
    shapes = [_within(_of_group(_mix(some), SHAPE), owners, more) for more, some in runs]
    return parts, shapes


def _token_hashes_of_each(
    plains: Sequence[str],
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.intp], NDArray[np.intp]]:
    """Return what `token_hashes` does, and each text's numbers of tokens, all and in capitals."""
    pieces = chain.from_iterable([(*plain.split(), _END) for plain in plains])
    tokens = np.fromiter(chain.from_iterable(map(_PIECES.__getitem__, pieces)), np.uint64)
    is_end = tokens >= _IS_END
    (ends,) = is_end.nonzero()
    starts = np.append(0, ends[:-1] + 1)
    capitals = np.add.reduceat((tokens & _IS_IN_CAPITALS).astype(np.bool_), starts, dtype=np.intp)
    hashes = tokens.astype(np.uint32)
    firsts = np.roll(hashes, 1)
    firsts[starts] = _WORDS[_END][0]
    # The checksum of a pair continues that of its first word with the bytes of a blank and the
    # second. As zlib's `crc32_combine`, it is made of theirs, word by word of a size.
    sizes = (tokens >> _KEY_BITS & _MOST_BYTES).astype(np.intp)
    pairs = hashes.copy()
    for size in np.unique(sizes).tolist():
        (places,) = (sizes == size).nonzero()
        pairs[places] ^= _moved(firsts[places], size + 1) ^ _moved(_BLANK, size)
    return hashes[~is_end], pairs, ends - starts, capitals


_BLANK: Final = np.array([crc32(b" ")], np.uint32)


def _moved(checksums: NDArray[np.uint32], size: int) -> NDArray[np.uint32]:
    """Return what `size` zero bytes behind them make of checksums: (n,)."""
    of_bytes, moved = _moves(size), np.zeros_like(checksums)
    for place in range(4):
        moved ^= of_bytes[place].take(checksums >> np.uint32(8 * place) & np.uint32(255))
    return moved


@lru_cache(maxsize=200)
def _moves(size: int) -> NDArray[np.uint32]:
    """Return what `size` zero bytes make of each byte of a checksum: (4, 256)."""
    if size > 1:
        return _moved(_moves(size // 2), size - size // 2)
    checksums = [byte << 8 * place for place in range(4) for byte in range(256)]
    moved = [crc32(bytes(size), checksum) ^ crc32(bytes(size)) for checksum in checksums]
    return np.array(moved, np.uint32).reshape(4, 256)


def _style_hashes_of_each(
    plains: Sequence[str],
    codes: NDArray[np.uint32],
    lengths: NDArray[np.intp],
    tokens: NDArray[np.intp],
    shouted: NDArray[np.intp],
) -> NDArray[np.uint32]:
    """Return what `style_hashes` does: (18 n,).

    codes: of all texts, each with a blank at both ends. tokens, shouted: how many tokens each text
    has, and in capitals.
    """
    kinds = _KINDS[codes]
    if not kinds.all():
        for code in {*codes[kinds == 0].tolist()}:
            _KINDS[code] = _kind_of(chr(code))
        kinds = _KINDS[codes]
    texts = np.arange(len(plains)).repeat(lengths + 2) * _MOST_KINDS
    found = np.bincount(texts + kinds, minlength=len(plains) * _MOST_KINDS).reshape(-1, _MOST_KINDS)
    capitals, letters, emoji = (found[:, _WITH_BIT[bit]].sum(axis=1) for bit in range(3))
    signs, exclamations, questions, ellipses, *marks = found[:, _MOST_KINDS - len(_MARKS) :].T
    links, mentions, tags, dots = (
        [count(plain) for plain in plains] if any(sign in plain for plain in plains) else 0
        for sign, count in _RARE.items()
    )
    ends = lengths.cumsum() + 2 * np.arange(1, lengths.size + 1)
    habits = (
        lengths // 20,
        tokens // 3,
        codes[ends - lengths - 1],
        codes[ends - 2],
        links,
        signs,
        mentions,
        tags,
        exclamations,
        questions,
        ellipses + dots,
        *marks,
        10 * capitals // np.maximum(letters, 1),
        shouted,
        emoji,
    )
    strengths = np.empty((lengths.size, HABITS_OF_TEXT), np.int64)
    for habit, strength in enumerate(habits):
        strengths[:, habit] = strength
    strengths += np.arange(HABITS_OF_TEXT) << 32
    different, places = np.unique(strengths, return_inverse=True)
    hashes = [
        _HABITS[habit, chr(strength) if habit in _SIGNS else strength]
        for habit, strength in map(divmod, different.tolist(), repeat(1 << 32))
    ]
    return np.array(hashes, np.uint32)[places.ravel()]


def _within(keys: NDArray[np.uint32], owners: NDArray[np.intp], group: int) -> Owned:
    starts = owners[: keys.size]
    inside = starts == owners[group : group + keys.size]
    return keys[inside], starts[inside]


def wording(text: str) -> NDArray[np.uint32]:
    """Return the keys of the text's characters and words, a key for each occurrence: (n,)."""
    plain = RANDOM_LINK.sub(RANDOM_SIGN, without_hosts(text))
    tokens = TOKEN.findall(plain)
    return np.concatenate(
        (_character_keys(code_points(f" {plain} ")), _token_keys(tokens)[: len(tokens)])
    )


def named_words(text: str) -> dict[int, str]:
    """Return the written words by key, without links, combining and control characters."""
    tokens = [
        token
        for token in TOKEN.findall(RANDOM_LINK.sub(" ", without_hosts(text)))
        # Most begin with a letter, which is quicker to see than its category.
        if (token[0].isalnum() or unicodedata.category(token[0])[0] not in "MC")
        and "://" not in token
    ]
    keys = _of_group([_WORDS[token][0] for token in tokens], WORDS)
    return dict(zip(keys.tolist(), tokens, strict=True))


class LetteredKeys(NamedTuple):
    """Distinct keys of a text that have a letter outside links, @names and #tags, sorted."""

    words: NDArray[np.uint32]
    runs: NDArray[np.uint32]
    """Keys of three letters."""
    all: NDArray[np.uint32]
    """Keys of words, pairs of words, and three characters of which one is a letter."""


def lettered_keys(text: str) -> LetteredKeys:
    plain = f" {plain_text(text)} "
    is_letter = np.array([sign.isalpha() for sign in plain], np.bool_)
    for match in ADDRESS.finditer(plain) if may_have_address(plain) else ():
        is_letter[match.start() : match.end()] = False
    before = np.append(0, is_letter.cumsum())
    characters, letters = _character_keys(code_points(plain)), before[3:] - before[:-3]
    tokens = list(TOKEN.finditer(plain))
    has_letters = [before[token.end()] > before[token.start()] for token in tokens]
    keys = _token_keys([token[0] for token in tokens])
    are_words, edges = np.array(has_letters, np.bool_), [False]
    are_pairs = np.array(edges + has_letters) | np.array(has_letters + edges)
    words = np.unique(keys[: len(tokens)][are_words])
    pairs = keys[len(tokens) :][are_pairs]
    return LetteredKeys(
        words,
        np.unique(characters[letters == 3]),
        np.unique(np.concatenate((words, pairs, characters[letters > 0]))),
    )


def group_edges(keys: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Return the start of each group in sorted keys, and the end of the last group: (6,)."""
    return keys.searchsorted(GROUP_EDGES)


def group_sizes(keys: NDArray[np.uint32]) -> NDArray[np.intp]:
    edges = group_edges(keys)
    return edges[1:] - edges[:-1]


def group_sums(counts: Counts, edges: NDArray[np.intp] | None = None) -> NDArray[np.int64]:
    """Return the number of features in each group: (5,). edges: `group_edges`, if known."""
    sums = np.zeros(counts.counts.size + 1, np.int64)
    counts.counts.cumsum(out=sums[1:])
    ends = sums[group_edges(counts.keys) if edges is None else edges]
    return ends[1:] - ends[:-1]


def keys_of(plain: str, tokens: Sequence[str]) -> NDArray[np.uint32]:
    """Return a key for each occurrence of a feature, by group: (n,)."""
    characters = _character_hashes(code_points(f" {plain} "))
    shapes = _shape_hashes(skeleton_of(between_lines(plain))[0])
    mixed = _mix(np.concatenate((characters, *shapes)))
    words, pairs = token_hashes([tokens])
    style = style_hashes(plain, tokens)
    listed = np.array(words + pairs + style, np.uint32)
    edge, end = characters.size, len(words) + len(pairs)
    keys = np.concatenate((mixed[:edge], listed[:end], mixed[edge:], listed[end:]))
    keys &= _HASH_MASK
    keys |= GROUP_EDGES[:5].repeat((edge, len(words), len(pairs), mixed.size - edge, len(style)))
    return keys


def _mix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    return hashes


def _character_hashes(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return (codes[:-2] * _BASE + codes[1:-1]) * _BASE + codes[2:]


def _character_keys(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the keys of three characters, given as the code points of a text with its blanks."""
    return _of_group(_mix(_character_hashes(codes)), CHARACTERS)


def _token_keys(tokens: Sequence[str]) -> NDArray[np.uint32]:
    words, pairs = token_hashes([tokens])
    return np.concatenate((_of_group(words, WORDS), _of_group(pairs, PAIRS)))


def _of_group(hashes: ArrayLike, group: int) -> NDArray[np.uint32]:
    # An array of hashes is changed in place.
    keys: NDArray[np.uint32] = np.asarray(hashes, np.uint32)
    keys &= _HASH_MASK
    keys |= GROUP_EDGES[group]
    return keys


def between_lines(plain: str) -> str:
    """Return the text between line ends, which belong to no link, name or run of letters."""
    return f"\n{plain}\n"


def _shape_hashes(skeleton: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
    # One array for runs of four signs, and one for five, if there are as many signs.
    hashes = [skeleton]
    for length in range(1, min(LONGEST_SHAPE, skeleton.size)):
        hashes.append(hashes[-1][:-1] * _BASE + skeleton[length:])
    return hashes[SHORTEST_SHAPE - 1 :]


GAP: Final = "\0"
"""Sign of a gap for counting style; no text contains it, no habit counts it."""


def struck_before(gaps: Sequence[Gap], size: int) -> NDArray[np.intp]:
    """Return the number of characters in gaps before each place of a text: (size + 1,)."""
    is_struck = np.zeros(size + 1, np.intp)
    for start, end in gaps:
        is_struck[start + 1 : end + 1] = 1
    return is_struck.cumsum()


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Features of a text, and the half-open code points of its characters, words and pairs, sorted
    by key.
    """

    counts: Counts
    numbers: NDArray[np.intp]  # (k,), indices into `counts`, ascending
    starts: NDArray[np.int32]  # (k,)
    ends: NDArray[np.int32]  # (k,)


def occurrences(text: str, gaps: Sequence[Gap] = ()) -> Occurrences:
    """Return the features and places of the text without quoted parts and features touched by a
    gap; style is counted outside gaps.
    """
    plain, left, right = _located_plain(text)
    if not plain:
        return Occurrences(EMPTY, np.empty(0, np.intp), left, right)
    tokens = list(TOKEN.finditer(plain))
    keys = keys_of(plain, [match.group() for match in tokens])
    first, last = _token_places([match.span() for match in tokens])
    starts = np.concatenate((left[:1], left[:-1], left[first]))
    ends = np.concatenate((right[1:], right[-1:], right[last]))
    if gaps:
        before = struck_before(gaps, len(text))
        is_struck = before[right] > before[left]
        is_whole = _whole(plain, is_struck, first, last)
        words = is_whole[len(plain) : len(plain) + len(tokens)]
        kept_tokens = [
            match.group() for match, is_kept in zip(tokens, words, strict=True) if is_kept
        ]
        style = keys[:0]
        if kept_tokens:
            style = _of_group(style_hashes(_rest(plain, is_struck), kept_tokens), STYLE)
        keys = np.concatenate((keys[: is_whole.size][is_whole], style))
        starts, ends = starts[is_whole[: starts.size]], ends[is_whole[: ends.size]]
    order = keys.argsort(kind="stable")
    counts = Counts(*_tallied(keys[order], SHAPES))
    located = np.arange(counts.keys.searchsorted(GROUP_EDGES[SHAPE]))
    numbers = located.repeat(counts.counts[: located.size])
    order = order[: numbers.size]  # Shape and style have the largest keys.
    return Occurrences(counts, numbers, starts[order], ends[order])


def _whole(
    plain: str, is_struck: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return whether no gap touches each character, word, pair and shape, in this order.

    first, last: characters of words, then pairs.
    """
    # Groups of three characters, and shapes, extend one sign beyond both ends of the text.
    before = np.zeros(len(plain) + 3, np.intp)
    is_struck.cumsum(out=before[2:-1])
    before[-1] = before[-2]
    _, places = skeleton_of(between_lines(plain))
    edges = np.append(places, len(plain) + 2)
    shapes = [
        before[edges[length:]] == before[edges[:-length]]
        for length in range(SHORTEST_SHAPE, LONGEST_SHAPE + 1)
        if places.size >= length
    ]
    return np.concatenate(
        (before[3:] == before[:-3], before[last + 2] == before[first + 1], *shapes)
    )


def _rest(plain: str, is_struck: NDArray[np.bool_]) -> str:
    marked = "".join(
        GAP if struck else sign for sign, struck in zip(plain, is_struck.tolist(), strict=True)
    )
    return re.sub(f"{GAP}+", GAP, marked).strip(GAP)


def _located_plain(text: str) -> tuple[str, NDArray[np.int32], NDArray[np.int32]]:
    """Return the counted text, and the start and end of each character in `text`: (n,) each."""
    edges = np.arange(len(text) + 1, dtype=np.int32)
    plain, left, right = text, edges[:-1], edges[1:].copy()
    # As `plain_text` does, one after the other.
    if may_quote(plain):
        is_kept = np.ones(len(plain), np.bool_)
        for quoted in QUOTED.finditer(plain):
            is_kept[quoted.start() : quoted.end()] = False
        plain, left, right = QUOTED.sub("", plain), left[is_kept], right[is_kept]
    if "@" in plain:
        left, right = _joined_places([each.span(2) for each in HOST.finditer(plain)], left, right)
        plain = without_hosts(plain)
    if may_have_random_link(plain):
        links = [(link.start() + 1, link.end()) for link in RANDOM_LINK.finditer(plain)]
        left, right = _joined_places(links, left, right)
        plain = RANDOM_LINK.sub(RANDOM_SIGN, plain)
    return plain, left, right


def _joined_places(
    spans: Sequence[tuple[int, int]], left: NDArray[np.int32], right: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the places of characters without those in spans, which join the character before."""
    is_kept = np.ones(left.size, np.bool_)
    for start, end in spans:
        is_kept[start:end] = False
        right[start - 1] = right[end - 1]
    return left[is_kept], right[is_kept]


def _token_places(spans: Sequence[tuple[int, int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not spans:  # A text without tokens has one pair: its two ends.
        return np.zeros(1, np.int64), np.zeros(1, np.int64)
    first, last = np.array(spans, np.int64).T
    last -= 1
    return np.concatenate((first, first[:1], first)), np.concatenate((last, last, last[-1:]))

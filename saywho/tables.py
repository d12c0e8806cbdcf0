"""Tables of counts and of distances, for statistics of one's own: `saywho.features`."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from saywho.engine.features import HABITS, TOKEN, code_points, habits_of
from saywho.given_posts import Posts, posts_of
from saywho.text import plain_text, username_key

if TYPE_CHECKING:
    import pandas
    import polars

Kind = Literal["words", "characters", "style"]
FREQUENT: Final = 500
"""Most frequent words of Delta."""
_BITS: Final = np.uint64(21)
"""Bits of a code point."""
_CODE: Final = np.uint64(2**21 - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Numbers with the names of their rows and columns."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: NDArray[np.float64]  # (n, m)
    sizes: NDArray[np.float64]  # (n,), sum of each row with the columns that were left out

    def __repr__(self) -> str:
        return f"<Table: {len(self.rows):,} rows, {len(self.columns):,} columns>"

    def to_pandas(self) -> "pandas.DataFrame":
        """Return the values with the rows' names as index. Raises ImportError without pandas."""
        import pandas

        return pandas.DataFrame(self.values, index=[*self.rows], columns=[*self.columns])

    def to_polars(self) -> "polars.DataFrame":
        """Return the values behind a column `name`. Raises ImportError without Polars."""
        import polars

        named = zip(self.columns, self.values.T, strict=True)
        return polars.DataFrame({"name": [*self.rows], **dict(named)})


def features(
    posts: Posts,
    *,
    kind: Kind = "words",
    most: int = 500,
    by: Literal["author", "source"] = "author",
) -> Table:
    """Return how often each author, or each text, uses the most frequent features.

    posts: what `Judge` takes. kind: `words`, in small letters, and signs; `characters`, each three
    in a row, with a blank at both ends of a post; `style`, 18 habits of each post with their
    strength, such as `commas 3`. They are what a `Judge` counts: a repeated post counts once, and
    links of platforms are one sign. The most frequent come first.

    Raises TypeError as `Judge`, and ValueError for another word, and if there is no source.
    """
    if kind not in _COUNTERS or by not in {"author", "source"} or most < 1:
        raise ValueError(
            "kind is 'words', 'characters' or 'style', by is 'author' or 'source', and most is 1 or"
            " more"
        )
    names, texts = dict[str, str](), defaultdict[str, dict[str, None]](dict)
    for _, post in posts_of(posts):
        if (name := getattr(post, by)) is not None:
            key = username_key(name) if by == "author" else name
            names.setdefault(key, name)
            texts[key][post.text] = None
    if not names:
        raise ValueError("no post has a source" if by == "source" else "there are no posts")
    keys = sorted(names) if by == "author" else [*names]
    counts = [Counter(_COUNTERS[kind](map(plain_text, texts[key]))) for key in keys]
    return table_of([names[key] for key in keys], counts, most)


def table_of(rows: Sequence[str], counts: Sequence[Mapping[str, int]], most: int) -> Table:
    total = Counter[str]()
    for some in counts:
        total.update(some)
    columns = sorted(total, key=lambda name: (-total[name], name))[:most]
    values = np.array([[some.get(name, 0) for name in columns] for some in counts], np.float64)
    sizes = np.array([sum(some.values()) for some in counts], np.float64)
    return Table(tuple(rows), tuple(columns), values.reshape(len(rows), -1), sizes)


def delta_of(names: Sequence[str], texts: Sequence[Sequence[str]]) -> Table:
    """Return Cosine Delta of texts, each in pieces: from 0 for the same to 2."""
    counts = [Counter(_words(map(plain_text, pieces))) for pieces in texts]
    letters = [{word: some[word] for word in some if word[0].isalpha()} for some in counts]
    table = table_of(names, letters, FREQUENT)
    shares = table.values / np.maximum(table.sizes, 1)[:, np.newaxis]
    spread = shares.std(axis=0)
    scores = (shares - shares.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    scores /= np.maximum(np.linalg.norm(scores, axis=1, keepdims=True), 1e-12)
    distances = np.clip(1 - scores @ scores.T, 0, 2)
    np.fill_diagonal(distances, 0)
    return Table(table.rows, table.rows, distances, distances.sum(axis=1))


def _words(plains: Iterable[str]) -> dict[str, int]:
    written = Counter[str]()
    for plain in plains:
        written.update(plain.split())
    counts = defaultdict[str, int](int)
    for piece, count in written.items():
        for token in TOKEN.findall(piece):
            counts[token.lower()] += count
    return counts


def _characters(plains: Iterable[str]) -> dict[str, int]:
    parts = [np.empty(0, np.uint64)]
    for plain in filter(None, plains):
        codes = code_points(f" {plain} ").astype(np.uint64)
        parts.append((codes[:-2] << _BITS | codes[1:-1]) << _BITS | codes[2:])
    keys, counts = np.unique(np.concatenate(parts), return_counts=True)
    return {
        "".join(chr(key >> shift & int(_CODE)) for shift in (42, 21, 0)): count
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True)
    }


def _style(plains: Iterable[str]) -> dict[str, int]:
    counts = Counter[str]()
    for plain in filter(None, plains):
        habits = habits_of(plain, TOKEN.findall(plain))
        counts.update(f"{name} {strength}" for name, strength in zip(HABITS, habits, strict=True))
    return counts


_COUNTERS: Final[Mapping[str, Callable[[Iterable[str]], dict[str, int]]]] = {
    "words": _words,
    "characters": _characters,
    "style": _style,
}

"""The shipped authors, and people of chats, as hashed counts; `NOTICE` names the sources.

For each language the file holds the features, which authors use each and how often, and each
author's numbers of posts and features.
"""

import lzma
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from saywho.engine.features import RECIPE
from saywho.engine.population import NOTHING_SHIPPED, Population, Shipped

FILE: Final = Path(__file__).with_name("counts.xz")
FURTHER: Final = {language: FILE.with_name(f"{language}.xz") for language in ("fr", "pt")}
"""Files of other languages than English and Korean."""
CHATTERS_FILE: Final = Path(__file__).with_name("chatters.xz")
SIZE: Final = np.dtype("<u4")
_reading: Final = threading.Lock()


class ShippedLanguage(msgspec.Struct, frozen=True):
    language: str
    posts: list[int]
    """Number of posts of each author."""
    totals: list[list[int]]
    """Features per group, (n, 5), including features that are not in the file."""
    keys: int
    uses: int


class FileHeader(msgspec.Struct, frozen=True):
    recipe: int
    languages: list[ShippedLanguage]


def shipped_authors(*, is_wanted: bool = True) -> Shipped:
    """Return the shipped authors, or none; the first call reads for 0.1 s: call it in a thread."""
    if not is_wanted:
        return NOTHING_SHIPPED
    with _reading:
        return _read()


@cache
def shipped_digest() -> str:
    """Return the digest of the shipped authors."""
    return sha256(FILE.read_bytes()).hexdigest()


@cache
def _read() -> Shipped:
    chatters = unpack(CHATTERS_FILE.read_bytes())["en"]
    return Shipped(unpack(FILE.read_bytes()), shipped_digest(), chatters, _Further())


class _Further(Mapping[str, Population]):
    """The populations of further languages; the first use of one reads its file in 0.1 s."""

    def __getitem__(self, language: str) -> Population:
        with _reading:
            return _read_further(language)

    def __contains__(self, language: object) -> bool:
        return language in FURTHER

    def __iter__(self) -> Iterator[str]:
        return iter(FURTHER)

    def __len__(self) -> int:
        return len(FURTHER)


@cache
def _read_further(language: str) -> Population:
    content = FURTHER[language].read_bytes()
    return unpack(content, 1_000 * (1 + list(FURTHER).index(language)))[language]


def unpack(content: bytes, first: int = 0) -> dict[str, Population]:
    """Return the populations of a file by language; the authors' ids are below 0, minus `first`.

    Raises ValueError if the features are of another recipe.
    """
    data = lzma.decompress(content)
    offset = SIZE.itemsize
    size = int(np.frombuffer(data, SIZE, 1)[0])
    header = msgspec.json.decode(data[offset : offset + size], type=FileHeader)
    if header.recipe != RECIPE:
        raise ValueError(f"{FILE.name} has features of recipe {header.recipe}, not {RECIPE}")
    offset += size
    populations, authors = dict[str, Population](), first
    for entry in header.languages:
        numbers = []
        for form, count in (("<u4", entry.keys), ("<u2", entry.keys), *[("<u2", entry.uses)] * 2):
            dtype = np.dtype(form)
            numbers.append(_from_planes(data, offset, dtype, count))
            offset += count * dtype.itemsize
        gaps, uses, steps, amounts = numbers
        edges = np.concatenate(([0], np.cumsum(uses, dtype=np.intp)))
        sums = np.cumsum(steps, dtype=np.int64)
        before = np.concatenate(([0], sums))[edges[:-1]]
        populations[entry.language] = Population(
            tuple((-authors - i, posts, entry.language) for i, posts in enumerate(entry.posts, 1)),
            np.array(entry.totals, np.int64),
            np.cumsum(gaps, dtype=np.uint32),
            edges,
            (sums - before.repeat(uses)).astype(np.uint16),
            amounts.astype(np.uint32),
        )
        authors += len(entry.posts)
    return populations


def _from_planes(data: bytes, offset: int, dtype: np.dtype, count: int) -> NDArray[np.integer]:
    """Return numbers stored as all first bytes, then all second, which compresses better."""
    planes = np.frombuffer(data, np.uint8, count * dtype.itemsize, offset)
    planes = np.ascontiguousarray(planes.reshape(dtype.itemsize, count).T)
    return planes.view(dtype).ravel()

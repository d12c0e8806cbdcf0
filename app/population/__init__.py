"""The shipped authors, as hashed counts; `NOTICE` names them.

For each language the file holds the features, which authors use each and how often, and each
author's numbers of posts and features.
"""

import lzma
import threading
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.compute.features import RECIPE
from app.compute.population import NOTHING_SHIPPED, Population, Shipped

FILE: Final = Path(__file__).with_name("counts.xz")
_SIZE: Final = np.dtype("<u4")
_reading: Final = threading.Lock()


class _Language(msgspec.Struct, frozen=True):
    language: str
    posts: list[int]
    """Number of posts of each author."""
    totals: list[list[int]]
    """Features per group, (n, 5), including features that are not in the file."""
    keys: int
    uses: int


class _Header(msgspec.Struct, frozen=True):
    recipe: int
    languages: list[_Language]


def shipped_authors(*, is_wanted: bool = True) -> Shipped:
    """Return the shipped authors, or none; the first call reads the file in 60 ms: call it in a
    thread.
    """
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
    return Shipped(unpack(FILE.read_bytes()), shipped_digest())


def _planes_of(population: Population) -> list[bytes]:
    owners = population.owners.astype(np.int64)
    steps = np.diff(owners, prepend=0)  # Owners rise within a feature.
    steps[population.edges[:-1]] = owners[population.edges[:-1]]
    return [
        _to_planes(np.diff(population.keys, prepend=np.uint32(0)), "<u4"),
        _to_planes(np.diff(population.edges), "<u2"),
        _to_planes(steps, "<u2"),
        _to_planes(np.minimum(population.amounts, 2**16 - 1), "<u2"),
    ]


def pack(populations: Mapping[str, Population]) -> bytes:
    """Return the file of these populations by language."""
    languages, planes = [], list[bytes]()
    for language, population in sorted(populations.items()):
        posts = [number for _, number, _ in population.members]
        sizes = population.keys.size, population.owners.size
        languages.append(_Language(language, posts, population.totals.tolist(), *sizes))
        planes += _planes_of(population)
    header = msgspec.json.encode(_Header(RECIPE, languages))
    return lzma.compress(
        b"".join([np.array(len(header), _SIZE).tobytes(), header, *planes]),
        preset=9 | lzma.PRESET_EXTREME,
    )


def unpack(content: bytes) -> dict[str, Population]:
    """Return the populations of a file by language; the authors' ids are below 0.

    Raises ValueError if the features are of another recipe.
    """
    data = lzma.decompress(content)
    offset = _SIZE.itemsize
    size = int(np.frombuffer(data, _SIZE, 1)[0])
    header = msgspec.json.decode(data[offset : offset + size], type=_Header)
    if header.recipe != RECIPE:
        raise ValueError(f"{FILE.name} has features of recipe {header.recipe}, not {RECIPE}")
    offset += size
    populations, authors = dict[str, Population](), 0
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


def _to_planes(numbers: NDArray[np.integer], dtype: str) -> bytes:
    """Return all first bytes of the numbers, then all second ones, which compresses better."""
    narrow = numbers.astype(dtype)
    return narrow.view(np.uint8).reshape(narrow.size, -1).T.tobytes()


def _from_planes(data: bytes, offset: int, dtype: np.dtype, count: int) -> NDArray[np.integer]:
    planes = np.frombuffer(data, np.uint8, count * dtype.itemsize, offset)
    planes = np.ascontiguousarray(planes.reshape(dtype.itemsize, count).T)
    return planes.view(dtype).ravel()

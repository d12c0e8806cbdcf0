"""Makes the authors who come with the program: `python -m benchmarks.population FILE.jsonl`.

FILE has a line of {author, lang, text} for each post, an author's oldest first. What is written, to
saywho/population/ (`-o saywho/population/es.xz` for a further language), are hashed counts of the
newest 200 posts of each author: of the features that at least three of all authors use, and the
number of all features of each author. No text and no name is in it, and the order of the authors
says nothing. `--without OTHER` names a file of authors who must not be in it, because the program
is measured on them: an author or a text of both is refused.
"""

import argparse
import json
import lzma
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from saywho.engine.features import RECIPE, Counts, group_sums
from saywho.engine.population import CountedAuthor, Population
from saywho.engine.profiles import profile_of
from saywho.population import FILE, SIZE, FileHeader, ShippedLanguage

MOST_POSTS: Final = 200
"""Newest posts of each author."""
FEWEST_USERS: Final = 3
"""Authors who must use a feature: no name, address or rare word of one or two of them is kept."""
MOST_BYTES: Final = 1_500_000


class Author(NamedTuple):
    language: str
    texts: list[str]
    """The oldest first."""


def read_authors(path: Path) -> dict[str, Author]:
    """Return the authors of a file by name. Raises OSError, and ValueError naming a line."""
    authors: dict[str, Author] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                name, text = str(row.get("author") or row["username"]), str(row["text"])
            except (ValueError, LookupError, AttributeError, TypeError):
                raise ValueError(f"line {number} is not a post with an author") from None
            authors.setdefault(name, Author(str(row.get("lang") or "en"), [])).texts.append(text)
    return authors


def check_apart(authors: Mapping[str, Author], measured: Mapping[str, Author]) -> None:
    """Raise ValueError if an author or a text is among those that must not be shipped."""
    if common := sorted(authors.keys() & measured.keys()):
        raise ValueError(f"{common[0]} is an author of both files")
    texts = {_plain(text) for each in measured.values() for text in each.texts}
    for name, each in authors.items():
        if any(_plain(text) in texts for text in each.texts):
            raise ValueError(f"a text of {name} is in both files")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def populations_of(authors: Mapping[str, Author], most: int = MOST_POSTS) -> dict[str, Population]:
    """Return the populations by language, of the features that several authors share.

    most: newest posts of each author.
    """
    profiles = {name: profile_of(each.texts[-most:]) for name, each in authors.items()}
    keys, users = np.unique(
        np.concatenate([each.counts.keys for each in profiles.values()]), return_counts=True
    )
    shared = keys[users >= FEWEST_USERS]
    by_language: defaultdict[str, list[CountedAuthor]] = defaultdict(list)
    totals: defaultdict[str, list[NDArray[np.int64]]] = defaultdict(list)
    # By what nobody can guess from the file of posts, so that no place tells of a name.
    order = sorted(profiles, key=lambda name: sha256(profiles[name].counts.to_bytes()).digest())
    for name in order:
        counts, language = profiles[name].counts, authors[name].language
        is_shared = np.isin(counts.keys, shared, assume_unique=True)
        if not is_shared.any():
            continue
        kept = Counts(counts.keys[is_shared], counts.counts[is_shared])
        by_language[language].append(CountedAuthor(-1, profiles[name].posts, language, kept))
        # Of all features: of those that are kept alone, a short history would seem too usual.
        totals[language].append(group_sums(counts))
    return {
        language: replace(Population.of(members), totals=np.array(totals[language]))
        for language, members in by_language.items()
    }


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
        languages.append(ShippedLanguage(language, posts, population.totals.tolist(), *sizes))
        planes += _planes_of(population)
    header = msgspec.json.encode(FileHeader(RECIPE, languages))
    return lzma.compress(
        b"".join([np.array(len(header), SIZE).tobytes(), header, *planes]),
        preset=9 | lzma.PRESET_EXTREME,
    )


def _to_planes(numbers: NDArray[np.integer], dtype: str) -> bytes:
    """Return all first bytes of the numbers, then all second ones, which compresses better."""
    narrow = numbers.astype(dtype)
    return narrow.view(np.uint8).reshape(narrow.size, -1).T.tobytes()


def main(argv: Sequence[str] | None = None) -> int:
    """Write the file; return 0, or 2 with one line where the posts cannot be used."""
    parser = argparse.ArgumentParser(prog="population", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--without", type=Path, metavar="OTHER.jsonl")
    parser.add_argument("-o", "--output", type=Path, default=FILE)
    options = parser.parse_args(argv)
    path = options.file
    try:
        authors = read_authors(path)
        if not authors:
            raise ValueError("has no posts")
        if options.without:
            path = options.without
            check_apart(authors, read_authors(path))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"population: {path}: {reason}", file=sys.stderr)
        return 2
    populations = populations_of(authors)
    content = pack(populations)
    options.output.write_bytes(content)
    sizes = ", ".join(
        f"{language}: {len(each)} authors, {each.keys.size:,} features"
        for language, each in sorted(populations.items())
    )
    print(f"{options.output}: {len(content):,} bytes; {sizes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

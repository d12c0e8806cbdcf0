"""How much more the likeness of two authors varies than their counts of features say.

`python -m benchmarks.likeness FILE` reads posts by authors, and takes the six of each language with
the most posts. Two samples of each author have no post in common. Prints how much the cosines of
pairs of authors differ between samples, in standard errors by the delta method; 1 would be right if
features were independent.
"""

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import hypot
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks import population
from saywho.engine.attribution import Background, HabitVectors, build_background
from saywho.engine.profiles import profile_of

AUTHORS: Final = 6
DRAWS: Final = 10


def differences_of(
    authors: Sequence[population.Author], background: Background, posts: int, chance: random.Random
) -> Iterator[float]:
    """Yield differences of cosines between two samples of `posts` posts, in standard errors."""
    drawn = [chance.sample(author.texts, 2 * posts) for author in authors]
    one, other = (
        HabitVectors([profile_of(texts[side::2]) for texts in drawn], background) for side in (0, 1)
    )
    moved = one.cosines() - other.cosines()
    for pair in combinations(range(len(authors)), 2):
        yield float(moved[pair]) / hypot(one.error(*pair), other.error(*pair))


def main(arguments: Sequence[str]) -> int:
    """Print the table; return 2 with one line where the file cannot be used."""
    try:
        authors = population.read_authors(Path(arguments[0]))
    except (OSError, ValueError, LookupError) as error:
        print(f"likeness: needs a file of posts: {error}", file=sys.stderr)
        return 2
    print("| language | posts of each sample | differences, in standard errors |")
    print("| --- | --: | --: |")
    for language in sorted({author.language for author in authors.values()}):
        _print_rows(authors, language)
    return 0


def _print_rows(authors: Mapping[str, population.Author], language: str) -> None:
    writers = [author for author in authors.values() if author.language == language]
    profiles = [profile_of(author.texts) for author in writers]
    background = build_background(
        [profile.counts for profile in profiles], sum(profile.posts for profile in profiles)
    )
    most = sorted(writers, key=lambda author: -len(author.texts))[:AUTHORS]
    for posts in (25, 50, 100, 200):
        enough = [author for author in most if len(author.texts) >= 2 * posts]
        if len(enough) >= 2:
            found = [
                difference
                for draw in range(DRAWS)
                for difference in differences_of(enough, background, posts, random.Random(draw))
            ]
            spread = np.sqrt(np.mean(np.square(found)))
            print(f"| {language} | {posts} | {spread:.2f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How long attribution takes in the process alone: `python -m benchmarks.ranking [--authors N]`.

Without a database and without HTTP: invented authors, each with 300 posts drawn from a pool of its
own taste. Times are processor time of one core, so that neighbours on the machine count little.
"""

import argparse
import os
import random
import statistics
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from time import process_time
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from app.compute.attribution import rank
from app.compute.background import build_background
from app.compute.counts import Counts, add
from app.compute.features import features
from app.compute.profiles import AuthorProfile, with_posts

POSTS: Final = 300
TASTES: Final = 20
POOL: Final = 600
SYLLABLES: Final = ("ka", "lo", "mi", "ren", "tu", "sha", "ve", "no", "pil", "da", "or", "que")


def invented_posts(chance: random.Random) -> list[str]:
    """Return posts of one taste: words from a list of its own, the frequent ones much oftener."""
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(5_000)]
    weights = [1 / (place + 20) for place in range(len(words))]
    ends = chance.choices([".", "!", "...", " :)", "?", "\n#tag"], k=3)
    return [
        " ".join(chance.choices(words, weights, k=chance.randint(8, 24))).capitalize()
        + chance.choice(ends)
        for _ in range(POOL)
    ]


def made_profiles(authors: int, chance: random.Random) -> tuple[list[AuthorProfile], list[str]]:
    """Return so many profiles, and posts to ask about."""
    pools = [invented_posts(chance) for _ in range(min(TASTES, authors))]
    counted = [[features(post) for post in pool] for pool in pools]
    profiles = []
    for number in range(authors):
        parts: Sequence[Counts] = chance.sample(counted[number % len(counted)], POSTS)
        profiles.append(AuthorProfile(add(parts), POSTS))
    return profiles, [chance.choice(pool) for pool in pools for _ in range(5)]


def timed(name: str, work: Callable[[str], object], texts: Sequence[str], repeats: int) -> None:
    """Print what one call costs."""
    times = []
    for text in islice(cycle(texts), repeats):
        start = process_time()
        work(text)
        times.append(1e3 * (process_time() - start))
    cuts = statistics.quantiles(times, n=10)
    print(f"- {name}: {statistics.median(times):.3f} ms (p90 {cuts[8]:.3f}), {repeats} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--authors", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=400)
    options = parser.parse_args()
    chance = random.Random(1)
    profiles, texts = made_profiles(options.authors, chance)
    background = build_background((p.counts for p in profiles), POSTS * len(profiles))
    size = statistics.mean(p.counts.keys.nbytes + p.counts.counts.nbytes for p in profiles)
    print(f"{len(profiles):,} authors of {POSTS} posts, {size / 1024:.0f} KiB each; one core:")
    timed("featurise a post", features, texts, options.repeats)
    timed(
        "add a post to a profile",
        lambda text: with_posts(profiles[0], [text]),
        texts,
        options.repeats,
    )
    for size_of_set in (2, 20, 300, 1_000, 3_000):
        if size_of_set <= len(profiles):
            some = profiles[:size_of_set]
            timed(
                f"featurise and rank {size_of_set:,}",
                lambda text, some=some: rank(features(text), some, background),  # type: ignore[misc]
                texts,
                max(20, options.repeats // size_of_set),
            )


if __name__ == "__main__":
    main()

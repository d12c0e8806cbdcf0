"""Which year of an author does a post sound like? Measured on posts that were held out.

`python -m benchmarks.years FILE` reads JSON lines of {author, text, created_at}. A tenth of each
author's posts, in runs of consecutive ones, is asked about; the others are known. Three groups are
asked: the years of authors with several; the two halves, by time, of each author's posts in one
year; and halves that were drawn by chance, which cannot be told apart.
"""

import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from app.compute.background import build_background
from app.compute.case import Case, Fitted, Suspect
from app.compute.profiles import profile_of
from app.compute.text import has_words, own_words
from app.compute.year_sample import FEWEST_POSTS, sample_of
from app.compute.years import rank_years, years_in

RUN: Final = 5
"""Posts of a run that is asked about; nine times as many before it are known."""
Years = Mapping[int, Sequence[str]]


def read_posts(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Return the times and texts of each author, the oldest first."""
    posts = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row.get("created_at"):
                posts[row["author"]].append((row["created_at"], row["text"]))
    return {author: sorted(authored) for author, authored in posts.items()}


def calendar_years(posts: Sequence[tuple[str, str]]) -> Years:
    """Return the texts of each year that has enough."""
    years = defaultdict(list)
    for time, text in posts:
        years[int(time[:4])].append(text)
    # A tenth is held out; what is left must be enough.
    return {year: texts for year, texts in years.items() if len(texts) * 9 // 10 >= FEWEST_POSTS}


def halves(posts: Sequence[tuple[str, str]]) -> Years:
    """Return the older and the newer half, as if they were years."""
    texts = [text for _, text in posts]
    return {1: texts[: len(texts) // 2], 2: texts[len(texts) // 2 :]}


def drawn_halves(posts: Sequence[tuple[str, str]]) -> Years:
    """Return halves that were drawn by chance."""
    return halves(random.Random(1).sample(posts, len(posts)))


def answers(years: Years, fitted: Fitted) -> Iterator[tuple[int, Sequence[tuple[int, float]], str]]:
    """Yield the right year, the ranking and the verdict for each post that is asked about."""
    held = {
        year: [text for place, text in enumerate(texts) if place // RUN % 10 == 9]
        for year, texts in years.items()
    }
    kept = {
        year: [text for place, text in enumerate(texts) if place // RUN % 10 != 9]
        for year, texts in years.items()
    }
    known = years_in(sample_of(kept), fitted)
    author = Suspect(1, "author", profile_of([text for texts in kept.values() for text in texts]))
    for year, texts in held.items():
        for text in texts:
            if has_words(own_words(text)):
                ranking = rank_years(Case([text], [author], fitted), known, explain=False)
                yield year, ranking.shares, ranking.verdict


def report(name: str, authors: Mapping[str, Years], fitted: Fitted) -> None:
    """Print how often the first year is right, and what its probability promised."""
    rows = [row for years in authors.values() for row in answers(years, fitted)]
    if not rows:
        print(f"{name}: nobody")
        return
    right = np.array([shares[0][0] == year for year, shares, _ in rows])
    tops = np.array([shares[0][1] for _, shares, _ in rows])
    named = np.array([verdict == "year" for _, _, verdict in rows])
    loss = -np.mean([np.log(dict(shares)[year]) for year, shares, _ in rows])
    chance = np.mean([np.log(len(shares)) for _, shares, _ in rows])
    print(f"{name}: {len(authors)} authors, {len(rows)} posts")
    print(f"  first year right {right.mean():.1%}, promised {tops.mean():.1%}")
    print(f"  log loss {loss:.3f}, by chance {chance:.3f}")
    if named.any():
        print(
            f"  named {named.mean():.1%}: right {right[named].mean():.1%}, "
            f"promised {tops[named].mean():.1%}"
        )
    else:
        print("  named 0.0%")


def main() -> int:
    posts = read_posts(Path(sys.argv[1]))
    profiles = [profile_of([text for _, text in authored]) for authored in posts.values()]
    background = build_background(
        [profile.counts for profile in profiles], sum(profile.posts for profile in profiles)
    )
    fitted = Fitted(background)
    years = {author: calendar_years(authored) for author, authored in posts.items()}
    report("years", {name: each for name, each in years.items() if len(each) > 1}, fitted)
    alike = {name: authored for name, authored in posts.items() if len(authored) >= 300}
    report("halves by time", {name: halves(each) for name, each in alike.items()}, fitted)
    report("halves by chance", {name: drawn_halves(each) for name, each in alike.items()}, fitted)
    return 0


if __name__ == "__main__":
    sys.exit(main())

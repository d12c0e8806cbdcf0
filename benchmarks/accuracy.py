"""How often the right author is named, on a file of posts that are split in time.

`python -m benchmarks.accuracy FILE.jsonl` reads JSON lines of {author or username, text, split,
lang}; profiles are made of the posts with split `train` and asked about those with `test`.
"""

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import Profile, rank
from app.compute.background import Background, build_background
from app.compute.counts import Counts, add
from app.compute.features import features

Subsets = dict[str, list[tuple[str, ...]]]
BINS = 15
TIMED_TEXTS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One post of the file."""

    author: str
    text: str
    is_test: bool
    lang: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of all texts of one kind of author set."""

    top_1: float
    """Share that is right, 0 to 1: mean over the author sets."""
    log_loss: float
    """In nats: mean over the author sets."""
    calibration_error: float
    """Expected, 15 bins, over all texts together."""
    texts: int


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; return 0, or 2 with one line where the file cannot be used."""
    options = _options(argv)
    try:
        rows = read_rows(options.file)
        sets = author_sets(
            rows,
            options.pairs,
            options.fives,
            options.twenties,
            np.random.default_rng(options.seed),
        )
        if not sets:
            raise ValueError("needs at least two authors of one language")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"accuracy: {options.file}: {reason}", file=sys.stderr)
        return 2
    print_report(rows, sets)
    return 0


def read_rows(path: Path) -> list[Row]:
    """Return the posts; raises ValueError naming the first line that cannot be used."""
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                rows.append(_row(line, number))
    trained = {row.author for row in rows if not row.is_test}
    if not trained:
        raise ValueError("has no post with split 'train'")
    untrained = sorted({row.author for row in rows} - trained)
    if untrained:
        raise ValueError(f"{untrained[0]} has no post with split 'train'")
    if not any(row.is_test for row in rows):
        raise ValueError("has no post with split 'test'")
    return rows


def author_sets(
    rows: Iterable[Row], pairs: int, fives: int, twenties: int, rng: np.random.Generator
) -> Subsets:
    """Return the sets of authors to choose among, by name; a function of names and generator.

    Pairs, fives and twenties are drawn among English authors; of Korean ones every pair and all
    together; then everybody.
    """
    languages = {row.author: row.lang for row in rows}
    english, korean = (
        sorted(author for author, lang in languages.items() if lang == wanted)
        for wanted in ("en", "ko")
    )
    sets: Subsets = {}
    every_pair = list(itertools.combinations(english, 2))
    sets["en_2"] = [every_pair[i] for i in rng.permutation(len(every_pair))[:pairs]]
    for size, wanted in ((5, fives), (20, twenties)):
        if len(english) >= size:
            draws = [rng.choice(len(english), size, replace=False) for _ in range(wanted)]
            sets[f"en_{size}"] = [tuple(english[i] for i in draw) for draw in draws]
    sets["ko_2"] = list(itertools.combinations(korean, 2))
    if len(korean) > 2:
        sets[f"ko_{len(korean)}"] = [tuple(korean)]
    if len(languages) > max(len(english), len(korean), 2):
        sets[f"all_{len(languages)}"] = [tuple(sorted(languages))]
    return {name: drawn for name, drawn in sets.items() if drawn}


def measure(
    sets: Sequence[tuple[str, ...]],
    profiles: dict[str, Profile],
    background: Background,
    queries: dict[str, list[Counts]],
) -> Outcome | None:
    """Return how well the true author is told in each of the sets; None if none has a text."""
    top_1, losses, tops, hits = [], [], [], []
    for authors in sets:
        compared = [profiles[author] for author in authors]
        asked = [
            (place, rank(query, compared, background).probabilities)
            for place, author in enumerate(authors)
            for query in queries.get(author, [])
        ]
        if not asked:
            continue
        right = [int(shares.argmax()) == place for place, shares in asked]
        top_1.append(np.mean(right))
        losses.append(np.mean([-np.log(max(shares[place], 1e-12)) for place, shares in asked]))
        tops += [float(shares.max()) for _, shares in asked]
        hits += right
    if not hits:
        return None
    error = calibration_error(np.array(tops), np.array(hits, np.float64))
    return Outcome(float(np.mean(top_1)), float(np.mean(losses)), error, len(hits))


def calibration_error(tops: NDArray[np.float64], hits: NDArray[np.float64]) -> float:
    """Return the mean distance between what is claimed (n,) and what is right (n,), by bins."""
    bins = np.minimum((tops * BINS).astype(np.int64), BINS - 1)
    claimed, right = (np.bincount(bins, values, BINS) for values in (tops, hits))
    return float(np.abs(claimed - right).sum() / tops.size)


def print_report(rows: Sequence[Row], sets: Subsets) -> None:
    """Make the profiles, ask about every held-out text, and print a Markdown table."""
    train: dict[str, list[Counts]] = {}
    queries: dict[str, list[Counts]] = {}
    for row in rows:
        (queries if row.is_test else train).setdefault(row.author, []).append(features(row.text))
    profiles = {author: Profile(add(parts), len(parts)) for author, parts in train.items()}
    background = build_background(
        (profile.counts for profile in profiles.values()), sum(p.posts for p in profiles.values())
    )
    print("| set | author sets | texts | top-1 % | log-loss | ECE pooled |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, drawn in sets.items():
        outcome = measure(drawn, profiles, background, queries)
        if outcome:
            print(
                f"| {name} | {len(drawn)} | {outcome.texts:,} | {100 * outcome.top_1:.1f} "
                f"| {outcome.log_loss:.3f} | {outcome.calibration_error:.3f} |",
                flush=True,
            )
    _print_times(rows, list(profiles.values())[:2], background)


def _print_times(rows: Sequence[Row], pair: Sequence[Profile], background: Background) -> None:
    texts = [row.text for row in rows if row.is_test][:TIMED_TEXTS]
    featurised, ranked = [], []
    for text in texts:
        start = perf_counter()
        query = features(text)
        middle = perf_counter()
        rank(query, pair, background)
        featurised.append(1e3 * (middle - start))
        ranked.append(1e3 * (perf_counter() - middle))
    print(f"\nMilliseconds per text, median (90th percentile) of {len(texts):,} texts, one core:")
    for name, times in (("featurise", featurised), ("rank 2 authors", ranked)):
        print(f"- {name}: {median(times):.3f} ({np.quantile(times, 0.9):.3f})")


def _row(line: str, number: int) -> Row:
    try:
        record = json.loads(line)
    except ValueError:
        raise ValueError(f"line {number} is not JSON") from None
    if not isinstance(record, dict):
        raise ValueError(f"line {number} is not an object")
    author = record.get("author", record.get("username"))
    if not isinstance(author, str) or not isinstance(record.get("text"), str):
        raise ValueError(f"line {number} has no author or no text")
    if record.get("split") not in ("train", "test"):
        raise ValueError(f"line {number} has no split 'train' or 'test'")
    return Row(author, record["text"], record["split"] == "test", record.get("lang") or "en")


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="accuracy", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--pairs", type=int, default=200, help="English pairs (200)")
    parser.add_argument("--fives", type=int, default=40, help="English sets of five (40)")
    parser.add_argument("--twenties", type=int, default=3, help="English sets of twenty (3)")
    parser.add_argument("--seed", type=int, default=7, help="of the random author sets (7)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())

"""How often the right author is named, on a file of posts that are split in time.

`python -m benchmarks.accuracy FILE.jsonl` reads JSON lines of {author or username, text, split,
lang}; profiles are made of the posts with split `train` and asked about those with `test`. The
same sets of authors are given to what is usually done instead; `--only-ours` leaves that out.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy_data import Row, Subsets, author_sets, masked, read_rows
from saywho.engine.attribution import Background, build_background, rank
from saywho.engine.features import Counts, add, features
from saywho.engine.profiles import AuthorProfile

BINS = 15


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


class Model:
    """This program's model of the posts known, and the posts to ask about."""

    def __init__(self, rows: Iterable[Row]) -> None:
        train: dict[str, list[Counts]] = {}
        self.queries: dict[str, list[Counts]] = {}
        for row in rows:
            part = self.queries if row.is_test else train
            part.setdefault(row.author, []).append(features(row.text))
        self.profiles = {
            author: AuthorProfile(add(parts), len(parts)) for author, parts in train.items()
        }
        self.background = background_of(self.profiles.values())


def background_of(profiles: Iterable[AuthorProfile]) -> Background:
    profiles = list(profiles)
    return build_background((p.counts for p in profiles), sum(p.posts for p in profiles))


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return 0, or 2 with one line where the file cannot be used."""
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
    model = Model(rows)
    print_report(model, sets)
    print_masked(rows, sets)
    if not options.only_ours:
        print_baselines(rows, sets)
    return 0


def measure(sets: Sequence[tuple[str, ...]], model: Model) -> Outcome | None:
    """Return how well the true author is told in each of the sets; None if none has a text."""
    top_1, losses, tops, hits = [], [], [], []
    for authors in sets:
        compared = [model.profiles[author] for author in authors]
        asked = [
            (place, rank(query, compared, model.background).probabilities)
            for place, author in enumerate(authors)
            for query in model.queries.get(author, [])
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


def print_report(model: Model, sets: Subsets) -> None:
    """Ask about every held-out text, and print a Markdown table."""
    print("| set | author sets | texts | top-1 % | log-loss | ECE pooled |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, drawn in sets.items():
        if outcome := measure(drawn, model):
            print(_line(name, drawn, outcome), flush=True)


def print_masked(rows: Sequence[Row], sets: Subsets) -> None:
    """Print how well texts are told whose links and names are masked."""
    if (drawn := sets.get("en_20")) and (outcome := measure(drawn, Model(masked(rows)))):
        print(_line("en_20, links and names masked", drawn, outcome), flush=True)


def _line(name: str, drawn: Sequence[tuple[str, ...]], outcome: Outcome) -> str:
    return (
        f"| {name} | {len(drawn)} | {outcome.texts:,} | {100 * outcome.top_1:.1f} "
        f"| {outcome.log_loss:.3f} | {outcome.calibration_error:.3f} |"
    )


def print_baselines(rows: Sequence[Row], sets: Subsets) -> None:
    """Print the same table for what is usually done instead; it takes some minutes."""
    from benchmarks.baselines import NAMES, Baselines

    baselines = Baselines(rows)
    print("\nFitted for each set of authors, top-1 % (log-loss):\n")
    print(f"| set | {' | '.join(NAMES.values())} |")
    print("| --- " * (1 + len(NAMES)) + "|")
    for name, drawn in sets.items():
        cells = []
        for kind in NAMES:
            score = baselines.measure(kind, drawn)
            loss = f" ({score.log_loss:.3f})" if score and score.log_loss is not None else ""
            cells.append(f"{100 * score.top_1:.1f}{loss}" if score else "-")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="accuracy", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--pairs", type=int, default=200, help="English pairs (200)")
    parser.add_argument("--fives", type=int, default=40, help="English sets of five (40)")
    parser.add_argument("--twenties", type=int, default=3, help="English sets of twenty (3)")
    parser.add_argument("--seed", type=int, default=7, help="of the random author sets (7)")
    parser.add_argument("--only-ours", action="store_true", help="without the baselines")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())

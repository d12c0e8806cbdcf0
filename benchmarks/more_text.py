"""How many undecided answers are decided by the text that they ask for.

`python -m benchmarks.more_text FILE.jsonl` reads posts as `benchmarks.open_question` does. In sites
of one, three and five of the authors, all named, messages by them and by as many strangers are
asked about: the first one, the first five, and up to twenty. The first table has the shipped
curves; the second has curves that are fitted to the sites of one half of the authors and tried on
those of the other half, both ways. `--words 8` cuts every post.
"""

import argparse
import os
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from benchmarks.open_trials import Author, fitted, read_authors
from saywho.engine.case import Case
from saywho.engine.features import CHARACTERS
from saywho.engine.judgement import UNFAMILIAR, judge
from saywho.engine.measured_rates import MANY_HERE, Curve, gap_of, measured_curves
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors

SITES: Final = (1, 3, 5)
DRAWS: Final = 10
STEPS: Final = (1, 2, 3, 5, 8, 12, 20)
"""Numbers of messages that are asked about."""
ASKED_AFTER: Final = (1, 5)
SEQUENCES: Final = 3
"""Of each author of a site; of all strangers together as many as of all its authors."""
PROMISED: Final = 0.8


class Undecided(NamedTuple):
    """A case that was undecided, and what became of it with more text."""

    lang: str
    messages: int
    features: float
    named: int
    here: int
    gap: float
    later: dict[int, tuple[bool, bool, bool]]
    """By number of messages: whether it is decided, likely, and likely for the right author."""


def sequences(authors: Mapping[str, Author], seed: int) -> Iterator[Undecided]:
    """Yield the undecided cases of sites of these authors, of one language."""
    chance, shipped = random.Random(seed), shipped_authors()
    profiles = {name: profile_of(each.known) for name, each in authors.items()}
    for size in SITES:
        for _ in range(DRAWS if size < len(authors) else 0):
            here = chance.sample(sorted(authors), size)
            corpus = fitted(authors, profiles, here, shipped)
            away = [name for name in sorted(authors) if name not in here]
            writers = here * SEQUENCES + chance.choices(away, k=size * SEQUENCES)
            for writer in writers:
                asked = authors[writer].asked
                if len(asked) < STEPS[-1]:
                    continue
                texts = chance.sample(asked, STEPS[-1])
                named = sorted(here, key=writer.__ne__)
                cases = {step: corpus.case(texts[:step], named) for step in STEPS}
                yield from _undecided(authors[writer].lang, cases, is_own=writer in here)


def _undecided(lang: str, cases: Mapping[int, Case], *, is_own: bool) -> Iterator[Undecided]:
    found = {step: judge(case) for step, case in cases.items()}
    for step in ASKED_AFTER:
        now, case = found[step], cases[step]
        if now.verdict != "close" or now.none is None:
            continue
        likely = (1 - now.none) * float(case.ranking.probabilities.max())
        later = {}
        for more in STEPS:
            then = found[more]
            is_likely = then.verdict == "likely"
            is_right = is_likely and is_own and then.order[0] == 0
            later[more] = (then.verdict in {"likely", "unfamiliar"}, is_likely, is_right)
        yield Undecided(
            lang,
            step,
            float(case.ranking.query.widths[CHARACTERS]),
            case.compared,
            case.compared,
            gap_of(likely, now.needed, now.none, UNFAMILIAR),
            later,
        )


def _terms(case: Undecided, messages: int) -> list[float]:
    """Return what the constants of a curve are multiplied by."""
    length, times = np.log(max(case.features, 10.0) / 100), np.log(messages / case.messages)
    is_one, is_many = case.named == 1, case.here >= MANY_HERE
    terms = [1, times, -case.gap, length, length * times, -np.log(case.named), -is_one, is_many]
    return [float(term) for term in terms]


def fit(cases: Sequence[Undecided]) -> Curve:
    """Return the curve that fits the cases: logistic regression, by Newton's steps."""
    steps = [(case, more) for case in cases for more in STEPS if more > case.messages]
    terms = np.array([_terms(case, more) for case, more in steps])
    decided = np.array([case.later[more][0] for case, more in steps], np.float64)
    constants: NDArray[np.float64] = np.zeros(terms.shape[1])
    for _ in range(30):
        shares = 1 / (1 + np.exp(-terms @ constants))
        # A little is added to what cannot be told apart, such as sites without many authors.
        slope = terms.T @ (terms * (shares * (1 - shares))[:, None]) + np.eye(terms.shape[1])
        constants += np.linalg.solve(slope, terms.T @ (decided - shares) - constants)
    return Curve(*constants.tolist())


def _promised(case: Undecided, curve: Curve) -> int | None:
    """Return the number of messages that decide eight of ten such cases, if it was asked about."""
    for more in STEPS:
        if more > case.messages:
            terms = np.array(_terms(case, more))
            constants = [getattr(curve, name) for name in Curve.__struct_fields__]
            if 1 / (1 + np.exp(-terms @ constants)) >= PROMISED:
                return more
    return None


def print_row(lang: str, label: str, cases: Sequence[tuple[Undecided, Curve]]) -> None:
    """Print how many cases keep what their curves promise."""
    promised = [(case, more) for case, curve in cases if (more := _promised(case, curve))]
    if not promised:
        return
    kept = np.mean([case.later[more][0] for case, more in promised])
    likely = [case.later[more] for case, more in promised if case.later[more][1]]
    right = np.mean([is_right for _, _, is_right in likely]) if likely else np.nan
    doubled = [case.later[2][0] for case, _ in cases if case.messages == 1]
    print(
        f"| {lang} | {label} | {len(cases)} | {len(promised)} | {kept:.0%} | {right:.0%} "
        f"| {np.mean(doubled):.0%} |",
        flush=True,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; return 2 with one line where the file cannot be used."""
    parser = argparse.ArgumentParser(prog="more_text", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--words", type=int, metavar="N", help="cut every post to so many words")
    options = parser.parse_args(argv)
    try:
        authors = read_authors(options.file, options.words)
    except (OSError, ValueError) as error:
        print(f"more_text: {options.file}: {error}", file=sys.stderr)
        return 2
    print("| language | curve | undecided | promised | decided | right if likely | by twice |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for lang in sorted({each.lang for each in authors.values()}):
        names = sorted(name for name, each in authors.items() if each.lang == lang)
        random.Random(5).shuffle(names)
        sides = [{name: authors[name] for name in names[side::2]} for side in (0, 1)]
        halves = [list(sequences(side, seed)) for seed, side in enumerate(sides)]
        shipped = measured_curves().curves[lang]
        print_row(lang, "shipped", [(case, shipped) for half in halves for case in half])
        if all(halves):
            curves = [fit(half) for half in reversed(halves)]
            pairs = zip(halves, curves, strict=True)
            crossed = [(case, curve) for half, curve in pairs for case in half]
            print_row(lang, "of the other half", crossed)
    return 0


if __name__ == "__main__":
    sys.exit(main())

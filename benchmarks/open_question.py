"""How often a text by somebody else is given to one of the authors named, and how often the right
author is found.

`python -m benchmarks.open_question FILE.jsonl` reads JSON lines of {author or username, text,
split, lang}. Whole authors are left out, a quarter of each language at a time, each as often as
`--rounds` says: `test` posts by them are the strangers' texts, and those by the authors named the
others. What answers is what the program does, fitted to the posts with split `train`. `--write`
writes the tables into docs/attribution.md, and the rates of strangers into
app/compute/strangers.py.
"""

import argparse
import os
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from app.compute.calibration import calibration_error
from app.compute.fitting import Corpus, fit
from app.compute.judgement import judge, query_of_texts
from app.compute.quotations import own_words
from app.compute.strangers import LENGTHS, SUSPECTS, length_place
from app.compute.text import has_words, word_count
from benchmarks.accuracy_data import read_rows

DOCS: Final = Path(__file__).parents[1] / "docs" / "attribution.md"
RATES: Final = Path(__file__).parents[1] / "app" / "compute" / "strangers.py"
QUARTERS: Final = 4
FEWEST_HERE: Final = 3
"""Authors of a language who must be left."""
SHAPES: Final = ((1, False), (5, False), (5, True), (20, False), (20, True))
"""Posts by one hand, and whether they are joined into one text."""
TABLED: Final = (2, 3, 5)
"""Suspects whose trials the first table joins."""
FEWEST_TRIALS: Final = 100
"""Of fewer trials no rate of strangers is written."""


@dataclass(frozen=True, slots=True)
class Author:
    lang: str
    known: list[str]
    asked: list[str]
    """Posts with enough words."""


class Trial(NamedTuple):
    """What was answered to a text by somebody who is here, or by a stranger."""

    lang: str
    shape: tuple[int, bool]
    suspects: int
    is_stranger: bool
    words: int
    verdict: str
    none: float
    is_right: bool
    """Whether the right author is the likeliest."""


def read_authors(path: Path) -> dict[str, Author]:
    """Return the authors of a file. Raises OSError and ValueError."""
    authors: dict[str, Author] = {}
    for row in read_rows(path):
        author = authors.setdefault(row.author, Author(row.lang, [], []))
        if not row.is_test:
            author.known.append(row.text)
        elif has_words(own_words(row.text)):
            author.asked.append(row.text)
    return authors


def trials(authors: Mapping[str, Author], rounds: int, number: int) -> Iterator[Trial]:
    """Yield the answers to so many texts of each kind in each installation."""
    for turn in range(rounds):
        chance = random.Random(turn)
        for gone in _quarters(authors, chance):
            here = {name: each for name, each in authors.items() if name not in gone}
            corpus = fit(
                {name: each.known for name, each in here.items()},
                {name: each.lang for name, each in here.items()},
                seed=turn,
            )
            for lang in sorted({each.lang for each in here.values()}):
                present = [name for name, each in here.items() if each.lang == lang]
                away = [name for name in sorted(gone) if authors[name].lang == lang]
                if len(present) >= FEWEST_HERE and away:
                    yield from _asked(authors, corpus, lang, present, away, number, chance)


def _quarters(authors: Mapping[str, Author], chance: random.Random) -> list[set[str]]:
    quarters: list[set[str]] = [set() for _ in range(QUARTERS)]
    for lang in sorted({each.lang for each in authors.values()}):
        names = sorted(name for name, each in authors.items() if each.lang == lang)
        chance.shuffle(names)
        for place, name in enumerate(names):
            quarters[place % QUARTERS].add(name)
    return quarters


def _asked(
    authors: Mapping[str, Author],
    corpus: Corpus,
    lang: str,
    present: Sequence[str],
    away: Sequence[str],
    number: int,
    chance: random.Random,
) -> Iterator[Trial]:
    for shape in SHAPES:
        posts, is_joined = shape
        for is_stranger in (True, False):
            for _ in range(number):
                writer = chance.choice(away if is_stranger else present)
                if len(authors[writer].asked) < posts:
                    continue
                texts = chance.sample(authors[writer].asked, posts)
                texts = ["\n".join(texts)] if is_joined else texts
                words = sum(word_count(own_words(text)) for text in texts)
                query = query_of_texts(texts)
                own = [] if is_stranger else [writer]
                rest = [name for name in present if name not in own]
                for suspects in SUSPECTS:
                    if suspects > len(present):
                        continue
                    named = own + chance.sample(rest, suspects - len(own))
                    found = judge(corpus.case(texts, named, query))
                    if found.none is not None:
                        is_right = not is_stranger and found.order[0] == 0
                        answer = found.verdict, found.none, is_right
                        yield Trial(lang, shape, suspects, is_stranger, words, *answer)


def print_tables(found: Sequence[Trial]) -> str:
    """Return the tables in Markdown."""
    lines = [
        "| language | texts | suspects | strangers likely | right likely | wrong likely "
        "| `none`: ECE | log-loss |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    cells: dict[tuple[str, tuple[int, bool]], list[Trial]] = defaultdict(list)
    for trial in found:
        cells[trial.lang, trial.shape].append(trial)
    for (lang, shape), some in sorted(cells.items()):
        tabled = [trial for trial in some if trial.suspects in TABLED]
        sizes = sorted({trial.suspects for trial in tabled})
        label = f"{sizes[0]} to {sizes[-1]}"
        lines.append(f"| {lang} | {_named(shape)} | {label} | {_figures(tabled)} |")
        if shape == SHAPES[0]:
            for size in SUSPECTS:
                of_size = [trial for trial in some if trial.suspects == size]
                if of_size:
                    lines.append(f"| {lang} | {_named(shape)} | {size} | {_figures(of_size)} |")
    lines += ["", "| language | texts | C_llr of one author |", "| --- | --- | --- |"]
    for (lang, shape), some in sorted(cells.items()):
        loss = _log_loss([trial for trial in some if trial.suspects == 1])
        lines.append(f"| {lang} | {_named(shape)} | {loss / np.log(2):.3f} |")
    return "\n".join(lines)


def _named(shape: tuple[int, bool]) -> str:
    posts, is_joined = shape
    return "1 post" if posts == 1 else f"{posts} posts" + (" as one text" if is_joined else "")


def _figures(some: Sequence[Trial]) -> str:
    strangers = [trial for trial in some if trial.is_stranger]
    own = [trial for trial in some if not trial.is_stranger]
    likely = [trial for trial in own if trial.verdict == "likely"]
    right = sum(trial.is_right for trial in likely)
    shares = (
        sum(trial.verdict == "likely" for trial in strangers) / len(strangers),
        right / len(own),
        (len(likely) - right) / len(own),
    )
    error = calibration_error(
        np.array([trial.none for trial in some]), np.array([trial.is_stranger for trial in some])
    )
    percents = " | ".join(f"{100 * share:.1f} %" for share in shares)
    return f"{percents} | {error:.3f} | {_log_loss(some):.3f}"


def _log_loss(some: Sequence[Trial]) -> float:
    """Return the surprise at whether it was a stranger, in nats; half are strangers."""
    sides = []
    for is_stranger in (True, False):
        own = [trial.none for trial in some if trial.is_stranger == is_stranger]
        true = np.array(own) if is_stranger else 1 - np.array(own)
        sides.append(-np.log(np.maximum(true, 1e-9)).mean())
    return float(np.mean(sides))


def stranger_rates(found: Sequence[Trial]) -> dict[tuple[str, int], list[float | None]]:
    """Return the share of strangers' texts called likely, by language, suspects and length."""
    rates: dict[tuple[str, int], list[float | None]] = {}
    for lang in sorted({trial.lang for trial in found}):
        for suspects in SUSPECTS:
            own = [
                trial
                for trial in found
                if trial.is_stranger and (trial.lang, trial.suspects) == (lang, suspects)
            ]
            row: list[float | None] = []
            for place in range(len(LENGTHS)):
                some = [trial for trial in own if length_place(trial.words) == place]
                likely = sum(trial.verdict == "likely" for trial in some)
                row.append(round(likely / len(some), 3) if len(some) >= FEWEST_TRIALS else None)
            if any(rate is not None for rate in row):
                rates[lang, suspects] = row
    return rates


def replaced(path: Path, begin: str, end: str, content: str) -> None:
    """Replace what stands between two lines of a file."""
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{path} has no {begin}")
    path.write_text(pattern.sub(lambda m: f"{m[1]}{content}\n{m[2]}", text), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return 0, or 2 with one line where the file cannot be used."""
    options = _options(argv)
    try:
        authors = read_authors(options.file)
        found = list(trials(authors, options.rounds, options.trials))
        if not found:
            raise ValueError("needs four authors of one language")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"open_question: {options.file}: {reason}", file=sys.stderr)
        return 2
    tables = print_tables(found)
    print(tables)
    rates = stranger_rates(found)
    rows = "\n".join(f"    {key!r}: {tuple(row)!r}," for key, row in rates.items())
    rows = rows.replace("'", '"')
    print(f"\n{rows}")
    if options.write:
        replaced(DOCS, "<!-- open question -->", "<!-- end -->", tables)
        replaced(RATES, "    # Written by benchmarks.open_question.", "}", rows)
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="open_question", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--rounds", type=int, default=2, help="times each author is left out (2)")
    parser.add_argument("--trials", type=int, default=300, help="texts of each kind (300)")
    parser.add_argument("--write", action="store_true", help="write the tables into the project")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())

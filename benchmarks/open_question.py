"""How often a text by somebody else is given to one of the authors named, and how often the right
author is found.

`python -m benchmarks.open_question FILE.jsonl` reads JSON lines of {author or username, text,
split, lang}. Whole authors are left out, a quarter of each language at a time, each as often as
`--rounds` says: `test` posts by them are the strangers' texts, and those by the authors named the
others. Every post is asked about alone, and in sets of five and twenty that are drawn at random.
What answers is what the program does, fitted to the posts with split `train`. `--write` writes
the tables into docs/attribution.md, their sentence into the READMEs, and the rates of
strangers into app/compute/judgement.py. With `--words 8` every post is cut to its
first eight words, as short as a message in a chat: a table of its own.
"""

import argparse
import os
import random
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from app.compute.case import query_of_texts
from app.compute.fitting import Corpus, fit_profiles
from app.compute.judgement import LENGTHS, judge, length_place
from app.compute.profiles import profile_of
from app.compute.text import has_words, own_words, word_count
from benchmarks.accuracy_data import read_rows

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs" / "attribution.md"
READMES: Final = (ROOT / "README.md", ROOT / "README.ko.md")
MARKS: Final = ("<!-- open question -->", "<!-- end -->")
SHORT_MARKS: Final = ("<!-- short messages -->", "<!-- end -->")
RATES: Final = ROOT / "app" / "compute" / "judgement.py"
QUARTERS: Final = 4
FEWEST_HERE: Final = 3
"""Authors of a language who must be left."""
SHAPES: Final = ((1, False), (5, False), (5, True), (20, False), (20, True))
"""Posts by one hand, and whether they are joined into one text."""
SUSPECTS: Final = (1, 2, 3, 5, 10, 20)
"""Numbers of named authors that are tried."""
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


def read_authors(path: Path, words: int | None = None) -> dict[str, Author]:
    """Return the authors of a file, whose posts are cut to so many words.

    Raises OSError and ValueError.
    """
    authors: dict[str, Author] = {}
    for row in read_rows(path):
        author = authors.setdefault(row.author, Author(row.lang, [], []))
        text = " ".join(row.text.split()[:words]) if words else row.text
        if not row.is_test:
            author.known.append(text)
        elif has_words(own_words(text)):
            author.asked.append(text)
    return authors


def trials(authors: Mapping[str, Author], rounds: int, shuffles: int) -> Iterator[Trial]:
    """Yield the answers to the texts of everybody in each installation."""
    for turn in range(rounds):
        chance = random.Random(turn)
        for gone in _quarters(authors, chance):
            here = {name: each for name, each in authors.items() if name not in gone}
            corpus = fit_profiles(
                {name: profile_of(each.known) for name, each in here.items()},
                {name: each.known for name, each in here.items()},
                {name: each.lang for name, each in here.items()},
                seed=turn,
            )
            for lang in sorted({each.lang for each in here.values()}):
                present = [name for name, each in here.items() if each.lang == lang]
                everybody = [name for name in sorted(authors) if authors[name].lang == lang]
                if FEWEST_HERE <= len(present) < len(everybody):
                    for writer in everybody:
                        for shape, texts in _texts(authors[writer], shuffles, chance):
                            yield from _asked(corpus, lang, shape, texts, writer, present, chance)


def _quarters(authors: Mapping[str, Author], chance: random.Random) -> list[set[str]]:
    quarters: list[set[str]] = [set() for _ in range(QUARTERS)]
    for lang in sorted({each.lang for each in authors.values()}):
        names = sorted(name for name, each in authors.items() if each.lang == lang)
        chance.shuffle(names)
        for place, name in enumerate(names):
            quarters[place % QUARTERS].add(name)
    return quarters


def _texts(
    author: Author, shuffles: int, chance: random.Random
) -> Iterator[tuple[tuple[int, bool], list[str]]]:
    """Yield texts by one hand of each shape."""
    for posts, is_joined in SHAPES:
        for _ in range(1 if posts == 1 else shuffles):
            shuffled = chance.sample(author.asked, len(author.asked))
            for start in range(0, len(shuffled) - posts + 1, posts):
                texts = shuffled[start : start + posts]
                yield (posts, is_joined), ["\n".join(texts)] if is_joined else texts


def _asked(
    corpus: Corpus,
    lang: str,
    shape: tuple[int, bool],
    texts: Sequence[str],
    writer: str,
    present: Sequence[str],
    chance: random.Random,
) -> Iterator[Trial]:
    query = query_of_texts(texts)
    words = sum(word_count(own_words(text)) for text in texts)
    own = [writer] if writer in present else []
    rest = [name for name in present if name != writer]
    for suspects in SUSPECTS:
        if suspects > len(present):
            continue
        named = own + chance.sample(rest, suspects - len(own))
        case = corpus.case(texts, named)
        found = judge(replace(case, known_ranking=case.rank(query)))
        if found.none is not None:
            is_right = bool(own) and found.order[0] == 0
            answer = found.verdict, found.none, is_right
            yield Trial(lang, shape, suspects, not own, words, *answer)


def print_shares(found: Sequence[Trial], *, is_brief: bool) -> str:
    """Return the table of who is called likely, in Markdown; in brief without single sizes."""
    lines = [
        "| language | texts | suspects | strangers likely | right likely | wrong likely "
        "| `none`: ECE | log-loss |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (lang, shape), some in _by_shape(found):
        tabled = [trial for trial in some if trial.suspects in TABLED]
        sizes = sorted({trial.suspects for trial in tabled})
        label = f"{sizes[0]} to {sizes[-1]}"
        lines.append(f"| {lang} | {_named(shape)} | {label} | {_figures(tabled)} |")
        if shape == SHAPES[0] and not is_brief:
            for size in SUSPECTS:
                of_size = [trial for trial in some if trial.suspects == size]
                if of_size:
                    lines.append(f"| {lang} | {_named(shape)} | {size} | {_figures(of_size)} |")
    return "\n".join(lines)


def print_costs(found: Sequence[Trial]) -> str:
    """Return the table of the costs of one author's ratio, in Markdown."""
    lines = ["| language | texts | C_llr of one author |", "| --- | --- | --- |"]
    for (lang, shape), some in _by_shape(found):
        loss = _log_loss([trial for trial in some if trial.suspects == 1])
        lines.append(f"| {lang} | {_named(shape)} | {loss / np.log(2):.3f} |")
    return "\n".join(lines)


def _by_shape(found: Sequence[Trial]) -> list[tuple[tuple[str, tuple[int, bool]], list[Trial]]]:
    cells: dict[tuple[str, tuple[int, bool]], list[Trial]] = defaultdict(list)
    for trial in found:
        cells[trial.lang, trial.shape].append(trial)
    return sorted(cells.items())


def _named(shape: tuple[int, bool]) -> str:
    posts, is_joined = shape
    return "1 post" if posts == 1 else f"{posts} posts" + (" as one text" if is_joined else "")


def _figures(some: Sequence[Trial]) -> str:
    percents = " | ".join(f"{100 * share:.1f} %" for share in _likely_shares(some))
    return f"{percents} | {_calibration_error(some):.3f} | {_log_loss(some):.3f}"


def _likely_shares(some: Sequence[Trial]) -> tuple[float, float, float]:
    """Return how often strangers, the right and a wrong author are called likely."""
    strangers = [trial for trial in some if trial.is_stranger]
    own = [trial for trial in some if not trial.is_stranger]
    likely = [trial for trial in own if trial.verdict == "likely"]
    right = sum(trial.is_right for trial in likely)
    return (
        sum(trial.verdict == "likely" for trial in strangers) / len(strangers),
        right / len(own),
        (len(likely) - right) / len(own),
    )


def _calibration_error(some: Sequence[Trial]) -> float:
    """Return how far `none` is from what came true, by tenths; half are strangers."""
    none = np.array([trial.none for trial in some])
    is_stranger = np.array([trial.is_stranger for trial in some])
    weights = 0.5 / np.where(is_stranger, is_stranger.sum(), (~is_stranger).sum())
    errors = np.bincount(np.minimum(none * 10, 9).astype(int), weights * (none - is_stranger))
    return float(np.abs(errors).sum())


def shares_in_brief(found: Sequence[Trial]) -> list[str]:
    """Return what the READMEs say of each language: of one and five posts, strangers and right."""
    brief = []
    for lang in ("en", "ko"):
        shares = [
            _likely_shares([t for t in found if (t.lang, t.shape) == (lang, shape)])
            for shape in SHAPES[:2]
        ]
        brief += [f"{100 * each[place]:.0f} %" for place in (0, 1) for each in shares]
    return brief


def _log_loss(some: Sequence[Trial]) -> float:
    """Return the surprise at whether it was a stranger, in nats; half are strangers."""
    sides = []
    for is_stranger in (True, False):
        own = [trial.none for trial in some if trial.is_stranger == is_stranger]
        true = np.array(own) if is_stranger else 1 - np.array(own)
        sides.append(-np.log(np.maximum(true, 1e-9)).mean())
    return float(np.mean(sides))


def stranger_rates(found: Sequence[Trial]) -> dict[tuple[str, int], list[float]]:
    """Return the share of strangers' texts called likely, by language, suspects and length.

    Where too few texts of a length were tried, that of the next shorter holds.
    """
    rates: dict[tuple[str, int], list[float]] = {}
    for lang in sorted({trial.lang for trial in found}):
        for suspects in SUSPECTS:
            own = [
                trial
                for trial in found
                if trial.is_stranger and (trial.lang, trial.suspects) == (lang, suspects)
            ]
            row: list[float] = []
            for place in range(len(LENGTHS)):
                some = [trial for trial in own if length_place(trial.words) == place]
                likely = sum(trial.verdict == "likely" for trial in some)
                if len(some) >= FEWEST_TRIALS:
                    row.append(round(likely / len(some), 3))
                else:
                    row += row[-1:]
            if len(row) == len(LENGTHS):
                rates[lang, suspects] = row
    return rates


def rewrite(path: Path, begin: str, end: str, change: Callable[[str], str]) -> None:
    """Change what stands between two marks of a file."""
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(f"({re.escape(begin)})(.*?)({re.escape(end)})", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{path} has no {begin}")
    path.write_text(pattern.sub(lambda m: f"{m[1]}{change(m[2])}{m[3]}", text), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return 0, or 2 with one line where the file cannot be used."""
    options = _options(argv)
    try:
        authors = read_authors(options.file, options.words)
        found = list(trials(authors, options.rounds, options.shuffles))
        if not found:
            raise ValueError("needs four authors of one language")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"open_question: {options.file}: {reason}", file=sys.stderr)
        return 2
    tables = print_shares(found, is_brief=options.words is not None)
    if options.words is not None:
        print(tables)
        if options.write:
            rewrite(DOCS, *SHORT_MARKS, lambda _: f"\n{tables}\n")
        return 0
    tables += f"\n\n{print_costs(found)}"
    print(tables)
    rates = stranger_rates(found)
    rows = "\n".join(f"    {key!r}: {tuple(row)!r}," for key, row in rates.items())
    rows = rows.replace("'", '"')
    print(f"\n{rows}")
    if options.write:
        rewrite(DOCS, *MARKS, lambda _: f"\n{tables}\n")
        rewrite(RATES, "    # Written by benchmarks.open_question.", "}", lambda _: f"\n{rows}\n")
        brief = shares_in_brief([trial for trial in found if trial.suspects in TABLED])
        for path in READMES:
            rewrite(path, *MARKS, lambda text: re.sub(r"\d+ %", "{}", text).format(*brief))
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="open_question", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--rounds", type=int, default=2, help="times each author is left out (2)")
    parser.add_argument("--shuffles", type=int, default=3, help="divisions into sets of posts (3)")
    parser.add_argument("--words", type=int, metavar="N", help="cut every post to so many words")
    parser.add_argument("--write", action="store_true", help="write the tables into the project")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())

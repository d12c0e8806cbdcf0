"""How often a text by somebody else is given to one of the authors named, and how often the right
author is found.

`python -m benchmarks.open_question FILE.jsonl` reads JSON lines of {author or username, text,
split, lang}. Whole authors are left out, a quarter of each language at a time, each as often as
`--rounds` says: `test` posts by them are the strangers' texts, and those by the authors named the
others. Every fourth post is asked about alone, and sets of five and twenty of these, drawn at
random. What answers is what the program does, fitted to the posts with split `train`, beside the
authors that come with it. Then small installations are tried, of one, two, three and five of the
authors, with all their posts, and again with 25 to 100 posts of each.

Installations are drawn by chance and tried by a process for each core. Behind ± stands the half of
the 95 % interval of a share: the larger one of installations drawn again and writers drawn again.
Under the tables stands how many draws whole per cents need.
`--write` writes the tables into docs/measurements.md, their figures into the READMEs, and the
rates of strangers into saywho/engine/rates.json. With `--words 8` every post is cut to its
first eight words, as short as a message in a chat: a table of its own.
"""

import argparse
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from math import ceil
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks import machine, open_trials
from benchmarks.open_rates import write_rates
from benchmarks.verification import Answers, c_at_1, cost, equal_error_rate, f_05_u, least_cost
from saywho.engine.judgement import GRANTED_WORDS
from saywho.engine.population import Shipped
from saywho.engine.profiles import AuthorProfile
from saywho.population import shipped_authors

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs" / "measurements.md"
READMES: Final = (ROOT / "README.md", ROOT / "README.ko.md")
MARKS: Final = ("<!-- open question -->", "<!-- end -->")
SITE_MARKS: Final = ("<!-- small sites -->", "<!-- end -->")
FEW_MARKS: Final = ("<!-- few posts -->", "<!-- end -->")
SHORT_MARKS: Final = ("<!-- short messages -->", "<!-- end -->")
TABLED: Final = (2, 3, 5)
"""Suspects whose trials the first table joins."""
HERE: Final = "author here"
SURE_95: Final = 1.96
"""Standard errors in half of an interval of 95 %."""
WHOLE: Final = 0.005
"""Half of a per cent: a share that is as sure can be told in whole per cents."""


def print_shares(found: Sequence[open_trials.Trial]) -> str:
    """Return the table of who is called likely by large installations, in Markdown."""
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
    return "\n".join(lines)


def print_sizes(found: Sequence[open_trials.Trial], sizes: Sequence[int], named: str) -> str:
    """Return the table of strangers and right authors by how many are asked about, in Markdown."""
    first, *rest = sizes
    titles = " | ".join([f"{first} {named}", *map(str, rest)])
    lines = [f"| in 100: strangers, right authors | {titles} |", "| --- |" + " --- |" * len(sizes)]
    for (lang, shape), some in _by_shape(found):
        by_size = [[trial for trial in some if trial.suspects == size] for size in sizes]
        cells = " | ".join(_strangers_and_right(trials) if trials else "" for trials in by_size)
        lines.append(f"| {lang}, {_named(shape)} | {cells} |")
    return "\n".join(lines)


def _strangers_and_right(trials: Sequence[open_trials.Trial]) -> str:
    shares = _likely_shares(trials)[:2]
    return ", ".join(_percent(share).removesuffix(" %") for share in shares)


def print_costs(found: Sequence[open_trials.Trial]) -> str:
    """Return the table of one author's answers by the measures of the field, in Markdown."""
    lines = [
        "| language | texts | EER | C_llr of one author | its minimum | c@1 | F0.5u |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (lang, shape), some in _by_shape(found):
        if shape not in open_trials.SHAPES[:2]:
            continue
        alone = [trial for trial in some if trial.suspects == 1]
        answers = Answers(
            1 - np.array([trial.none for trial in alone]),
            np.array([not trial.is_stranger for trial in alone]),
            [trial.verdict for trial in alone],
        )
        costs = [cost(answers.scores, answers), least_cost(answers)]
        shares = [*costs, c_at_1(answers), f_05_u(answers)]
        figures = " | ".join(f"{share:.3f}" for share in shares)
        error = f"{100 * equal_error_rate(answers):.1f} %"
        lines.append(f"| {lang} | {_named(shape)} | {error} | {figures} |")
    return "\n".join(lines)


def print_granted(found: Mapping[str, Sequence[open_trials.Trial]]) -> str:
    """Return the table of one text, where one of those named is granted to be its author: how often
    the first is right, is likely, and is right if likely.
    """
    kinds = {"large": "many authors", "small": "two to five authors", "few": "25 to 100 posts each"}
    lines = ["| language | authors here | texts | first right | likely | likely and right |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for lang, kind in ((lang, kind) for lang in ("en", "ko") for kind in kinds):
        asked = [
            trial
            for trial in found[kind]
            if (trial.lang, trial.shape) == (lang, open_trials.SHAPES[0])
            and trial.granted
            and trial.words >= GRANTED_WORDS
        ]
        likely = [trial for trial in asked if trial.granted == "likely"]
        if likely:
            shares = (
                share_of(asked, [trial.is_right for trial in asked]),
                share_of(asked, [trial.granted == "likely" for trial in asked]),
                share_of(likely, [trial.is_right for trial in likely]),
            )
            told = " | ".join(map(_percent, shares))
            lines.append(f"| {lang} | {kinds[kind]} | {len(asked):,} | {told} |")
    return "\n".join(lines)


def _by_shape(
    found: Sequence[open_trials.Trial],
) -> list[tuple[tuple[str, tuple[int, bool]], list[open_trials.Trial]]]:
    cells: dict[tuple[str, tuple[int, bool]], list[open_trials.Trial]] = defaultdict(list)
    for trial in found:
        cells[trial.lang, trial.shape].append(trial)
    return sorted(cells.items())


def _named(shape: tuple[int, bool]) -> str:
    posts, is_joined = shape
    return "1 post" if posts == 1 else f"{posts} posts" + (" as one text" if is_joined else "")


def _figures(some: Sequence[open_trials.Trial]) -> str:
    percents = " | ".join(map(_percent, _likely_shares(some)))
    return f"{percents} | {_calibration_error(some):.3f} | {_log_loss(some):.3f}"


class Share(NamedTuple):
    """A share, half of its interval, and the number of draws that tell it in whole per cents."""

    value: float
    error: float
    draws: int


def _percent(share: Share) -> str:
    """Return a share with the digits that its interval allows; of none or all, nothing is known."""
    if not 0 < share.value < 1:
        return f"{100 * share.value:.0f} %"
    digits = 1 if share.error < 2 * WHOLE else 0
    return f"{100 * share.value:.{digits}f} ± {100 * share.error:.{digits}f} %"


def share_of(trials: Sequence[open_trials.Trial], hits: Sequence[bool]) -> Share:
    """Return the share of trials that are hits: (n,)."""
    value = float(np.mean(hits))
    off = np.array(hits) - value
    drawn = _error(off, [trial.draw for trial in trials])
    draws = len({trial.draw for trial in trials})
    by_writer = _error(off, [trial.writer for trial in trials])
    return Share(value, max(drawn, by_writer), ceil(draws * (drawn / WHOLE) ** 2))


def _error(off: np.ndarray, groups: Sequence[Hashable]) -> float:
    """Return half of the interval of a mean if whole groups are drawn again; 0 for one group.

    off: how far each is from the mean, (n,).
    """
    sums: dict[Hashable, float] = defaultdict(float)
    for group, each in zip(groups, off.tolist(), strict=True):
        sums[group] += each
    count = len(sums)
    spread = sum(each**2 for each in sums.values()) * count / max(count - 1, 1)
    return SURE_95 * float(np.sqrt(spread)) / off.size if count > 1 else 0.0


def _likely_shares(some: Sequence[open_trials.Trial]) -> tuple[Share, Share, Share]:
    """Return how often strangers, the right and a wrong author are called likely."""
    strangers = [trial for trial in some if trial.is_stranger]
    own = [trial for trial in some if not trial.is_stranger]
    return (
        share_of(strangers, [trial.verdict == "likely" for trial in strangers]),
        share_of(own, [trial.verdict == "likely" and trial.is_right for trial in own]),
        share_of(own, [trial.verdict == "likely" and not trial.is_right for trial in own]),
    )


def print_needs(tables: Mapping[str, Sequence[Sequence[open_trials.Trial]]]) -> str:
    """Return how many draws each table was made of, and how many whole per cents need."""
    lines = []
    for name, rows in tables.items():
        made = sorted({len({trial.draw for trial in row}) for row in rows})
        shares = [_likely_shares(row) for row in rows]
        strangers, right = (max(each[place].draws for each in shares) for place in (0, 1))
        made_of = f"{made[0]} to {made[-1]}" if len(made) > 1 else f"{made[0]}"
        lines.append(
            f"{name}: {made_of} draws a row; whole per cents of every row need"
            f" {strangers:,} for strangers, {right:,} for right authors"
        )
    return "\n".join(lines)


def _calibration_error(some: Sequence[open_trials.Trial]) -> float:
    """Return how far `none` is from what came true, by tenths; half are strangers."""
    none = np.array([trial.none for trial in some])
    is_stranger = np.array([trial.is_stranger for trial in some])
    weights = 0.5 / np.where(is_stranger, is_stranger.sum(), (~is_stranger).sum())
    errors = np.bincount(np.minimum(none * 10, 9).astype(int), weights * (none - is_stranger))
    return float(np.abs(errors).sum())


def shares_in_brief(found: Sequence[open_trials.Trial]) -> list[str]:
    """Return what the READMEs say of each language: of one and five posts, strangers and right."""
    brief = []
    for lang in ("en", "ko"):
        shares = [
            _likely_shares([t for t in found if (t.lang, t.shape) == (lang, shape)])
            for shape in open_trials.SHAPES[:2]
        ]
        brief += [f"{100 * each[place].value:.0f} %" for place in (0, 1) for each in shares]
    return brief


def _log_loss(some: Sequence[open_trials.Trial]) -> float:
    """Return the surprise at whether it was a stranger, in nats; half are strangers."""
    sides = []
    for is_stranger in (True, False):
        own = [trial.none for trial in some if trial.is_stranger == is_stranger]
        true = np.array(own) if is_stranger else 1 - np.array(own)
        sides.append(-np.log(np.maximum(true, 1e-9)).mean())
    return float(np.mean(sides))


def rewrite(path: Path, begin: str, end: str, change: Callable[[str], str]) -> None:
    """Change what stands between two marks of a file."""
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(f"({re.escape(begin)})(.*?)({re.escape(end)})", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{path} has no {begin}")
    path.write_text(pattern.sub(lambda m: f"{m[1]}{change(m[2])}{m[3]}", text), encoding="utf-8")


class _Given(NamedTuple):
    """What all cells are made of, in each process."""

    authors: dict[str, open_trials.Author]
    asked: dict[str, open_trials.Author]
    profiles: dict[str, AuthorProfile]
    few: dict[str, open_trials.Author]
    few_profiles: dict[str, AuthorProfile]
    shipped: Shipped
    options: argparse.Namespace


_given: list[_Given] = []


def _begin(options: argparse.Namespace) -> None:
    authors = open_trials.read_authors(options.file, options.words)
    few = open_trials.of_few_posts(authors)
    asked = {name: each.thinned(options.every) for name, each in authors.items()}
    made = open_trials.profiles_of(authors), few, open_trials.profiles_of(few)
    _given[:] = [_Given(authors, asked, *made, shipped_authors(), options)]


def _answers_in(cell: open_trials.Cell) -> list[open_trials.Trial]:
    (given,) = _given
    options, shipped = given.options, given.shipped
    if cell.kind == "large":
        return list(
            open_trials.large_site(cell, given.asked, given.profiles, shipped, options.shuffles)
        )
    is_few = cell.kind == "few"
    authors = given.few if is_few else given.authors
    profiles = given.few_profiles if is_few else given.profiles
    return list(open_trials.small_site(cell, authors, profiles, shipped, options.draws))


def found_in(options: argparse.Namespace) -> dict[str, list[open_trials.Trial]]:
    """Return the trials of each kind. Raises OSError and ValueError."""
    authors = open_trials.read_authors(options.file, options.words)
    cells = [
        *open_trials.large_cells(options.rounds),
        *open_trials.small_cells(authors, options.draws),
    ]
    if options.words is None:
        cells += open_trials.small_cells(authors, options.draws, kind="few")
    found: dict[str, list[open_trials.Trial]] = {"large": [], "small": [], "few": []}
    with ProcessPoolExecutor(len(machine.cores()), initializer=_begin, initargs=(options,)) as pool:
        for cell, answers in zip(cells, pool.map(_answers_in, cells), strict=True):
            found[cell.kind] += answers
    if not found["large"]:
        raise ValueError("needs four authors of one language")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return 0, or 2 with one line where the file cannot be used."""
    options = _options(argv)
    try:
        found = found_in(options)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"open_question: {options.file}: {reason}", file=sys.stderr)
        return 2
    large, small, few = found.values()
    tables = print_shares(large)
    sites = print_sizes(
        [trial for trial in small if trial.site == trial.suspects], open_trials.SITES, HERE
    )
    needs = print_needs({name: _rows_of(some) for name, some in found.items() if _rows_of(some)})
    if options.words is not None:
        print(f"{tables}\n\n{sites}\n\n{print_granted(found)}\n\n{needs}")
        if options.write:
            rewrite(DOCS, *SHORT_MARKS, lambda _: f"\n{sites}\n")
        return 0
    single = [trial for trial in large if trial.shape == open_trials.SHAPES[0]]
    tables += f"\n\n{print_sizes(single, open_trials.SUSPECTS, 'suspect')}\n\n{print_costs(large)}"
    few_table = print_sizes(
        [each for each in few if each.site == each.suspects], open_trials.SITES, HERE
    )
    print(f"{tables}\n\n{sites}\n\n{few_table}\n\n{print_granted(found)}\n\n{needs}")
    if options.write:
        rewrite(DOCS, *MARKS, lambda _: f"\n{tables}\n")
        rewrite(DOCS, *SITE_MARKS, lambda _: f"\n{sites}\n")
        rewrite(DOCS, *FEW_MARKS, lambda _: f"\n{few_table}\n")
        write_rates([*large, *small, *few])
        brief = shares_in_brief([trial for trial in large if trial.suspects in TABLED])
        for path in READMES:
            rewrite(path, *MARKS, lambda text: re.sub(r"\d+ %", "{}", text).format(*brief))
    return 0


def _rows_of(some: Sequence[open_trials.Trial]) -> list[list[open_trials.Trial]]:
    """Return the trials of each row of one post, by number of suspects, whose sites were drawn."""
    rows: dict[tuple[str, int], list[open_trials.Trial]] = defaultdict(list)
    for trial in some:
        if trial.shape == open_trials.SHAPES[0] and trial.site in (0, trial.suspects):
            rows[trial.lang, trial.suspects].append(trial)
    return [
        row
        for row in rows.values()
        if not open_trials.is_few({trial.writer for trial in row})
        and len({trial.draw for trial in row}) > 1
    ]


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="open_question", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--rounds", type=int, default=2, help="times each author is left out (2)")
    parser.add_argument("--shuffles", type=int, default=1, help="divisions into sets of posts (1)")
    parser.add_argument(
        "--every", type=int, default=4, help="ask large sites about each such post (4)"
    )
    parser.add_argument(
        "--draws", type=int, default=open_trials.DRAWS, help="small sites of each size (14)"
    )
    parser.add_argument("--words", type=int, metavar="N", help="cut every post to so many words")
    parser.add_argument("--write", action="store_true", help="write the tables into the project")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())

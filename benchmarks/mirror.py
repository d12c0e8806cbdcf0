"""How far a mirrored draft still tells of its writer: `python -m benchmarks.mirror FILE.jsonl`.

Drafts are posts that are called likely for an author who is alone here. Each is changed by the
suggestions of the mirror, the first of them again and again, until a goal is reached. The changed
drafts are shown to the same program beside all other authors of their world, and to three other
programs that know these authors: character n-grams with logistic regression (with case) and with a
support vector machine (without), and words with their pairs.

A file with a `split` is one world; its authors are not shipped. Of the file of which the shipped
authors are made (`benchmarks.population`), each half is a world: an author alone here is compared
with all shipped authors but this one, and beside the others of the half with the other half.

The first table compares goals, leads in nats; the goal of the mirror is the largest with at most a
fifth of the drafts named by each other program that named them before. Last are the bars.
"""

import argparse
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from app.parts.mirror.acts import Rewrite, changed
from app.parts.mirror.reflection import GOAL, reflect
from benchmarks.open_trials import Author, fitted, read_authors, read_divided
from saywho.engine.fitting import Corpus
from saywho.engine.judgement import judge
from saywho.engine.population import Shipped
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors
from saywho.text import own_words, word_count

GOALS: Final = (0.6, 1.0, 1.2, GOAL, 2.0, 2.8)
STEPS: Final = 8
FEW_STEPS: Final = 5
FEWEST_WORDS: Final = 5


class World(NamedTuple):
    """Authors who are told apart, and the shipped ones with one of them, or with all, here."""

    authors: dict[str, Author]
    shipped: Shipped
    shipped_for: Callable[[str], Shipped]


class Step(NamedTuple):
    text: str
    lead: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Draft:
    author: str
    steps: list[Step]
    """The first is the draft as it was written."""
    named: list[dict[str, bool]] = field(default_factory=list)
    """For each step, whether each other program names its author first."""
    beside: list[tuple[bool, bool]] = field(default_factory=list)
    """For each step, whether it is likely beside all others, and its author the first of them."""

    def reached(self, goal: float) -> int | None:
        """Return the first step at or below a lead."""
        return next((n for n, step in enumerate(self.steps) if step.lead <= goal), None)

    def touched(self, place: int) -> float:
        """Return the share of the pieces between blanks that are not as they were."""
        before, after = (self.steps[n].text.split() for n in (0, place))
        blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        same = sum(block.size for block in blocks)
        return (len(before) - same + max(0, len(after) - len(before))) / len(before)


# --- Worlds ---


def worlds_of(path: Path, language: str) -> list[World]:
    if '"split"' in path.open(encoding="utf-8").readline():
        shipped = shipped_authors()
        authors = read_authors(path)
        here = {name: each for name, each in authors.items() if each.lang == language}
        return [World(here, shipped, lambda _: shipped)]
    everybody, shipped_without = read_divided(path, language)
    shuffled = random.Random(0).sample(list(everybody), len(everybody))
    worlds = []
    for half in (shuffled[::2], shuffled[1::2]):
        authors = {name: everybody[name] for name in sorted(half)}
        worlds.append(World(authors, shipped_without(half), lambda name: shipped_without([name])))
    return worlds


# --- Drafts ---


def posts_of(author: Author, most: int) -> list[str]:
    asked = [text for text in author.asked if word_count(own_words(text)) >= FEWEST_WORDS]
    return random.Random(1).sample(asked, min(most, len(asked)))


def steps_of(corpus: Corpus, name: str, text: str) -> Iterator[Step]:
    """Yield a draft, then what the first suggestion leaves of it, again and again."""
    for _ in range(STEPS + 1):
        found = reflect(corpus.case([text], [name]), name)
        if found.lead is None:
            return
        yield Step(text, found.lead, found.verdict)
        if not found.suggestions:
            return
        places = (found.suggestions[0], *found.suggestions[0].further)
        text = changed(text, (Rewrite(place.start, place.end, place.new) for place in places))


class Shares(NamedTuple):
    """Shares of all posts that are likely: before, and after so many suggestions."""

    posts: int
    before: float
    after: float
    touched: float


def drafts_of(world: World, posts: int, likely: int) -> tuple[list[Draft], Shares]:
    """Return the likely posts of each author alone here, and what some suggestions leave of it."""
    profiles = {name: profile_of(each.known) for name, each in world.authors.items()}
    drafts, shares = list[Draft](), list[Shares]()
    for name, author in world.authors.items():
        corpus = fitted(world.authors, profiles, [name], world.shipped_for(name))
        asked = posts_of(author, posts)
        own = [text for text in asked if judge(corpus.case([text], [name])).verdict == "likely"]
        mirrored = [Draft(name, list(steps_of(corpus, name, text))) for text in own[:likely]]
        drafts += mirrored
        shares.append(_shares(len(asked), len(own), mirrored))
    return drafts, _sum_of(shares)


def _shares(asked: int, likely: int, mirrored: Sequence[Draft]) -> Shares:
    if not mirrored:
        return Shares(asked, 0.0, 0.0, 0.0)
    last = [min(FEW_STEPS, len(draft.steps) - 1) for draft in mirrored]
    pairs = list(zip(mirrored, last, strict=True))
    still = np.mean([draft.steps[place].verdict == "likely" for draft, place in pairs])
    touched = float(np.mean([draft.touched(place) for draft, place in pairs]))
    return Shares(asked, float(likely), float(likely * still), touched)


def _sum_of(shares: Sequence[Shares]) -> Shares:
    posts = max(sum(each.posts for each in shares), 1)
    before = sum(each.before for each in shares)
    touched = sum(each.touched * each.before for each in shares) / max(before, 1)
    after = sum(each.after for each in shares)
    return Shares(posts, before / posts, after / posts, touched)


def beside_all(world: World, drafts: Sequence[Draft], posts: int, likely: int) -> Shares:
    """Show the drafts beside all authors; return what the suggestions there leave of posts."""
    profiles = {name: profile_of(each.known) for name, each in world.authors.items()}
    corpus = fitted(world.authors, profiles, list(world.authors), world.shipped)
    names = list(world.authors)
    for draft in drafts:
        for step in draft.steps:
            alone = judge(corpus.case([step.text], [draft.author])).verdict == "likely"
            first = corpus.case([step.text], names).ranking.probabilities.argmax()
            draft.beside.append((alone, names[first] == draft.author))
    shares = []
    for name in names:
        asked = posts_of(world.authors[name], posts)
        own = [text for text in asked if judge(corpus.case([text], [name])).verdict == "likely"]
        mirrored = [Draft(name, list(steps_of(corpus, name, text))) for text in own[:likely]]
        shares.append(_shares(len(asked), len(own), mirrored))
    return _sum_of(shares)


# --- Other programs ---

TOOLS: Final[dict[str, tuple[dict[str, Any], Callable[[], Any]]]] = {
    "characters, LR": (
        {"analyzer": "char", "ngram_range": (2, 5), "lowercase": False},
        lambda: OneVsRestClassifier(LogisticRegression(C=10, solver="liblinear")),
    ),
    "characters, SVM": ({"analyzer": "char", "ngram_range": (2, 5)}, LinearSVC),
    "words, SVM": ({"token_pattern": r"\S+", "ngram_range": (1, 2)}, LinearSVC),
}


def ask_tools(world: World, drafts: Sequence[Draft]) -> None:
    """Note for each step of the drafts which of the other programs name its author first."""
    names = [name for name, each in world.authors.items() for _ in each.known]
    texts = [text for each in world.authors.values() for text in each.known]
    asked = [(draft, step.text) for draft in drafts for step in draft.steps]
    named = [dict[str, bool]() for _ in asked]
    for tool, (settings, classifier_of) in TOOLS.items():
        vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True, dtype=np.float32, **settings)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            classifier = classifier_of()
            classifier.fit(vectorizer.fit_transform(texts), names)
        found = classifier.predict(vectorizer.transform([text for _, text in asked]))
        for row, (draft, _), name in zip(named, asked, found, strict=True):
            row[tool] = bool(name == draft.author)
    for (draft, _), row in zip(asked, named, strict=True):
        draft.named.append(row)


# --- Tables ---


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}" if whole else "–"


def kept_shares(drafts: Sequence[Draft], goal: float) -> dict[str, tuple[int, int]]:
    """Return for each program how many drafts it names of those that it named before, of the
    drafts that reach a goal.
    """
    shares = {}
    for tool in TOOLS:
        ends = [
            draft.named[place][tool]
            for draft in drafts
            if (place := draft.reached(goal)) is not None and draft.named[0][tool]
        ]
        shares[tool] = sum(ends), len(ends)
    return shares


def goal_of(drafts: Sequence[Draft]) -> float:
    """Return the largest lead, in tenths of a nat, with at most a fifth named by each program."""
    for goal in range(40, -1, -1):
        shares = kept_shares(drafts, goal / 10).values()
        if all(part <= 0.2 * whole for part, whole in shares):
            return goal / 10
    return 0.0


def row_of(drafts: Sequence[Draft], goal: float | str) -> list[str]:
    """Return how often a goal was reached, what it took, and what was still found there."""

    def place_of(draft: Draft) -> int | None:
        if isinstance(goal, float):
            return draft.reached(goal)
        if goal == "before":
            return 0
        return next((n for n, step in enumerate(draft.steps) if step.verdict != "likely"), None)

    ends = [(draft, place) for draft in drafts if (place := place_of(draft)) is not None]
    named = [draft.named[place] for draft, place in ends]
    found = [_percent(sum(row[tool] for row in named), len(named)) for tool in TOOLS]
    any_of_them = _percent(sum(any(row.values()) for row in named), len(named))
    beside = [draft.beside[place] for draft, place in ends]
    kept = (
        [_percent(*pair) for pair in kept_shares(drafts, goal).values()]
        if isinstance(goal, float)
        else []
    )
    return [
        f"lead {goal:.1f}" if isinstance(goal, float) else goal,
        _percent(len(ends), len(drafts)),
        f"{np.median([place for _, place in ends]):.0f}" if ends else "–",
        _percent(sum(draft.touched(place) for draft, place in ends), len(ends)),
        f"{' / '.join(found)} ({any_of_them})",
        " / ".join(kept),
        _percent(sum(likely for likely, _ in beside), len(beside)),
        _percent(sum(first for _, first in beside), len(beside)),
    ]


COLUMNS: Final = (
    *("goal", "reached %", "steps", "pieces %", "named first % (one of three)"),
    *("of those named before %", "likely beside all %", "first beside all %"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="mirror", description=__doc__)
    parser.add_argument("path", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--language", choices=["en", "ko"], default="en")
    parser.add_argument("--posts", type=int, default=20, help="of each author (20)")
    parser.add_argument("--drafts", type=int, default=6, help="likely posts of each author (6)")
    options = parser.parse_args(argv)
    drafts, alone, beside, sizes = list[Draft](), list[Shares](), list[Shares](), list[int]()
    for world in worlds_of(options.path, options.language):
        own, shares = drafts_of(world, options.posts, options.drafts)
        ask_tools(world, own)
        beside.append(beside_all(world, own, options.posts, options.drafts))
        drafts += own
        alone.append(shares)
        sizes.append(len(world.authors))
    print(f"{len(drafts)} likely drafts of {sum(sizes)} authors, in worlds of {sizes}\n")
    print(f"| {' | '.join(COLUMNS)} |\n{'| --- ' * len(COLUMNS)}|")
    goals: list[float | str] = ["before", "not likely", *reversed(GOALS)]
    for goal in goals:
        print(f"| {' | '.join(row_of(drafts, goal))} |")
    names = sorted({draft.author for draft in drafts})
    others = [goal_of([each for each in drafts if each.author != name]) for name in names]
    span = f"{min(others)} to {max(others)} with an author left out"
    print(f"\ngoal: {goal_of(drafts)} nats ({span}); the mirror's is {GOAL:.2f}")
    print("\n| measure | bar | measured |\n| --- | --- | --- |")
    for measure, bar, measured in bars_of(drafts, _sum_of_worlds(alone), _sum_of_worlds(beside)):
        print(f"| {measure} | {bar} | {measured} |")
    return 0


def bars_of(
    drafts: Sequence[Draft], alone: Shares, beside: Shares
) -> Iterator[tuple[str, str, str]]:
    """Yield what the mirror should reach, and what it reaches, in percent."""
    _, reached, _, touched, named, _, likely, _ = row_of(drafts, GOAL)
    few = f"{FEW_STEPS} suggestions"
    yield f"of all posts likely alone after {few}", "10", f"{100 * alone.after:.0f}"
    yield "(before)", "", f"{100 * alone.before:.0f}"
    yield f"of all posts likely beside all after {few} there", "20", f"{100 * beside.after:.0f}"
    yield "(before)", "", f"{100 * beside.before:.0f}"
    yield "pieces changed for it", "33", f"{100 * beside.touched:.0f}"
    yield "pieces changed until not likely", "18", row_of(drafts, "not likely")[3]
    yield f"goal reached within {STEPS} suggestions", "at least 80", reached
    yield "pieces changed for it", "30", touched
    yield "likely beside all at the goal", "12", likely
    yield "named first by each other program (by one of three)", "18", named


def _sum_of_worlds(shares: Sequence[Shares]) -> Shares:
    return _sum_of(
        [
            each._replace(before=each.before * each.posts, after=each.after * each.posts)
            for each in shares
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

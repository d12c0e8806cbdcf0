"""saywho beside published methods of stylometry, on the same posts and the same sets of authors.

    pip install lambdag mowen    # mowen needs Python 3.12
    python -m benchmarks.peers_of_style FILE.jsonl

A method whose package is absent is left out with a line. FILE is that of `benchmarks.accuracy`; the
language with the most authors is measured. docs/measurements.md has the tables.

- Cosine Delta (stylo and others): the 500 most frequent words, z-scores by chunks of 30 posts.
- LambdaG: the authors' Kneser-Ney model of order 4 and four draws of references. Rare words are
  masked by their shape, since masks by part of speech need a model of 500 MB.
- General Imposters: mowen's, on the 500 words, cosine, 20 rounds, 5 imposters; it is asked about
  fewer texts, because each takes it a second.
- TF-IDF of characters with a linear SVC, fitted once to all authors of the file.

Among named authors, the one with the highest score counts. One author: half of the authors are left
out whole and write the strangers' texts, in turn. Scores of other methods become probabilities by a
logistic regression on the other half; saywho's are those of `saywho.Judge`, as it gives them.
"""

import argparse
import json
import os
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import saywho
from benchmarks.accuracy import background_of
from benchmarks.accuracy_data import Row, read_rows
from benchmarks.verification import Answers, c_at_1, cost, equal_error_rate
from saywho.engine.attribution import scores_of_each
from saywho.engine.features import add, features
from saywho.engine.profiles import AuthorProfile

Known = Mapping[str, Sequence[str]]
"""Posts of each author, oldest first."""
Text = Sequence[str]
"""Posts by one hand that are asked about together."""
Scores = NDArray[np.float64]
FREQUENT: Final = 500
CHUNK: Final = 30
PIECE: Final = 1_000
"""Characters of a piece of prose, which counts as a post."""
MOST_PIECES: Final = 60
"""Pieces of each author, and of an unknown text, so that slow methods end."""
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")


class Method:
    """A method that is fitted to known posts; `scores` has a column for each author, by name."""

    name: ClassVar[str]
    package: ClassVar[str] = ""
    is_slow: ClassVar[bool] = False

    def __init__(self, known: Known) -> None:
        raise NotImplementedError

    def scores(self, texts: Sequence[Text]) -> Scores:
        """Return how much each text is like each author: (texts, authors), higher is more."""
        raise NotImplementedError


class Saywho(Method):
    name = "saywho"

    def __init__(self, known: Known) -> None:
        self._profiles = [
            AuthorProfile(add([features(post) for post in posts]), len(posts))
            for posts in known.values()
        ]
        self._background = background_of(self._profiles)

    def scores(self, texts: Sequence[Text]) -> Scores:
        queries = [add([features(post) for post in text]) for text in texts]
        return scores_of_each(queries, self._profiles, self._background)


class Delta(Method):
    name = "Cosine Delta"

    def __init__(self, known: Known) -> None:
        chunks = [
            (author, " ".join(posts[start : start + CHUNK]))
            for author, posts in known.items()
            for start in range(0, len(posts), CHUNK)
        ]
        self._words = CountVectorizer(token_pattern=_TOKEN.pattern, max_features=FREQUENT)
        self._words.fit([text for _, text in chunks])
        shares = self._shares([text for _, text in chunks])
        self._mean, self._spread = shares.mean(axis=0), shares.std(axis=0) + 1e-9
        authors = np.array([author for author, _ in chunks])
        normal = (shares - self._mean) / self._spread
        self._profiles = np.stack([normal[authors == name].mean(axis=0) for name in known])

    def _shares(self, texts: Sequence[str]) -> Scores:
        sizes = np.array([max(1, len(_TOKEN.findall(text))) for text in texts])
        shares: Scores = self._words.transform(texts).toarray() / sizes[:, np.newaxis]
        return shares

    def scores(self, texts: Sequence[Text]) -> Scores:
        asked = (self._shares([" ".join(text) for text in texts]) - self._mean) / self._spread
        return _unit(asked) @ _unit(self._profiles).T


def _unit(rows: Scores) -> Scores:
    scaled: Scores = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-12)
    return scaled


class LambdaG(Method):
    name = "LambdaG"
    package = "lambdag"
    draws: ClassVar[int] = 4

    def __init__(self, known: Known) -> None:
        counted = Counter(
            token.lower()
            for posts in known.values()
            for post in posts
            for token in _TOKEN.findall(post)
        )
        self._kept = {token for token, _ in counted.most_common(FREQUENT)}
        masked = {author: [*map(self._masked, posts)] for author, posts in known.items()}
        every = [post for posts in masked.values() for post in posts]
        chance = random.Random(0)
        size = min(max(map(len, masked.values())), len(every))
        self._known = [self._model(posts) for posts in masked.values()]
        self._references = [self._model(chance.sample(every, size)) for _ in range(self.draws)]

    def _masked(self, text: str) -> tuple[str, ...]:
        return tuple(
            token if token.lower() in self._kept else _shape(token)
            for token in _TOKEN.findall(text)
        )

    @staticmethod
    def _model(posts: Sequence[tuple[str, ...]]) -> Any:
        kneser_ney = import_module("lambdag.language_models.kneser_ney")
        model = kneser_ney.KneserNeyLanguageModel(order=4, discount=0.75)
        for post in posts:
            model.fit(post)
        return model

    def scores(self, texts: Sequence[Text]) -> Scores:
        masked = [[self._masked(post) for post in text] for text in texts]
        models = [*self._known, *self._references]
        logs = np.array([[_log10(model, text) for model in models] for text in masked])
        own, references = logs[:, : len(self._known)], logs[:, len(self._known) :]
        ratios: Scores = own - references.mean(axis=1, keepdims=True)
        return ratios


def _log10(model: Any, text: Sequence[tuple[str, ...]]) -> float:
    return float(sum(np.log10(model.probabilities(post)).sum() for post in text))


def _shape(token: str) -> str:
    return "0" if token[0].isdigit() else "X" if token[0].isupper() else "x"


class Imposters(Method):
    name = "General Imposters"
    package = "mowen"
    is_slow = True

    def __init__(self, known: Known) -> None:
        types, imposters, cosine = (
            import_module(f"mowen.{module}")
            for module in ("types", "analysis_methods.imposters", "distance_functions.cosine")
        )
        self._types, self._authors = types, [*known]
        joined = {author: " ".join(posts).lower() for author, posts in known.items()}
        counted = Counter(token for text in joined.values() for token in _TOKEN.findall(text))
        self._kept = {token for token, _ in counted.most_common(FREQUENT)}
        self._method = imposters.GeneralImposters(distance_function=cosine.CosineDistance())
        self._method.set_params({"n_iterations": 20, "n_imposters": 5, "random_seed": 1})
        self._method.train(
            [
                (types.Document(text, author), self._histogram(text))
                for author, text in joined.items()
            ]
        )

    def _histogram(self, text: str) -> Any:
        tokens = (token for token in _TOKEN.findall(text.lower()) if token in self._kept)
        event = self._types.Event
        return self._types.Histogram({event(token): n for token, n in Counter(tokens).items()})

    def scores(self, texts: Sequence[Text]) -> Scores:
        found = np.zeros((len(texts), len(self._authors)))
        chance = np.random.default_rng(0)
        for row, text in zip(found, texts, strict=True):
            for each in self._method.analyze(self._histogram(" ".join(text))):
                row[self._authors.index(each.author)] = each.score
        # Equal shares of rounds are in no order.
        return found + 1e-6 * chance.random(found.shape)


class Svc(Method):
    name = "TF-IDF + SVC"

    def __init__(self, known: Known) -> None:
        self._vectorizer = TfidfVectorizer(
            analyzer="char", ngram_range=(2, 5), min_df=2, sublinear_tf=True, lowercase=False
        )
        posts = [post for own in known.values() for post in own]
        authors = [place for place, own in enumerate(known.values()) for _ in own]
        self._svc = LinearSVC().fit(self._vectorizer.fit_transform(posts), authors)

    def scores(self, texts: Sequence[Text]) -> Scores:
        asked = self._vectorizer.transform([" ".join(text) for text in texts])
        values: Scores = self._svc.decision_function(asked)
        return values if values.ndim == 2 else np.stack([-values, values], axis=1)


METHODS: Final[tuple[type[Method], ...]] = (Delta, LambdaG, Imposters, Svc, Saywho)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return 0, or 2 with one line where the file cannot be used."""
    options = _options(argv)
    try:
        rows = _of_main_language(read_rows(options.file))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"peers_of_style: {options.file}: {reason}", file=sys.stderr)
        return 2
    known, asked = _split(rows, options.texts)
    methods = [method for method in METHODS if not method.package or find_spec(method.package)]
    for absent in [method for method in METHODS if method not in methods]:
        line = f"{absent.name} is left out: pip install {absent.package}"
        print(f"peers_of_style: {line}", file=sys.stderr)
    print_named(methods, known, asked, options)
    print_alone(methods, known, asked, options)
    if find_spec("mowen"):
        print_prose(methods)
    return 0


def _of_main_language(rows: Sequence[Row]) -> list[Row]:
    authors = Counter(lang for _, lang in {(row.author, row.lang) for row in rows})
    ((lang, count),) = authors.most_common(1)
    if count < 4:
        raise ValueError("needs at least four authors of one language")
    return [row for row in rows if row.lang == lang]


def _split(rows: Sequence[Row], most: int) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the known and the asked posts of each author, by name; asked: at most so many."""
    known, asked = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for row in sorted(rows, key=lambda row: row.author):
        (asked if row.is_test else known)[row.author].append(row.text)
    return known, {author: asked[author][:most] for author in known}


def _chosen(method: type[Method], posts: Sequence[str], few: int) -> Sequence[str]:
    return posts[:few] if method.is_slow else posts


def print_named(
    methods: Sequence[type[Method]], known: Known, asked: Known, options: argparse.Namespace
) -> None:
    """Print how often the right author of 2, 5 and 20 comes first."""
    chance = np.random.default_rng(options.seed)
    authors = [*known]
    sizes = [size for size in (2, 5, 20) if size <= len(authors)]
    sets = {
        size: [chance.choice(len(authors), size, replace=False) for _ in range(options.sets)]
        for size in sizes
    }
    print(f"| among, of {len(authors)} | {' | '.join(map(str, sizes))} | texts |")
    print(f"| --- |{' ---: |' * (len(sizes) + 1)}")
    for method in methods:
        texts = [
            (place, [post])
            for place, author in enumerate(authors)
            for post in _chosen(method, asked[author], options.few)
        ]
        scores = method(known).scores([text for _, text in texts])
        true = np.array([place for place, _ in texts])
        figures = []
        for size in sizes:
            right = [
                chosen[scores[np.ix_(inside, chosen)].argmax(axis=1)] == true[inside]
                for chosen in sets[size]
                for inside in [np.flatnonzero(np.isin(true, chosen))]
            ]
            figures.append(f"{100 * np.mean(np.concatenate(right)):.1f} %")
        print(f"| {method.name} | {' | '.join(figures)} | {len(texts):,} |", flush=True)


class Half:
    """Half of the authors, whose posts are known, and texts that one of them may have written."""

    def __init__(self, known: Known, asked: Known, inside: Sequence[str], posts: int) -> None:
        self.known = {author: known[author] for author in inside}
        chance = random.Random(len(inside) + posts)
        own = [(text, author) for author in inside for text in _joined(asked[author], posts)]
        others = [author for author in known if author not in self.known]
        strange = [
            (text, chance.choice(inside))
            for author in others
            for text in _joined(asked[author], posts)
        ]
        self.trials: list[tuple[Text, str]] = [*own, *strange]
        self.is_own = np.arange(len(self.trials)) < len(own)

    def of_scores(self, method: Method) -> Scores:
        scores = method.scores([text for text, _ in self.trials])
        places = {author: place for place, author in enumerate(self.known)}
        columns = [places[author] for _, author in self.trials]
        return scores[np.arange(len(columns)), columns]

    def of_judge(self) -> tuple[Scores, list[str]]:
        """Return what `saywho.Judge` says: the probability of the author, and the verdict."""
        judge = saywho.Judge(
            (author, post) for author, posts in self.known.items() for post in posts
        )
        answers = [judge.ask(list(text), among=[author]) for text, author in self.trials]
        somebody = [0.5 if a.somebody_else is None else a.somebody_else for a in answers]
        return 1 - np.array(somebody), [answer.verdict for answer in answers]


def _joined(posts: Sequence[str], number: int) -> list[Text]:
    return [posts[at : at + number] for at in range(0, len(posts) - number + 1, number)]


def print_alone(
    methods: Sequence[type[Method]], known: Known, asked: Known, options: argparse.Namespace
) -> None:
    """Print the measures of the field for the question whether one author wrote a text."""
    print()
    print("| one author | posts | EER | c@1 | C_llr | texts |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    authors = sorted(known)
    for posts in (1, 5):
        for method in methods:
            few = max(options.few, 2 * posts)
            texts = {author: _chosen(method, asked[author], few) for author in authors}
            halves = [Half(known, texts, authors[start::2], posts) for start in (0, 1)]
            answers = _of_saywho(halves) if method is Saywho else _of_peer(method, halves)
            figures = [
                f"{100 * equal_error_rate(answers):.1f} %",
                f"{c_at_1(answers):.3f}",
                f"{cost(answers.scores, answers):.3f}",
            ]
            count = answers.scores.size
            print(f"| {method.name} | {posts} | {' | '.join(figures)} | {count:,} |", flush=True)


def _of_saywho(halves: Sequence[Half]) -> Answers:
    told = [half.of_judge() for half in halves]
    verdicts = [verdict for _, verdicts in told for verdict in verdicts]
    scores = np.concatenate([scores for scores, _ in told])
    return Answers(scores, np.concatenate([half.is_own for half in halves]), verdicts)


def _of_peer(method: type[Method], halves: Sequence[Half]) -> Answers:
    """Return the scores of each half as probabilities that the other half has taught."""
    scores = [half.of_scores(method(half.known))[:, np.newaxis] for half in halves]
    shares = []
    for place, own in enumerate(scores):
        other = 1 - place
        spread = scores[other].std() + 1e-12
        fitted = LogisticRegression(class_weight="balanced")
        fitted.fit(scores[other] / spread, halves[other].is_own)
        shares.append(fitted.predict_proba(own / spread)[:, 1])
    joined = np.concatenate(shares)
    verdicts = ["likely" if share >= 0.5 else "unfamiliar" for share in joined]
    return Answers(joined, np.concatenate([half.is_own for half in halves]), verdicts)


def print_prose(methods: Sequence[type[Method]]) -> None:
    """Print how many unknown texts of the AAAC's 13 problems each method gives to their authors."""
    problems = _problems()
    print()
    print(f"| AAAC | {' | '.join(problems)} | all |")
    print(f"| --- |{' ---: |' * (len(problems) + 1)}")
    total = sum(len(unknown) for _, unknown in problems.values())
    for method in methods:
        right = [_right(method, *problem) for problem in problems.values()]
        cells = " | ".join(map(str, right))
        print(f"| {method.name} | {cells} | {sum(right)} of {total} |", flush=True)
    sizes = " | ".join(str(len(unknown)) for _, unknown in problems.values())
    print(f"| texts | {sizes} | {total} |")


def _right(method: type[Method], known: Known, unknown: Sequence[tuple[str, Text]]) -> int:
    scores = method(known).scores([text for _, text in unknown])
    authors = [*known]
    best = scores.argmax(axis=1)
    return sum(authors[place] == author for place, (author, _) in zip(best, unknown, strict=True))


Problem = tuple[Known, list[tuple[str, Text]]]
"""Pieces of known texts by author, and unknown texts with their authors."""


def _problems() -> dict[str, Problem]:
    """Return the problems by letter."""
    folder = Path(str(import_module("mowen").__file__)).parent / "data" / "sample_corpora"
    problems = dict[str, Problem]()
    for corpus in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
        if not corpus["id"].startswith("aaac_problem_"):
            continue
        known = defaultdict[str, list[str]](list)
        for each in corpus["known"]:
            known[each["author"]] += _pieces(folder / each["file"])
        unknown: list[tuple[str, Text]] = [
            (each["true_author"], _pieces(folder / each["file"])[:MOST_PIECES])
            for each in corpus["unknown"]
        ]
        letter = corpus["id"][-1].upper()
        limited = {author: pieces[:MOST_PIECES] for author, pieces in sorted(known.items())}
        problems[letter] = limited, [each for each in unknown if each[0] in limited]
    return problems


def _pieces(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--sets", type=int, default=100, help="sets of authors of each size")
    parser.add_argument("--texts", type=int, default=30, help="texts of each author")
    parser.add_argument("--few", type=int, default=4, help="the same of a slow method")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())

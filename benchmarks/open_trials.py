"""Installations that are tried, and what is answered in them: to texts by their authors and others.

Large ones are all authors of a file but a quarter of each language. Small ones have one, two, three
or five of its authors, drawn at random, all of them named.
"""

import itertools
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np

from benchmarks import population
from benchmarks.accuracy_data import read_rows
from saywho.engine.attribution import Query
from saywho.engine.case import query_of_texts
from saywho.engine.features import Counts
from saywho.engine.fitting import Corpus, CorpusAuthor, chained, fit_corpus
from saywho.engine.judgement import SURE, judge
from saywho.engine.population import Population, Reading, Shipped
from saywho.engine.profiles import AuthorProfile, profile_of
from saywho.population import shipped_authors
from saywho.text import has_words, own_words, word_count

QUARTERS: Final = 4
KNOWN_SHARE: Final = 0.75
"""Share of a shipped author's posts that are known; the newest are asked about."""
FEWEST_HERE: Final = 3
"""Authors of a language who must be left."""
SHAPES: Final = ((1, False), (5, False), (5, True), (20, False), (20, True))
"""Posts by one hand, and whether they are joined into one text."""
SUSPECTS: Final = (1, 2, 3, 5, 10, 20)
"""Numbers of named authors that are tried."""
SITES: Final = (1, 2, 3, 5)
"""Authors of a small installation."""
DRAWS: Final = 14
"""Small installations of each size; of four authors all that there are."""
OWN_TEXTS: Final = 15
STRANGE_TEXTS: Final = 5
"""Texts of each author here, and of each stranger, in a small installation; of few authors three
times as many. Of sets of posts a third."""
FEWEST_WORDS: Final = 5
"""Words of a text that small installations are asked about."""


@dataclass(frozen=True, slots=True)
class Author:
    lang: str
    known: list[str]
    asked: list[str]
    """Posts with enough words."""

    def thinned(self, every: int) -> "Author":
        """Return the author with each `every`-th post to ask about."""
        return replace(self, asked=self.asked[::every])


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
    site: int = 0
    """Authors of the language in a small installation; 0 for a large one."""
    others: int = 0
    """Authors of the language here beside one who is named."""
    share: float = 0.0
    """Probability of the likeliest author, if one of those named wrote the text."""
    writer: str = ""
    draw: str = ""
    """The installation that was drawn."""
    granted: str = ""
    """The verdict if it is granted that one of those named wrote the text, who are several."""


class Cell(NamedTuple):
    """An installation that is drawn, by chance of its own: cells can be tried in any order."""

    kind: Literal["large", "small", "few"]
    """`few`: a small one of authors of whom few posts are known."""
    lang: str
    """Empty for a large one, which has all languages."""
    size: int
    """Authors of a small one; of a large one, the round."""
    number: int
    """Of a large one, the quarter that is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class _Remembering(Population):
    """Scores a text once for all questions about it that follow each other."""

    latest: list[tuple[Counts, Reading]] = field(default_factory=list)

    def read(self, query: Query) -> Reading:
        if not self.latest or self.latest[0][0] is not query.counts:
            self.latest[:] = [(query.counts, Population.read(self, query))]
        return self.latest[0][1]


def _remembering(population: Population) -> _Remembering:
    given = [each.name for each in fields(Population) if each.init]
    return _Remembering(*(getattr(population, name) for name in given))


def fitted(
    authors: Mapping[str, Author],
    profiles: Mapping[str, AuthorProfile],
    here: Sequence[str],
    shipped: Shipped,
) -> Corpus:
    """Return what an installation of these authors answers with."""
    kept = {
        name: CorpusAuthor(
            profiles[name], chained(enumerate(authors[name].known[::-1]), {}), authors[name].lang
        )
        for name in here
    }
    corpus = fit_corpus(kept, shipped)
    everybody = {lang: _remembering(each) for lang, each in corpus.fitted.shipped.items()}
    population = _remembering(corpus.fitted.population)
    chatters = _remembering(corpus.fitted.chatters)
    remembering = replace(
        corpus.fitted, population=population, shipped=everybody, chatters=chatters
    )
    return replace(corpus, fitted=remembering)


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


def read_divided(
    path: Path, language: str
) -> tuple[dict[str, Author], Callable[[Collection[str]], Shipped]]:
    """Return the authors of whom the shipped ones of a language are made, in the order of these,
    and what would be shipped without some.
    """
    posts = population.read_authors(path)
    everybody = population.populations_of(posts)
    profiles = {
        name: profile_of(each.texts[-population.MOST_POSTS :]) for name, each in posts.items()
    }
    order = sorted(profiles, key=lambda name: sha256(profiles[name].counts.to_bytes()).digest())
    members = [name for name in order if posts[name].language == language]
    chatters = shipped_authors().chatters

    def shipped_without(gone: Collection[str]) -> Shipped:
        places = [place for place, name in enumerate(members) if name in gone]
        left = {**everybody, language: _without(everybody[language], places)}
        return Shipped(left, "", chatters)

    return {name: _divided(posts[name]) for name in members}, shipped_without


def _divided(author: population.Author) -> Author:
    cut = int(len(author.texts) * KNOWN_SHARE)
    asked = [text for text in author.texts[cut:] if has_words(own_words(text))]
    return Author(author.language, author.texts[:cut], asked)


def _without(members: Population, gone: Sequence[int]) -> Population:
    """Return a population without some members, by their places."""
    kept = np.setdiff1d(np.arange(len(members)), gone)
    is_kept = np.isin(members.owners, kept)
    users = np.add.reduceat(is_kept.astype(np.intp), members.edges[:-1])
    return Population(
        tuple(members.members[place] for place in kept.tolist()),
        members.totals[kept],
        members.keys[users > 0],
        np.append(0, users[users > 0].cumsum()),
        np.searchsorted(kept, members.owners[is_kept]).astype(np.uint16),
        members.amounts[is_kept],
    )


def large_cells(rounds: int) -> list[Cell]:
    return [
        Cell("large", "", turn, quarter) for turn in range(rounds) for quarter in range(QUARTERS)
    ]


def large_site(
    cell: Cell,
    authors: Mapping[str, Author],
    profiles: Mapping[str, AuthorProfile],
    shipped: Shipped,
    shuffles: int,
) -> Iterator[Trial]:
    """Yield the answers to the texts of everybody where a quarter of each language is left out."""
    gone = quarters(authors, random.Random(cell.size))[cell.number]
    chance = random.Random(str(cell))
    here = {name: each for name, each in authors.items() if name not in gone}
    corpus = fitted(authors, profiles, list(here), shipped)
    for lang in sorted({each.lang for each in here.values()}):
        present = [name for name, each in here.items() if each.lang == lang]
        everybody = [name for name in sorted(authors) if authors[name].lang == lang]
        if FEWEST_HERE <= len(present) < len(everybody):
            for writer in everybody:
                for shape, texts in _texts(authors[writer], shuffles, chance):
                    for trial in _asked(corpus, lang, shape, texts, writer, present, chance):
                        yield trial._replace(draw=str(cell))


def quarters(authors: Mapping[str, Author], chance: random.Random) -> list[set[str]]:
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
    own, query = [writer] if writer in present else [], query_of_texts(texts)
    rest = [name for name in present if name != writer]
    for suspects in SUSPECTS:
        if suspects <= len(present):
            named = own + chance.sample(rest, suspects - len(own))
            yield from answered(corpus, lang, shape, texts, query, writer, named, len(present))


def of_few_posts(authors: Mapping[str, Author]) -> dict[str, Author]:
    """Return the authors of whom only 25, 50 or 100 posts are known."""
    return {
        name: replace(each, known=each.known[-random.Random(name).choice((25, 50, 100)) :])
        for name, each in authors.items()
    }


def small_cells(
    authors: Mapping[str, Author],
    draws: int,
    sizes: Sequence[int] = SITES,
    kind: Literal["small", "few"] = "small",
) -> list[Cell]:
    langs = sorted({each.lang for each in authors.values()})
    return [
        Cell(kind, lang, size, number)
        for lang in langs
        for size in sizes
        for number in range(len(_drawn_sites(_of_language(authors, lang), size, draws)))
    ]


def _of_language(authors: Mapping[str, Author], lang: str) -> list[str]:
    return sorted(name for name, each in authors.items() if each.lang == lang)


def is_few(names: Collection[str]) -> bool:
    """Return whether all installations of so few authors are tried."""
    return len(names) < QUARTERS * FEWEST_HERE


def _drawn_sites(names: Sequence[str], size: int, draws: int) -> list[list[str]]:
    """Return the authors of each installation of a size."""
    chance = random.Random(f"{size} of {len(names)}")
    if size >= len(names):
        return []
    if not is_few(names):
        return [chance.sample(names, size) for _ in range(draws)]
    every_site = list(map(list, itertools.combinations(names, size)))
    most_sites = max(draws, len(names))
    return every_site if len(every_site) <= most_sites else chance.sample(every_site, most_sites)


def small_site(
    cell: Cell,
    authors: Mapping[str, Author],
    profiles: Mapping[str, AuthorProfile],
    shipped: Shipped,
    draws: int,
    own_texts: int = OWN_TEXTS,
    strange_texts: int = STRANGE_TEXTS,
) -> Iterator[Trial]:
    """Yield the answers to the texts of everybody in a small installation."""
    # Whoever is named alone is drawn apart, so that the texts are the same with and without.
    chance, alone = random.Random(f"{cell[1:]} texts"), random.Random(f"{cell[1:]} alone")
    names = _of_language(authors, cell.lang)
    here = _drawn_sites(names, cell.size, draws)[cell.number]
    # All are named; or one of them, beside the others here.
    groups = [here, *([[alone.choice(here)]] if cell.size > 1 else [])]
    corpus = fitted(authors, profiles, here, shipped)
    for writer in names:
        most = own_texts if writer in here else strange_texts
        for shape, texts in _drawn(authors[writer], most * (3 if is_few(names) else 1), chance):
            query = query_of_texts(texts)
            for group in groups:
                if writer in group or writer not in here:
                    named = sorted(group, key=lambda name: name != writer)
                    about = (cell.lang, shape, texts, query, writer, named, cell.size, cell.size)
                    for trial in answered(corpus, *about):
                        yield trial._replace(draw=str(cell))


def profiles_of(authors: Mapping[str, Author]) -> dict[str, AuthorProfile]:
    return {name: profile_of(each.known) for name, each in authors.items()}


def small_sites(
    authors: Mapping[str, Author],
    shipped: Shipped,
    *,
    draws: int = DRAWS,
    sizes: Sequence[int] = SITES,
    own_texts: int = OWN_TEXTS,
    strange_texts: int = STRANGE_TEXTS,
) -> Iterator[Trial]:
    """Yield the answers to the texts of everybody in small installations."""
    profiles = profiles_of(authors)
    for cell in small_cells(authors, draws, sizes):
        yield from small_site(cell, authors, profiles, shipped, draws, own_texts, strange_texts)


def _drawn(
    author: Author, most: int, chance: random.Random
) -> Iterator[tuple[tuple[int, bool], list[str]]]:
    asked = [text for text in author.asked if word_count(own_words(text)) >= FEWEST_WORDS]
    for posts, is_joined in SHAPES[:3]:
        for _ in range(most if posts == 1 else max(1, most // 3)):
            if len(asked) >= posts:
                texts = chance.sample(asked, posts)
                yield (posts, is_joined), ["\n".join(texts)] if is_joined else texts


def answered(
    corpus: Corpus,
    lang: str,
    shape: tuple[int, bool],
    texts: Sequence[str],
    query: Counts,
    writer: str,
    named: Sequence[str],
    present: int,
    site: int = 0,
) -> Iterator[Trial]:
    """Yield the answer, if there is a ratio; the writer comes first if named."""
    case = corpus.case(texts, named)
    found = judge(replace(case, known_ranking=case.rank(query)), SURE)
    if found.none is None:
        return
    words = sum(word_count(own_words(text)) for text in texts)
    is_own = writer in named
    yield Trial(
        lang,
        shape,
        len(named),
        not is_own,
        words,
        found.verdict,
        found.none,
        is_own and found.order[0] == 0,
        site,
        present - 1,
        float(case.ranking.probabilities.max()),
        writer,
        granted=judge(replace(case, known_ranking=case.rank(query)), 1).verdict
        if is_own and len(named) > 1
        else "",
    )

"""A model of some people's posts, and its answers: `saywho.Judge`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np

from saywho.chat import Post
from saywho.comparing.held_out import measured_on
from saywho.comparing.question import Question, check_words, cleaned, messages_of
from saywho.comparing.verdict import Comparison, answer_of
from saywho.engine.attribution import scores_of_each
from saywho.engine.case import RATED, Case, Suspect, best_of, query_of_texts
from saywho.engine.fitting import (
    FEWEST_FITTED,
    ChainedPost,
    Corpus,
    CorpusAuthor,
    chained,
    chains_of,
    fit_corpus,
    units_of,
)
from saywho.engine.judgement import SURE, Bound, HeldBack, Limit, Verdict
from saywho.engine.population import NOBODY
from saywho.engine.profiles import profile_of
from saywho.errors import InvalidInputError
from saywho.population import shipped_authors
from saywho.text import clean_text, guess_language, language_of, main_language, username_key

MOST_NEWEST: Final = 400
"""Newest posts of an author that tell how the author writes."""
MOST_ASKED: Final = 1_000
"""Held-out posts of all authors together, at most 100 of each."""
MOST_MEASURED: Final = 50
"""Authors of a measurement."""


class Ranked(NamedTuple):
    """One of the compared people, and how probable it is that this person wrote the text."""

    author: str
    probability: float
    """Probability of this author if one of the compared people wrote the text; all sum to 1."""
    log10_ratio: float | None
    """Logarithm (base 10) of the likelihood ratio of this author against someone else who writes
    the language; None if it cannot be computed.
    """
    bound: Bound | None
    """Whether the ratio is at least (`upper`) or at most (`lower`) this."""
    posts: int
    """Number of the author's posts with words."""


class Evidence(NamedTuple):
    """A piece of the text that speaks for an author."""

    text: str
    start: int
    end: int
    """Its place in `Answer.text`, in characters."""
    author: str
    weight: float
    """Weight in log-odds (nats); below 0 it is evidence against the author."""


class Answer(NamedTuple):
    """Whether one of some people wrote a text, and which: what a site that holds these posts says.

    The formulas and how often they are right: docs/how-it-decides.md, docs/measurements.md.
    """

    text: str
    """The text as it was given: NFC, with a blank line between texts."""
    verdict: Verdict
    """`likely`: the first of `ranking` wrote it; `close`: it may be the first, or somebody else;
    `unfamiliar`: it reads like none of them; `short`: too little text, or too few posts, to say.
    """
    ranking: tuple[Ranked, ...]
    """The compared people, likeliest first; the first 20 if none was named."""
    somebody_else: float | None
    """Probability that none of them wrote it; None if it cannot be said."""
    evidence: tuple[Evidence, ...]
    """The pieces of the text that decided, in order."""
    limits: tuple[Limit, ...]
    """Reasons that make the answer weaker, such as `few_posts` and `unknown_language`."""
    held_back: HeldBack | None
    """Why the first author is not `likely`, though probable enough."""
    needed: float
    """Smallest probability for the verdict `likely`."""
    strangers: float | None
    """Share of such texts by strangers that are called `likely`, as measured; None if unknown."""
    words: int
    """Number of words that were judged."""
    lang: str | None
    """Language in which the text was judged; None if unknown."""


class HeldOut(NamedTuple):
    """How often the newest posts of people are recognised by their earlier posts."""

    asked: int
    """Number of held-out posts with enough words."""
    right: float
    """Share of them whose author came first."""
    by_chance: float
    """Share that is right by always naming the author with the most of them."""
    people: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Number of posts by real author (row) and named author (column), both as `people`: (n, n)."""


class Judge:
    """A model of people's posts; it does not change, so that threads may share it.

    posts: a `Chat`, any `Post`s, or pairs of author and text, the oldest first. Blank texts do not
    count. Its answers are those of a site that holds these posts alone, to six digits. To make it
    takes some 0.2 ms a post; it can be pickled.

    Raises ValueError if there is no post, or a text is longer than 25,000 characters; TypeError for
    pairs of anything but strings.
    """

    def __init__(self, posts: Iterable[Post | tuple[str, str]]) -> None:
        of_each: defaultdict[str, list[tuple[int, Post]]] = defaultdict(list)
        for number, given in enumerate(posts):
            post = given if isinstance(given, Post) else _post_of(*given)
            if post.text.strip() or post.media:
                of_each[username_key(post.author)].append((number, post))
        if not of_each:
            raise ValueError("there are no posts")
        named = {own[0][1].author: own for _, own in sorted(of_each.items())}
        authors = {name: _author_of(own) for name, own in named.items()}
        corpus = fit_corpus(authors, shipped_authors(), fewest=FEWEST_FITTED)
        suspects = {
            username_key(name): _with_facts(corpus.suspects[name], [post for _, post in own])
            for name, own in named.items()
        }
        self._corpus = _with_shipped(Corpus(corpus.fitted, suspects))
        self._newest: dict[str, list[ChainedPost]] = {
            username_key(name): [*author.newest][:100] for name, author in authors.items()
        }

    def __getstate__(self) -> dict[str, Any]:
        """Return the model without the shipped authors, which each installation has."""
        fitted = replace(self._corpus.fitted, shipped={}, chatters=NOBODY)
        return vars(self) | {"_corpus": Corpus(fitted, self._corpus.suspects)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._corpus = _with_shipped(self._corpus)

    def __repr__(self) -> str:
        posts = sum(suspect.profile.posts for suspect in self._corpus.suspects.values())
        return f"<Judge: {posts:,} posts, {len(self.people):,} people>"

    @property
    def people(self) -> tuple[str, ...]:
        """The authors, in alphabetical order."""
        return tuple(suspect.username for suspect in self._corpus.suspects.values())

    def ask(
        self, text: str | Sequence[str], *, among: Sequence[str] = (), sure: float = SURE
    ) -> Answer:
        """Return who of some people wrote a text, or several texts by one person.

        among: possible authors; by default all. sure: belief beforehand that one of them did, 0 to
        1. Heads of messages that were copied from a chat are taken off.

        Raises ValueError for an unknown author, and a text without letters or over 25,000
        characters.
        """
        if not 0 < sure < 1:
            raise ValueError("sure must be between 0 and 1")
        question = Question([text] if isinstance(text, str) else list(text), among)
        with _value_errors():
            apart = messages_of(question)
            if apart is not None:
                question = replace(question, texts=apart.texts, without=apart.gaps)
            comparison = answer_of(self._case(question), sure)
        return _answer(comparison if apart is None else apart.restored(comparison))

    def ask_many(
        self, texts: Iterable[str], *, among: Sequence[str] = (), sure: float = SURE
    ) -> list[Answer]:
        """Return the answer to each text, by itself; `pandas.DataFrame` makes a table of them."""
        return [self.ask(text, among=among, sure=sure) for text in texts]

    def held_out(self, *, among: Sequence[str] = ()) -> HeldOut | None:
        """Return how often held-out posts are attributed to their authors; None with too few posts.

        The newest posts of each author, at most a quarter, are taken out of the author's counts and
        compared with these people. Without names, at most the 50 with the most posts are measured.
        """
        with _value_errors():
            suspects = self._suspects(among)
            check_words(suspects)
        largest = sorted(suspects, key=lambda suspect: -suspect.profile.posts)[:MOST_MEASURED]
        suspects = [suspect for suspect in suspects if suspect in largest]
        most = max(4, min(100, MOST_ASKED // len(suspects)))
        newest = [
            units_of(
                self._newest[username_key(each.username)][: min(most, each.profile.posts // 4)]
            )
            for each in suspects
        ]
        measured, table = measured_on(Case((), suspects, self._corpus.fitted), newest)
        if measured is None:
            return None
        return HeldOut(
            measured.asked,
            measured.right,
            measured.by_chance,
            tuple(suspect.username for suspect in suspects),
            tuple(map(tuple, table)),
        )

    def _suspects(self, among: Sequence[str]) -> list[Suspect]:
        if isinstance(among, str):
            raise TypeError("among must be a list of names")
        known = self._corpus.suspects
        keys = [username_key(name) for name in among]
        for name, key in zip(among, keys, strict=True):
            if key not in known:
                raise ValueError(f"{name!r} has no posts here; the people are in `people`")
            if keys.count(key) > 1:
                raise ValueError(f"{name!r} was named twice")
        return [known[key] for key in keys or known]

    def _case(self, question: Question) -> Case:
        """Return the case of a question; of very many authors, only the best are in it."""
        suspects, fitted = self._suspects(question.usernames), self._corpus.fitted
        check_words(suspects)
        question = cleaned(question)
        texts, gaps = question.texts, question.without
        if question.usernames or len(suspects) <= RATED:
            return Case(texts, suspects, fitted, bool(question.usernames), gaps=gaps)
        profiles = [suspect.profile for suspect in suspects]
        scores = scores_of_each([query_of_texts(texts, gaps)], profiles, fitted.background)[0]
        scores[[not profile.counts.keys.size for profile in profiles]] = -np.inf
        best = best_of(scores)
        further = np.delete(scores, best)
        return Case(texts, [suspects[i] for i in best], fitted, False, further, gaps=gaps)


@contextmanager
def _value_errors() -> Iterator[None]:
    try:
        yield
    except InvalidInputError as error:
        raise ValueError(str(error)) from None


def _post_of(author: str, text: str) -> Post:
    if not (isinstance(author, str) and isinstance(text, str)):
        raise TypeError(f"author and text must be strings, not {author!r:.40} and {text!r:.40}")
    text = clean_text(text) if text.strip() else ""
    return Post(author, text, None, None, None, None, "post", (), guess_language(text), "local")


def _author_of(own: Sequence[tuple[int, Post]]) -> CorpusAuthor:
    numbers = {post.id: number for number, post in own if post.id is not None}
    links = ((number, numbers.get(post.reply_to)) for number, post in own if post.reply_to)
    chains = chains_of((number, other) for number, other in links if other is not None)
    dated = [(number, post) for number, post in own if post.created_at is not None]
    undated = [(number, post) for number, post in own if post.created_at is None]
    dated.sort(key=lambda each: (each[1].created_at, each[0]))
    newest = [(n, post.text) for n, post in reversed([*undated, *dated]) if post.text]
    languages = Counter(post.lang and language_of(post.lang) for _, post in own)
    profile = profile_of([post.text for _, post in own])
    return CorpusAuthor(profile, chained(newest[:MOST_NEWEST], chains), main_language(languages))


def _with_facts(suspect: Suspect, own: Sequence[Post]) -> Suspect:
    """Return the suspect with the author's platform and times."""
    assert suspect.habit is not None  # noqa: S101 # for the type checker
    times = [post.created_at for post in own if post.created_at is not None]
    platform = next((post.platform for post in own if post.platform != "local"), "local")
    first, newest = min(times, default=None), max(times, default=None)
    habit = replace(suspect.habit, platform=platform, first_at=first, newest_at=newest)
    return replace(suspect, habit=habit)


def _with_shipped(corpus: Corpus) -> Corpus:
    """Return the model with all shipped authors, as a site has them."""
    shipped = shipped_authors()
    fitted = replace(corpus.fitted, shipped=shipped.everybody, chatters=shipped.chatters)
    return Corpus(fitted, corpus.suspects)


def _answer(comparison: Comparison) -> Answer:
    return Answer(
        text=comparison.text,
        verdict=comparison.verdict,
        ranking=tuple(
            Ranked(each.username, each.probability, each.log10_lr, each.bound, each.tweets)
            for each in comparison.ranking
        ),
        somebody_else=comparison.none,
        evidence=tuple(
            Evidence(mark.text, mark.start, mark.end, mark.username, mark.weight)
            for mark in comparison.evidence
        ),
        limits=tuple(comparison.limits),
        held_back=comparison.held_back,
        needed=comparison.needed,
        strangers=comparison.strangers,
        words=comparison.words,
        lang=comparison.lang,
    )

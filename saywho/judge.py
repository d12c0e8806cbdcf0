"""A model of some people's posts, and its answers: `saywho.Judge`."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from saywho.chat import Post
from saywho.comparing.copied_texts import TakenApart
from saywho.comparing.held_out import measured_on
from saywho.comparing.question import Question, check_words, cleaned, messages_of
from saywho.comparing.verdict import Comparison, answer_of
from saywho.engine import fitting
from saywho.engine.attribution import scores_of_each
from saywho.engine.case import RATED, Case, Suspect, best_of, query_of_texts
from saywho.engine.features import subtract
from saywho.engine.judgement import SURE, Bound, HeldBack, Limit, Verdict, judge, log10_ratios
from saywho.engine.languages import written_by
from saywho.engine.population import NOBODY, CountedAuthor, Population
from saywho.engine.profiles import AuthorProfile, profile_of, without_posts
from saywho.errors import InvalidInputError
from saywho.formats.long_texts import pieces_of_long
from saywho.given_posts import Posts, posts_of
from saywho.notebook import Progress, shown, silent
from saywho.population import shipped_authors
from saywho.tables import Table, delta_of
from saywho.text import (
    BETWEEN,
    MAX_TEXT_LENGTH,
    bare,
    drop_controls,
    guess_language,
    has_words,
    held,
    language_of,
    main_language,
    normalized,
    own_words,
    username_key,
)

MOST_PIECES: Final = 1_000
"""Texts of a question, where a long one counts as its pieces."""


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
    """Whether the ratio is at least (`upper`) or at most (`lower`) this: it is never above 3 nor
    below -3, and has narrower bounds with little text or few people to compare with.
    """
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
    """Probability that none of them wrote it, 0 if `sure` was 1; None if it cannot be said."""
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

    def _repr_html_(self) -> str:
        else_ = "" if self.somebody_else is None else f"; somebody else: {self.somebody_else:.1%}"
        rows = [
            (each.author, "" if each.log10_ratio is None else _ratio(each), each.probability)
            for each in self.ranking
        ]
        sentence = f"{self.verdict} ({self.words:,} words){else_}"
        return shown(sentence, ("author", "log10 ratio", "probability"), rows)


class HeldOutText(NamedTuple):
    """A text that was judged by the other texts alone."""

    source: str | None
    """`source` or `id` of its posts."""
    author: str
    first: str
    """Whom the answer names first."""
    verdict: Verdict
    log10_ratio: float | None
    """Ratio of the first, as `Ranked.log10_ratio`."""


class HeldOut(NamedTuple):
    """How often held-out posts of people are recognised by their other posts."""

    asked: int
    """Number of held-out posts with enough words, or of texts."""
    right: float
    """Share of them whose author came first; if whole authors were left out, share of which nobody
    was called `likely`.
    """
    by_chance: float
    """Share that is right by always naming the author with the most of them."""
    people: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Number of posts by real author (row) and named author (column), both as `people`: (n, n)."""
    texts: tuple[HeldOutText, ...] = ()
    """Each text, if whole texts were left out; `pandas.DataFrame` makes a table of them."""


Own = list[tuple[int, Post]]
"""An author's posts, with their places among all."""


class Judge:
    """A model of people's posts; it does not change, so that threads may share it.

    posts: a `Chat`, any `Post`s, a table with the columns `author` and `text` and perhaps others of
    `Post`, such as `to_pandas` makes, a mapping of authors to their texts, or pairs of author and
    text; the oldest first. Blank texts do not count, and long ones are cut as `read` cuts them. Its
    answers are those of a site that holds these posts alone, to six digits. To make it takes some
    0.2 ms a post; it can be pickled, with its posts.

    progress: wraps the list of authors while they are counted, such as `tqdm.auto.tqdm`.

    Raises ValueError if there is no post, or a text has control characters; TypeError for what has
    no authors and texts.
    """

    def __init__(self, posts: Posts, *, progress: Progress = silent) -> None:
        of_each, people = defaultdict[str, Own](list), defaultdict[str | None, set[str]](set)
        for self._last, post in posts_of(posts):
            if post.text.strip() or post.media:
                of_each[key := username_key(post.author)].append((self._last, post))
                people[post.room].add(key)
        if not of_each:
            raise ValueError("there are no posts")
        people[None] = {*of_each}
        self._own = {
            key: [
                (n, post._replace(text=bare(held(post.text, people[post.room])))) for n, post in own
            ]
            for key, own in sorted(of_each.items())
        }
        named = {own[0][1].author: own for own in self._own.values()}
        authors = {
            name: _author_of(own, profile_of([post.text for _, post in own]))
            for name, own in progress(named.items())
        }
        corpus = fitting.fit_corpus(authors, shipped_authors(), fewest=fitting.FEWEST_FITTED)
        suspects = {
            username_key(name): _with_facts(corpus.suspects[name], own)
            for name, own in named.items()
        }
        self._corpus = _with_shipped(fitting.Corpus(corpus.fitted, suspects))
        self._newest: dict[str, list[fitting.ChainedPost]] = {
            username_key(name): [*author.newest][:100] for name, author in authors.items()
        }

    def __getstate__(self) -> dict[str, Any]:
        """Return the model without the shipped authors, which each installation has."""
        fitted = replace(self._corpus.fitted, shipped={}, chatters=NOBODY)
        return vars(self) | {"_corpus": fitting.Corpus(fitted, self._corpus.suspects)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._corpus = _with_shipped(self._corpus)

    def __repr__(self) -> str:
        posts = sum(suspect.profile.posts for suspect in self._corpus.suspects.values())
        return f"<Judge: {posts:,} posts, {len(self.people):,} people>"

    def _repr_html_(self) -> str:
        suspects = self._corpus.suspects.values()
        counts = Counter({suspect.username: suspect.profile.posts for suspect in suspects})
        return shown(repr(self)[1:-1], ("author", "posts"), counts.most_common())

    @property
    def people(self) -> tuple[str, ...]:
        """The authors, in alphabetical order."""
        return tuple(suspect.username for suspect in self._corpus.suspects.values())

    def ask(
        self, text: str | Sequence[str], *, among: Sequence[str] = (), sure: float = SURE
    ) -> Answer:
        """Return who of some people wrote a text, or several texts by one person.

        among: possible authors; by default all. sure: belief beforehand that one of them did, 0 to
        1; at 1 nobody else did. Heads of messages that were copied from a chat are taken off. Texts
        of more than 25,000 characters are judged in pieces, and the places of the evidence are
        those of the whole.

        Raises ValueError for an unknown author, one author alone at 1, and for texts without
        letters or of more than 1,000 pieces.
        """
        if not 0 < sure <= 1:
            raise ValueError("sure must be above 0, and at most 1")
        with _value_errors():
            question = Question([text] if isinstance(text, str) else list(text), among, sure=sure)
            apart = messages_of(question, MOST_PIECES) or _in_pieces(question.texts)
            if apart is not None:
                question = replace(question, texts=apart.texts, without=apart.gaps)
            comparison = answer_of(self._case(question), sure)
        return _answer(comparison if apart is None else apart.restored(comparison))

    def ask_many(
        self, texts: Iterable[str], *, among: Sequence[str] = (), sure: float = SURE
    ) -> list[Answer]:
        """Return the answer to each text, by itself; `pandas.DataFrame` makes a table of them."""
        return [self.ask(text, among=among, sure=sure) for text in texts]

    def held_out(
        self,
        *,
        among: Sequence[str] = (),
        by: Literal["source", "author"] | Sequence[Hashable] | None = None,
        progress: Progress = silent,
    ) -> HeldOut | None:
        """Return how often held-out posts are attributed to their authors; None with too few posts.

        by: what is left out together. By default the newest posts of each author, at most a
        quarter, are taken out of the author's counts and compared with these people. `source`: each
        text, such as a book, is taken out as a whole, and judged by all others; an author's only
        text is not asked about. `author`: so are all posts of an author, as if a stranger had
        written them. A sequence has a group for each post, such as the number of a fold, or None
        for posts that stay. Posts with one source are asked about as one text. progress: wraps the
        list of what is left out, such as `tqdm.auto.tqdm`.

        Without names, at most the 50 with the most posts are measured, each by at most 100 texts,
        1,000 in all. Raises ValueError for another `by`, and if no post has a source.
        """
        with _value_errors():
            suspects = self._suspects(among)
            check_words(suspects)
        largest = sorted(suspects, key=lambda suspect: -suspect.profile.posts)[:50]
        suspects = [suspect for suspect in suspects if suspect in largest]
        most = max(4, min(100, 1_000 // len(suspects)))
        if by is not None:
            return self._left_out(suspects, by, most, progress, is_named=bool(among))
        newest = [
            fitting.units_of(
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

    def matrix(
        self,
        texts: Mapping[str, str | Sequence[str]] | None = None,
        *,
        measure: Literal["log10_ratio", "delta"] = "log10_ratio",
        progress: Progress = silent,
    ) -> Table:
        """Return a number for every text (row) with every text (column).

        texts: by name; by default the judge's own, by source. `log10_ratio`: how much likelier the
        row's text is if the author of the column's text alone wrote it than if somebody else did,
        as `Ranked.log10_ratio`; NaN for the text itself, and where it cannot be said. The authors
        of both texts do not count as somebody else. `delta`: Cosine Delta of the 500 most frequent
        words of these texts, from 0 for the same to 2. Neither was measured for texts alone.
        progress: wraps the list of rows, such as `tqdm.auto.tqdm`.

        Raises ValueError for fewer than two texts, texts without letters and another `measure`.
        """
        if measure not in {"log10_ratio", "delta"}:
            raise ValueError("measure is 'log10_ratio' or 'delta'")
        named, authors = self._named(texts)
        if len(named) < 2:
            raise ValueError("give at least two texts, by name")
        for name, pieces in named.items():
            if not any(has_words(own_words(piece)) for piece in pieces):
                raise ValueError(f"{name}: the text has too few words")
        if measure == "delta":
            return delta_of([*named], [*named.values()])
        fitted, values = self._corpus.fitted, np.full((len(named), len(named)), np.nan)
        alone = [
            self._alone(name, pieces, authors.get(name, 10**9 + place))
            for place, (name, pieces) in enumerate(named.items())
        ]
        for row, pieces in enumerate(progress(named.values())):
            without = replace(fitted, samples=frozenset({alone[row].id}))
            others = [place for place in range(len(alone)) if place != row]
            for start in range(0, len(others), RATED):
                some = others[start : start + RATED]
                case = Case(pieces, [alone[place] for place in some], without)
                for place, ratio in log10_ratios(case).items():
                    values[row, some[place]] = ratio
        return Table(tuple(named), tuple(named), values, np.nansum(values, axis=1))

    def _named(
        self, texts: Mapping[str, str | Sequence[str]] | None
    ) -> tuple[dict[str, list[str]], dict[str, int]]:
        """Return the pieces of texts by name, and the numbers of known authors."""
        named, authors = defaultdict[str, list[str]](list), dict[str, int]()
        for key, own in self._own.items() if texts is None else ():
            for _, post in own:
                if post.source is not None and post.text:
                    named[post.source].append(post.text)
                    authors[post.source] = self._corpus.suspects[key].id
        for _, post in posts_of(texts) if texts is not None else ():
            named[post.author].append(bare(held(post.text, self._own)))
        return {name: [*dict.fromkeys(pieces)] for name, pieces in named.items()}, authors

    def _alone(self, name: str, pieces: Sequence[str], number: int) -> Suspect:
        """Return somebody who wrote a text and nothing else."""
        own: Own = [
            (place, Post(name, text, None, None, None, None, "post", (), guess_language(text), ""))
            for place, text in enumerate(pieces)
        ]
        author = _author_of(own, profile_of(pieces))
        written = written_by(pieces, author.language, shipped_authors().populations)
        habit = fitting.habit_of(author, self._corpus.fitted, written)
        return Suspect(number, name, author.profile, habit)

    def _left_out(
        self,
        suspects: Sequence[Suspect],
        by: str | Sequence[Hashable],
        most: int,
        progress: Progress,
        *,
        is_named: bool,
    ) -> HeldOut | None:
        names = {username_key(each.username): place for place, each in enumerate(suspects)}
        table, asked = np.zeros((len(names), len(names)), np.int64), Counter[str]()
        texts = list[HeldOutText]()
        for out in progress(self._groups(by)[::-1]):
            wanted = [key for key in out if key in names and asked[key] < most]
            case, gone = self._without(suspects, out) if wanted else (None, set[str]())
            if case is None or len(case.suspects) < 2 - (by == "author"):
                continue
            case = replace(case, is_named=is_named)
            for key in wanted:
                if key in gone and by != "author":
                    continue
                for posts in _texts_of(out[key])[asked[key] - most :]:
                    judgement = judge(replace(case, texts=[post.text for post in posts]))
                    place = judgement.order[0]
                    first = case.suspects[place].username
                    table[names[key], names[username_key(first)]] += 1
                    source = posts[0].source or posts[0].id
                    author, ratio = suspects[names[key]].username, judgement.log10[place]
                    texts.append(HeldOutText(source, author, first, judgement.verdict, ratio))
                    asked[key] += 1
        if not texts:
            return None
        right, chance = table.trace(), table.sum(axis=1).max()
        if by == "author":
            right, chance = sum(text.verdict != "likely" for text in texts), 0
        return HeldOut(
            len(texts),
            round(float(right / len(texts)), 4),
            round(float(chance / len(texts)), 4),
            tuple(suspect.username for suspect in suspects),
            tuple(map(tuple, table.tolist())),
            tuple(texts[::-1]),
        )

    def _groups(self, by: str | Sequence[Hashable]) -> list[dict[str, Own]]:
        """Return the posts that are left out together, by author; the groups with the newest last.

        Raises ValueError.
        """
        size = self._last + 1
        by = by if isinstance(by, str) else [*by]
        if isinstance(by, str) and by not in {"source", "author"}:
            raise ValueError(f"by is 'source', 'author' or a group for each post, not {by!r}")
        if not isinstance(by, str) and len(by) != size:
            raise ValueError(f"by must have a group for each of the {size:,} posts")
        groups: defaultdict[Hashable, dict[str, Own]] = defaultdict(dict)
        for key, own in self._own.items():
            for number, post in own:
                group = getattr(post, by) if isinstance(by, str) else by[number]
                if group is not None and group == group:  # NaN, as tables have for None
                    groups[group].setdefault(key, []).append((number, post))
        if not groups:
            raise ValueError("no post has a source; give a group for each post")
        return sorted(groups.values(), key=lambda out: max(own[-1][0] for own in out.values()))

    def _without(
        self, suspects: Sequence[Suspect], out: Mapping[str, Own]
    ) -> tuple[Case, set[str]]:
        """Return the case without some posts of each author, whose counts are taken off the
        author's, the background's and the population's, and the authors who then have none.
        """
        corpus, changed = self._corpus, dict[str, Suspect]()
        background, gone = corpus.fitted.background, set[str]()
        for key, own in out.items():
            whole = corpus.suspects[key]
            rest = without_posts(whole.profile, [post.text for _, post in own])
            taken = subtract(whole.profile.counts, rest.counts)
            if corpus.fitted.population:
                background = background.without(taken, len(own))
            if rest.counts.keys.size:
                changed[key] = replace(whole, profile=rest)
            else:
                gone.add(key)
        of_ids = {each.id: each for each in (corpus.suspects | changed).values()}
        population = corpus.fitted.population
        members = [
            CountedAuthor(number, profile.posts, language, profile.counts, written)
            for (number, _, language), written in zip(
                population.members, population.written, strict=True
            )
            if (profile := of_ids[number].profile)
        ]
        # Those without posts stay where they are, but nobody is compared with them.
        fitted = replace(
            corpus.fitted,
            background=background,
            population=Population.of(members),
            samples=frozenset(corpus.suspects[key].id for key in gone),
        )
        for key, suspect in changed.items():
            taken_out = {number for number, _ in out[key]}
            own = [each for each in self._own[key] if each[0] not in taken_out]
            habit = fitting.habit_of(_author_of(own, suspect.profile), fitted, suspect.written)
            changed[key] = _with_facts(replace(suspect, habit=habit), own)
        keys = [username_key(suspect.username) for suspect in suspects]
        left = [changed.get(key, corpus.suspects[key]) for key in keys if key not in gone]
        return Case((), left, fitted), gone

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
        question = cleaned(question, MOST_PIECES)
        texts, gaps = [held(text, self._own) for text in question.texts], question.without
        if question.usernames or len(suspects) <= RATED:
            return Case(texts, suspects, fitted, bool(question.usernames), gaps=gaps)
        profiles = [suspect.profile for suspect in suspects]
        scores = scores_of_each([query_of_texts(texts, gaps)], profiles, fitted.background)[0]
        scores[[not profile.counts.keys.size for profile in profiles]] = -np.inf
        best = best_of(scores)
        further = np.delete(scores, best)
        return Case(texts, [suspects[i] for i in best], fitted, False, further, gaps=gaps)


def _in_pieces(texts: Sequence[str]) -> TakenApart | None:
    """Return texts of which some are too long for a post in pieces; None if all are short."""
    if all(len(text) <= MAX_TEXT_LENGTH for text in texts):
        return None
    pieces, segments, place, start = dict[str, None](), list[tuple[int, int, int]](), 0, 0
    whole = [*dict.fromkeys(normalized(drop_controls(text)) for text in texts)]
    for text in whole:
        for first, last in pieces_of_long(text):
            piece = text[first:last]
            if piece not in pieces:
                pieces[piece] = None
                segments.append((place, place + len(piece), start + first))
                place += len(piece) + len(BETWEEN)
        start += len(text) + len(BETWEEN)
    return TakenApart([*pieces], (), BETWEEN.join(whole), [], [], "", (), segments)


def _texts_of(own: Own) -> list[list[Post]]:
    """Return posts with words, those of one source together, the newest last."""
    texts: defaultdict[Hashable, list[Post]] = defaultdict(list)
    for number, post in own:
        texts[number if post.source is None else post.source].append(post)
    return [
        posts for posts in texts.values() if any(has_words(own_words(post.text)) for post in posts)
    ]


def _ratio(ranked: Ranked) -> str:
    sign = {"upper": "≥ ", "lower": "≤ ", None: ""}[ranked.bound]
    return f"{sign}{ranked.log10_ratio:.2f}"


@contextmanager
def _value_errors() -> Iterator[None]:
    try:
        yield
    except InvalidInputError as error:
        raise ValueError(str(error)) from None


def _author_of(own: Own, profile: AuthorProfile) -> fitting.CorpusAuthor:
    numbers = {post.id: number for number, post in own if post.id is not None}
    links = ((number, numbers.get(post.reply_to)) for number, post in own if post.reply_to)
    chains = fitting.chains_of((number, other) for number, other in links if other is not None)
    dated = [(number, post) for number, post in own if post.created_at is not None]
    undated = [(number, post) for number, post in own if post.created_at is None]
    dated.sort(key=lambda each: (each[1].created_at, each[0]))
    newest = [(n, post.text) for n, post in reversed([*undated, *dated]) if post.text]
    languages = Counter(post.lang and language_of(post.lang) for _, post in own)
    return fitting.CorpusAuthor(
        profile, fitting.chained(newest[:400], chains), main_language(languages)
    )


def _with_facts(suspect: Suspect, own: Own) -> Suspect:
    """Return the suspect with the author's platform and times."""
    assert suspect.habit is not None  # noqa: S101 # for the type checker
    times = [post.created_at for _, post in own if post.created_at is not None]
    platform = next((post.platform for _, post in own if post.platform != "local"), "local")
    first, newest = min(times, default=None), max(times, default=None)
    habit = replace(suspect.habit, platform=platform, first_at=first, newest_at=newest)
    return replace(suspect, habit=habit)


def _with_shipped(corpus: fitting.Corpus) -> fitting.Corpus:
    """Return the model with all shipped authors, as a site has them."""
    shipped = shipped_authors()
    fitted = replace(corpus.fitted, shipped=shipped.everybody, chatters=shipped.chatters)
    return fitting.Corpus(fitted, corpus.suspects)


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

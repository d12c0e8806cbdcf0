"""How far a draft stands out as its author's, and what would change that; also in the API.

The lead over everybody else counts, not the verdict: with few other authors here, a draft that is
no longer called likely is still found by others. Each suggestion is judged as the text that it
leaves.

A draft is a secret: it is sent by POST alone, and neither stored nor logged.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import nlargest
from itertools import islice
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidInputError
from app.lifespan import resources
from app.parts.mirror.acts import (
    ACTS,
    Places,
    Rewrite,
    changed,
    done,
    negates,
    places_of,
    strikable,
    struck,
    touched_pieces,
)
from app.services.posts.users import find_own, get_user
from app.views.answers import NO_STORE
from app.views.blueprints import ApiBlueprint
from saywho.comparing.copied_texts import MOST_TEXTS
from saywho.comparing.question import Question
from saywho.engine.attribution import PRIORS
from saywho.engine.case import Case
from saywho.engine.features import (
    HABITS_OF_TEXT,
    STYLE,
    TOKEN,
    WORDS,
    Counts,
    add,
    features_of,
    lookup,
    pair_key,
    style_key,
    word_key,
)
from saywho.engine.judgement import Limit, OwnLead, Verdict, judge, standing_of
from saywho.text import ADDRESS, FEWEST_WORDS, MAX_TEXT_LENGTH, RANDOM_LINK, own_words

GOAL: Final = math.log(4)
"""Lead in nats at which other programs named the writer first in about a fifth of the drafts that
they named before (`python -m benchmarks.mirror`).
"""
MOST_WORDS: Final = 40
"""Number of judged words, the largest parts of the lead first, and of judged pairs of words."""
MOST_SUGGESTED: Final = 12
LEAST_FALL: Final = 0.05
"""Smallest fall of the lead by a suggestion, in nats."""
LONE_WEIGHT: Final = 0.35
"""Addition of a nat of the lead to the ratio of a lone author here, for a usual text."""
LEAST_PART: Final = 0.5
"""In a suggested act, the lead has at least half as large a part in the ratio's fall as
the likeness to the author: otherwise it makes a draft only unlike its author.
"""
POSTS_OF_RATES: Final = 400


class UseRates(Struct, frozen=True):
    """How often the author and other people use a word or a sign."""

    own: float
    """Times a word, or posts with a sign, in 400 posts."""
    others: float | None
    """Null if no other person of the language is known."""


class _Uses:
    """How an author and all other people use features, by their counts."""

    def __init__(self, case: Case) -> None:
        suspect = case.suspects[0]
        self._background = case.fitted.background
        self._own = suspect.profile.counts
        self._population, self._others = case.weighed_against(suspect)
        own, others = suspect.profile.totals, self._population.totals[self._others].sum(axis=0)
        self._posts = [max(int(totals[STYLE]) / HABITS_OF_TEXT, 1.0) for totals in (own, others)]
        self._words = [float(totals[WORDS] + PRIORS[WORDS]) for totals in (own, others)]

    def _counted(self, keys: NDArray[np.uint32]) -> list[NDArray[np.int64]]:
        """Return the uses of sorted keys (n,), by the author and by other people."""
        return [
            lookup(self._own, keys).astype(np.int64),
            self._population.uses(keys).by(self._others),
        ]

    def of_words(self, words: str) -> UseRates | None:
        """Return how often a word, or two words next to each other, are used in 400 posts; None if
        they are counted as more parts, as `well-known` is.
        """
        is_whole = ADDRESS.fullmatch(words) or not any(map(str.isalnum, words))
        tokens = [_token_of(words)] if is_whole else _lettered(words)
        if len(tokens) != len(words.split(" ")):
            return None
        rates = self._rates(self._in_posts(pair_key(*tokens) if tokens[1:] else word_key(*tokens)))
        return rates if rates.own or rates.others else None

    def of_habit(self, habit: int) -> UseRates:
        """Return how many of 400 posts show a habit of style at all."""
        without = self._in_posts(style_key(habit, 0))
        return self._rates([POSTS_OF_RATES - times for times in without])

    def _in_posts(self, key: np.uint32) -> list[float]:
        counted = self._counted(np.array([key], np.uint32))
        return [
            POSTS_OF_RATES * float(uses[0]) / posts
            for uses, posts in zip(counted, self._posts, strict=True)
        ]

    def _rates(self, times: Sequence[float]) -> UseRates:
        own, others = (round(each, 1) for each in times)
        return UseRates(own, others if self._others.any() else None)

    def gains(self, words: Sequence[str]) -> NDArray[np.float64]:
        """Return how much more the author uses each word than other people do, in nats: (n,)."""
        keys = np.array([word_key(_token_of(word)) for word in words], np.uint32)
        distinct, places = np.unique(keys, return_inverse=True)
        expected = PRIORS[WORDS] * self._background.probabilities(distinct)
        own, others = (
            np.log((uses + expected) / total)
            for uses, total in zip(self._counted(distinct), self._words, strict=True)
        )
        gains: NDArray[np.float64] = (own - others)[places]
        return gains


def _token_of(word: str) -> str:
    tokens: list[str] = TOKEN.findall(word)
    return [*_lettered(word), *tokens, word][0]


def _lettered(words: str) -> list[str]:
    tokens: list[str] = TOKEN.findall(words)
    return [token for token in tokens if any(map(str.isalnum, token))]


def _words_of(text: str) -> str:
    return " ".join(_WORD.findall(text))


_WORD: Final = re.compile(r"\w+")
RANDOM_LINKS: Final = 5
"""Number of the habit of style that counts random links."""
_NEEDED_SIGNS: Final = {11: "\N{EM DASH}", 12: '"'}
"""The only sign that a habit of style counts, of several that an act takes away."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    changes: list[list[Rewrite]]
    """Segments of each text."""
    standing: OwnLead
    """After it is done."""
    touched: int
    """Number of pieces between blanks that change."""
    word: str = ""
    """The word, or the two words, that are left out; empty for an act."""
    can_strike: bool = True
    """Whether the sentence still says the same without it; else it needs other words."""
    act: str = ""
    rates: UseRates | None = None


class Drafts:
    """Texts by one person, and possible changes; the case is of one author."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.texts = case.texts
        self._counts = features_of([own_words(text) for text in case.texts])

    @cached_property
    def _uses(self) -> _Uses:
        return _Uses(self._case)

    @cached_property
    def _words(self) -> list[str]:
        return list(map(_words_of, self.texts))

    @cached_property
    def _places(self) -> list[Places]:
        return list(map(places_of, self.texts))

    @cached_property
    def _free(self) -> list[Places]:
        return list(map(strikable, self.texts))

    def standing(self) -> OwnLead | None:
        """Return their standing; None without a ratio, or with too few words."""
        return self._standing(self.texts, self._counts)

    def after(self, changes: Sequence[Sequence[Rewrite]]) -> OwnLead | None:
        """Return the standing of the texts that changes leave."""
        texts, counts = list(self.texts), list(self._counts)
        for place, some in enumerate(changes):
            if some:
                texts[place] = changed(texts[place], some)
                (counts[place],) = features_of([own_words(texts[place])])
        return self._standing(texts, counts)

    def _standing(self, texts: Sequence[str], counts: Sequence[Counts]) -> OwnLead | None:
        case, summed = replace(self._case, texts=texts, known_ranking=None), add(counts)
        if case.words < FEWEST_WORDS or not summed.keys.size:
            return None
        return standing_of(replace(case, known_ranking=case.rank(summed)))

    def possible(self, standing: OwnLead) -> Iterator[Suggestion]:
        """Yield all acts that concern the texts, and the words that may tell most, but negations;
        standing: of the unchanged texts.

        A word that the text needs is judged as a struck word, too: other words for it are unknown.
        """
        known = {self._left([])}
        for act in ACTS.values():
            yield from self._judged([done(act, text) for text in self.texts], known, act=act.name)
        every = dict.fromkeys(words for places in self._places for words in places)
        words = [each for each in every if " " not in each and not negates(each)]
        if len(words) > MOST_WORDS:
            order = np.argsort(-self._uses.gains(words), kind="stable")
            words = [words[place] for place in sorted(order[:MOST_WORDS].tolist())]
        falls = dict[str, float]()
        for word in words:
            for judged in self._without(word, known):
                falls[word] = standing.lead - judged.standing.lead
                yield judged
        pairs = [each for each in every if " " in each and not negates(each)]

        def fall_of_both(pair: str) -> float:
            return sum(falls.get(word, 0.0) for word in pair.split(" "))

        for pair in nlargest(MOST_WORDS, pairs, key=fall_of_both):
            yield from self._without(pair, known)

    def _without(self, words: str, known: set[tuple[str, ...]]) -> Iterator[Suggestion]:
        changes = [
            struck(text, places.get(words, ()))
            for text, places in zip(self.texts, self._places, strict=True)
        ]
        can_strike = all(
            words in free
            for places, free in zip(self._places, self._free, strict=True)
            if words in places
        )
        yield from self._judged(changes, known, word=words, can_strike=can_strike)

    def _left(self, changes: Sequence[Sequence[Rewrite]]) -> tuple[str, ...]:
        """Return the rest after changes: the words, or if all words stay also the signs."""
        left, words = list(self.texts), list(self._words)
        for place, some in enumerate(changes):
            if some:
                left[place] = changed(left[place], some)
                words[place] = _words_of(left[place])
        return tuple(left if words == self._words else words)

    def _judged(
        self,
        changes: list[list[Rewrite]],
        known: set[tuple[str, ...]],
        *,
        word: str = "",
        act: str = "",
        can_strike: bool = True,
    ) -> Iterator[Suggestion]:
        """Yield what changes leave, unless it is known: to strike the only @name leaves the same
        words as the act.
        """
        if (left := self._left(changes)) in known:
            return
        known.add(left)
        if any(changes) and (standing := self.after(changes)) is not None:
            pairs = zip(self.texts, changes, strict=True)
            touched = sum(touched_pieces(text, some) for text, some in pairs if some)
            yield Suggestion(changes, standing, touched, word, can_strike, act)

    def rated(self, suggestion: Suggestion) -> Suggestion:
        """Return a suggestion with how often its word or sign is used."""
        if suggestion.word:
            return replace(suggestion, rates=self._uses.of_words(suggestion.word))
        habit = ACTS[suggestion.act].habit
        if suggestion.act == "no_links" and any(map(RANDOM_LINK.search, self.texts)):
            habit = RANDOM_LINKS
        needed = _NEEDED_SIGNS.get(habit or 0, "")
        if habit is None or not any(needed in text for text in self.texts):
            return suggestion
        return replace(suggestion, rates=self._uses.of_habit(habit))


def _without_repeats(
    texts: Sequence[str], suggestions: Sequence[Suggestion]
) -> Iterator[Suggestion]:
    left_out = set[tuple[int, int]]()
    for each in suggestions:
        signs = {
            (number, place)
            for number, (text, changes) in enumerate(zip(texts, each.changes, strict=True))
            for start, end, new in changes
            for place in range(start, end)
            if not new and not text[place].isspace()
        }
        if not each.word or left_out.isdisjoint(signs):
            left_out |= signs
            yield each


_OPPOSITES: Final = (
    {"no_dots", "three_dots", "dots_as_sign"},
    {"with_full_stop", "without_full_stop"},
)
"""Acts that undo each other."""


def _without_opposites(suggestions: Iterable[Suggestion]) -> Iterator[Suggestion]:
    undone = set[str]()
    for each in suggestions:
        if each.act not in undone:
            undone |= {act for acts in _OPPOSITES if each.act in acts for act in acts}
            yield each


def _is_contradicted(suggestion: Suggestion) -> bool:
    rates = suggestion.rates
    return rates is not None and rates.others is not None and rates.own <= rates.others


def worth(before: OwnLead, suggestion: Suggestion) -> float:
    """Return the fall of the lead in nats, over the fourth root of the pieces that change.

    By the fall alone, more pieces are changed until the goal; by the fall for each piece, fewer
    drafts reach it in a few steps (docs/measurements.md).
    """
    return (before.lead - suggestion.standing.lead) / math.sqrt(math.sqrt(suggestion.touched))


def is_worth(before: OwnLead, suggestion: Suggestion) -> bool:
    """Return whether a suggestion makes the texts more like other people's, not only unlike."""
    fall = before.lead - suggestion.standing.lead
    if fall < LEAST_FALL:
        return False
    unlike = before.likeness - suggestion.standing.likeness
    return bool(suggestion.word) or LONE_WEIGHT * fall >= LEAST_PART * unlike


class WrittenPlace(Struct, frozen=True):
    """A piece of a draft, as code points, and the suggestion's text in its place."""

    text_index: int
    """Number of the draft, from 0."""
    start: int
    end: int
    new: str = msgspec.field(name="with")
    """Text in its place; empty if it is struck or reworded."""


class Suggested(WrittenPlace, frozen=True):
    """A change of the drafts, at its first place."""

    kind: Literal["word", "act"]
    act: str
    """`strike` for words, `reword` for words that the sentence needs, else the name of an act."""
    word: str | None
    """A word, or two next to each other; null for an act."""
    lead_after: float
    """The lead after this alone was done; of a word, without it."""
    touched: int
    """Number of pieces between blanks that change."""
    rates: UseRates | None
    """Null if it is not counted."""
    further: list[WrittenPlace] = []
    """Further places where it changes the drafts."""


class Mirrored(Struct, frozen=True):
    """How far drafts by one person stand out, and suggestions."""

    username: str
    lead: float | None
    """Nats by which the author explains the drafts better than everybody else does, without a
    ceiling; null if it would be a guess.
    """
    goal: float
    """Lead at which other programs found most writers no more."""
    verdict: Verdict
    suggestions: list[Suggested]
    """By the fall of the lead over the fourth root of the changed pieces, the largest first."""
    habits: list[Suggested]
    """Acts that make a draft only unlike its author; not recommended."""
    limits: list[Limit]


class MirrorForm(Struct, forbid_unknown_fields=True):
    texts: Annotated[list[str], Meta(extra_json_schema={"minItems": 1, "maxItems": MOST_TEXTS})]
    """Up to 50 drafts by one person, with 25,000 characters in all."""
    username: str = ""
    """Omit for the site's own archive."""


async def named_author(session: AsyncSession, username: str) -> str:
    """Return the author of the drafts, by default the site's own.

    Raises NotFoundError and InvalidInputError.
    """
    name = username or await find_own(session)
    if not name:
        raise InvalidInputError("Name the author of the draft", loc="username")
    user = await get_user(session, name)
    if user.is_of_chat:
        raise InvalidInputError(
            "The mirror is not for people of a chat such as {username}",
            loc="username",
            username=user.username,
        )
    return user.username


def check_length(texts: Iterable[str]) -> None:
    """Raise InvalidInputError for drafts that are too long in all."""
    if sum(map(len, texts)) > MAX_TEXT_LENGTH:
        raise InvalidInputError(
            "The drafts may have {count} characters in all; shorten them and try again",
            loc="texts",
            count=f"{MAX_TEXT_LENGTH:,}",
        )


async def lead_of(texts: Sequence[str], username: str) -> float | None:
    """Return the lead alone, for a draft as it was before. Raises as `mirror` does."""
    parts = resources()
    case = await parts.comparer.case_of(Question(texts, [username]))
    standing = await parts.work_pool.run(lambda: Drafts(case).standing())
    return standing and standing.lead


async def mirror(texts: Sequence[str], username: str) -> Mirrored:
    """Return what the site's model says of drafts. Raises NotFoundError and InvalidInputError."""
    parts = resources()
    check_length(texts)
    async with parts.db.read() as session:
        name = await named_author(session, username)
    case = await parts.comparer.case_of(Question(texts, [name]))
    return await parts.work_pool.run(reflect, case, name)


def reflect(case: Case, username: str) -> Mirrored:
    """Return how far texts stand out as their only possible author's, and what would change it."""
    drafts, judgement = Drafts(case), judge(case)
    standing, chosen, habits = drafts.standing(), list[Suggestion](), list[Suggestion]()
    if standing is not None:
        possible = list(map(drafts.rated, drafts.possible(standing)))
        worthy = [each for each in possible if is_worth(standing, each)]
        suggestions = [each for each in worthy if not _is_contradicted(each)]
        suggestions.sort(key=lambda each: -worth(standing, each))
        fitting = _without_opposites(_without_repeats(case.texts, suggestions))
        chosen = list(islice(fitting, MOST_SUGGESTED))
        habits = [
            each
            for each in possible
            if each.act
            and not is_worth(standing, each)
            and standing.likeness - each.standing.likeness >= LEAST_FALL
        ]
    return Mirrored(
        username,
        standing and standing.lead,
        GOAL,
        judgement.verdict,
        list(map(_suggested, chosen)),
        list(map(_suggested, habits)),
        judgement.limits,
    )


def _suggested(each: Suggestion) -> Suggested:
    first, *further = (
        (place, change) for place, changes in enumerate(each.changes) for change in changes
    )
    return Suggested(
        **_place(*first),
        kind="word" if each.word else "act",
        act=each.act or ("strike" if each.can_strike else "reword"),
        word=each.word or None,
        lead_after=each.standing.lead,
        touched=each.touched,
        rates=each.rates,
        further=[WrittenPlace(**_place(*other)) for other in further],
    )


def _place(text_index: int, change: Rewrite) -> dict[str, Any]:
    return {"text_index": text_index, **change._asdict()}


api = ApiBlueprint("api_mirror", tag="compare")


@api.post(
    "/mirror", policy="known", answers="The lead and the suggestions", follows="compare_batch"
)
async def post_mirror(form: MirrorForm) -> tuple[Mirrored, int, dict[str, str]]:
    """Show the words and signs that give away a draft's author, and changes that help.

    Drafts are not stored. They go only away from the author, never towards someone else.
    """
    return await mirror(form.texts, form.username), 200, NO_STORE

"""Model cards: how well the authors of a comparison are told apart, on posts held out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from app.clock import now
from app.compute.attribution import rank
from app.compute.features import features_of
from app.compute.fitting import hold_out
from app.compute.judgement import judge
from app.compute.text import has_words, own_words
from app.services.compare.answering import MODEL_NAME, Model
from app.services.compare.material import Material

FEWEST_ASKED: Final = 10
"""A share of fewer posts says nothing."""
EIGHTY: Final = (0.7, 0.9)
"""Probabilities that count as 80%."""
Z_95: Final = 1.96
_LINK: Final = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/)\S+")
_NAME: Final = re.compile(r"([@#])\w+")


class CardAuthor(msgspec.Struct, frozen=True):
    """An author of a card, and how many of the posts held out were named correctly."""

    username: str
    tweets: Annotated[int, Meta(description="How many posts are kept.")]
    asked: Annotated[int, Meta(description="How many posts with enough words were held out.")]
    right: Annotated[int, Meta(description="How many of them were named correctly.")]


class MeasuredBin(msgspec.Struct, frozen=True):
    """Answers that claimed about the same, and how many of them were right."""

    claimed: Annotated[float, Meta(description="The mean probability of the first author.")]
    right: Annotated[float, Meta(description="The share that was right.")]
    asked: int


class Measured(msgspec.Struct, frozen=True):
    """How the posts that were held out were judged among the authors of the card."""

    posts: Annotated[int, Meta(description="How many posts were held out.")]
    asked: Annotated[int, Meta(description="How many of them had enough words.")]
    right: Annotated[float, Meta(description="The share named correctly.")]
    low: Annotated[float, Meta(description="Its 95% interval.")]
    high: Annotated[float, Meta(description="Its 95% interval.")]
    by_chance: Annotated[
        float, Meta(description="Share right by always naming the author of most of these posts.")
    ]
    masked: Annotated[
        float, Meta(description="Share right with links, names and tags in the posts masked.")
    ]
    eighty: Annotated[
        MeasuredBin | None,
        Meta(description="Answers that claimed about 80%; null for fewer than 10."),
    ]


class Strangers(msgspec.Struct, frozen=True):
    """Posts by other authors, put to the model as if one of those compared had written them."""

    asked: Annotated[int, Meta(description="How many posts with enough words.")]
    given: Annotated[int, Meta(description="How many were called likely for one of the authors.")]
    authors: Annotated[int, Meta(description="How many authors wrote them.")]


class Card(msgspec.Struct, frozen=True):
    """How well these authors are told apart."""

    authors: Annotated[
        list[CardAuthor], Meta(description="Of more than 50 those with the most posts.")
    ]
    left_out: Annotated[
        int, Meta(description="How many more authors were compared and not measured.")
    ]
    tweets: Annotated[int, Meta(description="How many posts all of them had.")]
    held_out: Annotated[
        Measured | None,
        Meta(
            description="On each author's newest posts, as if they came only now; null if too few."
        ),
    ]
    strangers: Annotated[
        Strangers | None,
        Meta(description="On posts by others; null where nobody could be left out."),
    ]
    confusion: Annotated[
        list[list[int]],
        Meta(description="How often the author of the row was taken for that of the column."),
    ]
    model: Model
    made_at: datetime
    tweets_since: Annotated[int, Meta(description="Posts that came afterwards.")] = 0

    @property
    def given(self) -> list[tuple[str, str, int]]:
        """True author, named author and how many posts, the most frequent first."""
        names = [author.username for author in self.authors]
        found = [
            (names[true], names[said], times)
            for true, row in enumerate(self.confusion)
            for said, times in enumerate(row)
            if times
        ]
        return sorted(found, key=lambda each: -each[2])


@dataclass(frozen=True, slots=True)
class StrangerPosts:
    """Posts by an author who is left out of the comparison."""

    user_id: int
    texts: list[str]


def measure(
    material: Material,
    newest: Sequence[Sequence[Sequence[str]]],
    strangers: Sequence[StrangerPosts],
) -> Card:
    """Return the card of these authors; it takes a thread some seconds.

    newest: of each author the newest posts, in units that are asked about as one.
    """
    shares, truth = _judged(material, newest)
    masked, masked_truth = _judged(material, newest, is_masked=True)
    table = np.zeros((len(material.users), len(material.users)), np.int64)
    np.add.at(table, (truth, shares.argmax(axis=1)), 1)
    asked = table.sum(axis=1)
    held_out = None
    if truth.size:
        posts = sum(map(len, newest))
        share = float(np.mean(masked.argmax(axis=1) == masked_truth)) if masked_truth.size else 0.0
        held_out = _measured(shares, truth, posts, share)
    return Card(
        authors=[
            CardAuthor(user.username, user.tweet_count, int(asked[i]), int(table[i, i]))
            for i, user in enumerate(material.users)
        ],
        left_out=0,
        tweets=sum(user.tweet_count for user in material.users),
        held_out=held_out,
        strangers=_given(material, strangers),
        confusion=table.tolist(),
        model=Model(MODEL_NAME, material.fitted.version, material.as_of_event),
        made_at=now(),
    )


def _judged(
    material: Material, newest: Sequence[Sequence[Sequence[str]]], *, is_masked: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the probabilities of each author for posts that the profiles do not hold, and whose.

    Units (k, n) and (k,).
    """
    held_out = [hold_out(*each) for each in zip(material.profiles, newest, strict=True)]
    profiles = [each.profile for each in held_out]
    if sum(profile.counts.keys.size > 0 for profile in profiles) < 2:
        return np.empty((0, len(profiles))), np.empty(0, np.intp)
    fitted = material.fitted
    shares, truth = [], []
    for author, (own, units) in enumerate(zip(held_out, newest, strict=True)):
        queries = own.queries
        if is_masked:
            texts = ["\n\n".join(units[place]) for place in own.places]
            queries = features_of([masked(own_words(text)) for text in texts])
        for query in queries:
            ranking = rank(query, profiles, fitted.background, fitted.temperature)
            shares.append(ranking.probabilities)
            truth.append(author)
    return np.array(shares).reshape(-1, len(profiles)), np.array(truth, np.intp)


def masked(text: str) -> str:
    """Return the text with the same word for every link, every name and every tag."""
    return _NAME.sub(r"\1x", _LINK.sub("https://t.co/x", text))


def _measured(
    shares: NDArray[np.float64], truth: NDArray[np.intp], posts: int, masked_share: float
) -> Measured:
    tops, hits = shares.max(axis=1), shares.argmax(axis=1) == truth
    low, high = wilson(int(hits.sum()), truth.size)
    about_eighty = (tops >= EIGHTY[0]) & (tops < EIGHTY[1])
    return Measured(
        posts=posts,
        asked=truth.size,
        right=_rounded(hits.mean()),
        low=_rounded(low),
        high=_rounded(high),
        by_chance=_rounded(np.bincount(truth).max() / truth.size),
        masked=_rounded(masked_share),
        eighty=None
        if about_eighty.sum() < FEWEST_ASKED
        else MeasuredBin(
            _rounded(tops[about_eighty].mean()),
            _rounded(hits[about_eighty].mean()),
            int(about_eighty.sum()),
        ),
    )


def wilson(hits: int, asked: int) -> tuple[float, float]:
    """Return the 95% interval of a share. Source: Wilson 1927."""
    share, square = hits / asked, Z_95**2
    middle = (share + square / (2 * asked)) / (1 + square / asked)
    reach = Z_95 * np.sqrt(share * (1 - share) / asked + square / (4 * asked**2))
    reach /= 1 + square / asked
    return float(max(0.0, middle - reach)), float(min(1.0, middle + reach))


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _given(material: Material, strangers: Sequence[StrangerPosts]) -> Strangers | None:
    """Return how many posts of strangers are called likely; None for too few posts."""
    verdicts: list[list[str]] = []
    for stranger in strangers:
        places = [i for i, user in enumerate(material.users) if user.id != stranger.user_id]
        others = replace(
            material,
            users=[material.users[i] for i in places],
            profiles=[material.profiles[i] for i in places],
            habits=[material.habits[i] for i in places],
        )
        own = []
        for text in filter(has_words, map(own_words, stranger.texts)):
            case = replace(others, texts=(text,)).case()
            own.append(judge(replace(case, absent=stranger.user_id)).verdict)
        verdicts.append([verdict for verdict in own if verdict != "short"])
    asked = sum(map(len, verdicts))
    given = sum(verdict == "likely" for own in verdicts for verdict in own)
    return Strangers(asked, given, sum(map(bool, verdicts))) if asked >= FEWEST_ASKED else None

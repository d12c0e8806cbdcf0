"""Model cards: how well the authors of a comparison are told apart, on posts held out."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from app.clock import now
from app.compute.attribution import rank
from app.compute.ratio_trials import RatioCalibration
from app.compute.verdict import BINS, LIKELY, calibration_error, confusion, tenths, wilson
from app.services.compare.calibration import OwnPost, hold_out
from app.services.compare.card_posts import CardPosts, Strangers, try_strangers
from app.services.compare.judging import MODEL_NAME, Model
from app.services.compare.materials import Material
from app.services.compare.reasons import Typical, typical_words
from app.services.posts.tweets import newest_first

AT_ONCE: Final = 50
"""Questions that are answered before other work gets the processor."""
TOPIC_GAP: Final = 0.05
"""Points by which a random split may be easier before topics are suspected."""


class MeasuredBin(msgspec.Struct, frozen=True):
    """Answers that claimed about the same probability, and how many of them were right."""

    at_least: Annotated[
        float, Meta(description="The least probability of the first author that counts here.")
    ]
    claimed: Annotated[float, Meta(description="The mean probability of the first author.")]
    right: Annotated[float, Meta(description="The share that was right.")]
    asked: int


class Measured(msgspec.Struct, frozen=True):
    """How the posts that were held out were judged."""

    asked: Annotated[int, Meta(description="How many posts were held out.")]
    accuracy: float
    low: Annotated[float, Meta(description="The accuracy's 95% interval.")]
    high: Annotated[float, Meta(description="The accuracy's 95% interval.")]
    log_loss: Annotated[float, Meta(description="In nats.")]
    calibration_error: Annotated[
        float, Meta(description="Mean distance between what is claimed and what is right.")
    ]
    bins: Annotated[list[MeasuredBin], Meta(description="Answers by what they claimed.")]
    c_at_1: float


class CardAuthor(msgspec.Struct, frozen=True):
    """An author of a card, and how many of the posts held out were judged right."""

    username: str
    tweets: Annotated[int, Meta(description="How many posts are kept.")]
    asked: Annotated[int, Meta(description="How many posts were held out.")]
    right: Annotated[int, Meta(description="How many of them were told right.")]


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
    random_split: Annotated[
        Measured | None,
        Meta(description="On posts drawn at random: easier where topics last a while."),
    ]
    majority_guess: Annotated[
        float | None,
        Meta(description="Share right by always naming the author with the most posts."),
    ]
    topic_warning: Annotated[
        bool, Meta(description="Whether topics rather than style may drive the answers.")
    ]
    confusion: Annotated[
        list[list[int]],
        Meta(description="How often the author of the row was taken for that of the column."),
    ]
    typical: Annotated[
        list[Typical], Meta(description="What sets each author apart from the others.")
    ]
    verification: Annotated[
        RatioCalibration | None,
        Meta(description="Of single posts of authors of this language; null until measured."),
    ]
    strangers: Annotated[
        Strangers | None,
        Meta(description="On posts by others; null where nobody could be left out."),
    ]
    model: Model
    made_at: datetime
    tweets_since: Annotated[
        int, Meta(description="Posts that came afterwards; a new card is made of them.")
    ] = 0


class HeldOutAnswer(msgspec.Struct, frozen=True, array_like=True):
    """The answer for a post that was held out; authors are indexes of the card's list."""

    tweet_id: int
    author: int
    taken_for: int
    claimed: float
    tenth: int
    """The bin of the probability claimed."""


@dataclass(frozen=True, slots=True)
class MeasuredCard:
    """A card, and the answers that it sums up, those to the newest posts first."""

    card: Card
    answers: list[HeldOutAnswer]


@dataclass(frozen=True, slots=True)
class JudgedPosts:
    """The answers for the posts held out, and their true authors."""

    shares: NDArray[np.float64]
    """(m, n)"""
    truth: NDArray[np.intp]
    """(m,) columns of the true authors."""
    places: list[int]
    """Index of each unit among those of its author that were given."""


async def measure(material: Material, posts: CardPosts) -> MeasuredCard:
    """Return the card of these authors, made in parts in a thread."""
    newest = [[[post.text for post in unit] for unit in own] for own in posts.newest]
    later = await _judge(material, newest)
    mixed = await _judge(material, posts.drawn)
    words = await asyncio.to_thread(typical_words, material, posts.recent)
    ratios = material.snapshot.calibration_in(korean=posts.is_korean)
    strangers = await try_strangers(material, posts.strangers)
    card = _card(material, later, mixed, words, ratios, strangers)
    return MeasuredCard(card, _answers(posts.newest, later))


async def _judge(material: Material, texts: Sequence[Sequence[Sequence[str]]]) -> JudgedPosts:
    """Judge the posts of each author by profiles that do not hold them."""
    snapshot = material.snapshot
    held_out = await asyncio.to_thread(
        lambda: [hold_out(*each) for each in zip(material.profiles, texts, strict=True)]
    )
    profiles = [each.profile for each in held_out]
    questions = [
        (author, place, query)
        for author, each in enumerate(held_out)
        for place, query in zip(each.places, each.queries, strict=True)
    ]
    if sum(profile.counts.keys.size > 0 for profile in profiles) < 2:
        questions = []

    def answer(start: int) -> list[NDArray[np.float64]]:
        temperature = snapshot.calibration.temperature
        return [
            rank(query, profiles, snapshot.background, temperature).probabilities
            for _, _, query in questions[start : start + AT_ONCE]
        ]

    shares: list[NDArray[np.float64]] = []
    for start in range(0, len(questions), AT_ONCE):
        shares += await asyncio.to_thread(answer, start)
    return JudgedPosts(
        np.array(shares).reshape(-1, len(profiles)),
        np.array([author for author, _, _ in questions], np.intp),
        [place for _, place, _ in questions],
    )


def _card(
    material: Material,
    later: JudgedPosts,
    mixed: JudgedPosts,
    words: list[Typical],
    ratios: RatioCalibration | None,
    strangers: Strangers | None,
) -> Card:
    users = material.users
    table = confusion(later.shares, later.truth, len(users))
    asked = table.sum(axis=1)
    held_out, random_split = _measured(later), _measured(mixed)
    most = int(np.argmax([user.tweet_count for user in users]))
    return Card(
        authors=[
            CardAuthor(user.username, user.tweet_count, int(asked[i]), int(table[i, i]))
            for i, user in enumerate(users)
        ],
        left_out=0,
        tweets=sum(user.tweet_count for user in users),
        held_out=held_out,
        random_split=random_split,
        majority_guess=float(asked[most] / asked.sum()) if held_out else None,
        topic_warning=bool(
            held_out
            and random_split
            and random_split.accuracy - held_out.accuracy >= TOPIC_GAP
            and random_split.accuracy > held_out.high
        ),
        confusion=table.tolist(),
        typical=words,
        verification=ratios,
        strangers=strangers,
        model=Model(MODEL_NAME, material.snapshot.version, material.as_of_event),
        made_at=now(),
    )


def _measured(judged: JudgedPosts) -> Measured | None:
    asked = judged.truth.size
    if not asked:
        return None
    tops, hits = judged.shares.max(axis=1), judged.shares.argmax(axis=1) == judged.truth
    own = judged.shares[np.arange(asked), judged.truth]
    claims = tenths(tops)
    bins = []
    for tenth in np.unique(claims).tolist():
        some = claims == tenth
        bins.append(
            MeasuredBin(
                tenth / BINS,
                _rounded(tops[some].mean()),
                _rounded(hits[some].mean()),
                int(some.sum()),
            )
        )
    low, high = wilson(int(hits.sum()), asked)
    right, silent = np.mean(hits & (tops >= LIKELY)), np.mean(tops < LIKELY)
    return Measured(
        asked,
        _rounded(hits.mean()),
        _rounded(low),
        _rounded(high),
        _rounded(-np.log(np.maximum(own, 1e-12)).mean()),
        _rounded(calibration_error(tops, hits)),
        bins,
        _rounded(right + silent * right),
    )


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _answers(
    posts: Sequence[Sequence[Sequence[OwnPost]]], judged: JudgedPosts
) -> list[HeldOutAnswer]:
    if not judged.truth.size:
        return []
    tops = judged.shares.max(axis=1)
    # No answer is certain, even where rounding would show 1.
    shown = np.minimum(tops.round(4), 0.9999)
    columns = (judged.truth, judged.shares.argmax(axis=1), shown, tenths(tops))
    answers = []
    for place, (author, *rest) in zip(
        judged.places, zip(*(column.tolist() for column in columns), strict=True), strict=True
    ):
        post = posts[author][place][0]
        order = newest_first(post.created_at, post.id)
        answers.append((order, HeldOutAnswer(post.id, author, *rest)))
    return [answer for _, answer in sorted(answers, key=itemgetter(0))]

"""Who would have said this? Authors ranked for a text, with evidence."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import Profile as AuthorProfile
from app.compute.attribution import Ranking, rank, scores_of
from app.compute.counts import Counts
from app.compute.evidence import evidence
from app.compute.features import features
from app.compute.text import clean_text, letter_count, username_key
from app.compute.verdict import MOST_IMPOSTORS, verdict
from app.errors import InvalidInputError
from app.models import User
from app.services.background import BackgroundStore, Snapshot
from app.services.events import newest_event
from app.services.profiles import INLINE_CHARACTERS, ProfileStore
from app.services.users import users_by_name

MODEL_NAME: Final = "stacked-counts-2"
SHOWN_OF_ALL: Final = 20
RIVAL_PROBABILITY: Final = 0.05
"""Among all authors, one less likely than this makes no answer unfair by having few posts."""
EXPLAINED: Final = 4
"""Authors between whom the evidence is divided: as many as have a colour of their own."""
INLINE_AUTHORS: Final = 50
"""More are ranked in a thread, since the loop must not wait over 10 ms."""


class Ranked(msgspec.Struct, frozen=True):
    username: str
    probability: float
    tweets: int


class Evidence(msgspec.Struct, frozen=True):
    """A string of the text that speaks for an author, in log-odds; places are code points."""

    start: int
    end: int
    text: str
    username: str
    weight: float


class Model(msgspec.Struct, frozen=True):
    name: str
    version: int
    as_of_event: int


class Comparison(msgspec.Struct, frozen=True):
    text: str
    verdict: str
    ranking: list[Ranked]
    evidence: list[Evidence]
    model: Model


@dataclass(frozen=True, slots=True)
class Material:
    """What a comparison rests on, all of one state of the database."""

    text: str
    users: list[User]
    profiles: list[AuthorProfile]
    snapshot: Snapshot
    as_of_event: int
    is_named: bool
    """Whether the authors were named; otherwise they are all that have posts."""


@dataclass(slots=True)
class Models:
    """What this process keeps in memory for comparisons."""

    profiles: ProfileStore
    backgrounds: BackgroundStore


async def gather_material(
    session: AsyncSession, models: Models, *, text: str, usernames: Sequence[str] = ()
) -> Material:
    """Read what a comparison needs, for the authors named or for all that have posts.

    Every post that the session sees counts. Raises NotFoundError and InvalidInputError.
    """
    text = comparable_text(text)
    if usernames:
        users = await _named(session, usernames)
    else:
        everybody = (
            select(User)
            .where(User.tweet_count > 0, User.deleted_at.is_(None))
            .order_by(User.username_key)
        )
        users = list(await session.scalars(everybody))
        if len(users) < 2:
            raise InvalidInputError(
                "A comparison needs two authors with posts; there are {count}",
                loc="usernames",
                count=len(users),
            )
    return Material(
        text=text,
        users=users,
        profiles=await models.profiles.load(session, users),
        snapshot=await models.backgrounds.load(session),
        as_of_event=await newest_event(session),
        is_named=bool(usernames),
    )


def comparable_text(text: str) -> str:
    """Return the text as it is judged. Raises InvalidInputError if nobody could judge it."""
    try:
        text = clean_text(text)
    except ValueError as error:
        raise InvalidInputError(str(error), loc="text") from None
    if not letter_count(text):
        raise InvalidInputError("The text has no letters to judge by", loc="text")
    return text


async def _named(session: AsyncSession, usernames: Sequence[str]) -> list[User]:
    seen: set[str] = set()
    for name in usernames:
        if username_key(name) in seen:
            raise InvalidInputError(
                "'{username}' is named twice; choose different authors",
                loc="usernames",
                username=name,
            )
        seen.add(username_key(name))
    users = await users_by_name(session, usernames)
    if len(users) == 1:
        raise InvalidInputError(
            "'{username}' alone cannot be compared; choose a second author",
            loc="usernames",
            username=users[0].username,
        )
    for user in users:
        if not user.tweet_count:
            raise InvalidInputError(
                "'{username}' has no posts to compare with",
                loc="usernames",
                username=user.username,
            )
    return users


async def judge(
    material: Material, *, explain: bool = True, shown: int | None = None
) -> Comparison:
    """Rank the authors and find the evidence; show the first `shown` of them, or all."""
    if len(material.text) <= INLINE_CHARACTERS // 2 and len(material.users) <= INLINE_AUTHORS:
        return _judge(material, explain, shown)
    return await asyncio.to_thread(_judge, material, explain, shown)


def _judge(material: Material, explain: bool, shown: int | None) -> Comparison:
    query, snapshot = features(material.text), material.snapshot
    ranking = rank(query, material.profiles, snapshot.background, snapshot.calibration.temperature)
    order = sorted(
        range(len(material.users)),
        key=lambda i: (-ranking.probabilities[i], material.users[i].username_key),
    )
    return Comparison(
        text=material.text,
        verdict=_verdict(material, query, ranking, order[0]),
        ranking=[
            Ranked(
                material.users[i].username,
                float(ranking.probabilities[i]),
                material.users[i].tweet_count,
            )
            for i in order[:shown]
        ],
        evidence=_evidence(material, order[:EXPLAINED]) if explain else [],
        model=Model(MODEL_NAME, snapshot.version, material.as_of_event),
    )


def _verdict(material: Material, query: Counts, ranking: Ranking, best: int) -> str:
    snapshot = material.snapshot
    compared = {user.id for user in material.users}
    impostors = [
        profile for user_id, profile in snapshot.impostors.items() if user_id not in compared
    ][:MOST_IMPOSTORS]
    return verdict(
        ranking,
        letters=letter_count(material.text),
        fewest_posts=min(
            profile.posts
            for i, profile in enumerate(material.profiles)
            if material.is_named or i == best or ranking.probabilities[i] >= RIVAL_PROBABILITY
        ),
        impostors=scores_of(query, impostors, snapshot.background),
        calibration=snapshot.calibration,
    )


def _evidence(material: Material, best: Sequence[int]) -> list[Evidence]:
    spans = evidence(
        material.text, [material.profiles[i] for i in best], material.snapshot.background
    )
    return [
        Evidence(
            span.start,
            span.end,
            material.text[span.start : span.end],
            material.users[best[span.author]].username,
            round(span.weight, 3),
        )
        for span in spans
    ]

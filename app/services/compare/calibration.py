"""The calibration of probabilities by an installation's own posts, made with each background.

The newest posts of some authors are taken out of their profiles and scored against their author
and others; the temperature and the alarm levels are fitted to those scores.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import scores_of_each
from app.compute.background import Background
from app.compute.counts import Counts
from app.compute.features import CHARACTERS, RECIPE, features_of, group_sums
from app.compute.profiles import AuthorProfile, text_keys, without_posts
from app.compute.quotations import own_words
from app.compute.ratio_trials import RatioMeasure, measure_ratios, trial_author
from app.compute.verdict import (
    FEWEST_IMPOSTORS,
    MOST_IMPOSTORS,
    Calibration,
    familiarity_of,
    fit_calibration,
)
from app.models import PostCount, Profile, Tweet, User
from app.services.posts.replies import own_chains

ASKED_AUTHORS: Final = 50
ASKED_POSTS: Final = 40
"""Of each author; the newest posts, and at most a quarter of all."""
ASKED_IN_ALL: Final = 400
"""With few authors, more posts of each are scored, up to this total."""
FEWEST_POSTS: Final = 25
"""An author with fewer is neither scored nor an impostor."""
RIVALS: Final = 4
KEPT_IMPOSTORS: Final = 12
"""Of authors who write Korean, and of all others: impostors of another language have no effect.
More than a comparison needs, so that enough are left when some of them are compared."""


class Impostor(msgspec.Struct, frozen=True):
    """An author's counts, as they were when the snapshot was made."""

    user_id: int
    posts: int
    counts: bytes
    is_korean: bool = False


@dataclass(frozen=True, slots=True)
class StoredCalibration(Calibration):
    """The calibration as a snapshot stores it."""

    impostor_ids: list[int] = field(default_factory=list)
    verification: dict[str, RatioMeasure] = field(default_factory=dict)
    """The quality of verifications, of authors who write Korean (`ko`) and of others (`other`)."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Features of posts, and their author's profile without them.

    Counts are exact under subtraction, so that is the profile of before the posts were written.
    """

    profile: AuthorProfile
    places: list[int]
    """Indexes of these units among those given."""
    queries: list[Counts]


class OwnPost(NamedTuple):
    """A post of an author, with text."""

    id: int
    created_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class SampledAuthor:
    """An author's profile, whole and with the newest posts held out."""

    user_id: int
    whole: AuthorProfile
    held_out: HeldOut


async def calibrate(
    session: AsyncSession, background: Background, *, seed: int
) -> tuple[StoredCalibration, list[Impostor]]:
    """Return the calibration of the session's posts, whose tails are folded, and the impostors."""
    eligible = select(User.id).where(User.deleted_at.is_(None), User.tweet_count >= FEWEST_POSTS)
    user_ids = sorted(await session.scalars(eligible))
    chance = random.Random(seed)  # noqa: S311 - no secret
    chance.shuffle(user_ids)
    koreans = await _koreans(session)
    impostors = await _impostors(session, user_ids, koreans)
    # With one author there is nobody to tell apart.
    sample = await _sample(session, user_ids[:ASKED_AUTHORS] if len(user_ids) > 1 else [])
    calibration = await asyncio.to_thread(_fit, sample, impostors, koreans, background, chance)
    ratios = await asyncio.to_thread(_measure_ratios, sample, koreans, background, chance)
    impostor_ids = [impostor.user_id for impostor in impostors]
    stored = StoredCalibration(
        **asdict(calibration), impostor_ids=impostor_ids, verification=ratios
    )
    return stored, impostors


async def _koreans(session: AsyncSession) -> set[int]:
    """Return the authors most of whose posts are in Korean."""
    korean = func.sum(case((PostCount.lang == "ko", PostCount.posts), else_=0))
    query = select(PostCount.user_id).group_by(PostCount.user_id)
    return set(await session.scalars(query.having(2 * korean > func.sum(PostCount.posts))))


async def _impostors(
    session: AsyncSession, user_ids: Sequence[int], koreans: set[int]
) -> list[Impostor]:
    some = [each for each in user_ids if each in koreans][:KEPT_IMPOSTORS]
    some += [each for each in user_ids if each not in koreans][:KEPT_IMPOSTORS]
    query = select(Profile.user_id, Profile.posts, Profile.counts).where(
        Profile.user_id.in_(some), Profile.recipe == RECIPE
    )
    rows = {row.user_id: row for row in await session.execute(query)}
    return [
        Impostor(user_id, rows[user_id].posts, rows[user_id].counts, user_id in koreans)
        for user_id in some
        if user_id in rows
    ]


def choose_impostors(
    impostors: Iterable[tuple[int, bool]],
    *,
    compared: Collection[int],
    is_korean: bool,
    most: int = MOST_IMPOSTORS,
) -> list[int]:
    """Return the authors to ask beside those compared, of the language of the text if there are.

    impostors: ids, and whether each writes Korean.
    """
    others = [(user_id, own) for user_id, own in impostors if user_id not in compared]
    alike = [user_id for user_id, own in others if own == is_korean]
    chosen = alike if len(alike) >= FEWEST_IMPOSTORS else [user_id for user_id, _ in others]
    return chosen[:most]


async def _sample(session: AsyncSession, user_ids: Sequence[int]) -> list[SampledAuthor]:
    sample = []
    most = max(ASKED_POSTS, ASKED_IN_ALL // max(1, len(user_ids)))
    for user_id in user_ids:
        query = select(Profile.counts, Profile.posts, Profile.texts).where(
            Profile.user_id == user_id, Profile.recipe == RECIPE
        )
        row = (await session.execute(query)).first()
        if row is None:
            continue
        newest = await newest_own(session, user_id, min(most, row.posts // 4))
        texts = [[post.text for post in unit] for unit in await in_units(session, user_id, newest)]
        try:
            whole = await asyncio.to_thread(AuthorProfile.from_bytes, *row)
            without = await asyncio.to_thread(hold_out, whole, texts)
        except ValueError:  # A post that came after the fold is not in the profile.
            continue
        if without.profile.counts.keys.size:
            sample.append(SampledAuthor(user_id, whole, without))
    return sample


def _fit(
    sample: Sequence[SampledAuthor],
    impostors: Sequence[Impostor],
    koreans: set[int],
    background: Background,
    chance: random.Random,
) -> Calibration:
    scores, leads, alone = [], [], []
    known = [(impostor.user_id, impostor.is_korean) for impostor in impostors]
    profiles = {impostor.user_id: profile_of(impostor) for impostor in impostors}
    profiles |= {each.user_id: each.whole for each in sample}
    user_ids = list(profiles)
    columns = {user_id: place for place, user_id in enumerate(user_ids)}
    asked = [each for each in sample if each.held_out.queries] if len(sample) > 1 else []
    # All at once: one after the other, they took three times as long.
    queries = [query for own in asked for query in own.held_out.queries]
    everyone = list(profiles.values())
    of_all = scores_of_each(queries, everyone, background) if queries else np.empty((0, 0))
    rows = iter(of_all)
    for own in asked:
        others = [columns[each.user_id] for each in sample if each is not own]
        of_own = scores_of_each(own.held_out.queries, [own.held_out.profile], background)
        for query, best, row in zip(own.held_out.queries, of_own[:, 0], rows, strict=False):
            rivals = chance.sample(others, min(RIVALS, len(others)))
            if len(rivals) == RIVALS:
                scores.append([best, *row[rivals]])
            highest = float(max(best, row[rivals[0]]))
            features = int(group_sums(query)[CHARACTERS])
            alone.append(familiarity_of(highest, features, 2))
            compared = {own.user_id, user_ids[rivals[0]]}
            some = choose_impostors(known, compared=compared, is_korean=own.user_id in koreans)
            if len(some) >= FEWEST_IMPOSTORS:
                strangers = row[[columns[each] for each in some]]
                leads.append(familiarity_of(highest, features, 2, strangers))
    return fit_calibration(np.array(scores), np.array(leads), np.array(alone))


def _measure_ratios(
    sample: Sequence[SampledAuthor],
    koreans: set[int],
    background: Background,
    chance: random.Random,
) -> dict[str, RatioMeasure]:
    found = {}
    for language in ("ko", "other"):
        authors = [
            trial_author(each.held_out.profile, each.held_out.queries, background)
            for each in sample
            if (each.user_id in koreans) == (language == "ko") and len(each.held_out.queries) > 1
        ]
        if measure := measure_ratios(authors, background, chance):
            found[language] = measure
    return found


def profile_of(impostor: Impostor) -> AuthorProfile:
    return AuthorProfile(Counts.from_bytes(impostor.counts), impostor.posts)


async def newest_own(session: AsyncSession, user_id: int, count: int) -> list[OwnPost]:
    """Return the author's newest posts, the newest first; those without a time count as oldest."""
    newest = (
        select(Tweet.id, Tweet.created_at, Tweet.text)
        .where(Tweet.user_id == user_id, Tweet.text != "")
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .limit(count)
    )
    return [OwnPost(*row) for row in await session.execute(newest)]


async def in_units(
    session: AsyncSession, user_id: int, posts: Sequence[OwnPost]
) -> list[list[OwnPost]]:
    """Return an author's posts in units to be held out.

    A chain of own replies is one, so that no part tells of another. Chains of which some posts are
    not given are left out.
    """
    chains = await own_chains(session, user_id)
    lengths = Counter(chains.values())
    units: dict[int, list[OwnPost]] = defaultdict(list)
    for post in posts:
        units[chains.get(post.id, post.id)].append(post)
    return [unit for first, unit in units.items() if len(unit) >= lengths[first]]


def hold_out(profile: AuthorProfile, units: Sequence[Sequence[str]]) -> HeldOut:
    """Take units of posts out of the profile, except those with a text that was posted again.

    Raises ValueError if the profile does not hold them.
    """
    times = [profile.texts.count(text_keys(texts)).tolist() for texts in units]
    if not all(map(all, times)):
        raise ValueError("the profile does not hold the posts")
    places = [place for place, counts in enumerate(times) if set(counts) == {1}]
    once = [text for place in places for text in units[place]]
    queries = features_of([own_words("\n\n".join(units[place])) for place in places])
    return HeldOut(without_posts(profile, once), places, queries)

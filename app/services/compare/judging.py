"""The judgement of a text: ranking, verdict, evidence and reasons."""

import asyncio
import functools
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import Ranking, rank
from app.compute.counts import Counts
from app.compute.evidence import evidence, judge_passages, layout_evidence, sentences
from app.compute.features import Occurrences, features, occurrences
from app.compute.quotations import own_words
from app.compute.text import guess_language, letter_count
from app.compute.verdict import verdict
from app.db.engine import Database
from app.services.compare.materials import Material, Materials
from app.services.compare.reasons import NearPost, Typical, find_reasons
from app.tasks import INLINE_CHARACTERS

MODEL_NAME: Final = "stacked-counts-2"
SHOWN_OF_ALL: Final = 20
"""Authors that are shown where none are named."""
RIVAL_PROBABILITY: Final = 0.05
"""Among all authors, a less likely one with few posts does not change the verdict."""
EXPLAINED: Final = 4
"""Authors between whom the evidence is divided: those with a colour."""
INLINE_AUTHORS: Final = 50
"""More are ranked in a thread, since the loop must not wait over 10 ms."""


class RankedAuthor(msgspec.Struct, frozen=True):
    username: str
    probability: Annotated[
        float, Meta(description="Calibrated; they sum to 1 over all compared authors.")
    ]
    tweets: Annotated[int, Meta(description="How many posts with words it rests on.")]


class Evidence(msgspec.Struct, frozen=True):
    """A string of the text that speaks for an author, in log-odds; positions are code points."""

    start: int
    end: int
    text: Annotated[str, Meta(description="The piece of the text.")]
    username: Annotated[str, Meta(description="The author it speaks for.")]
    weight: Annotated[float, Meta(description="In log-odds.")]


class Model(msgspec.Struct, frozen=True):
    name: str
    version: Annotated[
        int, Meta(description="Equal versions have equal background and calibration.")
    ]
    as_of_event: Annotated[int, Meta(description="The last event that was taken into account.")]


class LayoutWeight(msgspec.Struct, frozen=True):
    """How much layout and punctuation speak for an author, in log-odds against the others."""

    username: str
    weight: Annotated[
        float,
        Meta(description="In log-odds against the others; below 0 it speaks against the author."),
    ]


class JudgedPassage(msgspec.Struct, frozen=True):
    """A sentence of the text and its likeliest author; positions are code points."""

    start: int
    end: int
    text: str
    username: str
    probability: Annotated[
        float, Meta(description="That the sentence is by this author, given those around it.")
    ]


class Comparison(msgspec.Struct, frozen=True, omit_defaults=True):
    """The ranking and its reasons; what was not requested is left out, and `evidence` empty."""

    text: Annotated[str, Meta(description="The text as it was judged: NFC, LF.")]
    verdict: Annotated[str, Meta(description="likely, close, short or unfamiliar.")]
    ranking: Annotated[
        list[RankedAuthor],
        Meta(description="The likeliest first; the first 20 where no author is named."),
    ]
    evidence: list[Evidence]
    model: Model
    layout: Annotated[
        list[LayoutWeight],
        Meta(
            description="What layout and punctuation as a whole say; only with `reasons`, and not"
            " without `explain`."
        ),
    ] = []
    passages: Annotated[
        list[JudgedPassage], Meta(description="Sentence by sentence; only with `passages`.")
    ] = []
    nearest: Annotated[
        list[NearPost],
        Meta(description="Posts of the first four authors worded like it; only with `reasons`."),
    ] = []
    typical: Annotated[
        list[Typical],
        Meta(description="Words that set the first four authors apart; only with `reasons`."),
    ] = []


def has_sentences(text: str) -> bool:
    """Return whether the text has more than one sentence."""
    return len(sentences(text)) > 1


async def compare(
    db: Database,
    materials: Materials,
    text: str,
    usernames: Sequence[str],
    *,
    explain: bool = True,
    with_passages: bool = False,
    with_reasons: bool = True,
) -> Comparison:
    """Return the comparison of a text among the authors named, or among all that have posts.

    Without `with_reasons` it has neither nearest posts nor typical words nor layout. Raises
    NotFoundError and InvalidInputError.
    """
    material = await materials.gather(text, usernames)
    comparison = await judge(
        material, explain=explain, with_passages=with_passages, with_layout=with_reasons
    )
    if not with_reasons:
        return comparison
    async with db.read() as session:
        return await add_reasons(session, material, comparison)


async def judge(
    material: Material,
    *,
    explain: bool = True,
    with_passages: bool = False,
    with_layout: bool = True,
) -> Comparison:
    """Rank the authors and find the evidence; if they were not named, show only the first.

    `with_passages` judges each sentence too, among the likeliest authors of the whole text.
    """
    work = functools.partial(judge_now, material, explain, with_passages, with_layout)
    if len(material.text) <= INLINE_CHARACTERS // 2 and len(material.users) <= INLINE_AUTHORS:
        return work()
    return await asyncio.to_thread(work)


async def add_reasons(
    session: AsyncSession, material: Material, comparison: Comparison
) -> Comparison:
    """Return the comparison with the nearest posts and typical words of its first authors."""
    places = {user.username: i for i, user in enumerate(material.users)}
    best = [places[ranked.username] for ranked in comparison.ranking[:EXPLAINED]]
    first = replace(
        material,
        users=[material.users[i] for i in best],
        profiles=[material.profiles[i] for i in best],
    )
    nearest, typical = await find_reasons(session, first)
    return msgspec.structs.replace(comparison, nearest=nearest, typical=typical)


def rank_material(
    material: Material, found: Occurrences | None = None, unasked: Collection[int] = ()
) -> Ranking:
    """Rank the authors for the text; `found` are its features, `unasked` no impostors."""
    snapshot = material.snapshot
    impostors = []
    if material.is_named:  # Otherwise all authors are compared already.
        impostors = snapshot.impostors_for(
            compared={user.id for user in material.users}.union(unasked),
            is_korean=guess_language(material.text) == "ko",
        )
    return rank(
        _query(material.text, found),
        material.profiles,
        snapshot.background,
        snapshot.calibration.temperature,
        material.rest,
        impostors,
    )


def judge_now(
    material: Material, explain: bool = True, with_passages: bool = False, with_layout: bool = True
) -> Comparison:
    """Judge as `judge` does, without leaving the thread."""
    snapshot = material.snapshot
    found = occurrences(material.text) if explain else None
    ranking = rank_material(material, found)
    shares = ranking.probabilities.tolist()
    order = sorted(
        range(len(material.users)), key=lambda i: (-shares[i], material.users[i].username_key)
    )
    best = order[:EXPLAINED]
    return Comparison(
        text=material.text,
        verdict=verdict_of(material, ranking, order[0]),
        ranking=[
            RankedAuthor(material.users[i].username, shares[i], material.profiles[i].worded_posts)
            for i in (order if material.is_named else order[:SHOWN_OF_ALL])
        ],
        evidence=_evidence(material, found, best, ranking) if found else [],
        model=Model(MODEL_NAME, snapshot.version, material.as_of_event),
        layout=_layout(material, ranking, best) if explain and with_layout else [],
        passages=_passages(material, best) if with_passages else [],
    )


def _query(text: str, found: Occurrences | None) -> Counts:
    """Return the counts of the text without quotations; `found` are the features of all of it."""
    own = own_words(text)
    return found.counts if found and own == text else features(own)


def verdict_of(material: Material, ranking: Ranking, best: int) -> str:
    """Return the verdict on the text; `best` is the likeliest author."""
    return verdict(
        ranking,
        letters=letter_count(material.text),
        fewest_posts=min(
            profile.worded_posts
            for i, profile in enumerate(material.profiles)
            if material.is_named or i == best or ranking.probabilities[i] >= RIVAL_PROBABILITY
        ),
        impostors=ranking.impostors,
        calibration=material.snapshot.calibration,
    )


def _evidence(
    material: Material, found: Occurrences, best: Sequence[int], ranking: Ranking
) -> list[Evidence]:
    # A text that is all quotation is judged as it is, and nothing of it is marked.
    profiles = [material.profiles[i] for i in best]
    background = material.snapshot.background
    spans = evidence(material.text, profiles, background, found=found, query=ranking.query)
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


def _layout(material: Material, ranking: Ranking, best: Sequence[int]) -> list[LayoutWeight]:
    weights = layout_evidence(ranking, best)
    return [
        LayoutWeight(material.users[i].username, round(float(weight), 3))
        for i, weight in zip(best, weights, strict=True)
    ]


def _passages(material: Material, best: Sequence[int]) -> list[JudgedPassage]:
    text, snapshot = material.text, material.snapshot
    found = judge_passages(
        text,
        [material.profiles[i] for i in best],
        snapshot.background,
        snapshot.calibration.temperature,
    )
    return [
        JudgedPassage(
            passage.start,
            passage.end,
            text[passage.start : passage.end],
            material.users[best[passage.author]].username,
            round(passage.probability, 4),
        )
        for passage in found
    ]

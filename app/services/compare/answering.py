"""Who would have said this: one of some authors, or somebody else? The answer and its evidence."""

import asyncio
from dataclasses import replace
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.compute.case import Case
from app.compute.evidence import marks_of
from app.compute.features import occurrences
from app.compute.judgement import SURE, Judgement, Limit, Verdict, judge
from app.compute.text import own_words
from app.tasks import INLINE_CHARACTERS

MODEL_NAME: Final = "stacked-counts-3"
SHOWN_OF_ALL: Final = 20
"""Authors that are shown where none are named."""
EXPLAINED: Final = 4
"""Authors between whom the evidence is divided: those with a colour."""
INLINE_AUTHORS: Final = 20
"""More are judged in a thread, since the loop must not wait over 10 ms."""


class RankedAuthor(msgspec.Struct, frozen=True):
    username: str
    probability: Annotated[float, Meta(description="If one of them wrote it; all sum to 1.")]
    log10_lr: Annotated[float | None, Meta(description="Against somebody else of the language.")]
    tweets: Annotated[int, Meta(description="How many posts with words it rests on.")]


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """A string of the text that speaks for an author, in log-odds; positions are code points.

    With `reasons`: the `piece` that was looked up, how often in 400 posts the author and the
    others use it, and up to three posts of the author that have it.
    """

    start: int
    end: int
    text: Annotated[str, Meta(description="The piece of the text.")]
    username: Annotated[str, Meta(description="The author it speaks for.")]
    weight: Annotated[float, Meta(description="In log-odds; below 0 it speaks against the author.")]
    piece: str | msgspec.UnsetType = msgspec.UNSET
    own: float | msgspec.UnsetType = msgspec.UNSET
    others: float | msgspec.UnsetType = msgspec.UNSET
    posts: list[int] | msgspec.UnsetType = msgspec.UNSET


class Model(msgspec.Struct, frozen=True):
    name: str
    version: Annotated[int, Meta(description="Equal ones have equal background and calibration.")]
    as_of_event: Annotated[int, Meta(description="The last event that was taken into account.")]


class Comparison(msgspec.Struct, frozen=True):
    """Whether one of some authors wrote the text, and which."""

    text: Annotated[str, Meta(description="As it was judged: NFC, LF, a blank line between texts.")]
    verdict: Verdict
    none: Annotated[float | None, Meta(description="Probability that somebody else wrote it.")]
    sure: Annotated[float, Meta(description="How sure the asker was that it was one of them.")]
    ranking: Annotated[list[RankedAuthor], Meta(description="The first 20 where none is named.")]
    evidence: Annotated[list[Evidence], Meta(description="Empty with `explain` turned off.")]
    limits: Annotated[list[Limit], Meta(description="What makes the answer weak.")]
    model: Model


async def answer(case: Case, *, sure: float = SURE, explain: bool = True) -> Comparison:
    """Judge the texts of the case, in a thread where that takes long."""
    size = sum(map(len, case.texts))
    if size <= INLINE_CHARACTERS // 2 and len(case.suspects) <= INLINE_AUTHORS:
        return _answer(case, sure=sure, explain=explain)
    return await asyncio.to_thread(_answer, case, sure=sure, explain=explain)


def _answer(case: Case, *, sure: float, explain: bool) -> Comparison:
    found = occurrences(case.text) if explain else None
    if found and len(case.texts) == 1 and own_words(case.text) == case.text:
        # The features of a text without quotations are known already.
        case = replace(case, known_ranking=case.known_ranking or case.rank(found.counts))
    judgement = judge(case, sure)
    best = [case.suspects[place] for place in judgement.order[:EXPLAINED]]
    marks = marks_of(case, best, found) if found else []
    return Comparison(
        text=case.text,
        verdict=judgement.verdict,
        none=judgement.none,
        sure=sure,
        ranking=ranked_authors(case, judgement),
        evidence=[
            Evidence(start, end, case.text[start:end], username, round(weight, 3))
            for start, end, username, weight in marks
        ],
        limits=judgement.limits,
        model=Model(MODEL_NAME, case.fitted.version, case.as_of_event),
    )


def ranked_authors(case: Case, judgement: Judgement) -> list[RankedAuthor]:
    """Return the suspects, the likeliest first; the first 20 where none is named."""
    shares = case.ranking.probabilities.tolist()
    ranked = [
        RankedAuthor(suspect.username, share, log10, suspect.profile.worded_posts)
        for suspect, share, log10 in zip(case.suspects, shares, judgement.log10, strict=True)
    ]
    order = judgement.order if case.is_named else judgement.order[:SHOWN_OF_ALL]
    return [ranked[place] for place in order]

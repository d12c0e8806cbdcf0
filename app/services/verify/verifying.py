"""Did this one author write it? The answer: a likelihood ratio, its words, evidence and limits."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.counts import add
from app.compute.features import features_of, occurrences
from app.compute.quotations import own_words
from app.compute.ratio_trials import RatioCalibration
from app.compute.text import clean_text, guess_language, letter_count
from app.compute.verification import (
    FEWEST_LETTERS,
    LikelihoodRatio,
    Support,
    mark_evidence,
    support,
    verify,
)
from app.db.engine import Database
from app.errors import InvalidInputError, Message
from app.services.compare.judging import Model
from app.services.compare.materials import Models
from app.services.verify.materials import VerifyMaterial, VerifyMaterials
from app.services.verify.sentences import limits_of, ratio_statement, short_statement
from app.tasks import worked_on

MODEL_NAME: Final = "lead-and-typicality-1"
MOST_TEXTS: Final = 100
MOST_CHARACTERS: Final = 100_000
"""Of all texts together."""
MOST_MARKS: Final = 12
FEWEST_MARKS: Final = 3
"""Marks of one text: fewer in each where there are many texts."""


class TextEvidence(msgspec.Struct, frozen=True):
    """A string of one of the texts that speaks for the author, or against; in code points."""

    text_index: Annotated[int, Meta(description="Which of the texts, from 0.")]
    start: int
    end: int
    text: Annotated[str, Meta(description="The piece of the text.")]
    weight: Annotated[float, Meta(description="In log-odds; below 0 it speaks against the author.")]


class RatioParts(msgspec.Struct, frozen=True):
    """What the two comparisons add to `log10_lr`, before its bounds."""

    others: Annotated[float, Meta(description="More like the author than the other authors here.")]
    own: Annotated[float, Meta(description="Compared with the author's own newest posts.")]
    layout: Annotated[
        float, Meta(description="What layout and punctuation as a whole say, in log-odds.")
    ]


class ReferencePopulation(msgspec.Struct, frozen=True):
    """The other authors of the language, all or 50 of them."""

    authors: int
    posts: int


class Verification(msgspec.Struct, frozen=True):
    """Whether one author wrote the texts, as far as their wording can tell."""

    texts: Annotated[list[str], Meta(description="The texts as they were judged: NFC, LF.")]
    username: str
    tweets: Annotated[int, Meta(description="How many posts of the author it rests on.")]
    log10_lr: Annotated[
        float | None,
        Meta(
            description="How many times likelier the texts are if this author wrote them than if "
            "another one did, as a logarithm to base 10; null if there is too little text."
        ),
    ]
    support: Annotated[
        Support | None, Meta(description="none, weak or moderate: for the verdict, in words.")
    ]
    verdict: Literal["for", "against", "open", "short"]
    statement: Annotated[str, Meta(description="The answer as a sentence.")]
    parts: RatioParts | None
    evidence: list[TextEvidence]
    population: ReferencePopulation
    calibration: Annotated[
        RatioCalibration | None, Meta(description="null until it has been measured.")
    ]
    limits: Annotated[list[str], Meta(description="What makes the answer weak.")]
    model: Model


@dataclass(frozen=True, slots=True)
class Finding:
    """A verification, with its sentences as pages can translate them."""

    verification: Verification
    statement: Message
    limits: list[Message]


class Verifier:
    """Verifies texts, with what this process keeps in memory for that."""

    def __init__(self, db: Database, models: Models) -> None:
        self.db = db
        self._materials = VerifyMaterials(models)

    async def verify(self, texts: Sequence[str], username: str) -> Finding:
        """Return whether the author of that name wrote the texts, all by one hand.

        Every acknowledged post counts. A text that is a post of the author is taken out of the
        posts first. Raises NotFoundError, and InvalidInputError where there can be no number.
        """
        async with self.db.read() as session:
            questioned, material = await self.gather(session, texts, username)
        return await asyncio.to_thread(find, questioned, material)

    async def gather(
        self, session: AsyncSession, texts: Sequence[str], username: str
    ) -> tuple[list[str], VerifyMaterial]:
        """Return the texts as they are judged, and what they are weighed against."""
        if not username:
            raise InvalidInputError("Name the author", loc="username")
        questioned = await worked_on(texts, partial(questioned_texts, texts))
        return questioned, await self._materials.gather(session, questioned, username)


def questioned_texts(texts: Sequence[str]) -> list[str]:
    """Return the texts as they are judged, each once. Raises InvalidInputError."""
    if not texts or len(texts) > MOST_TEXTS:
        raise InvalidInputError("Give 1 to {count} texts", loc="texts", count=MOST_TEXTS)
    try:
        cleaned = list(dict.fromkeys(map(clean_text, texts)))
    except ValueError as error:
        raise InvalidInputError(str(error), loc="texts") from None
    if sum(map(len, cleaned)) > MOST_CHARACTERS:
        raise InvalidInputError(
            "The texts may have {count} characters together", loc="texts", count=MOST_CHARACTERS
        )
    if not any(map(letter_count, cleaned)):
        raise InvalidInputError("The text has no letters to judge by", loc="texts")
    return cleaned


def find(texts: list[str], material: VerifyMaterial) -> Finding:
    """Return the finding for texts as they are judged. Raises InvalidInputError."""
    own = [own_words(text) for text in texts]
    letters = sum(map(letter_count, own))
    query = add(features_of(own))
    if letters < FEWEST_LETTERS or not query.keys.size:
        return _finding(texts, material, None, [], short_statement(letters))
    if (guess_language("\n".join(own)) == "ko") != (material.language == "ko"):
        raise InvalidInputError(
            "The text and the posts of '{username}' are in different languages. Give a text in "
            "the language in which this author mostly writes.",
            loc="texts",
            username=material.user.username,
        )
    others, background = material.population.profiles, material.snapshot.background
    ratio = verify(query, material.profile, material.rates, others, background)
    marked = mark_evidence(
        texts,
        [occurrences(text) for text in texts],
        query,
        material.profile,
        others,
        ratio.shares,
        background,
        most=max(FEWEST_MARKS, MOST_MARKS // len(texts)),
    )
    evidence = [
        TextEvidence(
            place,
            span.start,
            span.end,
            texts[place][span.start : span.end],
            round(-span.weight if span.author else span.weight, 3),
        )
        for place, spans in enumerate(marked)
        for span in spans
    ]
    return _finding(texts, material, ratio, evidence, ratio_statement(ratio, material))


def _finding(
    texts: list[str],
    material: VerifyMaterial,
    ratio: LikelihoodRatio | None,
    evidence: list[TextEvidence],
    statement: Message,
) -> Finding:
    # Cut rather than rounded, so that no answer lies outside the bounds.
    log10 = None if ratio is None else int(ratio.log10 * 1000) / 1000
    limits = limits_of(texts, material)
    verification = Verification(
        texts=texts,
        username=material.user.username,
        tweets=material.profile.posts,
        log10_lr=log10,
        support=None if log10 is None else support(log10),
        verdict=_verdict(log10),
        statement=str(statement),
        parts=RatioParts(*(round(part, 3) for part in (ratio.lead, ratio.typical, ratio.layout)))
        if ratio
        else None,
        evidence=evidence,
        population=ReferencePopulation(
            len(material.population.users),
            sum(profile.posts for profile in material.population.profiles),
        ),
        calibration=material.snapshot.calibration_in(korean=material.language == "ko"),
        limits=[str(limit) for limit in limits],
        model=Model(MODEL_NAME, material.snapshot.version, material.as_of_event),
    )
    return Finding(verification, statement, limits)


def _verdict(log10: float | None) -> Literal["for", "against", "open", "short"]:
    if log10 is None:
        return "short"
    if support(log10) == "none":
        return "open"
    return "for" if log10 > 0 else "against"

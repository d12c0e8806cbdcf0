"""A verification with all that it rests on, so that it can be cited and made again."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from app.compute.profiles import AuthorProfile
from app.compute.ratio_trials import RatioMeasure
from app.errors import InvalidInputError
from app.models import Tweet
from app.services.compare.contenders import Contender
from app.services.verify.materials import VerifyMaterial
from app.services.verify.verifying import Finding, Verifier, find

_LINK: Final = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/)\S+")
_NAME: Final = re.compile(r"([@#])\w+")

Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class ReportedAuthor:
    """The posts of an author that a verification rests on."""

    username: str
    posts: int
    first_at: datetime | None
    newest_at: datetime | None
    sha256: str
    """Of the sorted digests of the texts, and how often each was posted."""


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """A verification, its material and its masked counterpart."""

    finding: Finding
    masked: Finding | None
    """The same with links, names and hashtags masked; None where nothing is left to weigh."""
    text_digests: list[str]
    """SHA-256 of each text in question, in UTF-8."""
    author: ReportedAuthor
    others: list[ReportedAuthor]
    """In the order of their names."""
    measure: RatioMeasure | None


async def report(verifier: Verifier, texts: Sequence[str], username: str) -> VerificationReport:
    """Return the report of a verification; the same posts give the same report.

    Raises what `Verifier.verify` raises.
    """
    async with verifier.db.read() as session:
        questioned, material = await verifier.gather(session, texts, username)
        user_ids = [material.user.id, *(user.id for user in material.population.users)]
        query = (
            select(Tweet.user_id, func.min(Tweet.created_at), func.max(Tweet.created_at))
            .where(Tweet.user_id.in_(user_ids))
            .group_by(Tweet.user_id)
        )
        spans = {user_id: (first, last) for user_id, first, last in await session.execute(query)}
    return await asyncio.to_thread(_report, questioned, material, spans)


def masked(text: str) -> str:
    """Return the text without links, and with a bare sign for each mention and hashtag."""
    return _NAME.sub(r"\1", _LINK.sub("", text)).strip()


def _report(
    texts: list[str], material: VerifyMaterial, spans: dict[int, Span]
) -> VerificationReport:
    others = zip(material.population.users, material.population.profiles, strict=True)
    return VerificationReport(
        find(texts, material),
        _find_masked(texts, material),
        [hashlib.sha256(text.encode()).hexdigest() for text in texts],
        _reported(material.user, material.profile, spans),
        [
            _reported(user, profile, spans)
            for user, profile in sorted(others, key=lambda other: other[0].username_key)
        ],
        material.snapshot.ratios_in(korean=material.language == "ko"),
    )


def _find_masked(texts: Sequence[str], material: VerifyMaterial) -> Finding | None:
    left = list(dict.fromkeys(filter(None, map(masked, texts))))
    try:
        return find(left, material) if left else None
    except InvalidInputError:  # What is left is in another language.
        return None


def _reported(user: Contender, profile: AuthorProfile, spans: dict[int, Span]) -> ReportedAuthor:
    first, newest = spans.get(user.id, (None, None))
    digest = hashlib.sha256(profile.texts.to_bytes()).hexdigest()
    return ReportedAuthor(user.username, profile.posts, first, newest, digest)

"""The mirror: an author's own draft against their posts, in the API, and read for page and command.

A draft is a secret: it is sent by POST alone, and neither stored nor logged.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.engine.judgement import Limit, Verdict
from app.compute.text import MAX_TEXT_LENGTH
from app.errors import InvalidInputError
from app.lifespan import resources
from app.parts.mirror.acts import Rewrite
from app.parts.mirror.reflection import (
    GOAL,
    Reflection,
    Suggestion,
    UseRates,
    reflect,
    standing_alone,
)
from app.services.compare.comparing import Question
from app.services.compare.copied_texts import MOST_TEXTS
from app.services.posts.users import find_own, get_user
from app.views.answers import NO_STORE
from app.views.blueprints import ApiBlueprint


class WrittenPlace(Struct, frozen=True):
    """A piece of a draft, as code points, and what the suggestion writes in its place."""

    text_index: int
    """Number of the draft, from 0."""
    start: int
    end: int
    new: str = msgspec.field(name="with")
    """What is written in its place; empty if it is struck or reworded."""


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
    """How far drafts by one person stand out, and what would change that."""

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


class Reflected(NamedTuple):
    username: str
    found: Reflection


async def named_author(session: AsyncSession, username: str) -> str:
    """Return the author whose drafts are mirrored, by default the site's own.

    Raises NotFoundError and InvalidInputError.
    """
    name = username or await find_own(session)
    if not name:
        raise InvalidInputError("Name the author of the draft", loc="username")
    user = await get_user(session, name)
    if user.is_of_chat:
        raise InvalidInputError(
            "The mirror is not for people of a chat, but {username} is one of them",
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
    standing = await parts.work_pool.run(standing_alone, case)
    return standing and standing.lead


async def mirror(texts: Sequence[str], username: str) -> Reflected:
    """Return what the site's model says of drafts. Raises NotFoundError and InvalidInputError."""
    parts = resources()
    check_length(texts)
    async with parts.db.read() as session:
        name = await named_author(session, username)
    case = await parts.comparer.case_of(Question(texts, [name]))
    return Reflected(name, await parts.work_pool.run(reflect, case))


def mirrored(seen: Reflected) -> Mirrored:
    found = seen.found
    return Mirrored(
        seen.username,
        found.standing and found.standing.lead,
        GOAL,
        found.judgement.verdict,
        list(map(_suggested, found.suggestions)),
        list(map(_suggested, found.habits)),
        found.judgement.limits,
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


@api.operation("POST", "/mirror", "known", "The lead and the suggestions", follows="compare_batch")
async def post_mirror(form: MirrorForm) -> tuple[Mirrored, int, dict[str, str]]:
    """Show by what a draft stands out as its author's, and what would change that.

    Drafts are not stored. They go only away from the author, never towards somebody else.
    """
    return mirrored(await mirror(form.texts, form.username)), 200, NO_STORE

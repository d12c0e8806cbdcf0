"""The page of the mirror: drafts, the bar, and what would move it."""

import math
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct
from quart.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import composed
from app.errors import AppError
from app.lifespan import resources
from app.models import User
from app.parts.mirror.acts import (
    ACTS,
    Rewrite,
    changed,
    done,
    places_of,
    reworded,
    strikable,
    struck,
)
from app.parts.mirror.mirror_words import (
    change_of,
    how_often,
    is_at_goal,
    lead_sentence,
    lead_told,
    state_of,
    warnings_of,
    what_to_do,
    what_was_done,
)
from app.parts.mirror.mirroring import Mirrored, Suggested, lead_of, mirror, mirrored
from app.parts.mirror.reflection import GOAL
from app.runtime.work_pool import worked_on
from app.services.compare.copied_texts import MOST_TEXTS
from app.services.posts.users import find_own
from app.views.answers import NO_STORE
from app.views.blueprints import Form, PageBlueprint
from app.views.page import FormPage, render_form

blueprint = PageBlueprint("mirror", policy="known")

MOST_OFFERED: Final = 40
"""Authors in a list; of more, a name is typed."""
HALFWAY: Final = 4.0
"""Lead in nats at the middle of the bar, which has no end."""


class LeadBar(Struct, frozen=True):
    """A lead as a part of the bar, in percent."""

    lead: float

    @property
    def width(self) -> float:
        return place_on_bar(self.lead)

    @property
    def told(self) -> str:
        return lead_told(self.lead)

    @property
    def sentence(self) -> str:
        return lead_sentence(self.lead)


def place_on_bar(lead: float) -> float:
    return 100 * max(lead, 0.0) / (max(lead, 0.0) + HALFWAY)


class SuggestedRow(Struct, frozen=True):
    """A suggestion as the page shows it."""

    suggested: Suggested

    @property
    def what(self) -> str:
        return what_to_do(self.suggested)

    @property
    def rates(self) -> str:
        return how_often(self.suggested)

    @property
    def bar(self) -> LeadBar:
        return LeadBar(self.suggested.lead_after)


class DoneChange(Struct, frozen=True):
    """What was just done to the drafts, and these as they were before."""

    what: str
    earlier: Sequence[str]
    before: float | None


class MirrorPage(FormPage, frozen=True, kw_only=True):
    template = "mirror/mirror.html"

    usernames: Sequence[str]
    """Authors whose drafts can be mirrored; empty if there are too many."""
    username: str
    texts: Sequence[str]
    found: Mirrored | None = None
    goal: float = place_on_bar(GOAL)
    most_texts: int = MOST_TEXTS
    change: DoneChange | None = None

    @property
    def seen(self) -> str:
        """The lead of these drafts, for the page after the next change."""
        if self.found is None or self.found.lead is None:
            return ""
        return f"{self.found.lead} {_digest_of(self.texts, self.found.username)}"

    @property
    def is_at_goal(self) -> bool:
        return self.found is not None and is_at_goal(self.found)

    @property
    def difference(self) -> str:
        """What the last change did to the lead; empty if there was none on either side."""
        before = self.change.before if self.change else None
        if before is None or self.found is None or self.found.lead is None:
            return ""
        return change_of(before, self.found.lead)

    @property
    def bar(self) -> LeadBar | None:
        return LeadBar(self.found.lead) if self.found and self.found.lead is not None else None

    @property
    def state(self) -> str:
        return state_of(self.found) if self.found else ""

    @property
    def warnings(self) -> list[str]:
        return list(warnings_of())

    @property
    def suggestions(self) -> list[SuggestedRow]:
        return list(map(SuggestedRow, self.found.suggestions)) if self.found else []

    @property
    def words(self) -> list[str]:
        """The suggested words, in the order of their fields."""
        return [row.suggested.word for row in self.suggestions if row.suggested.word is not None]

    @property
    def habits(self) -> list[SuggestedRow]:
        return list(map(SuggestedRow, self.found.habits)) if self.found else []


@blueprint.page("/mirror")
async def show_mirror() -> ResponseReturnValue:
    return await _rendered("", [""])


@blueprint.action("/mirror")
async def post_mirror_form(form: Form) -> ResponseReturnValue:
    """Rewrite the drafts as it was chosen, or back, and show them in the mirror."""
    given = [composed(text) for text in form.getlist("earlier" if "undo" in form else "text")]
    earlier = [text for text in given if text.strip()][: MOST_TEXTS + 1]
    username = form.get("username", "").strip()
    texts, change = earlier, None
    try:
        texts = await worked_on(
            earlier, lambda: changed_texts(earlier, form), inline_characters=500
        )
        asked = await mirror(texts, username)
        if texts != earlier and (what := _done(form)):
            before = _lead_seen(form.get("seen", ""), earlier, asked.username)
            if before is None:
                before = await lead_of(earlier, asked.username)
            change = DoneChange(what, earlier, before)
    except AppError as failure:
        return await _rendered(username, texts or [""], error=failure.with_traceback(None))
    return await _rendered(asked.username, texts, mirrored(asked), change=change)


def _digest_of(texts: Sequence[str], username: str) -> str:
    return sha256(msgspec.json.encode([username, *texts])).hexdigest()[:16]


def _lead_seen(seen: str, texts: Sequence[str], username: str) -> float | None:
    """Return the lead that the form's page showed, unless it was of other drafts."""
    lead, _, digest = seen.partition(" ")
    with suppress(ValueError):
        if digest == _digest_of(texts, username) and math.isfinite(float(lead)):
            return float(lead)
    return None


def _done(form: Form) -> str:
    """Return what a form asked to be done."""
    if word := form.get("strike"):
        return what_was_done("strike", word)
    if (act := form.get("act", "")) in ACTS:
        return what_was_done("act", act)
    words = enumerate(form.getlist("word"))
    other = next((word for n, word in words if form.get(f"other-{n}", "").strip()), "")
    return what_was_done("word", other) if other else ""


async def _rendered(
    username: str,
    texts: Sequence[str],
    found: Mirrored | None = None,
    error: AppError | None = None,
    change: DoneChange | None = None,
) -> ResponseReturnValue:
    async with resources().db.read() as session:
        usernames = await _usernames(session)
        chosen = username or await find_own(session) or ""
    page = MirrorPage(
        usernames=usernames,
        username=chosen,
        texts=texts,
        found=found,
        error=error,
        change=change,
        about=[],
    )
    html, status, headers = await render_form(page)
    return html, status, headers | NO_STORE


async def _usernames(session: AsyncSession) -> list[str]:
    """Return the authors whose drafts can be mirrored; none if they are too many for a list."""
    query = select(User.username).where(
        User.deleted_at.is_(None), User.tweet_count > 0, User.is_of_chat.is_(False)
    )
    query = query.order_by(User.username_key).limit(MOST_OFFERED + 1)
    names = list(await session.scalars(query))
    return names if len(names) <= MOST_OFFERED else []


# --- What was chosen ---


def changed_texts(texts: Sequence[str], form: Form) -> list[str]:
    """Return the drafts after what a form asks: other words, an act, or a struck word."""
    if "undo" in form:
        return list(texts)
    for number, word in enumerate(form.getlist("word")):
        if new := form.get(f"other-{number}", "").strip():
            texts = [_changed(text, reworded(text, _places(text, word), new)) for text in texts]
    if (act := ACTS.get(form.get("act", ""))) is not None:
        texts = [_changed(text, done(act, text)) for text in texts]
    if gone := form.get("strike"):
        texts = [_changed(text, struck(text, strikable(text).get(gone, []))) for text in texts]
    return list(texts)


def _places(text: str, word: str) -> list[tuple[int, int]]:
    return places_of(text).get(word, [])


def _changed(text: str, changes: list[Rewrite]) -> str:
    """Return the changed text; a text is never struck as a whole."""
    after = changed(text, changes)
    return after if after.strip() else text

"""The page of the mirror: drafts, the bar, and suggestions that move it; it promises nothing."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct, json
from quart.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import AppError
from app.language.i18n import gettext, gettext_noop, show_number
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
from app.parts.mirror.reflection import GOAL, POSTS_OF_RATES, Mirrored, Suggested, lead_of, mirror
from app.runtime.work_pool import worked_on
from app.services.posts.users import find_own
from app.views.answers import NO_STORE
from app.views.blueprints import Form, PageBlueprint
from app.views.page import FormPage, render_form
from saywho.comparing.copied_texts import MOST_TEXTS
from saywho.text import composed

MOST_LEAD: Final = math.log(1_000_000)


class MeasuredDrafts(Struct, frozen=True):
    """Percentages of drafts at the goal whose writer other programs name first, in the worse of two
    tests (`python -m benchmarks.mirror`, docs/measurements.md).
    """

    people: int
    """Number of people in the larger test."""
    programs: tuple[int, int]
    """The fewest and the most of three programs."""
    any_program: int
    """At least one program."""
    among_four: tuple[int, int]
    """As `programs`, for four Korean authors."""


@cache
def measured() -> MeasuredDrafts:
    return json.decode(Path(__file__).with_name("measured.json").read_bytes(), type=MeasuredDrafts)


ACT_WORDS: Final = {
    "ampersand": gettext_noop("Write “and” for “&”"),
    "calm": gettext_noop("Write no exclamation marks"),
    "one_mark": gettext_noop("Write one mark for several"),
    "no_dots": gettext_noop("Write a full stop for several dots"),
    "three_dots": gettext_noop("Write three dots for the sign “…”"),
    "dots_as_sign": gettext_noop("Write the sign “…” for three dots"),
    "straight_quotes": gettext_noop("Write straight quotation marks"),
    "no_quotes": gettext_noop("Leave out quotation marks"),
    "no_dashes": gettext_noop("Write commas for dashes"),
    "no_emoji": gettext_noop("Leave out emoji"),
    "no_shouting": gettext_noop("Write words in capitals with small letters"),
    "small_letters": gettext_noop("Write everything in small letters"),
    "one_line": gettext_noop("Write everything in one line"),
    "no_names": gettext_noop("Leave out @names"),
    "names_without_sign": gettext_noop("Write @names without the @"),
    "no_tags": gettext_noop("Leave out #tags"),
    "tags_without_sign": gettext_noop("Write #tags without the #"),
    "no_links": gettext_noop("Leave out links"),
    "long_forms": gettext_noop("Write “do not” for “don’t”, and so on"),
    "no_stretching": gettext_noop("Write no stretched words"),
    "no_laughing": gettext_noop("Leave out laughing and crying"),
    "no_tildes": gettext_noop("Leave out “~”"),
    "no_brackets": gettext_noop("Leave out the words in brackets"),
    "no_middle_dots": gettext_noop("Write commas for “·”"),
    "with_full_stop": gettext_noop("End with a full stop"),
    "without_full_stop": gettext_noop("End without a full stop"),
}


def what_to_do(each: Suggested) -> str:
    if each.word is None:
        return gettext(ACT_WORDS[each.act])
    if each.act == "reword":
        return gettext("Say “{word}” otherwise").format(word=each.word)
    return gettext("Strike “{word}”, or say it otherwise").format(word=each.word)


def is_at_goal(found: Mirrored) -> bool:
    return found.lead is not None and found.lead <= found.goal


def _rounded_times(lead: float) -> int:
    times = math.exp(min(abs(lead), MOST_LEAD))
    digits: int = max(math.floor(math.log10(times)) - 1, 0)
    return int(round(times / 10**digits) * 10**digits)


def times_of(lead: float) -> str:
    """Return how many times likelier one side makes a text, in two digits; lead: in nats."""
    is_beyond = abs(lead) > MOST_LEAD
    text = gettext("more than {count} times") if is_beyond else gettext("about {count} times")
    return text.format(count=show_number(_rounded_times(lead)))


def lead_told(lead: float, now: float | None) -> str:
    """Return a lead in words, and whether it is at the goal.

    now: the lead of the drafts as they are, beside which one beyond measure is told.
    """
    if lead <= GOAL:
        return gettext("at the goal")
    if lead <= MOST_LEAD or now is None:
        return times_of(lead)
    if _rounded_times(now - lead) == 1:
        return gettext("hardly less than now")
    return gettext("{times} less than now").format(times=times_of(now - lead))


def lead_sentence(lead: float) -> str:
    text = gettext(
        "Such a text is {times} likelier from you than from other people. The goal, the"
        " line in the bar, is under {goal} times."
    )
    if _rounded_times(lead) == 1:
        text = gettext(
            "Such a text is about as likely from you as from other people. The goal, the line in"
            " the bar, is under {goal} times likelier from you."
        )
    elif lead <= 0:
        text = gettext(
            "Such a text is {times} likelier from other people than from you. The goal,"
            " the line in the bar, is under {goal} times likelier from you."
        )
    return text.format(times=times_of(lead), goal=show_number(round(math.exp(GOAL))))


def change_of(before: float, after: float) -> str:
    """Return two leads, before and after the change."""
    if before > 0 >= after:
        return gettext(
            "Before, the text was {before} likelier from you; now it is likelier from other people."
        ).format(before=times_of(before))
    if before <= 0 or after <= 0:
        return ""
    return gettext("Before, the text was {before} likelier from you; now it is {after}.").format(
        before=times_of(before), after=times_of(after)
    )


def how_often(each: Suggested) -> str:
    """Return how often the author and other people write so; empty if it is not counted."""
    if each.rates is None:
        return ""
    own, others = (
        None if times is None else show_number(round(times * 100 / POSTS_OF_RATES, 1))
        for times in (each.rates.own, each.rates.others)
    )
    if each.word is None:
        if others is None:
            return gettext("In {own} of 100 different posts").format(own=own)
        return gettext("In {own} of 100 different posts; other people: {others}").format(
            own=own, others=others
        )
    if others is None:
        return gettext("{own} times per 100 different posts").format(own=own)
    return gettext("{own} times per 100 different posts; other people: {others}").format(
        own=own, others=others
    )


def state_of(found: Mirrored) -> str:
    """Return how far the drafts stand out."""
    if found.lead is None:
        return gettext(
            "saywho cannot show why this is recognised: there are too few words, or "
            "too little is known of you, or of other people, in this language."
        )
    if found.lead > found.goal:
        return gettext("This still reads more like you than like anyone else.")
    return gettext("saywho finds little of you in this, but this does not make it anonymous.")


def warnings_of() -> Iterator[str]:
    """Yield the limits of a mirror."""
    test = measured()
    least, most = test.programs
    yield gettext(
        "In a test with {people} people who write English, three other programs "
        "still named the writer of a draft that was changed as far as the goal "
        "in {least} to {most} of 100 cases, and at least one program did in "
        "{any}. Blind guessing names the writer in {chance} of 100."
    ).format(
        chance=show_number(round(100 / test.people)),
        people=show_number(test.people),
        least=show_number(least),
        most=show_number(most),
        any=show_number(test.any_program),
    )
    yield gettext(
        "Subjects give people away most. A person who knows your subjects, and "
        "when you talk about them to which people, needs no program."
    )
    least, most = test.among_four
    yield gettext(
        "If only a few people can have written it, no mirror hides the writer: "
        "among four Koreans, these programs still named the right person in "
        "{least} to {most} of 100 cases. Blind guessing does in {chance}."
    ).format(chance=show_number(25), least=show_number(least), most=show_number(most))


blueprint = PageBlueprint("mirror", policy="known")

MOST_OFFERED: Final = 40
"""Authors in a list; of more, a name is typed."""
HALFWAY: Final = 4.0
"""Smallest lead in nats at the middle of the bar, which has no end."""


class LeadBar(NamedTuple):
    width: float
    """The lead as a part of the bar, in percent."""
    sentence: str


def place_on_bar(lead: float, now: float) -> float:
    """Return the place of a lead in per cent; now: the drafts' lead, which moves the scale."""
    return 100 * max(lead, 0.0) / (max(lead, 0.0) + max(HALFWAY, now / 2))


class SuggestedRow(NamedTuple):
    """A suggestion as the page shows it."""

    suggested: Suggested
    what: str
    rates: str
    told: str
    width: float
    """The fall of the lead as a part of the largest one here, in percent."""


def _rows(suggestions: Sequence[Suggested], now: float) -> list[SuggestedRow]:
    falls = [now - each.lead_after for each in suggestions]
    largest = max(falls, default=1.0)
    return [
        SuggestedRow(
            each,
            what_to_do(each),
            how_often(each),
            lead_told(each.lead_after, now),
            100 * fall / largest,
        )
        for each, fall in zip(suggestions, falls, strict=True)
    ]


class DoneChange(Struct, frozen=True):
    """The last change of the drafts, and the drafts before it."""

    what: str
    earlier: Sequence[str]
    before: float | None


class MirrorPage(FormPage, frozen=True, kw_only=True):
    template = "mirror/mirror.html"

    usernames: Sequence[str]
    """Authors with drafts that can be mirrored; empty if there are too many."""
    username: str
    texts: Sequence[str]
    found: Mirrored | None = None
    most_texts: int = MOST_TEXTS
    change: DoneChange | None = None

    @property
    def seen(self) -> str:
        """The lead of these drafts, for the page after the next change."""
        if self.found is None or self.found.lead is None:
            return ""
        return f"{self.found.lead} {_digest_of(self.texts, self.found.username)}"

    @property
    def lead(self) -> float:
        return (self.found and self.found.lead) or 0.0

    @property
    def goal(self) -> float:
        """Place of the goal on the bars."""
        return place_on_bar(GOAL, self.lead)

    @property
    def is_at_goal(self) -> bool:
        return self.found is not None and is_at_goal(self.found)

    @property
    def difference(self) -> str:
        """Effect of the last change on the lead; empty without a lead before or after."""
        before = self.change.before if self.change else None
        if before is None or self.found is None or self.found.lead is None:
            return ""
        return change_of(before, self.found.lead)

    @property
    def bar(self) -> LeadBar | None:
        if self.found is None or self.found.lead is None:
            return None
        return LeadBar(place_on_bar(self.lead, self.lead), lead_sentence(self.lead))

    @property
    def state(self) -> str:
        return state_of(self.found) if self.found else ""

    @property
    def warnings(self) -> list[str]:
        return list(warnings_of())

    @property
    def suggestions(self) -> list[SuggestedRow]:
        return _rows(self.found.suggestions, self.lead) if self.found else []

    @property
    def words(self) -> list[str]:
        """The suggested words, in the order of their fields."""
        return [row.suggested.word for row in self.suggestions if row.suggested.word is not None]

    @property
    def habits(self) -> list[SuggestedRow]:
        return _rows(self.found.habits, self.lead) if self.found else []


@blueprint.get("/mirror")
async def show_mirror() -> ResponseReturnValue:
    return await _rendered("", [""])


@blueprint.post("/mirror")
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
        found = await mirror(texts, username)
        if texts != earlier and (what := _done(form)):
            before = _lead_seen(form.get("seen", ""), earlier, found.username)
            if before is None:
                before = await lead_of(earlier, found.username)
            change = DoneChange(what, earlier, before)
    except AppError as failure:
        return await _rendered(username, texts or [""], error=failure.with_traceback(None))
    return await _rendered(found.username, texts, found, change=change)


def _digest_of(texts: Sequence[str], username: str) -> str:
    return sha256(msgspec.json.encode([username, *texts])).hexdigest()[:16]


def _lead_seen(seen: str, texts: Sequence[str], username: str) -> float | None:
    lead, _, digest = seen.partition(" ")
    with suppress(ValueError):
        if digest == _digest_of(texts, username) and math.isfinite(float(lead)):
            return float(lead)
    return None


def _done(form: Form) -> str:
    if word := form.get("strike"):
        return gettext("You struck “{word}”.").format(word=word)
    if (act := form.get("act", "")) in ACTS:
        return gettext("Done: {what}.").format(what=gettext(ACT_WORDS[act]))
    words = enumerate(form.getlist("word"))
    other = next((word for n, word in words if form.get(f"other-{n}", "").strip()), "")
    return gettext("You wrote other words for “{word}”.").format(word=other) if other else ""


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
    query = select(User.username).where(
        User.deleted_at.is_(None), User.tweet_count > 0, User.is_of_chat.is_(False)
    )
    query = query.order_by(User.username_key).limit(MOST_OFFERED + 1)
    names = list(await session.scalars(query))
    return names if len(names) <= MOST_OFFERED else []


# --- What was chosen ---


def changed_texts(texts: Sequence[str], form: Form) -> list[str]:
    """Return the drafts after a form's change: other words, an act, or a struck word."""
    if "undo" in form:
        return list(texts)
    for number, word in enumerate(form.getlist("word")):
        if new := form.get(f"other-{number}", "").strip():
            texts = [
                _changed(text, reworded(text, places_of(text).get(word, []), new)) for text in texts
            ]
    if (act := ACTS.get(form.get("act", ""))) is not None:
        texts = [_changed(text, done(act, text)) for text in texts]
    if gone := form.get("strike"):
        texts = [_changed(text, struck(text, strikable(text).get(gone, []))) for text in texts]
    return list(texts)


def _changed(text: str, changes: list[Rewrite]) -> str:
    after = changed(text, changes)
    return after if after.strip() else text

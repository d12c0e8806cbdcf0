"""What the mirror says, in sentences that promise nothing."""

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct, json

from app.language.i18n import gettext, gettext_noop, show_number
from app.parts.mirror.mirroring import Mirrored, Suggested
from app.parts.mirror.reflection import GOAL, POSTS_OF_RATES

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
    """At least one of them."""
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
    "no_brackets": gettext_noop("Leave out what stands in brackets"),
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


def times_of(lead: float) -> str:
    """Return how many times likelier one side makes a text, in two digits; lead: in nats."""
    times = math.exp(min(abs(lead), MOST_LEAD))
    digits = max(math.floor(math.log10(times)) - 1, 0)
    shown = show_number(round(times / 10**digits) * 10**digits)
    return gettext("more than {number}").format(number=shown) if abs(lead) > MOST_LEAD else shown


def goal_in_times() -> str:
    return show_number(round(math.exp(GOAL)))


def lead_told(lead: float) -> str:
    """Return a lead as what it means, and whether it is at the goal."""
    if lead <= GOAL:
        return gettext("at the goal")
    return gettext("about {times} times").format(times=times_of(lead))


def lead_sentence(lead: float) -> str:
    if lead <= 0:
        return gettext(
            "Such a text is about {times} times likelier from other people than from you. The goal,"
            " the line in the bar, is under {goal} times likelier from you."
        ).format(times=times_of(lead), goal=goal_in_times())
    return gettext(
        "Such a text is about {times} times likelier from you than from other people. The goal, the"
        " line in the bar, is under {goal} times."
    ).format(times=times_of(lead), goal=goal_in_times())


def what_was_done(kind: Literal["strike", "word", "act"], piece: str) -> str:
    """Return what was just done to the drafts; piece: the word, or the name of the act."""
    if kind == "act":
        return gettext("Done: {what}.").format(what=gettext(ACT_WORDS[piece]))
    if kind == "word":
        return gettext("You wrote other words for “{word}”.").format(word=piece)
    return gettext("You struck “{word}”.").format(word=piece)


def change_of(before: float, after: float) -> str:
    """Return two leads, before and after what was done."""
    if before > 0 >= after:
        return gettext(
            "Before, the text was about {before} times likelier from you; now it is likelier from"
            " other people."
        ).format(before=times_of(before))
    if before <= 0 or after <= 0:
        return ""
    return gettext(
        "Before, the text was about {before} times likelier from you; now it is about {after}"
        " times."
    ).format(before=times_of(before), after=times_of(after))


def how_often(each: Suggested) -> str:
    """Return how often the author and the others write so; empty if it is not counted."""
    if each.rates is None:
        return ""
    own, others = (
        None if times is None else show_number(round(times * 100 / POSTS_OF_RATES, 1))
        for times in (each.rates.own, each.rates.others)
    )
    if each.word is None:
        if others is None:
            return gettext("In {own} of 100 posts").format(own=own)
        return gettext("In {own} of 100 posts; others: {others}").format(own=own, others=others)
    if others is None:
        return gettext("{own} times per 100 posts").format(own=own)
    return gettext("{own} times per 100 posts; others: {others}").format(own=own, others=others)


def state_of(found: Mirrored) -> str:
    """Return how far the drafts stand out."""
    if found.lead is None:
        return gettext(
            "saywho cannot tell by what this stands out: there are too few words, or too little is"
            " known of you in this language."
        )
    if found.lead > found.goal:
        return gettext("This still reads more like you than like anybody else.")
    return gettext("saywho finds little of you in this. That does not make it anonymous.")


def warnings_of() -> Iterator[str]:
    """Yield what a mirror cannot do."""
    test = measured()
    least, most = test.programs
    yield gettext(
        "In a test with {people} people, three other programs still named the writer of a draft"
        " that was changed as far as the goal in {least} to {most} of 100 cases, and at least one"
        " of them did in {any}. Blind guessing names the writer in {chance} of 100."
    ).format(
        chance=show_number(round(100 / test.people)),
        people=show_number(test.people),
        least=show_number(least),
        most=show_number(most),
        any=show_number(test.any_program),
    )
    yield gettext(
        "What people talk about gives them away most. Whoever knows what you talk about, when and"
        " with whom, needs no program."
    )
    least, most = test.among_four
    yield gettext(
        "Where only a few people can have written it, no mirror hides anybody: among four people,"
        " these programs still named the right one in {least} to {most} of 100 cases; blind"
        " guessing does in {chance}."
    ).format(chance=show_number(25), least=show_number(least), most=show_number(most))

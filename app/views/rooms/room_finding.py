"""The sentence on a chat in overview and portrait."""

from collections.abc import Callable, Sequence
from typing import Final

from app.compute.portrait import PersonPortrait, Trait
from app.language.i18n import gettext, ngettext, rounded_parts, show_number, show_percent
from app.language.tell import tell, tell_within
from app.services.rooms.room_facts import RoomFacts
from app.views.cast import shown_name
from app.views.habit_words import LONGEST_FINDING, short_name, trait_of

People = Sequence[PersonPortrait]
PAIR: Final = 2
"""People, one of whom has more; among more people, one has the most."""
_TOLD_AS: Final = {"laugh": "laughing", "longest": "length"}
"""A trait's measure; habits of it are not reported again."""
_OF_NEWEST: Final = {"longest", "laugh", "night"}
"""Traits reported as "lately" if only newest messages were counted."""


def finding_of(
    people: People,
    traits: Sequence[Trait],
    room: RoomFacts,
    *,
    is_of_newest: bool = False,
    is_drawn: bool = False,
) -> str:
    """Return what sets a chat's people apart, in at most 140 characters.

    is_of_newest: whether only newest messages were counted for writing. is_drawn: whether it is for
    a picture, with one sentence, which shows who writes most.
    """
    if room.people_total == 1:
        alone = ngettext(
            "Only {name} writes here, {count} message.",
            "Only {name} writes here, {count} messages.",
            room.messages,
        )
        name = _short_name(people[0].username)
        return alone.format(name=name, count=show_number(room.messages))
    findings = [
        _sentence(people, traits[:count], room.people_total, is_of_newest=is_of_newest)
        for count in range(len(traits), 0, -1)
    ]
    habits = _habits(people, traits, is_of_newest=is_of_newest)
    if len(traits) < 2 and habits:
        told = [*findings, *habits]
        if is_drawn:
            is_share = traits and traits[0].kind == "most"
            told = habits[:1] if is_share else told[:1]
        findings = [" ".join(told[:2]), told[0]]
    nothing = gettext("Nothing clearly sets these {count} people apart.")
    if room.people_total == PAIR:
        nothing = gettext("Nothing clearly sets these two people apart.")
    findings.append(nothing.format(count=show_number(room.people_total)))
    return next(text for text in findings if len(text) <= LONGEST_FINDING)


def who_wrote_most(
    people: People, traits: Sequence[Trait], people_total: int, *, is_past: bool
) -> str:
    """Return who clearly has the most messages; empty if no one has."""
    for trait in traits:
        if trait.kind == "most":
            variants = ["two"] if people_total == PAIR else []
            variants += ["past"] if is_past else []
            return tell("most", " ".join(variants), **_values(people, trait))
    return ""


def _habits(people: People, traits: Sequence[Trait], *, is_of_newest: bool) -> list[str]:
    named = {trait.username for trait in traits}
    measures = {_TOLD_AS.get(trait.kind, trait.kind) for trait in traits}
    is_said = is_of_newest and not measures.isdisjoint({*_TOLD_AS.values(), "night"})
    # There is a habit for each person, so the 2.9 standard errors of a single test would be
    # passed by chance in some chats.
    clear = [
        (person.username, person.trait)
        for person in people
        if person.username and person.trait and person.trait.errors >= 5.0
    ]
    sentences: list[str] = []
    for username, habit in sorted(clear, key=lambda pair: -pair[1].errors):
        if username in named or habit.name in measures:
            continue
        lately = is_of_newest and not (is_said or sentences)
        sentence = gettext("Lately, {name} {traits}.") if lately else gettext("{name} {traits}.")
        sentences.append(sentence.format(name=_short_name(username), traits=trait_of(habit)))
        measures.add(habit.name)
    return sentences


def _sentence(
    people: People, traits: Sequence[Trait], people_total: int, *, is_of_newest: bool
) -> str:
    """Return a sentence on the traits, which says "lately" at most once."""
    are_lately = is_of_newest and len(traits) > 1 and {one.kind for one in traits} <= _OF_NEWEST
    is_lately = is_of_newest and not are_lately

    def told(trait: Trait, teller: Callable[..., str]) -> str:
        variants = ["two"] if people_total == PAIR else []
        variants += ["lately"] if is_lately and trait.kind in _OF_NEWEST else []
        return teller(trait.kind, " ".join(variants), **_values(people, trait))

    *first, last = traits
    clauses = [told(trait, tell_within) for trait in first]
    end = told(last, tell)
    if not clauses:
        return end
    sentence = gettext("{clauses}, and {last}").format(clauses=", ".join(clauses), last=end)
    return gettext("Lately, {sentence}").format(sentence=sentence) if are_lately else sentence


def _values(people: People, trait: Trait) -> dict[str, str]:
    words = ngettext("{count} word on average", "{count} words on average", round(trait.value))
    share = trait.value
    if trait.kind == "most":  # Rounded as in the bar, whose parts add up.
        share = rounded_parts([person.share for person in people])[trait.person or 0]
    return {
        "name": _short_name(trait.username),
        "share": show_percent(share),
        "words": words.format(count=show_number(round(trait.value))),
        "sign": trait.sign,
    }


def _short_name(username: str | None) -> str:
    return short_name(shown_name(username or ""))

"""What the overview and the portrait of a room say in a sentence."""

from collections.abc import Sequence
from typing import Final

from app.compute.chat_traits import Trait
from app.compute.portrait import PersonPortrait
from app.i18n import gettext, gettext_noop, ngettext, show_number, show_percent
from app.services.rooms.overview import OverviewPerson
from app.services.rooms.room_facts import RoomFacts
from app.views.names import shown_name

People = Sequence[OverviewPerson | PersonPortrait]
LONGEST_FINDING: Final = 140
LONGEST_NAME: Final = 24
"""Characters of a name in the finding."""
_CLAUSES: Final = {
    "most": (
        gettext_noop("{name} writes most ({share})"),
        gettext_noop("{name} writes most ({share})."),
    ),
    "longest": (
        gettext_noop("{name} writes longest ({words})"),
        gettext_noop("{name} writes longest ({words})."),
    ),
    "laugh": (
        gettext_noop("{name} writes {sign} most often"),
        gettext_noop("{name} writes {sign} most often."),
    ),
    "night": (
        gettext_noop("{name} writes at night more than the others ({share})"),
        gettext_noop("{name} writes at night more than the others ({share})."),
    ),
    "recognised": (
        gettext_noop("{name} is easiest to recognise ({share})"),
        gettext_noop("{name} is easiest to recognise ({share})."),
    ),
}
"""Of each kind of trait, within the sentence and at its end."""


def finding_of(people: People, traits: Sequence[Trait], room: RoomFacts) -> str:
    """Return what sets the people of a room apart, in at most 140 characters.

    The traits name the people by their places.
    """
    if room.people_total == 1:
        alone = ngettext(
            "Only {name} writes here, {count} message.",
            "Only {name} writes here, {count} messages.",
            room.messages,
        )
        name = _name_of(people[0])
        return alone.format(name=name, count=show_number(room.messages))
    findings = [_sentence(people, traits[:count]) for count in range(len(traits), 0, -1)]
    nothing = gettext("Nothing sets the {count} people clearly apart here.")
    findings.append(nothing.format(count=show_number(room.people_total)))
    return next(text for text in findings if len(text) <= LONGEST_FINDING)


def _sentence(people: People, traits: Sequence[Trait]) -> str:
    *clauses, last = traits
    parts = [_clause(people, trait, is_last=False) for trait in clauses]
    return ", ".join([*parts, _clause(people, last, is_last=True)])


def _clause(people: People, trait: Trait, *, is_last: bool) -> str:
    within, at_end = _CLAUSES[trait.kind]
    words = ngettext("{count} word a message", "{count} words a message", round(trait.value))
    return gettext(at_end if is_last else within).format(
        name=_name_of(people[trait.person]),
        share=show_percent(trait.value),
        words=words.format(count=show_number(round(trait.value))),
        sign=trait.sign,
    )


def _name_of(person: OverviewPerson | PersonPortrait) -> str:
    name = shown_name(person.username or "")
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"

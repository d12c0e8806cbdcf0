"""What the overview of a room says in a sentence."""

from typing import Final

from app.compute.chat_traits import Trait
from app.i18n import gettext, gettext_noop, ngettext, show_number, show_percent
from app.services.rooms.overview import RoomOverview
from app.views.names import shown_name

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
}
"""Of each kind of trait, within the sentence and at its end."""


def finding_of(overview: RoomOverview) -> str:
    """Return what sets the people of a room apart, in at most 140 characters."""
    if len(overview.people) == 1:
        (person,) = overview.people
        alone = ngettext(
            "Only {name} writes here, {count} message.",
            "Only {name} writes here, {count} messages.",
            person.messages,
        )
        name = _name_of(person.username or "")
        return alone.format(name=name, count=show_number(person.messages))
    traits = overview.traits
    findings = [_sentence(overview, traits[:count]) for count in range(len(traits), 0, -1)]
    nothing = gettext("Nothing sets the {count} people clearly apart here.")
    findings.append(nothing.format(count=show_number(overview.room.people_total)))
    return next(text for text in findings if len(text) <= LONGEST_FINDING)


def _sentence(overview: RoomOverview, traits: list[Trait]) -> str:
    *clauses, last = traits
    parts = [_clause(overview, trait, is_last=False) for trait in clauses]
    return ", ".join([*parts, _clause(overview, last, is_last=True)])


def _clause(overview: RoomOverview, trait: Trait, *, is_last: bool) -> str:
    within, at_end = _CLAUSES[trait.kind]
    words = ngettext("{count} word a message", "{count} words a message", round(trait.value))
    return gettext(at_end if is_last else within).format(
        name=_name_of(overview.people[trait.person].username or ""),
        share=show_percent(trait.value),
        words=words.format(count=show_number(round(trait.value))),
        sign=trait.sign,
    )


def _name_of(username: str) -> str:
    name = shown_name(username)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"

"""What the overview and the portrait of a room say in a sentence."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from app.compute.chat_traits import Trait
from app.compute.fingerprint import Measure
from app.compute.portrait import PersonPortrait
from app.language.i18n import gettext, ngettext, rounded_parts, show_number, show_percent
from app.language.tell import tell, tell_within
from app.services.rooms.room_facts import RoomFacts
from app.views.cast import shown_name
from app.views.habit_words import LONGEST_FINDING, short_name, trait_of

People = Sequence[PersonPortrait]
PAIR: Final = 2
"""People of whom one has more of something, where of others one has the most."""
FEWEST_TOLD: Final = 2
"""People whom the finding tells of, where so many have something clear."""
HABIT_CLEAR: Final = 5.0
"""Standard errors from which a habit of a card is told above all cards: there is one for each
person, so the 2.9 of a single one would be passed by chance in some chats."""
_TOLD_AS: Final = {"laugh": "laughing", "longest": "length"}
"""The measure that a trait is of; what is told as one is not told as the other."""
_OF_NEWEST: Final = {"longest", "laugh", "night"}
"""Kinds of traits that are told as of lately, if only the newest messages were counted."""


def finding_of(
    people: People,
    traits: Sequence[Trait],
    room: RoomFacts,
    *,
    is_of_newest: bool = False,
    is_drawn: bool = False,
) -> str:
    """Return what sets the people of a room apart, in at most 140 characters.

    is_of_newest: whether how people write was counted in the newest messages alone. is_drawn:
    whether it is for a picture, which has room for one sentence, and tells who writes most itself.
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
    if len(traits) < FEWEST_TOLD and habits:
        told = [*findings, *habits]
        if is_drawn:
            is_share = traits and traits[0].kind == "most"
            told = habits[:1] if is_share else told[:1]
        findings = [" ".join(told[:count]) for count in range(FEWEST_TOLD, 0, -1)]
    nothing = gettext("Nothing clearly sets these {count} people apart.")
    if room.people_total == PAIR:
        nothing = gettext("Nothing clearly sets these two people apart.")
    findings.append(nothing.format(count=show_number(room.people_total)))
    return next(text for text in findings if len(text) <= LONGEST_FINDING)


def _habits(people: People, traits: Sequence[Trait], *, is_of_newest: bool) -> list[str]:
    """Return a sentence on each of those whom no trait tells of, the clearest habit first."""
    named = {trait.username for trait in traits}
    measures = {_TOLD_AS.get(trait.kind, trait.kind) for trait in traits}
    is_said = is_of_newest and not measures.isdisjoint({*_TOLD_AS.values(), "night"})
    sentences: list[str] = []
    for username, habit in sorted(_clear_habits(people), key=lambda pair: -pair[1].errors):
        if username in named or habit.name in measures:
            continue
        lately = is_of_newest and not (is_said or sentences)
        sentence = gettext("Lately, {name} {traits}.") if lately else gettext("{name} {traits}.")
        sentences.append(sentence.format(name=_short_name(username), traits=trait_of(habit)))
        measures.add(habit.name)
    return sentences


def _clear_habits(people: People) -> Iterator[tuple[str, Measure]]:
    """Yield what sets each of those apart who does clearly more of something than all others."""
    for person in people:
        if person.username and person.trait and person.trait.errors >= HABIT_CLEAR:
            yield person.username, person.trait


def _sentence(
    people: People, traits: Sequence[Trait], people_total: int, *, is_of_newest: bool
) -> str:
    """Return a sentence on the traits, which says once that all are of lately, at its beginning."""
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
    if trait.kind == "most":  # As the bar has it, whose parts add up.
        share = rounded_parts([person.share for person in people])[trait.person or 0]
    return {
        "name": _short_name(trait.username),
        "share": show_percent(share),
        "words": words.format(count=show_number(round(trait.value))),
        "sign": trait.sign,
    }


def _short_name(username: str | None) -> str:
    return short_name(shown_name(username or ""))

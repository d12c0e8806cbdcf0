"""The people of a room in a few words, as its overview and its portrait show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from app.compute.portrait import PersonInShort, PersonPortrait
from app.compute.significance import CLEAR_OF_MANY
from app.drawing.drawings import HourStrip, NameList
from app.language.dates import MINUTE_S, show_roughly
from app.language.i18n import gettext, ngettext, show_number
from app.services.rooms.room_facts import RoomFacts
from app.views.cast import hue, shown_name
from app.views.habit_words import told_alone
from app.views.hours import busiest_briefly, told_by_hour
from app.views.rooms.room_finding import PAIR

FEWEST_HOURS: Final = 10
"""Messages with a time from which there is a clock."""
FEWEST_ANSWERS: Final = 10
"""From which it is told how long they take."""


class SmallCard(NamedTuple):
    """Somebody with fewer messages, in a line."""

    username: str
    messages: int
    line: str
    """What sets them apart most, or how many words their messages have."""


@dataclass(frozen=True, slots=True)
class PersonCard:
    """Somebody in a few words."""

    username: str
    person: PersonPortrait
    phrases: NameList | None = None
    absence: str = ""
    """What is told of somebody who wrote nothing of what was read."""
    others: str = ""
    """What the others are called; empty for several."""

    @property
    def messages(self) -> int:
        return self.person.messages

    @property
    def hue(self) -> str:
        return hue(self.username)

    @property
    def phrase(self) -> str:
        """What they say more often than others, where their phrases are not listed."""
        phrases = self.person.typical if self.phrases is None else None
        return next((phrase.text for phrase in phrases or []), "")

    @property
    def measure(self) -> str:
        """What sets them apart most; where nothing does, and they have no phrase, their words."""
        trait = self.person.trait
        if trait and not (trait.is_never and self.person.typical):
            return told_alone(trait, self.others)
        if self.phrase:
            return ""
        if self.absence:
            return self.absence
        return _length_of(self.person.words_per_message) or gettext("Writes no words")

    @property
    def wait(self) -> str:
        """How long their answers take where that sets them apart, in words; else empty."""
        return wait_of(self.person)

    @property
    def hours(self) -> HourStrip | None:
        """The clock, in words where hours stand out; None for few messages."""
        hours = self.person.hours
        if sum(hours) < FEWEST_HOURS:
            return None
        heights = [100 * hour / max(hours) for hour in hours]
        busy = busiest_briefly(self.person.busy_from)
        return HourStrip(self.hue, busy, heights, told_by_hour(hours))


def other_called(username: str, room: RoomFacts) -> str:
    """Return what the one other person of a chat of two is called; empty in other chats."""
    others = [name for name in room.usernames if name != username]
    return shown_name(others[0]) if room.people_total == PAIR == len(others) + 1 else ""


def small_cards(people: Iterable[PersonInShort]) -> list[SmallCard]:
    """Return a card for each of the people who have no large one."""
    return [
        SmallCard(
            person.username,
            person.messages,
            told_alone(person.trait) if person.trait else _length_of(person.words_per_message),
        )
        for person in people
    ]


def _length_of(words_per_message: float | None) -> str:
    if words_per_message is None:
        return ""
    # By chance alone 4.45 and 4.55 would be 4 and 5.
    words = round(words_per_message, 1)
    about = ngettext(
        "About {count} word a message", "About {count} words a message", 1 if words == 1 else 2
    )
    return about.format(count=show_number(words))


def wait_of(writing: PersonPortrait) -> str:
    """Return how long somebody's answers take where that sets them apart, in words; else empty."""
    wait_s = _wait_s(writing)
    if wait_s is None or not _differs(writing):
        return ""
    if wait_s < MINUTE_S:
        return gettext("Replies in less than a minute")
    return gettext("Replies in about {time}").format(time=_told(wait_s))


def alike(writing: Sequence[PersonPortrait], total: int) -> str:
    """Return about how long answers take where nobody's clearly differ; empty where some do.

    total: of so many, who may be more than those whose writing is told.
    """
    waits_s = [_wait_s(person) for person in writing]
    told_s = [wait_s for wait_s in waits_s if wait_s is not None]
    if not 1 < len(told_s) == len(writing) or any(map(_differs, writing)):
        return ""
    within = gettext("Everyone here replies in about {time}.")
    soon = gettext("Everyone here replies in less than a minute.")
    if total == PAIR:
        within = gettext("Both reply in about {time}.")
        soon = gettext("Both reply in less than a minute.")
    elif total > len(writing):
        within = gettext("All {count} people shown usually reply in about {time}.")
        soon = gettext("All {count} people shown usually reply in less than a minute.")
    shortest, longest = _told(min(told_s)), _told(max(told_s))
    if shortest != longest:
        within = gettext("The people shown usually reply within {time}.")
    sentence = soon if max(told_s) < MINUTE_S else within
    return sentence.format(time=longest, count=show_number(len(writing)))


def _told(wait_s: float) -> str:
    """Return about how long an answer takes, without the seconds, as in the numbers."""
    return show_roughly(wait_s - wait_s % MINUTE_S)


def _wait_s(writing: PersonPortrait) -> float | None:
    """Return how long somebody's answers take; None for too few of them."""
    return writing.median_answer_s if writing.answers >= FEWEST_ANSWERS else None


def _differs(writing: PersonPortrait) -> bool:
    """Return whether somebody's answers take longer or shorter than chance explains."""
    return abs(writing.answer_errors) >= CLEAR_OF_MANY

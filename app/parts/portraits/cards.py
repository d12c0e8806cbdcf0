"""Cards of the people of a chat, on its overview and its portrait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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


class SmallCard(NamedTuple):
    username: str
    messages: int
    line: str
    """The clearest trait, otherwise the number of words in a message."""


@dataclass(frozen=True, slots=True)
class PersonCard:
    username: str
    person: PersonPortrait
    phrases: NameList | None = None
    absence: str = ""
    """Sentence about a person without messages among those that were read."""
    others: str = ""

    @property
    def messages(self) -> int:
        return self.person.messages

    @property
    def hue(self) -> str:
        return hue(self.username)

    @property
    def phrase(self) -> str:
        """The phrase that sets them apart, if their phrases are not listed."""
        phrases = self.person.typical if self.phrases is None else None
        return next((phrase.text for phrase in phrases or []), "")

    @property
    def measure(self) -> str:
        """The clearest trait; without a trait and a phrase, the words in a message."""
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
        return wait_of(self.person)

    @property
    def hours(self) -> HourStrip | None:
        """The clock; None below ten messages with a time."""
        hours = self.person.hours
        if sum(hours) < 10:
            return None
        heights = [100 * hour / max(hours) for hour in hours]
        busy = busiest_briefly(self.person.busy_from)
        return HourStrip(self.hue, busy, heights, told_by_hour(hours))


def other_called(username: str, room: RoomFacts) -> str:
    """Return the name of the only other person of a chat of two, or empty."""
    others = [name for name in room.usernames if name != username]
    return shown_name(others[0]) if room.people_total == PAIR == len(others) + 1 else ""


def small_cards(people: Iterable[PersonInShort]) -> list[SmallCard]:
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
    """Return how long a person takes to reply if that sets them apart, or empty."""
    wait_s = _wait_s(writing)
    if wait_s is None or not _differs(writing):
        return ""
    if wait_s < MINUTE_S:
        return gettext("Replies in less than a minute")
    return gettext("Replies in about {time}").format(time=_told(wait_s))


def alike(writing: Sequence[PersonPortrait], total: int) -> str:
    """Return how long everyone takes to reply; empty if someone's time clearly differs.

    total: number of people, who may be more than `writing`.
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
    return show_roughly(wait_s - wait_s % MINUTE_S)


def _wait_s(writing: PersonPortrait) -> float | None:
    return writing.median_answer_s if writing.answers >= 10 else None


def _differs(writing: PersonPortrait) -> bool:
    return abs(writing.answer_errors) >= CLEAR_OF_MANY

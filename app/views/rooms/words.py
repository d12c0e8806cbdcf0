"""What a portrait of a room says in sentences: each holds for any chat, however short."""

from msgspec import Struct

from app.i18n import gettext
from app.services.rooms.portrait import RoomPortrait


class TimingTold(Struct, frozen=True):
    """Who begins and who answers, as far as there is anything to tell."""

    has_beginnings: bool
    has_answers: bool
    sentences: list[str]
    """Why there is nothing, where there is nothing."""


def timing_told(portrait: RoomPortrait) -> TimingTold:
    """Return what the times of the messages tell, and what they cannot."""
    people = portrait.people
    dated = sum(sum(person.hours) for person in people)
    has_beginnings = any(person.beginnings for person in people)
    has_answers = any(person.answers for person in people)
    if dated == 0:
        return TimingTold(False, False, [gettext("No message has a time.")])
    if dated == 1:
        return TimingTold(False, False, [gettext("Only one message has a time.")])
    sentences: list[str] = []
    if is_alone(portrait):
        sentences.append(gettext("Only one person writes here, so nobody answers."))
    elif not has_answers:
        sentences.append(gettext("Nobody answered within six hours."))
    if portrait.longest_silence is None:
        sentences.append(gettext("All messages with a time are of the same second."))
    elif not has_beginnings:
        sentences.append(gettext("There was no silence of more than six hours."))
    return TimingTold(has_beginnings, has_answers, sentences)


def is_alone(portrait: RoomPortrait) -> bool:
    """Return whether one person wrote all messages."""
    return sum(person.people for person in portrait.people) == 1


def words_missing(portrait: RoomPortrait) -> str:
    """Return why no typical words are shown; an empty string where some person has a list."""
    if any(person.typical is not None for person in portrait.people):
        return ""
    if is_alone(portrait):
        return gettext("Only one person writes here, so there is nobody to compare with.")
    return gettext("There are too few messages to compare words.")

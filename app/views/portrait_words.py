"""What a portrait of a room says in sentences: each holds for any chat, however short."""

from typing import Final

from msgspec import Struct

from app.dates import show_duration
from app.i18n import gettext, ngettext, show_number
from app.services.rooms.portrait import PersonPortrait, RoomPortrait

CARD_LAUGHS: Final = 2
CARD_WORDS: Final = 4


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


def card_lines(person: PersonPortrait, portrait: RoomPortrait) -> tuple[str, ...]:
    """Return what a picture tells of a person beside the share, the most telling first."""
    return tuple(filter(None, (_timing(person, portrait), _manner(person))))


def _timing(person: PersonPortrait, portrait: RoomPortrait) -> str:
    parts: list[str] = []
    if any(speaker.beginnings for speaker in portrait.people):
        text = ngettext(
            "began {count} time after a silence",
            "began {count} times after a silence",
            person.beginnings,
        )
        never = gettext("never began after a silence")
        count = show_number(person.beginnings)
        parts.append(text.format(count=count) if person.beginnings else never)
    if person.median_answer_s is not None:
        text = gettext("until an answer: {time} (median)")
        parts.append(text.format(time=show_duration(person.median_answer_s)))
    return " · ".join(parts)


def _manner(person: PersonPortrait) -> str:
    laughs = sorted(person.laughs, key=lambda laugh: -laugh.messages)[:CARD_LAUGHS]
    parts = [f"{laugh.text} {show_number(laugh.messages)}" for laugh in laughs if laugh.messages]
    if person.typical:
        words = ", ".join(word.text for word in person.typical[:CARD_WORDS])
        parts.append(gettext("typical: {words}").format(words=words))
    return " · ".join(parts)

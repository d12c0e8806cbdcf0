"""Which words the people of a room write clearly more often than the others there."""

from typing import Final

from app.compute.portrait import PersonPortrait, TypicalOfPerson
from app.drawing.drawings import ListedName, NameList
from app.drawing.lettering import drawn_name
from app.language.i18n import gettext, gettext_noop, ngettext, show_number
from app.parts.portraits.portrait_figure import OfPeople, PortraitFigure, is_alone, other_of
from app.views.figure import Finding, Table
from app.views.rooms.overview_figures import name_of
from app.views.rooms.room_finding import PAIR

MOST_WORDS: Final = 4
"""In a line about a person."""


class TypicalWords(PortraitFigure):
    """Which words each person writes clearly more often than all others."""

    name = "typical"
    topic = gettext_noop("Typical words")
    is_drawn = True

    def finding(self) -> Finding:
        about = gettext(
            "Words that appear in clearly more messages by one person than by everyone else "
            "here. Words that go together are one phrase. Both sides need 20 messages."
        )
        if self.sight.room.people_total == PAIR:
            about = gettext(
                "Words that appear in clearly more messages by one person than by the other. "
                "Words that go together are one phrase. Both sides need 20 messages."
            )
        chosen = gettext(
            "On average, at most 1 in 20 of the listed words is there by chance, however many "
            "were compared. Very common words are left out."
        )
        return Finding(self.missing(), about=f"{about} {chosen}")

    def table(self) -> Table:
        rows = [
            (name_of(person), word.text, word.posts, word.posts_beside)
            for person in self._alone
            for word in person.typical or []
        ]
        beside = gettext("By the others")
        if self.sight.room.people_total == PAIR:
            beside = gettext("By the other author")
        columns = [gettext("Name"), gettext("Word"), gettext("Messages"), beside]
        return Table(columns, rows, [self.messages_path(word) for _, word, *_ in rows])

    def plot(self) -> OfPeople:
        return [
            (person, NameList([self._listed(word, person) for word in person.typical]))
            for person in self._alone
            if person.typical is not None
        ]

    @property
    def _alone(self) -> list[PersonPortrait]:
        """Those who stand for themselves: what a crowd says is nobody's habit."""
        return [person for person in self.people if person.username is not None]

    def missing(self) -> str:
        """Return why no words are shown; an empty string where some person has a list."""
        if any(person.typical is not None for person in self.people):
            return ""
        if is_alone(self.sight):
            return gettext("Only one person writes here, so there is no one to compare with.")
        return gettext("There are too few messages to compare words.")

    def line_of(self, person: PersonPortrait) -> list[str]:
        """Return the words as far as the fonts have them whole, each a part."""
        words = list(filter(None, (drawn_name(word.text) for word in person.typical or [])))
        return [gettext("“{word}”").format(word=word) for word in words[:MOST_WORDS]]

    def _listed(self, word: TypicalOfPerson, person: PersonPortrait) -> ListedName:
        other_name = other_of(person, self.sight)
        counts = (_told_of_two if other_name else _told)(word).format(
            count=show_number(word.posts), beside=show_number(word.posts_beside), other=other_name
        )
        return ListedName(word.text, counts, self.messages_path(word.text))


def _told(word: TypicalOfPerson) -> str:
    """Return the sentence of how often a word is written, and how often by the others."""
    if not word.posts_beside:
        return ngettext(
            "{count} message, the others never", "{count} messages, the others never", word.posts
        )
    return ngettext(
        "{count} message, the others {beside}", "{count} messages, the others {beside}", word.posts
    )


def _told_of_two(word: TypicalOfPerson) -> str:
    """Return the same beside the one other person."""
    if not word.posts_beside:
        return ngettext(
            "{count} message, {other} never", "{count} messages, {other} never", word.posts
        )
    return ngettext(
        "{count} message, {other} {beside}", "{count} messages, {other} {beside}", word.posts
    )

"""The figures of an author's portrait beside its fingerprint: their phrases, and their hours."""

from dataclasses import dataclass
from typing import Final

from quart import url_for

from app.compute.phrases import Phrase
from app.language.i18n import gettext
from app.parts.portraits.beside import only_other, others_called
from app.services.archive.author_portrait import AuthorPortrait
from app.views.cast import display_name, hue
from app.views.drawings import HOURS, Clock, PhraseList, PhraseRow
from app.views.figure import Figure, Finding, Table
from app.views.habit_words import briefly, often
from app.views.hours import busiest, clock_of, how_counted

FEWEST_OF_CARD: Final = 3
"""Phrases that fill a card; fewer stand in a sentence."""


@dataclass(frozen=True, slots=True)
class Phrases(Figure[PhraseList]):
    """What an author writes clearly more often than the others."""

    portrait: AuthorPortrait

    def finding(self) -> Finding:
        other_name = only_other(self.portrait)
        nothing = gettext("Uses no word clearly more often than the others.")
        if other_name:
            nothing = gettext("Uses no word clearly more often than {name}.")
        title = "" if self.portrait.phrases else nothing.format(name=other_name)
        topic = gettext("Says more often than {name}") if other_name else ""
        return Finding(
            title, topic=topic.format(name=other_name) or gettext("Says more often than others")
        )

    @property
    def _phrases(self) -> list[Phrase]:
        """The clearest phrases, the most frequent first, as the lengths of their bars."""
        return sorted(self.portrait.phrases or [], key=lambda phrase: -phrase.messages)

    def table(self) -> Table:
        phrases = self._phrases
        name = display_name(self.portrait.user.username)
        return Table(
            [gettext("Phrase"), name, others_called(self.portrait)],
            [(phrase.text, phrase.messages, phrase.messages_elsewhere) for phrase in phrases],
            [*map(self._posts_with, phrases)],
        )

    def plot(self) -> PhraseList | None:
        phrases = self._phrases
        if not phrases:
            return None
        most = self._own(phrases[0])
        rows = [
            PhraseRow(
                phrase.text,
                self._told(phrase),
                100 * self._own(phrase) / most,
                min(100 * self._beside(phrase) / most, 100),
                self._posts_with(phrase),
            )
            for phrase in phrases
        ]
        return PhraseList(hue(self.portrait.user.username), rows)

    def path(self) -> str:
        return url_for("posts.show_posts", username=self.portrait.user.username)

    def _told(self, phrase: Phrase) -> str:
        """Return how often a phrase is written, and how often by the others."""
        other_name = only_other(self.portrait)
        text = gettext("{often}; the others {often_beside}")
        never = gettext("{often}; the others never")
        if other_name:
            text = gettext("{often}; {other} {often_beside}")
            never = gettext("{often}; {other} never")
        return (text if phrase.messages_elsewhere else never).format(
            often=often(self._own(phrase)),
            other=other_name,
            often_beside=briefly(self._beside(phrase)),
        )

    def _own(self, phrase: Phrase) -> float:
        return phrase.messages / self.portrait.messages

    def _beside(self, phrase: Phrase) -> float:
        return phrase.messages_elsewhere / max(self.portrait.messages_elsewhere, 1)

    def _posts_with(self, phrase: Phrase) -> str:
        username = self.portrait.user.username
        return url_for("search.show_search", q=" ".join(phrase.words), username=username)


@dataclass(frozen=True, slots=True)
class HoursBeside(Figure[Clock]):
    """When an author writes, and when the others do."""

    portrait: AuthorPortrait
    labelled_by: str = ""
    """The ids of what names the drawing where it is the first one of a page."""

    def finding(self) -> Finding:
        hours = self.portrait.hours
        topic, zone = gettext("By hour"), self.portrait.tz
        if not any(hours):
            return Finding(gettext("No post has a time."), topic=topic, zone=zone)
        title = busiest(hours, self.portrait.busy_from)
        return Finding(title, topic=topic, about=how_counted(self.portrait.busy_from), zone=zone)

    def table(self) -> Table:
        own, beside = self.portrait.hours, self.portrait.hours_elsewhere
        columns = [gettext("Hour"), display_name(self.portrait.user.username)]
        if not any(beside):
            return Table(columns, [*zip(HOURS, own, strict=True)] if any(own) else [])
        rows = [*zip(HOURS, own, beside, strict=True)]
        return Table([*columns, others_called(self.portrait)], rows)

    def plot(self) -> Clock | None:
        own, beside = self.portrait.hours, self.portrait.hours_elsewhere
        colour, finding = hue(self.portrait.user.username), self.finding()
        caption = finding.title or finding.topic
        return clock_of(colour, caption, own, beside, self.labelled_by)

    def path(self) -> str:
        return url_for("posts.show_posts", username=self.portrait.user.username)

    def outline(self) -> str:
        """Return what the outline is, in a sentence; empty where there is none."""
        if not any(self.portrait.hours_elsewhere):
            return ""
        other_name = only_other(self.portrait)
        if other_name:
            return gettext("The outline is {name}.").format(name=other_name)
        return gettext("The outline is everyone else combined.")

"""The figures of an author's portrait beside its fingerprint: their phrases, and their hours."""

from dataclasses import dataclass
from typing import Final

from quart import url_for

from app.compute.phrases import Phrase
from app.i18n import gettext
from app.services.archive.author_portrait import AuthorPortrait
from app.views.drawings import HOURS, Clock, PhraseList, PhraseRow
from app.views.figure import Figure, Finding, Table
from app.views.names import display_name, hue
from app.views.portraits.in_words import often

BUSY_H: Final = 3
"""Hours in a row that are called the busiest."""


@dataclass(frozen=True, slots=True)
class Phrases(Figure[PhraseList]):
    """What an author writes clearly more often than the others."""

    portrait: AuthorPortrait

    def finding(self) -> Finding:
        title = "" if self.portrait.phrases else gettext("No word differs clearly.")
        return Finding(title, topic=gettext("Says more often"))

    def table(self) -> Table:
        phrases = self.portrait.phrases or []
        name = display_name(self.portrait.user.username)
        return Table(
            [gettext("Phrase"), name, gettext("All others")],
            [(phrase.text, phrase.messages, phrase.messages_elsewhere) for phrase in phrases],
            [*map(self._posts_with, phrases)],
        )

    def plot(self) -> PhraseList | None:
        if not self.portrait.phrases:
            return None
        most = max(map(self._own, self.portrait.phrases))
        rows = [
            PhraseRow(
                phrase.text,
                gettext("{often}; the others {often_beside}").format(
                    often=often(self._own(phrase)), often_beside=often(self._beside(phrase))
                ),
                100 * self._own(phrase) / most,
                min(100 * self._beside(phrase) / most, 100),
                self._posts_with(phrase),
            )
            for phrase in self.portrait.phrases
        ]
        return PhraseList(hue(self.portrait.user.username), rows)

    def path(self) -> str:
        return url_for("posts.show_posts", username=self.portrait.user.username)

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

    def finding(self) -> Finding:
        hours = self.portrait.hours
        topic, zone = gettext("By hour"), self.portrait.tz
        if not any(hours):
            return Finding(gettext("No post has a time."), topic=topic, zone=zone)
        busy = [sum(_around(hours, hour)) for hour in range(len(hours))]
        start = busy.index(max(busy))
        told = gettext("Most between {start}:00 and {end}:00: {often}").format(
            start=start, end=(start + BUSY_H) % len(hours), often=often(max(busy) / sum(hours))
        )
        return Finding(told, topic=topic, zone=zone)

    def table(self) -> Table:
        own, beside = self.portrait.hours, self.portrait.hours_elsewhere
        columns = [gettext("Hour"), display_name(self.portrait.user.username)]
        if not any(beside):
            return Table(columns, [*zip(HOURS, own, strict=True)] if any(own) else [])
        rows = [*zip(HOURS, own, beside, strict=True)]
        return Table([*columns, gettext("All others")], rows)

    def plot(self) -> Clock | None:
        own, beside = self.portrait.hours, self.portrait.hours_elsewhere
        if not any(own):
            return None
        shares, outline = _shares(own), _shares(beside)
        most = max(*shares, *outline)
        return Clock(
            hue(self.portrait.user.username),
            self.finding().title,
            [100 * share / most for share in shares],
            [100 * share / most for share in outline] if any(beside) else [],
        )

    def path(self) -> str:
        return url_for("posts.show_posts", username=self.portrait.user.username)


def _around(hours: list[int], start: int) -> list[int]:
    return [hours[(start + step) % len(hours)] for step in range(BUSY_H)]


def _shares(hours: list[int]) -> list[float]:
    return [count / max(sum(hours), 1) for count in hours]

"""The figures of a room's portrait, which its page shows in this order, and its picture in part."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from app.compute.portrait import PersonPortrait
from app.drawing.drawings import HOURS, Bars, NamedBar
from app.language.i18n import gettext, gettext_noop, rounded_parts, show_number, show_percent
from app.parts.portraits.portrait_figure import NOT_THERE, OfPeople, PortraitFigure
from app.parts.portraits.timing import Timing
from app.parts.portraits.typical_words import TypicalWords
from app.views.cast import hue
from app.views.figure import Finding, Table, TableCell
from app.views.hours import by_hour, how_told
from app.views.rooms.overview_figures import name_of


class Shares(PortraitFigure):
    """How much each person writes."""

    name = "amount"
    topic = gettext_noop("Who writes how much")

    def finding(self) -> Finding:
        together = gettext(
            "The six people with the most messages are shown by name; everyone else is combined."
        )
        about = gettext(
            "Words are separated by spaces. Only messages with text count for words a message."
        )
        has_others = self.people[-1].username is None
        return Finding(about=f"{together} {about}" if has_others else about)

    def table(self) -> Table:
        return Table(
            [gettext("Name"), gettext("Messages"), gettext("Share"), gettext("Words a message")],
            [
                (name_of(person), person.messages, percent, _mean(person.words_per_message))
                for person, percent in zip(self.people, self._percents, strict=True)
            ],
        )

    def plot(self) -> Bars:
        return Bars(
            tuple(
                NamedBar(name_of(person), person.share, percent, hue(person.username))
                for person, percent in zip(self.people, self._percents, strict=True)
            )
        )

    @property
    def _percents(self) -> list[str]:
        return [*map(show_percent, rounded_parts([person.share for person in self.people]))]


class HoursOfDay(PortraitFigure):
    """When each person writes."""

    name = "hours"
    topic = gettext_noop("By hour")
    is_drawn = True

    def finding(self) -> Finding:
        if not self._dated:
            return Finding(gettext("No message has a time."), zone=self.sight.tz)
        scale = gettext("Each chart has its own scale.") if len(self._dated) > 1 else ""
        return Finding(about=f"{scale} {how_told()}".lstrip(), zone=self.sight.tz)

    def table(self) -> Table:
        return Table(
            [gettext("Name"), *HOURS], [(name_of(person), *person.hours) for person in self._dated]
        )

    def plot(self) -> OfPeople:
        caption = gettext("Messages by hour of the day")
        return [
            (person, by_hour(hue(person.username), person.hours, caption)) for person in self._dated
        ]

    @property
    def _dated(self) -> list[PersonPortrait]:
        """Those of whom some message has a time."""
        return [person for person in self.people if any(person.hours)]


class Laughs(PortraitFigure):
    """How each person laughs in letters."""

    name = "laughs"
    topic = gettext_noop("Laughing and emoji")

    def finding(self) -> Finding:
        about = gettext(
            "Messages that contain each sign, however often: ㅋㅋ and ㅎㅎ of two letters or more, "
            "ㅠㅠ and ㅜㅜ together, haha and lol of any length. Signs that no one writes are left "
            "out."
        )
        return Finding(
            "" if self._texts else gettext("No one here laughs in letters."), about=about
        )

    def table(self) -> Table:
        rows: list[list[TableCell]] = [
            [name_of(person), *(laugh.messages for laugh in person.laughs)]
            for person in self.people
            if person.laughs
        ]
        return Table([gettext("Name"), *self._texts], rows)

    @property
    def _texts(self) -> list[str]:
        return [laugh.text for person in self.people[:1] for laugh in person.laughs]


class EmojiUse(PortraitFigure):
    """Which emoji each person writes."""

    name = "emoji"
    topic = gettext_noop("Laughing and emoji")

    def finding(self) -> Finding:
        return Finding(
            about=gettext("The five emoji that appear in the most messages, in any skin tone.")
        )

    def table(self) -> Table:
        entry = Markup('<span class="emoji-count"><bdi>{}</bdi> {}</span> ')
        cells = [
            Markup().join(
                entry.format(emoji.text, show_number(emoji.messages)) for emoji in person.emoji
            )
            for person in self.people
        ]
        rows = [
            (name_of(person), cell or NOT_THERE)
            for person, cell in zip(self.people, cells, strict=True)
        ]
        return Table([gettext("Name"), gettext("Emoji")], rows if any(cells) else [])


FIGURES: Final[Sequence[type[PortraitFigure]]] = (
    *(Shares, Timing, HoursOfDay),
    *(Laughs, EmojiUse, TypicalWords),
)
"""All figures, in the order of the page."""


def _mean(words: float | None) -> str | float:
    return NOT_THERE if words is None else round(words, 1)

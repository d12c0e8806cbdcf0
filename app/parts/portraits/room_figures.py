"""The figures of a chat's portrait, in the order of the page."""

from collections.abc import Sequence
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from app.compute.portrait import PersonPortrait, TypicalOfPerson
from app.drawing.drawings import HOURS, Bars, Columns, ListedName, NamedBar, NameList
from app.drawing.lettering import drawn_name
from app.language.dates import show_clock, show_date, show_duration
from app.language.i18n import (
    gettext,
    gettext_noop,
    ngettext,
    rounded_parts,
    show_number,
    show_percent,
)
from app.parts.portraits.cards import wait_of
from app.services.rooms.sight import ChatSight
from app.views.cast import hue
from app.views.figure import Finding, Table, TableCell
from app.views.hours import by_hour, how_told
from app.views.rooms.figures import ChatFigure, is_long, length_of, name_of, told_silence
from app.views.rooms.room_finding import PAIR

NOT_THERE: Final = "–"
OfPeople = Sequence[tuple[PersonPortrait, Columns | NameList]]


class PortraitFigure(ChatFigure["Bars | OfPeople"]):
    name: ClassVar[str]
    is_drawn: ClassVar[bool] = False
    """Whether the page shows the drawings; otherwise, it shows the rows."""

    def finding(self) -> Finding:
        return Finding()

    def plot(self) -> "Bars | OfPeople | None":
        return None

    def line_of(self, person: PersonPortrait) -> list[str]:
        return []


def other_of(person: PersonPortrait, sight: ChatSight) -> str:
    """Return the name of the only other person of a chat of two, or empty."""
    beside = [group for group in sight.people if group is not person]
    return name_of(beside[0]) if sum(group.people for group in beside) == 1 else ""


def is_alone(sight: ChatSight) -> bool:
    return sum(person.people for person in sight.people) == 1


class Timing(PortraitFigure):
    name = "answers"
    topic = gettext_noop("Who starts, and how long replies take")

    @property
    def has_beginnings(self) -> bool:
        return any(person.beginnings for person in self.people)

    @property
    def has_answers(self) -> bool:
        return any(person.answers for person in self.people)

    def finding(self) -> Finding:
        about = gettext(
            "A person starts a conversation by writing after more than six hours without a "
            "message. A reply is a message right after someone else's, at most six hours later. "
            "Half of a person's replies take no longer than the time shown (without the seconds). "
            "Messages without a time are not counted."
        )
        notes = [*self.missing(), *self._silence()]
        return Finding(notes=notes, about=Markup(about))  # noqa: S704 - our own words, as they are

    def table(self) -> Table:
        columns: list[tuple[str, list[str | int]]] = []
        if self.has_beginnings:
            columns += [(gettext("Starts"), [person.beginnings for person in self.people])]
        if self.has_answers:
            to_whom = gettext("Replies to others")
            if self.sight.room.people_total == PAIR:
                to_whom = gettext("Replies to the other person")
            waits_s = [person.median_answer_s for person in self.people]
            columns += [
                (to_whom, [person.answers for person in self.people]),
                (
                    gettext("Time to reply"),
                    [NOT_THERE if wait is None else show_duration(wait) for wait in waits_s],
                ),
            ]
        names = [*map(name_of, self.people)] if columns else []
        return Table(
            [gettext("Name"), *(heading for heading, _ in columns)],
            [*zip(names, *(cells for _, cells in columns), strict=True)],
        )

    def missing(self) -> list[str]:
        dated = sum(sum(person.hours) for person in self.people)
        if dated == 0:
            return [gettext("No message has a time.")]
        if dated == 1:
            return [gettext("Only one message has a time.")]
        sentences: list[str] = []
        if is_alone(self.sight):
            sentences.append(gettext("Only one person writes here, so there are no replies."))
        elif not self.has_answers:
            sentences.append(gettext("No one replied within six hours."))
        if self.sight.longest_silence is None:
            sentences.append(gettext("All messages with a time were sent in the same second."))
        elif not self.has_beginnings:
            sentences.append(gettext("There was no silence of more than six hours."))
        return sentences

    def _silence(self) -> list[str]:
        silence = self.sight.longest_silence
        if silence is None:
            return []
        zone = ZoneInfo(self.sight.tz)
        first, last = (time.astimezone(zone) for time in (silence.since, silence.until))
        is_of_days = is_long(silence, zone)
        sentence = gettext(
            "The longest silence: {length}, from {first_day}, {first_time} to {last_day}, "
            "{last_time}."
        )
        if is_of_days:
            sentence = gettext(
                "The messages around it: {first_day}, {first_time}, and {last_day}, {last_time}."
            )
        edges = escape(sentence).format(
            length=length_of(silence, zone),
            first_day=show_date(first),
            first_time=show_clock(first),
            last_day=show_date(last),
            last_time=show_clock(last),
        )
        return [told_silence(silence, zone), edges] if is_of_days else [edges]

    def line_of(self, person: PersonPortrait) -> list[str]:
        return [*filter(None, [wait_of(person)])]


class TypicalWords(PortraitFigure):
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
        """People without the group of all others, whose words are no habit."""
        return [person for person in self.people if person.username is not None]

    def missing(self) -> str:
        """Return why no words are shown; empty if a person has a list."""
        if any(person.typical is not None for person in self.people):
            return ""
        if is_alone(self.sight):
            return gettext("Only one person writes here, so there is no one to compare with.")
        return gettext("There are too few messages to compare words.")

    def line_of(self, person: PersonPortrait) -> list[str]:
        """Return the first four words that the fonts have whole."""
        words = list(filter(None, (drawn_name(word.text) for word in person.typical or [])))
        return [gettext("“{word}”").format(word=word) for word in words[:4]]

    def _listed(self, word: TypicalOfPerson, person: PersonPortrait) -> ListedName:
        other_name = other_of(person, self.sight)
        counts = (_told_of_two if other_name else _told)(word).format(
            count=show_number(word.posts), beside=show_number(word.posts_beside), other=other_name
        )
        return ListedName(word.text, counts, self.messages_path(word.text))


def _told(word: TypicalOfPerson) -> str:
    if not word.posts_beside:
        return ngettext(
            "{count} message, the others never", "{count} messages, the others never", word.posts
        )
    return ngettext(
        "{count} message, the others {beside}", "{count} messages, the others {beside}", word.posts
    )


def _told_of_two(word: TypicalOfPerson) -> str:
    if not word.posts_beside:
        return ngettext(
            "{count} message, {other} never", "{count} messages, {other} never", word.posts
        )
    return ngettext(
        "{count} message, {other} {beside}", "{count} messages, {other} {beside}", word.posts
    )


class Shares(PortraitFigure):
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
        return [person for person in self.people if any(person.hours)]


class Laughs(PortraitFigure):
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


def _mean(words: float | None) -> str | float:
    return NOT_THERE if words is None else round(words, 1)

"""What pages show of the people of a chat: cards, and the figures of its portrait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from app.compute.portrait import PersonInShort, PersonPortrait, TypicalOfPerson
from app.compute.significance import CLEAR_OF_MANY
from app.drawing.drawings import HOURS, Bars, Columns, HourStrip, ListedName, NameList
from app.drawing.lettering import drawn_name
from app.language.i18n import (
    MINUTE_S,
    gettext,
    gettext_noop,
    ngettext,
    show_clock,
    show_date,
    show_duration,
    show_number,
    show_roughly,
)
from app.services.rooms.sight import ChatSight
from app.views.cast import hue
from app.views.figure import (
    Finding,
    Table,
    TableCell,
    busiest_told,
    by_hour,
    how_told,
    told_by_hour,
)
from app.views.rooms.figures import (
    PAIR,
    ChatFigure,
    length_of,
    name_of,
    of_most_days,
    share_bars,
    told_silences,
)
from app.views.tell import beside_one, told_alone


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
            return told_alone(trait, beside_one(self.others))
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
        busy = busiest_told(self.person.busy_from, "briefly")
        return HourStrip(self.hue, busy, heights, told_by_hour(hours))


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
    return gettext("Replies in about {time}").format(time=_wait_told(wait_s))


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
    shortest, longest = _wait_told(min(told_s)), _wait_told(max(told_s))
    if shortest != longest:
        within = gettext("The people shown usually reply within {time}.")
    sentence = soon if max(told_s) < MINUTE_S else within
    return sentence.format(time=longest, count=show_number(len(writing)))


def _wait_told(wait_s: float) -> str:
    return show_roughly(wait_s - wait_s % MINUTE_S)


def _wait_s(writing: PersonPortrait) -> float | None:
    return writing.median_answer_s if writing.answers >= 10 else None


def _differs(writing: PersonPortrait) -> bool:
    return abs(writing.answer_errors) >= CLEAR_OF_MANY


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
        of_days = of_most_days(self.sight.silences, zone)
        told = [told_silences(of_days, zone)] if of_days else []
        if len(of_days) > 1:
            return told
        silence = of_days[0] if of_days else silence
        first, last = (time.astimezone(zone) for time in (silence.since, silence.until))
        sentence = gettext(
            "The longest silence: {length}, from {first_day}, {first_time} to {last_day}, "
            "{last_time}."
        )
        if of_days:
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
        return [*told, edges]

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
                (name_of(person), person.messages, bar.label, _mean(person.words_per_message))
                for person, bar in zip(self.people, self.plot().rows, strict=True)
            ],
        )

    def plot(self) -> Bars:
        return Bars(tuple(share_bars(self.people)))


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

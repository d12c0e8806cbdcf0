"""An author's portrait: what is counted, and its figures (habits, phrases, hours)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Generic
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct
from quart import url_for

from app.compute.fingerprint import Measure
from app.compute.phrases import Phrase
from app.compute.times import BusyFrom, ChatHours, busiest_hours, counts_by_hour, hours_of_day
from app.drawing.drawings import Habits, PhraseList, PhraseRow
from app.language.i18n import gettext, show_list
from app.services.archive.author_portrait import PostsBeside, TypicalTerm, count_beside
from app.services.compare.held_out import RecognisedPosts
from app.services.posts.selection import SHOWN_BY, Shown
from app.services.posts.tweets import Post
from app.services.posts.users import Author
from app.services.rooms.room_facts import RoomFacts
from app.views.cast import display_name, hue, shown_name
from app.views.figure import ClockFigure, Figure, Finding, PlotT, Table, TableCell
from app.views.habits import habit_rows
from app.views.tell import (
    HARDLY,
    LONGEST_FINDING,
    MOST_TRAITS,
    Beside,
    briefly,
    called,
    label_of,
    often,
    short_name,
    tell,
    told_of,
    value_of,
)


class PersonBeside(Struct, frozen=True):
    """Somebody beside whom an author is shown."""

    username: str
    messages: Annotated[
        int, Meta(description="Number of this person's messages that were analysed.")
    ]


class AuthorPortrait(Struct, frozen=True):
    """How an author writes, beside others, in a time zone."""

    user: Author
    room: Annotated[RoomFacts | None, Meta(description="The chat with most of their messages.")]
    tz: str
    messages: Annotated[
        int, Meta(description="Number of this person's messages that were analysed.")
    ]
    messages_elsewhere: Annotated[
        int, Meta(description="Number of everyone else's messages that were analysed.")
    ]
    since: datetime | None
    until: datetime | None
    others: Annotated[
        list[PersonBeside],
        Meta(description="Up to eight people with 20 messages or more; everyone else is combined."),
    ]
    others_total: Annotated[int, Meta(description="Number of all other people.")]
    is_of_samples: Annotated[
        bool, Meta(description="Whether the others are sample authors, as this person is.")
    ]
    measures: Annotated[
        list[Measure], Meta(description="Habits that set this person apart first, clearest first.")
    ]
    phrases: Annotated[
        list[Phrase] | None, Meta(description="Null if either side has fewer than 20 messages.")
    ]
    hours: ChatHours
    busy_from: BusyFrom
    hours_elsewhere: Annotated[
        list[int],
        Meta(description="Number of messages of the others in each hour of the day, from hour 0."),
    ]
    recognised: Annotated[
        RecognisedPosts | None, Meta(description="Null if fewer than 20 messages could be tested.")
    ]
    most_like: Annotated[
        Post | None, Meta(description="The message that was most certainly attributed to them.")
    ]

    typical: Annotated[
        list[TypicalTerm], Meta(description="As in the archive, if there are no `others`.")
    ] = []
    shipped_authors: Annotated[int, Meta(description="As in the archive.")] = 0

    @property
    def is_compared(self) -> bool:
        """Whether both sides have enough messages to be compared."""
        return self.phrases is not None


def count_portrait(
    read: PostsBeside, author: Author, zone: ZoneInfo
) -> tuple[AuthorPortrait, list[tuple[int, int]]]:
    compared = count_beside(read, author.id)
    times, times_beside = (
        [time for place in places if (time := compared.said[place].time) is not None]
        for places in (compared.own, compared.beside)
    )
    hours = counts_by_hour(times, zone)
    portrait = AuthorPortrait(
        user=author,
        room=read.room,
        tz=zone.key,
        messages=len(compared.own),
        messages_elsewhere=len(compared.beside),
        since=_moment(min(times, default=None)),
        until=_moment(max(times, default=None)),
        others=[],
        others_total=len(compared.ranked),
        is_of_samples=read.is_of_samples,
        measures=compared.measures,
        phrases=compared.phrases(read.names),
        hours=hours_of_day(hours),
        hours_elsewhere=hours_of_day(counts_by_hour(times_beside, zone)),
        busy_from=busiest_hours(hours),
        recognised=None,
        most_like=None,
    )
    return portrait, compared.one_by_one


def _moment(time: int | None) -> datetime | None:
    return None if time is None else datetime.fromtimestamp(time, UTC)


def only_other(portrait: AuthorPortrait) -> str:
    """Return the name of the only other person in sentences, or empty."""
    username = _only_other(portrait)
    return shown_name(username) if username else ""


def others_called(portrait: AuthorPortrait) -> str:
    username = _only_other(portrait)
    return display_name(username) if username else gettext("Everyone else")


def _only_other(portrait: AuthorPortrait) -> str:
    if portrait.others_total != 1:
        return ""
    people = portrait.others or (portrait.room.people if portrait.room else [])
    names = (person.username for person in people)
    return next((name for name in names if name != portrait.user.username), "")


FEWEST_ROWS: Final = 3
"""Number of rows from which the lines come first; below, the clock says more."""


@dataclass(frozen=True, slots=True)
class AuthorFigure(Figure[PlotT], Generic[PlotT]):
    name: ClassVar[str]
    """Beginning of the id of its heading, unique on the page."""

    portrait: AuthorPortrait

    @property
    def heading_id(self) -> str:
        return f"{self.name}-heading"

    @property
    def has_card(self) -> bool:
        """Whether there is anything to show in its card."""
        return self.plot() is not None or self.finding().title != ""

    def path(self) -> str:
        return url_for("posts.show_posts", username=self.portrait.user.username)


@dataclass(frozen=True, slots=True)
class Fingerprint(AuthorFigure[Habits]):
    name = "fingerprint"

    labelled_by: str = ""
    has_words: bool = False

    def finding(self) -> Finding:
        title = finding_of(self.portrait, has_words=self.has_words)
        return Finding(title, topic=gettext("How they write"))

    def table(self) -> Table:
        columns = [gettext("Measure"), display_name(self.portrait.user.username)]
        if self.portrait.others_total:
            columns += [others_called(self.portrait)]
            if self.portrait.others_total > 1:
                columns += [display_name(other.username) for other in self.portrait.others]
        return Table(
            columns,
            [_cells(measure)[: len(columns)] for measure in self.portrait.measures],
            [*map(self._posts_with, self.portrait.measures)],
        )

    def plot(self) -> Habits | None:
        if not self.portrait.measures:
            return None
        beside = Beside(self.portrait.others_total, only_other(self.portrait))
        rows = habit_rows(self.portrait.measures, beside, self._posts_with)
        return Habits(hue(self.portrait.user.username), self.labelled_by, tuple(rows))

    def _posts_with(self, measure: Measure) -> str:
        """Return the URL of the posts that a measure counts, or all."""
        username = self.portrait.user.username
        if measure.name in ("laughing", "emoji"):  # Their sign is a word that a search finds.
            if not measure.sign:
                return self.path()
            return url_for("search.show_search", q=measure.sign, username=username)
        if measure.name == "capitals":
            return self.path()
        manner = _shown(measure) if measure.own else None
        return url_for("posts.show_posts", username=username, shows=manner)


def _shown(measure: Measure) -> Shown:
    if measure.name == "length":
        return "long" if measure.own >= measure.beside else "short"
    return SHOWN_BY[measure.sign or measure.name]


def _cells(measure: Measure) -> list[TableCell]:
    values = (measure.own, measure.beside, *measure.each)
    return [label_of(measure), *(value_of(measure, value) for value in values)]


def finding_of(portrait: AuthorPortrait, *, has_words: bool) -> str:
    """Return what sets the author apart, by the clearest measures, in at most 140 characters.

    has_words: whether it may quote words, if no measure is clear.
    """
    name = short_name(shown_name(portrait.user.username))
    if not portrait.others_total:
        return (_typical(portrait, name) if has_words else "") or tell("alone", name=name)
    other_name = short_name(only_other(portrait))
    variant = "two" if other_name else ""
    if not portrait.is_compared:
        return tell("too_few", variant, name=name, other=other_name)
    clear = [measure for measure in portrait.measures if measure.is_clear]
    if all(measure.is_never for measure in clear):
        said = _said_more(portrait, name, other_name) if has_words else ""
        if said and len(said) <= LONGEST_FINDING:
            return said
    if not clear:
        return tell("nothing_apart", variant, name=name, other=other_name)
    others = called(
        portrait.others_total,
        other_name,
        is_of_chat=portrait.room is not None,
        is_of_samples=portrait.is_of_samples,
    )
    return told_of(portrait.user.username, clear, others)


def _typical(portrait: AuthorPortrait, name: str) -> str:
    words = [f"“{term.text}”" for term in portrait.typical if not term.is_mark][:MOST_TRAITS]
    count = portrait.shipped_authors
    variant = "shipped" if count else ""
    findings = (
        tell("typical", variant, name=name, words=show_list(words[:number]), count=count)
        for number in range(len(words), 0, -1)
    )
    return next((text for text in findings if len(text) <= LONGEST_FINDING), "")


def _said_more(portrait: AuthorPortrait, name: str, other_name: str) -> str:
    """Return the phrase that the author writes more often, or empty."""
    if not portrait.phrases:
        return ""
    phrase = max(portrait.phrases, key=lambda phrase: phrase.messages)
    share = phrase.messages / portrait.messages
    if share < HARDLY:
        return ""
    variant = "two" if other_name else ""
    said = {"name": name, "words": phrase.text, "other": other_name, "often": often(share)}
    return tell("says_more", variant, **said)


class Phrases(AuthorFigure[PhraseList]):
    name = "phrases"

    @property
    def has_card(self) -> bool:
        return len(self.portrait.phrases or []) >= 3  # Fewer are in a sentence.

    def finding(self) -> Finding:
        other_name = only_other(self.portrait)
        title = ""
        if not self.portrait.phrases:
            title = tell("says_nothing_more", "two" if other_name else "", name=other_name)
        topic = gettext("Says more often than {name}") if other_name else ""
        return Finding(
            title, topic=topic.format(name=other_name) or gettext("Says more often than others")
        )

    @property
    def _phrases(self) -> list[Phrase]:
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

    def _told(self, phrase: Phrase) -> str:
        other_name = only_other(self.portrait)
        variant = "two" if other_name else ""
        if not phrase.messages_elsewhere:
            variant = f"{variant} never".lstrip()
        return tell(
            "phrase",
            variant,
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


CARDS: Final[Sequence[type[AuthorFigure[Any]]]] = (Phrases,)
"""Figures with a card of their own at the end of the page, in order."""


def hours_of(portrait: AuthorPortrait, labelled_by: str = "") -> ClockFigure:
    """Return when an author writes, and when the others do; labelled_by: ids of elements that name
    the first drawing of a page.
    """
    username, outline = portrait.user.username, ""
    if any(portrait.hours_elsewhere):
        other_name = only_other(portrait)
        outline = tell("outline", "two" if other_name else "", name=other_name)
    return ClockFigure(
        display_name(username),
        portrait.hours,
        portrait.busy_from,
        portrait.tz,
        hue(username),
        url_for("posts.show_posts", username=username),
        outline_column=others_called(portrait),
        outline=portrait.hours_elsewhere,
        outline_told=outline,
        labelled_by=labelled_by,
    )

"""An author's portrait: what is counted, and its figures (habits, phrases, hours)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from app.drawing.drawings import Clock, Habits, PhraseList, Row
from app.language.i18n import gettext, show_list
from app.services.archive.author_portrait import ComparedAuthor, TypicalTerm
from app.services.compare.held_out import RecognisedPosts
from app.services.posts.manners import manner_of
from app.services.posts.tweets import Post
from app.services.posts.users import Author
from app.services.rooms.chats import RoomFacts
from app.views import tell
from app.views.addresses import posts_path, search_path
from app.views.cast import display_name, hue, shown_name
from app.views.figures.figure import NOT_THERE, Figure, Hours, TableCell
from app.views.figures.habits import habit_rows, others_of_script
from saywho.people.fingerprint import Measure
from saywho.people.phrases import Phrase
from saywho.people.times import BusyFrom, ChatHours, busiest_hours, counts_by_hour, hours_of_day
from saywho.significance import FEWEST_COMPARED
from saywho.words import Written, written_as


class PersonBeside(Struct, frozen=True):
    """Somebody beside whom an author is shown."""

    username: str
    messages: int
    """Number of this person's messages that were analysed."""


class AuthorPortrait(Struct, frozen=True):
    """How an author writes, beside others, in a time zone."""

    user: Author
    room: RoomFacts | None
    """The chat with most of their messages."""
    tz: str
    messages: int
    """Number of this person's messages that were analysed."""
    messages_elsewhere: int
    """Number of everyone else's messages that were analysed."""
    since: datetime | None
    until: datetime | None
    others: list[PersonBeside]
    """Up to eight people with 20 messages or more; everyone else is combined."""
    others_total: int
    """Number of all other people."""
    is_of_samples: bool
    """Whether the others are sample authors, as this person is."""
    measures: list[Measure]
    """Habits that set this person apart first, clearest first."""
    phrases: list[Phrase] | None
    """Null if either side has fewer than 20 messages. Only others who seem to write the same
    language are compared.
    """
    hours: ChatHours
    busy_from: BusyFrom
    hours_elsewhere: list[int]
    """Number of messages of the others in each hour of the day, from hour 0."""
    recognised: RecognisedPosts | None
    """Null if fewer than 20 messages could be tested."""
    most_like: Post | None
    """The message that was most certainly attributed to them."""

    typical: list[TypicalTerm] = []
    """As in the archive, if there are no `others`."""
    shipped_authors: int = 0
    """As in the archive."""

    @property
    def is_compared(self) -> bool:
        """Whether both sides have enough messages to be compared."""
        return min(self.messages, self.messages_elsewhere) >= FEWEST_COMPARED

    def with_words(self, written: Written) -> Self:
        """Return it with all words of texts as `written` gives them, without empty ones."""
        phrases = self.phrases and written_as(self.phrases, written)
        return structs.replace(self, phrases=phrases, typical=written_as(self.typical, written))


def count_portrait(compared: ComparedAuthor, zone: ZoneInfo) -> AuthorPortrait:
    beside, names = compared.beside, compared.names
    hours = counts_by_hour(beside.times, zone)
    return AuthorPortrait(
        user=compared.author,
        room=compared.room,
        tz=zone.key,
        messages=beside.messages,
        messages_elsewhere=beside.messages_elsewhere,
        since=_moment(min(beside.times, default=None)),
        until=_moment(max(beside.times, default=None)),
        others=[PersonBeside(names[person], count) for person, count in beside.one_by_one],
        others_total=len(beside.ranked),
        is_of_samples=beside.is_of_samples,
        measures=beside.measures,
        phrases=beside.phrases,
        hours=hours_of_day(hours),
        hours_elsewhere=hours_of_day(counts_by_hour(beside.times_elsewhere, zone)),
        busy_from=busiest_hours(hours),
        recognised=beside.recognised,
        most_like=None,
    )


def _moment(time: int | None) -> datetime | None:
    return None if time is None else datetime.fromtimestamp(time, UTC)


def only_other(portrait: AuthorPortrait) -> str:
    """Return what sentences call the only other person, or empty."""
    if username := _only_other(portrait):
        return shown_name(username)
    return gettext("the other author") if portrait.others_total == 1 else ""


def others_called(portrait: AuthorPortrait) -> str:
    if username := _only_other(portrait):
        return display_name(username)
    several = gettext("Everyone else") if portrait.room else gettext("The others compared")
    return only_other(portrait) or several


def _only_other(portrait: AuthorPortrait) -> str:
    if portrait.others_total != 1:
        return ""
    people = portrait.others or (portrait.room.people if portrait.room else [])
    names = (person.username for person in people)
    return next((name for name in names if name != portrait.user.username), "")


FEWEST_ROWS: Final = 3
"""Number of rows of a drawing that says more than a sentence or a clock."""


def fingerprint(
    portrait: AuthorPortrait, labelled_by: str = "", *, has_words: bool = False
) -> Figure[Habits]:
    """Return an author's habits; labelled_by: the ids of the headings of the drawing."""
    username = portrait.user.username
    columns = [gettext("Measure"), display_name(username)]
    if portrait.others_total:
        columns += [others_called(portrait)]
        if portrait.others_total > 1:
            columns += [display_name(other.username) for other in portrait.others]
    is_only = portrait.others_total == 1
    cells = [_cells(each, is_only=is_only)[: len(columns)] for each in portrait.measures]
    clear = [measure for measure in portrait.measures if measure.is_clear and measure.own]
    rows = habit_rows(
        clear or portrait.measures,
        _others_of(portrait),
        lambda measure: _posts_of(measure, username),
    )
    return Figure(
        topic=gettext("How they write"),
        title=finding_of(portrait, has_words=has_words),
        columns=columns,
        rows=cells,
        plot=Habits(hue(username), labelled_by, tuple(rows)) if rows else None,
        name="fingerprint",
    )


def _posts_of(measure: Measure, username: str) -> str:
    """Return the URL of the posts that a measure counts; empty if no filter finds them."""
    if not measure.own:
        return ""
    if measure.habit.has_words:
        return search_path(measure.sign, username) if measure.sign else ""
    manner = manner_of(measure)
    return posts_path(username, shows=manner) if manner else ""


def _cells(measure: Measure, *, is_only: bool) -> list[TableCell]:
    values = (measure.own, measure.beside, *measure.each)
    own, beside, *each = (
        NOT_THERE if one is None else tell.value_of(measure, one) for one in values
    )
    if measure.script and not is_only:
        beside = f"{others_of_script(measure)}: {beside}"
    return [tell.label_of(measure), own, beside, *each]


def finding_of(portrait: AuthorPortrait, *, has_words: bool) -> str:
    """Return what sets the author apart, by the clearest measures, in at most 140 characters, or
    that nothing does.

    has_words: whether it may quote words, if no measure is clear.
    """
    if not portrait.others_total and has_words:
        name = tell.short_name(display_name(portrait.user.username))
        return _typical(portrait, name) or nothing_told(portrait)
    return apart_told(portrait, has_words=has_words) or nothing_told(portrait)


def apart_told(portrait: AuthorPortrait, *, has_words: bool) -> str:
    """Return what sets the author apart from the others, or empty."""
    if not portrait.is_compared:
        return ""
    others = _others_of(portrait)
    most_said = max(portrait.phrases or [], key=lambda phrase: phrase.messages, default=None)
    phrase = (most_said, most_said.messages / portrait.messages) if most_said else None
    clear = [measure for measure in portrait.measures if measure.is_clear]
    return tell.finding_beside(portrait.user.username, clear, others, phrase if has_words else None)


def nothing_told(portrait: AuthorPortrait) -> str:
    """Return why no habit sets the author apart."""
    name = tell.short_name(display_name(portrait.user.username))
    if not portrait.others_total:
        return tell.tell("alone", name=name)
    other_name = tell.short_name(only_other(portrait))
    finding = "nothing_apart" if portrait.is_compared else "too_few"
    others = _others_of(portrait).told
    return tell.tell(
        finding, "two" if other_name else "", name=name, other=other_name, others=others
    )


def _others_of(portrait: AuthorPortrait) -> tell.Peers:
    return tell.called(
        portrait.others_total,
        only_other(portrait),
        is_of_chat=portrait.room is not None,
        is_of_samples=portrait.is_of_samples,
    )


def _typical(portrait: AuthorPortrait, name: str) -> str:
    words = [f"“{term.text}”" for term in portrait.typical if not term.is_mark][: tell.MOST_TRAITS]
    count = portrait.shipped_authors
    variant = "shipped" if count else ""
    findings = (
        tell.tell("typical", variant, name=name, words=show_list(words[:number]), count=count)
        for number in range(len(words), 0, -1)
    )
    return next((text for text in findings if len(text) <= tell.LONGEST_FINDING), "")


def phrases_of(portrait: AuthorPortrait) -> Figure[PhraseList]:
    """Return what an author says more often than others, in the most posts first."""
    username, other_name, title = portrait.user.username, only_other(portrait), ""
    if not portrait.phrases:
        variant = "too_few" if portrait.phrases is None else ""
        title = tell.tell("says_nothing_more", variant, name=display_name(username))
    topic = gettext("Says more often than other people")
    if other_name:
        topic = gettext("Says more often than {name}").format(name=other_name)
    phrases = sorted(portrait.phrases or [], key=lambda phrase: -phrase.messages)
    own = [phrase.messages / portrait.messages for phrase in phrases]
    beside = [phrase.messages_elsewhere / max(portrait.messages_elsewhere, 1) for phrase in phrases]
    rows = [
        Row(
            phrase.text,
            beside=tell.share_told(share, share_beside, other_name),
            path=search_path(" ".join(phrase.words), username),
            length=100 * share / own[0],
            mark=min(100 * share_beside / own[0], 100),
        )
        for phrase, share, share_beside in zip(phrases, own, beside, strict=True)
    ]
    return Figure(
        topic=topic,
        title=title,
        columns=[gettext("Phrase"), display_name(username), others_called(portrait)],
        rows=[(phrase.text, phrase.messages, phrase.messages_elsewhere) for phrase in phrases],
        plot=PhraseList(hue(username), rows) if rows else None,
        name="phrases",
    )


def _many_phrases(portrait: AuthorPortrait) -> Figure[PhraseList] | None:
    # Fewer are in a sentence.
    return phrases_of(portrait) if len(portrait.phrases or []) >= FEWEST_ROWS else None


CARDS: Final[Sequence[Callable[[AuthorPortrait], Figure[Any] | None]]] = (_many_phrases,)
"""Figures with a card of their own at the end of the page, in order, or None for no card."""


def hours_of(portrait: AuthorPortrait) -> Figure[Clock]:
    """Return when an author writes, and when the others do."""
    username, outline = portrait.user.username, ""
    if any(portrait.hours_elsewhere):
        other_name = only_other(portrait)
        outline = tell.tell("outline", "two" if other_name else "", name=other_name)
    name, zone = display_name(username), portrait.tz
    hours = Hours(name, portrait.hours, portrait.busy_from, zone, hue(username))
    return hours.figure(portrait.hours_elsewhere, others_called(portrait), outline)

"""Who begins in a room after a silence, and how long answers take."""

from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from app.compute.portrait import PersonPortrait
from app.language.dates import show_clock, show_date, show_duration
from app.language.i18n import gettext, gettext_noop
from app.parts.portraits.cards import wait_of
from app.parts.portraits.portrait_figure import NOT_THERE, PortraitFigure, is_alone
from app.views.figure import Finding, Table
from app.views.rooms.overview_figures import name_of
from app.views.rooms.room_finding import PAIR
from app.views.rooms.silence import is_long, length_of, told_silence


class Timing(PortraitFigure):
    """Who begins after a silence, and how long answers take."""

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
        """Return why there is nothing to tell of beginnings or answers, where there is nothing."""
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
        """Return the longest silence in a sentence, if there is one."""
        silence = self.sight.longest_silence
        if silence is None:
            return []
        zone = ZoneInfo(self.sight.tz)
        first, last = (time.astimezone(zone) for time in (silence.since, silence.until))
        sentence = gettext(
            "The longest silence: {length}, from {first_day}, {first_time} to {last_day}, "
            "{last_time}."
        )
        is_of_days = is_long(silence, zone)
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

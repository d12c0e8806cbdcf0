"""A year of a chat."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from quart import url_for
from quart.typing import ResponseReturnValue

from app.compute.portrait import PersonPortrait
from app.language.i18n import gettext, rounded_parts, show_percent
from app.lifespan import resources
from app.parts.years.figures import DaysOfYear
from app.parts.years.finding import finding_of_chat
from app.parts.years.room_year import RoomYear, read_room_year
from app.parts.years.words import ComparedWords, words_of
from app.services.rooms.room_facts import RoomFacts, get_room
from app.views.blueprints import PageBlueprint
from app.views.drawings import HOURS, Clock, NamedBar, StackedBar
from app.views.figure import Figure, FigureParts, Finding, Table
from app.views.filters import ZoneArgs, zone_of_page
from app.views.hours import busiest, clock_of, how_counted
from app.views.hues import NO_HUE
from app.views.names import hue, shown_name
from app.views.page import WebPage, render
from app.views.parts import see_other
from app.views.rooms.lines import RoomLine, lines_of
from app.views.rooms.overview_figures import name_of
from app.views.rooms.room_finding import finding_of

blueprint = PageBlueprint("room_years")


@dataclass(frozen=True, slots=True)
class DaysOfRoom(DaysOfYear[RoomYear]):
    """On which days of a year a chat was written in, and what is told of the year first."""

    def finding(self) -> Finding:
        return Finding(finding_of_chat(self.author_year), notes=self.notes())

    def posts_between(self, since: date, until: date) -> str:
        shown = self.author_year
        return url_for("rooms.show_room", room_id=shown.room.id, on=since, tz=shown.tz)


@dataclass(frozen=True, slots=True)
class PeopleOfYear(Figure[StackedBar]):
    """Who wrote how much in a year of a chat."""

    shown: RoomYear

    def finding(self) -> Finding:
        shown = self.shown
        of_year = replace(shown.room, messages=shown.scanned, people_total=shown.people_total)
        return Finding(
            finding_of(shown.people, shown.traits, of_year), topic=gettext("Who wrote how much")
        )

    def table(self) -> Table:
        rows = [
            (name_of(person), person.messages, bar.label, person.beginnings)
            for person, bar in zip(self.shown.people, self.plot().parts, strict=True)
        ]
        columns = ("Name", "Messages", "Share", "Began")
        return Table([gettext(column) for column in columns], rows)

    def plot(self) -> StackedBar:
        return _bar(self.shown.people, [person.messages for person in self.shown.people])

    def path(self) -> str:
        return _path(self.shown)


@dataclass(frozen=True, slots=True)
class WhoBegan(Figure[StackedBar]):
    """Who wrote first after more than six hours without a message."""

    shown: RoomYear

    def finding(self) -> Finding:
        counts = self._counts
        most = max(counts)
        topic = gettext("Who wrote first after a silence")
        if not most or counts.count(most) > 1:
            return Finding(topic=topic)
        person, share = self.shown.people[counts.index(most)], most / sum(counts)
        if person.username is None:
            return Finding(topic=topic)
        text = gettext("{name} most often: {share}.")
        told = text.format(name=shown_name(person.username), share=show_percent(share))
        return Finding(told, topic=topic)

    def table(self) -> Table:
        return Table([], [])

    def plot(self) -> StackedBar | None:
        return _bar(self.shown.people, self._counts) if sum(self._counts) else None

    def path(self) -> str:
        return _path(self.shown)

    @property
    def _counts(self) -> list[int]:
        return [person.beginnings for person in self.shown.people]


@dataclass(frozen=True, slots=True)
class HoursOfRoom(Figure[Clock]):
    """When a chat was written in in a year."""

    shown: RoomYear

    def finding(self) -> Finding:
        start = self.shown.busy_from
        return Finding(
            busiest(self.shown.hours, start),
            topic=gettext("By hour"),
            about=how_counted(start),
            zone=self.shown.tz,
        )

    def table(self) -> Table:
        columns = [gettext("Hour"), str(self.shown.calendar.year)]
        return Table(columns, [*zip(HOURS, self.shown.hours, strict=True)])

    def plot(self) -> Clock | None:
        caption = busiest(self.shown.hours, self.shown.busy_from) or gettext("By hour")
        return clock_of(NO_HUE, caption, self.shown.hours, [0] * len(HOURS))

    def path(self) -> str:
        return _path(self.shown)


class RoomYearPage(WebPage, frozen=True, kw_only=True):
    template = "years/room_year.html"

    args: ZoneArgs
    shown: RoomYear
    in_chat: bool = True

    @property
    def room(self) -> RoomFacts:
        return self.shown.room

    @property
    def year(self) -> int:
        return self.shown.calendar.year

    @property
    def days(self) -> DaysOfRoom:
        return DaysOfRoom(self.shown)

    @property
    def people(self) -> FigureParts[StackedBar]:
        return PeopleOfYear(self.shown).parts()

    @property
    def began(self) -> FigureParts[StackedBar]:
        return WhoBegan(self.shown).parts()

    @property
    def clock(self) -> FigureParts[Clock]:
        return HoursOfRoom(self.shown).parts()

    @property
    def words(self) -> list[ComparedWords]:
        return words_of(self.shown)

    @property
    def with_emoji(self) -> list[PersonPortrait]:
        """Those who stand for themselves and used emoji."""
        return [person for person in self.shown.people if person.username and person.emoji]

    @property
    def loved(self) -> list[RoomLine]:
        """The message with the most reactions; none where nothing has any."""
        return lines_of([message.post for message in self.shown.loved[:1]], ZoneInfo(self.shown.tz))


def _bar(people: list[PersonPortrait], counts: list[int]) -> StackedBar:
    total = sum(counts)
    shares = [count / total for count in counts]
    return StackedBar(
        [
            NamedBar(name_of(person), share, show_percent(part), hue(person.username))
            for person, share, part in zip(people, shares, rounded_parts(shares), strict=True)
            if share
        ]
    )


def _path(shown: RoomYear) -> str:
    return url_for("rooms.show_room", room_id=shown.room.id)


@blueprint.page("/room/<id:room_id>/<year:year>", is_cacheable=True)
async def show_room_year(room_id: int, year: int, args: ZoneArgs) -> ResponseReturnValue:
    async with resources().read_long() as session:
        room = await get_room(session, room_id)
        if room.id != room_id:
            here = url_for("room_years.show_room_year", room_id=room.id, year=year)
            return see_other(here + (f"?tz={args.tz}" if args.tz else ""))
        shown = await read_room_year(session, room, year, zone_of_page(args.tz, room.tz))
    return await render(RoomYearPage(args=args, shown=shown, about=room.usernames))

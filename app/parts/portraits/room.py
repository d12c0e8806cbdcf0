"""The start of a chat's page, and its portrait, also in the API."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Meta
from quart import url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import Bars, NameList, PeriodColumns, StackedBar
from app.language.i18n import gettext, ngettext, show_date, show_number
from app.lifespan import resources
from app.models import MAX_ID
from app.parts.portraits.room_figures import (
    FIGURES,
    NOT_THERE,
    OfPeople,
    PersonCard,
    PortraitFigure,
    Shares,
    SmallCard,
    TypicalWords,
    alike,
    small_cards,
)
from app.services.posts.selection import Selection
from app.services.posts.tweets import Post
from app.services.rooms.messages import (
    FEWEST_OF_YEAR,
    list_before,
    messages_by_year,
    read_facts_of_period,
)
from app.services.rooms.room_facts import RoomFacts, get_room
from app.services.rooms.sight import ChatSight, RoomPortrait, read_overview, read_portrait
from app.views.answers import see_other
from app.views.blueprints import ApiBlueprint, PageBlueprint
from app.views.figure import FigureParts, Finding, Table, TableCell
from app.views.filters import ZoneArgs, day_of, parse_zone, zone_of_page
from app.views.page import FormPage, WebPage, read_cards, render
from app.views.rooms.figures import PAIR, Answers, Months, ShareBar, finding_of, other_called
from app.views.rooms.pages import PeriodForm, RoomLine, lines_of

MOST_OPEN: Final = 3
MANY_MESSAGES: Final = 500
"""Messages from which cards say how many they are based on."""


class PeoplePage(WebPage, frozen=True, kw_only=True):
    shown: ChatSight
    in_chat: bool = True

    @property
    def room(self) -> RoomFacts:
        return self.shown.room

    @property
    def small_cards(self) -> list[SmallCard]:
        return small_cards(self.shown.others)

    @property
    def basis(self) -> str:
        """Heading with the messages that the cards are based on; empty if a short chat's all."""
        scanned = self.shown.scanned
        if not self.shown.is_of_newest:
            text = gettext("How they write in all {count} messages")
            return text.format(count=show_number(scanned)) if scanned > MANY_MESSAGES else ""
        count = ngettext(
            "the newest {count} message", "the newest {count} messages", scanned
        ).format(count=show_number(scanned))
        since = day_of(self.shown.since, ZoneInfo(self.shown.tz))
        if since is None:
            return gettext("How they write in {messages}").format(messages=count)
        text = gettext("How they write in {messages}, since {day}")
        return text.format(messages=count, day=show_date(since))

    @property
    def alike(self) -> str:
        named = [person for person in self.shown.people if person.username]
        return alike(named, self.room.people_total)

    def _absence(self, place: int) -> str:
        periods = [period for period in self.shown.periods if period.people[place]]
        if not periods:
            return gettext("Silent lately")
        last = Months(self.shown).period_name(periods[-1])
        return gettext("Silent lately, last in {period}").format(period=last)


class OverviewPage(PeoplePage, frozen=True, kw_only=True):
    template = "portraits/overview.html"

    tz: str
    of_parts: dict[str, Any]
    newest: list[Post]
    """Messages of the newest day: the shown ones, and one more if there are more."""
    whole: RoomFacts
    """Facts of the whole chat; `room` has those of the period."""
    form: PeriodForm
    years: list[int]

    @property
    def zone(self) -> str:
        return self.shown.tz

    @property
    def first_day(self) -> date | None:
        return day_of(self.room.first_message_at, ZoneInfo(self.zone))

    @property
    def ends(self) -> list[date | None]:
        return _ends(self.whole, self.zone)

    @property
    def newest_day(self) -> date | None:
        return day_of(self.room.newest_message_at, ZoneInfo(self.zone))

    @property
    def lines(self) -> list[RoomLine]:
        return lines_of(self.newest[-MOST_OPEN:], ZoneInfo(self.zone))

    @property
    def has_more(self) -> bool:
        return len(self.newest) > MOST_OPEN

    @property
    def shares(self) -> FigureParts[StackedBar]:
        return ShareBar(self.shown, self.tz).parts()

    @property
    def months(self) -> FigureParts[PeriodColumns]:
        return Months(self.shown, self.tz).parts()

    @property
    def answers(self) -> FigureParts[list[StackedBar]]:
        return Answers(self.shown, self.tz).parts()

    @property
    def is_somebody_known(self) -> bool:
        return any(trait.kind == "recognised" for trait in self.shown.traits)

    @property
    def cards(self) -> list[PersonCard]:
        return [
            PersonCard(
                person.username,
                person,
                absence=self._absence(place) if place in self.shown.silent else "",
                others=other_called(person.username, self.room),
            )
            for place, person in enumerate(self.shown.people)
            if person.username
        ]


class NoPeriodPage(FormPage, frozen=True, kw_only=True):
    template = "portraits/no_period.html"

    tz: str
    zone: str
    whole: RoomFacts
    form: PeriodForm
    years: list[int]
    in_chat: bool = True

    @property
    def ends(self) -> list[date | None]:
        return _ends(self.whole, self.zone)


async def read_page(
    session: AsyncSession, whole: RoomFacts, zone: ZoneInfo, tz: str, form: PeriodForm
) -> OverviewPage | NoPeriodPage:
    """Return the overview of a chat or a period; `tz` is the URL's time zone."""
    room = await read_facts_of_period(session, whole, form.period.instants(zone))
    if form.error or not room.messages:
        return NoPeriodPage(
            tz=tz,
            zone=zone.key,
            whole=whole,
            form=form,
            years=await _years(session, whole, zone),
            error=form.error,
            about=whole.usernames,
        )
    is_whole = form.period.is_whole
    overview = await read_overview(session, room, zone, resources().counted_rooms, form.period)
    return OverviewPage(
        tz=tz,
        shown=overview,
        # What parts show there is of the whole chat.
        of_parts=await read_cards(session, "room_overview", room) if is_whole else {},
        newest=await _newest(session, room, zone),
        whole=whole,
        form=form,
        years=overview.years if is_whole else await _years(session, whole, zone),
        about=room.usernames,
    )


async def _years(session: AsyncSession, room: RoomFacts, zone: ZoneInfo) -> list[int]:
    by_year = await messages_by_year(session, room, zone)
    return [year for year, messages in by_year.items() if messages >= FEWEST_OF_YEAR]


def _ends(room: RoomFacts, zone: str) -> list[date | None]:
    times = room.first_message_at, room.newest_message_at
    return [day_of(time, ZoneInfo(zone)) for time in times]


async def _newest(session: AsyncSession, room: RoomFacts, zone: ZoneInfo) -> list[Post]:
    """Return the newest messages of one day; without times, the last messages."""
    newest = room.newest_message_at
    end = (newest + timedelta(seconds=1), 0) if newest else (None, MAX_ID)
    posts, _ = await list_before(session, Selection(room_id=room.id), end, limit=MOST_OPEN + 1)
    return [post for post in posts if day_of(post.created_at, zone) == day_of(newest, zone)]


blueprint = PageBlueprint("portraits")


class ShownFigure(NamedTuple):
    figure: PortraitFigure
    finding: Finding
    table: Table | None
    plot: Bars | OfPeople | None


class PortraitPage(PeoplePage, frozen=True, kw_only=True):
    template = "portraits/room.html"

    args: ZoneArgs

    @property
    def finding(self) -> str:
        return finding_of(self.shown.people, self.shown.traits, self.room)

    @property
    def shares(self) -> StackedBar:
        return StackedBar(Shares(self.shown).plot().rows)

    @property
    def cards(self) -> list[PersonCard]:
        phrases = {  # The five clearest; all are folded below.
            person.username: replace(drawing, names=drawing.names[:5])
            for person, drawing in TypicalWords(self.shown, self.args.tz).plot()
            if isinstance(drawing, NameList)
        }
        return [
            PersonCard(
                person.username,
                person,
                phrases.get(person.username),
                absence=self._absence(place) if place in self.shown.silent else "",
                others=other_called(person.username, self.room),
            )
            for place, person in enumerate(self.shown.people)
            if person.username
        ]

    @property
    def sections(self) -> list[list[ShownFigure]]:
        figures = [figure(self.shown, self.args.tz) for figure in FIGURES]
        topics = groupby(figures, key=lambda figure: figure.topic)
        return [[*map(_shown, of_topic)] for _, of_topic in topics]


@blueprint.page("/room/<id:room_id>/portrait", is_cacheable=True)
async def show_portrait(room_id: int, args: ZoneArgs) -> ResponseReturnValue:
    portrait = await read_in_zone(room_id, partial(zone_of_page, args.tz))
    if portrait.room.id != room_id:
        return see_other(
            url_for("portraits.show_portrait", room_id=portrait.room.id, tz=args.tz or None)
        )
    return await render(PortraitPage(args=args, shown=portrait, about=portrait.room.usernames))


async def read_in_zone(room_id: int, zone_for: Callable[[str | None], ZoneInfo]) -> ChatSight:
    """Return the portrait in the zone that `zone_for` gives. Raises NotFoundError."""
    async with resources().read_long() as session:
        room = await get_room(session, room_id)
        zone = zone_for(room.tz)
        return await read_portrait(session, room, zone, resources().counted_rooms)


def _shown(figure: PortraitFigure) -> ShownFigure:
    finding = figure.finding()
    if figure.is_drawn:
        return ShownFigure(figure, finding, None, figure.plot())
    table, equal = told_apart(figure.table())
    return ShownFigure(figure, replace(finding, notes=[*equal, *finding.notes]), table, None)


def told_apart(table: Table) -> tuple[Table, list[str]]:
    """Return a table without columns in which all are equal, and those as sentences."""
    columns = [*zip(*table.rows, strict=True)]
    if len(table.rows) < 2:
        return table, []
    equal = [place for place, cells in enumerate(columns) if place and len(set(cells)) == 1]
    text = gettext("{column}: {value} for everyone.")
    if len(table.rows) == PAIR:
        text = gettext("{column}: {value} for both.")
    sentences = [
        text.format(column=table.columns[place], value=_written(columns[place][0]))
        for place in equal
        if columns[place][0] != NOT_THERE
    ]
    kept = [place for place in range(len(columns)) if place not in equal]
    if len(kept) == 1:
        return Table([], []), sentences
    rows = [[row[place] for place in kept] for row in table.rows]
    return Table([table.columns[place] for place in kept], rows), sentences


def _written(cell: TableCell) -> str:
    return show_number(cell) if isinstance(cell, int | float) else str(cell)


class RoomPortraitArgs(ZoneArgs):
    tz: Annotated[str, Meta(description="IANA time zone for hours.")] = "UTC"


api = ApiBlueprint("api_room_portraits", tag="rooms")


@api.operation(
    "GET",
    "/rooms/<id:room_id>/portrait",
    "read",
    "The portrait",
    is_cacheable=True,
    follows="remove_room",
)
async def show_room_portrait(room_id: int, args: RoomPortraitArgs) -> RoomPortrait:
    """Show how people write in a chat, side by side."""
    zone = parse_zone(args.tz)
    return (await read_in_zone(room_id, lambda _: zone)).portrait()

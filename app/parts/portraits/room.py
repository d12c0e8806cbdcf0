"""The portrait of a room: how its people write, side by side."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from quart import url_for
from quart.typing import ResponseReturnValue

from app.drawing.drawings import Bars, NameList, StackedBar
from app.language.i18n import gettext, show_number
from app.lifespan import resources
from app.parts.portraits.cards import PersonCard, SmallCard, alike, other_called, small_cards
from app.parts.portraits.portrait_figure import NOT_THERE, OfPeople, PortraitFigure
from app.parts.portraits.room_figures import FIGURES, Shares
from app.parts.portraits.typical_words import TypicalWords
from app.services.rooms.room_facts import RoomFacts, get_room
from app.services.rooms.sight import ChatSight, read_portrait
from app.views.blueprints import PageBlueprint
from app.views.figure import Finding, Table, TableCell
from app.views.filters import ZoneArgs, zone_of_page
from app.views.page import WebPage, render
from app.views.parts import see_other
from app.views.rooms.room_finding import PAIR, finding_of

blueprint = PageBlueprint("portraits")

MOST_LISTED: Final = 5
"""Phrases on the card of a person, the clearest; folded below are all of them."""
FEWEST_TOLD_APART: Final = 2
"""People from whom on a column of equal numbers tells nothing of any of them."""


class ShownFigure(NamedTuple):
    """A figure on the page, in rows or drawn."""

    figure: PortraitFigure
    finding: Finding
    table: Table | None
    plot: Bars | OfPeople | None


class PortraitPage(WebPage, frozen=True, kw_only=True):
    template = "portraits/room.html"

    args: ZoneArgs
    shown: ChatSight
    in_chat: bool = True

    @property
    def room(self) -> RoomFacts:
        return self.shown.room

    @property
    def finding(self) -> str:
        return finding_of(self.shown.people, self.shown.traits, self.room)

    @property
    def shares(self) -> StackedBar:
        return StackedBar(Shares(self.shown).plot().rows)

    @property
    def cards(self) -> list[PersonCard]:
        phrases = {
            person.username: replace(drawing, names=drawing.names[:MOST_LISTED])
            for person, drawing in TypicalWords(self.shown, self.args.tz).plot()
            if isinstance(drawing, NameList)
        }
        return [
            PersonCard(
                person.username,
                person,
                phrases.get(person.username),
                others=other_called(person.username, self.room),
            )
            for person in self.shown.people
            if person.username
        ]

    @property
    def alike(self) -> str:
        """What is the same for all, in a sentence; empty where nothing is."""
        named = [person for person in self.shown.people if person.username]
        return alike(named, self.room.people_total)

    @property
    def small_cards(self) -> list[SmallCard]:
        return small_cards(self.shown.others)

    @property
    def sections(self) -> list[list[ShownFigure]]:
        """The figures; those of one topic stand under one heading."""
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
    """Return the portrait in the zone that a page, or a picture, has for the room's own one.

    Raises NotFoundError.
    """
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
    """Return a table without the columns in which all people are equal, and these in sentences."""
    columns = [*zip(*table.rows, strict=True)]
    if len(table.rows) < FEWEST_TOLD_APART:
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

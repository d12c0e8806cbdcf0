"""Figures of a chat's people on its page, and the portrait of a chat in the API."""

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.language.i18n import gettext
from app.parts.portraits.author import read_portrait_of_author
from app.parts.portraits.author_figures import AuthorPortrait
from app.parts.portraits.room_figures import (
    FIGURES,
    PeopleGroup,
    PersonCard,
    PortraitFigure,
    cards_of,
    groups_of,
    is_alone,
)
from app.services.rooms.sight import ChatSight, RoomPortrait, read_portrait
from app.views.blueprints import ApiBlueprint
from app.views.figure import NOT_THERE, Finding, Table, written
from app.views.filters import RoomZoneArgs
from app.views.rooms.figures import PAIR
from app.views.subjects import Chat, Kept, ZoneOf, answer_of, opened_person


class ShownFigure(NamedTuple):
    figure: PortraitFigure
    finding: Finding
    table: Table


@dataclass(frozen=True, slots=True)
class PeopleOfChat:
    """The people on a chat's page; its sentences need the people to be bound."""

    of_chat: ChatSight

    @property
    def cards(self) -> list[PersonCard]:
        return cards_of(self.of_chat)

    @property
    def plain(self) -> list[str]:
        """Who has no card, of a few people; of many, each is in a group."""
        if self.of_chat.alike or is_alone(self.of_chat):
            return []
        with_card = {card.username for card in self.cards}
        names = (person.username for person in self.of_chat.people if person.username)
        return [username for username in names if username not in with_card]

    @property
    def groups(self) -> list[PeopleGroup]:
        return groups_of(self.of_chat.alike, {card.username for card in self.cards})

    @property
    def sections(self) -> list[list[ShownFigure]]:
        figures = [figure(self.of_chat) for figure in FIGURES]
        topics = groupby(figures, key=lambda figure: figure.topic)
        return [[*map(_shown, of_topic)] for _, of_topic in topics]


async def read_people(_: AsyncSession, sight: ChatSight) -> PeopleOfChat:
    return PeopleOfChat(sight)


def _shown(figure: PortraitFigure) -> ShownFigure:
    finding, table, equal = figure.finding(), figure.table(), list[str]()
    if len(table.rows) == len(figure.people) and figure.has_row_of_each:
        table, equal = told_apart(table, figure.beside)
    return ShownFigure(figure, replace(finding, notes=[*equal, *finding.notes]), table)


def told_apart(table: Table, beside: int) -> tuple[Table, list[str]]:
    """Return a table of people without columns in which all are equal, and those as sentences;
    beside: number of columns in sight, 1 if all numbers are below a name.
    """
    columns = [*zip(*table.rows, strict=True)]
    if beside == 1 or len(table.rows) < 2:
        return table, []
    exact = zip(*(table.exact or table.rows), strict=True)
    equal = [place for place, cells in enumerate(exact) if place and len(set(cells)) == 1]
    text = gettext("{column}: {value} for everyone.")
    if len(table.rows) == PAIR:
        text = gettext("{column}: {value} for both.")
    sentences = [
        text.format(column=table.columns[place], value=written(columns[place][0]))
        for place in equal
        if columns[place][0] != NOT_THERE
    ]
    kept = [place for place in range(len(columns)) if place not in equal]
    if len(kept) == 1:
        return Table([], []), sentences
    rows = [[row[place] for place in kept] for row in table.rows]
    return Table([table.columns[place] for place in kept], rows), sentences


api = ApiBlueprint("api_room_portraits", tag="rooms")


@api.get(
    "/rooms/<id:room_id>/portrait",
    policy="read",
    keep=True,
    answers="The portrait",
    follows="remove_room",
)
async def show_room_portrait(args: RoomZoneArgs, **address: Any) -> RoomPortrait:
    """Show how people write in a chat, side by side."""
    return (await answer_of(Chat, read_sight, address, args.zone_for)).portrait()


@api.get(
    "/rooms/<id:room_id>/people/<username>",
    policy="read",
    keep=True,
    answers="The portrait of the person",
    follows="show_room_portrait",
)
async def show_person_portrait(args: RoomZoneArgs, **address: Any) -> AuthorPortrait:
    """Show how a person of a chat writes there, as if nothing else were on the site."""
    async with opened_person(address) as (session, kept, person):
        return await read_portrait_of_author(session, kept, person, args.zone_for)


async def read_sight(
    session: AsyncSession, kept: Kept, subject: Chat, zone_of: ZoneOf
) -> ChatSight:
    """Return how people write in a chat, with figures."""
    return await read_portrait(session, subject.room, zone_of(subject.own_zone), kept.counted_rooms)

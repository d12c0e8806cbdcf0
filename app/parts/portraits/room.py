"""Figures of a chat's people on its page, and the portrait of a chat in the API."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.parts.portraits import room_figures
from app.parts.portraits.author import read_portrait_of_author
from app.parts.portraits.author_figures import AuthorPortrait
from app.services.rooms.chat_portrait import ChatPage, RoomPortrait, read_portrait
from app.views.blueprints import ApiBlueprint
from app.views.figures.figure import Figure
from app.views.filters import RoomZoneArgs
from app.views.subjects import Caches, Chat, ZoneOf, answer_of, opened_person


@dataclass(frozen=True, slots=True)
class PeopleOfChat:
    """The people on a chat's page; its sentences need the people to be bound."""

    of_chat: ChatPage

    @property
    def cards(self) -> list[room_figures.PersonCard]:
        return room_figures.cards_of(self.of_chat)

    @property
    def plain(self) -> list[str]:
        """Who has no card, of a few people; of many, each is in a group."""
        if self.of_chat.alike or room_figures.is_alone(self.of_chat):
            return []
        with_card = {card.username for card in self.cards}
        names = (person.username for person in self.of_chat.people if person.username)
        return [username for username in names if username not in with_card]

    @property
    def groups(self) -> list[room_figures.PeopleGroup]:
        return room_figures.groups_of(self.of_chat.alike, {card.username for card in self.cards})

    @property
    def sections(self) -> list[list[Figure[None]]]:
        figures = (figure(self.of_chat) for figure in room_figures.FIGURES)
        topics = groupby(figures, key=lambda figure: figure.topic)
        return [[*of_topic] for _, of_topic in topics]


async def read_people(_: AsyncSession, sight: ChatPage) -> PeopleOfChat:
    return PeopleOfChat(sight)


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
    session: AsyncSession, kept: Caches, subject: Chat, zone_of: ZoneOf
) -> ChatPage:
    """Return how people write in a chat, with figures."""
    return await read_portrait(session, subject.room, zone_of(subject.own_zone), kept.snapshots)

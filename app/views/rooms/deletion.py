"""A chat's deletion, and the page of its effects."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import Struct
from quart import url_for
from quart.typing import ResponseReturnValue

from app.lifespan import resources
from app.services.deletion import delete_messages, delete_room, filling_jobs, find_writers
from app.services.event_log import newest_event
from app.services.rooms.room_facts import RoomFacts, get_room
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.filters import day_of, zone_of_page
from app.views.page import WebPage, render
from app.views.policies import name_event, writing
from app.views.requests import check_confirmed

blueprint = PageBlueprint("room_deletion", policy="operator")

LONGEST_WAIT_S: Final = 5.0
"""Seconds until the answer; maintenance deletes a long chat's rest."""


class SomePeople(Struct, frozen=True):
    usernames: Sequence[str]
    total: int


class RoomDeletionPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/deletion.html"

    room: RoomFacts
    zone: str
    first_day: date | None
    newest_day: date | None
    only_here: SomePeople
    elsewhere: SomePeople
    is_filled: bool
    """Whether an import still adds messages."""
    in_chat: bool = True


@blueprint.page("/settings/rooms/<id:room_id>/delete")
async def ask(room_id: int) -> str:
    async with resources().db.read() as session:
        room = await get_room(session, room_id)
        writers = await find_writers(session, room.id)
        is_filled = bool(await filling_jobs(session, room.id))
    zone = zone_of_page("", room.tz)
    return await render(
        RoomDeletionPage(
            room=room,
            zone=zone.key,
            first_day=day_of(room.first_message_at, zone),
            newest_day=day_of(room.newest_message_at, zone),
            only_here=_named(writers.only_here),
            elsewhere=_named(writers.elsewhere),
            is_filled=is_filled,
            about=room.usernames,
        )
    )


@blueprint.action("/settings/rooms/<id:room_id>/delete")
async def remove(room_id: int, form: Form) -> ResponseReturnValue:
    check_confirmed(form)
    room = await delete_whole(room_id)
    return see_other(url_for("rooms.show_rooms", deleted=room.name))


async def delete_whole(room_id: int) -> RoomFacts:
    """Delete a chat, return its last facts; maintenance deletes the rest of many messages. Raises
    NotFoundError.
    """
    db = resources().db
    async with writing() as session:
        room = await delete_room(session, room_id)
    await delete_messages(db, at_most_s=LONGEST_WAIT_S)
    async with db.read() as session:
        name_event(await newest_event(session))
    return room


def _named(usernames: Sequence[str]) -> SomePeople:
    return SomePeople(usernames[:30], len(usernames))

"""`saywho rooms` and `saywho room`: the chats."""

import click

from app.cli.deleting import confirm, is_asked, purge, yes_option
from app.cli.running import json_option, print_list, print_result, reading, with_database
from app.config import Config
from app.db.engine import Database
from app.models import MAX_ID
from app.services.deletion.rooms import delete_room
from app.services.rooms.room_facts import RoomFacts, get_room, list_rooms


@click.command("rooms", epilog="Example: saywho rooms")
@json_option
def rooms_command() -> None:
    """List the chats, each with its ID."""
    rooms, _ = reading(lambda session: list_rooms(session, limit=2**31))
    lines = [f"{room.id:>5}  {room.messages:>9,}  {room.name}" for room in rooms]
    note = "No chats yet. To import one, run: saywho import FILE"
    print_list(rooms, lines, note)


@click.group("room")
def room_command() -> None:
    """Delete chats."""


@room_command.command("delete", epilog="Example: saywho room delete 2")
@click.argument("room_id", type=click.IntRange(1, MAX_ID), metavar="ID")
@yes_option
@json_option
def delete_room_command(room_id: int, yes: bool) -> None:
    """Delete the chat ID and all its messages.

    People of the chat who wrote nowhere else are deleted too. The deletion starts immediately and
    cannot be cancelled.
    """
    if is_asked(yes):
        room = reading(lambda session: get_room(session, room_id))
        confirm(f"{room.name} and all {room.messages:,} messages")

    async def delete(db: Database, config: Config) -> RoomFacts:
        async with db.write() as session:
            room = await delete_room(session, room_id)
        await purge(db, config)
        return room

    room = with_database(delete)
    facts = {"id": room.id, "name": room.name, "messages": room.messages}
    print_result(facts, f"deleted {room.name}")

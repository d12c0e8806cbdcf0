"""The portrait of a room: how its people write, side by side."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from quart import render_template, url_for
from quart.typing import ResponseReturnValue

from app.lifespan import resources
from app.services.rooms.portrait import RoomPortrait, read_portrait
from app.views.blueprints import PageBlueprint
from app.views.filters import zone_of_page
from app.views.pages.parts import hues_of, see_other

blueprint = PageBlueprint("portraits")

HOURS: Final = [f"{hour}:00" for hour in range(24)]
HOUR_LABELS: Final = [str(hour) if hour % 6 == 0 else "" for hour in range(24)]


class PortraitArgs(Struct):
    tz: str = ""


@blueprint.page("/room/<id:room_id>/portrait", is_cacheable=True)
async def show_portrait(room_id: int, args: PortraitArgs) -> ResponseReturnValue:
    zone = zone_of_page(args.tz)
    async with resources().db.read() as session:
        portrait = await read_portrait(session, room_id, zone)
        room = portrait.room
        if room.id != room_id:
            return see_other(
                url_for("portraits.show_portrait", room_id=room.id, tz=args.tz or None)
            )
        named = {person.username for person in portrait.people if person.username}
        hues = await hues_of(session, named)
    return await render_template(
        "portrait.html",
        args=args,
        shown=portrait,
        room=room,
        hues=hues,
        silence=_silence_of(portrait, zone),
        hour_names=HOURS,
        hour_labels=HOUR_LABELS,
    )


def _silence_of(portrait: RoomPortrait, zone: ZoneInfo) -> tuple[float, datetime, datetime] | None:
    """Return how long the longest silence is, in seconds, and when it begins and ends there."""
    silence = portrait.longest_silence
    if silence is None:
        return None
    length_s = (silence.until - silence.since).total_seconds()
    return length_s, silence.since.astimezone(zone), silence.until.astimezone(zone)

"""The portrait of a room: how its people write, side by side, and a picture of it to pass on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from quart import Response, render_template, url_for
from quart.typing import ResponseReturnValue

from app.i18n import rounded_parts
from app.lifespan import resources
from app.services.rooms.portrait import RoomPortrait, read_portrait
from app.views.blueprints import PageBlueprint
from app.views.filters import parse_zone, zone_of_page
from app.views.names import speak_of
from app.views.pages.parts import hues_of, see_other
from app.views.pages.room_picture import draw_room, picture_of_room
from app.views.portrait_words import timing_told, words_missing

blueprint = PageBlueprint("portraits")

HOURS: Final = [f"{hour}:00" for hour in range(24)]
HOUR_LABELS: Final = [str(hour) if hour % 6 == 0 else "" for hour in range(24)]


class PortraitArgs(Struct):
    tz: str = ""
    """Without one, the page shows the hours of the browser, and the picture the days of UTC."""


@blueprint.page("/room/<id:room_id>/portrait", is_cacheable=True)
async def show_portrait(room_id: int, args: PortraitArgs) -> ResponseReturnValue:
    zone = zone_of_page(args.tz)
    portrait, hues = await _read(room_id, zone)
    speak_of([], in_chat=True)
    if portrait.room.id != room_id:
        return see_other(_address("portraits.show_portrait", portrait, args.tz))
    return await render_template(
        "portrait.html",
        args=args,
        shown=portrait,
        room=portrait.room,
        hues=hues,
        shares=rounded_parts([person.share for person in portrait.people]),
        timing=timing_told(portrait),
        silence=_silence_of(portrait, zone),
        words_missing=words_missing(portrait),
        hour_names=HOURS,
        hour_labels=HOUR_LABELS,
        picture=_address(
            "portraits.show_room_picture", portrait, zone.key if zone.key != "UTC" else ""
        ),
    )


@blueprint.page("/room/<id:room_id>/portrait/picture.png", is_cacheable=True)
async def show_room_picture(room_id: int, args: PortraitArgs) -> ResponseReturnValue:
    """Draw the portrait that the page of this name shows, to send it into the room."""
    zone = parse_zone(args.tz or "UTC")
    portrait, hues = await _read(room_id, zone)
    if portrait.room.id != room_id:
        return see_other(_address("portraits.show_room_picture", portrait, args.tz))
    picture = picture_of_room(portrait, zone, hues)
    return Response(await resources().work_pool.run(draw_room, picture), content_type="image/png")


async def _read(room_id: int, zone: ZoneInfo) -> tuple[RoomPortrait, Mapping[str, str]]:
    """Return the portrait, and the colours of those who are named in it."""
    async with resources().db.read() as session:
        portrait = await read_portrait(session, room_id, zone)
        named = {person.username for person in portrait.people if person.username}
        return portrait, await hues_of(session, named)


def _address(endpoint: str, portrait: RoomPortrait, tz: str) -> str:
    return url_for(endpoint, room_id=portrait.room.id, tz=tz or None)


def _silence_of(portrait: RoomPortrait, zone: ZoneInfo) -> tuple[float, datetime, datetime] | None:
    """Return how long the longest silence is, in seconds, and when it begins and ends there."""
    silence = portrait.longest_silence
    if silence is None:
        return None
    length_s = (silence.until - silence.since).total_seconds()
    return length_s, silence.since.astimezone(zone), silence.until.astimezone(zone)

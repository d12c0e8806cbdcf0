"""The portrait of a room: how its people write, side by side, and a picture of it to pass on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from quart import Response, url_for
from quart.typing import ResponseReturnValue

from app.i18n import rounded_parts
from app.lifespan import resources
from app.services.rooms.portrait import RoomPortrait, read_portrait
from app.services.rooms.room_facts import RoomFacts
from app.views.blueprints import PageBlueprint
from app.views.cast import bound
from app.views.filters import parse_zone, zone_of_page
from app.views.page import WebPage, cast_on, render
from app.views.parts import see_other
from app.views.rooms.picture import draw_room, picture_of_room
from app.views.rooms.words import TimingTold, timing_told, words_missing

blueprint = PageBlueprint("portraits")

HOURS: Final = tuple(f"{hour}:00" for hour in range(24))
HOUR_LABELS: Final = tuple(str(hour) if hour % 6 == 0 else "" for hour in range(24))


class PortraitArgs(Struct):
    tz: str = ""
    """Without one, the page shows the hours of the browser, and the picture the days of UTC."""


class PortraitPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/portrait.html"

    args: PortraitArgs
    shown: RoomPortrait
    silence: tuple[float, datetime, datetime] | None
    picture: str
    hour_names: Sequence[str] = HOURS
    hour_labels: Sequence[str] = HOUR_LABELS
    in_chat: bool = True

    @property
    def room(self) -> RoomFacts:
        return self.shown.room

    @property
    def shares(self) -> list[float]:
        return rounded_parts([person.share for person in self.shown.people])

    @property
    def timing(self) -> TimingTold:
        return timing_told(self.shown)

    @property
    def words_missing(self) -> str:
        return words_missing(self.shown)


@blueprint.page("/room/<id:room_id>/portrait", is_cacheable=True)
async def show_portrait(room_id: int, args: PortraitArgs) -> ResponseReturnValue:
    zone = zone_of_page(args.tz)
    portrait = await _read(room_id, zone)
    if portrait.room.id != room_id:
        return see_other(_address("portraits.show_portrait", portrait, args.tz))
    return await render(
        PortraitPage(
            args=args,
            shown=portrait,
            silence=_silence_of(portrait, zone),
            picture=_address(
                "portraits.show_room_picture", portrait, zone.key if zone.key != "UTC" else ""
            ),
            about=portrait.room.usernames,
        )
    )


@blueprint.page("/room/<id:room_id>/portrait/picture.png", is_cacheable=True)
async def show_room_picture(room_id: int, args: PortraitArgs) -> ResponseReturnValue:
    """Draw the portrait that the page of this name shows, to send it into the room."""
    zone = parse_zone(args.tz or "UTC")
    portrait = await _read(room_id, zone)
    if portrait.room.id != room_id:
        return see_other(_address("portraits.show_room_picture", portrait, args.tz))
    with bound(await cast_on(portrait, portrait.room.usernames)):
        picture = picture_of_room(portrait, zone)
    return Response(await resources().work_pool.run(draw_room, picture), content_type="image/png")


async def _read(room_id: int, zone: ZoneInfo) -> RoomPortrait:
    async with resources().db.read() as session:
        return await read_portrait(session, room_id, zone)


def _address(endpoint: str, portrait: RoomPortrait, tz: str) -> str:
    return url_for(endpoint, room_id=portrait.room.id, tz=tz or None)


def _silence_of(portrait: RoomPortrait, zone: ZoneInfo) -> tuple[float, datetime, datetime] | None:
    """Return how long the longest silence is, in seconds, and when it begins and ends there."""
    silence = portrait.longest_silence
    if silence is None:
        return None
    length_s = (silence.until - silence.since).total_seconds()
    return length_s, silence.since.astimezone(zone), silence.until.astimezone(zone)

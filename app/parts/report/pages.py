"""The page where a chat is made one file: the choice, a preview, and the file."""

from collections.abc import Sequence
from typing import Final

from quart import Response, current_app, url_for

from app.language.i18n import language
from app.lifespan import resources
from app.parts.report.names import LONGEST_NAME, letters
from app.parts.report.rendering import inside
from app.parts.report.rooms import ReportChoice, make_room_report
from app.services.rooms.room_facts import RoomFacts, RoomSpeaker, get_room
from app.views.answers import see_other
from app.views.blueprints import HTML, Form, PageBlueprint
from app.views.filters import ZoneArgs, zone_of_page
from app.views.page import WebPage, render

blueprint = PageBlueprint("report", "account")

NAMED: Final = 20
"""People for whom the form takes a name."""


class RoomReportForm(WebPage, frozen=True, kw_only=True):
    template = "report/form.html"

    room: RoomFacts
    tz: str
    """Time zone of the address."""
    in_chat: bool = True

    @property
    def title(self) -> str:
        return self.room.name

    @property
    def back(self) -> str:
        return url_for("rooms.show_room", room_id=self.room.id, tz=self.tz or None)

    @property
    def address(self) -> str:
        return url_for("report.send_room_report", room_id=self.room.id, tz=self.tz or None)

    @property
    def preview(self) -> str:
        return url_for("report.preview_room_report", room_id=self.room.id, tz=self.tz or None)

    @property
    def named(self) -> Sequence[tuple[RoomSpeaker, str]]:
        """The people who can be given a name, with their letters."""
        return [*zip(self.room.people[:NAMED], letters(), strict=False)]

    @property
    def longest_name(self) -> int:
        return LONGEST_NAME


@blueprint.page("/room/<id:room_id>/report")
async def show_room_report(room_id: int, args: ZoneArgs) -> str | Response:
    async with resources().db.read() as session:
        room = await get_room(session, room_id)
    if room.id != room_id:
        return see_other(url_for("report.show_room_report", room_id=room.id, tz=args.tz or None))
    return await render(RoomReportForm(room=room, tz=args.tz))


@blueprint.action("/room/<id:room_id>/report")
async def send_room_report(room_id: int, args: ZoneArgs, form: Form) -> Response:
    response = await _file(room_id, args, form)
    response.headers.set("Content-Disposition", "attachment", filename="saywho-chat.html")
    return response


@blueprint.page("/room/<id:room_id>/report/preview")
async def preview_room_report(room_id: int, args: ZoneArgs) -> Response:
    return await _file(room_id, args, Form())


@blueprint.action("/room/<id:room_id>/report/preview")
async def preview_chosen_room_report(room_id: int, args: ZoneArgs, form: Form) -> Response:
    return await _file(room_id, args, form)


async def _file(room_id: int, args: ZoneArgs, form: Form) -> Response:
    async with resources().read_long() as session:
        room = await get_room(session, room_id)
        file = await make_room_report(
            session,
            current_app.jinja_env,
            resources().counted_rooms,
            room,
            _choice(room, args, form),
        )
    # The site's own pages may show it in a frame, and nothing of the site is open to it.
    rules = inside().policy.replace("default-src 'none'", "default-src 'self'", 1)
    headers = {
        "Content-Security-Policy": f"{rules}; frame-ancestors 'self'; sandbox allow-scripts",
        "Cache-Control": "no-store",
    }
    return Response(file, content_type=f"{HTML}; charset=utf-8", headers=headers)


def _choice(room: RoomFacts, args: ZoneArgs, form: Form) -> ReportChoice:
    typed = [" ".join(name.split()) for name in form.getlist("name")]
    names = zip(room.usernames[:NAMED], typed, strict=False)
    return ReportChoice(
        zone_of_page(args.tz, room.tz),
        language(),
        form.get("names") == "real",
        {who: name for who, name in names if name},
    )

"""The page where a chat or a year is made one file: the choice, a preview, and the file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from quart import Response, current_app, request, url_for
from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.exceptions import NotFound

from app.language.i18n import language
from app.lifespan import resources
from app.models import Tweet
from app.parts.report.names import LONGEST_NAME, Named, letters
from app.parts.report.quotes import MOST_QUOTED, OfferedQuotes, Shown, read_offered
from app.parts.report.rendering import inside
from app.parts.report.rooms import ReportChoice, make_room_report, shown_of_room
from app.runtime.clock import span_of_year
from app.services.posts.users import Author, get_author
from app.services.rooms.periods import FEWEST_OF_YEAR, messages_by_year
from app.services.rooms.room_facts import RoomFacts, get_room, zone_of_chats
from app.services.rooms.sight import CountedRooms, counted_rooms
from app.views.answers import see_other
from app.views.blueprints import HTML, Form, PageBlueprint
from app.views.filters import ZoneArgs, zone_of_page
from app.views.page import WebPage, has_page, render
from app.views.policies import here, never, own_chat

if TYPE_CHECKING:
    from app.parts.years.year import KeptYears

blueprint = PageBlueprint("report", "account")

NAMES_COOKIE: Final = "saywho_names"


class ReportArgs(ZoneArgs):
    year: str = ""
    """The year, by default the whole chat or author."""
    names: str = ""
    """`real` for real names, `letters` for A, B, C."""


class ReportForm(WebPage, frozen=True, kw_only=True):
    template = "report/form.html"

    args: ReportArgs
    title: str
    people: Sequence[Named]
    years: Sequence[int] = ()
    """Years that can be chosen in the place of the whole chat."""
    endpoints: tuple[str, str, str]
    """Of this page, the file and its preview."""
    subject: dict[str, Any]
    """Values of their addresses."""
    back: str
    offered: Sequence[OfferedQuotes]
    """Messages that may be ticked."""
    most_quoted: int = MOST_QUOTED

    @property
    def address(self) -> str:
        return self._url(self.endpoints[1])

    @property
    def preview(self) -> str:
        return self._url(self.endpoints[2])

    @property
    def this_page(self) -> str:
        """The address of this page, which has other messages to tick for another year."""
        return self._url(self.endpoints[0])

    @property
    def first_preview(self) -> str:
        return self._url(self.endpoints[2], year=self.args.year or None, names=self.names)

    @property
    def names(self) -> str:
        """What people are called, by the URL or the visitor's last choice; empty for neither."""
        return self.args.names or request.cookies.get(NAMES_COOKIE, "")

    @property
    def named(self) -> Sequence[tuple[Named, str]]:
        """The people who can be given a name, with their letters."""
        return [*zip(self.people, letters(), strict=False)]

    @property
    def longest_name(self) -> int:
        return LONGEST_NAME

    def _url(self, endpoint: str, **chosen: Any) -> str:
        tz = self.args.tz or None
        return url_for(f"report.{endpoint}", **self.subject, **chosen, tz=tz)


@blueprint.page("/room/<id:room_id>/report")
async def show_room_report(room_id: int, args: ReportArgs) -> str | Response:
    tz = args.tz or None
    async with here().read_long() as session:
        room = await get_room(session, room_id)
        if room.id != room_id:
            address = url_for(
                "report.show_room_report", room_id=room.id, year=args.year or None, tz=tz
            )
            return see_other(address)
        years = await _years_of(session, room, args)
        year = chosen if (chosen := _year_of(args.year)) in years else None
        zone = zone_of_page(args.tz, room.tz)
        shown = await _shown_of_room(session, room, year, zone)
        offered = await _offered(session, Tweet.room_id == room.id, year, zone, shown)
    back = url_for("rooms.show_room", room_id=room.id, tz=tz)
    if year:
        back = url_for("room_years.show_room_year", room_id=room.id, year=year, tz=tz)
    page = ReportForm(
        args=args,
        title=room.name,
        people=room.people,
        years=years,
        endpoints=("show_room_report", "send_room_report", "preview_room_report"),
        subject={"room_id": room.id},
        back=back,
        offered=offered,
        about=room.usernames,
        in_chat=True,
    )
    return await render(page)


async def _years_of(session: AsyncSession, room: RoomFacts, args: ReportArgs) -> list[int]:
    if not has_page("room_years.show_room_year"):
        return []
    counts = await messages_by_year(session, room, zone_of_page(args.tz, room.tz))
    return [year for year, messages in counts.items() if messages >= FEWEST_OF_YEAR]


def _counted_rooms() -> CountedRooms:
    """Return what is kept of chats; nothing for readers of one, whose sessions see no deletions."""
    return resources().counted_rooms if own_chat() is None else counted_rooms()


def _kept_years() -> "KeptYears":
    from app.parts.report.years import no_years

    kept: KeptYears = resources().of_parts["years"]
    return kept if own_chat() is None else no_years()


async def _shown_of_room(
    session: AsyncSession, room: RoomFacts, year: int | None, zone: ZoneInfo
) -> Shown:
    if year is None:
        return await shown_of_room(session, _counted_rooms(), room, zone)
    from app.parts.report.years import shown_of_room_year

    return await shown_of_room_year(session, _kept_years(), room, year, zone)


async def _offered(
    session: AsyncSession,
    posts: ColumnElement[bool],
    year: int | None,
    zone: ZoneInfo,
    shown: Shown,
) -> list[OfferedQuotes]:
    if year:
        since, until = span_of_year(year, zone)
        posts = and_(posts, Tweet.created_at >= since, Tweet.created_at < until)
    return await read_offered(session, posts, year or 0, shown)


@blueprint.action("/room/<id:room_id>/report")
async def send_room_report(room_id: int, args: ReportArgs, form: Form) -> Response:
    file = await _file_of_room(room_id, args, form)
    return _as_download(*file, "chat", form.get("names", ""))


@blueprint.page("/room/<id:room_id>/report/preview")
async def preview_room_report(room_id: int, args: ReportArgs) -> Response:
    return (await _file_of_room(room_id, args, Form()))[0]


@blueprint.action("/room/<id:room_id>/report/preview")
async def preview_chosen_room_report(room_id: int, args: ReportArgs, form: Form) -> Response:
    return (await _file_of_room(room_id, args, form))[0]


async def _file_of_room(
    room_id: int, args: ReportArgs, form: Form
) -> tuple[Response, ReportChoice]:
    async with here().read_long() as session:
        room = await get_room(session, room_id)
        choice = _choice(room.people, room.tz, args, form)
        environment = current_app.jinja_env
        if choice.year is None:
            store = _counted_rooms()
            file = await make_room_report(session, environment, store, room, choice)
        else:
            _check_parts(choice.year)
            from app.parts.report.years import make_room_year_report

            kept = _kept_years()
            file = await make_room_year_report(session, environment, kept, room, choice)
    return _answer(file), choice


@blueprint.page("/user/<username>/report", of_chat=never)
async def show_author_report(username: str, args: ReportArgs) -> str:
    year = _year_of(args.year)
    _check_parts(year)
    async with resources().read_long() as session:
        author = await get_author(session, username)
        zone = zone_of_page(args.tz, await zone_of_chats(session, [author.username]))
        shown = await _shown_of_author(session, author, year, zone)
        offered = await _offered(session, Tweet.user_id == author.id, year, zone, shown)
    name, tz = author.username, args.tz or None
    called = author.display_name or name
    back = url_for("authors.show_author", username=name, tz=tz)
    if year:
        back = url_for("years.show_year", username=name, year=year, tz=tz)
    page = ReportForm(
        args=args,
        title=f"{called}, {year}" if year else called,
        people=[author],
        endpoints=("show_author_report", "send_author_report", "preview_author_report"),
        subject={"username": name},
        back=back,
        offered=offered,
        about=[name],
    )
    return await render(page)


async def _shown_of_author(
    session: AsyncSession, author: Author, year: int | None, zone: ZoneInfo
) -> Shown:
    if year is None:
        from app.parts.report.authors import shown_of_author

        return await shown_of_author(session, resources().models, author, zone)
    from app.parts.report.years import shown_of_author_year

    return await shown_of_author_year(session, resources().of_parts["years"], author, year, zone)


@blueprint.action("/user/<username>/report", of_chat=never)
async def send_author_report(username: str, args: ReportArgs, form: Form) -> Response:
    file = await _file_of_author(username, args, form)
    return _as_download(*file, "author", form.get("names", ""))


@blueprint.page("/user/<username>/report/preview", of_chat=never)
async def preview_author_report(username: str, args: ReportArgs) -> Response:
    return (await _file_of_author(username, args, Form()))[0]


@blueprint.action("/user/<username>/report/preview", of_chat=never)
async def preview_chosen_author_report(username: str, args: ReportArgs, form: Form) -> Response:
    return (await _file_of_author(username, args, form))[0]


async def _file_of_author(
    username: str, args: ReportArgs, form: Form
) -> tuple[Response, ReportChoice]:
    environment = current_app.jinja_env
    async with resources().read_long() as session:
        author = await get_author(session, username)
        own_zone = await zone_of_chats(session, [author.username])
        choice = _choice([author], own_zone, args, form)
        _check_parts(choice.year)
        if choice.year is None:
            from app.parts.report.authors import make_author_report

            models = resources().models
            file = await make_author_report(session, environment, models, author, choice)
        else:
            from app.parts.report.years import make_author_year_report

            kept = resources().of_parts["years"]
            file = await make_author_year_report(session, environment, kept, author, choice)
    return _answer(file), choice


def _year_of(text: str) -> int | None:
    """Return the year; None for none, and for a number that no page of a year has."""
    is_number = len(text) == len("2024") and text.isdecimal() and text.isascii()
    return int(text) or None if is_number and text != "9999" else None


def _check_parts(year: int | None) -> None:
    """Raise NotFound on a site without years, or without portraits."""
    page = "years.show_year" if year else "api_author_portraits.show_portrait_of_user"
    if not has_page(page):
        raise NotFound


def _choice(
    people: Sequence[Named], own_zone: str | None, args: ReportArgs, form: Form
) -> ReportChoice:
    typed = [" ".join(name.split()) for name in form.getlist("name")]
    names = zip((person.username for person in people), typed, strict=False)
    return ReportChoice(
        zone_of_page(args.tz, own_zone),
        language(),
        _year_of(form.get("year", args.year)),
        form.get("names", args.names) == "real",
        {who: name for who, name in names if name},
        [int(id_) for id_ in form.getlist("quote") if id_.isascii() and id_.isdecimal()],
    )


def _answer(file: bytes) -> Response:
    # The site's own pages may show it in a frame, and nothing of the site is open to it.
    rules = inside().policy.replace("default-src 'none'", "default-src 'self'", 1)
    headers = {
        "Content-Security-Policy": f"{rules}; frame-ancestors 'self'; sandbox allow-scripts",
        "Cache-Control": "no-store",
    }
    return Response(file, content_type=f"{HTML}; charset=utf-8", headers=headers)


def _as_download(response: Response, choice: ReportChoice, kind: str, called: str) -> Response:
    name = f"{kind}-{choice.year}" if choice.year else kind
    if called:
        year_s = 365 * 24 * 3600
        response.set_cookie(
            NAMES_COOKIE,
            called,
            max_age=year_s,
            samesite="Lax",
            secure=request.is_secure,
            httponly=True,
        )
    response.headers.set("Content-Disposition", "attachment", filename=f"saywho-{name}.html")
    return response

"""A chat as one file."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from jinja2 import Environment
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Locale
from app.language.i18n import gettext, ngettext, show_date, show_number, speaking
from app.parts.report.names import Calling
from app.parts.report.quotes import Quote, Shown, choices_among, read_quotes, read_shared
from app.parts.report.rendering import ReportFrame, render_report
from app.parts.report.words import (
    FEWEST_MESSAGES,
    people_without_rare_words,
    read_chat,
    read_common_words,
    terms_of,
)
from app.services.compare.name_masking import read_chat_names
from app.services.rooms.busy_day import ShownDay, read_day
from app.services.rooms.loved import most_loved
from app.services.rooms.room_facts import RoomFacts
from app.services.rooms.sight import CountedRooms, read_overview
from app.views.cast import Cast, cast_of, named_in
from app.views.page import read_cards
from app.views.rooms.overview import OverviewPage, PeriodForm


@dataclass(frozen=True)
class ReportChoice:
    """What the sender has chosen."""

    zone: ZoneInfo
    language: Locale
    year: int | None = None
    has_names: bool = False
    """Whether people have their real names."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Typed names, by username."""
    quotes: Sequence[int] = ()
    """Messages that the file quotes."""


class ChatReport(OverviewPage, frozen=True, kw_only=True):
    """A chat's page as one file; all that it shows may be given away."""

    template = "report/room.html"
    is_sent: bool = True

    quotes: Sequence[Quote]
    choices: Sequence[str]
    shared: Collection[int]
    """Quoted messages whose text another of the choices wrote."""
    day_ids: Sequence[int]
    """Messages that the chat's page shows of its busiest day."""


async def make_room_report(
    session: AsyncSession,
    environment: Environment,
    store: CountedRooms,
    room: RoomFacts,
    choice: ReportChoice,
) -> bytes:
    """Return the file. Raises InvalidInputError if it is too large."""
    zone = choice.zone
    sight = await read_overview(session, room, zone, store)
    calling = await call_people(session, room, choice)
    quotes = await read_quotes(session, choice.quotes, calling, room_id=room.id)
    choices = choices_among(room.usernames, quotes)
    day = await read_day(session, room, sight.busy_day, zone) if sight.busy_day else None
    terms = [day.word] if day and day.with_word >= FEWEST_MESSAGES else []
    scans = await read_chat(session, room.id, zone)
    words = await read_common_words(scans, [*terms_of(sight.people), *terms], calling)
    shown = structs.replace(sight, people=people_without_rare_words(sight.people, words))
    page = ChatReport(
        tz=zone.key,
        shown=shown,
        shown_by_parts=await read_cards(session, "room_people", shown, zone.key),
        asked_by_parts={},
        day=ShownDay(words.written(day.word), day.with_word, []) if day else None,
        loved=await most_loved(session, room.id),
        whole=room,
        form=PeriodForm(),
        years=[],
        quotes=quotes,
        choices=choices,
        shared=await read_shared(session, quotes, choices),
        day_ids=[post.id for post in day.posts] if day else (),
    )
    with speaking(choice.language):
        frame = frame_of(title_of(room, choice), page.newest_day, ("room", None), choice)
    cast = await cast_in_file(session, room, calling, shown)
    return await render_report(environment, page, frame, cast)


async def shown_of_room(
    session: AsyncSession, store: CountedRooms, room: RoomFacts, zone: ZoneInfo
) -> Shown:
    """Return the messages that a chat's page shows."""
    sight = await read_overview(session, room, zone, store)
    day = await read_day(session, room, sight.busy_day, zone) if sight.busy_day else None
    loved = await most_loved(session, room.id)
    return [
        (gettext("The busiest day"), day.posts if day else []),
        (gettext("Most loved messages"), [each.post for each in loved]),
    ]


async def call_people(session: AsyncSession, room: RoomFacts, choice: ReportChoice) -> Calling:
    """Return what the people of a chat are called."""
    names = (await read_chat_names(session, [room.id])).of(room.id)
    return Calling(room.people, choice.names, has_names=choice.has_names, all_names=names)


async def cast_in_file(
    session: AsyncSession, room: RoomFacts, calling: Calling, *values: object
) -> Cast:
    """Return the people of these values, by the names that a chat's file has for them."""
    named = {name for value in values for name in named_in(value).usernames}
    cast = await cast_of(session, {*room.usernames, *named}, about=room.usernames, in_chat=True)
    return cast.with_names(calling.called)


def title_of(room: RoomFacts, choice: ReportChoice) -> str:
    if choice.has_names:
        return room.name
    people = ngettext("A chat of {count} person", "A chat of {count} people", room.people_total)
    return people.format(count=show_number(room.people_total))


def frame_of(
    title: str, newest_day: date | None, subject: tuple[str, int | None], choice: ReportChoice
) -> ReportFrame:
    """Return what surrounds a file; subject: its option of the command, and its year."""
    told = gettext("{title}: one file, made with saywho.")
    if newest_day:
        told = gettext("{title}, up to {day}: one file, made with saywho.")
    option, year = subject
    which = "--room ID" if option == "room" else "-u NAME"
    of_year = f" --year {year}" if year else ""
    return ReportFrame(
        title=title,
        language=choice.language,
        told=told.format(title=title, day=show_date(newest_day) if newest_day else ""),
        command=f"saywho report {which}{of_year} -o file.html",
    )

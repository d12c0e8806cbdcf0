"""The overview of a room: what was found about it, at first sight."""

from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import PeriodColumns, StackedBar
from app.language.dates import show_date
from app.language.i18n import gettext, ngettext, show_number
from app.models import MAX_ID
from app.parts.portraits.cards import PersonCard, SmallCard, alike, other_called, small_cards
from app.services.posts.selection import Selection
from app.services.posts.tweets import Post
from app.services.rooms.messages import list_before
from app.services.rooms.periods import FEWEST_OF_YEAR, messages_by_year, read_facts_of_period
from app.services.rooms.room_facts import RoomFacts
from app.services.rooms.sight import ChatSight, read_overview
from app.views.cards import read_cards
from app.views.figure import FigureParts
from app.views.page import FormPage, WebPage
from app.views.rooms.lines import RoomLine, day_of, lines_of
from app.views.rooms.overview_figures import Answers, Months, ShareBar
from app.views.rooms.period_form import PeriodForm

MOST_OPEN: Final = 3
"""Messages of the newest day that are shown."""


class OverviewPage(WebPage, frozen=True, kw_only=True):
    template = "portraits/overview.html"

    tz: str
    """The time zone that the address names."""
    overview: ChatSight
    of_parts: dict[str, Any]
    """What cards of parts show."""
    newest: list[Post]
    """Messages of the newest day, one more than are shown where there are more."""
    whole: RoomFacts
    """The chat; `room` has the facts of the period."""
    form: PeriodForm
    years: list[int]
    """The years that have pages of their own, the newest first."""
    in_chat: bool = True

    @property
    def room(self) -> RoomFacts:
        return self.overview.room

    @property
    def zone(self) -> str:
        return self.overview.tz

    @property
    def first_day(self) -> date | None:
        return day_of(self.room.first_message_at, ZoneInfo(self.zone))

    @property
    def ends(self) -> list[date | None]:
        """The days of the first and the newest message of the whole chat."""
        return _ends(self.whole, self.zone)

    @property
    def newest_day(self) -> date | None:
        return day_of(self.room.newest_message_at, ZoneInfo(self.zone))

    @property
    def lines(self) -> list[RoomLine]:
        return lines_of(self.newest[-MOST_OPEN:], ZoneInfo(self.zone))

    @property
    def has_more(self) -> bool:
        return len(self.newest) > MOST_OPEN

    @property
    def shares(self) -> FigureParts[StackedBar]:
        return ShareBar(self.overview, self.tz).parts()

    @property
    def months(self) -> FigureParts[PeriodColumns]:
        return Months(self.overview, self.tz).parts()

    @property
    def answers(self) -> FigureParts[list[StackedBar]]:
        return Answers(self.overview, self.tz).parts()

    @property
    def is_somebody_known(self) -> bool:
        """Whether it is told who is easiest to recognise."""
        return any(trait.kind == "recognised" for trait in self.overview.traits)

    @property
    def lately(self) -> str:
        """What the cards are based on, in words; empty where all messages were looked through."""
        if not self.overview.is_of_newest:
            return ""
        count = ngettext(
            "the newest {count} message", "the newest {count} messages", self.overview.scanned
        ).format(count=show_number(self.overview.scanned))
        since = day_of(self.overview.since, ZoneInfo(self.zone))
        if since is None:
            return gettext("How they write in {messages}").format(messages=count)
        text = gettext("How they write in {messages}, since {day}")
        return text.format(messages=count, day=show_date(since))

    @property
    def cards(self) -> list[PersonCard]:
        return [
            PersonCard(
                person.username,
                person,
                absence=self._absence(place) if place in self.overview.silent else "",
                others=other_called(person.username, self.room),
            )
            for place, person in enumerate(self.overview.people)
            if person.username
        ]

    @property
    def small_cards(self) -> list[SmallCard]:
        return small_cards(self.overview.others)

    @property
    def alike(self) -> str:
        """What is the same for all, in a sentence; empty where nothing is."""
        named = [person for person in self.overview.people if person.username]
        return alike(named, self.room.people_total)

    def _absence(self, place: int) -> str:
        """Return when somebody wrote last, for one who wrote none of the newest messages."""
        periods = [period for period in self.overview.periods if period.people[place]]
        if not periods:
            return gettext("Silent lately")
        last = Months(self.overview).period_name(periods[-1])
        return gettext("Silent lately, last in {period}").format(period=last)


class NoPeriodPage(FormPage, frozen=True, kw_only=True):
    """The form of a period that is wrong, or has no messages."""

    template = "portraits/no_period.html"

    tz: str
    zone: str
    whole: RoomFacts
    form: PeriodForm
    years: list[int]
    in_chat: bool = True

    @property
    def ends(self) -> list[date | None]:
        """The days of the first and the newest message of the chat."""
        return _ends(self.whole, self.zone)


async def read_page(
    session: AsyncSession, whole: RoomFacts, zone: ZoneInfo, tz: str, form: PeriodForm
) -> OverviewPage | NoPeriodPage:
    """Return the overview of a room, or of a period; `tz` is the zone that the address names."""
    room = await read_facts_of_period(session, whole, form.period, zone)
    if form.error or not room.messages:
        return NoPeriodPage(
            tz=tz,
            zone=zone.key,
            whole=whole,
            form=form,
            years=await _years(session, whole, zone),
            error=form.error,
            about=whole.usernames,
        )
    is_whole = form.period.is_whole
    overview = await read_overview(session, room, zone, form.period)
    return OverviewPage(
        tz=tz,
        overview=overview,
        # What parts show there is of the whole chat.
        of_parts=await read_cards(session, "room_overview", room) if is_whole else {},
        newest=await _newest(session, room, zone),
        whole=whole,
        form=form,
        years=overview.years if is_whole else await _years(session, whole, zone),
        about=room.usernames,
    )


async def _years(session: AsyncSession, room: RoomFacts, zone: ZoneInfo) -> list[int]:
    by_year = await messages_by_year(session, room, zone)
    return [year for year, messages in by_year.items() if messages >= FEWEST_OF_YEAR]


def _ends(room: RoomFacts, zone: str) -> list[date | None]:
    times = room.first_message_at, room.newest_message_at
    return [day_of(time, ZoneInfo(zone)) for time in times]


async def _newest(session: AsyncSession, room: RoomFacts, zone: ZoneInfo) -> list[Post]:
    """Return the newest messages, of one day; where none has a time, the last ones."""
    newest = room.newest_message_at
    end = (newest + timedelta(seconds=1), 0) if newest else (None, MAX_ID)
    posts, _ = await list_before(session, Selection(room_id=room.id), end, limit=MOST_OPEN + 1)
    return [post for post in posts if day_of(post.created_at, zone) == day_of(newest, zone)]

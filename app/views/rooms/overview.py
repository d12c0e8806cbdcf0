"""The overview of a room: what was found about it, at first sight."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.laughs import laughs_in
from app.compute.portrait import PersonPortrait
from app.dates import show_duration
from app.i18n import gettext
from app.models import MAX_ID
from app.services.compare.quiz import QuizQuestion
from app.services.compare.room_teaser import Teaser, read_teaser
from app.services.posts.tweets import Post
from app.services.rooms.messages import list_before
from app.services.rooms.overview import OverviewPerson, RoomOverview, read_overview
from app.services.rooms.room_facts import RoomFacts, RoomSpeaker
from app.views.drawings import HourStrip, PeriodColumns, StackedBar
from app.views.figure import FigureParts
from app.views.names import hue
from app.views.page import WebPage
from app.views.rooms.lines import RoomLine, day_of, lines_of
from app.views.rooms.overview_figures import Answers, Months, ShareBar

MOST_OPEN: Final = 5
"""Messages of the newest day that are shown."""
MOST_SHOWN: Final = 24
"""People who are named with their numbers, those with the most messages."""
BUSY_H: Final = 3
"""Hours in a row that are called the busiest."""
FEWEST_HOURS: Final = 10
"""Messages with a time from which there is a clock."""


class PersonCard(NamedTuple):
    """Somebody in a few words."""

    username: str
    messages: int
    manner: list[str]
    """A laugh, a word, an emoji: those that are typical or most frequent."""
    wait: str
    """How long their answers take, where that is not the same for all."""
    hours: HourStrip | None


class OverviewPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/overview.html"

    tz: str
    """The time zone that the address names."""
    overview: RoomOverview
    teaser: Teaser | None
    newest: list[Post]
    """Messages of the newest day, one more than are shown where there are more."""
    in_chat: bool = True

    @property
    def room(self) -> RoomFacts:
        return self.overview.room

    @property
    def zone(self) -> str:
        return self.overview.tz

    @property
    def speakers(self) -> list[RoomSpeaker]:
        return self.room.people[:MOST_SHOWN]

    @property
    def question(self) -> QuizQuestion | None:
        return self.teaser.question if self.teaser else None

    @property
    def first_day(self) -> date | None:
        return day_of(self.room.first_message_at, ZoneInfo(self.zone))

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
    def cards(self) -> list[PersonCard]:
        named = [person for person in self.overview.people if person.username]
        is_same = len(set(self._waits)) == 1
        return [
            PersonCard(
                person.username or "",
                person.messages,
                manner_of(person.writing),
                "" if is_same else wait,
                hours_of(person),
            )
            for person, wait in zip(named, self._waits, strict=True)
        ]

    @property
    def alike(self) -> str:
        """What is the same for all, in a sentence; empty where nothing is."""
        waits = set(self._waits)
        if len(self._waits) < 2 or len(waits) > 1 or waits == {""}:
            return ""
        return gettext("All answer within about {time}.").format(time=waits.pop())

    @property
    def _waits(self) -> list[str]:
        return [
            show_duration(person.writing.median_answer_s)
            if person.writing and person.writing.median_answer_s is not None
            else ""
            for person in self.overview.people
            if person.username
        ]


async def read_page(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, tz: str
) -> OverviewPage:
    """Return the overview of a room; `tz` is the zone that the address names."""
    return OverviewPage(
        tz=tz,
        overview=await read_overview(session, room, zone),
        teaser=await read_teaser(session, room),
        newest=await _newest(session, room, zone),
        about=room.usernames,
    )


async def _newest(session: AsyncSession, room: RoomFacts, zone: ZoneInfo) -> list[Post]:
    """Return the newest messages, of one day; where none has a time, the last ones."""
    newest = room.newest_message_at
    end = (newest + timedelta(seconds=1), 0) if newest else (None, MAX_ID)
    posts, _ = await list_before(session, room.id, end, limit=MOST_OPEN + 1)
    return [post for post in posts if day_of(post.created_at, zone) == day_of(newest, zone)]


def manner_of(writing: PersonPortrait | None) -> list[str]:
    """Return a laugh, a word and an emoji of somebody, as far as there are such."""
    if writing is None:
        return []
    laugh = max(writing.laughs, key=lambda laugh: laugh.messages, default=None)
    parts = [laugh.text] if laugh and laugh.messages else []
    words = (word.text for word in writing.typical or [] if not laughs_in(word.text))
    parts += [f"“{word}”" for word in islice(words, 1)]
    return parts + [emoji.text for emoji in writing.emoji[:1]]


def hours_of(person: OverviewPerson) -> HourStrip | None:
    """Return the clock of somebody, with the busiest hours in words; None for few messages."""
    hours: Sequence[int] = person.writing.hours if person.writing else ()
    if sum(hours) < FEWEST_HOURS:
        return None
    busy = [
        sum(hours[(hour + step) % len(hours)] for step in range(BUSY_H))
        for hour in range(len(hours))
    ]
    start = busy.index(max(busy))
    caption = gettext("Mostly from {start}:00 to {end}:00").format(
        start=start, end=(start + BUSY_H) % len(hours)
    )
    return HourStrip(hue(person.username), caption, [100 * hour / max(hours) for hour in hours])

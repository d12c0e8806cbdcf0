"""The page of a chat: what is found about it, its people, its busiest day and its months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from quart import g, url_for
from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import PeriodColumns
from app.language.i18n import gettext, ngettext, show_date, show_number
from app.lifespan import resources
from app.services.access.rights import ReaderIdentity, read_identity
from app.services.joined_names import NamePairs, read_names
from app.services.posts.tweets import Post, TweetKey
from app.services.rooms.chat_portrait import ChatPage, read_overview
from app.services.rooms.chats import LovedMessage, RoomFacts, most_loved
from app.services.rooms.timeline import BusyDay, read_busy_day
from app.views.author_picker import MOST_TOGETHER
from app.views.figures.chats import SIGNS, Months, PeriodMark, answers_of, share_bar, told_absences
from app.views.figures.figure import Figure, figure_of
from app.views.filters import day_of
from app.views.page import WebPage, read_cards
from app.views.policies import own_chat
from app.views.subjects import Chat


@dataclass(frozen=True, slots=True)
class RoomLine:
    post: Post
    time: datetime | None
    """In the page's time zone."""
    is_new_speaker: bool = True
    day: date | None = None
    begins_day: bool = False
    goes_on: bool = False
    """Whether the previous page has messages of this day."""


class OverviewPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/overview.html"

    tz: str
    """Time zone of the address."""
    shown: ChatPage
    shown_by_parts: dict[str, Any]
    """Parts' values about the people."""
    asked_by_parts: dict[str, Any]
    """Parts' questions about the messages."""
    day: BusyDay | None
    loved: Sequence[LovedMessage]
    me: ReaderIdentity | None = None
    """The person of a reader of this chat alone."""
    names: NamePairs | None = None
    """Two names of one person, for operators."""
    in_chat: bool = True
    is_sent: bool = False
    """Whether it is a file for others, without links to messages."""

    @property
    def subject(self) -> Chat:
        return Chat(self.shown.room)

    @property
    def ask_path(self) -> str:
        """Address of the question who of them would have said a text; empty if too many."""
        names = self.shown.room.usernames
        can_ask = 1 < self.shown.room.people_total <= MOST_TOGETHER and own_chat() is None
        return url_for("home.show_home", username=names) if can_ask else ""

    @property
    def basis(self) -> str:
        """Which messages the people's habits are of, if not all of them."""
        if not self.shown.is_of_newest:
            return ""
        count = ngettext(
            "the newest {count} message", "the newest {count} messages", self.shown.scanned
        ).format(count=show_number(self.shown.scanned))
        since = day_of(self.shown.since, ZoneInfo(self.shown.tz))
        if since is None:
            return gettext("How they write in {messages}").format(messages=count)
        text = gettext("How they write in {messages}, since {day}")
        return text.format(messages=count, day=show_date(since))

    shares = figure_of(share_bar)

    @property
    def moves(self) -> list[str]:
        return told_absences(self.shown.absences, ZoneInfo(self.shown.tz))

    @property
    def months(self) -> Figure[PeriodColumns]:
        return self._months.figure()

    @property
    def named_periods(self) -> list[tuple[str, PeriodMark]]:
        """The holes and feasts of the months, with their signs."""
        return [*zip(SIGNS, self._months.named(), strict=False)]

    @property
    def _months(self) -> Months:
        word = self.day.word if self.day else ""
        return Months(self.shown, self.tz, word, has_links=not self.is_sent)

    answers = figure_of(answers_of)

    @property
    def is_somebody_known(self) -> bool:
        return any(trait.kind == "recognised" for trait in self.shown.traits)


async def read_page(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, tz: str
) -> OverviewPage:
    """Return the page of a chat; `tz` is the address's time zone."""
    own = own_chat()
    sight = await read_overview(session, room, zone, resources().snapshots)
    return OverviewPage(
        tz=tz,
        shown=sight,
        shown_by_parts=await read_cards(session, "room_people", sight),
        asked_by_parts=await read_cards(session, "room_overview", room),
        day=await read_busy_day(session, room, sight.busy_day, zone) if sight.busy_day else None,
        loved=await most_loved(session, room.id),
        me=await read_identity(session, g.account.account_id, own) if own is not None else None,
        names=await read_names(session, room_id=room.id) if g.get("operator") else None,
        about=room.usernames,
    )


def lines_of(
    posts: Sequence[Post], zone: ZoneInfo, *, after: TweetKey | None = None
) -> list[RoomLine]:
    """Return a page's lines; `after` is the message's place above."""
    lines: list[RoomLine] = []
    above = day_of(after[0], zone) if after else None
    day_above: date | None = None
    for place, post in enumerate(posts):
        day = day_of(post.created_at, zone)
        begins_day = place == 0 or day != day_above
        lines.append(
            RoomLine(
                post,
                post.created_at and post.created_at.astimezone(zone),
                is_new_speaker=begins_day or post.username != posts[place - 1].username,
                day=day,
                begins_day=begins_day,
                goes_on=place == 0 and day is not None and day == above,
            )
        )
        day_above = day
    return lines

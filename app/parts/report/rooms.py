"""A chat as one file."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.language.i18n import gettext_noop
from app.parts.report.quotes import Quiz, read_quiz
from app.parts.report.reports import Draft, OnPage, Report
from app.parts.report.words import FEWEST_MESSAGES, read_chat, read_common_words, terms_in
from app.services.rooms.chat_portrait import ChatPage, read_overview
from app.services.rooms.chats import LovedMessage, most_loved
from app.services.rooms.timeline import BusyDay, read_busy_day
from app.views.figures.chats import other_called
from app.views.page import read_cards
from app.views.rooms.overview import OverviewPage
from app.views.subjects import Caches, Chat, ZoneOf
from app.views.tell import share_told


class ChatReport(OverviewPage, frozen=True, kw_only=True):
    """A chat's page as one file; all that it shows may be given away."""

    template = "report/room.html"
    is_sent: bool = True

    quiz: Quiz
    day_ids: Sequence[int]
    """Messages that the chat's page shows of its busiest day."""

    @property
    def words(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Each person's typical words, and how often they and the others write them."""
        told = []
        for person in self.shown.people:
            if (username := person.username) and person.typical:
                only = other_called(username, self.shown.room)
                words = person.typical
                shares = [share_told(word.share, word.share_beside, only) for word in words]
                told.append((username, [*zip([word.text for word in words], shares, strict=True)]))
        return told


_ChatFigures = tuple[ChatPage, BusyDay | None, Sequence[LovedMessage]]


async def _read(session: AsyncSession, kept: Caches, chat: Chat, zone_of: ZoneOf) -> _ChatFigures:
    room, zone = chat.room, zone_of(chat.own_zone)
    sight = await read_overview(session, room, zone, kept.snapshots)
    day = await read_busy_day(session, room, sight.busy_day, zone) if sight.busy_day else None
    return sight, day, await most_loved(session, room.id)


async def _draft(making: Draft, chat: Chat, figures: _ChatFigures) -> ChatReport:
    session, room, zone = making.session, chat.room, making.zone
    sight, day, loved = figures
    terms = [day.word] if day and day.with_word >= FEWEST_MESSAGES else []
    scans = await read_chat(session, room.id)
    words = await read_common_words(scans, [*terms_in(sight), *terms], making.calling)
    shown = sight.with_words(words.written)
    return ChatReport(
        tz=zone.key,
        shown=shown,
        shown_by_parts=await read_cards(session, "room_people", shown),
        asked_by_parts={},
        day=BusyDay(words.written(day.word), day.with_word, []) if day else None,
        loved=loved,
        day_ids=[post.id for post in day.posts] if day else (),
        quiz=await read_quiz(making, chat),
    )


def _shows(figures: _ChatFigures) -> OnPage:
    _, day, loved = figures
    return [
        (gettext_noop("The busiest day"), day.posts if day else []),
        (gettext_noop("Most loved messages"), [each.post for each in loved]),
    ]


REPORTS: Final = (Report(Chat, _read, _shows, _draft),)

"""A year of a chat or an author as one file."""

from collections.abc import Sequence
from typing import Final, TypeVar

from msgspec import structs

from app.drawing.drawings import WeekGrid
from app.language.i18n import gettext_noop
from app.parts.report.quotes import Quiz, read_quiz, read_quotes
from app.parts.report.reports import Draft, OnPage, Report
from app.parts.report.words import CommonWords, read_chat, read_common_words, terms_in
from app.parts.years.figures import days_of_author
from app.parts.years.pages import RoomYearPage, YearPage
from app.parts.years.subjects import (
    YearOfAuthor,
    YearOfChat,
    read_year_of_author,
    read_year_of_chat,
)
from app.parts.years.year import AuthorYear, RoomYear, WrittenYear
from app.runtime.clock import span_of_year
from app.services.posts.selection import scan
from app.views.figures.figure import Figure
from app.views.filters import ZoneArgs

YearT = TypeVar("YearT", bound=WrittenYear)


class ChatYearReport(RoomYearPage, frozen=True, kw_only=True, dict=True):
    """A year of a chat as one file; all that it shows may be given away."""

    template = "report/room_year.html"

    quiz: Quiz
    day_ids: Sequence[int]


class AuthorYearReport(YearPage, frozen=True, kw_only=True, dict=True):
    """A year of an author as one file; all that it shows may be given away."""

    template = "report/author_year.html"

    has_names: bool
    quiz: Quiz
    day_ids: Sequence[int]

    @property
    def days(self) -> Figure[WeekGrid]:
        return days_of_author(self.shown, has_names=self.has_names)


async def _draft_of_chat(making: Draft, subject: YearOfChat, read: RoomYear) -> ChatYearReport:
    since, until = span_of_year(subject.year, making.zone)
    scans = await read_chat(making.session, subject.room.id, {"since": since, "until": until})
    words = await read_common_words(scans, terms_in(read), making.calling)
    kept = _without_rare_words(read, words)
    return ChatYearReport(
        args=ZoneArgs(tz=making.zone.key),
        subject=subject,
        shown=kept,
        day_ids=_day_ids(read),
        quiz=await read_quiz(making, subject),
    )


async def _draft_of_author(
    making: Draft, subject: YearOfAuthor, read: AuthorYear
) -> AuthorYearReport:
    scans = [await scan(making.session, subject.posts, columns=("text",))]
    words = await read_common_words(scans, terms_in(read), making.calling)
    has_names = making.choice.has_names
    shown = structs.replace(
        _without_rare_words(read, words),
        answered=read.answered if has_names else [],
        most_answered=read.most_answered if has_names else None,
    )
    return AuthorYearReport(
        args=ZoneArgs(tz=making.zone.key),
        subject=YearOfAuthor(subject.author, making.zone.key, subject.year),
        shown=shown,
        has_names=has_names,
        quiz=Quiz(await read_quotes(making, subject)),
        day_ids=_day_ids(read),
    )


def _shows_of_chat(read: RoomYear) -> OnPage:
    return [
        (gettext_noop("The busiest day"), read.day.shown if read.day else []),
        (gettext_noop("The message most like each person"), read.most_like),
        (gettext_noop("Most loved messages"), [each.post for each in read.loved[:1]]),
    ]


def _shows_of_author(read: AuthorYear) -> OnPage:
    return [
        (gettext_noop("The busiest day"), read.day.shown if read.day else []),
        (gettext_noop("Most liked"), read.most_liked[:1]),
    ]


def _day_ids(year: WrittenYear) -> list[int]:
    return [post.id for post in year.day.shown] if year.day else []


def _without_rare_words(year: YearT, words: CommonWords) -> YearT:
    common = year.with_words(words.written)
    return structs.replace(common, day=common.day and structs.replace(common.day, shown=[]))


REPORTS: Final = (
    Report(YearOfChat, read_year_of_chat, _shows_of_chat, _draft_of_chat),
    Report(YearOfAuthor, read_year_of_author, _shows_of_author, _draft_of_author),
)

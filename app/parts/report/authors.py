"""An author's page as one file: how they write, compared with other people."""

from typing import Final
from zoneinfo import ZoneInfo

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import Habits, WeekGrid
from app.language.i18n import gettext_noop, ngettext, show_number, show_period
from app.parts.portraits import author_figures
from app.parts.portraits.author import read_portrait_of_author
from app.parts.report.quotes import Quiz, read_quotes
from app.parts.report.reports import Draft, OnPage, Report
from app.parts.report.words import read_common_words, terms_in
from app.services.archive.author_archive import (
    FEWEST_DAYS,
    CalendarYear,
    calendar_of,
    fuller_calendar,
)
from app.services.posts.selection import scan
from app.services.posts.tweets import Post, most_liked
from app.views.cast import hue
from app.views.figures.archives import ONE_DAY, posts_in_year, weeks_of
from app.views.figures.figure import Figure, figure_of
from app.views.page import WebPage
from app.views.subjects import Caches, OneAuthor, ZoneOf
from app.views.tell import called
from saywho.clock import now


class AuthorReport(WebPage, frozen=True, kw_only=True):
    """An author's page as one file; all that it shows may be given away."""

    template = "report/author.html"

    shown: author_figures.AuthorPortrait
    calendar: CalendarYear | None
    most_like: Post | None
    """The post most like the author, if the sender chose it."""
    liked: Post | None
    """The post with most likes; the file has its day and their number."""
    is_tied: bool
    """Whether another post has as many likes."""
    quiz: Quiz

    phrases = figure_of(author_figures.phrases_of)
    clock = figure_of(author_figures.hours_of)

    @property
    def others_told(self) -> str:
        """The people compared with the author, for readers who do not know the sender's archive."""
        text = ngettext(
            "Compared with {count} other author in the archive of the sender.",
            "Compared with {count} other authors in the archive of the sender.",
            self.shown.others_total,
        )
        return text.format(count=show_number(self.shown.others_total))

    @property
    def others_called(self) -> str:
        """The other people of the chat, as on the page of the person."""
        others, only = self.shown.others_total, author_figures.only_other(self.shown)
        return called(others, only, is_of_chat=True).told

    @property
    def period(self) -> str:
        days = self.shown.user.days(ZoneInfo(self.shown.tz))
        return show_period(days[0], days[1] + ONE_DAY) if days else ""

    @property
    def year_told(self) -> str:
        calendar = self.calendar
        return posts_in_year(calendar.tweets, calendar.year) if calendar else ""

    @property
    def weeks(self) -> WeekGrid | None:
        if self.calendar is None or self.calendar.days < FEWEST_DAYS:
            return None
        today = now().astimezone(ZoneInfo(self.shown.tz)).date()
        return weeks_of(self.calendar, today, hue(self.shown.user.username), "calendar-heading")

    @property
    def fingerprint(self) -> Figure[Habits]:
        return author_figures.fingerprint(self.shown, "fingerprint-heading", has_words=True)


_AuthorFigures = tuple[author_figures.AuthorPortrait, list[Post]]
"""A portrait, and the two posts with most likes, if any have some."""


async def _read(
    session: AsyncSession, kept: Caches, subject: OneAuthor, zone_of: ZoneOf
) -> _AuthorFigures:
    portrait = await read_portrait_of_author(session, kept, subject, zone_of)
    return portrait, await most_liked(session, subject.posts, limit=2)


async def _draft(making: Draft, subject: OneAuthor, figures: _AuthorFigures) -> AuthorReport:
    session, author = making.session, subject.author
    portrait, liked = figures
    scans = [await scan(session, subject.posts, columns=("text",))]
    words = await read_common_words(scans, terms_in(portrait), making.calling)
    shown = structs.replace(portrait.with_words(words.written), others=[], most_like=None)
    quotes = await read_quotes(making, subject)
    most_like = portrait.most_like and portrait.most_like.id
    newest = await calendar_of(session, author, making.zone, None)
    return AuthorReport(
        shown=shown,
        calendar=newest and await fuller_calendar(session, author, making.zone, newest),
        liked=next(iter(liked), None),
        is_tied=len({post.counts.likes for post in liked if post.counts}) < len(liked),
        most_like=next((quote for quote in quotes if quote.id == most_like), None),
        quiz=Quiz(quotes),
    )


def _shows(figures: _AuthorFigures) -> OnPage:
    portrait, liked = figures
    most_like = portrait.most_like
    return [
        (gettext_noop("Their most typical post"), [most_like] if most_like else []),
        (gettext_noop("Most liked"), liked[:1]),
    ]


REPORTS: Final = (Report(OneAuthor, _read, _shows, _draft),)

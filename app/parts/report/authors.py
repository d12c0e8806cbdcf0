"""An author's page as one file: how they write, compared with others."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from jinja2 import Environment
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import Clock, Habits, PhraseList, WeekGrid
from app.language.i18n import gettext, ngettext, show_number, speaking
from app.models import Tweet
from app.parts.portraits.author import portrait_of
from app.parts.portraits.author_figures import AuthorPortrait, Fingerprint, Phrases, hours_of
from app.parts.report.names import Calling, names_beside_nobody
from app.parts.report.quotes import Quote, Shown, read_quotes
from app.parts.report.rendering import render_report
from app.parts.report.rooms import ReportChoice, frame_of
from app.parts.report.words import read_common_words
from app.runtime.clock import now
from app.services.archive.author_archive import (
    FEWEST_DAYS,
    CalendarYear,
    calendar_of,
    fuller_calendar,
    most_liked,
)
from app.services.archive.author_portrait import compare_author
from app.services.compare.habits import Models
from app.services.compare.name_masking import read_names_around
from app.services.posts.selection import scan
from app.services.posts.tweets import Post
from app.services.posts.users import Author
from app.services.rooms.room_facts import room_of_author
from app.views.authors.figures import posts_by_day, posts_in_year, week_grid
from app.views.cast import cast_of, hue, named_in
from app.views.figure import FigureParts
from app.views.filters import day_of
from app.views.page import WebPage


class AuthorReport(WebPage, frozen=True, kw_only=True):
    """An author's page as one file; all that it shows may be given away."""

    template = "report/author.html"

    author: Author
    shown: AuthorPortrait
    calendar: CalendarYear | None
    most_like: Post | None
    """The post most like the author; the file has its day."""
    liked: Post | None
    """The post with most likes; the file has its day and their number."""
    quotes: Sequence[Quote]

    @property
    def others_told(self) -> str:
        """With whom the author is compared, for those who do not know the sender's archive."""
        text = ngettext(
            "Compared with {count} other author in the archive of the sender.",
            "Compared with {count} other authors in the archive of the sender.",
            self.shown.others_total,
        )
        return text.format(count=show_number(self.shown.others_total))

    @property
    def year_told(self) -> str:
        calendar = self.calendar
        return posts_in_year(calendar.tweets, calendar.year) if calendar else ""

    @property
    def weeks(self) -> WeekGrid | None:
        if self.calendar is None or self.calendar.days < FEWEST_DAYS:
            return None
        posts, year = posts_by_day(self.calendar), self.calendar.year
        today = now().astimezone(ZoneInfo(self.shown.tz)).date()
        end = max([min(date(year, 12, 31), today), *posts])
        return week_grid(posts, end, hue(self.author.username), "calendar-heading")

    @property
    def fingerprint(self) -> FigureParts[Habits]:
        return Fingerprint(self.shown, "fingerprint-heading", has_words=True).parts()

    @property
    def phrases(self) -> FigureParts[PhraseList]:
        return Phrases(self.shown).parts()

    @property
    def clock(self) -> FigureParts[Clock]:
        return hours_of(self.shown).parts()


async def make_author_report(
    session: AsyncSession,
    environment: Environment,
    models: Models,
    author: Author,
    choice: ReportChoice,
) -> bytes:
    """Return the file."""
    zone, room = choice.zone, await room_of_author(session, author)
    compared = await compare_author(session, models, author, room)
    portrait = await portrait_of(session, models, compared, zone)
    people = [*room.people] if room else []
    is_listed = author.username in {person.username for person in people}
    names = choice.names
    if not people:
        with speaking(choice.language):
            names = names_beside_nobody(author, names, has_names=choice.has_names)
    calling = Calling(
        people if is_listed else [*people, author],
        names,
        has_names=choice.has_names,
        all_names=await read_names_around(session, [author.username]),
    )
    scans = [await scan(session, Tweet.user_id == author.id, columns=("text",))]
    phrases = portrait.phrases or []
    terms = [*(phrase.text for phrase in phrases), *(term.text for term in portrait.typical)]
    words = await read_common_words(scans, terms, calling)
    shown = structs.replace(
        portrait,
        others=[],
        most_like=None,
        phrases=None if portrait.phrases is None else words.kept(phrases),
        typical=words.kept(portrait.typical),
    )
    called = calling.called.get(author.username, author.display_name or author.username)
    with speaking(choice.language):
        newest = day_of(author.newest_tweet_at, zone)
        frame = frame_of(called, newest, ("author", None), choice)
    cast = await cast_of(session, named_in(shown).usernames, about=[author.username])
    quotes = await read_quotes(session, choice.quotes, calling, username=author.username)
    page = AuthorReport(
        author=author,
        shown=shown,
        calendar=await _calendar(session, author, zone),
        most_like=portrait.most_like,
        liked=next(iter(await most_liked(session, author.id, limit=1)), None),
        quotes=quotes,
    )
    return await render_report(environment, page, frame, cast.with_names(calling.called))


async def _calendar(session: AsyncSession, author: Author, zone: ZoneInfo) -> CalendarYear | None:
    newest = await calendar_of(session, author, zone, None)
    return newest and await fuller_calendar(session, author, zone, newest)


async def shown_of_author(
    session: AsyncSession, models: Models, author: Author, zone: ZoneInfo
) -> Shown:
    """Return the posts that an author's page shows for what they are."""
    room = await room_of_author(session, author)
    portrait = await portrait_of(
        session, models, await compare_author(session, models, author, room), zone
    )
    return [
        (gettext("Their most typical post"), [portrait.most_like] if portrait.most_like else []),
        (gettext("Most liked"), await most_liked(session, author.id, limit=1)),
    ]

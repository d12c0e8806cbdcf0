"""A year of an author."""

from zoneinfo import ZoneInfo

from app.errors import NotFoundError
from app.language.i18n import gettext
from app.lifespan import resources
from app.parts.years.author_year import AuthorYear, read_year
from app.parts.years.figures import ChangedWriting, HoursOfYear, PostsByMonth, YearCalendar, YearRow
from app.parts.years.finding import is_long_enough
from app.parts.years.total import comparison_of
from app.parts.years.words import ComparedWords, has_card, words_of
from app.services.posts.users import Author, get_author
from app.services.rooms.room_facts import zone_of_chats
from app.views.authors.figures import MostNamed, most_answered
from app.views.blueprints import PageBlueprint
from app.views.drawings import Clock, NameList, Spark
from app.views.figure import FigureParts, Finding
from app.views.filters import ZoneArgs, parse_zone, zone_of_page
from app.views.page import WebPage, render
from app.views.week_grid import WeekGrid

blueprint = PageBlueprint("years")


class YearPage(WebPage, frozen=True, kw_only=True):
    template = "years/year.html"

    args: ZoneArgs
    shown: AuthorYear
    author: Author
    has_own_zone: bool
    """Whether its days are in the time zone of the author's chats."""
    year: int

    @property
    def months(self) -> PostsByMonth:
        return PostsByMonth(self.shown)

    @property
    def years(self) -> FigureParts[Spark]:
        return YearRow(self.shown).parts()

    @property
    def finding(self) -> Finding:
        return YearCalendar(self.shown).finding()

    @property
    def description(self) -> str:
        """The finding as other sites show it beside a link: without words and names of others."""
        return YearCalendar(self.shown, has_words=False, has_names=False).finding().title

    @property
    def before_told(self) -> str:
        return comparison_of(self.shown)

    @property
    def weeks(self) -> WeekGrid:
        return YearCalendar(self.shown).plot()

    @property
    def clock(self) -> FigureParts[Clock]:
        return HoursOfYear(self.shown).parts()

    @property
    def words(self) -> list[ComparedWords]:
        return words_of(self.shown)

    @property
    def has_card_of_words(self) -> bool:
        """Whether the words fill a card; else each list is a line."""
        return has_card(self.words)

    @property
    def changes(self) -> FigureParts[NameList]:
        return ChangedWriting(self.shown).parts()

    @property
    def unchanged(self) -> str:
        """That the writing did not change; empty where that was not asked or it did."""
        return ChangedWriting(self.shown).finding().title

    @property
    def words_unchanged(self) -> str:
        """That no word came or went; empty likewise."""
        shown = self.shown
        has_no_words = (shown.came or shown.went) and not words_of(shown)
        return gettext("No word clearly appeared or disappeared.") if has_no_words else ""

    @property
    def is_compared(self) -> bool:
        """Whether the year has enough posts to say more of it than when they were."""
        return is_long_enough(self.shown)

    @property
    def best_heading(self) -> str:
        """What the post with most likes is called; where others have as many it is one of them."""
        likes = [post.counts.likes for post in self.shown.most_liked if post.counts]
        if likes and likes.count(likes[0]) > 1:
            return gettext("One of the most liked posts")
        so_far = gettext("The post of the year so far")
        return gettext("The post of the year") if self.shown.is_over else so_far

    @property
    def edges_heading(self) -> str:
        is_only, is_over = self.shown.first.id == self.shown.last.id, self.shown.is_over
        if is_only:
            so_far = gettext("The only post of the year so far")
            return gettext("The only post of the year") if is_over else so_far
        so_far = gettext("The first and the newest post of the year so far")
        return gettext("The first and the last post of the year") if is_over else so_far

    @property
    def answered(self) -> MostNamed:
        return most_answered(self.author, self.shown.answered)


@blueprint.page("/user/<username>/<year:year>", is_cacheable=True)
async def show_year(username: str, year: int, args: ZoneArgs) -> str:
    own_zone = await zone_of_own_chats(username)
    author_year = await read_where_it_is(username, year, args.tz, own_zone)
    return await render(
        YearPage(
            args=args,
            shown=author_year,
            has_own_zone=own_zone is not None,
            author=author_year.user,
            year=year,
            about=[author_year.user.username],
        )
    )


async def zone_of_own_chats(username: str) -> str | None:
    """Return the time zone of all chats of an author; None where there is none.

    Raises NotFoundError.
    """
    async with resources().db.read() as session:
        author = await get_author(session, username)
        return await zone_of_chats(session, [author.username])


async def read_where_it_is(username: str, year: int, tz: str, own_zone: str | None) -> AuthorYear:
    """Return the year in the zone of the page; in UTC if it has posts there alone.

    So an address that somebody else sent leads to the same year.
    """
    try:
        return await read_in_zone(username, year, zone_of_page(tz, own_zone))
    except NotFoundError:
        if tz:
            raise
        return await read_in_zone(username, year, parse_zone("UTC"))


async def read_in_zone(username: str, year: int, zone: ZoneInfo) -> AuthorYear:
    async with resources().read_long() as session:
        author = await get_author(session, username)
        return await read_year(session, author, year, zone)

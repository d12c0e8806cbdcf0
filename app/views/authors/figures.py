"""The figures of an author's archive."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from quart import url_for

from app.compute.mentions import NameCount
from app.language.dates import weekday_names
from app.language.i18n import gettext, show_number
from app.services.archive.author_archive import AuthorArchive
from app.services.posts.users import Author
from app.views.cast import hue, post_count
from app.views.drawings import HOURS, Columns, ListedName, NameList, by_hour
from app.views.figure import Figure, Finding, Table
from app.views.hours import busiest, how_counted

MOST_LISTED: Final = 8


@dataclass(frozen=True, slots=True)
class HoursOfPosts(Figure[Columns]):
    """How many posts of an archive the hours of the day have."""

    archive: AuthorArchive

    def finding(self) -> Finding:
        numbers = self.archive.numbers
        return Finding(
            busiest(numbers.hours, numbers.busy_from),
            topic=gettext("By hour"),
            about=how_counted(numbers.busy_from),
            zone=self.archive.tz,
        )

    def table(self) -> Table:
        rows = [*zip(HOURS, self.archive.numbers.hours, strict=True)]
        return Table([gettext("Hour"), gettext("Posts")], rows)

    def plot(self) -> Columns:
        colour = hue(self.archive.user.username)
        return by_hour(colour, self.archive.numbers.hours, gettext("Posts by hour of the day"))

    def path(self) -> str:
        return posts_path(self.archive.user)


@dataclass(frozen=True, slots=True)
class WeekdaysOfPosts(Figure[Columns]):
    """How many posts of an archive the weekdays have."""

    archive: AuthorArchive

    def finding(self) -> Finding:
        return Finding(topic=gettext("By weekday"))

    def table(self) -> Table:
        rows = [*zip(weekday_names("wide"), self.archive.numbers.weekdays, strict=True)]
        return Table([gettext("Weekday"), gettext("Posts")], rows)

    def plot(self) -> Columns:
        names, colour = weekday_names(), hue(self.archive.user.username)
        weekdays = self.archive.numbers.weekdays
        return Columns(colour, gettext("Posts by weekday"), weekdays, names, names)

    def path(self) -> str:
        return posts_path(self.archive.user)


@dataclass(frozen=True, slots=True)
class MostNamed(Figure[NameList]):
    """What an author's posts name most often, of one kind."""

    author: Author
    topic: str
    id_: str
    """Of the heading."""
    counts: Sequence[NameCount]
    prefix: str = ""
    is_phrase: bool = False
    """Whether posts are found by the name as it is."""
    is_of_anybody: bool = False
    """Whether a name leads to posts of others, too."""

    def finding(self) -> Finding:
        return Finding(topic=self.topic)

    def table(self) -> Table:
        return Table(
            [gettext("Name"), gettext("Posts")],
            [(f"{self.prefix}{counted.name}", counted.posts) for counted in self.counts],
            [self._search_path(counted.name) for counted in self.counts],
        )

    def plot(self) -> NameList | None:
        names = [
            ListedName(
                counted.name,
                show_number(counted.posts),
                self._search_path(counted.name),
                post_count(counted.posts),
            )
            for counted in self.counts[:MOST_LISTED]
        ]
        return NameList(names, self.id_, self.prefix) if names else None

    def path(self) -> str:
        return posts_path(self.author)

    def _search_path(self, name: str) -> str:
        query = f'"{name}"' if self.is_phrase else f"{self.prefix}{name}"
        username = None if self.is_of_anybody else self.author.username
        return url_for("search.show_search", q=query, username=username)


def columns_of(archive: AuthorArchive) -> list[Figure[Columns]]:
    """Return when an author writes; nothing where no post has a time."""
    return [HoursOfPosts(archive), WeekdaysOfPosts(archive)] if any(archive.numbers.hours) else []


def lists_of(archive: AuthorArchive) -> list[MostNamed]:
    """Return what an author's posts name most often, kinds that are not there left out."""
    author, numbers = archive.user, archive.numbers
    lists = (
        most_answered(author, numbers.answered),
        MostNamed(author, gettext("Tags"), "tags-heading", numbers.tags, prefix="#"),
        MostNamed(author, gettext("Emoji"), "emoji-heading", numbers.emoji),
        MostNamed(
            author, gettext("Links, by site"), "sites-heading", numbers.sites, is_phrase=True
        ),
    )
    return [figure for figure in lists if figure.counts]


def most_answered(author: Author, counts: Sequence[NameCount]) -> MostNamed:
    """Return whom an author answers most often."""
    topic = gettext("Most replied to")
    return MostNamed(author, topic, "answered-heading", counts, prefix="@", is_of_anybody=True)


def posts_path(author: Author) -> str:
    """Return the address of an author's posts."""
    return url_for("posts.show_posts", username=author.username)

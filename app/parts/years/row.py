"""The years of an author in a row."""

from dataclasses import dataclass

from app.i18n import gettext, show_list
from app.parts.years.author_year import AuthorYear
from app.views.authors.calendar import posts_in_year
from app.views.authors.figures import posts_path
from app.views.drawings import Spark
from app.views.figure import Figure, Finding, Table
from app.views.names import hue


@dataclass(frozen=True, slots=True)
class YearRow(Figure[Spark]):
    """How many posts each of an author's years has."""

    author_year: AuthorYear

    @property
    def posts(self) -> dict[int, int]:
        """The years that have any, in their order."""
        years = self.author_year.calendar.years
        return dict(sorted(zip(years, self.author_year.by_year, strict=True)))

    def finding(self) -> Finding:
        years = [posts_in_year(count, year) for year, count in self.posts.items()]
        return Finding(show_list(years), topic=gettext("By year"))

    def table(self) -> Table:
        rows = [(str(year), count) for year, count in self.posts.items()]
        return Table([gettext("Year"), gettext("Posts")], rows)

    def plot(self) -> Spark | None:
        years, counts = [*self.posts], [*self.posts.values()]
        if len(years) < 2:
            return None
        return Spark(
            hue=hue(self.author_year.user.username),
            topic=self.finding().topic,
            caption=self.finding().title,
            heights=[100 * count / max(counts) for count in counts],
            shown=years.index(self.author_year.calendar.year),
            ends=(str(years[0]), str(years[-1])),
        )

    def path(self) -> str:
        return posts_path(self.author_year.user)

"""How the writing of a year differs from that of the year before."""

from dataclasses import dataclass
from typing import Final

from app.compute.fingerprint import Measure
from app.i18n import gettext
from app.parts.years.author_year import AuthorYear
from app.parts.years.figures import YearCalendar
from app.views.drawings import ListedName, NameList
from app.views.figure import Figure, Finding, Table
from app.views.measures import label_of, value_of

MOST_CHANGES: Final = 4
"""In sight, the clearest; the table has all measures."""


@dataclass(frozen=True, slots=True)
class ChangedWriting(Figure[NameList]):
    """What is in clearly more or fewer posts of a year than of the year before."""

    author_year: AuthorYear

    @property
    def measures(self) -> list[Measure]:
        return self.author_year.measures or []

    def finding(self) -> Finding:
        is_compared = self.author_year.measures is not None
        is_same = is_compared and not any(measure.is_clear for measure in self.measures)
        title = gettext("Much the same as in {year}.").format(year=self._before) if is_same else ""
        return Finding(title, topic=gettext("How the writing changed"))

    def table(self) -> Table:
        columns = [gettext("Measure"), str(self.author_year.calendar.year), str(self._before)]
        return Table(columns, [(label_of(one), *_values(one)) for one in self.measures])

    def plot(self) -> NameList | None:
        clear = [measure for measure in self.measures if measure.is_clear]
        changes = [
            ListedName(label_of(measure), self._told(measure), self.path())
            for measure in clear[:MOST_CHANGES]
        ]
        return NameList(changes, "changed-heading") if changes else None

    def path(self) -> str:
        return YearCalendar(self.author_year).path()

    @property
    def _before(self) -> int:
        return self.author_year.calendar.year - 1

    def _told(self, measure: Measure) -> str:
        value, before = _values(measure)
        return gettext("{value}; in {year} {before}").format(
            value=value, year=self._before, before=before
        )


def _values(measure: Measure) -> tuple[str, str]:
    return value_of(measure, measure.own), value_of(measure, measure.beside)

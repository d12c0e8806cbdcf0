"""The measures of an author: lines with a dot for the author, and rings for the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, log2, sqrt
from typing import Final

from quart import url_for

from app.compute.fingerprint import Measure
from app.i18n import gettext
from app.services.archive.author_portrait import AuthorPortrait
from app.services.posts.showing import Shown
from app.views.dots import DotRow, Dots, Initials, Ring
from app.views.figure import Figure, Finding, Table, TableCell
from app.views.initials import initials_of
from app.views.measures import label_of, value_of
from app.views.names import display_name, hue
from app.views.portraits.beside import others_called
from app.views.portraits.findings import finding_of

EDGE: Final = 4.0
"""Per cent of a line that are left free at both ends, so that dots and rings stay inside."""
NEAR: Final = 7.5
"""Per cent of a line within which rings would touch on a phone; they are drawn as one."""
FEWEST_ROWS: Final = 3
"""Rows with which it is the first drawing; with fewer the clock tells more."""
LEAST_APART: Final = 1.0
"""Difference of shares (Cohen's h) that reaches an end of a line where none is larger, as of 10 and
54 of 100. Two who are nearly equal stand together in the middle."""
LEAST_LONGER: Final = 1.0
"""The same of lengths, in doublings."""
SHORTEST: Final = 0.1
"""Words a message, below which nobody's length is told apart."""
LONGEST_ALONE: Final = 20
"""Words a message at the end of the line of somebody who is alone."""
SEARCHED: Final = ("laughing", "emoji")
"""Measures whose sign is a word that a search finds."""
SHOWN_BY: Final[dict[str, Shown]] = {
    "questions": "questions",
    "exclamations": "exclamations",
    "small": "small",
    "silence": "silence",
    ".": "dot",
    "…": "dots",
    "~": "tilde",
    "ㅠㅠ": "tears",
    "요": "yo",
}
"""How posts are written, by the measure or its sign."""


@dataclass(frozen=True, slots=True)
class Fingerprint(Figure[Dots]):
    """How an author's posts differ from those of others in seven things."""

    portrait: AuthorPortrait
    labelled_by: str = ""
    """The ids of what names the drawing on the page."""

    def finding(self) -> Finding:
        return Finding(finding_of(self.portrait), topic=gettext("How they write"))

    def table(self) -> Table:
        columns = [gettext("Measure"), display_name(self.portrait.user.username)]
        if self.portrait.others_total:
            columns += [others_called(self.portrait)]
            columns += self._names if self.portrait.others_total > 1 else []
        return Table(
            columns,
            [_cells(measure)[: len(columns)] for measure in self.portrait.measures],
            [*map(self._posts_with, self.portrait.measures)],
        )

    def plot(self) -> Dots | None:
        if not self.portrait.measures:
            return None
        colour = hue(self.portrait.user.username)
        rows = tuple(map(self._row, self.portrait.measures))
        has_middle = self.portrait.others_total > 0
        return Dots(colour, self.labelled_by, rows, tuple(self._others), has_middle)

    def path(self) -> str:
        return url_for("posts.show_posts", username=self.portrait.user.username)

    @property
    def _names(self) -> list[str]:
        return [display_name(other.username) for other in self.portrait.others]

    @property
    def _others(self) -> list[Initials]:
        hues = [hue(other.username) for other in self.portrait.others]
        return [*map(Initials, initials_of(self._names), self._names, hues)]

    def _row(self, measure: Measure) -> DotRow:
        own, *each = places_of(measure) if self.portrait.others_total else (place_alone(measure),)
        return DotRow(
            label=label_of(measure),
            value=value_of(measure, measure.own),
            beside=self._beside(measure),
            is_clear=measure.is_clear,
            place=own,
            rings=tuple(rings_of(each, self._others)),
            path=self._posts_with(measure),
        )

    def _beside(self, measure: Measure) -> str:
        """Return what the others have of a measure together, after their name."""
        if not self.portrait.others_total:
            return ""
        return f"{others_called(self.portrait)}: {value_of(measure, measure.beside)}"

    def _posts_with(self, measure: Measure) -> str:
        """Return the address of the posts that show a measure; of all where none does."""
        username = self.portrait.user.username
        if measure.name in SEARCHED:
            if not measure.sign:
                return self.path()
            return url_for("search.show_search", q=measure.sign, username=username)
        manner = _shown(measure) if measure.own else None
        return url_for("posts.show_posts", username=username, shows=manner)


def _shown(measure: Measure) -> Shown:
    """Return how the posts are written that show a measure which is no word."""
    if measure.name == "length":
        return "long" if measure.own >= measure.beside else "short"
    return SHOWN_BY[measure.sign or measure.name]


def _cells(measure: Measure) -> list[TableCell]:
    values = (measure.own, measure.beside, *measure.each)
    return [label_of(measure), *(value_of(measure, value) for value in values)]


def places_of(measure: Measure) -> list[float]:
    """Return where the author and each of the others are on a line, in per cent of it.

    All others together are in its middle, and who has more of a measure is right of them.
    """
    scale, least = (_length, LEAST_LONGER) if measure.name == "length" else (_angle, LEAST_APART)
    middle = scale(measure.beside)
    apart = [scale(value) - middle for value in (measure.own, *measure.each)]
    end = max(least, *map(abs, apart))
    return [_place((1 + distance / end) / 2) for distance in apart]


def place_alone(measure: Measure) -> float:
    """Return where somebody is on a line who is beside nobody: as far as the amount."""
    return _place(min(measure.own / (LONGEST_ALONE if measure.name == "length" else 1), 1))


def _angle(share: float) -> float:
    """Return a share on the scale on which equal distances are equally far (Cohen's h)."""
    return 2 * asin(sqrt(share))


def _length(words: float) -> float:
    return log2(max(words, SHORTEST))


def rings_of(places: Sequence[float], people: Sequence[Initials]) -> list[Ring]:
    """Return rings for people at these places; those who are near each other share one."""
    groups: list[list[tuple[float, Initials]]] = []
    for placed in sorted(zip(places, people, strict=True)):
        if groups and placed[0] - groups[-1][-1][0] < NEAR:
            groups[-1].append(placed)
        else:
            groups.append([placed])
    return [
        Ring(
            round(sum(place for place, _ in group) / len(group), 2),
            tuple(person for _, person in group),
        )
        for group in groups
    ]


def _place(part: float) -> float:
    return round(EDGE + (100 - 2 * EDGE) * part, 2)

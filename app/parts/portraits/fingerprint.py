"""The measures of an author in a sentence, and as dots on lines with rings for the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import asin, pi, sqrt
from typing import Final

from quart import url_for

from app.compute.fingerprint import Measure
from app.language.i18n import gettext, show_list, show_number
from app.parts.portraits.beside import only_other, others_called
from app.services.archive.author_portrait import AuthorPortrait
from app.services.posts.selection import Shown
from app.views.cast import display_name, hue, shown_name
from app.views.dot_plot import EDGE, DotRow, Dots, Initials, rings_of
from app.views.figure import Figure, Finding, Table, TableCell
from app.views.habit_words import (
    HARDLY,
    LONGEST_FINDING,
    MOST_TRAITS,
    brief_value_of,
    called,
    label_of,
    often,
    short_name,
    told_of,
    value_of,
)
from app.views.initials import initials_of

FEWEST_ROWS: Final = 3
"""Rows with which it is the first drawing; with fewer the clock tells more."""
LEAST_SHARE: Final = 1 / 4
"""Share of posts at the end of the lines where nobody has more, so that few do not look many."""
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
    has_words: bool = False
    """Whether words that the author wrote may stand in the finding."""

    def finding(self) -> Finding:
        title = finding_of(self.portrait, has_words=self.has_words)
        return Finding(title, topic=gettext("How they write"))

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
        return Dots(colour, self.labelled_by, rows, tuple(self._others))

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
        has_others = self.portrait.others_total > 0
        scale = scale_of(measure, self.portrait.measures if has_others else ())
        own, *each = map(scale, (measure.own, *measure.each) if has_others else (measure.own,))
        return DotRow(
            label=label_of(measure),
            value=value_of(measure, measure.own),
            beside=self._beside(measure),
            is_clear=measure.is_clear,
            place=own,
            beside_place=scale(measure.beside) if has_others else None,
            rings=tuple(rings_of(each, self._others)),
            path=self._posts_with(measure),
            brief=brief_value_of(measure, measure.own),
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


def scale_of(measure: Measure, measures: Sequence[Measure]) -> Callable[[float], float]:
    """Return the function from values of a measure to places on its line, in per cent of it.

    Zero is at the left end of every line. All shares of posts have one scale, so that a value is
    at one place in every row: its end is the largest share in these measures. Without any, as of
    somebody who is beside nobody, it is every post. Lengths have a line of their own.
    """
    if measure.name == "length":
        longest = max((measure.own, *measure.each)) if measures else LONGEST_ALONE
        return partial(_place_up_to, longest or 1)
    shares = [
        share for each in measures if each.name != "length" for share in (each.own, *each.each)
    ]
    end = _angle(max((LEAST_SHARE, *shares))) if measures else pi
    return lambda share: _place_up_to(end, _angle(share))


def _angle(share: float) -> float:
    """Return a share on the scale on which equal distances are equally far (Cohen's h)."""
    return 2 * asin(sqrt(share))


def _place_up_to(end: float, amount: float) -> float:
    return round(EDGE + (100 - 2 * EDGE) * min(amount / end, 1), 2)


def finding_of(portrait: AuthorPortrait, *, has_words: bool) -> str:
    """Return what sets the author apart, by the clearest measures; at most 140 characters.

    has_words: whether words that the author wrote may stand in it, where no measure is clear.
    """
    name = short_name(shown_name(portrait.user.username))
    if not portrait.others_total:
        nobody = gettext("There is no one else here to compare {name} with.")
        return (_typical(portrait, name) if has_words else "") or nobody.format(name=name)
    other_name = short_name(only_other(portrait))
    if not portrait.is_compared:
        few = gettext("There are too few posts yet to compare {name} with others.")
        few_of_two = gettext("There are too few posts yet to compare {name} with {other}.")
        return (few_of_two if other_name else few).format(name=name, other=other_name)
    clear = [measure for measure in portrait.measures if measure.is_clear]
    if all(measure.is_never for measure in clear):
        said = _said_more(portrait, name, other_name) if has_words else ""
        if said and len(said) <= LONGEST_FINDING:
            return said
    if not clear:
        nothing = gettext("Nothing clearly sets {name} apart here.")
        nothing_of_two = gettext("Nothing clearly sets {name} apart from {other}.")
        return (nothing_of_two if other_name else nothing).format(name=name, other=other_name)
    others = called(portrait.others_total, other_name, is_of_chat=portrait.room is not None)
    return told_of(portrait.user.username, clear, others)


def _typical(portrait: AuthorPortrait, name: str) -> str:
    """Return what sets apart an author who is alone here; nothing if no words are typical."""
    words = [f"“{term.text}”" for term in portrait.typical if not term.is_mark][:MOST_TRAITS]
    sentence = gettext("{name} writes {words} more often than the other authors here.")
    if portrait.shipped_authors:
        sentence = gettext(
            "{name} writes {words} more often than the {count} authors that come with saywho."
        )
    count = show_number(portrait.shipped_authors)
    findings = (
        sentence.format(name=name, words=show_list(words[:number]), count=count)
        for number in range(len(words), 0, -1)
    )
    return next((text for text in findings if len(text) <= LONGEST_FINDING), "")


def _said_more(portrait: AuthorPortrait, name: str, other_name: str) -> str:
    """Return which words the author says more often than the others; nothing if there are none."""
    if not portrait.phrases:
        return ""
    phrase = max(portrait.phrases, key=lambda phrase: phrase.messages)
    share = phrase.messages / portrait.messages
    if share < HARDLY:
        return ""
    sentence = gettext("{name} says “{words}” more often than the others ({often}).")
    if other_name:
        sentence = gettext("{name} says “{words}” more often than {other} ({often}).")
    return sentence.format(name=name, words=phrase.text, other=other_name, often=often(share))

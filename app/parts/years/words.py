"""Which words a year of an author has more of than those beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from quart import url_for

from app.language.i18n import gettext, show_number
from app.parts.years.author_year import AuthorYear
from app.parts.years.compared_years import WordsOfYear, YearWord
from app.parts.years.room_year import RoomYear
from app.views.authors.figures import posts_path
from app.views.drawings import ListedName, NameList
from app.views.figure import Figure, Finding, Table
from app.views.names import post_count

MOST_WORDS: Final = 6
"""In sight; the table has them all."""
FEWEST_OF_CARD: Final = 3
"""Words that fill a card; fewer stand in a line."""
TENTHS_BELOW: Final = 10
"""How many times as often is told in tenths below."""


@dataclass(frozen=True, slots=True)
class ComparedWords(Figure[NameList]):
    """Which words are in a clearly larger share of the posts of a year than of one beside it."""

    author_year: AuthorYear | RoomYear
    topic: str
    id_: str
    """Of the heading."""
    words: Sequence[YearWord]
    note: str
    other: int | None = None
    """The year beside it; None for what is in neither of the two."""

    def finding(self) -> Finding:
        return Finding(topic=self.topic, notes=[self.note])

    def table(self) -> Table:
        words = self.words
        return Table(
            [gettext("Word"), gettext("Posts"), str(self.other or gettext("By the others"))],
            [(word.text, word.posts, word.posts_beside) for word in words],
            [self._search_path(word.text) for word in words],
        )

    def plot(self) -> NameList:
        names = [
            ListedName(word.text, self._told(word), self._search_path(word.text))
            for word in self.words[:MOST_WORDS]
        ]
        return NameList(names, self.id_)

    def _told(self, word: YearWord) -> str:
        """Return in how many posts of the year a word is, and how often in the other one."""
        posts = post_count(word.posts)
        if self.other is None:
            return posts
        if word.times is None:
            return gettext("{count}; never in {other}").format(count=posts, other=self.other)
        if word.is_rare_beside:
            return gettext("{count}; hardly ever in {other}").format(count=posts, other=self.other)
        times = show_number(round(word.times, 1 if word.times < TENTHS_BELOW else None))
        return gettext("{count}; {times} times as often as in {other}").format(
            count=posts, times=times, other=self.other
        )

    def path(self) -> str:
        shown = self.author_year
        if isinstance(shown, AuthorYear):
            return posts_path(shown.user)
        return url_for("rooms.show_room", room_id=shown.room.id)

    def _search_path(self, word: str) -> str:
        shown = self.author_year
        if isinstance(shown, AuthorYear):
            return url_for("search.show_search", q=word, username=shown.user.username)
        return url_for("rooms.show_room", room_id=shown.room.id, q=word)


def words_of(author_year: AuthorYear | RoomYear) -> list[ComparedWords]:
    """Return the words of a year alone, those that came with it, those that went, and those that
    are only more frequent than before or after it.

    That those that came have stayed can be told where the year after it was compared too.
    """
    came = gettext("New words that stayed") if author_year.went else gettext("Words that appeared")
    figures = [
        ComparedWords(
            author_year,
            gettext("Only in {year}").format(year=author_year.calendar.year),
            "only-heading",
            author_year.only,
            gettext("Not in any post of the compared years before and after"),
        ),
        _beside(author_year, author_year.came, came, "came-heading", is_rare=True),
        _beside(
            author_year,
            author_year.went,
            gettext("Words that disappeared"),
            "went-heading",
            is_rare=True,
        ),
        _beside(
            author_year,
            author_year.came,
            gettext("More often than in {year}"),
            "more-heading",
            is_rare=False,
        ),
        _beside(
            author_year, author_year.went, _less_often(author_year), "less-heading", is_rare=False
        ),
    ]
    return [figure for figure in figures if figure.words]


def has_card(figures: Sequence[ComparedWords]) -> bool:
    """Return whether words have a card; else each list is a line."""
    return sum(len(figure.words) for figure in figures) >= FEWEST_OF_CARD


def _less_often(author_year: AuthorYear | RoomYear) -> str:
    is_over = author_year.went is None or author_year.went.is_over
    return gettext("Less often in {year}") if is_over else gettext("Less often in {year} so far")


def _beside(
    author_year: AuthorYear | RoomYear,
    compared: WordsOfYear | None,
    topic: str,
    id_: str,
    *,
    is_rare: bool,
) -> ComparedWords:
    """Return those words of a list that are rare in the year beside, or those that are not."""
    words = compared.words if compared else []
    year = compared.year if compared else None
    note = gettext("In a clearly larger share of the posts than in {year}")
    if is_rare:
        note = gettext("Never or hardly ever in {year}")
        if compared and not compared.is_over:
            note = gettext("Never or hardly ever in {year} so far")
    return ComparedWords(
        author_year,
        topic.format(year=year),
        id_,
        [word for word in words if word.is_rare_beside == is_rare],
        note.format(year=year),
        year,
    )

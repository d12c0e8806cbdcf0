"""How few authors differ: words of each, or typical words of one author."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from app.compute.typical_words import TypicalWord
from app.language.i18n import gettext, show_list, show_number
from app.parts.dashboard.sentences import nothing_dated, sentences, some_of
from app.parts.dashboard.shapes import FigureBar, Plot, draw_bars
from app.services.compare.habits import AuthorWords
from app.views.cast import hue, shown_name
from app.views.figure import Figure, Finding, Table
from app.views.filters import View

MOST_WORDED: Final = 6


@dataclass(frozen=True, slots=True)
class Words(Figure[Plot]):
    view: View
    authors: Sequence[AuthorWords]
    total: int
    """Number of authors with posts, also those left out."""
    is_any_alone: bool = True
    """Whether an author is the only one of a language, compared with others elsewhere."""

    @property
    def names(self) -> list[str]:
        return [author.username for author, _ in self.authors]

    @property
    def is_of_two(self) -> bool:
        return len(self.authors) == 2 and not self.is_any_alone

    def finding(self) -> Finding:
        if not self.authors:
            return nothing_dated(self.view)
        about = self._about()
        if len(self.authors) == 1:
            return Finding(_typical(self.authors[0]), topic=gettext("Typical words"), about=about)
        parts = [
            f"{shown_name(author.username)}: {_quoted(words[0])}"
            for author, words in self.authors
            if words
        ]
        silent = [shown_name(author.username) for author, words in self.authors if not words]
        title = gettext("Used more often by each author: {words}").format(words="; ".join(parts))
        note = gettext("Nothing stands out in the posts of {names}.").format(
            names=show_list(silent)
        )
        if not parts:
            title = gettext("No word distinguishes these authors")
        return Finding(
            title,
            sentences(note if parts and silent else "", some_of(len(self.authors), self.total)),
            topic=gettext("How they differ"),
            about=about,
        )

    def _about(self) -> str:
        if self.is_any_alone:
            return gettext(
                "Words and signs used clearly more often than by others who write the same "
                "language, per 1,000 words. Longer bars are more distinctive. The dates chosen "
                "above do not apply here."
            )
        if self.is_of_two:
            return gettext(
                "Words and signs that each author uses clearly more often than the other, per "
                "1,000 words. Longer bars are more distinctive. The dates chosen above do not "
                "apply here."
            )
        return gettext(
            "Words and signs that each author uses clearly more often than the others here, per "
            "1,000 words. Longer bars are more distinctive. The dates chosen above do not apply "
            "here."
        )

    def plot(self) -> Plot | None:
        most = max((word.weight for _, words in self.authors for word in words), default=0)
        bars = []
        for author, words in self.authors:
            if len(self.authors) > 1:
                heading = (
                    shown_name(author.username)
                    if words
                    else gettext("{name}: nothing").format(name=shown_name(author.username))
                )
                bars.append(FigureBar(heading, 0, "", _query(author.username), is_heading=True))
                words = words[:6]
            bars += [
                FigureBar(
                    word.text,
                    word.weight / most,
                    self._label(word),
                    _query(author.username, word),
                    colour=f"${hue(author.username)}",
                )
                for word in words
            ]
        return draw_bars(bars, range=[0, 1.8], visible=False) if most else None

    def path(self) -> str:
        return "/search?"

    def table(self) -> Table:
        rows = [(author.username, word) for author, words in self.authors for word in words]
        columns = (
            gettext("Author"),
            gettext("Word"),
            gettext("Uses"),
            gettext("Per 1,000 words"),
            gettext("By the other author") if self.is_of_two else gettext("By the others"),
        )
        return Table(
            columns,
            [
                (
                    shown_name(name),
                    word.text,
                    word.uses,
                    round(word.rate, 2),
                    round(word.rate_elsewhere, 2),
                )
                for name, word in rows
            ],
            [f"/search?{_query(name, word)}" for name, word in rows],
            gettext(
                "Words and signs by how often they are used. The chosen dates do not apply here."
            ),
        )

    def _label(self, word: TypicalWord) -> str:
        label = gettext("{rate}, the others {elsewhere}")
        if self.is_of_two:  # A name in its place may be long, and leave no room for the bar.
            label = gettext("{rate}, the other {elsewhere}")
        return label.format(
            rate=show_number(round(word.rate, 1)),
            elsewhere=show_number(round(word.rate_elsewhere, 1)),
        )


def _typical(author_words: AuthorWords) -> str:
    author, words = author_words
    quoted = show_list([_quoted(word) for word in words[:3]])
    title = gettext("Typical of {name}: {words}")
    if not words:
        title = gettext("No typical words of {name} are known yet")
    return title.format(name=shown_name(author.username), words=quoted)


def _quoted(word: TypicalWord) -> str:
    return gettext("“{word}”").format(word=word.text)


def _query(username: str, word: TypicalWord | None = None) -> str:
    searched = {"q": f'"{word.text}"'} if word else {}
    return urlencode(searched | {"username": username})

"""Which authors write alike; among fewer than four of a language, how their words differ."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.language.i18n import gettext, gettext_noop, ngettext, show_list, show_number
from app.lifespan import resources
from app.parts.dashboard.figures import (
    MOST_AUTHORS,
    OF_AUTHORS,
    Cell,
    FigureBar,
    Panel,
    PanelFigure,
    Plot,
    draw_bars,
    draw_cells,
    hover_lines,
    nothing_dated,
    posts_path,
    row_axis,
    row_height,
    row_labels,
    sentences,
    some_of,
)
from app.services.compare.habits import AuthorWords, likeness_of, typical_beside, written_languages
from app.services.posts.post_counts import ActiveAuthors, most_active_with
from app.services.posts.users import UserRow
from app.views.cast import hue, shown_name
from app.views.figure import Finding, Table
from app.views.filters import View
from saywho.engine.attribution import MOST_CLOSEST, neighbour_order
from saywho.people.typical_words import TypicalWord

MOST_WORDED: Final = 6


@dataclass(frozen=True, slots=True)
class Words(PanelFigure):
    view: View
    authors: Sequence[AuthorWords]
    total: int
    """Number of authors with posts, also authors that are left out."""
    is_any_alone: bool = True
    """Whether an author is the only author of a language, compared with people elsewhere."""

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
        note = gettext("No word is clearly more frequent in the posts of {names}.").format(
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
                "Words and signs used clearly more often than by other people who write "
                "the same language, per 1,000 words. Longer bars are more distinctive. "
                "The dates chosen above do not apply here."
            )
        if self.is_of_two:
            return gettext(
                "Words and signs that each author uses clearly more often than the other, per "
                "1,000 words. Longer bars are more distinctive. The dates chosen above do not "
                "apply here."
            )
        return gettext(
            "Words and signs that each author uses clearly more often than other "
            "authors here, per 1,000 words. Longer bars are more distinctive. The "
            "dates chosen above do not apply here."
        )

    def plot(self) -> Plot | None:
        most = max((word.weight for _, words in self.authors for word in words), default=0)
        bars = []
        for (author, words), heading in zip(self.authors, self._headings(), strict=True):
            if len(self.authors) > 1:
                query = _query(author.username)
                bars += [FigureBar(line, 0, "", query, is_heading=True) for line in heading]
                words = words[:6]
            bars += [
                FigureBar(
                    word.text,
                    word.weight / most,
                    self._label(word),
                    _query_of_word(author.username, word),
                    colour=f"${hue(author.username)}",
                )
                for word in words
            ]
        return draw_bars(bars, range=[0, 1.8], visible=False) if most else None

    def _headings(self) -> list[list[str]]:
        """Return the lines of each author's heading."""
        nothing = gettext("{name}: nothing")
        authors = [(shown_name(author.username), words) for author, words in self.authors]
        return row_labels([name if words else nothing.format(name=name) for name, words in authors])

    def path(self) -> str:
        return "/search?"

    def table(self) -> Table:
        rows = [(author.username, word) for author, words in self.authors for word in words]
        columns = (
            gettext("Author"),
            gettext("Word"),
            gettext("Uses"),
            gettext("Per 1,000 words"),
            gettext("By the other author") if self.is_of_two else gettext("By other people"),
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
            [f"/search?{_query_of_word(name, word)}" for name, word in rows],
            gettext(
                "Words and signs by how often they are used. The chosen dates do not apply here."
            ),
        )

    def _label(self, word: TypicalWord) -> str:
        label = gettext("{rate}, other people {elsewhere}")
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


def _query_of_word(username: str, word: TypicalWord) -> str:
    return urlencode({"q": f'"{word.text}"', "username": username})


SMALLEST_SHOWN: Final = 0.02
"""Smallest likeness that is shown, in [0, 1]."""
MOST_DRAWN: Final = 12
"""Authors in the grid; more cells could not be told apart."""
Pair = tuple[str, str, float]


class WhoLikeWhom(Panel["Likeness | Words"]):
    name = "likeness"
    is_of_authors = True
    topic = gettext_noop("Authors who sound alike")
    about = gettext_noop(
        "A stronger colour means that two authors who write the same language "
        "stand out by more of the same words and signs. In the table, 1 means "
        "all of them, and 0 means no common words or signs. The dates chosen "
        "above do not apply here."
    )
    waiting = gettext_noop("Counting…")

    async def load(self, session: AsyncSession, view: View) -> "Likeness | Words":
        models = resources().models
        authors = await most_active_with(session, view.selection, limit=MOST_AUTHORS)
        languages = await written_languages(session, models, authors.rows)
        is_alone = len(view.names) == 1 or len(authors.rows) == 1
        # The most alike among fewer than four authors of a language may be opposites.
        sizes = Counter(languages)
        peers = [
            place
            for place, language in enumerate(languages)
            if sizes[language] >= 4 and (not is_alone or language == languages[0])
        ]
        if not peers:
            return await _words(session, view, authors, languages, is_alone=is_alone)
        users = [authors.rows[place] for place in peers]
        spoken = np.array([languages[place] or "" for place in peers])
        is_pair = (spoken == spoken[:, None]) & ~np.eye(len(peers), dtype=np.bool_)
        is_asked = is_pair & (np.arange(len(peers)) == 0)[:, None] if is_alone else is_pair
        found = await likeness_of(session, models, users, is_asked)
        alike = np.where(is_pair, found.values, 0.0)
        order = neighbour_order(alike)
        return Likeness(
            view,
            [users[place].username for place in order],
            alike[np.ix_(order, order)],
            len(authors.rows),
            authors.total,
            [(users[one].username, users[second].username) for one, second in found.closest],
            users[0].username if is_alone else "",
        )

    def usernames(self, loaded: "Likeness | Words") -> Iterable[str]:
        return loaded.names


@dataclass(frozen=True)
class Likeness(PanelFigure):
    """The likeness of authors of a language with four or more."""

    view: View
    names: Sequence[str]
    alike: NDArray[np.float64]
    """Likeness, (n, n) float64; 0 for authors of different languages and on the diagonal."""
    looked_at: int
    """Number of authors with the most posts, in any language."""
    total: int
    closest: Sequence[tuple[str, str]]
    """The most similar pairs, without a clear lead of any pair."""
    centre: str = ""
    """The only author of the figure; empty if there are several."""

    @cached_property
    def pairs(self) -> list[Pair]:
        """The pairs of similar authors, the most similar first; only the centre's, if any."""
        pairs = [
            (one, second, float(self.alike[i, j]))
            for i, one in enumerate(self.names)
            for j, second in enumerate(self.names)
            if (one == self.centre if self.centre else i < j) and self.alike[i, j] >= SMALLEST_SHOWN
        ]
        return sorted(pairs, key=lambda pair: -pair[2])

    @cached_property
    def named(self) -> list[Pair]:
        """The pairs that are clearly more similar than all other pairs; empty if they are many."""
        all_pairs = len(self.names) - 1 if self.centre else math.comb(len(self.names), 2)
        if len(self.closest) > min(MOST_CLOSEST, all_pairs - 1):
            return []
        closest = [*map(frozenset, self.closest)]
        return [pair for pair in self.pairs if frozenset(pair[:2]) in closest]

    @cached_property
    def drawn(self) -> list[int]:
        """Indices of the authors in the grid: all, or the most similar pairs'."""
        in_pairs = dict.fromkeys(name for pair in self.pairs for name in pair[:2])
        kept = {*islice(in_pairs, MOST_DRAWN)}
        if len(self.names) <= MOST_DRAWN:
            kept = {*self.names}
        return [place for place, name in enumerate(self.names) if name in kept]

    def finding(self) -> Finding:
        title, about = _most_alike(self), ""
        if self.centre:
            title = _nearest(self)
            about = gettext(
                "Longer bars mean that two authors stand out by more of the same words "
                "and signs: 1 means all of them, and 0 means no common words or signs. "
                "The dates chosen above do not apply here."
            )
        return Finding(title, sentences(_habits_in_common(self), *_left_out(self)), about=about)

    def plot(self) -> Plot | None:
        """Return the drawing, unless it shows that none are the most similar; rows have numbers."""
        if not (self.named or (self.pairs and self.centre)):
            return None
        if not self.centre:
            return _grid(self)
        bars = [
            FigureBar(shown_name(second), like, f"{like:.2f}", _query(one, second))
            for one, second, like in self.pairs[:8]
        ]
        return draw_bars(bars, range=[0, 1.12])

    def path(self) -> str:
        return posts_path(_of_pairs(self.view))

    def table(self) -> Table:
        query = _of_pairs(self.view)
        return Table(
            (gettext("Author"), gettext("Other author"), gettext("Likeness")),
            [
                (shown_name(one), shown_name(second), round(like, 3))
                for one, second, like in self.pairs
            ],
            [posts_path(query, username=[one, second]) for one, second, _ in self.pairs],
            gettext(
                "1 means that both stand out by the same words and signs, 0 means no "
                "common words or signs. The chosen dates do not apply here."
            ),
        )


async def _words(
    session: AsyncSession,
    view: View,
    authors: ActiveAuthors,
    languages: Sequence[str | None],
    *,
    is_alone: bool,
) -> Words:
    count = 1 if is_alone else MOST_WORDED
    by_language: dict[str | None, list[UserRow]] = {}
    for row, language in list(zip(authors.rows, languages, strict=True))[:count]:
        by_language.setdefault(language, []).append(row)
    typical = [
        words
        for rows in by_language.values()
        for words in await typical_beside(session, resources().models, rows)
    ]
    sizes = {len(rows) for rows in by_language.values()}
    return Words(view, typical, 1 if is_alone else authors.total, is_any_alone=1 in sizes)


def _left_out(data: Likeness) -> Iterator[str]:
    if data.centre:
        note = gettext(
            "Compared with the {count} authors of the same language who have the most posts."
        )
        yield note.format(count=show_number(len(data.names) - 1))
        return
    yield some_of(data.looked_at, data.total)
    if few := data.looked_at - len(data.names):
        note = ngettext(
            "{count} more author is left out because fewer than four authors write the language, "
            "or the language is not known.",
            "{count} more authors are left out because fewer than four authors write their "
            "language, or the language is not known.",
            few,
        )
        yield note.format(count=show_number(few))
    if data.named and len(data.drawn) < len(data.names):
        note = gettext("The chart shows the {count} most similar authors; the table has all pairs.")
        yield note.format(count=show_number(len(data.drawn)))


def _habits_in_common(data: Likeness) -> str:
    if not data.named:
        return ""
    likeness = data.named[0][2]
    if likeness >= 0.75:
        return gettext("Both stand out by almost the same words and signs.")
    if likeness >= 0.5:
        return gettext("Both stand out by many of the same words and signs.")
    if likeness >= 0.25:
        return gettext("Both stand out by some of the same words and signs.")
    return gettext("Still, both stand out by few of the same words and signs.")


def _most_alike(data: Likeness) -> str:
    if not data.pairs:
        return gettext("These authors have next to nothing in common")
    if not data.named:
        return gettext("No two authors are clearly the most similar")
    names = [
        gettext("{one} and {other}").format(one=shown_name(one), other=shown_name(second))
        for one, second, _ in data.named
    ]
    return gettext("Most similar: {pairs}").format(pairs="; ".join(names))


def _nearest(data: Likeness) -> str:
    if not data.pairs:
        title = gettext("{name} has next to nothing in common with the other authors")
        return title.format(name=shown_name(data.centre))
    names = [shown_name(second) for _, second, _ in data.named]
    title = gettext("Most similar to {name}: {nearest}")
    if not names:
        title = gettext("No other author is clearly the most similar to {name}")
    return title.format(name=shown_name(data.centre), nearest=show_list(names))


def _of_pairs(view: View) -> str:
    return view.query(username="", **dict.fromkeys(OF_AUTHORS, ""))


def _grid(data: Likeness) -> Plot:
    names = [(data.names[place], shown_name(data.names[place]), place) for place in data.drawn]
    cells = []
    for row, (one, shown, i) in enumerate(names):
        for column, (second, shown_second, j) in enumerate(names):
            if (share := float(data.alike[i, j])) >= SMALLEST_SHOWN:
                text = hover_lines(f"{shown} – {shown_second}: {share:.2f}")
                cells.append(Cell(column, row, share, text, _query(one, second)))
    shown_names = [shown for _, shown, _ in names]
    axis = row_axis(shown_names)
    layout = {
        "xaxis": axis | {"range": [-0.6, len(names) - 0.4], "tickangle": -60},
        "yaxis": axis,
        "meta": {
            "height": row_height(shown_names, least_px=240, around_px=160),
            "width": 140 + 60 * len(names),
        },
    }
    return {"data": [draw_cells(cells)], "layout": layout}


def _query(*usernames: str) -> str:
    return urlencode({"username": usernames}, doseq=True)

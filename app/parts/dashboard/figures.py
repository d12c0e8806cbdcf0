"""What panels share: bars as figures and drawings, and their answers for the browser.

Shapes have colours of the stylesheet, such as `$ink`.
"""

import textwrap
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any, ClassVar, Final, NamedTuple
from unicodedata import east_asian_width
from urllib.parse import urlencode

from quart import url_for

from app.language.i18n import gettext, ngettext, show_number
from app.parts.dashboard.counts import REST, DashboardView, ViewCounts
from app.views.cast import hue, shown_name
from app.views.figures.figure import Figure, TableCell

Plot = dict[str, Any]
EVERYONE: Final = "*"
"""Stands in a bar for all posts, whoever wrote them."""


class FigureBar(NamedTuple):
    name: str
    posts: Mapping[str, int]
    """By author, `REST` or `EVERYONE`."""
    chosen: Mapping[str, str]
    """Parameters of the page after a press on it."""
    label: str = ""
    """A short name below an upright bar; empty without room."""
    is_faint: bool = False
    """Whether another bar is chosen."""


class BarPart(NamedTuple):
    """What has one colour in a drawing."""

    name: str
    colour: str
    members: Sequence[str]
    """Keys of `FigureBar.posts`."""


class BarPanel(ABC):
    """Bars from 0 of the posts that a question chooses."""

    name: ClassVar[str]
    topic: ClassVar[str]
    column: ClassVar[str]
    """Heading of the bars in the table."""
    about: ClassVar[str] = ""
    is_stacked: ClassVar[bool] = False
    """Whether authors are parts of the bars, with columns of their own in the table."""
    lies: ClassVar[bool] = False
    """Whether bars lie, each below its name."""
    most_lying: ClassVar[int] = 12
    """Bars that are drawn below each other; the table has more."""
    height_px: ClassVar[int] = 260

    @abstractmethod
    def bars(self, counts: ViewCounts) -> list[FigureBar]:
        """Return the bars in order; there are posts with a time."""

    @abstractmethod
    def title(self, counts: ViewCounts, bars: Sequence[FigureBar]) -> tuple[str, Sequence[str]]:
        """Return the finding, and notes on it."""

    def figure(self, counts: ViewCounts) -> Figure[Plot]:
        """Return the figure; the people must be bound."""
        asked, topic = counts.asked, gettext(self.topic)
        if word := asked.q.strip():
            topic = f"{topic}: “{word}”"
        if not counts.days:
            return replace(nothing_dated(asked, counts.undated), topic=topic)
        bars = self.bars(counts)
        title, notes = self.title(counts, bars)
        columns = [gettext(self.column), gettext("Posts")]
        rows, links = list[Sequence[TableCell]](), list[str]()
        for bar in bars:
            for name, posts in bar.posts.items():
                if posts and name != REST:
                    cells = [shown_name(name)] if self.is_stacked else []
                    rows.append((bar.name, *cells, posts))
                    chosen = {**bar.chosen, **({"username": name} if self.is_stacked else {})}
                    links.append(_path_of(asked, chosen))
        return Figure(
            topic=topic,
            title=title,
            notes=[*filter(None, [*notes, *_left_out(counts)])],
            columns=[columns[0], gettext("Author"), columns[1]] if self.is_stacked else columns,
            rows=rows,
            links=links,
            plot=self._plot(counts, bars[: self.most_lying] if self.lies else bars),
        )

    def _plot(self, counts: ViewCounts, bars: Sequence[FigureBar]) -> Plot:
        parts = _parts_of(counts, bars)
        traces = [self._trace(part, bars, is_alone=len(parts) == 1) for part in parts]
        most = max(sum(bar.posts.values()) for bar in bars)
        # Posts are whole: an axis of few has no halves.
        scale = {"rangemode": "tozero", "nticks": 5} | ({"dtick": 1} if most < 5 else {})
        names = [bar.name for bar in bars]
        if self.lies:
            height, axes = (
                len(bars) * (3 + 17 * max(map(len, row_labels(names)), default=1)) + 40,
                (scale, row_axis(names)),
            )
        else:
            places = {
                "tickvals": [place for place, bar in enumerate(bars) if bar.label],
                "ticktext": [bar.label for bar in bars if bar.label],
                "range": [-0.6, len(bars) - 0.4],
                "showgrid": False,
            }
            height, axes = self.height_px, (places, scale)
        layout = {
            "xaxis": axes[0],
            "yaxis": axes[1],
            "barmode": "stack",
            "showlegend": self.is_stacked and len(parts) > 1,
            "meta": {"height": height},
        }
        return {"data": traces, "layout": layout}

    def _trace(self, part: BarPart, bars: Sequence[FigureBar], *, is_alone: bool) -> Plot:
        drawn = [
            (place, bar, posts)
            for place, bar in enumerate(bars)
            if (posts := sum(bar.posts.get(member, 0) for member in part.members))
        ]
        places, lengths = [place for place, *_ in drawn], [posts for *_, posts in drawn]
        own = "" if is_alone or self.lies else f"<b>{hover_lines(part.name)}</b><br>"
        return {
            "name": escape(row_labels([part.name])[0][0]),
            "orientation": "h" if self.lies else "v",
            "x": lengths if self.lies else places,
            "y": places if self.lies else lengths,
            "text": [show_number(posts) for posts in lengths] if self.lies else [],
            "textangle": 0,
            "width": 0.84,
            "customdata": [urlencode(bar.chosen) for _, bar, _ in drawn],
            "marker": {
                "color": part.colour,
                "opacity": [0.3 if bar.is_faint else 1 for _, bar, _ in drawn],
            },
            "hovertext": [
                f"{own}{hover_lines(bar.name)}: {show_number(posts)}" for _, bar, posts in drawn
            ],
            "meta": {"posts": sum(lengths)},
        }


def _parts_of(counts: ViewCounts, bars: Sequence[FigureBar]) -> list[BarPart]:
    if any(EVERYONE in bar.posts for bar in bars):
        return [BarPart(gettext("Posts"), "$accent", [EVERYONE])]
    names = counts.usernames
    # More than eight colours could not be told apart.
    leaders = names if counts.authors <= 8 else names[:7]
    parts = [BarPart(shown_name(name), f"${hue(name)}", [name]) for name in leaders]
    if others := counts.authors - len(leaders):
        rest = [*names[len(leaders) :], REST]
        name = gettext("{count} others").format(count=show_number(others))
        parts.append(BarPart(name, "$soft", rest))
    return parts


def nothing_dated(asked: DashboardView, undated: int = 0) -> Figure[Any]:
    title = ngettext("{count} post, without a time", "{count} posts, all without a time", undated)
    if not undated:
        title = gettext("There are no posts here. Try another filter.")
        title = title if asked.is_narrowed else gettext("Nothing here yet")
    return Figure(title=title.format(count=show_number(undated)))


def _left_out(counts: ViewCounts) -> Iterator[str]:
    """Yield what the numbers leave out."""
    if counts.undated:
        note = ngettext(
            "{count} more post has no time.", "{count} more posts have no time.", counts.undated
        )
        yield note.format(count=show_number(counts.undated))
    if counts.of_samples:
        note = ngettext(
            "{count} of these posts is by a sample author.",
            "{count} of these posts are by sample authors.",
            counts.of_samples,
        )
        yield note.format(count=show_number(counts.of_samples))
    if REST in counts.days:
        note = gettext("The table has the {shown} of {all} authors with the most posts.")
        shown = show_number(len(counts.usernames))
        yield note.format(shown=shown, all=show_number(counts.authors))
    if counts.has_more:
        yield gettext("Only the 10,000 posts that were stored last are counted.")
    for typed in dict.fromkeys(each.typed for each in counts.corrections):
        used = [each.used for each in counts.corrections if each.typed == typed]
        note = gettext("No post has “{typed}”: “{used}” is counted.")
        yield note.format(typed=typed, used="”, “".join(used))


def _path_of(asked: DashboardView, chosen: Mapping[str, str]) -> str:
    """Return the URL of the posts of a bar: the list of posts knows no words."""
    query = asked.query(**dict.fromkeys(chosen, ""))
    page = "dashboard.show_dashboard" if asked.q.strip() else "posts.show_posts"
    return f"{url_for(page)}?{'&'.join(filter(None, (query, urlencode(chosen))))}"


LINE_CELLS: Final = 22
"""Width of a name's line beside the rows of a drawing; a Hangul syllable has two cells."""


def row_labels(names: Sequence[str]) -> list[list[str]]:
    """Return the lines of each name: two, of its beginning and end; all if names share these."""
    labels = [_lines_of(name) for name in names]
    short = [
        lines
        if len(lines) < 3
        else [lines[0], f"…{_lines_of(name[::-1], LINE_CELLS - 1)[0][::-1]}"]
        for name, lines in zip(names, labels, strict=True)
    ]
    return [
        whole if short.count(lines) > 1 else lines
        for whole, lines in zip(labels, short, strict=True)
    ]


def _lines_of(text: str, cells: int = LINE_CELLS) -> list[str]:
    # `textwrap` counts characters, so a wide character gets a second one.
    second = "\u2060"
    wide = [letter + second * (east_asian_width(letter) in {"F", "W"}) for letter in text.strip()]
    return [line.replace(second, "") for line in textwrap.wrap("".join(wide), cells)]


def hover_lines(text: str) -> str:
    """Return a line of a label at the pointer, broken so that it has room on a phone."""
    return "<br>".join(map(escape, _lines_of(text, 36)))


def row_axis(names: Sequence[str]) -> Plot:
    return {
        "range": [len(names) - 0.4, -0.6],
        "tickvals": list(range(len(names))),
        "ticktext": ["<br>".join(map(escape, lines)) for lines in row_labels(names)],
        "tickfont": {"color": "$ink", "size": 13},
        "showgrid": False,
    }

"""Figures of dashboard, portraits, years, archives and pictures.

Their methods need the page's people to be bound (`app/views/cast.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from app.drawing.drawings import HOURS, Clock
from app.language.i18n import gettext, gettext_noop, gettext_of_past, show_number, show_zone
from app.views.cast import post_count
from app.views.tell import part_of, tell, tell_of_past
from saywho.people.times import BUSY_H, DAY_H, PART_H
from saywho.significance import plain_peak

TableCell = str | int | float | None
NOT_THERE: Final = "–"
PlotT = TypeVar("PlotT")
PARTS: Final = (
    gettext_noop("night, 0:00 to 6:00"),
    gettext_noop("morning, 6:00 to 12:00"),
    gettext_noop("afternoon, 12:00 to 18:00"),
    gettext_noop("evening, 18:00 to 24:00"),
)


@dataclass(frozen=True, kw_only=True)
class Figure(Generic[PlotT]):
    """Numbers with a finding, rows unless all of them are drawn, and a drawing if there is anything
    to draw.
    """

    topic: str = ""
    title: str = ""
    """The finding."""
    notes: Sequence[str] = ()
    """Further sentences, and what the numbers leave out."""
    about: str = ""
    """How it is measured."""
    zone: str = ""
    nothing: str = ""
    """Sentence without a finding, if there is no title: then a page folds the drawing."""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[TableCell]] = ()
    links: Sequence[str] = ()
    """The URL of the posts of each row, on the dashboard."""
    beside: int = 3
    """Columns that stand beside each other on a page; the others are below them."""
    plot: PlotT | None = None
    name: str = ""
    """Beginning of the ids of its headings, unique on the page."""

    def below(self, row: Sequence[TableCell], beside: int) -> list[tuple[str, str]]:
        """Return further cells with their columns, but for nothing and none."""
        cells = zip(self.columns[beside:], row[beside:], strict=False)
        return [(column, written(cell)) for column, cell in cells if cell]


def figure_of(make: Callable[[Any], Figure[Any]]) -> property:
    """Return the property of a page that is a figure of what the page shows."""
    return property(lambda page: make(page.shown))


def written(cell: TableCell) -> str:
    return show_number(cell) if isinstance(cell, int | float) else cell or ""


@dataclass(frozen=True, slots=True)
class Hours:
    """When posts were written, by the hour of the day."""

    column: str
    """Heading of the numbers."""
    counts: Sequence[int]
    busy_from: int | None
    zone: str
    hue: str
    is_past: bool = False
    """Whether no more posts can come."""
    busy_part: int | None = None
    """The quarter of the day that is ahead day by day."""

    def figure(
        self, outline: Sequence[int] = (), column: str = "", told: str = ""
    ) -> Figure[Clock]:
        """Return the figure of these hours; outline: others' or earlier hours, in a column of their
        own, and the sentence on them.
        """
        topic = gettext("By hour")
        if not any(self.counts):
            return Figure(topic=topic, title=gettext("No post has a time."), zone=self.zone)
        shares, beside = _shares(self.counts), _shares(outline)
        most = max(*shares, *beside)
        caption = busiest(self.counts, self.busy_from, is_past=self.is_past)
        clock = Clock(
            self.hue,
            caption or topic,
            [100 * share / most for share in shares],
            [100 * share / most for share in beside] if any(beside) else (),
            told_by_hour(self.counts),
        )
        even = gettext_noop("No single stretch of hours is clearly the busiest.")
        of_outline = [outline] if any(outline) else []
        return Figure(
            topic=topic,
            title=told_of_hours(self.counts, self.busy_from, self.busy_part, is_past=self.is_past),
            notes=[told] if told else [],
            about=how_told(),
            zone=self.zone,
            nothing=gettext_of_past(even) if self.is_past else gettext(even),
            columns=[gettext("Hour"), self.column, *(column for _ in of_outline)],
            rows=[*zip(HOURS, self.counts, *of_outline, strict=True)],
            plot=clock,
        )


def busiest(hours: Sequence[int], start: int | None, *, is_past: bool = False) -> str:
    """Return a sentence of the busiest hours, from `start`; empty for None. Some hour has posts."""
    if start is None:
        return ""
    busy = [hours[(start + step) % DAY_H] for step in range(BUSY_H)]
    part = part_of(sum(busy) / sum(hours))
    told = tell_of_past if is_past else tell
    return told("busiest_hours", "part", start=start, end=(start + BUSY_H) % DAY_H, part=part)


def told_of_hours(
    hours: Sequence[int], start: int | None, ahead: int | None, *, is_past: bool = False
) -> str:
    """Return a sentence of the busiest hours, else of the busiest part of the day, or empty.

    start, ahead: the hours and the quarter of the day that are ahead day by day.
    """
    return busiest(hours, start, is_past=is_past) or _busiest_part(hours, ahead)


def _busiest_part(hours: Sequence[int], ahead: int | None) -> str:
    parts = [sum(hours[start : start + PART_H]) for start in range(0, DAY_H, PART_H)]
    part = plain_peak(parts)
    # Equal parts have 0.25.
    if ahead is not None and parts[ahead] >= 0.3 * sum(parts):
        part = ahead
    # Without a quarter that is ahead day by day, half of the posts are a plain count.
    elif part is None or 2 * parts[part] < sum(parts):
        return ""
    told = tell("busiest_part", part=gettext(PARTS[part]), share=parts[part] / sum(parts))
    return told.rstrip(".")


def by_clock_of(sentence: str, zone: str) -> str:
    """Return a sentence of hours with their zone, which is another one for each reader."""
    text = gettext("{sentence}, in {zone}.")
    return text.format(sentence=sentence.rstrip("."), zone=show_zone(zone))


def how_told() -> str:
    return gettext(
        "Three hours are shown as the busiest only if, compared by day, they are ahead of any "
        "three hours apart from them by more than chance."
    )


def busiest_told(start: int | None) -> str:
    """Return the three busiest hours, from `start`; empty for None."""
    if start is None:
        return ""
    return tell("busiest_hours", start=start, end=(start + BUSY_H) % DAY_H)


def busy_hours(start: int | None) -> str:
    """Return the ends of the three busiest hours, from `start`; empty for None."""
    return "" if start is None else f"{start}:00 – {(start + BUSY_H) % DAY_H}:00"


def told_by_hour(hours: Sequence[int]) -> list[str]:
    """Return each hour's number of posts; empty without posts."""
    texts = {count: post_count(count) for count in {*hours} if count}
    named = zip(HOURS, hours, strict=True)
    return [f"{name}: {texts[count]}" if count else "" for name, count in named]


def _shares(hours: Sequence[int]) -> list[float]:
    return [count / max(sum(hours), 1) for count in hours]

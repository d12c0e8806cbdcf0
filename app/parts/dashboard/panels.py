"""The dashboard's panels, in their order, and its address."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar, Final

from app.language import i18n
from app.parts.dashboard.counts import ViewCounts
from app.parts.dashboard.figures import EVERYONE, BarPanel, FigureBar
from app.parts.dashboard.times import busiest_period, fitting, label_of, leader_of, start_of, starts
from app.views.cast import shown_name
from app.views.figures.figure import told_of_hours
from saywho.people.times import DAY_H, ONE_DAY, busiest_hours

DASHBOARD: Final = "/dashboard"


class Timeline(BarPanel):
    name = "timeline"
    topic = i18n.gettext_noop("Posts over time")
    column = i18n.gettext_noop("Period")
    about = i18n.gettext_noop("Select a bar to see its posts alone, and again to see all.")
    is_stacked = True
    height_px = 280

    def bars(self, counts: ViewCounts) -> list[FigureBar]:
        days = counts.by_day
        first, last = min(days), max(days)
        period = fitting(first, last)
        begins = starts(first, last, period)
        posts = {start: Counter[str]() for start in begins[:-1]}
        for name, of_author in counts.days.items():
            for day, count in of_author.items():
                posts[start_of(day, period)][name] += count
        step = len(posts) // 8 + 1  # More labels would touch.
        return [
            FigureBar(
                i18n.show_period(start, end),
                posts[start],
                {"since": start.isoformat(), "until": end.isoformat()},
                "" if place % step else label_of(start, period),
            )
            for place, (start, end) in enumerate(pairwise(begins))
        ]

    def title(self, counts: ViewCounts, bars: Sequence[FigureBar]) -> tuple[str, Sequence[str]]:
        days = counts.by_day
        first, last, posts = min(days), max(days), days.total()
        whole = {"count": i18n.show_number(posts), "total": i18n.show_number(posts)}
        totals = [sum(bar.posts.values()) for bar in bars]
        if sum(map(bool, totals)) == 1:
            text = i18n.ngettext(
                "{count} post, of {period}", "{count} posts, all of {period}", posts
            )
            return text.format(**whole, period=i18n.show_period(first, last + ONE_DAY)), ()
        begins = starts(first, last, fitting(first, last))
        if (place := busiest_period(days, begins)) is not None:
            text = i18n.gettext("Busiest: {period}, with {count} of {total} posts")
            busiest = whole | {"count": i18n.show_number(totals[place])}
            return text.format(**busiest, period=bars[place].name), ()
        title = i18n.gettext("{total} posts from {first} to {last}")
        span = {"first": i18n.show_date(first), "last": i18n.show_date(last)}
        return title.format(**whole, **span), [
            most_and_next(bars) or i18n.gettext("No period is clearly ahead.")
        ]


class AuthorBars(BarPanel):
    name = "authors"
    topic = i18n.gettext_noop("Who wrote it")
    column = i18n.gettext_noop("Author")
    lies = True

    def bars(self, counts: ViewCounts) -> list[FigureBar]:
        posts = {name: sum(days.values()) for name, days in counts.days.items()}
        shown = counts.usernames
        return [
            FigureBar(shown_name(name), {name: posts[name]}, {"username": name}) for name in shown
        ]

    def title(self, counts: ViewCounts, bars: Sequence[FigureBar]) -> tuple[str, Sequence[str]]:
        total = i18n.show_number(counts.by_day.total())
        first = counts.usernames[0]
        values = {"name": bars[0].name, "total": total}
        if counts.authors == 1:
            text = i18n.ngettext(
                "{name} wrote the only post",
                "{name} wrote all {total} posts",
                sum(bars[0].posts.values()),
            )
            return text.format(**values), ()
        values["count"] = i18n.show_number(bars[0].posts[first])
        if leader_of(counts.days) == first:
            more = i18n.gettext("{name} wrote more: {count} of {total} posts")
            most = i18n.gettext("{name} wrote the most: {count} of {total} posts")
            return (more if counts.authors == 2 else most).format(**values), ()
        text = i18n.gettext("{total} posts by {count} authors")
        title = text.format(total=total, count=i18n.show_number(counts.authors))
        return title, [i18n.gettext("No author is clearly ahead.")]


class HourBars(BarPanel):
    name = "hours"
    topic = i18n.gettext_noop("By hour")
    column = i18n.gettext_noop("Hour")
    fewest: ClassVar[int] = 20
    """Posts that show a rhythm."""

    def bars(self, counts: ViewCounts) -> list[FigureBar]:
        posts = Counter[int]()
        for hour, count in counts.hours.items():
            posts[hour % DAY_H] += count
        return [
            FigureBar(
                f"{hour}:00–{hour + 1}:00",
                {EVERYONE: posts[hour]},
                {"at": str(hour)},
                "" if hour % 3 else str(hour),
                is_faint=counts.asked.at not in (None, hour),
            )
            for hour in range(DAY_H)
        ]

    def title(self, counts: ViewCounts, bars: Sequence[FigureBar]) -> tuple[str, Sequence[str]]:
        by_hour = [sum(bar.posts.values()) for bar in bars]
        zone = i18n.gettext("Hours are in {zone}.").format(
            zone=i18n.show_zone(counts.asked.zone.key)
        )
        if (total := sum(by_hour)) < self.fewest:
            few = i18n.ngettext(
                "{count} post, too few to show a rhythm",
                "{count} posts, too few to show a rhythm",
                total,
            )
            return few.format(count=i18n.show_number(total)), [zone]
        told = told_of_hours(by_hour, busiest_hours(counts.hours), None)
        return told or i18n.gettext("No single stretch of hours is clearly the busiest."), [zone]


def most_and_next(bars: Sequence[FigureBar]) -> str:
    """Return the two bars with the most posts; empty where two have equally many."""
    ranked = sorted(bars, key=lambda bar: -sum(bar.posts.values()))[:2]
    counts = [sum(bar.posts.values()) for bar in ranked]
    if counts[0] == counts[-1]:
        return ""
    return i18n.gettext("Most posts: {first} ({count}), next: {second} ({next}).").format(
        first=ranked[0].name,
        count=i18n.show_number(counts[0]),
        second=ranked[1].name,
        next=i18n.show_number(counts[1]),
    )


PANELS: Final[dict[str, BarPanel]] = {
    panel.name: panel for panel in (Timeline(), AuthorBars(), HourBars())
}

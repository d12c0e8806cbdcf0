"""The dashboard's panels, in their order, and its address."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import ClassVar, Final, Literal

from app.language import i18n
from app.parts.dashboard.counts import ViewCounts
from app.parts.dashboard.figures import EVERYONE, BarPanel, FigureBar
from app.views.cast import shown_name
from app.views.figures.figure import told_of_hours
from saywho.people.times import DAY_H, ONE_DAY, busiest_hours
from saywho.significance import CLEAR_OF_MANY, fullest, fullest_day, plain_peak

DASHBOARD: Final = "/dashboard"


Period = Literal["day", "week", "month", "quarter", "year"]
MOST_COLUMNS: Final = 60
"""Periods that can be told apart on a phone: five years of months."""
_DAYS: Final[dict[Period, int]] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def fitting(first: date, last: date) -> Period:
    days = (last - first).days + 1
    for period in _DAYS:
        is_near = days <= MOST_COLUMNS * _DAYS[period]
        if is_near and len(starts(first, last, period)) - 1 <= MOST_COLUMNS:
            return period
    return "year"


def start_of(day: date, period: Period) -> date:
    """Return the first day of a day's period; weeks begin on Monday."""
    if period in {"day", "week"}:
        return day - timedelta(days=day.weekday() if period == "week" else 0)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    return day.replace(day=1, month=1 + (day.month - 1) // months * months)


def starts(first: date, last: date, period: Period) -> Sequence[date]:
    """Return the first day of each period from `first` to `last`, then the last end."""
    times = [start_of(first, period)]
    while times[-1] <= last:
        times.append(start_of(times[-1] + timedelta(days=_DAYS[period]), period))
    return times


def label_of(start: date, period: Period) -> str:
    """Return a short name of a period beside an axis, by its first day."""
    if period == "year":
        return i18n.show_year(start)
    return i18n.show_month_day(start) if period in {"day", "week"} else i18n.show_month(start)


def busiest_period(posts_on: Mapping[date, int], begins: Sequence[date]) -> int | None:
    """Return the index of the clearly leading period, if any; begins: first days, then the end."""
    totals = [0] * (len(begins) - 1)
    for day, posts in posts_on.items():
        totals[bisect_right(begins, day) - 1] += posts
    if all(end - start == timedelta(1) for start, end in pairwise(begins)):
        return fullest_day(totals)
    begin, end = (of(posts_on, default=begins[0]) for of in (min, max))
    known = [
        (min(until, end + timedelta(1)) - max(since, begin)) / (until - since)
        for since, until in pairwise(begins)
    ]
    if (place := plain_peak(totals, known)) is not None:
        return place
    # Only the days of the two leading periods are compared: all periods may have millions.
    places = sorted(range(len(totals)), key=totals.__getitem__)[-2:]

    def days_of(place: int) -> list[int | None]:
        length = (begins[place + 1] - begins[place]).days
        days = (begins[place] + timedelta(number) for number in range(length))
        return [posts_on.get(day, 0) if begin <= day <= end else None for day in days]

    first = fullest([days_of(place) for place in places])
    return None if first is None else places[first]


def leader_of(posts_of: Mapping[str, Mapping[date, int]]) -> str | None:
    """Return the author who wrote clearly more than anyone else, if any, at the level of a chat's
    page, so that the two never disagree; the most posts come first.
    """
    names = [*posts_of][:2]
    days = sorted({day for name in names for day in posts_of[name]})
    leader = fullest(
        [[posts_of[name].get(day, 0) for day in days] for name in names], CLEAR_OF_MANY
    )
    return None if leader is None else names[leader]


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
        return title.format(**whole, **span), [i18n.gettext("No period is clearly ahead.")]


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


PANELS: Final[dict[str, BarPanel]] = {
    panel.name: panel for panel in (Timeline(), AuthorBars(), HourBars())
}

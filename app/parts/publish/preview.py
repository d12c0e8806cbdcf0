"""The picture that networks show of a website's links: whose posts, how many, and when."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from app.drawing.drawings import NO_HUE, PeriodColumn, PeriodColumns
from app.drawing.lettering import drawn_name
from app.drawing.poster import Poster, draw_poster
from app.language.i18n import gettext, month_names, show_list, show_month_day
from app.parts.publish.choice import OwnPosts
from app.views.cast import Person

PREVIEW: Final = "preview.png"
"""Name of the file."""
LONGEST: Final = 60
"""Letters of names that leave room for the drawing."""
MOST_DAYS: Final = 31
MOST_MONTHS: Final = 120
"""Columns that are days, or months; above, a column is a longer period."""
FEW_DAYS: Final = 6
FEW_MONTHS: Final = 12
"""Number of columns that all have a label, not only once a week or year."""
MOST_LABELS: Final = 12


class LinkPicture(NamedTuple):
    image: bytes
    """A PNG of 1200 by 630 pixels."""
    told: str
    """Text of the picture, for people who do not see it."""
    names: str
    """Author of the posts."""


def draw_preview(
    people: Sequence[Person], authors: Sequence[OwnPosts], facts: Sequence[str], url: str
) -> LinkPicture:
    """Return the picture of these authors' posts alone; it takes some 50 ms.

    The address stands for names that the fonts lack, or many.
    """
    address = url.partition("://")[2]
    shown = show_list([each.display_name for each in people])
    names = [drawn_name(each.display_name) or drawn_name(each.username) for each in people]
    heading = show_list(names) if all(names) else address
    if len(heading) > LONGEST:
        heading = address if len(people) > 1 else f"{heading[:LONGEST]}…"
    colour = people[0].hue if len(people) == 1 else NO_HUE
    columns = _columns([day for own in authors for day in own.days if day is not None], colour)
    poster = Poster(
        title="",
        facts=(),
        finding=heading,
        reason=" · ".join(facts),
        drawing=columns,
        head=(columns.caption,) if columns else (),
        address=address,
        hue=colour if len(people) == 1 else "",
    )
    return LinkPicture(draw_poster(poster), " · ".join([shown, *facts]), shown)


def _columns(days: Sequence[date], colour: str) -> PeriodColumns | None:
    if len(set(days)) < 2:
        return None
    caption, periods = _periods(min(days), max(days))
    begins, posts = [begin for begin, _ in periods], [0] * len(periods)
    for day, count in Counter(days).items():
        posts[bisect_right(begins, day) - 1] += count
    columns = (
        PeriodColumn(label, (100 * count / max(posts),))
        for (_, label), count in zip(periods, posts, strict=True)
    )
    return PeriodColumns(caption, (("", colour),), tuple(columns))


def _periods(first: date, last: date) -> tuple[str, list[tuple[date, str]]]:
    days = (last - first).days + 1
    if days <= MOST_DAYS:
        shown = [first + timedelta(days=number) for number in range(days)]
        return "", _labelled(shown, show_month_day, 1 if days <= FEW_DAYS else 7)
    numbers = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
    months = [date(number // 12, number % 12 + 1, 1) for number in numbers]
    if len(months) <= MOST_MONTHS:
        names = month_names() if len(months) <= FEW_MONTHS else [""] * 12
        labels = [
            (day, names[day.month - 1] or ("" if day.month > 1 else str(day.year)))
            for day in months
        ]
        return gettext("Month by month"), labels
    years = [date(year, 1, 1) for year in range(first.year, last.year + 1)]
    labels = _labelled(years, lambda day: str(day.year), len(years) // MOST_LABELS + 1)
    return gettext("Year by year"), labels


def _labelled(
    begins: Sequence[date], label_of: Callable[[date], str], step: int
) -> list[tuple[date, str]]:
    return [(day, "" if place % step else label_of(day)) for place, day in enumerate(begins)]

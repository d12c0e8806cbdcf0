"""How many posts a year has, and how many more or fewer than the year before, in words.

A change is told where chance does not explain it; numbers that are near each other are so called.
Of a year that is not whole the same days of the year before are told: from the author's first post
on, until the last.
"""

from datetime import date
from typing import Final

from app.language.dates import show_month_day
from app.language.i18n import gettext, ngettext, show_number
from app.parts.years.author_year import AuthorYear, WrittenYear, YearBefore
from app.parts.years.same_days import SameDays
from app.views.names import post_count

_NEW_YEAR: Final = 1, 1
NEAR: Final = 0.1
"""By which part of the larger one two numbers may differ that are about the same."""


def total_of(author_year: AuthorYear, *, has_equal: bool = True) -> str:
    """Return how many posts a year has on how many days, and beside how many of the year before.

    has_equal: whether numbers that are about equal are told, too.
    """
    total, before = counted_of(author_year), author_year.before
    same_days = before.same_days if before else None
    if before is None or same_days is None or not _is_told(same_days, has_equal=has_equal):
        return f"{total}."
    if _are_whole(author_year, before, same_days):
        return f"{total}, {_change(same_days, gettext('in {year}').format(year=before.year))}."
    if _begins_whole(same_days):
        until = gettext("by {day} in {year}").format(
            day=show_month_day(same_days.last), year=before.year
        )
        return f"{total}, {_change(same_days, until)}."
    change = _change(same_days, gettext("in {year}").format(year=before.year))
    return f"{total}. {_days(same_days, change)}"


def counted_of(year: WrittenYear) -> str:
    """Return how many posts a year has on how many days."""
    calendar = year.calendar
    sentence = ngettext("{posts} on {count} day", "{posts} on {count} days", calendar.days)
    total = sentence.format(posts=post_count(calendar.tweets), count=show_number(calendar.days))
    return total if year.is_over else gettext("So far {total}").format(total=total)


def comparison_of(author_year: AuthorYear) -> str:
    """Return which days of a year were compared with the year before; empty without that year."""
    before = author_year.before
    if before is None:
        return ""
    if before.same_days is None:
        text = gettext("{year} and {before} have too few days in common to be compared.")
        return text.format(year=author_year.calendar.year, before=before.year)
    sentence = gettext(
        "Only days that both years have are compared, between the first and the last post here. "
        "From {first} to {last} there are {count} in {year} and {count_before} in {before}."
    ).format(
        first=show_month_day(before.same_days.first),
        last=show_month_day(before.same_days.last),
        count=post_count(before.same_days.tweets),
        count_before=post_count(before.same_days.tweets_before),
        year=author_year.calendar.year,
        before=before.year,
    )
    rule = gettext(
        "A change from year to year is shown only if chance does not explain it, compared by "
        "week. So is a busiest month, compared by day."
    )
    return f"{sentence} {rule}"


def _is_told(same_days: SameDays, *, has_equal: bool) -> bool:
    """Return whether something is said of the year before: a change, or that it is about equal."""
    counts = same_days.tweets, same_days.tweets_before
    is_near = max(counts) - min(counts) <= NEAR * max(counts)
    return same_days.is_clear or (has_equal and is_near)


def _are_whole(author_year: AuthorYear, before: YearBefore, same_days: SameDays) -> bool:
    """Return whether no post of either year is on another day."""
    compared = same_days.tweets, same_days.tweets_before
    return compared == (author_year.calendar.tweets, before.tweets)


def _begins_whole(same_days: SameDays) -> bool:
    return (same_days.first.month, same_days.first.day) == _NEW_YEAR


def _days(same_days: SameDays, change: str) -> str:
    first = show_month_day(same_days.first)
    if same_days.last == date(same_days.last.year, 12, 31):
        return gettext("From {first} on, {change}.").format(first=first, change=change)
    return gettext("From {first} to {last}, {change}.").format(
        first=first, last=show_month_day(same_days.last), change=change
    )


def _change(same_days: SameDays, when: str) -> str:
    change = same_days.tweets - same_days.tweets_before
    sentence = gettext("as many as {when}")
    if change and not same_days.is_clear:
        sentence = gettext("about as many as {when}")
    elif change > 0:
        sentence = ngettext("{count} more than {when}", "{count} more than {when}", change)
    elif change < 0:
        sentence = ngettext("{count} fewer than {when}", "{count} fewer than {when}", -change)
    return sentence.format(count=show_number(abs(change)), when=when)

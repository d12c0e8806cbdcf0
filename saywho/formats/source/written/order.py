"""The order of day, month and year in a file's dates of numbers, by one vote of all its dates."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from saywho.clock import now
from saywho.formats.assumptions import DATE_ORDERS, Order
from saywho.formats.source.written.clock import of_weekdays
from saywho.formats.source.written.days import WrittenDay, date_in

_FEWEST_RISING: Final = 6
"""Number of different dates that do not rise or fall in a single order by chance in a table."""


class DateUse(NamedTuple):
    """Facts about dates before they are read."""

    is_chat: bool = False
    """Whether the dates are in the order of time, day by day."""
    since: int = 1950
    """The first year that a short year may be."""
    usual: Order = "month-first"
    """The order where nothing else decides."""


def short_year(year: int) -> int:
    return year + (2000 if year < 50 else 1900)


def orders_in(day: WrittenDay, use: DateUse) -> frozenset[Order]:
    """Return the orders that a date of numbers allows, all of them for any other date.

    Nothing was written next year.
    """
    if not day.parts[1] or day.era:
        return frozenset(DATE_ORDERS)
    first, second, last = map(int, day.parts)
    ends = [len(day.parts[0]), len(day.parts[2])]
    if ends[0] > 2 or first > 31 or ends[1] == 1:
        return frozenset({"year-first"})
    this_year = now().year
    is_first = ends == [2, 2] and 1 <= last <= 31 and use.since <= short_year(first) <= this_year
    is_last = ends[1] > 2 or use.since <= short_year(last) <= this_year
    fits: dict[Order, bool] = {
        "day-first": second <= 12 and (is_last or not is_first),
        "month-first": first <= 12 and (is_last or not is_first),
        "year-first": is_first and second <= 12,
    }
    return frozenset(order for order, does_fit in fits.items() if does_fit)


def vote(
    days: Sequence[WrittenDay],
    use: DateUse,
    words: Collection[str] = (),
    *,
    is_part_first: bool = False,
) -> list[Order]:
    """Return the order of a file's dates, then further orders that they fit.

    `words` are the parts of the day with the dates, `is_part_first` whether they precede the
    clock. Numbers that can only be a year or a day decide; then weekdays; in a chat a number that
    never changes, an Asian clock, and dates that never go back; in a table many dates that rise or
    fall. Among several, the order comes first in which the dates are closest together, then the
    one of later years, then the usual one.
    """
    fitting = _allowed(days, use)
    if len(fitting) > 1 and (best := _by_weekdays(days, fitting, use)):
        return [best]
    if len(fitting) > 1 and use.is_chat:
        is_asian = is_part_first and any(word in {"am", "pm"} or word > "\u2e80" for word in words)
        fitting = _by_constant_year(days, fitting, is_asian=is_asian)
    read = {order: _read(days, order, use) for order in fitting}
    if len(fitting) > 1:
        rising = [order for order in fitting if _rises(read[order], is_chat=use.is_chat)]
        if len(rising) == 1:
            return rising
    usual = _usual(days, use, words)
    last_years = {order: max((day.year for day in read[order]), default=0) for order in fitting}
    return sorted(
        fitting,
        key=lambda order: (
            _distance(read[order]),
            -last_years[order],
            order != usual,
            DATE_ORDERS.index(order),
        ),
    )


def _allowed(days: Sequence[WrittenDay], use: DateUse) -> list[Order]:
    """Return the orders that all dates allow, without dates that contradict the rest.

    Dates with dots never begin with the month, if the dates allow another order.
    """
    orders = frozenset[Order](DATE_ORDERS)
    for day in days:
        orders = orders & orders_in(day, use) or orders
        if len(orders) == 1:
            break
    if "day-first" in orders and any(day.cut == "." for day in days):
        orders -= {"month-first"}
    return [order for order in DATE_ORDERS if order in orders]


def _by_weekdays(days: Iterable[WrittenDay], orders: list[Order], use: DateUse) -> Order | None:
    counts = dict.fromkeys(orders, 0)
    for day in days:
        numbers = of_weekdays().get(day.weekday)
        for order in orders if numbers else ():
            found = _date_by(day, order, use)
            counts[order] += bool(found and numbers and found.weekday() in numbers)
    best = max(counts.values())
    first = [order for order, count in counts.items() if count == best]
    return first[0] if best and len(first) == 1 else None


def _by_constant_year(
    days: Sequence[WrittenDay], orders: list[Order], *, is_asian: bool
) -> list[Order]:
    if "year-first" not in orders:
        return orders
    firsts, lasts = ({day.parts[place] for day in days} for place in (0, 2))
    if is_asian or (len(firsts) == 1 and len(lasts) > 1):
        return ["year-first"]
    if len(lasts) == 1 and len(firsts) > 1:
        return [order for order in orders if order != "year-first"]
    return orders


def _usual(days: Iterable[WrittenDay], use: DateUse, words: Collection[str]) -> Order:
    """Return the usual order with such words: month first with AM and PM, else day first.

    In a chat leading zeros say that the day is first.
    """
    if not words:
        return use.usual
    if not {"am", "pm"} & {*words}:
        return "day-first"
    has_zeros = any(part.startswith("0") for day in days for part in day.parts[:2])
    return "day-first" if use.is_chat and has_zeros else "month-first"


def _read(days: Iterable[WrittenDay], order: Order, use: DateUse) -> list[date]:
    return [found for day in days if (found := _date_by(day, order, use))]


def _date_by(day: WrittenDay, order: Order, use: DateUse) -> date | None:
    year, month, number = map(int, day.by(order))
    return date_in(short_year(year) if year < 100 else year, month, number)


def _rises(days: Sequence[date], *, is_chat: bool) -> bool:
    if is_chat:
        return all(a <= b for a, b in pairwise(days))
    changes = [(b - a).days for a, b in pairwise(days) if a != b]
    is_one_way = all(days > 0 for days in changes) or all(days < 0 for days in changes)
    return len(changes) + 1 >= _FEWEST_RISING and is_one_way


def _distance(days: Iterable[date]) -> int:
    return sum(abs((b - a).days) for a, b in pairwise(days))

"""Times of WhatsApp's heads: the order of day and month, calendars, parts of the day.

All dates of a file decide together, and the decision is noted.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Final, Literal

from app.errors import Message
from app.formats.assumptions import ReadNotes
from app.formats.chats.text_chat import day_of
from app.formats.chats.whatsapp_heads import LineHead, Shape, hour_of, knowing
from app.formats.choices import Order as DateOrder
from app.runtime.clock import now

Order = Literal["ymd", "dmy", "mdy"]
DateParts = tuple[str, str, str]
OF_CHOICE: Final[dict[DateOrder, Order]] = {
    "day-first": "dmy",
    "month-first": "mdy",
    "year-first": "ymd",
}
NAMES: Final = {order: name for name, order in OF_CHOICE.items()}
_MOST_DATES: Final = 20_000
"""Number of days that decide the order: over fifty years."""
_MOST_WORDS: Final = 100
_BUDDHIST: Final = range(2400, 2800)
_PERSIAN: Final = range(1380, 1425)
"""Years of the Persian calendar since WhatsApp appeared, and future ones."""
_OF_BUDDHA: Final = 543
_ERAS: Final = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988}


class Dates:
    """Meaning of all dates in a file; `add` takes each head before `settle` decides."""

    def __init__(self, choice: DateOrder | None) -> None:
        self._choice = choice
        self._dates: dict[DateParts, None] = {}
        self._halves: dict[str, None] = {}
        self._months: dict[str, None] = {}
        self._shape: Shape | None = None
        self._order: Order = "dmy"
        self._others: list[Order] = []
        """Orders that fit the dates as well as the assumed one."""
        self._is_open = False
        self._hours: dict[str, tuple[int, ...]] = {}
        """Hours of a day, by word and by hour on a 12-hour clock."""
        self._numbers: dict[str, int] = {}
        self._is_of_buddha = False
        self.foreign_year: int | None = None
        """A year of the Islamic calendar, unread because its months begin by the moon."""
        self._yearless = Yearless()
        self._days: dict[tuple[DateParts, str, str], date | None] = {}

    def add(self, head: LineHead) -> None:
        if head.date not in self._dates and len(self._dates) < _MOST_DATES:
            self._dates[head.date] = None
        if head.half not in self._halves and len(self._halves) < _MOST_WORDS:
            self._halves[head.half] = None
            self._shape = head.shape
        if head.month:
            if head.month not in self._months and len(self._months) < _MOST_WORDS:
                self._months[head.month] = None
                self._know_words()
            if not head.date[0]:
                self._yearless.add(self._numbers[head.month], int(head.date[2]))

    def settle(self) -> None:
        self._know_words()
        self._yearless.settle()
        self._days.clear()
        dates = [parts for parts in self._dates if parts[1]]
        if not dates or self._shape is None:
            return
        self._order, *self._others = orders_of(dates, self._shape, self._halves)
        self._is_open = bool(self._others)
        choice = OF_CHOICE[self._choice] if self._choice else None
        if choice is not None and choice in {self._order, *self._others}:
            self._order, self._others = choice, []
        self._find_calendar({int(parts[self._order.index("y")]) for parts in dates})

    def _find_calendar(self, years: set[int]) -> None:
        this_year = now().year
        self.foreign_year = min((year for year in years if 1425 <= year < 1500), default=None)
        short = {year for year in years if year < 100}
        self._is_of_buddha = bool(short) and all(
            2000 + year > this_year + 1 and 2500 + year - _OF_BUDDHA <= this_year + 1
            for year in short
        )

    def _know_words(self) -> None:
        """Take the words as one language means them, else each as the first language with it."""
        halves, months = [half for half in self._halves if half], list(self._months)
        if not (halves or months):
            return
        whole = next(knowing(halves, months), None)
        for half in halves:
            language = whole or next(knowing([half], ()))
            meant = language.hours[half]
            self._hours[half] = tuple(hour_of(hour, meant) for hour in range(13))
        for month in months:
            language = whole or next(knowing((), [month]))
            self._numbers[month] = language.months[month]

    def time_of(self, head: LineHead) -> datetime | None:
        """Return the time without a zone, if date and time are possible."""
        if head.month and not head.date[0]:
            month, number = self._numbers.get(head.month, 0), int(head.date[2])
            day = day_of(self._yearless.year_of(month, number), month, number)
        else:
            key = (head.date, head.month, head.era)
            day = self._days.get(key)
            if day is None:
                if len(self._days) >= _MOST_DATES:
                    self._days.clear()
                self._days[key] = day = self._day(head)
        hour, minute, second = head.time
        if head.half and hour < 13 and (hours := self._hours.get(head.half)):
            hour = hours[hour]
        if day is None or hour > 23 or minute > 59 or second > 59:
            return None
        return datetime(day.year, day.month, day.day, hour, minute, second)

    def _day(self, head: LineHead) -> date | None:
        if head.month:
            year, day = int(head.date[0]), int(head.date[2])
            month = self._numbers.get(head.month, 0)
        else:
            order = "ymd" if head.era else self._order
            year, month, day = (int(head.date[order.index(part)]) for part in "ymd")
        if head.era:
            return day_of(_ERAS[head.era] + year, month, day)
        if year in _PERSIAN:
            return of_persia(year, month, day)
        if year < 100:
            year += 2500 if self._is_of_buddha else 2000
        return day_of(year - _OF_BUDDHA if year in _BUDDHIST else year, month, day)

    def note(self, notes: ReadNotes) -> None:
        if any(parts[1] for parts in self._dates) and (self._order != "ymd" or self._is_open):
            notes.order = NAMES[self._order]
        if self._others:
            count = f"{len(self._dates):,}"
            both = Message(
                "the dates fit both orders of day and month (different dates: {count})", count=count
            )
            several = Message(
                "the dates fit several orders of day, month and year (different dates: {count})",
                count=count,
            )
            evidence = several if "ymd" in {self._order, *self._others} else both
            others = tuple(NAMES[order] for order in self._others)
            notes.assume("dates", NAMES[self._order], alternatives=others, evidence=evidence)
        years = {year for parts in self._dates if parts[1] for year in map(int, parts)}
        if self._is_of_buddha or not years.isdisjoint(_BUDDHIST):
            evidence = Message("Thai years, which are {count} higher", count=str(_OF_BUDDHA))
            notes.assume("year", "buddhist", evidence=evidence)
        if not years.isdisjoint(_PERSIAN):
            notes.assume("year", "persian", evidence=Message("Iranian years"))
        if self._yearless.is_used:
            evidence = Message("the dates have no year; the last date is treated as the newest")
            notes.assume("year", str(self._yearless.last), evidence=evidence)


class Yearless:
    """Gives dates without a year theirs: the last one is the newest possible."""

    def __init__(self) -> None:
        self.is_used = False
        self.last = 0
        self._turns = 0
        self._place = (0, 0)
        self._year = 0

    def add(self, month: int, day: int) -> None:
        self.is_used = True
        self._turns += self._turned(month, day)

    def settle(self) -> None:
        today = now()
        is_ahead = self._place > (today.month, today.day)
        self.last = today.year - is_ahead
        self.restart()

    def restart(self) -> None:
        self._place, self._year = (0, 0), self.last - self._turns

    def year_of(self, month: int, day: int) -> int:
        self._year += self._turned(month, day)
        return self._year

    def _turned(self, month: int, day: int) -> bool:
        before, self._place = self._place, (month, day)
        return before[0] - month > 3


def orders_of(dates: Sequence[DateParts], shape: Shape, halves: Collection[str]) -> list[Order]:
    """Return the order of year, month and day, then the others that the dates fit.

    A number that can only be a year or a day decides. Next decide dots, before which no one writes
    the month, then the order in which dates never go back. Among several, the order whose day
    changes most often comes first, then the usual order with such a clock.
    """
    numbers = [tuple(map(int, day)) for day in dates]
    firsts, seconds, lasts = ({day[i] for day in numbers} for i in range(3))
    if max(firsts) > 31 or any(len(last) == 1 for *_, last in dates):
        return ["ymd"]
    may_be_short = all(len(first) == 2 for first, *_ in dates) and max(lasts) <= 31
    is_asian = shape.place == "before" and any(
        half in {"am", "pm"} or half > "\u2e80" for half in halves
    )
    is_one_year = len(firsts) == 1 and len(lasts) > 1
    if (is_asian and max(lasts) <= 31) or (may_be_short and is_one_year):
        return ["ymd"]
    fitting: list[Order] = ["dmy", "mdy"]
    if max(firsts) > 12 or (shape.cut == "." and max(seconds) <= 12):
        fitting = ["dmy"]
    elif max(seconds) > 12:
        fitting = ["mdy"]
    # A last number that never changes below others that do is the year.
    is_last = len(lasts) == 1 and len(firsts) > 1
    if may_be_short and max(seconds) <= 12 and _are_years(firsts) and not is_last:
        fitting = [*fitting, "ymd"] if _are_years(lasts) else ["ymd"]
    rising = [order for order in fitting if _rises(numbers, order)]
    if len(fitting) == 1 or len(rising) == 1:
        return rising or fitting
    changes = [sum(a[i] != b[i] for a, b in pairwise(numbers)) for i in range(3)]
    usual = _usual(dates, halves)
    return sorted(fitting, key=lambda order: (-changes[order.index("d")], order != usual))


def _are_years(numbers: Collection[int]) -> bool:
    return min(numbers) >= 9 and max(numbers) <= now().year % 100


def _usual(dates: Sequence[DateParts], halves: Collection[str]) -> Order:
    """Return the usual order with such a clock: month first with AM and PM and no leading zeros,
    else day first.
    """
    is_english = bool({"am", "pm"} & set(halves))
    has_zeros = any(part.startswith("0") for first, second, _ in dates for part in (first, second))
    return "mdy" if is_english and not has_zeros else "dmy"


def _rises(days: Sequence[tuple[int, ...]], order: Order) -> bool:
    keys = [tuple(day[order.index(part)] for part in "ymd") for day in days]
    return all(a <= b for a, b in pairwise(keys))


def of_persia(year: int, month: int, day: int) -> date | None:
    """Return a day of the Persian calendar, whose leap years repeat every 33 years (1178-1633)."""
    if not (1 <= month <= 12 and 1 <= day <= 31 - (month > 6)):
        return None
    years, months = year - 1, min(month - 1, 6) * 31 + max(month - 7, 0) * 30
    leaps = (8 * years + 29) // 33
    return date.fromordinal(226_894 + 365 * years + leaps + months + day)

"""The meaning of all dates and clocks of one chat, which decide together and are noted."""

from datetime import date, datetime
from typing import Final

from saywho.clock import now
from saywho.errors import Message
from saywho.formats.assumptions import Order, ReadNotes
from saywho.formats.source.written.clock import FileWords, WrittenClock
from saywho.formats.source.written.days import (
    BUDDHIST,
    ISLAMIC_YEARS,
    Calendar,
    WrittenDay,
    day_of,
    stated_day,
)
from saywho.formats.source.written.order import DateUse, vote

_MOST_DATES: Final = 20_000
"""Number of days that decide the order: over fifty years."""


def note_calendar(calendar: Calendar, notes: ReadNotes) -> None:
    if calendar == "buddhist":
        evidence = Message("Thai years, which are {count} higher", count=str(BUDDHIST))
        notes.assume("year", "buddhist", evidence=evidence)
    elif calendar == "persian":
        notes.assume("year", "persian", evidence=Message("Iranian years"))


class FileDates:
    """Reads a chat's dates; `add` takes each date before `settle` decides.

    An order that the importer chose is used if the dates fit it.
    """

    def __init__(self, choice: Order | None, use: DateUse) -> None:
        self._choice, self._use = choice, use
        self._dates: dict[WrittenDay, None] = {}
        self.words = FileWords()
        self._is_part_first = False
        self._order: Order = use.usual
        self._others: list[Order] = []
        """Orders that fit the dates as well as the assumed order."""
        self._is_open = False
        self._is_of_buddha = False
        self._calendars: set[Calendar] = set()
        self.foreign_year: int | None = None
        """A year of the Islamic calendar, which is not read."""
        self._yearless = Yearless()
        self._days: dict[WrittenDay, date | None] = {}

    def add(
        self,
        day: WrittenDay | None,
        clock: WrittenClock | None = None,
        *,
        is_part_first: bool = False,
    ) -> None:
        if clock is not None and clock.part:
            self._is_part_first = is_part_first
            self.words.add(clock.part, clock.hour)
        if day is None:
            return
        if day.month:
            self.words.add(month=day.month)
            if not day.parts[0]:
                self._yearless.add(self.words.month(day.month) or 0, int(day.parts[2]))
                return
        if day not in self._dates and len(self._dates) < _MOST_DATES:
            self._dates[day] = None

    def settle(self) -> None:
        self._yearless.settle()
        self._days.clear()
        numbered = [day for day in self._dates if day.parts[1]]
        if numbered:
            self._decide([day for day in numbered if not day.era])
            short = {int(day.by(self._order)[0]) for day in numbered if not day.era}
            self.foreign_year = min((year for year in short if year in ISLAMIC_YEARS), default=None)
            self._is_of_buddha = _are_of_buddha({year for year in short if year < 100})
        for day in self._dates:
            stated = stated_day(day, self._order, self.words, self._full_year)
            if stated is not None:
                self._calendars.add(stated.calendar)

    def _decide(self, days: list[WrittenDay]) -> None:
        if not days:
            return
        self._order, *self._others = vote(
            days, self._use, self.words.parts, is_part_first=self._is_part_first
        )
        self._is_open = bool(self._others)
        if self._choice is not None and self._choice in {self._order, *self._others}:
            self._order, self._others = self._choice, []

    def _full_year(self, year: int) -> int:
        return year + (2500 if self._is_of_buddha else 2000)

    def day(self, day: WrittenDay) -> date | None:
        if day.month and not day.parts[0]:
            month, number = self.words.month(day.month) or 0, int(day.parts[2])
            return day_of(self._yearless.year_of(month, number), month, number)
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _MOST_DATES:
                self._days.clear()
            stated = stated_day(day, self._order, self.words, self._full_year)
            self._days[day] = found = stated and stated.date
        return found

    def moment(self, day: date | None, clock: WrittenClock | None) -> datetime | None:
        """Return the time without a zone, if date and time are known and possible."""
        time = clock.time(self.words) if day is not None and clock is not None else None
        return datetime.combine(day, time) if day is not None and time is not None else None

    def note(self, notes: ReadNotes) -> None:
        is_numbered = any(day.parts[1] for day in self._dates)
        if is_numbered and (self._order != "year-first" or self._is_open):
            notes.order = self._order
        if self._others:
            count = f"{sum(bool(day.parts[1]) for day in self._dates):,}"
            both = Message(
                "the dates fit both orders of day and month (different dates: {count})", count=count
            )
            several = Message(
                "the dates fit several orders of day, month and year (different dates: {count})",
                count=count,
            )
            evidence = several if "year-first" in {self._order, *self._others} else both
            notes.assume("dates", self._order, alternatives=(*self._others,), evidence=evidence)
        for calendar in sorted(self._calendars):
            note_calendar(calendar, notes)
        self.words.note(notes)
        if self._yearless.is_used:
            evidence = Message("the dates have no year; the last date is treated as the newest")
            notes.assume("year", str(self._yearless.last), evidence=evidence)


def _are_of_buddha(short_years: set[int]) -> bool:
    """Return whether all short years are Buddhist, since none has come by the other calendar."""
    this_year = now().year
    return bool(short_years) and all(
        2000 + year > this_year + 1 and 2500 + year - BUDDHIST <= this_year + 1
        for year in short_years
    )


class Yearless:
    """Gives dates without a year their year: the last date is the newest possible."""

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
        self._place, self._year = (0, 0), self.last - self._turns

    def year_of(self, month: int, day: int) -> int:
        self._year += self._turned(month, day)
        return self._year

    def _turned(self, month: int, day: int) -> bool:
        before, self._place = self._place, (month, day)
        return before[0] - month > 3

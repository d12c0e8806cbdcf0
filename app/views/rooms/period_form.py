"""The form that limits a chat's overview to some days."""

from typing import Final

from msgspec import Struct, structs

from app.errors import AppError, MalformedError, Message
from app.language.dates import show_date, show_period
from app.language.i18n import gettext
from app.services.rooms.periods import WHOLE, DayPeriod
from app.views.filters import parse_day

BAD_DAYS: Final = {
    "since": Message("The first day cannot be read: write it like 2026-01-31"),
    "until": Message("The end date cannot be read: write it like 2026-01-31"),
}


class PeriodForm(Struct, frozen=True, kw_only=True):
    """The days that an address names, as they were sent, and what is wrong with them."""

    since: str = ""
    until: str = ""
    period: DayPeriod = WHOLE
    error: AppError | None = None

    @property
    def title(self) -> str:
        """The name of the period; empty for the whole chat."""
        since, until = self.period
        if since and until:
            return show_period(since, until)
        if since:
            return gettext("Since {day}").format(day=show_date(since))
        return gettext("Before {day}").format(day=show_date(until)) if until else ""

    @property
    def fault_at(self) -> str:
        """The name of the field that is wrong; empty for none."""
        return self.error.errors[0].loc if self.error and self.error.errors else ""


def read_period(since: str, until: str) -> PeriodForm:
    """Return the form of these days; a wrong day, or an end before the first day, is an error."""
    form = PeriodForm(since=since.strip()[:40], until=until.strip()[:40])
    days = {}
    for name in BAD_DAYS:
        try:
            days[name] = parse_day(name, getattr(form, name))
        except MalformedError:
            return structs.replace(form, error=MalformedError(BAD_DAYS[name], loc=name))
    first, end = days["since"], days["until"]
    if first and end and end <= first:
        fault = MalformedError("The end date must be after the first day", loc="until")
        return structs.replace(form, error=fault)
    return structs.replace(form, period=DayPeriod(first, end))

"""The rhythm of the week: the number of posts in each of its hours."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.significance import clear_peak
from app.language.dates import show_zone, weekday_names
from app.language.i18n import gettext, gettext_noop, ngettext
from app.parts.dashboard.figures import Panel
from app.parts.dashboard.sentences import filled, nothing_dated, posts_path
from app.parts.dashboard.shapes import Cell, Plot, draw_cells, row_axis
from app.services.posts.statistics import count_by_hour_of_week, count_undated
from app.views.figure import Figure, Finding, Table
from app.views.filters import View
from app.views.hours import LEAST_PART, PARTS

HOURS: Final = 24


class Week(Panel["PostsByHour"]):
    name = "week"
    height_px = 260
    topic = gettext_noop("Rhythm of the week")
    about = gettext_noop("A stronger colour means more posts.")

    async def load(self, session: AsyncSession, view: View) -> "PostsByHour":
        hours = await count_by_hour_of_week(session, view.selection, view.zone)
        undated = 0 if any(hours) else await count_undated(session, view.selection)
        return PostsByHour(view, hours, undated)

    async def count(self, loaded: "PostsByHour", view: View) -> "PostsByHour":
        return loaded


@dataclass(frozen=True, slots=True)
class PostsByHour(Figure[Plot]):
    view: View
    hours: list[int]
    """Posts in each of the 168 hours, from Monday, 0 o'clock."""
    undated: int = 0
    """Posts without a time, if no post has a time; otherwise 0."""

    def finding(self) -> Finding:
        if not any(self.hours):
            return nothing_dated(self.view, self.undated)
        zone = gettext("Hours are in {zone}.").format(zone=show_zone(self.view.tz or "UTC"))
        return Finding(_title(self.hours), [zone])

    def plot(self) -> Plot | None:
        most = max(self.hours)
        if not most:
            return None
        days = weekday_names("abbreviated")
        cells = [
            Cell(
                column=hour % HOURS,
                row=hour // HOURS,
                share=posts / most,
                text=f"{days[hour // HOURS]} {hour % HOURS}:00–{hour % HOURS + 1}:00: {posts}",
                query=f"hour={hour}",
            )
            for hour, posts in enumerate(self.hours)
            if posts
        ]
        layout = {
            "xaxis": {
                "range": [-0.6, 23.6],
                "tickvals": list(range(0, HOURS, 3)),
                "showgrid": False,
                "title": {"text": gettext("Hour")},
            },
            "yaxis": row_axis(days),
            "meta": {"height": Week.height_px},
        }
        return {"data": [draw_cells(cells)], "layout": layout}

    def path(self) -> str:
        return posts_path(self.view.query())

    def table(self) -> Table:
        days = weekday_names("wide")
        hours = [hour for hour, posts in enumerate(self.hours) if posts]
        return Table(
            (gettext("Weekday"), gettext("Hour"), gettext("Posts")),
            [(days[hour // HOURS], f"{hour % HOURS}:00", self.hours[hour]) for hour in hours],
            [posts_path(self.view.query(), hour=str(hour)) for hour in hours],
        )


def _title(data: list[int]) -> str:
    """Return a title with the hour or part of the day clearly ahead, if any."""
    total = sum(data)
    if total < 20:
        few = ngettext(
            "{count} post, too few to show a rhythm",
            "{count} posts, too few to show a rhythm",
            total,
        )
        return filled(few, count=total)
    busiest, parts = clear_peak(data), parts_of_day(data)
    part = clear_peak(parts)
    # Each of 168 equal hours has a share of 0.006.
    if busiest is not None and data[busiest] >= 0.05 * total:
        title = gettext(
            "Busiest hour: {weekday}, {hour}:00 to {next}:00, with {count} of {total} posts"
        )
        weekday, hour = weekday_names("wide")[busiest // HOURS], busiest % HOURS
        times = {"weekday": weekday, "hour": hour, "next": hour + 1}
        return filled(title, **times, count=data[busiest], total=total)
    if part is not None and parts[part] >= LEAST_PART * total:
        title = gettext("Busiest part of the day: {part}, with {count} of {total} posts")
        return filled(title, part=gettext(PARTS[part]), count=parts[part], total=total)
    return gettext("Spread over the week: no hour and no part of the day stands out")


def parts_of_day(data: list[int]) -> list[int]:
    """Return the number of posts at night, in the morning, afternoon and evening."""
    width = HOURS // len(PARTS)
    return [
        sum(posts for hour, posts in enumerate(data) if hour % HOURS // width == part)
        for part in range(len(PARTS))
    ]

"""The rhythm of the week."""

from typing import Final

from babel.dates import get_day_names
from quart import g

from app.dashboard.figures.base import (
    Cell,
    Drawing,
    Figure,
    Table,
    draw_cells,
    posts_path,
    row_axis,
)
from app.db.backend import Sessions
from app.i18n import gettext, gettext_noop, show_number
from app.services.posts.statistics import count_by_hour_of_week
from app.views.filters import View

HOURS: Final = 24


class Week(Figure):
    name = "week"
    title = gettext_noop("Rhythm of the week")
    about = gettext_noop(
        "When posts are written, in your own time zone. The stronger a cell, the more posts."
    )

    async def load(self, db: Sessions, view: View) -> list[int]:
        async with db.read() as session:
            return await count_by_hour_of_week(session, view.selection, view.zone)

    def draw(self, data: list[int], view: View) -> Drawing:
        most = max(data)
        if not most:
            return Drawing()
        days = weekdays("abbreviated")
        cells = [
            Cell(
                column=hour % HOURS,
                row=hour // HOURS,
                share=posts / most,
                text=f"{days[hour // HOURS]} {hour % HOURS}:00–{hour % HOURS + 1}:00: {posts}",
                query=f"hour={hour}",
            )
            for hour, posts in enumerate(data)
            if posts
        ]
        layout = {
            "barmode": "overlay",
            "xaxis": {
                "range": [-0.6, 23.6],
                "tickvals": list(range(0, HOURS, 3)),
                "showgrid": False,
                "fixedrange": True,
                "title": {"text": gettext("Hour")},
            },
            "yaxis": row_axis(days),
            "meta": {"height": 260},
        }
        busiest = data.index(most)
        note = gettext("Most posts come on {weekday} between {hour}:00 and {next}:00: {count}.")
        return Drawing(
            note.format(
                weekday=weekdays("wide")[busiest // HOURS],
                hour=busiest % HOURS,
                next=busiest % HOURS + 1,
                count=show_number(most),
            ),
            {"data": [draw_cells(cells)], "layout": layout},
            posts_path(view.query()),
        )

    def table(self, data: list[int], view: View) -> Table:
        days = weekdays("wide")
        hours = [hour for hour, posts in enumerate(data) if posts]
        return Table(
            (gettext("Weekday"), gettext("Hour"), gettext("Posts")),
            [(days[hour // HOURS], f"{hour % HOURS}:00", data[hour]) for hour in hours],
            [posts_path(view.query(), hour=str(hour)) for hour in hours],
        )


def weekdays(width: str) -> list[str]:
    """Return the names of the days from Monday in the request's language."""
    names = get_day_names(width, locale=g.locale)  # type: ignore[arg-type]
    return [names[day] for day in range(7)]

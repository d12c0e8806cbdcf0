"""The rhythm of the week."""

from typing import Final

from babel.dates import get_day_names
from quart import g
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard.figures.base import (
    Cell,
    Drawing,
    Figure,
    Table,
    draw_cells,
    posts_path,
    row_axis,
)
from app.i18n import gettext, gettext_noop
from app.services.posts.statistics import count_by_hour_of_week
from app.views.filters import View

HOURS: Final = 24


class Week(Figure):
    name = "week"
    height = "22rem"
    title = gettext_noop("Rhythm of the week")
    about = gettext_noop(
        "When posts are written, in your own time zone. The stronger a cell, the more posts."
    )

    async def load(self, session: AsyncSession, view: View) -> list[int]:
        return await count_by_hour_of_week(session, view.selection, view.zone)

    def draw(self, data: list[int]) -> Drawing:
        most = max(data)
        if not most:
            return Drawing([])
        days = weekdays("abbreviated")
        cells = [
            Cell(
                column=hour % HOURS,
                row=hour // HOURS,
                share=posts / most,
                text=f"{days[hour // HOURS]} {hour % HOURS}:00–{hour % HOURS + 1}:00: {posts}",
                click=hour,
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
        return Drawing([{"data": [draw_cells(cells)], "layout": layout}], clicks={"hours": True})

    def table(self, data: list[int], view: View) -> Table:
        query = view.query()
        days = weekdays("wide")
        hours = [hour for hour, posts in enumerate(data) if posts]
        return Table(
            (gettext("Weekday"), gettext("Hour"), gettext("Posts")),
            [(days[hour // HOURS], f"{hour % HOURS}:00", data[hour]) for hour in hours],
            [posts_path(query, hour=str(hour)) for hour in hours],
        )


def weekdays(width: str) -> list[str]:
    """Return the names of the days from Monday in the request's language."""
    names = get_day_names(width, locale=g.locale)  # type: ignore[arg-type]
    return [names[day] for day in range(7)]

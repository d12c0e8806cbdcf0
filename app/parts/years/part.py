"""The part `years` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.years import api, pages
from app.parts.years.year import open_years

PART: Final = Part(
    pages=(pages.blueprint, pages.room_blueprint),
    api=(api.blueprint,),
    opens=open_years,
    cards=("author_calendar", "home_today", "on_this_day", "most_liked", "import_end"),
    reads={"import_end": pages.read_newest_year},
)

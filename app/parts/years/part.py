"""What years add to a site."""

from typing import Final

from app.parts import Part
from app.parts.years import api, pages, room_pages
from app.parts.years.newest_year import read_newest_year

PART: Final = Part(
    pages=(pages.blueprint, room_pages.blueprint),
    api=(api.blueprint,),
    cards=("author_calendar", "home_calendar", "on_this_day", "most_liked", "import_end"),
    reads={"import_end": read_newest_year},
)

"""The part `years` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.years import api, pages

PART: Final = Part(
    pages=(pages.blueprint, pages.room_blueprint),
    api=(api.blueprint,),
    cards=("author_calendar", "home_today", "on_this_day", "most_liked"),
)

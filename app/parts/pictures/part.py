from typing import Final

from app.parts import Part
from app.parts.pictures import answer_pages

PART: Final = Part(
    pages=(answer_pages.blueprint,),
    pages_with={
        "portraits": ("room", "author"),
        "quiz": ("quiz",),
        "years": ("year", "room_year"),
        "games": ("game",),
    },
)

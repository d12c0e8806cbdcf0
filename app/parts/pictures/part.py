"""What pictures add to a site."""

from typing import Final

from app.parts import Part
from app.parts.pictures import answer_pages, author, room, year

PART: Final = Part(
    pages=(year.blueprint, room.blueprint, answer_pages.blueprint, author.blueprint),
    pages_with={"quiz": ("quiz",)},
)

"""The part `publish` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.publish import downloads

PART: Final = Part(
    pages=(downloads.blueprint,), opens=downloads.open_slots, cards=("author_export",)
)

"""The part `pictures` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.pictures import answer

PART: Final = Part(
    pages=(answer.blueprint,), pages_with=("portraits", "years"), cards=("subject_outputs",)
)

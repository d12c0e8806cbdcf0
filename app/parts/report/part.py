"""The part `report` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.report import pages

PART: Final = Part(pages=pages.blueprints, cards=("subject_outputs",))

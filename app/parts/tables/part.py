"""The part `tables` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.tables import pages

PART: Final = Part(pages=(pages.blueprint,), cards=("compare_more",))

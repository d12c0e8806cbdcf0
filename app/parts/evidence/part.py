"""What the part `evidence` adds to a site."""

from typing import Final

from app.parts import Part
from app.parts.evidence import tables

PART: Final = Part(pages=(tables.blueprint,), cards=("compare_more",))

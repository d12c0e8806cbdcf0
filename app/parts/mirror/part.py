"""The part `mirror` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.mirror import mirror_page, reflection

PART: Final = Part(pages=(mirror_page.blueprint,), api=(reflection.api,), cards=("compare_more",))

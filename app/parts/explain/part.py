"""The part `explain` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.explain import page

PART: Final = Part(pages=(page.blueprint,), cards=("upload_link",))

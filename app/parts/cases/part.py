"""The part `cases` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.cases import case_form

PART: Final = Part(pages=(case_form.blueprint,), cards=("answer_actions",))

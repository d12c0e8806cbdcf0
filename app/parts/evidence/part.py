"""What the part `evidence` adds to a site."""

from typing import Final

from app.parts import Part
from app.parts.evidence import case_form, mirror_page, mirroring, tables

PART: Final = Part(
    pages=(tables.blueprint, mirror_page.blueprint, case_form.blueprint),
    api=(mirroring.api,),
    cards=("compare_more", "answer_actions"),
)

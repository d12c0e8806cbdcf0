"""What the part `spark` adds to a site."""

from typing import Final

from app.part_list import Part

PART: Final = Part()

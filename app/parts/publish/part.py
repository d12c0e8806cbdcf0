"""The part `publish` of a site."""

from typing import Final

from app.part_list import Part

PART: Final = Part()

"""The part `publish` of a site."""

from app.part_list import Part

PART = Part()

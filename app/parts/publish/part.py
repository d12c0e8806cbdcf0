"""What the part `publish` adds to a site."""

from typing import Final

from app.parts import Part

PART: Final = Part()

"""What Spark adds to a site: its command alone, which is in the list of parts."""

from typing import Final

from app.parts import Part

PART: Final = Part()

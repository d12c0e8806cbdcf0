from typing import Final

from app.parts import Part

PART: Final = Part()

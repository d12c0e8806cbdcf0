"""The registration of Spark, which has only a command."""

from typing import Final

from app.parts import Part

PART: Final = Part()

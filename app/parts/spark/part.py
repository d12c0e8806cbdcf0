"""The registration of Spark, which has only a command, named in the list of parts."""

from typing import Final

from app.parts import Part

PART: Final = Part()

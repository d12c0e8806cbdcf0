"""The part `mcp` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.mcp import endpoint

PART: Final = Part(
    pages=(endpoint.blueprint,), cards=("settings",), reads={"settings": endpoint.read_card}
)

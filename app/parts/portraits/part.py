"""What the part `portraits` adds to a site."""

from typing import Final

from app.parts import Part
from app.parts.portraits import author, room

PART: Final = Part(
    pages=(room.blueprint, author.blueprint),
    api=(author.api, room.api),
    cards=("room_tabs",),
    reads={"room_start": room.read_page},
)

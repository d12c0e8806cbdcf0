"""What the part `portraits` adds to a site."""

from typing import Final

from app.parts import Part
from app.parts.portraits import author, room

PART: Final = Part(
    pages=(author.blueprint,),
    api=(author.api, room.api),
    cards=("room_people", "room_numbers"),
    reads={"room_people": room.read_people},
)

"""The part `portraits` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.portraits import author, room

PART: Final = Part(
    api=(author.api, room.api),
    cards=("author_writing", "author_numbers", "room_people", "room_numbers"),
    reads={"author_writing": author.read_writing, "room_people": room.read_people},
)

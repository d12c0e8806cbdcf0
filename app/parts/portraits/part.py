from typing import Final

from app.parts import Part
from app.parts.portraits import api, author, room
from app.parts.portraits.room import read_page

PART: Final = Part(
    pages=(room.blueprint, author.blueprint),
    api=(api.blueprint, api.room_blueprint),
    cards=("room_tabs",),
    reads={"room_start": read_page},
)

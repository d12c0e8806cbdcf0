"""The part `games` of a site."""

from typing import Final

from app.part_list import Part
from app.parts.games import api, host_pages, player_pages
from app.parts.games.playing import open_games

PART: Final = Part(
    pages=(host_pages.blueprint, player_pages.blueprint),
    pages_with=("pictures",),
    api=(api.blueprint,),
    opens=open_games,
    cards=("quiz_actions",),
)

"""What games add to a site."""

from typing import Final

from app.parts import Part
from app.parts.games.opened import open_games
from app.parts.games.views import api, pages, play, play_api, screen

PART: Final = Part(
    pages=(pages.blueprint, screen.blueprint, play.blueprint),
    api=(api.blueprint, play_api.blueprint),
    opens=open_games,
    cards=("room_tabs", "quiz_actions"),
)

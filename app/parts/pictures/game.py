"""The picture of how a game went for a player: a tile for each question, theirs and saywho's."""

from quart import url_for
from quart.typing import ResponseReturnValue

from app.drawing.drawings import TileRow, Tiles
from app.drawing.lettering import drawn_name
from app.drawing.poster import Format, Poster
from app.errors import ConflictError, UnauthorizedError
from app.language.i18n import gettext, show_number, speaking
from app.lifespan import resources
from app.parts.games.opened import PLAY, games
from app.parts.games.playing import Screen
from app.parts.games.results import read_model_hits
from app.parts.games.views.play import place_heading, to_entrance
from app.parts.games.views.players import PLAYER, PRIVATE, player_key
from app.parts.pictures.picture_page import PicturePage, picture_of, short_address
from app.views.blueprints import PageBlueprint
from app.views.page import render
from app.views.picture_args import LookArgs

blueprint = PageBlueprint("game_pictures", policy="open", cookie=PLAYER)


class GamePictureArgs(LookArgs):
    format: Format = "1080x1350"
    """Upright, as phones show it."""


@blueprint.page(f"{PLAY}/<id:game_id>/picture")
async def show_game_picture_page(game_id: int, args: GamePictureArgs) -> ResponseReturnValue:
    """Show the picture of the player whose secret the browser has; ask anyone else for the code."""
    screen = await _ended_screen(game_id)
    if screen is None:
        return to_entrance()
    poster = await _poster(screen)
    page = PicturePage(
        args=args,
        address=url_for("game_pictures.show_game_picture_page", game_id=game_id),
        back=url_for("play.show_play", game_id=game_id, stay=1),
        title=poster.title,
        finding=poster.finding,
    )
    return await render(page), 200, PRIVATE


@blueprint.page(f"{PLAY}/<id:game_id>/picture.png")
async def show_game_picture(game_id: int, args: GamePictureArgs) -> ResponseReturnValue:
    """Draw how the game went, with no text and no name but the player's own."""
    screen = await _ended_screen(game_id)
    if screen is None:
        return to_entrance()
    with speaking(args.lang):
        poster = await _poster(screen)
    picture = await picture_of(poster, args)
    picture.headers.update(PRIVATE)
    return picture


async def _ended_screen(game_id: int) -> Screen | None:
    """Return the screen of the player who asks; None for anyone else. Raises ConflictError."""
    key = player_key(game_id)
    if key is None:
        return None
    try:
        screen = await games().screen(key)
    except UnauthorizedError:
        return None
    if screen.view.state != "ended" or not screen.standing.shown:
        raise ConflictError("The game has not ended")
    return screen


async def _poster(screen: Screen) -> Poster:
    """Return what is drawn of a player's game, in the visitor's language."""
    view, standing = screen.view, screen.standing
    async with resources().db.read() as session:
        model_hits = await read_model_hits(session, screen.state)
    right, questions = standing.outcome(screen.player_id)
    told = gettext("{right} of {count} right: {points} points.").format(
        right=right, count=questions, points=show_number(view.total)
    )
    place = place_heading(view)
    if place and not place.endswith("!"):
        place += "."
    name, title = drawn_name(screen.name), gettext("Quiz: who wrote this?")
    hits = tuple(standing.hits(screen.player_id))
    rows = TileRow(name or gettext("Me"), hits), TileRow("saywho", tuple(model_hits))
    return Poster(
        title=name or title,
        facts=(title,) if name else (),
        finding=" ".join(filter(None, (place, told))),
        drawing=Tiles(rows),
        address=short_address(url_for("play.show_entrance")),
    )

"""The picture of a player's game: a tile for each question, the player's and saywho's."""

from quart import abort, url_for

from app.drawing.lettering import drawn_name
from app.drawing.png import OURS
from app.drawing.poster import Format, Poster
from app.errors import ConflictError, UnauthorizedError
from app.language.i18n import gettext, show_number
from app.parts.games.player_pages import PLAYER, PRIVATE, place_heading, player_key, to_entrance
from app.parts.games.playing import PLAY, Screen, games
from app.parts.pictures import picture_page
from app.views.blueprints import PageBlueprint
from app.views.subjects import ZoneFor


class GamePictureArgs(picture_page.LookArgs):
    format: Format = "1080x1350"


async def _read(args: GamePictureArgs, _zone_for: ZoneFor, game_id: int) -> Screen:
    """Return the screen of the player by the browser's secret, else ask for the code.

    Raises ConflictError.
    """
    key = player_key(game_id)
    if key is None:
        abort(to_entrance())
    try:
        screen = await games().screen(key)
    except UnauthorizedError:
        abort(to_entrance())
    if screen.view.state != "ended" or not screen.standing.shown:
        raise ConflictError("The game has not ended")
    return screen


async def _poster(screen: Screen, _args: GamePictureArgs) -> Poster:
    view, standing = screen.view, screen.standing
    right, questions = standing.outcome(screen.player_id)
    told = gettext("{right} of {count} right: {points} points.").format(
        right=right, count=questions, points=show_number(view.total)
    )
    place = place_heading(view)
    if place and not place.endswith("!"):
        place += "."
    name, title = drawn_name(screen.name), gettext("Quiz: who wrote this?")
    hits = {name or gettext("Me"): standing.hits(screen.player_id)}
    shown = [*standing.shown.values()]
    return Poster(
        title=" · ".join(filter(None, (name, title))),
        finding=" ".join(filter(None, (place, told))),
        drawing=picture_page.bars_of_players({**hits, "saywho": shown}),
        giant=f"{right}/{questions}",
        hue=OURS,
        home=picture_page.foot_of(url_for("play.show_entrance")),
    )


def _page(screen: Screen, args: GamePictureArgs, poster: Poster) -> picture_page.PicturePage:
    return picture_page.PicturePage(
        args=args,
        address=url_for("game_pictures.show_game_picture_page", game_id=screen.state.game.id),
        back=url_for("play.show_play", game_id=screen.state.game.id, stay=1),
        title=poster.title,
        finding=poster.finding,
    )


blueprints = (
    picture_page.Pictures(
        args=GamePictureArgs,
        read=_read,
        poster_of=_poster,
        page_of=_page,
        cached=(),
        headers=PRIVATE,
    ).declare(
        PageBlueprint("game_pictures", policy="open", cookie=PLAYER), f"{PLAY}/<id:game_id>/picture"
    ),
)

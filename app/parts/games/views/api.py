"""Hosting games in the API."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct
from quart import Response, g, request, url_for

from app.errors import ConflictError, InvalidInputError
from app.lifespan import resources
from app.parts.games.documents import GameView
from app.parts.games.opened import GAMES, games
from app.parts.games.results import result_rows
from app.parts.games.views.hosting import GameForm, make_game, make_move, play_again
from app.paths import LIVE
from app.services.access.rights import Right
from app.views.answers import csv_answer
from app.views.blueprints import CSV, EVENTS, ApiBlueprint, Reply
from app.views.posts.live import endless, own_session

blueprint = ApiBlueprint("api_games", tag="games")


class VersionForm(Struct, forbid_unknown_fields=True):
    version: Annotated[int, Meta(description="The version that the client saw last.")]


class JoiningForm(Struct, forbid_unknown_fields=True):
    open: Annotated[bool, Meta(description="Whether more players may join.")]


class GameArgs(Struct):
    ranking: Annotated[
        Literal["first", "all"],
        Meta(description="`first` ranks only the first ten players, `all` ranks every player."),
    ] = "first"


@blueprint.operation("POST", GAMES, "admin", {201: "The new game and its URL"})
async def create_game(form: GameForm) -> Reply[GameView]:
    """Create a game that waits for players."""
    if (form.room is UNSET) == (not form.usernames):
        raise InvalidInputError("Name the authors, or a chat", loc="usernames")
    game_id = await make_game(form)
    address = url_for("api_games.show_game", game_id=game_id)
    return await games().host_view(game_id), 201, {"Location": address}


@blueprint.operation("GET", f"{GAMES}/<id:game_id>", "admin", "The game")
async def show_game(game_id: int, args: GameArgs) -> GameView:
    """Show a game as its host sees it."""
    return await games().host_view(game_id, shows_all=args.ranking == "all")


async def _view_after(move: str, game_id: int, *number: int) -> GameView:
    await make_move(move, game_id, *number)
    return await games().host_view(game_id)


@blueprint.operation("POST", f"{GAMES}/<id:game_id>/next", "admin", "The game")
async def go_on(game_id: int, form: VersionForm) -> GameView:
    """Move a game to its next step: start, reveal the answer, ask the next question, or end."""
    return await _view_after("next", game_id, form.version)


@blueprint.operation("POST", f"{GAMES}/<id:game_id>/skip", "admin", "The game")
async def skip_question(game_id: int, form: VersionForm) -> GameView:
    """Leave out the current question and its answers, and ask the next question."""
    return await _view_after("skip", game_id, form.version)


@blueprint.operation("POST", f"{GAMES}/<id:game_id>/again", "admin", "The game")
async def ask_again(game_id: int) -> GameView:
    """Ask the current question again; its answers are deleted."""
    return await _view_after("again", game_id)


@blueprint.operation("POST", f"{GAMES}/<id:game_id>/end", "admin", "The game")
async def end_game(game_id: int) -> GameView:
    """End a game now; the answers so far count."""
    return await _view_after("end", game_id)


@blueprint.operation(
    "POST", f"{GAMES}/<id:game_id>/replay", "admin", {201: "The new game and its URL"}
)
async def replay_game(game_id: int) -> Reply[GameView]:
    """Create the next game of an ended game: the same players and authors, new questions."""
    new_id = await play_again(game_id)
    address = url_for("api_games.show_game", game_id=new_id)
    return await games().host_view(new_id), 201, {"Location": address}


@blueprint.operation("POST", f"{GAMES}/<id:game_id>/joining", "admin", "The game")
async def let_others_join(game_id: int, form: JoiningForm) -> GameView:
    """Close a game to more players, or open it again; players stay in the game."""
    return await _view_after("joining", game_id, form.open)


@blueprint.operation(
    "DELETE", f"{GAMES}/<id:game_id>/players/<id:player_id>", "admin", "The player is removed"
)
async def remove_player(game_id: int, player_id: int) -> None:
    """Remove a player, also from all tables."""
    await make_move("remove", game_id, player_id)


@blueprint.operation("DELETE", f"{GAMES}/<id:game_id>", "admin", "The game is deleted")
async def delete_game(game_id: int) -> None:
    """Delete a game with all names."""
    await make_move("delete", game_id)


@blueprint.operation(
    "GET", f"{GAMES}/<id:game_id>/results.csv", "admin", "One row per player", content={CSV: str}
)
async def show_results(game_id: int) -> Response:
    """Show what each player chose, after the game has ended."""
    state, standing = await games().read(game_id)
    if state.state != "ended":
        raise ConflictError("The game has not ended")
    async with resources().db.read() as session:
        rows = await result_rows(session, state, standing)
    answer = await csv_answer(rows, f"game-{game_id}")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.operation(
    "GET",
    f"{GAMES}/<id:game_id>{LIVE}",
    "admin",
    "A stream of game states, without end",
    content={EVENTS: str},
)
async def follow_game(game_id: int) -> Response:
    """Follow a game as its host sees it, as server-sent events."""
    if request.method == "HEAD":
        await games().read(game_id)
        return endless(None)
    hosts = Right("token", g.token.id) if g.token else Right("session", g.account.session_id)
    hub = games().hub
    return endless(await hub.open(game_id, right=hosts, holder=own_session()))

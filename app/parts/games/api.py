"""Games in the API, for hosts and for players."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from quart import Response, g, request, url_for

from app.lifespan import resources
from app.parts.games.documents import GameView, PlayerView
from app.parts.games.hosting import GameForm, check_ended, make_game, make_move
from app.parts.games.player_pages import PRIVATE, join, required_key
from app.parts.games.players import LONGEST_SENT, AnswerReceipt, AnswerRequest, JoinedPlayer
from app.parts.games.playing import GAMES, PLAY, games
from app.parts.games.states import result_rows
from app.paths import LIVE
from app.services.access.rights import Right
from app.views.answers import csv_answer, endless
from app.views.blueprints import CSV, EVENTS, ApiBlueprint, Reply
from app.views.policies import own_session
from saywho.clock import now_ms

blueprint = ApiBlueprint("api_games", tag="games")


class VersionForm(Struct, forbid_unknown_fields=True):
    version: int
    """The version that the client saw last."""


class GameArgs(Struct):
    ranking: Literal["first", "all"] = "first"
    """`first` ranks only the first ten players, `all` ranks every player."""


@blueprint.post(
    GAMES, policy="admin", answers={201: "The new game and its URL"}, one_of=("usernames", "room")
)
async def create_game(form: GameForm) -> Reply[GameView]:
    """Create a game that waits for players."""
    game_id = await make_game(form)
    address = url_for("api_games.show_game", game_id=game_id)
    return await games().host_view(game_id), 201, {"Location": address}


@blueprint.get(f"{GAMES}/<id:game_id>", policy="admin", answers="The game")
async def show_game(game_id: int, args: GameArgs) -> GameView:
    """Show a game as its host sees it."""
    return await games().host_view(game_id, shows_all=args.ranking == "all")


async def _view_after(move: str, game_id: int, *number: int) -> GameView:
    await make_move(move, game_id, *number)
    return await games().host_view(game_id)


@blueprint.post(f"{GAMES}/<id:game_id>/next", policy="admin", answers="The game")
async def go_on(game_id: int, form: VersionForm) -> GameView:
    """Move a game to its next step: start, reveal the answer, ask the next question, or end."""
    return await _view_after("next", game_id, form.version)


@blueprint.post(f"{GAMES}/<id:game_id>/again", policy="admin", answers="The game")
async def ask_again(game_id: int) -> GameView:
    """Ask the current question again; its answers are deleted."""
    return await _view_after("again", game_id)


@blueprint.delete(
    f"{GAMES}/<id:game_id>/players/<id:player_id>", policy="admin", answers="The player is removed"
)
async def remove_player(game_id: int, player_id: int) -> None:
    """Remove a player, also from all tables."""
    await make_move("remove", game_id, player_id)


@blueprint.delete(f"{GAMES}/<id:game_id>", policy="admin", answers="The game is deleted")
async def delete_game(game_id: int) -> None:
    """Delete a game with all names."""
    await make_move("delete", game_id)


@blueprint.get(
    f"{GAMES}/<id:game_id>/results.csv",
    policy="admin",
    answers="One row per player",
    content={CSV: str},
)
async def show_results(game_id: int) -> Response:
    """Show what each player chose, after the game has ended."""
    state, standing = await games().read(game_id)
    check_ended(state.game)
    async with resources().db.read() as session:
        rows = await result_rows(session, state, standing)
    answer = await csv_answer(rows, f"game-{game_id}")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get(
    f"{GAMES}/<id:game_id>{LIVE}",
    policy="admin",
    answers="A stream of game states, without end",
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


class JoinForm(Struct, forbid_unknown_fields=True):
    code: Annotated[str, Meta(max_length=100)]
    """Code of the game, as the host shows it; upper or lower case."""
    name: Annotated[str, Meta(max_length=LONGEST_SENT)]
    """Name of the player; at most 40 characters are stored."""


class AnswerForm(Struct, forbid_unknown_fields=True):
    question: Annotated[int, Meta(ge=1, le=30)]
    username: str


@blueprint.post(PLAY, policy="open", answers={201: "The new player, and their token"})
async def join_game(form: JoinForm) -> JoinedPlayer:
    """Join a game with its code."""
    return await join(form.code, form.name)


@blueprint.get(f"{PLAY}/<id:game_id>", policy="player", answers="The game as the player sees it")
async def show_play(game_id: int) -> Reply[PlayerView]:
    """Show a game as a player sees it."""
    return (await games().screen(required_key(game_id))).view, 200, PRIVATE


@blueprint.post(
    f"{PLAY}/<id:game_id>/answers",
    policy="player",
    answers={
        201: "The accepted answer",
        200: "The answer was already sent; the first answer counts",
    },
)
async def answer_question(game_id: int, form: AnswerForm) -> Reply[AnswerReceipt]:
    """Answer the current question; the first answer counts, if it arrives in time."""
    arrived_ms = now_ms()
    key = required_key(game_id)
    status, receipt = await games().answer(
        AnswerRequest(game_id, key.sha256, form.question, form.username, arrived_ms)
    )
    return receipt, status, PRIVATE


@blueprint.get(
    f"{PLAY}/<id:game_id>{LIVE}",
    policy="player",
    answers="A stream of game states, without end",
    content={EVENTS: str},
)
async def follow_play(game_id: int) -> Response:
    """Follow a game as its players see it, as server-sent events.

    Send the newest document at once, and each that follows.
    """
    here = games()
    player_id = await here.find_player(required_key(game_id))
    if request.method == "HEAD":
        return endless(None)
    return endless(await here.hub.open(game_id, player_id=player_id))

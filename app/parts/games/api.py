"""What the pages of games send and get by their scripts, and a game's results."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Response, g, request

from app.lifespan import resources
from app.parts.games.documents import PlayerView
from app.parts.games.hosting import check_ended
from app.parts.games.player_pages import PRIVATE, required_key
from app.parts.games.players import AnswerReceipt, AnswerRequest
from app.parts.games.playing import GAMES, PLAY, games
from app.parts.games.states import result_rows
from app.paths import LIVE
from app.services.access.rights import Right
from app.views.answers import csv_answer, endless
from app.views.blueprints import CSV, EVENTS, ApiBlueprint, Reply
from app.views.policies import own_session
from saywho.clock import now_ms

blueprint = ApiBlueprint("api_games", tag="games")


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


class AnswerForm(Struct, forbid_unknown_fields=True):
    question: Annotated[int, Meta(ge=1, le=30)]
    username: str


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

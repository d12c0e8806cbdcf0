"""Playing a game in the API: joining by its code, looking, answering and listening."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Response, request

from app.errors import NotFoundError
from app.parts.games.answering import AnswerRequest
from app.parts.games.documents import PlayerView
from app.parts.games.joining import LONGEST_SENT
from app.parts.games.opened import PLAY, games
from app.parts.games.views.players import PRIVATE, join, next_place, required_key, screen_of
from app.paths import LIVE
from app.runtime.clock import now_ms
from app.views.blueprints import EVENTS, ApiBlueprint, Reply
from app.views.posts.live import endless

blueprint = ApiBlueprint("api_play", tag="games")


class JoinForm(Struct, forbid_unknown_fields=True):
    code: Annotated[
        str,
        Meta(
            max_length=100,
            description="Code of the game, as the host shows it; upper or lower case.",
        ),
    ]
    name: Annotated[
        str,
        Meta(
            max_length=LONGEST_SENT,
            description="Name of the player; at most 40 characters are stored.",
        ),
    ]


class JoinedPlayer(Struct, frozen=True):
    game: int
    player: int
    name: Annotated[
        str, Meta(description="Name of the player; a number is added if the name is taken.")
    ]
    token: Annotated[str, Meta(description="Token that identifies the player; shown only once.")]


class AnswerForm(Struct, forbid_unknown_fields=True):
    question: Annotated[int, Meta(ge=1, le=30)]
    username: str


class AnswerReceipt(Struct, frozen=True):
    question: int
    username: str
    ms: Annotated[
        int, Meta(description="Milliseconds between the question and the answer's arrival.")
    ]


@blueprint.operation("POST", PLAY, "open", {201: "The new player, and their token"})
async def join_game(form: JoinForm) -> JoinedPlayer:
    """Join a game with its code."""
    joined = await join(form.code, form.name)
    return JoinedPlayer(joined.game_id, joined.player_id, joined.name, joined.secret)


@blueprint.operation("GET", f"{PLAY}/<id:game_id>", "player", "The game as the player sees it")
async def show_play(game_id: int) -> Reply[PlayerView]:
    """Show a game as a player sees it."""
    return (await screen_of(game_id)).view, 200, PRIVATE


@blueprint.operation(
    "GET", f"{PLAY}/<id:game_id>/next", "player", "The same player in the next game"
)
async def show_next_game(game_id: int) -> Reply[JoinedPlayer]:
    """Show the game that the host has started with the players of this one, after its end."""
    key = required_key(game_id)
    await games().screens.find(key)
    place = await next_place(key)
    if place is None:
        raise NotFoundError("No game follows this one")
    return JoinedPlayer(place.game_id, place.player_id, place.name, place.secret), 200, PRIVATE


@blueprint.operation(
    "POST",
    f"{PLAY}/<id:game_id>/answers",
    "player",
    {201: "The accepted answer", 200: "The answer was already sent; the first answer counts"},
)
async def answer_question(game_id: int, form: AnswerForm) -> Reply[AnswerReceipt]:
    """Answer the current question; the first answer counts, if it arrives in time."""
    arrived_ms = now_ms()
    key = required_key(game_id)
    receipt = await games().answering.add(
        AnswerRequest(game_id, key.sha256, form.question, form.username, arrived_ms)
    )
    body = AnswerReceipt(receipt.question, receipt.username, receipt.ms)
    return body, receipt.status, PRIVATE


@blueprint.operation(
    "GET",
    f"{PLAY}/<id:game_id>{LIVE}",
    "player",
    "A stream of game states, without end",
    content={EVENTS: str},
)
async def follow_play(game_id: int) -> Response:
    """Follow a game as its players see it, as server-sent events.

    Send the newest document at once, and each that follows.
    """
    here = games()
    player_id = await here.screens.find(required_key(game_id))
    if request.method == "HEAD":
        return endless(None)
    return endless(await here.hub.open(game_id, player_id=player_id))

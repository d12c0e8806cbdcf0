"""The page of the operator's games, where one is started."""

from datetime import datetime
from typing import Final

from msgspec import UNSET, Struct
from quart import url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import AppError, NotFoundError
from app.lifespan import resources
from app.models import MAX_ID
from app.parts.games.drawing import MOST_AUTHORS
from app.parts.games.opened import GAMES
from app.parts.games.play import list_games
from app.parts.games.rules import State
from app.parts.games.states import GameState
from app.parts.games.views.hosting import GameForm, make_game, number_field
from app.services.posts.samples import outgrown_samples
from app.services.posts.users import Author
from app.services.rooms.room_facts import RoomFacts, get_room, list_rooms, newest_first
from app.views.answers import see_other
from app.views.author_picker import given_names, offered_authors
from app.views.blueprints import Form, PageBlueprint
from app.views.page import FormPage, render_form
from app.views.requests import number_of

blueprint = PageBlueprint("games", policy="operator")

MOST_ROOMS: Final = 6
"""Chats that are offered, the newest."""
MOST_SEARCHED: Final = 20
"""Chats of which these are."""


class GamesArgs(Struct):
    room: str = ""
    """The chat whose people are asked about."""


class ListedGame(Struct, frozen=True):
    id: int
    code: str
    state: State
    question: int
    questions: int
    players: int
    usernames: list[str]
    created_at: datetime


class GamesPage(FormPage, frozen=True, kw_only=True):
    template = "games/games.html"

    authors: list[Author]
    author_total: int
    chosen: list[str]
    room: RoomFacts | None
    rooms: list[RoomFacts]
    """The newest chats, out of which a game can be."""
    questions: str
    seconds: str
    games: list[ListedGame]
    is_public: bool
    most_authors: int = MOST_AUTHORS


@blueprint.page(GAMES)
async def show_games(args: GamesArgs) -> ResponseReturnValue:
    return await _games_page(room_id=args.room)


@blueprint.action(GAMES)
async def start_game(form: Form) -> ResponseReturnValue:
    """Make a game, and show its screen."""
    names = given_names(form.getlist("username"))
    room_id = form.get("room", "")
    questions, seconds = form.get("questions", ""), form.get("seconds", "")
    try:
        wish = GameForm(
            [] if room_id else names,
            number_field(room_id, 1, MAX_ID, "room") if room_id else UNSET,
            number_field(questions, 3, 30, "questions"),
            number_field(seconds, 5, 120, "seconds"),
        )
        game_id = await make_game(wish)
    except AppError as failure:
        return await _games_page(
            failure, chosen=names, room_id=room_id, questions=questions, seconds=seconds
        )
    return see_other(url_for("game.show_game", game_id=game_id))


async def _games_page(
    error: AppError | None = None,
    *,
    chosen: list[str] | None = None,
    room_id: str = "",
    questions: str = "10",
    seconds: str = "20",
) -> ResponseReturnValue:
    names = chosen or []
    async with resources().db.read() as session:
        authors, total = await offered_authors(session, names)
        room = await _room(session, room_id)
        rooms, _ = await list_rooms(session, limit=MOST_SEARCHED)
        # The invented authors are for those who have no others yet.
        hidden = {*await outgrown_samples(session)} - {*names}
        games = await list_games(session)
    page = GamesPage(
        error=error,
        authors=[author for author in authors if author.username not in hidden],
        author_total=total - len(hidden),
        chosen=names,
        room=room,
        rooms=newest_first(rooms)[:MOST_ROOMS],
        questions=questions,
        seconds=seconds,
        games=[_listed(state) for state in games],
        is_public=await resources().openness.is_public(),
        about=[],
    )
    return await render_form(page)


def _listed(state: GameState) -> ListedGame:
    game = state.game
    return ListedGame(
        id=game.id,
        code=game.code,
        state=state.state,
        question=game.question,
        questions=game.questions,
        players=state.players,
        usernames=list(state.usernames.values()),
        created_at=game.created_at,
    )


async def _room(session: AsyncSession, room_id: str) -> RoomFacts | None:
    if (number := number_of(room_id)) is None:
        return None
    try:
        return await get_room(session, number)
    except NotFoundError:
        return None

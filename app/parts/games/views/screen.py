"""The host's screen of a game, which everybody looks at, and what its buttons do."""

from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup
from msgspec import Struct
from quart import Response, url_for
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidInputError, NotFoundError
from app.lifespan import resources
from app.parts.games.documents import RankedPlayer, host_view
from app.parts.games.drawing import compare_post
from app.parts.games.opened import GAMES, games
from app.parts.games.results import (
    AskedQuestion,
    RightShares,
    compared,
    read_questions,
    that_fooled_most,
)
from app.parts.games.standings import Standing
from app.parts.games.states import GameState
from app.parts.games.views.hosting import MOVES, make_move, number_field, play_again
from app.runtime.clock import now_ms
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.comparing.evidence import Evident, read_evidence
from app.views.links import is_of_this_machine, origin_for_others, qr_code
from app.views.page import WebPage, render

blueprint = PageBlueprint("game", policy="operator")

MOST_FOOLING: Final = 3


class Option(Struct, frozen=True):
    """An author to choose, and how often it was done."""

    letter: str
    number: int
    username: str
    count: int | None
    """None while it is asked."""


class GamePage(WebPage, frozen=True, kw_only=True):
    template = "games/game.html"

    state: GameState
    ranking: list[RankedPlayer]
    options: list[Option]
    join_address: str
    """Where players go, without scheme."""
    qr: Markup | None
    is_of_this_machine: bool
    is_public: bool
    left_ms: int
    """Until the question ends."""
    players: list[tuple[int, str]]
    """Id and name, the newest first."""
    evident: Evident | None
    questions: list[AskedQuestion]

    @property
    def fooling(self) -> list[AskedQuestion]:
        return that_fooled_most(self.questions, most=MOST_FOOLING)

    @property
    def comparison(self) -> RightShares | None:
        return compared(self.state, self.questions)


@blueprint.page(f"{GAMES}/<id:game_id>")
async def show_game(game_id: int) -> str:
    """Show the screen that everybody looks at, as far as the game is."""
    state, standing = await games().read(game_id)
    evident: Evident | None = None
    async with resources().db.read() as session:
        questions = await read_questions(session, state) if state.state == "ended" else []
        if state.state == "told":
            evident = await _evidence(session, state)
    origin = origin_for_others()
    address = origin + url_for("play.show_entrance", code=state.game.code)
    page = GamePage(
        state=state,
        ranking=host_view(state, standing).ranking,
        options=_options(state, standing),
        join_address=urlsplit(origin).netloc + url_for("play.show_entrance"),
        qr=qr_code(address),
        is_of_this_machine=is_of_this_machine(origin),
        is_public=await resources().openness.is_public(),
        left_ms=max(0, (state.ends_ms or 0) - now_ms()),
        players=list(standing.names.items())[::-1],
        evident=evident,
        questions=questions,
        about=list(state.usernames.values()),
        in_chat=state.game.room_id is not None,
    )
    return await render(page)


async def _evidence(session: AsyncSession, state: GameState) -> Evident | None:
    """Return the text with the marks of what speaks for whom; None where nothing can be compared.

    The post may be gone by now, or all of an author's.
    """
    if state.present is None:
        return None
    tweet_id, models = state.present.tweet_id, resources().models
    try:
        comparison = await compare_post(session, models, state.cast, tweet_id, reasons=True)
    except (NotFoundError, InvalidInputError):
        return None
    return await read_evidence(session, comparison)


def _options(state: GameState, standing: Standing) -> list[Option]:
    tally = {} if state.is_asking else standing.tally(state.usernames)
    return [
        Option(letter_of(place), place, username, tally.get(username))
        for place, username in enumerate(state.usernames.values(), start=1)
    ]


def letter_of(place: int) -> str:
    """Return the letter of an option: A for the first."""
    return chr(ord("A") + place - 1)


@blueprint.action(f"{GAMES}/<id:game_id>/replay")
async def replay(game_id: int) -> Response:
    """Make the next game with the same players, and show its screen."""
    return see_other(url_for("game.show_game", game_id=await play_again(game_id)))


def _declare_button(name: str) -> None:
    """Declare the address that the button of a move is posted to."""
    number = MOVES[name].number

    async def press(game_id: int, form: Form) -> Response:
        sent = [
            number_field(form.get(field.name, ""), field.least, field.most, field.name)
            for field in ([number] if number else [])
        ]
        await make_move(name, game_id, *sent)
        if name == "delete":
            return see_other(url_for("games.show_games"))
        return see_other(url_for("game.show_game", game_id=game_id))

    press.__name__ = name
    blueprint.action(f"{GAMES}/<id:game_id>/{name}")(press)


for _name in MOVES:
    _declare_button(_name)

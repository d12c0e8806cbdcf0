"""The pages of players: the entrance with its code and name, and the player's own screen."""

from typing import Final

from msgspec import Struct
from quart import Response, request, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, ConflictError, InvalidInputError, Message, UnauthorizedError
from app.language.i18n import gettext_noop, show_number, translate_message
from app.parts.games.answering import AnswerRequest
from app.parts.games.documents import PlayerView
from app.parts.games.joining import LONGEST_NAME, LONGEST_SENT
from app.parts.games.opened import PLAY, games
from app.parts.games.playing import PlayerKey, Screen
from app.parts.games.rules import LONGEST_CODE, typed_code
from app.parts.games.standings import Outcome
from app.parts.games.views.players import (
    PLAYER,
    PRIVATE,
    join,
    joined_games,
    next_place,
    player_key,
    remember,
)
from app.parts.games.views.screen import Option, letter_of
from app.runtime.clock import now_ms
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.cast import shown_name
from app.views.page import FormPage, render_form
from app.views.requests import number_of

blueprint = PageBlueprint("play", policy="open", cookie=PLAYER)


class EntranceArgs(Struct):
    code: str = ""
    out: str = ""
    """Anything, where the player of a game was led here who is not in it, or no longer."""


class EntrancePage(FormPage, frozen=True, kw_only=True):
    template = "games/entrance.html"

    code: str
    name: str
    joined: list[Screen]
    """What this browser plays already."""
    is_out: bool
    longest_code: int = LONGEST_CODE
    longest_name: int = LONGEST_NAME


class PlayArgs(Struct):
    after: str = ""
    """The game that the player comes from."""
    stay: str = ""
    """Anything, to see an ended game although another one follows it."""


class PlayPage(FormPage, frozen=True, kw_only=True):
    template = "games/play.html"

    game_id: int
    name: str
    view: PlayerView
    masked_text: str
    options: list[Option]
    ends_ms: int | None
    """When the question ends, in milliseconds since 1970."""
    left_ms: int
    seconds: int
    outcome: Outcome | None
    """Once the game has ended."""
    player_id: int
    after: int | None
    """The game before, whose result the player may see again."""

    @property
    def heading(self) -> str:
        """What has happened, in a few words."""
        view = self.view
        if view.state == "ended" and (told := place_heading(view)):
            return told
        if view.state == "asking":
            return translate_message(
                Message("Question {number} of {count}", number=view.question, count=view.questions)
            )
        return translate_message(_HEADINGS[view.state if view.state != "told" else view.right])

    @property
    def place_line(self) -> str:
        """The player's place among others, in words; empty without a place."""
        return place_heading(self.view) if self.view.state == "told" else ""

    @property
    def streak_line(self) -> str:
        """How many right answers came in a row; empty for fewer than two."""
        streak = self.view.streak
        return translate_message(Message(STREAK, count=streak)) if streak > 1 else ""

    @property
    def outcome_line(self) -> str:
        """How many questions were known, in a sentence; empty before the end."""
        if self.outcome is None or not self.outcome.questions:
            return ""
        known = Message(
            "You got {right} of {count} right: {points} points.",
            right=self.outcome.right,
            count=self.outcome.questions,
            points=show_number(self.view.total),
        )
        return translate_message(known)

    @property
    def truth_line(self) -> str:
        name = shown_name(self.view.truth) if self.view.truth else ""
        return translate_message(Message("It was {name}.", name=name))

    @property
    def saywho_line(self) -> str:
        name = shown_name(self.view.saywho.username) if self.view.saywho else ""
        return translate_message(Message("saywho said {name}.", name=name))

    @property
    def choice_line(self) -> str:
        name = shown_name(self.view.answer) if self.view.answer else ""
        return translate_message(Message("You have chosen {name}.", name=name))


def place_heading(view: PlayerView) -> str:
    """Return a player's place among others, in words; nothing for someone who plays alone."""
    if view.place is None or view.players < 2:
        return ""
    is_winner = view.state == "ended" and view.place == 1 and view.total
    template = _FIRST if is_winner else _PLACE
    return translate_message(Message(template, place=view.place, count=view.players))


_FIRST: Final = gettext_noop("First of {count}!")
_PLACE: Final = gettext_noop("Place {place} of {count}")
STREAK: Final = gettext_noop("{count} right in a row")
_HEADINGS: Final[dict[str | bool | None, Message]] = {
    "waiting": Message("You are in"),
    "ended": Message("The game is over"),
    True: Message("Right!"),
    False: Message("Wrong"),
    None: Message("No answer in time"),
}


@blueprint.page(PLAY)
async def show_entrance(args: EntranceArgs) -> ResponseReturnValue:
    """Ask for code and name; a browser that plays already goes on where it was."""
    joined = await joined_games()
    for screen in joined:
        if screen.state.game.code == typed_code(args.code):
            return see_other(_address(screen.state.game.id))
    return await _entrance(joined, args.code, is_out=bool(args.out))


@blueprint.action(PLAY)
async def enter(form: Form) -> ResponseReturnValue:
    """Let somebody play who knows the code."""
    code, name = form.get("code", ""), form.get("name", "")[:LONGEST_SENT]
    screens = await joined_games()
    for screen in screens:
        if screen.state.game.code == typed_code(code):
            return see_other(_address(screen.state.game.id))
    try:
        joined = await join(code, name)
    except AppError as failure:
        return await _entrance(screens, code, name, failure)
    return remember(see_other(_address(joined.game_id)), joined)


async def _entrance(
    joined: list[Screen],
    code: str,
    name: str = "",
    error: AppError | None = None,
    *,
    is_out: bool = False,
) -> ResponseReturnValue:
    page = EntrancePage(
        code=code[:LONGEST_CODE], name=name, joined=joined, error=error, is_out=is_out, about=[]
    )
    html, status, headers = await render_form(page)
    return html, status, {**headers, **PRIVATE}


@blueprint.page(f"{PLAY}/<id:game_id>")
async def show_play(game_id: int, args: PlayArgs) -> ResponseReturnValue:
    """Show the player's own screen, or the screen of the next game if the host has started one.

    Anyone without a screen is asked for code and name.
    """
    key = player_key(game_id)
    if key is None:
        return to_entrance()
    return await _screen_page(key, args=args)


@blueprint.action(f"{PLAY}/<id:game_id>")
async def answer(game_id: int, form: Form) -> ResponseReturnValue:
    """Take an answer; the first one counts, and what is wrong with another one is said."""
    arrived_ms = now_ms()
    key = player_key(game_id)
    if key is None:
        return to_entrance()
    question = number_of(form.get("question", "")) or 0
    sent = AnswerRequest(game_id, key.sha256, question, form.get("username", ""), arrived_ms)
    try:
        await games().answering.add(sent)
    except (ConflictError, InvalidInputError) as failure:
        return await _screen_page(key, failure)
    except UnauthorizedError:
        return to_entrance()
    return see_other(_address(game_id))


async def _screen_page(
    key: PlayerKey, error: AppError | None = None, *, args: PlayArgs | None = None
) -> ResponseReturnValue:
    here = games()
    try:
        screen = await here.screen(key)
    except UnauthorizedError:  # Removed, or the game is gone.
        return to_entrance()
    if request.method == "GET":
        here.hub.presence.see(screen.player_id)
    view, state = screen.view, screen.state
    has_ended = view.state == "ended"
    if has_ended and args and not args.stay and (place := await next_place(key)):
        return remember(see_other(_address(place.game_id, after=key.game_id)), place)
    page = PlayPage(
        error=error,
        game_id=key.game_id,
        name=screen.name,
        view=view,
        masked_text=state.masked_text or "",
        options=[
            Option(letter_of(place), place, username, None)
            for place, username in enumerate(view.options, start=1)
        ],
        ends_ms=state.ends_ms,
        left_ms=max(0, (state.ends_ms or 0) - now_ms()),
        seconds=state.game.seconds,
        player_id=screen.player_id,
        after=number_of(args.after) if args else None,
        outcome=screen.standing.outcome(screen.player_id) if has_ended else None,
        about=view.options,
        in_chat=state.game.room_id is not None,
    )
    html, status, headers = await render_form(page)
    return html, status, {**headers, **PRIVATE}


def to_entrance() -> Response:
    """Ask for code and name someone who is not in the game."""
    return see_other(url_for("play.show_entrance", out=1))


def _address(game_id: int, *, after: int | None = None) -> str:
    return url_for("play.show_play", game_id=game_id, after=after)

"""The pages of players: the entrance with code and name, and their own screen.

A secret identifies a player: browsers keep it in a cookie, and programs may send it.
"""

import contextlib
from typing import Final

from msgspec import Struct
from quart import Response, request, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, ConflictError, InvalidInputError, NotFoundError, UnauthorizedError
from app.language.i18n import gettext, gettext_noop, show_number
from app.parts.games.documents import PlayerView
from app.parts.games.hosting import LONGEST_CODE, typed_code
from app.parts.games.players import (
    LONGEST_NAME,
    LONGEST_SENT,
    AnswerRequest,
    JoinedPlayer,
    JoinRequest,
    find_next_place,
    player_name,
)
from app.parts.games.playing import PLAY, PlayerKey, Screen, games
from app.parts.games.states import Outcome
from app.security import digest
from app.services.maintenance import GAMES_KEPT
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.cast import shown_name
from app.views.page import FormPage, render_form
from app.views.policies import cookie_name, send_to_login, set_secret
from app.views.requests import number_of
from saywho.clock import now_ms

PLAYER: Final = "player_"
"""Begins the names of players' cookies; the game's id follows."""
PRIVATE: Final = {"Cache-Control": "no-store"}

blueprint = PageBlueprint("play", policy="open", cookie=PLAYER)


def player_key(game_id: int) -> PlayerKey | None:
    """Return the key in a request; None without a secret."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        secret = request.cookies.get(_cookie_of(game_id), "")
    secret = secret.strip()[:200]
    return PlayerKey(game_id, digest(secret).hex()) if secret else None


def required_key(game_id: int) -> PlayerKey:
    """Return the key in a request. Raises UnauthorizedError, silent about the game."""
    key = player_key(game_id)
    if key is None:
        send_to_login()
        raise AssertionError("the API sends nobody to a page")
    return key


def remember(response: Response, joined: JoinedPlayer) -> Response:
    set_secret(response, _cookie_of(joined.game), joined.secret, GAMES_KEPT)
    return response


def _cookie_of(game_id: int) -> str:
    return cookie_name(request, f"{PLAYER}{game_id}")


async def joined_games() -> list[Screen]:
    """Return up to five screens of this browser, the newest game first."""
    prefix = cookie_name(request, PLAYER)
    numbers = [name.removeprefix(prefix) for name in request.cookies if name.startswith(prefix)]
    ids = sorted(filter(None, map(number_of, numbers)), reverse=True)
    screens = []
    for game_id in ids[:5]:
        if key := player_key(game_id):
            with contextlib.suppress(UnauthorizedError, NotFoundError):
                screens.append(await games().screen(key))
    return [screen for screen in screens if screen.view.state != "ended"]


class EntranceArgs(Struct):
    code: str = ""
    out: str = ""
    """Not empty for a visitor who is not in the game that they opened."""


class EntrancePage(FormPage, frozen=True, kw_only=True):
    template = "games/entrance.html"

    code: str
    name: str
    joined: list[Screen]
    is_out: bool
    longest_code: int = LONGEST_CODE
    longest_name: int = LONGEST_NAME


class PlayArgs(Struct):
    after: str = ""
    stay: str = ""
    """Not empty to show an ended game even if another one follows."""


class PlayPage(FormPage, frozen=True, kw_only=True):
    template = "games/play.html"

    game_id: int
    name: str
    view: PlayerView
    cast: list[str]
    """All authors, of whom a question may offer some."""
    masked_text: str
    ends_ms: int | None
    """The end of the question, in milliseconds since 1970."""
    left_ms: int
    seconds: int
    outcome: Outcome | None
    player_id: int
    after: int | None
    """The game before: the player may see its result again."""

    @property
    def heading(self) -> str:
        view = self.view
        if view.state == "ended" and (told := place_heading(view)):
            return told
        if view.state == "asking":
            text = gettext("Question {number} of {count}")
            return text.format(number=view.question, count=view.questions)
        heading = _HEADINGS[view.right if view.state == "told" else view.state]
        return gettext(heading)

    @property
    def place_line(self) -> str:
        return place_heading(self.view) if self.view.state == "told" else ""

    @property
    def streak_line(self) -> str:
        text = gettext("{count} right in a row")
        return text.format(count=self.view.streak) if self.view.streak > 1 else ""

    @property
    def outcome_line(self) -> str:
        if self.outcome is None or not self.outcome.questions:
            return ""
        (right, count), points = self.outcome, show_number(self.view.total)
        text = gettext("You got {right} of {count} right: {points} points.")
        return text.format(right=right, count=count, points=points)

    @property
    def truth_line(self) -> str:
        return self.truth_lines[self.view.truth] if self.view.truth else ""

    @property
    def truth_lines(self) -> dict[str, str]:
        """Sentence about each author, because Korean particles depend on the name."""
        text = gettext("It was {name}.")
        return {username: text.format(name=shown_name(username)) for username in self.cast}

    @property
    def saywho_line(self) -> str:
        name = shown_name(self.view.saywho.username) if self.view.saywho else ""
        return gettext("saywho said {name}.").format(name=name)

    @property
    def choice_line(self) -> str:
        name = shown_name(self.view.answer) if self.view.answer else ""
        return gettext("You chose {name}.").format(name=name)


def place_heading(view: PlayerView) -> str:
    """Return a player's place as a sentence; empty for someone alone."""
    if view.place is None or view.players < 2:
        return ""
    is_winner = view.state == "ended" and view.place == 1 and view.total
    text = gettext("First of {count}!") if is_winner else gettext("Place {place} of {count}")
    return text.format(place=view.place, count=view.players)


_HEADINGS: Final[dict[str | bool | None, str]] = {
    "waiting": gettext_noop("You are in"),
    "ended": gettext_noop("The game is over"),
    True: gettext_noop("Right!"),
    False: gettext_noop("Wrong"),
    None: gettext_noop("No answer in time"),
}


@blueprint.get(PLAY)
async def show_entrance(args: EntranceArgs) -> ResponseReturnValue:
    joined = await joined_games()
    if game_id := _game_with(args.code, joined):
        return see_other(_address(game_id))
    return await _entrance(joined, args.code, is_out=bool(args.out))


@blueprint.post(PLAY)
async def enter(form: Form) -> ResponseReturnValue:
    code, name = form.get("code", ""), form.get("name", "")[:LONGEST_SENT]
    screens = await joined_games()
    if game_id := _game_with(code, screens):
        return see_other(_address(game_id))
    try:
        asked = JoinRequest(typed_code(code), player_name(name), request.remote_addr or "")
        joined = await games().join(asked)
    except AppError as failure:
        return await _entrance(screens, code, name, failure)
    return remember(see_other(_address(joined.game)), joined)


def _game_with(code: str, screens: list[Screen]) -> int | None:
    games_here = (screen.state.game for screen in screens)
    return next((game.id for game in games_here if game.code == typed_code(code)), None)


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
    return await _render_private(page)


@blueprint.get(f"{PLAY}/<id:game_id>")
async def show_play(game_id: int, args: PlayArgs) -> ResponseReturnValue:
    """Show the player's screen, or the next game's after its start."""
    key = player_key(game_id)
    if key is None:
        return to_entrance()
    return await _screen_page(key, args=args)


@blueprint.post(f"{PLAY}/<id:game_id>")
async def answer(game_id: int, form: Form) -> ResponseReturnValue:
    arrived_ms = now_ms()
    key = player_key(game_id)
    if key is None:
        return to_entrance()
    question = number_of(form.get("question", "")) or 0
    sent = AnswerRequest(game_id, key.sha256, question, form.get("username", ""), arrived_ms)
    try:
        await games().answer(sent)
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
    except UnauthorizedError:  # The player was removed, or the game deleted.
        return to_entrance()
    if request.method == "GET":
        here.hub.presence.see(screen.player_id)
        await here.hub.note_presence()
    view, state = screen.view, screen.state
    has_ended = view.state == "ended"
    if has_ended and args and not args.stay and (place := await find_next_place(key.sha256)):
        return remember(see_other(_address(place.game, after=key.game_id)), place)
    page = PlayPage(
        error=error,
        game_id=key.game_id,
        name=screen.name,
        view=view,
        masked_text=state.masked_text or "",
        ends_ms=state.ends_ms,
        left_ms=max(0, (state.ends_ms or 0) - now_ms()),
        seconds=state.game.seconds,
        player_id=screen.player_id,
        after=number_of(args.after) if args else None,
        outcome=screen.standing.outcome(screen.player_id) if has_ended else None,
        cast=list(state.usernames.values()),
        about=list(state.usernames.values()),
        in_chat=state.game.room_id is not None,
    )
    return await _render_private(page)


async def _render_private(page: FormPage) -> ResponseReturnValue:
    html, status, headers = await render_form(page)
    return html, status, {**headers, **PRIVATE}


def to_entrance() -> Response:
    return see_other(url_for("play.show_entrance", out=1))


def _address(game_id: int, *, after: int | None = None) -> str:
    return url_for("play.show_play", game_id=game_id, after=after)

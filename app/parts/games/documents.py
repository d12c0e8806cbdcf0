"""The documents of a game: for host, each player, and all players."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from app.parts.games.states import GameState, Standing, State
from saywho.text import guess_language

Ended = Annotated[
    datetime | None, Meta(description="Deadline for answers; null if no question is open.")
]
Truth = Annotated[
    str | None, Meta(description="Username of the author; null while the question is open.")
]


class Guess(Struct, frozen=True):
    """Choice of saywho, which had not seen the post."""

    username: str
    probability: float


ModelGuess = Annotated[
    Guess | None, Meta(description="Answer of saywho; null while the question is open.")
]


class RankedPlayer(Struct, frozen=True):
    name: str
    points: int
    place: int
    """Rank; players with equal points share a rank."""
    player: int


class SaidToAll(Struct, frozen=True, kw_only=True):
    """What the screens of a host and of all players show of a game."""

    state: State
    question: int
    """Number of the newest question; 0 before the first."""
    questions: int
    options: list[str]
    """Usernames to choose from: of the authors, those who write the language of the text."""
    text: str | None
    """Text of the post, with names hidden; null if the post was deleted."""
    lang: str | None
    """Guessed language of the text, as a BCP 47 tag; null if it cannot be told."""
    ends_at: Ended
    truth: Truth
    saywho: ModelGuess
    players: int
    version: int
    """Increases with every change, except changes of counts."""


class GameView(SaidToAll, frozen=True, kw_only=True):
    """A game as its host sees it."""

    id: int
    code: str
    seconds: int
    open: bool
    """Whether more players may join."""
    answers: int
    """Number of answers to the current question."""
    tally: dict[str, int] | None
    """How often each author was chosen."""
    ranking: list[RankedPlayer]
    """The first ten players."""


class SharedView(SaidToAll, frozen=True, kw_only=True):
    """A game as all players see it."""

    now: datetime
    """Time of the server's clock."""


class PlayerView(SharedView, frozen=True, kw_only=True):
    """A game as one player sees it."""

    answer: str | None
    """Username that the player chose; null if none."""
    right: bool | None
    """Whether the answer was right; null while the question is open, or without an answer."""
    points: int | None
    """Points for this question; null while the question is open."""
    total: int
    """Points for all questions with a shown answer."""
    place: int | None
    """Rank; null for a player without points."""
    streak: int
    """Number of the newest questions in a row with a right answer."""
    podium: list[RankedPlayer] | None
    """The first three players with points; null before the end of the game."""


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)


def _said_to_all(state: GameState, standing: Standing) -> dict[str, Any]:
    solved = state.told_present()
    return {
        "state": state.state,
        "question": state.game.question,
        "questions": state.game.questions,
        "options": standing.options(state.usernames),
        "text": state.text,
        "lang": guess_language(state.text or ""),
        "ends_at": None if state.ends_ms is None else moment(state.ends_ms),
        "truth": state.truth,
        "saywho": solved and Guess(state.usernames[solved.model_user_id], solved.model_probability),
        "players": state.players,
        "version": state.game.version,
    }


def host_view(state: GameState, standing: Standing) -> GameView:
    game = state.game
    return GameView(
        **_said_to_all(state, standing),
        id=game.id,
        code=game.code,
        seconds=game.seconds,
        open=not game.is_closed,
        answers=state.answers,
        tally=standing.tally(state.usernames) if state.told_present() else None,
        ranking=_ranked(standing, standing.order[:10]),
    )


def shared_view(state: GameState, standing: Standing, time_ms: int) -> SharedView:
    return SharedView(**_said_to_all(state, standing), now=moment(time_ms))


def player_view(
    state: GameState, standing: Standing, player: int, chosen: int | None, time_ms: int
) -> PlayerView:
    """Return the document of one player; `chosen` is their answer to the open question."""
    choice, solved = standing.choices.get(player), state.told_present()
    answer = choice.user_id if choice else chosen
    first = [each for each in standing.order[:3] if standing.totals[each]]
    return PlayerView(
        **_said_to_all(state, standing),
        now=moment(time_ms),
        answer=None if answer is None else state.usernames[answer],
        right=choice.user_id == solved.user_id if choice and solved else None,
        points=(choice.points if choice else 0) if solved else None,
        total=standing.totals.get(player, 0),
        place=standing.places.get(player) if standing.totals.get(player) else None,
        streak=standing.streak(player),
        podium=_ranked(standing, first) if state.state == "ended" else None,
    )


def _ranked(standing: Standing, players: Sequence[int]) -> list[RankedPlayer]:
    return [
        RankedPlayer(
            standing.names[player], standing.totals[player], standing.places[player], player
        )
        for player in players
    ]

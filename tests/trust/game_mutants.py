"""Bugs that somebody might make in the rules of a game, and the tests that find each."""

from typing import Final

from tests.trust.planting import Mutant

PLAYERS: Final = "app/parts/games/players.py"
HOSTING: Final = "app/parts/games/hosting.py"
STATES: Final = "app/parts/games/states.py"
PLAYED: Final = "tests/parts/games/test_games_api.py"
KEPT_QUIET: Final = "tests/parts/games/test_secrets.py"
STREAMED: Final = "tests/parts/games/test_game_streams.py"
JOINED: Final = "tests/parts/games/test_joining.py"

GAME_MUTANTS: Final = (
    Mutant(
        "in a game, a second answer of a player takes the place of the first",
        PLAYED,
        PLAYERS,
        "if first := self._first.get((player_id, request.question)):",
        "if (first := self._first.get((player_id, request.question))) "
        "and first.username == username:",
    ),
    Mutant(
        "in a game, answers of one player that arrive together are two",
        PLAYED,
        PLAYERS,
        "        self._first[player_id, request.question] = receipt",
        "        _ = receipt",
    ),
    Mutant(
        "in a game, an answer to a question that is over counts",
        PLAYED,
        PLAYERS,
        "if question is None or not period.takes(request.arrived_ms):",
        "if question is None:",
    ),
    Mutant(
        "in a game, an answer counts after its time until the question was told",
        "tests/parts/games/test_rules.py",
        STATES,
        "return self.asked_ms <= arrived_ms <= self.ends_ms",
        "return self.asked_ms <= arrived_ms",
    ),
    Mutant(
        "in a game, a player's secret opens another game",
        KEPT_QUIET,
        PLAYERS,
        'self._players.get((game_id, request.sha256), (0, ""))',
        "next((who for (_, sha256), who in self._players.items() if sha256 == request.sha256),"
        ' (0, ""))',
    ),
    Mutant(
        "in a game, answers to a question that is asked again are kept",
        PLAYED,
        HOSTING,
        "    await _void(session, question)\n    await _ask(",
        "    await _ask(",
    ),
    Mutant(
        "in a game, points of a skipped question are kept",
        PLAYED,
        HOSTING,
        "    await _void(session, question)\n    question.asked_ms",
        "    question.asked_ms",
    ),
    Mutant(
        "in a game, a double click goes on twice",
        PLAYED,
        HOSTING,
        "and game.version != version:",
        "and game.version < version:",
    ),
    Mutant(
        "in a game, a question does not end when the last one without an answer stays away",
        STREAMED,
        "app/parts/games/playing.py",
        "await tell_if_all_answered(session, game, time_ms)",
        "pass",
    ),
    Mutant(
        "in a game, a question does not wait for whoever comes while it is asked",
        STREAMED,
        "app/parts/games/playing.py",
        "if player_id is not None:\n                await",
        "if False:\n                await",
    ),
    Mutant(
        "in a game, a question does not wait for whoever came just before it",
        STREAMED,
        "app/parts/games/playing.py",
        "if player_id is not None:\n                await",
        "if player_id is not None and channel.state.is_asking:\n                await",
    ),
    Mutant(
        "in a game, a question does not wait for whoever has no script",
        STREAMED,
        "app/parts/games/player_pages.py",
        "        await here.hub.note_presence()\n",
        "",
    ),
    Mutant(
        "in a game, the truth is told while it is asked",
        KEPT_QUIET,
        STATES,
        "return None if self.is_asking else self.present",
        "return self.present",
    ),
    Mutant(
        "in a game, points of a question count while it is asked, and so tell who wrote it",
        KEPT_QUIET,
        STATES,
        "return self.game.question - self.is_asking",
        "return self.game.question",
    ),
    Mutant(
        "in a game, a standing is kept though answers have changed it",
        PLAYED,
        "app/parts/games/states.py",
        "if before is not None and version == game.version:",
        "if before is not None:",
    ),
    Mutant(
        "in a game, what a player sees may be kept",
        KEPT_QUIET,
        "app/parts/games/api.py",
        "return (await games().screen(required_key(game_id))).view, 200, PRIVATE",
        "return (await games().screen(required_key(game_id))).view, 200, {}",
    ),
    Mutant(
        "in a game, a removed player hears on",
        STREAMED,
        "app/parts/games/playing.py",
        "player is None or player in channel.players",
        "True",
    ),
    Mutant(
        "in a game, a name stands in the log",
        JOINED,
        PLAYERS,
        "    secret = new_secret(SECRET_PREFIX)\n",
        "    secret = new_secret(SECRET_PREFIX)\n"
        "    __import__('logging').getLogger('app.services').warning('%s plays', name)\n",
    ),
    Mutant(
        "in a game, wrong codes are tried without end",
        JOINED,
        PLAYERS,
        "            wrong[network] += 1\n",
        "",
    ),
)

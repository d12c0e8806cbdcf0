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

_BUGS: Final = {
    (PLAYED, PLAYERS): {
        "in a game, a second answer of a player takes the place of the first": (
            "if first := self._first.get((player_id, request.question)):",
            (
                "if (first := self._first.get((player_id, request.question))) "
                "and first.username == username:"
            ),
        ),
        "in a game, answers of one player that arrive together are two": (
            "        self._first[player_id, request.question] = receipt",
            "        _ = receipt",
        ),
        "in a game, an answer to a question that is over counts": (
            "if question is None or not period.takes(request.arrived_ms):",
            "if question is None:",
        ),
    },
    ("tests/parts/games/test_rules.py", STATES): {
        "in a game, an answer counts after its time until the question was told": (
            "return self.asked_ms <= arrived_ms <= self.ends_ms",
            "return self.asked_ms <= arrived_ms",
        )
    },
    (KEPT_QUIET, PLAYERS): {
        "in a game, a player's secret opens another game": (
            'self._players.get((game_id, request.sha256), (0, ""))',
            (
                "next((who for (_, sha256), who in self._players.items() "
                'if sha256 == request.sha256), (0, ""))'
            ),
        )
    },
    (PLAYED, HOSTING): {
        "in a game, answers to a question that is asked again are kept": (
            "    await _void(session, question)\n    await _ask(",
            "    await _ask(",
        ),
        "in a game, points of a skipped question are kept": (
            "    await _void(session, question)\n    question.asked_ms",
            "    question.asked_ms",
        ),
        "in a game, a double click goes on twice": (
            "and game.version != version:",
            "and game.version < version:",
        ),
    },
    (STREAMED, "app/parts/games/playing.py"): {
        "in a game, a question does not end when the last one without an answer stays away": (
            "await tell_if_all_answered(session, game, time_ms)",
            "pass",
        ),
        "in a game, a question does not wait for whoever comes while it is asked": (
            "if player_id is not None:\n                await",
            "if False:\n                await",
        ),
        "in a game, a question does not wait for whoever came just before it": (
            "if player_id is not None:\n                await",
            "if player_id is not None and channel.state.is_asking:\n                await",
        ),
        "in a game, a removed player hears on": (
            "player is None or player in channel.players",
            "True",
        ),
    },
    (STREAMED, "app/parts/games/player_pages.py"): {
        "in a game, a question does not wait for whoever has no script": (
            "        await here.hub.note_presence()\n",
            "",
        )
    },
    (KEPT_QUIET, STATES): {
        "in a game, the truth is told while it is asked": (
            "return None if self.is_asking else self.present",
            "return self.present",
        ),
        "in a game, points of a question count while it is asked, and so tell who wrote it": (
            "return self.game.question - self.is_asking",
            "return self.game.question",
        ),
    },
    (PLAYED, "app/parts/games/states.py"): {
        "in a game, a standing is kept though answers have changed it": (
            "if before is not None and version == game.version:",
            "if before is not None:",
        )
    },
    (KEPT_QUIET, "app/parts/games/api.py"): {
        "in a game, what a player sees may be kept": (
            "return (await games().screen(required_key(game_id))).view, 200, PRIVATE",
            "return (await games().screen(required_key(game_id))).view, 200, {}",
        )
    },
    (JOINED, PLAYERS): {
        "in a game, a name stands in the log": (
            "    secret = new_secret(SECRET_PREFIX)\n",
            (
                "    secret = new_secret(SECRET_PREFIX)\n"
                "    __import__('logging').getLogger('app.services').warning('%s plays', name)\n"
            ),
        ),
        "in a game, wrong codes are tried without end": ("            wrong[network] += 1\n", ""),
    },
}
"""By tests and file: each bug with the lines of today, and those in place of them."""
GAME_MUTANTS: Final = tuple(
    Mutant(bug, tests, path, *lines)
    for (tests, path), bugs in _BUGS.items()
    for bug, lines in bugs.items()
)

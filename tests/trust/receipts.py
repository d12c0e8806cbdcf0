"""What a game's players were acknowledged, in a file that a second program sums up."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.house import ROOT

PROGRAM: Final = ROOT / "tests" / "trust" / "game_sums.py"


class Sum(NamedTuple):
    """What a player has by now."""

    points: int
    place: int


class Receipts:
    """The file of one game."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[str] = []

    def note(self, **happened: Any) -> None:
        """Append what happened, as `game_sums` reads it."""
        self._lines.append(json.dumps(happened))

    def sums(self) -> dict[int, Sum]:
        """Return what the second program says, by player."""
        self._path.write_text("\n".join(self._lines))
        # -I: it cannot import anything of ours.
        command = (sys.executable, "-I", str(PROGRAM), str(self._path))
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return {int(player): Sum(**own) for player, own in json.loads(printed).items()}


def sums_in(ranking: Iterable[Mapping[str, Any]]) -> dict[int, Sum]:
    """Return what a game's own ranking says, by player."""
    return {ranked["player"]: Sum(ranked["points"], ranked["place"]) for ranked in ranking}

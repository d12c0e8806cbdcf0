"""Who has how many points in a game: a second program, which shares nothing with the first.

`python tests/trust/game_sums.py FILE` reads what happened, in order, a line of JSON each, and
prints points and place of each player. It knows the rules by the words of docs/api.md alone.

    {"joined": 7}                                                    a player came
    {"player": 7, "question": 1, "username": "ferry", "ms": 420}     an answer was acknowledged
    {"void": 1}                                                      a question was asked again
    {"question": 1, "truth": "ferry", "seconds": 20}                 a question was told
    {"removed": 7}                                                   a player was removed
"""

import json
import sys
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any


class TwoAnswersError(Exception):
    """Two different answers of a player to one question were acknowledged."""


def sums_of(happened: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, int]]:
    """Return points and place by player. Raises TwoAnswersError."""
    answers: dict[int, dict[int, tuple[str, int]]] = {}
    told: dict[int, tuple[str, int]] = {}
    for line in happened:
        if "joined" in line:
            answers[line["joined"]] = {}
        elif "removed" in line:
            del answers[line["removed"]]
        elif "void" in line:
            for own in answers.values():
                own.pop(line["void"], None)
        elif "truth" in line:
            told[line["question"]] = line["truth"], line["seconds"]
        else:
            answer = line["username"], line["ms"]
            if answers[line["player"]].setdefault(line["question"], answer) != answer:
                raise TwoAnswersError(line)
    totals = {
        player: sum(_points(own[question], *told[question]) for question in own.keys() & told)
        for player, own in answers.items()
    }
    return {
        player: {"points": total, "place": 1 + sum(more > total for more in totals.values())}
        for player, total in totals.items()
    }


def _points(answer: tuple[str, int], truth: str, seconds: int) -> int:
    username, ms = answer
    return int(500 + 500 * (seconds - Fraction(ms, 1_000)) / seconds) if username == truth else 0


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text().splitlines()
    print(json.dumps(sums_of(json.loads(line) for line in lines)))

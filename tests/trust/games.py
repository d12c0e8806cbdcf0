"""Games on a real server whose processes are killed in the middle of questions.

`python -m tests.trust.games sqlite 10` plays games of 10 questions in all, `… postgresql 10 7` with
seed 7. Players answer once, twice, late, and as somebody else; what was acknowledged is summed up
here, by the contract's rule, and compared with what the server says.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx

from tests.trust.site import Site, site_of
from tests.waiting import DEADLINE_S

PLAYERS: Final = 12
SECONDS: Final = 60
MOST_QUESTIONS: Final = 30
RETRY_S: Final = 0.05
NO_ANSWER: Final = 503
AUTHORS: Final = ("ferry", "museum", "bakery")


@dataclass(slots=True)
class TrustedPlayer:
    """A player, and what the server has acknowledged."""

    number: int
    token: str = ""
    id: int = 0
    acknowledged: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Whom they chose, and after how many milliseconds, by question."""


class PlayedGames:
    """Games of one site, with a kill in the middle of each question."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site = site
        self.chance = Random(seed)
        self.questions = self.answers = self.refused = 0

    def __str__(self) -> str:
        return (
            f"{self.site.kind}: {sum(self.site.killed.values())} kills {dict(self.site.killed)}, "
            f"{self.questions} questions, {self.answers} answers acknowledged, {self.refused} "
            "doubled, late or foreign ones refused; none lost, none counted twice, all sums right"
        )

    async def play(self, questions: int) -> None:
        """Play so many questions, of each game 30 at most."""
        limits = httpx.Limits(max_connections=4 * PLAYERS, keepalive_expiry=0.2)
        async with httpx.AsyncClient(limits=limits, timeout=DEADLINE_S) as client:
            self.client = client
            await self._add_posts()
            while questions > 0:
                count = max(3, min(questions, MOST_QUESTIONS))
                await self._play_game(count)
                questions -= count

    async def _send(self, method: str, path: str, token: str, **kwargs: Any) -> httpx.Response:
        """Send until there is an answer: nobody knows what became of a request without one."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    answer = await self.client.request(
                        method, f"{self.site.url()}/api/v1{path}", headers=headers, **kwargs
                    )
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.status_code != NO_ANSWER:
                    assert answer.status_code < 500, (path, answer.text)
                    return answer
                await asyncio.sleep(RETRY_S)

    async def _host(self, method: str, path: str, **kwargs: Any) -> Any:
        answer = await self._send(method, f"/games{path}", self.site.token, **kwargs)
        assert answer.status_code < 300 or answer.status_code == 409, answer.text
        return answer.json()

    async def _add_posts(self) -> None:
        for author in AUTHORS:
            lines = "".join(
                f'{{"username": "{author}", "text": "the {author} was early again, day {n}"}}\n'
                for n in range(40)
            )
            answer = await self.client.post(
                f"{self.site.url()}/api/v1/tweets",
                content=lines,
                headers={
                    "Authorization": f"Bearer {self.site.token}",
                    "Content-Type": "application/x-ndjson",
                },
            )
            assert answer.status_code == 200, answer.text

    async def _play_game(self, questions: int) -> None:
        wish = {"usernames": AUTHORS, "questions": questions, "seconds": SECONDS}
        game = await self._host("POST", "", json=wish)
        self.game = game["id"]
        players = [TrustedPlayer(number) for number in range(PLAYERS)]
        for player in players:
            body = {"code": game["code"], "name": f"Player {player.number}"}
            joined = (await self._send("POST", "/play", "", json=body)).json()
            player.token, player.id = joined["token"], joined["player"]
        truths: dict[int, str] = {}
        for number in range(1, questions + 1):
            await self._go_on("asking", number)
            async with asyncio.TaskGroup() as group:
                for player in players:
                    chance = Random(self.chance.random())
                    group.create_task(self._answer(player, number, chance))
                await asyncio.sleep(self.chance.random() * 0.3)
                await self.site.kill(self.questions, self.chance)
            view = await self._go_on("told", number)
            truths[number] = view["truth"]
            self.questions += 1
            await self._check(players, truths)
        await self._go_on("ended", questions)
        await self._check(players, truths)

    async def _go_on(self, state: str, number: int) -> Any:
        """Bring the game to a state, however often the host's click gets lost."""
        while True:
            view = await self._host("GET", f"/{self.game}")
            if (view["state"], view["question"]) == (state, number):
                return view
            version = {"version": view["version"]}
            await self._host("POST", f"/{self.game}/next", json=version)

    async def _answer(self, player: TrustedPlayer, number: int, chance: Random) -> None:
        """Answer a question, perhaps twice or late, until it is acknowledged."""
        await asyncio.sleep(chance.random() * 0.6)
        path = f"/play/{self.game}/answers"
        first = {"question": number, "username": chance.choice(AUTHORS)}
        sent = [first] * chance.choice((1, 1, 2))
        if chance.random() < 0.4:
            sent.append({"question": number, "username": chance.choice(AUTHORS)})
        if number > 1 and chance.random() < 0.3:
            sent.append({"question": number - 1, "username": chance.choice(AUTHORS)})
        requests = [self._send("POST", path, player.token, json=body) for body in sent]
        for body, answer in zip(sent, await asyncio.gather(*requests), strict=True):
            self._note(player, body["question"], answer)
        foreign = await self._send("POST", path, f"{player.token}x", json=first)
        assert foreign.status_code == 401, foreign.text

    def _note(self, player: TrustedPlayer, question: Any, answer: httpx.Response) -> None:
        value = answer.json()
        if answer.status_code not in {200, 201}:
            assert answer.status_code == 409, value
            self.refused += 1
            return
        told = value["username"], value["ms"]
        before = player.acknowledged.setdefault(question, told)
        assert before == told, ("two answers were acknowledged", before, told)
        self.answers += answer.status_code == 201

    async def _check(self, players: list[TrustedPlayer], truths: dict[int, str]) -> None:
        """Compare all sums with those of what was acknowledged."""
        view = await self._host("GET", f"/{self.game}?ranking=all")
        points = {ranked["player"]: ranked["points"] for ranked in view["ranking"]}
        for player in players:
            own = await self._send("GET", f"/play/{self.game}", player.token)
            expected = sum(
                _points(ms)
                for question, (username, ms) in player.acknowledged.items()
                if truths.get(question) == username
            )
            assert points[player.id] == expected, (player, points[player.id], expected)
            assert own.json()["total"] == expected
            last = view["question"]
            assert own.json()["answer"] == player.acknowledged.get(last, (None,))[0]


def _points(ms: int) -> int:
    """Return the points of a right answer by the contract's words, without the program's code."""
    t = Fraction(ms, 1_000)
    return int(500 + 500 * (SECONDS - t) / SECONDS)


def run(kind: str, questions: int, folder: Path, seed: int = 0) -> PlayedGames:
    """Play on a site of its own, and check what it left."""
    with site_of(kind, folder) as site:
        games = PlayedGames(site, seed)
        asyncio.run(games.play(questions))
        assert site.installation.json("check") == {"ok": True, "faults": []}
        assert site.server.stop() == 0
        assert "Traceback" not in site.server.log(), site.server.log()
    return games


def main(arguments: list[str]) -> int:
    kind, questions, *rest = arguments
    with tempfile.TemporaryDirectory(prefix="saywho-trust-") as folder:
        print(f"{run(kind, int(questions), Path(folder), *map(int, rest))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

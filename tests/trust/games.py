"""A class that plays on a site whose processes are killed in the middle of questions.

Players answer once, twice, late, and as somebody else. What was acknowledged stands in a file, of
which a second program makes the sums (`game_sums.py`); the server must say the same.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx

from tests.trust.calling import Caller
from tests.trust.listener import GameListener
from tests.trust.receipts import Receipts, sums_in

PLAYERS: Final = 12
SECONDS: Final = 60
QUESTIONS: Final = 3
ANSWERED_WITHIN_S: Final = 0.6
AUTHORS: Final = ("ferry", "museum", "bakery")
POSTS: Final = 40


@dataclass(frozen=True, slots=True)
class TrustedPlayer:
    """A player, as the server named them."""

    id: int
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class PlayedGames:
    """Games of one site, one after the other, a question at a time."""

    def __init__(self, caller: Caller, chance: Random, folder: Path) -> None:
        self.questions = self.answers = self.refused = self.void = 0
        self._caller = caller
        self._chance = chance
        self._folder = folder
        self._number = QUESTIONS
        self._game = 0
        self._players: list[TrustedPlayer] = []
        self._acknowledged: dict[tuple[int, int], tuple[str, int]] = {}
        """Whom a player chose, and after how many milliseconds, by player and question."""

    def __str__(self) -> str:
        return (
            f"{self.questions} questions of games, {self.answers} answers acknowledged, "
            f"{self.refused} doubled or late ones refused, {self.void} questions asked "
            "again, all sums right"
        )

    async def begin(self) -> None:
        """Add posts to ask about."""
        posts = "".join(
            f'{{"username": "{author}", "text": "the {author} was early again, day {day}"}}\n'
            for author in AUTHORS
            for day in range(POSTS)
        )
        lines = {"Content-Type": "application/x-ndjson"}
        answer = await self._caller.ask("POST", "/tweets", content=posts, headers=lines)
        assert answer.status_code == 200, answer.text

    async def ask(self) -> None:
        """Ask the next question, of a new game after the last one."""
        if self._number == QUESTIONS:
            await self.end()
            await self._new_game()
        self._number += 1
        await self._go_on("asking")

    async def answer(self) -> None:
        """Let everybody answer; now and then the question is asked again, and answered anew."""
        await self._answer_all()
        if self._chance.random() < 0.3:
            await self._host("POST", "/again")
            self._receipts.note(void=self._number)
            for player in self._players:
                self._acknowledged.pop((player.id, self._number), None)
            self.void += 1
            await self._answer_all()

    async def check(self) -> None:
        """Tell the answer, and compare all that is said of players with the acknowledgements."""
        view = await self._go_on("told")
        self._receipts.note(question=self._number, truth=view["truth"], seconds=SECONDS)
        self.questions += 1
        if self._number == 2:
            await self._remove(self._players.pop())
        sums = self._receipts.sums()
        view = await self._host("GET", "?ranking=all")
        said = sums_in(view["ranking"])
        # Whoever joined again, since no answer came, is in the game twice, and answers once.
        twice = {player: own for player, own in said.items() if player not in sums}
        assert said == sums | twice, (said, sums)
        assert not any(own.points for own in twice.values()), twice
        for player in self._players:
            own = (await self._as(player, "GET", "")).json()
            total, place = sums[player.id]  # Nobody is ranked without points.
            assert (own["total"], own["place"]) == (total, place if total else None), (player, own)
            choice, _ = self._acknowledged.get((player.id, self._number), (None, 0))
            assert own["answer"] == choice, (player, own)
        if self._number == QUESTIONS:
            await self._go_on("ended")

    async def end(self) -> None:
        """End the game that is played, if there is one; whoever follows it is told so."""
        if self._game:
            while (view := await self._host("GET", ""))["state"] != "ended":
                await self._host("POST", "/next", json={"version": view["version"]})
            await self._following
            self._game = 0

    async def _new_game(self) -> None:
        wish = {"usernames": AUTHORS, "questions": QUESTIONS, "seconds": SECONDS}
        game = (await self._caller.ask("POST", "/games", json=wish)).json()
        self._game, self._number, self._players = game["id"], 0, []
        self._acknowledged.clear()
        self._receipts = Receipts(self._folder / f"game-{self._game}.jsonl")
        for number in range(PLAYERS):
            body = {"code": game["code"], "name": f"Player {number}"}
            joined = (await self._caller.ask("POST", "/play", json=body)).json()
            self._players.append(TrustedPlayer(joined["player"], joined["token"]))
            self._receipts.note(joined=joined["player"])
        listener = GameListener(self._caller.address(f"/play/{self._game}/live"))
        follow = listener.follow(self._caller.client, self._players[0].headers)
        self._following = asyncio.create_task(follow)

    async def _host(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        answer = await self._caller.ask(method, f"/games/{self._game}{path}", **kwargs)
        assert answer.status_code < 300 or answer.status_code == 409, answer.text
        value: dict[str, Any] = answer.json()
        return value

    async def _go_on(self, state: str) -> dict[str, Any]:
        """Bring the game to a state, however often the host's click gets lost."""
        while True:
            view = await self._host("GET", "")
            if (view["state"], view["question"]) == (state, self._number):
                return view
            await self._host("POST", "/next", json={"version": view["version"]})

    async def _remove(self, player: TrustedPlayer) -> None:
        path = f"/games/{self._game}/players/{player.id}"
        answer = await self._caller.ask("DELETE", path)
        assert answer.status_code in {204, 404}, answer.text
        self._receipts.note(removed=player.id)
        gone = await self._as(player, "GET", "")
        assert gone.status_code == 401, gone.text

    async def _as(
        self, player: TrustedPlayer, method: str, path: str, **kwargs: Any
    ) -> httpx.Response:
        address = f"/play/{self._game}{path}"
        return await self._caller.ask(method, address, headers=player.headers, **kwargs)

    async def _answer_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for player in self._players:
                group.create_task(self._answer(player, Random(self._chance.random())))

    async def _answer(self, player: TrustedPlayer, chance: Random) -> None:
        """Answer, perhaps twice or late, until it is acknowledged."""
        await asyncio.sleep(chance.random() * ANSWERED_WITHIN_S)
        first = {"question": self._number, "username": chance.choice(AUTHORS)}
        sent = [first] * chance.choice((1, 1, 2))
        if chance.random() < 0.4:
            sent.append(first | {"username": chance.choice(AUTHORS)})
        if self._number > 1 and chance.random() < 0.3:
            sent.append({"question": self._number - 1, "username": chance.choice(AUTHORS)})
        requests = [self._as(player, "POST", "/answers", json=body) for body in sent]
        for body, answer in zip(sent, await asyncio.gather(*requests), strict=True):
            self._note(player, body["question"], answer)
        foreign = TrustedPlayer(player.id, f"{player.token}x")
        refused = await self._as(foreign, "POST", "/answers", json=first)
        assert refused.status_code == 401, refused.text

    def _note(self, player: TrustedPlayer, question: Any, answer: httpx.Response) -> None:
        value = answer.json()
        if answer.status_code not in {200, 201}:
            assert answer.status_code == 409, value
            self.refused += 1
            return
        choice = value["username"], value["ms"]
        self._receipts.note(player=player.id, question=question, username=choice[0], ms=choice[1])
        before = self._acknowledged.setdefault((player.id, question), choice)
        assert before == choice, ("two answers were acknowledged", before, choice)
        self.answers += answer.status_code == 201

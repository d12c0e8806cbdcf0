"""A class that plays on a site whose processes are killed in the middle of questions.

Players answer once, twice, late, and as somebody else. What was acknowledged stands in a file, of
which a second program makes the sums (`game_sums.py`); the server must say the same.
"""

import asyncio
import contextlib
import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, cast

import httpx

from tests.installation import PROGRAM
from tests.trust.calling import Browsers
from tests.trust.listener import RETRY_S, GameListener
from tests.trust.receipts import Receipts, Sum, sums_in
from tests.waiting import DEADLINE_S

PLAYERS: Final = 12
SECONDS: Final = 60
QUESTIONS: Final = 3
ANSWERED_WITHIN_S: Final = 0.6
AUTHORS: Final = ("ferry", "museum", "bakery")
POSTS: Final = 40
HOST: Final = "host"
PASSWORD: Final = "a long password of the host"


@dataclass(frozen=True, slots=True)
class TrustedPlayer:
    """A player, by the id that the host's page has."""

    id: int
    cookie: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie}


class PlayedGames:
    """Games of one site, one after the other, a question at a time."""

    def __init__(self, caller: Browsers, chance: Random, folder: Path) -> None:
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
        """Sign in as the host, and add posts to ask about."""
        installation = self._caller.site.installation
        command = (PROGRAM, "operator", "add", HOST, "--password-stdin")
        typed = {"stdin": None, "input": f"{PASSWORD}\n"}
        await asyncio.to_thread(installation.process, *command, **typed)
        form = {"name": HOST, "password": PASSWORD}
        entered = await self._caller.ask("POST", "/login", data=form)
        assert entered.status_code == 303, entered.text
        self._headers = {"Cookie": _cookie_of(entered)}
        posts = "".join(
            f'{{"username": "{author}", "text": "the {author} was early again, day {day}"}}\n'
            for author in AUTHORS
            for day in range(POSTS)
        )
        headers = self._headers | {"Content-Type": "application/x-ndjson"}
        path = "/api/v1/tweets"
        answer = await self._caller.ask("POST", path, content=posts, headers=headers)
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
            await self._press("again")
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
        self._compare(sums_in((await self._view())["ranking"]), sums)
        for player in self._players:
            own = (await self._as(player, "GET")).json()
            total, place = sums[player.id]  # Nobody is ranked without points.
            assert (own["total"], own["place"]) == (total, place if total else None), (player, own)
            choice, _ = self._acknowledged.get((player.id, self._number), (None, 0))
            assert own["answer"] == choice, (player, own)
        if self._number == QUESTIONS:
            await self._go_on("ended")
            path = f"/api/v1/games/{self._game}/results.csv"
            answer = await self._caller.ask("GET", path, headers=self._headers)
            rows = csv.DictReader(answer.content.decode("utf-8-sig").splitlines())
            ids = await self._ids()
            results = {ids[row["name"]]: Sum(int(row["points"]), int(row["place"])) for row in rows}
            assert results.keys() >= sums.keys(), (results, sums)
            self._compare(results, sums)

    @staticmethod
    def _compare(said: Mapping[int, Sum], sums: Mapping[int, Sum]) -> None:
        """Raise AssertionError if something else is said of a player than the sums are."""
        # Whoever joined again, since no answer came, is in the game twice, and answers once.
        twice = {player: own for player, own in said.items() if player not in sums}
        assert said == {player: sums[player] for player in said.keys() & sums} | twice, (said, sums)
        assert not any(own.points for own in twice.values()), twice

    async def end(self) -> None:
        """End the game that is played, if there is one; whoever follows it is told so."""
        if self._game:
            while (view := await self._view())["state"] != "ended":
                await self._press("next", version=view["version"])
            await self._following
            self._game = 0

    async def _new_game(self) -> None:
        form = {"username": AUTHORS, "questions": QUESTIONS, "seconds": SECONDS}
        made = await self._caller.ask("POST", "/games", data=form, headers=self._headers)
        assert made.status_code == 303, made.text
        self._game, self._number = int(made.headers["Location"].rpartition("/")[2]), 0
        self._acknowledged.clear()
        self._receipts = Receipts(self._folder / f"game-{self._game}.jsonl")
        code = (await self._view())["code"]
        cookies = {}
        for number in range(PLAYERS):
            form = {"code": code, "name": f"Player {number}"}
            joined = await self._caller.ask("POST", "/play", data=form)
            assert joined.status_code == 303, joined.text
            cookie = _cookie_of(joined)
            path = joined.headers["Location"]
            screen = await self._caller.ask("GET", path, headers={"Cookie": cookie})
            (name,) = re.findall(r'<p class="me"><bdi>([^<]+)</bdi>', screen.text)
            cookies[name] = cookie
        ids = await self._ids()
        self._players = [TrustedPlayer(ids[name], cookie) for name, cookie in cookies.items()]
        for player in self._players:
            self._receipts.note(joined=player.id)
        listener = GameListener(self._caller.address(f"/api/v1/play/{self._game}/live"))
        follow = listener.follow(self._caller.client, self._players[0].headers)
        self._following = asyncio.create_task(follow)

    async def _ids(self) -> dict[str, int]:
        """Return the players' ids by their names."""
        page = await self._caller.ask("GET", f"/games/{self._game}", headers=self._headers)
        options = re.findall(r'<option value="(\d+)">([^<]+)</option>', page.text)
        return {name: int(number) for number, name in options}

    async def _view(self) -> dict[str, Any]:
        """Return the game as its host sees it now: the first that the stream sends."""
        address = self._caller.address(f"/api/v1/games/{self._game}/live")
        async with asyncio.timeout(DEADLINE_S):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    async with self._caller.client.stream(
                        "GET", address, headers=self._headers
                    ) as stream:
                        async for line in stream.aiter_lines():
                            if line.startswith('data: {"id"'):
                                return cast(dict[str, Any], json.loads(line.removeprefix("data: ")))
                await asyncio.sleep(RETRY_S)

    async def _press(self, button: str, **form: Any) -> int:
        path = f"/games/{self._game}/{button}"
        answer = await self._caller.ask("POST", path, data=form, headers=self._headers)
        assert answer.status_code in {303, 404, 409}, answer.text
        return answer.status_code

    async def _go_on(self, state: str) -> dict[str, Any]:
        """Bring the game to a state, however often the host's click gets lost."""
        while True:
            view = await self._view()
            if (view["state"], view["question"]) == (state, self._number):
                return view
            await self._press("next", version=view["version"])

    async def _remove(self, player: TrustedPlayer) -> None:
        assert await self._press("remove", player=player.id) in {303, 404}
        self._receipts.note(removed=player.id)
        gone = await self._as(player, "GET")
        assert gone.status_code == 401, gone.text

    async def _as(
        self, player: TrustedPlayer, method: str, path: str = "", **kwargs: Any
    ) -> httpx.Response:
        address = f"/api/v1/play/{self._game}{path}"
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
        foreign = TrustedPlayer(player.id, f"{player.cookie}x")
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


def _cookie_of(answer: httpx.Response) -> str:
    """Return the first cookie that an answer sets, as it is sent back."""
    return answer.headers["Set-Cookie"].partition(";")[0]

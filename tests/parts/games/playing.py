"""Games of a test: posts to ask about, a host, and players."""

import asyncio
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, cast
from urllib.parse import urlencode

from quart import Quart
from sqlalchemy import select

from app.models import Tweet
from app.models.work import GamePlayer, GameQuestion
from app.parts.games import hosting
from app.parts.games.drawing import DrawnQuestion
from app.security import digest
from app.services.posts.users import get_user
from saywho.clock import now_ms
from tests.browsing import SAME_ORIGIN, Browser, parts_of, signed_in
from tests.conftest import Client
from tests.listening import listening

AUTHORS: Final = {
    "ferry": "the tide is high and we cross at noon again",
    "museum": "the stairs were swept and the clock was wound",
    "bakery": "rye bread first and then the small white rolls",
}


_HOSTS: Final = itertools.count(1)
"""Numbers of the operators' accounts."""


def posts_of(*authors: str, count: int = 20) -> list[dict[str, Any]]:
    """Return posts with words of each author, all different."""
    return [
        {"username": author, "text": f"{number}: {AUTHORS[author]}, said {author} {number}"}
        for author in authors
        for number in range(count)
    ]


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who joined on the page, and plays as its script does."""

    client: Client
    game: int
    id: int
    name: str

    async def see(self) -> dict[str, Any]:
        view: dict[str, Any] = await self.client.json(f"/api/v1/play/{self.game}")
        return view

    async def answer(self, question: int, username: str) -> Any:
        body = {"question": question, "username": username}
        return await self.client.post(f"/api/v1/play/{self.game}/answers", json=body)

    async def chooses(self, question: int, username: str, *, status: int = 201) -> dict[str, Any]:
        """Answer, and return what is said of it, which must have this status."""
        answer = await self.answer(question, username)
        value: dict[str, Any] = await answer.get_json(force=True)
        assert answer.status_code == status, value
        return value


@dataclass(frozen=True, slots=True)
class Host:
    """Whoever leads a game on its page, and follows it as its script does."""

    client: Client
    operator: Browser
    game: int
    code: str

    @property
    def address(self) -> str:
        return f"/api/v1/games/{self.game}"

    async def see(self) -> dict[str, Any]:
        return await view_of(self.operator, self.game)

    async def does(self, action: str, *, status: int = 303) -> dict[str, Any]:
        """Go on, or ask again; return the game."""
        form = {"version": (await self.see())["version"]} if action == "next" else {}
        answer = await self.presses(action, **form)
        assert answer.status_code == status, await answer.get_data()
        return await self.see()

    async def ends(self) -> dict[str, Any]:
        """Go on until the end; return the game."""
        view = await self.see()
        while view["state"] != "ended":
            view = await self.does("next")
        return view

    async def presses(self, action: str, **form: object) -> Any:
        """Press a button of the host's page; return the answer."""
        return await self.operator.post(f"/games/{self.game}/{action}", form=form)

    async def removes(self, player: Player) -> None:
        answer = await self.presses("remove", player=player.id)
        assert answer.status_code == 303, await answer.get_data()

    async def truth(self) -> str:
        """Return who wrote the present question, past the program's answers."""
        view = await self.see()
        async with parts_of(self.client.app).db.read() as session:
            question = await session.get_one(GameQuestion, (self.game, view["question"]))
        users = (await self.client.json("/api/v1/users"))["items"]
        (author,) = [user["username"] for user in users if user["id"] == question.user_id]
        return str(author)

    async def wrong(self) -> str:
        """Return an option that is not the author."""
        truth = await self.truth()
        options: list[str] = (await self.see())["options"]
        return next(name for name in options if name != truth)


async def view_of(operator: Browser, game: int | str) -> dict[str, Any]:
    """Return a game as it is now: the first that the stream of its page sends."""
    cookies = "; ".join(f"{name}={value}" for name, value in operator.cookies.items())
    path = f"/api/v1/games/{game}/live"
    async with listening(operator.app, headers={"Cookie": cookies}, path=path) as (listener,):
        ((_, _, view),) = await listener.next()
    return cast(dict[str, Any], view)


async def host_game(admin: Client, *authors: str, **wish: Any) -> Host:
    """Make a game of these authors, whose posts are there."""
    operator = await signed_in(admin.app, f"host{next(_HOSTS)}")
    answer = await wish_for(operator, *(authors or AUTHORS), **wish)
    assert answer.status_code == 303, await answer.get_data()
    host = Host(admin, operator, int(answer.headers["Location"].rpartition("/")[2]), "")
    return replace(host, code=(await host.see())["code"])


async def wish_for(operator: Browser, *authors: str, **wish: Any) -> Any:
    """Send the form of a new game; return the answer."""
    form = {"username": list(authors), "questions": 3, "seconds": 60} | wish
    headers = SAME_ORIGIN | {"Content-Type": "application/x-www-form-urlencoded"}
    return await operator.post("/games", data=urlencode(form, doseq=True), headers=headers)


async def join(app: Quart, host: Host, *names: str) -> list[Player]:
    """Let players join, all at once."""

    async def one(name: str) -> Player:
        phone = Browser(app)
        await phone.post("/play", form={"code": host.code, "name": name}, status=303)
        (secret,) = phone.cookies.values()
        own = select(GamePlayer).where(GamePlayer.sha256 == digest(secret).hex())
        async with parts_of(app).db.read() as session:
            player = (await session.scalars(own)).one()
        client = Client(app, {"Authorization": f"Bearer {secret}"})
        return Player(client, player.game_id, player.id, player.name)

    return await asyncio.gather(*map(one, names))


async def games_of(app: Quart, *usernames: str) -> list[str]:
    """Make a game that waits, one that asks, one whose question was told, one that has ended, and
    another one that was told, past the drawing of questions; return their codes."""
    async with parts_of(app).db.write() as session:
        cast = [await get_user(session, name) for name in usernames]
        newest = select(Tweet.id, Tweet.user_id).where(Tweet.user_id == cast[0].id).limit(3)
        drawn = [
            DrawnQuestion(tweet_id, user_id, cast[1].id, 0.8)
            for tweet_id, user_id in await session.execute(newest)
        ]
        ids = [await hosting.add_game(session, cast, drawn, seconds=60) for _ in range(5)]
        for steps, game_id in enumerate(ids):
            for _ in range(min(steps, 2)):
                game = await hosting.get_game(session, game_id)
                await hosting.go_on(session, game_id, game.version, now_ms())
        await hosting.end_game(session, ids[3], now_ms())
        return [(await hosting.get_game(session, game_id)).code for game_id in ids]


def names_of(ranking: Iterable[dict[str, Any]]) -> list[str]:
    return [ranked["name"] for ranked in ranking]

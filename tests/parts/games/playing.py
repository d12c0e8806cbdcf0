"""Games of a test: posts to ask about, a host, and players."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from quart import Quart
from sqlalchemy import select

from app.models import Tweet
from app.models.work import GameQuestion
from app.parts.games import hosting
from app.parts.games.drawing import DrawnQuestion
from app.services.posts.users import get_user
from saywho.clock import now_ms
from tests.browsing import Browser, parts_of
from tests.conftest import Client

AUTHORS: Final = {
    "ferry": "the tide is high and we cross at noon again",
    "museum": "the stairs were swept and the clock was wound",
    "bakery": "rye bread first and then the small white rolls",
}


def posts_of(*authors: str, count: int = 20) -> list[dict[str, Any]]:
    """Return posts with words of each author, all different."""
    return [
        {"username": author, "text": f"{number}: {AUTHORS[author]}, said {author} {number}"}
        for author in authors
        for number in range(count)
    ]


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who plays by the API."""

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
    """Whoever leads a game by the API."""

    client: Client
    game: int
    code: str

    @property
    def address(self) -> str:
        return f"/api/v1/games/{self.game}"

    async def see(self, query: str = "") -> dict[str, Any]:
        view: dict[str, Any] = await self.client.json(self.address + query)
        return view

    async def does(self, action: str, *, status: int = 200) -> dict[str, Any]:
        """Go on, or ask again; return the game, or what is wrong."""
        body = {"json": {"version": (await self.see())["version"]}} if action == "next" else {}
        answer = await self.client.post(f"{self.address}/{action}", **body)
        value: dict[str, Any] = await answer.get_json(force=True)
        assert answer.status_code == status, value
        return value

    async def ends(self) -> dict[str, Any]:
        """Go on until the end; return the game."""
        view = await self.see()
        while view["state"] != "ended":
            view = await self.does("next")
        return view

    async def presses(self, operator: Browser, action: str, **form: object) -> Any:
        """Press a button of the host's page; return the answer."""
        return await operator.post(f"/games/{self.game}/{action}", form=form)

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


async def host_game(admin: Client, *authors: str, **wish: Any) -> Host:
    """Make a game of these authors, whose posts are there."""
    wish = {"usernames": list(authors or AUTHORS), "questions": 3, "seconds": 60} | wish
    answer = await admin.post("/api/v1/games", json=wish)
    view = await answer.get_json()
    assert answer.status_code == 201, view
    return Host(admin, view["id"], view["code"])


async def join(app: Quart, host: Host, *names: str) -> list[Player]:
    """Let players join, all at once."""

    async def one(name: str) -> Player:
        body = {"code": host.code, "name": name}
        answer = await Client(app, {}).post("/api/v1/play", json=body)
        value = await answer.get_json()
        assert answer.status_code == 201, value
        headers = {"Authorization": f"Bearer {value['token']}"}
        return Player(Client(app, headers), value["game"], value["player"], value["name"])

    return await asyncio.gather(*map(one, names))


async def games_of(app: Quart, *usernames: str) -> list[str]:
    """Make a game that waits, one that asks, one whose question was told, one that has ended, and
    another one that was told, past the drawing of questions; return their codes."""
    parts = parts_of(app)
    async with parts.db.write() as session:
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

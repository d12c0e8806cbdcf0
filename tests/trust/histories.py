"""Histories of clients of a real server whose processes are killed, checked against a model.

Beside them a class plays a game, of which each round asks a question (`games.py`).

`python -m tests.trust.histories sqlite 100` kills 100 times, `… postgresql 100 7` with seed 7.
"""

import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import httpx

from tests.trust.calling import Caller, browsing, calling
from tests.trust.games import PLAYERS, PlayedGames
from tests.trust.listener import Listener
from tests.trust.model import NEVER, Author, Post, Read
from tests.trust.site import Site, site_of
from tests.waiting import DEADLINE_S, eventually

AUTHORS: Final = 4
CLIENTS: Final = 8
LISTENERS: Final = 3
MOST_POSTS: Final = 180
"""Posts of an author, so that all are on one page."""
BEFORE: Final = 60
"""Posts acknowledged in a round before something is killed, at most; as many follow at the end."""
AFTER: Final = 10


class History:
    """Clients of one site, round by round, with one kill in each."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site = site
        self.chance = Random(seed)
        self.listeners = [Listener(site.url) for _ in range(LISTENERS)]
        self.newest = 0
        """The newest event that was acknowledged."""
        self.acknowledged = self.removed = self.reads = self.unanswered = 0
        self.kept: set[int] = set()
        """Posts that were acknowledged or seen, and never removed."""
        self._authors: list[Author] = []
        self._is_over = False

    async def play(self, rounds: int) -> None:
        """Play so many rounds. Raises AssertionError at the first fault."""
        most = 10 * len(self.listeners)  # With many, somebody is always coming back.
        async with (
            calling(self.site, CLIENTS) as caller,
            browsing(self.site, PLAYERS) as phones,
            calling(self.site, len(self.listeners)) as streaming,
            asyncio.TaskGroup() as group,
        ):
            followers = [
                group.create_task(each.follow(streaming.client, Random(number), most=most))
                for number, each in enumerate(self.listeners)
            ]
            self.games = PlayedGames(phones, self.chance, self.site.installation.data_dir.parent)
            await self.games.begin()
            for number in range(rounds):
                await self._play_round(caller, number)
            await self.games.end()
            self.unanswered = caller.unanswered + phones.unanswered
            for task in followers:
                task.cancel()

    def __str__(self) -> str:
        reconnects = sum(listener.connects - 1 for listener in self.listeners)
        events = sum(len(listener.events) for listener in self.listeners)
        return (
            f"{self.site.kind}: {sum(self.site.killed.values())} kills {dict(self.site.killed)}, "
            f"{self.acknowledged} posts and {self.removed} deletions acknowledged, {self.reads} "
            f"reads, {self.unanswered} requests without answer; {reconnects} reconnects of "
            f"streams, {events} events; {self.games}; nothing lost, doubled or stale"
        )

    async def _play_round(self, caller: Caller, number: int) -> None:
        self._authors = [Author(f"r{number}_a{each}") for each in range(AUTHORS)]
        self._is_over = False
        for author in self._authors:
            made = await caller.client.post(
                caller.address("/users"), json={"username": author.name}
            )
            assert made.status_code == 201, made.text
        await self.games.ask()
        async with asyncio.TaskGroup() as clients:
            clients.create_task(self.games.answer())
            for each in range(CLIENTS):
                clients.create_task(self._act(caller, Random(self.chance.random()), each))
            await self._until_acknowledged(self.chance.randrange(1, BEFORE))
            await self.site.kill(number, self.chance)
            await self._until_acknowledged(AFTER)
            self._is_over = True
        await self._check(caller)
        await self.games.check()

    async def _until_acknowledged(self, more: int) -> None:
        goal = self.acknowledged + more

        async def acknowledged() -> int:
            return self.acknowledged

        await eventually(acknowledged, until=lambda seen: seen >= goal)

    async def _act(self, caller: Caller, chance: Random, number: int) -> None:
        """Write and read until the round is over."""
        written = 0
        while not self._is_over:
            author, what = chance.choice(self._authors), chance.random()
            if what < 0.35 and len(author.posts) < MOST_POSTS:
                written += 1
                has_id = chance.random() < 0.7
                await self._post(caller, author, f"client {number} {written}", has_id=has_id)
            elif what < 0.42 and (text := _some_post(author, chance)):
                await self._remove(caller, author.posts[text])
            elif what < 0.55 and (text := _some_post(author, chance)):
                await self._read_post(caller, author, text)
            elif what < 0.7:
                await self._read_count(caller, author)
            else:
                await self._read_list(caller, author)

    async def _post(self, caller: Caller, author: Author, text: str, *, has_id: bool) -> None:
        """Post, and with a source_id until it is acknowledged."""
        post = author.posts[text] = Post(time.monotonic())
        sent = {"text": text} | ({"source_id": text} if has_id else {})
        path, deadline = f"/users/{author.name}/tweets", post.began + DEADLINE_S
        while time.monotonic() < deadline:
            answer = await caller.send("POST", path, json=sent)
            if answer is not None:
                assert answer.status_code in {200, 201}, answer.text
                post.id, post.added = answer.json()["id"], time.monotonic()
                self.newest = max(self.newest, int(answer.headers["Saywho-Event"]))
                self.acknowledged += 1
                return
            if not has_id:
                return
        raise TimeoutError(f"{text} was never acknowledged")

    async def _remove(self, caller: Caller, post: Post) -> None:
        post.removal = time.monotonic()
        answer = await caller.ask("DELETE", f"/tweets/{post.id}")
        # What was done, and not acknowledged, is 404 at the second time.
        assert answer.status_code in {204, 404}, answer.text
        post.removed = time.monotonic()
        self.removed += 1
        if answer.status_code == 204:
            self.newest = max(self.newest, int(answer.headers["Saywho-Event"]))

    async def _get(self, caller: Caller, path: str) -> tuple[Read, httpx.Response | None]:
        """Return when and where it was read, and the answer."""
        after = {"Saywho-After": str(self.newest)} if self.site.kind != "sqlite" else {}
        began = time.monotonic()
        answer = await caller.send("GET", path, headers=after)
        self.reads += answer is not None
        return Read(began, time.monotonic()), answer

    async def _read_post(self, caller: Caller, author: Author, text: str) -> None:
        read, answer = await self._get(caller, f"/tweets/{author.posts[text].id}")
        if answer is not None:
            assert answer.status_code in {200, 404}, answer.text
            seen = frozenset({text} if answer.status_code == 200 else ())
            author.reads.append(replace(read, seen=seen, of=text))

    async def _read_count(self, caller: Caller, author: Author) -> None:
        read, answer = await self._get(caller, f"/users/{author.name}")
        if answer is not None:
            author.reads.append(replace(read, count=answer.json()["tweets"]))

    async def _read_list(self, caller: Caller, author: Author) -> bool:
        read, answer = await self._get(caller, f"/users/{author.name}/tweets?limit=200")
        if answer is None:
            return False
        texts = [post["text"] for post in answer.json()["items"]]
        assert len(set(texts)) == len(texts), f"stored twice: {texts}"
        author.reads.append(replace(read, seen=frozenset(texts)))
        for post in answer.json()["items"]:
            author.posts[post["text"]].id = post["id"]
        return True

    async def _check(self, caller: Caller) -> None:
        """Compare what is stored, and what was announced, with what clients were told."""
        for author in self._authors:
            while not await self._read_list(caller, author):
                pass
            is_one_machine = self.site.kind == "sqlite"
            faults = list(author.faults(is_one_machine=is_one_machine))
            assert not faults, "\n".join(faults[:5])
            stored = author.reads[-1].seen
            self.kept |= {author.posts[text].id for text in stored}
            gone = {post.id for post in author.posts.values() if post.removed < NEVER}
            assert not gone & self.kept, "a removed post is kept"
            for listener in self.listeners:
                await listener.wait_for({author.posts[text].id for text in stored}, gone)


def _some_post(author: Author, chance: Random) -> str:
    """Return a post that was acknowledged and that nobody removes; "" if there is none."""
    posts = author.posts.items()
    known = [text for text, post in posts if post.added < NEVER and post.removal == NEVER]
    return chance.choice(known) if known else ""


def run(kind: str, rounds: int, folder: Path, seed: int = 0) -> History:
    """Play rounds on a site of its own, and check what it left."""
    with site_of(kind, folder) as site:
        history = History(site, seed)
        asyncio.run(history.play(rounds))
        assert site.installation.json("check") == {"ok": True, "faults": []}
        assert site.server.stop() == 0
        assert "Traceback" not in site.server.log(), site.server.log()
    return history


def main(arguments: list[str]) -> int:
    kind, rounds, *rest = arguments
    with tempfile.TemporaryDirectory(prefix="saywho-trust-") as folder:
        print(f"{run(kind, int(rounds), Path(folder), *map(int, rest))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

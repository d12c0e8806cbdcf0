"""Histories of clients of a real server whose processes are killed, checked against a model.

`python -m tests.trust.histories sqlite 100` kills 100 times, `… postgresql 100 7` with seed 7.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx

from tests.trust.listener import RETRY_S, Listener
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
NO_ANSWER: Final = 503
"""Nobody knows what became of the request."""


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
            self._connected(CLIENTS) as client,
            self._connected(len(self.listeners)) as streaming,
            asyncio.TaskGroup() as group,
        ):
            followers = [
                group.create_task(each.follow(streaming, Random(number), most=most))
                for number, each in enumerate(self.listeners)
            ]
            for number in range(rounds):
                await self._play_round(client, number)
            for task in followers:
                task.cancel()

    def __str__(self) -> str:
        reconnects = sum(listener.connects - 1 for listener in self.listeners)
        events = sum(len(listener.events) for listener in self.listeners)
        return (
            f"{self.site.kind}: {sum(self.site.killed.values())} kills {dict(self.site.killed)}, "
            f"{self.acknowledged} posts and {self.removed} deletions acknowledged, {self.reads} "
            f"reads, {self.unanswered} requests without answer; {reconnects} reconnects of "
            f"streams, {events} events; nothing lost, doubled or stale"
        )

    @asynccontextmanager
    async def _connected(self, most: int) -> AsyncIterator[httpx.AsyncClient]:
        # Connections that end soon reach all workers.
        limits = httpx.Limits(max_connections=2 * most, keepalive_expiry=0.5)
        async with httpx.AsyncClient(
            headers={"Authorization": f"Bearer {self.site.token}"},
            limits=limits,
            timeout=DEADLINE_S,
        ) as client:
            yield client

    async def _play_round(self, client: httpx.AsyncClient, number: int) -> None:
        self._authors = [Author(f"r{number}_a{each}") for each in range(AUTHORS)]
        self._is_over = False
        for author in self._authors:
            made = await client.post(
                f"{self.site.url()}/api/v1/users", json={"username": author.name}
            )
            assert made.status_code == 201, made.text
        async with asyncio.TaskGroup() as clients:
            for each in range(CLIENTS):
                clients.create_task(self._act(client, Random(self.chance.random()), each))
            await self._until_acknowledged(self.chance.randrange(1, BEFORE))
            await self.site.kill(number, self.chance)
            await self._until_acknowledged(AFTER)
            self._is_over = True
        await self._check(client)

    async def _until_acknowledged(self, more: int) -> None:
        goal = self.acknowledged + more

        async def acknowledged() -> int:
            return self.acknowledged

        await eventually(acknowledged, until=lambda seen: seen >= goal)

    async def _act(self, client: httpx.AsyncClient, chance: Random, number: int) -> None:
        """Write and read until the round is over."""
        written = 0
        while not self._is_over:
            author, what = chance.choice(self._authors), chance.random()
            if what < 0.35 and len(author.posts) < MOST_POSTS:
                written += 1
                has_id = chance.random() < 0.7
                await self._post(client, author, f"client {number} {written}", has_id=has_id)
            elif what < 0.42 and (text := _some_post(author, chance)):
                await self._remove(client, author.posts[text])
            elif what < 0.55 and (text := _some_post(author, chance)):
                await self._read_post(client, author, text)
            elif what < 0.7:
                await self._read_count(client, author)
            else:
                await self._read_list(client, author)

    async def _send(
        self, client: httpx.AsyncClient, method: str, path: str, **kwargs: Any
    ) -> httpx.Response | None:
        """Return the answer; None if there is none."""
        try:
            answer = await client.request(method, f"{self.site.url()}/api/v1{path}", **kwargs)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code != NO_ANSWER:
            assert answer.status_code < 500, (path, answer.status_code, answer.text)
            return answer
        self.unanswered += 1
        await asyncio.sleep(RETRY_S)
        return None

    async def _post(
        self, client: httpx.AsyncClient, author: Author, text: str, *, has_id: bool
    ) -> None:
        """Post, and with a source_id until it is acknowledged."""
        post = author.posts[text] = Post(time.monotonic())
        sent = {"text": text} | ({"source_id": text} if has_id else {})
        path, deadline = f"/users/{author.name}/tweets", post.began + DEADLINE_S
        while time.monotonic() < deadline:
            answer = await self._send(client, "POST", path, json=sent)
            if answer is not None:
                assert answer.status_code in {200, 201}, answer.text
                post.id, post.added = answer.json()["id"], time.monotonic()
                self.newest = max(self.newest, int(answer.headers["Saywho-Event"]))
                self.acknowledged += 1
                return
            if not has_id:
                return
        raise TimeoutError(f"{text} was never acknowledged")

    async def _remove(self, client: httpx.AsyncClient, post: Post) -> None:
        post.removal = time.monotonic()
        while (answer := await self._send(client, "DELETE", f"/tweets/{post.id}")) is None:
            assert time.monotonic() < post.removal + DEADLINE_S, "a post was never removed"
        # What was done, and not acknowledged, is 404 at the second time.
        assert answer.status_code in {204, 404}, answer.text
        post.removed = time.monotonic()
        self.removed += 1
        if answer.status_code == 204:
            self.newest = max(self.newest, int(answer.headers["Saywho-Event"]))

    async def _get(
        self, client: httpx.AsyncClient, path: str
    ) -> tuple[Read, httpx.Response | None]:
        """Return when and where it was read, and the answer."""
        after = {"Saywho-After": str(self.newest)} if self.site.kind != "sqlite" else {}
        began = time.monotonic()
        answer = await self._send(client, "GET", path, headers=after)
        self.reads += answer is not None
        return Read(began, time.monotonic()), answer

    async def _read_post(self, client: httpx.AsyncClient, author: Author, text: str) -> None:
        read, answer = await self._get(client, f"/tweets/{author.posts[text].id}")
        if answer is not None:
            assert answer.status_code in {200, 404}, answer.text
            seen = frozenset({text} if answer.status_code == 200 else ())
            author.reads.append(replace(read, seen=seen, of=text))

    async def _read_count(self, client: httpx.AsyncClient, author: Author) -> None:
        read, answer = await self._get(client, f"/users/{author.name}")
        if answer is not None:
            author.reads.append(replace(read, count=answer.json()["tweets"]))

    async def _read_list(self, client: httpx.AsyncClient, author: Author) -> bool:
        read, answer = await self._get(client, f"/users/{author.name}/tweets?limit=200")
        if answer is None:
            return False
        texts = [post["text"] for post in answer.json()["items"]]
        assert len(set(texts)) == len(texts), f"stored twice: {texts}"
        author.reads.append(replace(read, seen=frozenset(texts)))
        for post in answer.json()["items"]:
            author.posts[post["text"]].id = post["id"]
        return True

    async def _check(self, client: httpx.AsyncClient) -> None:
        """Compare what is stored, and what was announced, with what clients were told."""
        for author in self._authors:
            while not await self._read_list(client, author):
                pass
            is_one_machine = self.site.kind == "sqlite"
            faults = list(author.faults(is_one_machine=is_one_machine))
            assert not faults, "\n".join(faults[:5])
            stored = author.reads[-1].seen
            self.kept |= {author.posts[text].id for text in stored}
            gone = {post.id for post in author.posts.values() if post.removed < NEVER}
            assert not gone & self.kept, "a removed post is kept"
            for listener in self.listeners:
                posts = {author.posts[text].id for text in stored}
                await listener.wait_for(posts, gone)


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

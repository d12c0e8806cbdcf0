"""A game with very many players: `python -m benchmarks.game [--players 5000] [--peer]`.

Two workers serve a host and players, who play by the pages and their scripts' addresses, each
player with a stream open. Prints in what time all are in, how
late each question reaches them after its announcement, how late answers are acknowledged that are
sent within 3 s, how many sums are not those that a second program makes of the acknowledgements
(`tests/trust/game_sums.py`), and what the server took of the processor. `--peer` plays with a Flask
peer of the same rules, whose players ask each second.
"""

import argparse
import asyncio
import contextlib
import csv
import json
import resource
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import BytesParser
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urlencode

import uvloop

from benchmarks import machine
from benchmarks.contestants import flask
from tests.installation import Installation
from tests.ports import free_port
from tests.server import SERVE, serving
from tests.trust.receipts import Receipts, Sum

AUTHORS: Final = ("ferry", "museum", "bakery", "library")
SECONDS: Final = 30
SENT_WITHIN_S: Final = 3.0
JOINED_WITHIN_S: Final = 25.0
"""Players come evenly within this time."""
CONNECTIONS: Final = 400
"""Over which answers are sent; a stream has one of its own."""
NETWORKS: Final = 50
"""Addresses from which players join."""
SPARE_FILES: Final = 1_000
POLL_S: Final = 1.0
HOST: Final = "host"
PASSWORD: Final = "a long password of the host"  # noqa: S105 - no secret
NAME: Final = "Player "
FORM: Final = "application/x-www-form-urlencoded"
PEER: Final = ("--worker-class", "gthread", "--workers", "2", "--threads", "8")


class Answer(NamedTuple):
    status: int
    location: str
    cookie: str
    """The first cookie that the answer sets, as it is sent back."""
    content: bytes


class Wire:
    """A connection that sends one request after the other, as a browser does."""

    def __init__(self, host: str, port: int, source: str | None = None) -> None:
        self._host, self._port, self._source = host, port, source
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(
        self, method: str, path: str, cookie: str = "", body: str = "", kind: str = FORM
    ) -> Answer:
        if self._streams is None:
            source = None if self._source is None else (self._source, 0)
            self._streams = await asyncio.open_connection(self._host, self._port, local_addr=source)
        reader, writer = self._streams
        data = body.encode()
        head = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(data)}"]
        head += [f"Content-Type: {kind}", f"Cookie: {cookie}", "Sec-Fetch-Site: same-origin"]
        writer.write("\r\n".join([*head, "", ""]).encode() + data)
        answer = await reader.readuntil(b"\r\n\r\n")
        first, _, fields = answer.partition(b"\r\n")
        headers = BytesParser().parsebytes(fields, headersonly=True)
        content = await reader.readexactly(int(headers["Content-Length"] or 0))
        cookie = (headers["Set-Cookie"] or "").partition(";")[0]
        return Answer(int(first[9:12]), headers["Location"] or "", cookie, content)

    async def post(self, path: str, cookie: str = "", **form: object) -> Answer:
        """Send a form, which has to lead to a page."""
        answer = await self.send("POST", path, cookie, urlencode(form, doseq=True))
        assert answer.status == 303, answer
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@dataclass(slots=True)
class Phone:
    """A player: who it is, and what it was sent."""

    number: int
    cookie: str
    asked: dict[int, float] = field(default_factory=dict)
    """When each question arrived, in seconds after its announcement."""
    comes: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a question has come, until it is answered."""

    def take(self, document: dict[str, Any]) -> None:
        """Note when a question came that is asked."""
        number = document["question"]
        if document["state"] == "asking" and number not in self.asked:
            ends = datetime.fromisoformat(document["ends_at"]).timestamp()
            self.asked[number] = time.time() - (ends - SECONDS)
            self.comes.set()


class Crowd:
    """The players of a game."""

    def __init__(self, port: int, players: int, folder: Path) -> None:
        self._port = port
        self._size = players
        self._receipts = Receipts(folder / "receipts.jsonl")
        self._chance = Random(5)
        self.phones: list[Phone] = []
        self._listening: list[asyncio.Task[None]] = []
        self.latencies_s: list[float] = []
        """Of acknowledgements."""

    def _wire(self, source: str | None = None) -> Wire:
        return Wire("127.0.0.1", self._port, source)

    async def play(self, questions: int) -> dict[str, Any]:
        """Play a game; return its figures."""
        host = self._wire()
        self._host = await self._sign_in(host)
        wanted = {"username": AUTHORS, "questions": questions, "seconds": SECONDS}
        made = await host.post("/games", self._host, **wanted)
        self._path, self._play = made.location, made.location.replace("/games", "/api/v1/play")
        began = time.time()
        await self._join((await self._view(host))["code"])
        joined_s = time.time() - began
        for number in range(1, questions + 1):
            await self._go_on(host)
            await self._until_all_have(number)
            await self._answer_all(number)
            truth = await self._told(host)
            self._receipts.note(question=number, truth=truth, seconds=SECONDS)
        await self._go_on(host)
        faults = await self._wrong_sums(host)
        for task in self._listening:
            task.cancel()
        host.close()
        asked = sorted(late for phone in self.phones for late in phone.asked.values())
        return {
            "joined_s": joined_s,
            "asked_p99_s": _percentile(asked, 99),
            "asked_p50_s": statistics.median(asked),
            "ack_p99_s": _percentile(sorted(self.latencies_s), 99),
            "ack_p50_s": statistics.median(self.latencies_s),
            "answers": len(self.latencies_s),
            "wrong_sums": faults,
        }

    async def _join(self, code: str) -> None:
        # A game takes some hundred players at once from one network: each is an address here.
        networks = (f"127.0.1.{1 + place % NETWORKS}" for place in range(CONNECTIONS))
        wires = [self._wire(source) for source in networks]
        began = time.time()

        async def come(place: int) -> None:
            for number in range(place, self._size, CONNECTIONS):
                due = began + JOINED_WITHIN_S * number / self._size
                await asyncio.sleep(max(0.0, due - time.time()))
                joined = await wires[place].post("/play", code=code, name=f"{NAME}{number}")
                phone = Phone(number, joined.cookie)
                self.phones.append(phone)
                self._receipts.note(joined=phone.number)
                begun = asyncio.Event()
                self._listening.append(asyncio.create_task(self._listen(phone, begun)))
                await begun.wait()

        await asyncio.gather(*map(come, range(min(CONNECTIONS, self._size))))
        for wire in wires:
            wire.close()

    async def _listen(self, phone: Phone, begun: asyncio.Event) -> None:
        async with contextlib.aclosing(self._documents(self._play, phone.cookie)) as documents:
            async for document in documents:
                begun.set()
                phone.take(document)

    async def _documents(self, path: str, cookie: str) -> AsyncGenerator[dict[str, Any], None]:
        """Yield what a stream sends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = f"GET {path}/live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n"
        writer.write(head.encode())
        with contextlib.closing(writer):
            async for line in reader:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    async def _sign_in(self, host: Wire) -> str:
        """Return the host's cookie."""
        return (await host.post("/login", name=HOST, password=PASSWORD)).cookie

    async def _view(self, _host: Wire) -> dict[str, Any]:
        """Return the game as its host sees it now."""
        opened = self._documents(f"/api/v1{self._path}", self._host)
        async with contextlib.aclosing(opened) as documents:
            return await anext(documents)

    async def _until_all_have(self, number: int) -> None:
        async with asyncio.timeout(SECONDS):
            for phone in self.phones:
                while number not in phone.asked:
                    await phone.comes.wait()

    async def _answer_all(self, number: int) -> None:
        """Send an answer of each player within the time, and wait until all are acknowledged."""
        order = self._chance.sample(self.phones, len(self.phones))
        queue = iter(enumerate(order))
        began = time.time()

        async def send(wire: Wire) -> None:
            for place, phone in queue:
                due = began + SENT_WITHIN_S * place / len(order)
                await asyncio.sleep(max(0.0, due - time.time()))
                phone.comes.clear()
                body = json.dumps({"question": number, "username": self._chance.choice(AUTHORS)})
                sent = time.time()
                path = f"{self._play}/answers"
                answer = await wire.send("POST", path, phone.cookie, body, "application/json")
                assert answer.status == 201, answer
                self.latencies_s.append(time.time() - sent)
                self._receipts.note(player=phone.number, **json.loads(answer.content))

        wires = [self._wire() for _ in range(CONNECTIONS)]
        await asyncio.gather(*map(send, wires))
        for wire in wires:
            wire.close()

    async def _go_on(self, host: Wire) -> None:
        version = (await self._view(host))["version"]
        await host.post(f"{self._path}/next", self._host, version=version)

    async def _told(self, host: Wire) -> str:
        view = await self._view(host)
        assert view["state"] == "told", "all who are there have answered"
        return str(view["truth"])

    async def _wrong_sums(self, host: Wire) -> int:
        """Return of how many players points or place are not what a second program says."""
        answer = await host.send("GET", f"/api/v1{self._path}/results.csv", self._host)
        rows = csv.DictReader(answer.content.decode("utf-8-sig").splitlines())
        said = {
            int(row["name"].removeprefix(NAME)): Sum(int(row["points"]), int(row["place"]))
            for row in rows
        }
        sums = self._receipts.sums()
        return sum(said.get(player) != sums.get(player) for player in said.keys() | sums)


class PollingCrowd(Crowd):
    """Players who ask each second."""

    async def _listen(self, phone: Phone, begun: asyncio.Event) -> None:
        wire = self._wire()
        begun.set()
        await asyncio.sleep(self._chance.random())
        with contextlib.closing(wire):
            while True:
                answer = await wire.send("GET", self._play, phone.cookie)
                assert answer.status == 200, answer
                phone.take(json.loads(answer.content))
                await asyncio.sleep(POLL_S)

    async def _sign_in(self, _host: Wire) -> str:
        return ""

    async def _view(self, host: Wire) -> dict[str, Any]:
        answer = await host.send("GET", f"/api/v1{self._path}")
        return cast(dict[str, Any], json.loads(answer.content))


def _percentile(values: Sequence[float], part: int) -> float:
    return values[min(len(values) - 1, len(values) * part // 100)]


def measure(players: int, questions: int, folder: Path) -> dict[str, Any]:
    """Return the figures of a game on a server of two workers."""
    settings = {"SAYWHO_ACCESS_LOG": "0", "SAYWHO_LIVE_CLIENTS": str(players + 200)}
    installation = Installation(folder / "instance", settings)
    posts = folder / "posts.jsonl"
    lines = (
        json.dumps({"username": author, "text": f"the {author} was early again, on day {day}"})
        for author in AUTHORS
        for day in range(60)
    )
    posts.write_text("\n".join(lines))
    installation.done("import", str(posts))
    installation.done("operator", "add", HOST, "--password-stdin", stdin=f"{PASSWORD}\n")
    with serving(installation, *SERVE, "--workers", "2") as server:
        before_s = machine.cpu_s([server.process.pid])
        figures = uvloop.run(Crowd(server.port, players, folder).play(questions))
        figures["server_cpu_s"] = machine.cpu_s([server.process.pid]) - before_s
    return figures


def measure_peer(players: int, questions: int, folder: Path) -> dict[str, Any]:
    """Return the figures of a game on the Flask peer, by threads of two processes."""
    options = (*PEER, "--keep-alive", "75")
    peer = flask("Flask", *options, module="flask_game")
    port, log = free_port(), folder / "log"
    env = peer.environment(folder / "game.db", folder)
    with machine.running(peer.command(port), env, on=machine.cores(), log=log) as process:
        machine.wait_until_ready(f"http://127.0.0.1:{port}/readyz", process, log)
        before_s = machine.cpu_s([process.pid])
        figures = uvloop.run(PollingCrowd(port, players, folder).play(questions))
        figures["server_cpu_s"] = machine.cpu_s([process.pid]) - before_s
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--players", type=int, default=5_000)
    parser.add_argument("--questions", type=int, default=3)
    parser.add_argument("--peer", action="store_true", help="play with the Flask peer")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < arguments.players + SPARE_FILES:
        sys.exit(f"this machine allows a process {most:,} open files")
    print(machine.description())
    with machine.work_folder() as folder:
        play = measure_peer if arguments.peer else measure
        for name, value in play(arguments.players, arguments.questions, folder).items():
            print(f"{name:<14}{value:>10.3f}")


if __name__ == "__main__":
    main()

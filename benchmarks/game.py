"""A game with very many players: `python -m benchmarks.game [--players 5000] [--peer]`.

Two workers serve a host and players, each with a stream open. Prints in what time all are in, how
late each question reaches them after its announcement, how late answers are acknowledged that are
sent within 3 s, how many sums are not those that a second program makes of the acknowledgements
(`tests/trust/game_sums.py`), and what the server took of the processor. `--peer` plays with a Flask
peer of the same rules, whose players ask each second.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import uvloop

from benchmarks import machine
from benchmarks.contestants import flask
from tests.installation import Installation
from tests.ports import free_port
from tests.server import SERVE, serving
from tests.trust.receipts import Receipts, sums_in

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
PEER: Final = ("--worker-class", "gthread", "--workers", "2", "--threads", "8")


class Wire:
    """A connection that sends one request after the other."""

    def __init__(self, host: str, port: int, source: str | None = None) -> None:
        self._host, self._port, self._source = host, port, source
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, token: str = "", body: Any = None) -> Any:
        """Return status and value of the answer."""
        if self._streams is None:
            source = None if self._source is None else (self._source, 0)
            self._streams = await asyncio.open_connection(self._host, self._port, local_addr=source)
        reader, writer = self._streams
        data = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(data)}"]
        head += [f"Authorization: Bearer {token}"] if token else []
        head += ["Content-Type: application/json", "", ""]
        writer.write("\r\n".join(head).encode() + data)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answer.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        content = await reader.readexactly(length)
        return int(answer[9:12]), json.loads(content) if content else None

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@dataclass(slots=True)
class Phone:
    """A player: who it is, and what it was sent."""

    token: str
    id: int
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

    def __init__(self, port: int, token: str, players: int, folder: Path) -> None:
        self._port = port
        self._token = token
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
        wish = {"usernames": AUTHORS, "questions": questions, "seconds": SECONDS}
        _, game = await host.ask("POST", "/api/v1/games", self._token, wish)
        self._path = f"/api/v1/games/{game['id']}"
        self._play = f"/api/v1/play/{game['id']}"
        began = time.time()
        await self._join(game["code"])
        joined_s = time.time() - began
        for number in range(1, questions + 1):
            await self._go_on(host)
            await self._until_all_have(number)
            await self._answer_all(number)
            truth = await self._told(host)
            self._receipts.note(question=number, truth=truth, seconds=SECONDS)
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
                body = {"code": code, "name": f"Player {number}"}
                status, joined = await wires[place].ask("POST", "/api/v1/play", body=body)
                assert status == 201, joined
                phone = Phone(joined["token"], joined["player"])
                self.phones.append(phone)
                self._receipts.note(joined=phone.id)
                begun = asyncio.Event()
                self._listening.append(asyncio.create_task(self._listen(phone, begun)))
                await begun.wait()

        await asyncio.gather(*map(come, range(min(CONNECTIONS, self._size))))
        for wire in wires:
            wire.close()

    async def _listen(self, phone: Phone, begun: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = f"GET {self._play}/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        writer.write(f"{head}Authorization: Bearer {phone.token}\r\n\r\n".encode())
        with contextlib.closing(writer):
            async for line in reader:
                if not line.startswith(b"data: "):
                    continue
                begun.set()
                phone.take(json.loads(line[6:]))

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
                body = {"question": number, "username": self._chance.choice(AUTHORS)}
                sent = time.time()
                status, receipt = await wire.ask("POST", f"{self._play}/answers", phone.token, body)
                assert status == 201, receipt
                self.latencies_s.append(time.time() - sent)
                self._receipts.note(player=phone.id, **receipt)

        wires = [self._wire() for _ in range(CONNECTIONS)]
        await asyncio.gather(*map(send, wires))
        for wire in wires:
            wire.close()

    async def _go_on(self, host: Wire) -> None:
        _, view = await host.ask("GET", self._path, self._token)
        version = {"version": view["version"]}
        status, told = await host.ask("POST", f"{self._path}/next", self._token, version)
        assert status == 200, told

    async def _told(self, host: Wire) -> str:
        _, view = await host.ask("GET", self._path, self._token)
        assert view["state"] == "told", "all who are there have answered"
        return str(view["truth"])

    async def _wrong_sums(self, host: Wire) -> int:
        """Return of how many players points or place are not what a second program says."""
        _, view = await host.ask("GET", f"{self._path}?ranking=all", self._token)
        said, sums = sums_in(view["ranking"]), self._receipts.sums()
        return sum(said.get(player) != sums.get(player) for player in said.keys() | sums)


class PollingCrowd(Crowd):
    """Players who ask each second."""

    async def _listen(self, phone: Phone, begun: asyncio.Event) -> None:
        wire = self._wire()
        begun.set()
        await asyncio.sleep(self._chance.random())
        with contextlib.closing(wire):
            while True:
                status, document = await wire.ask("GET", self._play, phone.token)
                assert status == 200, document
                phone.take(document)
                await asyncio.sleep(POLL_S)


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
    token = installation.json("token", "add", "game", "--scope", "admin")["token"]
    with serving(installation, *SERVE, "--workers", "2") as server:
        before_s = machine.cpu_s([server.process.pid])
        figures = uvloop.run(Crowd(server.port, token, players, folder).play(questions))
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
        figures = uvloop.run(PollingCrowd(port, "", players, folder).play(questions))
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

"""Load on a server, and what comes of it; contestants take turns."""

import json
import shutil
import statistics
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks import machine
from benchmarks.contestants import Server
from benchmarks.databases import TOKEN

WARM_UP_S: Final = 1.5


@dataclass(slots=True)
class Rounds:
    """What one contestant did in each round."""

    per_second: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    """Processor time of a request: other programs on the machine hardly change it."""
    errors: int = 0
    checked: int = 0
    stale: int = 0

    def add(self, one: dict[str, Any]) -> None:
        self.per_second.append(one["per_second"])
        self.p50_ms.append(one["p50_ms"])
        self.p99_ms.append(one["p99_ms"])
        self.cpu_us.append(one["cpu_us"])
        self.errors += one["errors"]
        self.checked += one.get("checked", 0)
        self.stale += one.get("stale", 0)

    def as_json(self) -> dict[str, Any]:
        return {
            "per_second": [round(each, 1) for each in self.per_second],
            "p50_ms": [round(each, 2) for each in self.p50_ms],
            "p99_ms": [round(each, 2) for each in self.p99_ms],
            "cpu_us": [round(each, 1) for each in self.cpu_us],
            "errors": self.errors,
            "checked": self.checked,
            "stale": self.stale,
        }


@dataclass(frozen=True, slots=True)
class Load:
    """How a workload is run; `lines` makes the requests of a round."""

    lines: Callable[[int], Sequence[str]]
    connections: int = 64
    checks: bool = False
    seconds: float = 5.0
    rounds: int = 5
    token: str = TOKEN
    cookie: str = ""
    """Cookie that half of the reads have, and the others the token; only with `checks`."""
    pause_ms: int = 0
    """Of each connection before a request, with wrk: then all servers are asked equally often."""


def generator(*, checks: bool) -> str:
    """Return the name of the program that asks."""
    return "benchmarks.client" if checks or shutil.which("wrk") is None else "wrk"


def ask(server: Server, requests: Path, load: Load, seconds: float) -> dict[str, Any]:
    """Load a server for so long, from the other core; return the figures."""
    if generator(checks=load.checks) == "wrk":
        command = [
            *("wrk", "--threads", "1", "--connections", str(load.connections), "--latency"),
            *("--duration", f"{max(1, round(seconds))}s", "--timeout", "10s"),
            *("--script", str(Path(__file__).with_name("wrk.lua")), server.address),
            *("--", str(requests), load.token, str(load.pause_ms)),
        ]
    else:
        command = [
            *(sys.executable, "-m", "benchmarks.client", server.address, str(requests)),
            *("--connections", str(load.connections), "--seconds", str(seconds)),
            *("--token", load.token, *(["--check"] if load.checks else [])),
            *("--cookie", load.cookie),
        ]
    cpu_s = machine.cpu_s(server.pids)
    done = subprocess.run(
        machine.pinned(command, machine.CLIENT_CORE),
        cwd=machine.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{server.name}: {done.stdout}{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    cpu_s = machine.cpu_s(server.pids) - cpu_s
    return figures | {"cpu_us": 1e6 * cpu_s / max(figures["requests"], 1)}


def take_turns(servers: Sequence[Server], load: Load, folder: Path) -> dict[str, Rounds]:
    """Load the servers in turn, several rounds; each round begins with another one.

    Before, each is warmed up. All get the same requests in a round.
    """
    results = {server.name: Rounds() for server in servers}
    requests = folder / "requests"
    _write(requests, load.lines(0))
    for server in servers:
        ask(server, requests, load, min(WARM_UP_S, load.seconds))
    for number in range(load.rounds):
        _write(requests, load.lines(1 + number))
        first = number % len(servers)
        for server in (*servers[first:], *servers[:first]):
            results[server.name].add(ask(server, requests, load, load.seconds))
    return results


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of each round."""
    return statistics.median(
        our / max(their, 1e-9) for our, their in zip(ours, theirs, strict=True)
    )


def check_equal(servers: Sequence[Server], paths: Sequence[str]) -> None:
    """Make sure that all answer the same JSON. Ends the program otherwise."""
    for path in paths:
        expected = fetch(servers[0], path)
        for server in servers[1:]:
            if _without_mark(fetch(server, path)) != _without_mark(expected):
                sys.exit(f"{server.name} answers {path} otherwise than {servers[0].name}")


def _without_mark(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer whose cursor has no mark of its list, which the peers do not make."""
    cursor = answer.get("next")
    return answer | {"next": cursor and cursor.partition(".")[0]}


def check_inserts(servers: Sequence[Server], path: str) -> None:
    """Make sure that all answer to a new post the same, but for its id and time."""
    answers = []
    for server in servers:
        answer = fetch(server, path, {"text": "a new post, the first one"})
        for name in ("id", "created_at"):
            del answer[name]
        answers.append(answer)
    if any(answer != answers[0] for answer in answers):
        sys.exit(f"the answers to a new post differ: {answers}")


def fetch(server: Server, path: str, form: object = None) -> Any:
    """Return an answer's JSON."""
    request = urllib.request.Request(server.address + path)  # noqa: S310 - our own
    if form is not None:
        request.data = json.dumps(form).encode()
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", f"Bearer {TOKEN}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{server.name} answers {path} with {error.code}: {error.read()[:200]!r}")

"""Those who use a site in all ways at once: they ask, look at files and follow the posts.

`python -m tests.trust.crowd 200000` measures what five clients of each dear address do to others: a
site of one worker has so many posts, the clients ask for 10 s without a pause, each time for what
no answer is kept of, and others ask for common pages meanwhile. Printed is how long these took.
`--at URL` asks a server that has such posts, `--only NAME` some of the addresses. The status is 1
if the 99th percentile is over a second.
"""

import argparse
import http.client
import itertools
import json
import random
import selectors
import socket
import statistics
import sys
import tempfile
import threading
import time
import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from app.errors import UnavailableError
from tests.chats import telegram
from tests.engine.invented import WORDS, posts_of
from tests.installation import Installation
from tests.server import SERVE, Server, serving
from tests.trust.uploads import Uploader
from tests.uploading import jsonl

AUTHORS: Final = 100
LISTENERS: Final = 500
PAUSE_S: Final = 0.1
PAGES: Final = ("/", "/authors", "/posts", "/dashboard/", "/api/v1/stats", "/api/v1/users")
FIGURES: Final = ("timeline", "hours")
LOOKED_AT: Final = (100, 5_000, 30_000)
"""Posts in the files that are looked at, in turn."""
FOLLOW: Final = b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def fleet(posts: int) -> bytes:
    """Return the lines of a file with so many posts, no two alike."""
    texts = [posts_of(author) for author in range(AUTHORS)]
    numbered = ((number, texts[number % AUTHORS]) for number in range(posts))
    return jsonl(
        *(
            {
                "username": f"fleet{number % AUTHORS}",
                "source_id": str(number),
                "text": f"{own[number // AUTHORS % len(own)]} {number}",
                "created_at": f"2024-0{number % 9 + 1}-1{number % 10}T1{number % 7}:00:00Z",
            }
            for number, own in numbered
        )
    )


@dataclass
class Crowd:
    """Users of the server that is there, each in a thread, and what they got."""

    server: Callable[[], Server]
    answers: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    listening: int = 0
    faults: list[str] = field(default_factory=list)
    """Answers of another status than they may have."""
    _is_over: threading.Event = field(default_factory=threading.Event)

    def __str__(self) -> str:
        return (
            f"answers: {dict(self.answers)}; without one: {self.unanswered};"
            f" clients who listen at the end: {self.listening}"
        )

    @contextmanager
    def acting(self, uploader: Uploader) -> Iterator[None]:
        """Let them use the site meanwhile."""
        uses = (self._ask, self._follow, lambda: self._look(uploader))
        threads = [threading.Thread(target=use) for use in uses]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer; None where the server ended before it."""
        try:
            status, _, answer = self.server().send(method, path, body)
        except (OSError, http.client.HTTPException):
            self.unanswered += 1
            time.sleep(PAUSE_S)
            return None
        self.answers[status] += 1
        if status >= 500 and status != UnavailableError.status:
            self.faults.append(f"{method} {path}: {status}")
        return answer

    def _ask(self) -> None:
        """Ask for pages, figures, searches and comparisons."""
        for number in count():
            for path in (*PAGES, f"/search?q={WORDS[number % len(WORDS)]}"):
                self.send("GET", path)
            for figure in FIGURES:
                asked = {"id": f"{figure}-ask", "property": "data", "value": {"view": ""}}
                drawn = {"id": f"{figure}-drawing", "property": "data"}
                call = {"output": f"{figure}-drawing.data", "outputs": drawn, "inputs": [asked]}
                self.send("POST", "/dashboard/_dash-update-component", call)
            text = f"{posts_of(number % AUTHORS)[0]} {number}"
            self.send("POST", "/api/v1/compare", {"text": text, "explain": True})
            if self._is_over.is_set():
                return

    def _look(self, uploader: Uploader) -> None:
        """Upload files and look at them."""
        files = [(f"{posts}.jsonl", fleet(posts)) for posts in LOOKED_AT]
        with closing(uploader):
            for number in count():
                with suppress(httpx.TransportError):
                    uploader.look(*files[number % len(files)])
                if self._is_over.is_set():
                    break
        may_be = f": {UnavailableError.status}"
        self.faults += [fault for fault in uploader.report.faults if not fault.endswith(may_be)]

    def _follow(self) -> None:
        """Follow the posts with many clients; those that are cut off come again."""
        with selectors.DefaultSelector() as streams:
            while not self._is_over.is_set():
                self.listening = len(streams.get_map())
                if self.listening < LISTENERS:
                    with suppress(OSError):
                        streams.register(wire := self.server().wire(), selectors.EVENT_READ)
                        wire.sendall(FOLLOW)
                for key, _ in streams.select(PAUSE_S if self.listening == LISTENERS else 0):
                    assert isinstance(key.fileobj, socket.socket)
                    if not _has_more(key.fileobj):
                        streams.unregister(key.fileobj)
                        key.fileobj.close()
            for key in list(streams.get_map().values()):
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.close()


def _has_more(wire: socket.socket) -> bool:
    """Read what came; return whether the connection goes on."""
    with suppress(OSError):
        return bool(wire.recv(65_536))
    return False


CLIENTS: Final = 5
"""Clients that ask for one dear address."""
SECONDS: Final = 10.0
OTHERS_PAUSE_S: Final = 0.1
LONGEST_P99_S: Final = 1.0
TIMEOUT_S: Final = 60.0
CHAT_SHARE: Final = 4
"""One message of a chat for so many posts."""
PEOPLE: Final = 9
KOREAN: Final = (
    *("오늘", "내일", "우리", "나는", "진짜", "정말", "그냥", "먹었", "갔다", "학교", "회사"),
    *("커피", "집에", "좋아", "싫어", "영화", "주말", "ㅋㅋ", "ㅋㅋㅋ", "ㅎㅎ", "아니", "그래"),
    *("언제", "바다", "바람", "하늘", "아침", "저녁", "버스", "빨리", "고양이", "강아지"),
)
OTHERS: Final = (
    "/healthz",
    f"/search?q={WORDS[3]}+{{n}}",
    f"/compare?text={WORDS[5]}+{WORDS[7]}+{WORDS[9]}+{{n}}",
    "/tweet/5?x={n}",
)
NOBODY: Final = "no address"
"""The name of the first row: how long the others wait by themselves."""
ZONES: Final = sorted(zoneinfo.available_timezones())
SEARCH: Final = "/api/v1/search?facets=1&q="
NAME: Final = "fleet0"
DEAR: Final = {
    "pair 480 times": SEARCH + quote("정말" * 480) + "+{n}",
    "ten laughs": SEARCH + quote("ㅋ" * 10) + "+{n}",
    "equal words in quotes": SEARCH + quote(f'"{"오늘 " * 300}"') + "+{n}",
    "frequent words": SEARCH + quote(" ".join((*KOREAN, *WORDS[:60]))) + "+{n}",
    "chat's search": "/room/1?q=" + quote("ㅋ" * 10) + "+{n}",
    "chat": "/room/1?tz={zone}&x={n}",
    "chat's picture": "/room/1/portrait/picture.png?tz={zone}&x={n}",
    "author": f"/user/{NAME}?tz={{zone}}&x={{n}}",
    "author's picture": f"/user/{NAME}/portrait/picture.png?tz={{zone}}&x={{n}}",
    "year": f"/user/{NAME}/2024/picture.png?tz={{zone}}&x={{n}}",
    "timeline": "/dashboard/table/timeline?tz={zone}&x={n}",
    "hours": "/dashboard/table/hours?tz={zone}&x={n}",
    "dashboard": "/dashboard/?tz={zone}&x={n}",
    "card": "/compare/card?x={n}" + "".join(f"&username=fleet{n}" for n in range(60)),
    "answer's picture": f"/compare/picture.png?text={WORDS[5]}+{WORDS[7]}+{{n}}&username={NAME}"
    "&username=fleet1",
}
"""Addresses that take long, by their names; each request has a number and a zone of its own."""


@dataclass(slots=True)
class Crowding:
    """How long others waited while some clients asked for a dear address."""

    name: str
    asked: Counter[int] = field(default_factory=Counter)
    """The statuses of the answers to the dear address; 0 for none within a minute."""
    others: dict[str, list[float]] = field(default_factory=dict)
    """The seconds that the others waited, by what they asked for."""
    faults: list[str] = field(default_factory=list)

    @property
    def waited(self) -> list[float]:
        return sorted(itertools.chain(*self.others.values()))

    @property
    def p99_s(self) -> float:
        return statistics.quantiles(self.waited, n=100)[98]

    def __str__(self) -> str:
        waited = self.waited
        (worst, longest) = max(
            ((path, max(seconds)) for path, seconds in self.others.items()), key=lambda it: it[1]
        )
        return (
            f"| {self.name} | {dict(self.asked)} | {len(waited)} | {statistics.median(waited):.2f}"
            f" | {self.p99_s:.2f} | {longest:.2f} | {worst.partition('?')[0]} |"
        )


@dataclass(frozen=True, slots=True)
class _Asking:
    """Threads that ask a server until the end; what they get goes into a report."""

    host: str
    port: int
    report: Crowding
    end: float
    numbers: Iterator[int] = field(default_factory=lambda: count(time.time_ns() % 10**9))

    def crowd(self) -> None:
        while not self.report.asked or time.monotonic() < self.end:
            status, _ = self._ask(DEAR[self.report.name])
            self.report.asked[status] += 1
            if status not in {http.client.OK, UnavailableError.status}:
                self.report.faults.append(f"{self.report.name}: {status}")

    def other(self, template: str) -> None:
        while template not in self.report.others or time.monotonic() < self.end:
            status, waited_s = self._ask(template)
            self.report.others.setdefault(template, []).append(waited_s)
            if status != http.client.OK:
                self.report.faults.append(f"{template} beside {self.report.name}: {status}")
            time.sleep(OTHERS_PAUSE_S)

    def _ask(self, template: str) -> tuple[int, float]:
        number, started = next(self.numbers), time.monotonic()
        path = template.format(n=number, zone=quote(ZONES[number % len(ZONES)], safe=""))
        with closing(
            http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        ) as connection:
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return 0, time.monotonic() - started
        return answer.status, time.monotonic() - started


def crowding(
    host: str, port: int, name: str, *, clients: int = CLIENTS, seconds: float = SECONDS
) -> Crowding:
    """Ask for a dear address with some clients, and return how long others waited meanwhile."""
    asking = _Asking(host, port, Crowding(name), time.monotonic() + seconds)
    crowd = range(0 if name == NOBODY else clients)
    threads = [threading.Thread(target=asking.crowd) for _ in crowd]
    threads += [threading.Thread(target=asking.other, args=(path,)) for path in OTHERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asking.report


def fill(installation: Installation, posts: int) -> None:
    """Store posts of a hundred authors, every second one in Korean, and a chat."""
    chance, folder = random.Random(3), installation.data_dir.parent
    file, chat = folder / "fleet.jsonl", folder / "chat.json"
    file.write_bytes(
        b"".join(
            line if number % 2 else _in_korean(line, chance)
            for number, line in enumerate(fleet(posts).splitlines(keepends=True))
        )
    )
    times = (
        f"2024-{1 + n // 40_320:02}-{1 + n // 1_440 % 28:02} {n // 60 % 24:02}:{n % 60:02}"
        for n in range(posts // CHAT_SHARE)
    )
    chat.write_bytes(
        telegram(
            7,
            "a chat",
            *((when, f"person {chance.randrange(PEOPLE)}", _korean(chance)) for when in times),
        )
    )
    installation.done("import", file)
    installation.done("import", chat, "--publish", "--timezone", "UTC")


def _in_korean(line: bytes, chance: random.Random) -> bytes:
    return json.dumps(json.loads(line) | {"text": _korean(chance)}).encode() + b"\n"


def _korean(chance: random.Random) -> str:
    return " ".join(chance.choices(KOREAN, k=chance.randint(4, 18)))


def measure(host: str, port: int, names: Sequence[str], *, seconds: float) -> list[Crowding]:
    """Print a row for each dear address; return what was measured."""
    print("| address | its answers | requests of others | p50 | p99 | longest, s | for |")
    print("|---|---|--:|--:|--:|--:|---|")
    reports = []
    crowding(host, port, NOBODY, seconds=0)  # The first comparison reads profiles of all authors.
    for name in (NOBODY, *names):
        reports.append(crowding(host, port, name, seconds=seconds))
        print(reports[-1], flush=True)
    return reports


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="crowd", description=__doc__)
    parser.add_argument("posts", type=int, nargs="?", default=200_000)
    parser.add_argument("--at", metavar="URL", help="of a server that has such posts")
    parser.add_argument("--only", metavar="NAME", action="append", choices=list(DEAR))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args(arguments)
    names = options.only or list(DEAR)
    if options.at:
        address = urlsplit(options.at)
        reports = measure(
            address.hostname or "127.0.0.1", address.port or 80, names, seconds=options.seconds
        )
    else:
        with tempfile.TemporaryDirectory() as folder:
            settings = {"SAYWHO_ACCESS_LOG": "0", "SAYWHO_PUBLIC": "1"}
            installation = Installation(Path(folder) / "instance", settings)
            fill(installation, options.posts)
            with serving(installation, *SERVE, "--workers", "1") as server:
                reports = measure("127.0.0.1", server.port, names, seconds=options.seconds)
    for fault in itertools.chain(*(report.faults for report in reports)):
        print(fault)
    is_late = any(report.p99_s > LONGEST_P99_S for report in reports)
    return int(is_late or any(report.faults for report in reports))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

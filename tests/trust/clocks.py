"""A clock that jumps under a running site: `python -m tests.trust.clocks`, where a C compiler is.

A site of two workers runs at half past midnight; then its clock is set back an hour, on by a year,
and right again. A library that is loaded before the system's moves what the site takes for the
time; what timers go by stays true. An operator is signed in, an invitation is open, somebody has
failed to sign in, a live stream and a source are followed, a page of the day is asked
for, and an import is under way each time. Printed is what was seen and what should not have been.
Takes three minutes.
"""

import json
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from app.services.access.logins import WINDOW
from tests.browsing import PASSWORD
from tests.installation import PROGRAM, Installation
from tests.live_platforms import Platform, live_platform
from tests.server import SERVE, Server, children_of, serving
from tests.trust.moved_clock import clock_library, set_ahead
from tests.trust.site import upload

HOUR_S: Final = 3600
YEAR_S: Final = 366 * 24 * HOUR_S
JUMPS: Final = {"at first": 0, "back an hour": -HOUR_S, "on by a year": YEAR_S, "right again": 0}
IMPORTED: Final = 20_000
SOON_S: Final = 60.0
"""Seconds in which a site follows its clock: maintenance looks every 30."""
IDLE_S: Final = 10.0
MOST_BUSY: Final = 0.3
"""Share of a processor that a site takes which nobody asks."""
POSTS: Final = "/api/v1/users/ann/tweets"


def right_clock_s() -> int:
    """Return by how much the site's clock is on, so that its day has begun half an hour ago."""
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=30, second=0, microsecond=0) + timedelta(days=1)
    return int((midnight - now).total_seconds())


@dataclass
class Trial:
    """A site whose clock is set, those who use it, and what should not have been."""

    server: Server
    platform: Platform
    clock: Path
    right_s: int
    faults: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    ahead_s: int = 0
    visits: int = 0
    """Requests to the source before the clock was set."""
    heard: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        own = {"Sec-Fetch-Site": "same-origin"}
        url = f"http://127.0.0.1:{self.server.port}"
        self.operator, self.visitor, self.guesser = (
            httpx.Client(base_url=url, headers=own, timeout=60) for _ in range(3)
        )

    def set_clock(self, ahead_s: int) -> None:
        """Set the site's clock at once, by so many seconds from the right one."""
        self.ahead_s, self.visits = self.right_s + ahead_s, len(self.platform.requests)
        set_ahead(self.clock, self.ahead_s)

    def expect(self, name: str, value: object, *wanted: object) -> None:
        """Note a fault unless a value is one of those wanted."""
        if value not in wanted:
            self.faults.append(f"{name}: {value}, not {' or '.join(map(str, wanted))}")

    def within(self, name: str, is_so: Callable[[], bool]) -> None:
        """Wait until it is so, and note how long that took; note a fault after a minute."""
        began = time.monotonic()
        while not (is_there := is_so()) and time.monotonic() - began < SOON_S:
            time.sleep(0.2)
        self.said.append(f"{name} after {time.monotonic() - began:.1f} s")
        self.expect(name, is_there, True)

    def sign_in(self, client: httpx.Client, password: str) -> httpx.Response:
        client.cookies.clear()
        return client.post("/login", data={"name": "ann", "password": password})

    def wait_s(self) -> int:
        """Return for how long a closed sign-in is told to stay closed."""
        answer = self.sign_in(self.guesser, "wrong")
        self.expect("a closed sign-in", answer.status_code, 429)
        return int(answer.headers.get("Retry-After", 0))

    def listen(self) -> None:
        """Follow the live stream, over one connection until the site stops."""
        headers = {"Authorization": f"Bearer {self.server.token}"}
        with (
            httpx.Client(base_url=self.operator.base_url, timeout=None) as client,  # noqa: S113
            client.stream("GET", "/api/v1/live", headers=headers) as stream,
        ):
            for line in stream.iter_lines():
                if line.startswith('data: {"id"'):
                    self.heard.add(json.loads(line.partition(" ")[2])["id"])

    def use(self, name: str) -> None:
        """Use the site after its clock was set."""
        status, _, posted = self.server.send("POST", POSTS, {"text": f"written {name}"})
        self.expect("a post", status, 201)
        if status == 201:
            self.within("the stream told of a post", lambda: posted["id"] in self.heard)
        today = (datetime.now(UTC) + timedelta(seconds=self.ahead_s)).date()
        for path in ("/", "/user/ann", "/api/v1/users/ann/archive", "/dashboard/", "/readyz"):
            self.expect(path, self.visitor.get(path).status_code, 200)
        archive = self.visitor.get("/api/v1/users/ann/archive").json()
        self.expect("the archive's day", archive["today"], str(today))
        self.within("a source was visited", lambda: len(self.platform.requests) > self.visits)

    def rest(self, job: str) -> None:
        """Wait for the import, and then measure what the site does while nobody asks it."""

        def state() -> Any:
            return self.server.send("GET", job)[2]["state"]

        self.within("the import ended", lambda: state() not in {"queued", "running"})
        self.expect("the import", state(), "done")
        time.sleep(5.0)  # What follows from the posts.
        before = self.processor_s()
        time.sleep(IDLE_S)
        share = (self.processor_s() - before) / IDLE_S
        self.said.append(f"{share:.0%} of a processor at rest")
        if share > MOST_BUSY:
            self.faults.append(f"the site is busy at rest: {share:.0%}")

    def processor_s(self) -> float:
        """Return the seconds of a processor that the server and its workers have taken."""
        parent = self.server.process.pid
        ticks = 0
        for pid in (parent, *children_of(parent)):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / 100


def try_access(trial: Trial, name: str, link: str) -> None:
    """See who is let in, before and after each jump of the clock."""
    is_far = name == "on by a year"
    if name == "at first":
        trial.expect("signing in", trial.sign_in(trial.operator, PASSWORD).status_code, 303)
    trial.expect("a session", trial.operator.get("/settings").status_code, 303 if is_far else 200)
    trial.expect("an invitation", trial.visitor.get(link).status_code, 403 if is_far else 200)
    closed_s = int(WINDOW.total_seconds())
    if name == "at first":
        for _ in range(4):
            trial.expect("a guess", trial.sign_in(trial.guesser, "wrong").status_code, 401)
    elif name == "back an hour":
        trial.expect("the fifth guess", trial.sign_in(trial.guesser, "wrong").status_code, 401)
        trial.within("a sign-in opens in 15 minutes", lambda: trial.wait_s() <= closed_s)
    elif is_far:
        trial.expect("signing in", trial.sign_in(trial.operator, PASSWORD).status_code, 303)
        for _ in range(5):
            trial.expect("a guess", trial.sign_in(trial.guesser, "wrong").status_code, 401)
    else:
        trial.within("a sign-in opens in 15 minutes", lambda: trial.wait_s() <= closed_s)


def invite(trial: Trial) -> str:
    """Return the address of a new invitation."""
    trial.sign_in(trial.operator, PASSWORD)
    page = trial.operator.post("/settings/invitations", data={"name": "ben"}).text
    return "/setup?token=" + re.search(r"invitation_[\w-]+", page)[0]  # type: ignore[index]


def begun_import(server: Server, author: str) -> str:
    """Begin an import, and return its address once posts of it are stored."""
    job = upload(server, author, IMPORTED)
    server.installation.wait_until(lambda: server.send("GET", job)[2]["accepted"])
    return job


def run(folder: Path) -> Trial:
    """Set the clock of a site that is used; return what was seen."""
    clock = folder / "clock"
    settings = {
        "SAYWHO_ACCESS_LOG": "0",
        "SAYWHO_FOLLOW_PRIVATE": "1",
        "LD_PRELOAD": str(clock_library(folder)),
        "SHIFT_FILE": str(clock),
    }
    right_s = right_clock_s()
    set_ahead(clock, right_s)
    installation = Installation(folder / "instance", settings)
    installation.done("operator", "add", "ann", "--password-stdin", stdin=f"{PASSWORD}\n")
    with ExitStack() as stack:
        platform = stack.enter_context(live_platform())
        platform.add("sky", "seen before")
        server = stack.enter_context(serving(installation, *SERVE, "--workers", "2"))
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        trial = Trial(server, platform, clock, right_s)
        trial.expect("an author", server.send("POST", "/api/v1/users", {"username": "ann"})[0], 201)
        installation.done("follow", "add", f"rss:{platform.address}/sky", "--username", "sky")
        threading.Thread(target=trial.listen, daemon=True).start()
        link = invite(trial)
        for number in range(30):
            server.send("POST", POSTS, {"text": f"number {number}"})
        page = f"{POSTS}?limit=10"
        cursor = server.send("GET", page)[2]["next"]
        for name, ahead_s in JUMPS.items():
            job = begun_import(server, f"fleet_{list(JUMPS).index(name)}")
            trial.set_clock(ahead_s)
            trial.said.append(f"\n{name}:")
            try_access(trial, name, link)
            trial.use(name)
            trial.rest(job)
            older = server.send("GET", f"{page}&cursor={cursor}")
            trial.expect("a cursor", (older[0], len(older[2].get("items", ()))), (200, 10))
            backup = installation.process(PROGRAM, "backup", f"{name}.tar")
            trial.expect("a backup", (backup.returncode, backup.stderr), (0, ""))
        check = installation.process(PROGRAM, "check", "--json")
        trial.expect("the check", check.stdout.strip(), '{"ok":true,"faults":[]}')
        began = time.monotonic()
        trial.expect("a stop", server.stop(), 0)
        trial.said.append(f"\nstopped in {time.monotonic() - began:.1f} s")
        for word in ("Traceback", '"status":500'):
            trial.expect(f"{word} in the log", word in server.log(), False)
        trial.said.append(f"{server.log().count('the clock was set back')} lines of the log")
    return trial


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="saywho-trust-") as folder:
        trial = run(Path(folder))
    print("; ".join(trial.said).replace("; \n", "\n").replace(":;", ":"), *trial.faults, sep="\n")
    return 1 if trial.faults else 0


if __name__ == "__main__":
    sys.exit(main())

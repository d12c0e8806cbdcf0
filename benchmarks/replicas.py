"""What a request costs each machine of a site over PostgreSQL: `python -m benchmarks.replicas`.

A server of one worker without a cache, over a primary and a standby of the tests; first without
`SAYWHO_REPLICA_URLS`, then with it. Processor time by role, and how many sessions that only read
were read from the standby.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.services.access.rights import add_token
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import add_user
from benchmarks import machine
from tests.ports import free_port
from tests.postgresql import NoServerError
from tests.postgresql import Server as DatabaseServer
from tests.posting import add_posts

CLIENTS: Final = 8
POSTS_EACH: Final = 20
WORDS: Final = [f"word{number}" for number in range(3_000)]
READ: Final = re.compile(r'^saywho_db_seconds_count\{kind="(\w+)"\} (\S+)$', re.MULTILINE)

Ask = tuple[str, str, str | None]
"""Method, path and body of a request."""


class Site(NamedTuple):
    """A server, and the processes of each role."""

    port: int
    token: str
    roles: dict[str, int]

    def send(self, asks: list[Ask]) -> None:
        """Send the requests one after the other. Ends the program if one is not answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        own = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        for method, path, body in asks:
            connection.request(method, path, body, own if body else {})
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 300:
                sys.exit(f"{method} {path} was answered with {answer.status}")
        connection.close()

    def sessions(self) -> dict[str, float]:
        """Return how many sessions there were of each kind."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {self.token}"})
        found = READ.findall(connection.getresponse().read().decode())
        connection.close()
        return {kind: float(count) for kind, count in found}


def posts_of(authors: int, chance: random.Random) -> Ask:
    return "GET", f"/api/v1/users/author{chance.randrange(authors)}/tweets?limit=20", None


def search(_authors: int, chance: random.Random) -> Ask:
    return "GET", f"/api/v1/search?q={chance.choice(WORDS)}", None


def post(authors: int, chance: random.Random) -> Ask:
    text = " ".join(chance.choices(WORDS, k=12))
    path = f"/api/v1/users/author{chance.randrange(authors)}/tweets"
    return "POST", path, json.dumps({"text": text})


def mixed(authors: int, chance: random.Random) -> Ask:
    return (post if chance.random() < 0.1 else posts_of)(authors, chance)


WORK: Final[dict[str, Callable[[int, random.Random], Ask]]] = {
    "an author's 20 newest posts": posts_of,
    "a search": search,
    "a post": post,
    "nine such lists, and a post": mixed,
}


async def fill(config: Config, authors: int) -> str:
    """Store posts; return a token."""
    chance = random.Random(7)
    async with Database(config) as db:
        for number in range(authors):
            texts = (" ".join(chance.choices(WORDS, k=12)) for _ in range(POSTS_EACH))
            new = [new_tweet(text, arrived_at=datetime.now(UTC)) for text in texts]
            async with db.write() as session:
                user, _ = await add_user(session, f"author{number}")
                await add_posts(session, user.id, new)
        async with db.write() as session:
            return (await add_token(session, "benchmark", "admin"))[1]


@contextlib.contextmanager
def serving(
    folder: Path, primary: DatabaseServer, standby: DatabaseServer, token: str, *, reads: bool
) -> Iterator[Site]:
    """Serve with or without reads from the standby."""
    port = free_port()
    settings = {
        "SAYWHO_DATA_DIR": str(folder),
        "SAYWHO_DATABASE_URL": primary.url(),
        "SAYWHO_CACHE_MB": "0",
        "SAYWHO_ACCESS_LOG": "0",
        "SAYWHO_REPLICA_URLS": standby.url() if reads else "",
    }
    program = str(Path(sys.executable).with_name("saywho"))
    command = [program, "serve", "--workers", "1", "--bind", f"127.0.0.1:{port}"]
    log = folder / "log"
    with machine.running(command, settings, on=machine.cores(), log=log) as process:
        machine.wait_until_ready(f"http://127.0.0.1:{port}/readyz", process, log)
        roles = {"server": process.pid, "primary": _pid(primary), "standby": _pid(standby)}
        yield Site(port, token, roles)


def _pid(server: DatabaseServer) -> int:
    return int((server.folder / "data" / "postmaster.pid").read_text().split()[0])


def measure(site: Site, name: str, authors: int, requests: int) -> str:
    """Return the row of one kind of request, after a tenth as many to warm up."""
    chance, work = random.Random(name), WORK[name]

    def send(each: int) -> None:
        asks = [[work(authors, chance) for _ in range(each)] for _ in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(site.send, asks))

    send(requests // CLIENTS // 10 + 1)
    before, counts = _spent(site), site.sessions()
    send(requests // CLIENTS)
    after, counted = _spent(site), site.sessions()
    sent = CLIENTS * (requests // CLIENTS)
    costs = " | ".join(f"{1e6 * (after[role] - before[role]) / sent:.0f}" for role in site.roles)
    read = {kind: counted.get(kind, 0) - counts.get(kind, 0) for kind in ("read", "replica")}
    share = read["replica"] / max(1, sum(read.values()))
    return f"| {name} | {costs} | {share:.0%} |"


def _spent(site: Site) -> dict[str, float]:
    return {role: machine.cpu_s([pid]) for role, pid in site.roles.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few authors and requests")
    options = parser.parse_args()
    authors, requests = (20, 40) if options.quick else (500, 800)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(machine.work_folder())
        try:
            primary = DatabaseServer(durable=True)
            stack.callback(primary.remove)
            config = Config(data_dir=folder, database_url=primary.url())
            prepare(config, upgrade_old=False)
            token = asyncio.run(fill(config, authors))
            standby = DatabaseServer(durable=True, primary=primary)
            stack.callback(standby.remove)
        except NoServerError as error:
            sys.exit(f"skipped: {error}")
        print(machine.description())
        print("Processor time of a request, in us:")
        print("| request | server | primary | standby | sessions that read the standby |")
        print("| --- | --: | --: | --: | --: |")
        for reads in (False, True):
            with serving(folder, primary, standby, token, reads=reads) as site:
                for name in WORK:
                    print(measure(site, name, authors, requests), flush=True)


if __name__ == "__main__":
    main()

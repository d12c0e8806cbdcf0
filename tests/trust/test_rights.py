"""Who may do what to whose posts: requests of each right with drawn options to a server of two
workers, and what is left.

A model knows what was there. Without the right to delete nothing of it is lost or changed; without
the right to write nothing is added; what is given away has public posts alone.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest
import requests

from app.db.engine import Database
from app.views.imports.api import NewImportArgs
from tests.conftest import NDJSON, Client, MakeConfig
from tests.installation import Installation
from tests.server import SERVE, Server, serving
from tests.uploading import jsonl
from tests.views.imports.test_adding_only import FILES, IMPORTS, fill, settled, site_of, values_of
from tests.waiting import DEADLINE_S

pytestmark = [pytest.mark.timeout(300), pytest.mark.databases("sqlite", "postgresql")]
STEPS: Final = 40
RIGHTS: Final = ("nobody", "read", "write", "admin")
NAMES: Final = ("mina", "hana", "ada", "villain", "new")
API: Final = "/api/v1"
Draw = random.Random


def post_of(draw: Draw) -> dict[str, Any]:
    """Return a post, which may have the id, the time or the chat of a stored one."""
    post: dict[str, Any] = {
        "text": f"{draw.choice(['I saw the ferry today', 'mine'])} {draw.random()}"
    }
    if draw.random() < 0.5:
        post["source_id"] = f"9{draw.randrange(6)}"
    if draw.random() < 0.3:
        post["room"] = {"id": draw.choice([1, 2, None]), "name": draw.choice(["Pier", "new chat"])}
    if draw.random() < 0.4:
        post["visibility"] = draw.choice(["public", "restricted"])
    return post


async def add_post(client: Client, draw: Draw) -> Any:
    query = draw.choice(["", "?publish=1"])
    return await client.post(f"{API}/users/{draw.choice(NAMES)}/tweets{query}", json=post_of(draw))


async def add_posts(client: Client, draw: Draw) -> Any:
    lines = jsonl(*({"username": draw.choice(NAMES)} | post_of(draw) for _ in range(3)))
    return await client.post(f"{API}/tweets?publish=1", data=lines, headers=NDJSON)


async def add_user(client: Client, draw: Draw) -> Any:
    return await client.post(f"{API}/users", json={"username": draw.choice(NAMES)})


async def import_file(client: Client, draw: Draw) -> Any:
    """Import one of the files with some of all options that an import can be given."""
    names = draw.sample(NewImportArgs.__struct_fields__, draw.randrange(4))
    options = {"accept_doubts": "1"} | {name: draw.choice([*values_of(name)]) for name in names}
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return await client.post(f"{IMPORTS}?{query}", data=draw.choice([*FILES.values()]))


async def delete(client: Client, draw: Draw) -> Any:
    paths = (
        f"/tweets/{draw.randrange(1, 20)}",
        f"/users/{draw.choice(NAMES)}",
        f"/rooms/{draw.randrange(1, 3)}",
        f"/imports/{draw.randrange(1, 6)}",
    )
    return await client.delete(API + draw.choice(paths))


async def undo(client: Client, draw: Draw) -> Any:
    return await client.post(f"{IMPORTS}/{draw.randrange(1, 6)}/undo")


REQUESTS: Final[dict[str, Callable[[Client, Draw], Any]]] = {
    "post": add_post,
    "lines": add_posts,
    "user": add_user,
    "import": import_file,
    "delete": delete,
    "undo": undo,
}
FOR_ALL_OF_A_POST: Final = (
    *("id", "text", "user_id", "kind", "created_at", "dated_at", "source_id", "room_id", "place"),
    *("import_id", "reply_to_source_id"),
)
"""Columns that a repetition cannot change: it only fills what is empty."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the server, with the methods of an answer of an app in this process."""

    answer: requests.Response

    @property
    def status_code(self) -> int:
        return self.answer.status_code

    async def get_data(self, *, as_text: bool = False) -> Any:
        return self.answer.text if as_text else self.answer.content

    async def get_json(self, *, force: bool = False) -> Any:
        return self.answer.json()


@dataclass(frozen=True, slots=True)
class Caller(Client):
    """Sends requests to a server, each on a connection of its own: any worker may answer."""

    server: Server

    @classmethod
    def with_right(cls, server: Server, right: str) -> "Caller":
        if right == "nobody":
            return cls(None, {}, server)  # type: ignore[arg-type] # there is no app in this process
        token = server.installation.json("token", "add", right, "--scope", right)["token"]
        return cls(None, {"Authorization": f"Bearer {token}"}, server)  # type: ignore[arg-type]

    async def send(self, method: str, path: str, **kwargs: Any) -> Answer:
        headers = self.headers | kwargs.pop("headers", {})
        url = f"http://127.0.0.1:{self.server.port}{path}"
        kwargs |= {"headers": headers, "timeout": DEADLINE_S}
        return Answer(await asyncio.to_thread(requests.request, method, url, **kwargs))


@dataclass(frozen=True, slots=True)
class Site:
    server: Server
    db: Database
    """The server's database, past the server."""


@pytest.fixture
async def site(make_config: MakeConfig) -> AsyncIterator[Site]:
    config = make_config(public=False)
    installation = Installation.of(config)
    installation.settings.update(SAYWHO_PUBLIC="0", SAYWHO_ACCESS_LOG="0")
    with serving(installation, *SERVE, "--workers", "2") as server:
        db = Database(config)
        yield Site(server, db)
        await db.close()
        assert "Traceback" not in server.log()


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 30))]
)
async def test_each_right_does_what_it_may_and_no_more(site: Site, seed: int) -> None:
    draw = random.Random(seed)
    callers = {
        right: await asyncio.to_thread(Caller.with_right, site.server, right) for right in RIGHTS
    }
    admin = callers["admin"]
    await fill(site.db, admin)
    done: list[str] = []
    allowed = 0
    for _ in range(STEPS):
        right, kind = draw.choice(RIGHTS), draw.choice([*REQUESTS])
        if right == "admin" and kind in {"delete", "undo"} and draw.random() < 0.6:
            continue  # Else little is left that others could remove.
        before = await site_of(site.db)
        answer = await REQUESTS[kind](callers[right], draw)
        await settled(site.db)
        after = await site_of(site.db)
        done.append(f"{right} {kind} {answer.status_code}")
        if right in {"nobody", "read"}:
            assert answer.status_code in {401, 403, 404}, done
            assert after == before, done
        elif right == "write":
            check_kept(before, after, done)
            allowed += answer.status_code < 300
            assert kind not in {"undo"} or answer.status_code == 403, done
        await check_given_away(admin, done)
    assert allowed, done


def check_kept(before: Any, after: Any, done: list[str]) -> None:
    """Fail if anything that was there is gone, or is another; empty fields may be filled."""
    from app.models import Tweet

    names = [column.name for column in Tweet.__table__.c if column.name != "met_by"]
    for kind, rows in before.items():
        assert rows.keys() <= after[kind].keys(), (kind, done)
        if kind != "posts":
            assert {key: after[kind][key] for key in rows} == rows, (kind, done)
    for key, values in before["posts"].items():
        was = dict(zip(names, values, strict=True))
        now = dict(zip(names, after["posts"][key], strict=True))
        for name in FOR_ALL_OF_A_POST:
            assert was[name] in (None, now[name]), (name, was, now, done)
        assert was["visibility"] == now["visibility"] or now["visibility"] == "restricted", done


async def check_given_away(admin: Client, done: list[str]) -> None:
    """Fail if a feed has a post that is not known to be public."""
    exported = await (await admin.get(f"{API}/export")).get_data()
    few = [
        post["text"]
        for post in map(json.loads, exported.splitlines())
        if post["visibility"] != "public"
    ]
    feed = await (await admin.get("/feed.atom")).get_data(as_text=True)
    assert not [text for text in few if text in feed], done

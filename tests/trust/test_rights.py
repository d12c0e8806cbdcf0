"""Who may do what to whose posts: requests of each right with drawn options, and what is left.

A model knows what was there. Without the right to delete nothing of it is lost or changed; without
the right to write nothing is added; what is given away has public posts alone.
"""

import json
import random
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import pytest
from quart import Quart

from app import create_app
from app.views.imports.api import NewImportArgs
from tests.conftest import NDJSON, Client, MakeConfig, client_with
from tests.uploading import jsonl
from tests.views.imports.test_adding_only import FILES, IMPORTS, fill, settled, site_of, values_of

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


@pytest.fixture
async def site(make_config: MakeConfig) -> AsyncIterator[Quart]:
    app = create_app(make_config(public=False))
    async with app.test_app():
        yield app


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 30))]
)
async def test_each_right_does_what_it_may_and_no_more(site: Quart, seed: int) -> None:
    draw = random.Random(seed)
    admin = await client_with(site, "admin")
    clients = {
        "nobody": Client(site, {}),
        "read": await client_with(site, "read"),
        "write": await client_with(site, "write"),
        "admin": admin,
    }
    await fill(site, admin)
    done: list[str] = []
    allowed = 0
    for _ in range(STEPS):
        right, kind = draw.choice(RIGHTS), draw.choice([*REQUESTS])
        if right == "admin" and kind in {"delete", "undo"} and draw.random() < 0.6:
            continue  # Else little is left that others could remove.
        before = await site_of(site)
        answer = await REQUESTS[kind](clients[right], draw)
        await settled(site)
        after = await site_of(site)
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

"""Who may do what to whose posts: requests of each right with drawn options to a server of two
workers, and what is left.

A model knows what was there. Without the right to write nothing is added. Whatever a token without
`admin` does, everything that others had is there, in its place, with its words, author, chat, links
and readers; and if the operator then removes all that the token added, it still is. What is given
away has public posts alone.
"""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import pytest
import requests
from sqlalchemy import select

from app.db.engine import Database
from app.models import (
    ImportJob,
    MediaUse,
    Operator,
    Room,
    RoomPerson,
    Site as SiteRow,
    Token,
    Tweet,
    User,
)
from app.services.deletion import is_purge_due
from app.services.posts.post_content import stored_fields
from app.views.imports.api import NewImportArgs
from tests.chats import telegram
from tests.conftest import NDJSON, Client, MakeConfig
from tests.installation import Installation
from tests.server import SERVE, Server, serving
from tests.uploading import jsonl
from tests.views.imports.test_adding_only import (
    DAYS,
    FILES,
    IMPORTS,
    WORDS,
    fill,
    settled,
    values_of,
)
from tests.views.test_policies import EXPECTED
from tests.waiting import DEADLINE_S, eventually

pytestmark = [pytest.mark.timeout(300), pytest.mark.databases("sqlite", "postgresql")]
STEPS: Final = 40
RIGHTS: Final = ("nobody", "read", "write", "admin")
NAMES: Final = ("mina", "hana", "ada", "villain", "new")
API: Final = "/api/v1"
PLATFORMS: Final = ("x", "mastodon", "local", None)
Draw = random.Random
Contents = dict[str, dict[Any, tuple[Any, ...]]]
BOAT: Final = jsonl(
    *(
        {"username": by, "text": f"ahoy {n}", "source_id": f"{n}", "created_at": DAYS[n]}
        | {"room": {"id": 1, "name": "Boat"}}
        | ({"reply_to": {"source_id": "1"}} if n == 2 else {})
        for n, by in enumerate(("ada", "bo", "ada", "bo"))
    )
)
"""A chat whose messages answer each other."""
ANSWERS: Final = jsonl(
    {"username": "hana", "text": "Which ferry?", "source_id": "1"}
    | {"reply_to": {"source_id": "90", "username": "mina"}}
)


IDS: Final = ("90", "91", "92", "1", "2", "3", "new")
TEXTS: Final = ("I saw the ferry today", "hana drew the ferry", "we speak of a kite", "mine")
VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "kind": ("post", "reply", "quote"),
    "created_at": (*DAYS, None),
    "lang": ("en", "ko"),
    "source_id": IDS,
    "url": ("https://villain.example/login",),
    "reply_to": tuple({"source_id": id_, "username": by} for id_ in IDS for by in (None, *NAMES)),
    "media": ([{"kind": "photo", "source_url": "https://villain.example/1.png"}],),
    "counts": ({"likes": 10**9}, {"likes": 0, "as_of": "2020-01-01T00:00:00Z"}),
    "room": tuple(
        {"id": id_, "name": name} for id_ in (1, 2, 3, None) for name in ("Pier", "Boat", "junk")
    ),
    "visibility": ("public", "restricted"),
    "handles": ("minsu.com", "ferry.example mina.kim"),
}
"""What a request may say of a post, which may be the id, the time or the chat of a stored one."""


def post_of(draw: Draw) -> dict[str, Any]:
    assert VALUES.keys() == stored_fields().keys() - {"text"}
    post = {name: draw.choice(values) for name, values in VALUES.items() if draw.random() < 0.4}
    return post | {"text": f"{draw.choice(TEXTS)}{draw.choice(['', f' {draw.random()}'])}"}


async def add_post(client: Client, draw: Draw) -> Any:
    query = draw.choice(["", "?publish=1"])
    return await client.post(f"{API}/users/{draw.choice(NAMES)}/tweets{query}", json=post_of(draw))


async def add_posts(client: Client, draw: Draw) -> Any:
    authors = ({"username": draw.choice(NAMES), "platform": draw.choice(PLATFORMS)} for _ in "123")
    lines = jsonl(*(author | post_of(draw) for author in authors))
    return await client.post(f"{API}/tweets?publish=1", data=lines, headers=NDJSON)


async def add_user(client: Client, draw: Draw) -> Any:
    if draw.random() < 0.3:
        return await client.post("/user", data={"user_name": draw.choice(NAMES)})
    names = {"username": draw.choice(NAMES), "display_name": "Villain's"}
    return await client.post(f"{API}/users", json=names | {"platform": draw.choice(PLATFORMS)})


async def import_file(client: Client, draw: Draw) -> Any:
    """Import one of the files with some of all options that an import can be given."""
    names = draw.sample(NewImportArgs.__struct_fields__, draw.randrange(4))
    options = {"accept_doubts": "1"} | {name: draw.choice([*values_of(name)]) for name in names}
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return await client.post(f"{IMPORTS}?{query}", data=file_of(draw))


def file_of(draw: Draw) -> bytes:
    """Return a file of some format that says something of what is here."""
    kind = draw.randrange(5)
    if kind == 0:
        return draw.choice([*FILES.values()])
    names, word = draw.sample(("Ada", "Bo", "mina", "hana", "new"), 2), draw.choice(WORDS)
    minutes = [("2026-03-01 21:01", name, f"we speak of {word}") for name in names]
    if kind == 1:
        return telegram(7, draw.choice(["Boat", "junk"]), *minutes, *minutes[:1])
    if kind == 2:  # In another order than those that are here, and some that are new.
        times = [f"0{n}/03/2026, 21:0{n}" for n in (2, 1)]
        lines = (f"{time} - {by}: {text}\n" for time in times for _, by, text in minutes)
        return "".join(lines).encode()
    if kind == 3:
        return jsonl(
            *(post_of(draw) | {"username": name, "display_name": "Villain's"} for name in names)
        )
    fields = ("username", "text", "created_at", "source_id", "url", "channel")
    rows = ({"username": by, "channel": "junk"} | post_of(draw) for by in names)
    table = [",".join(str(row.get(field) or "") for field in fields) for row in rows]
    return "\n".join([",".join(fields), *table, ""]).encode()


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
RENEWED: Final = {"event_id", "counts", "met_by", "place", "reply_to_id"}
"""Columns that may change. The order in a chat, and answered posts, are compared apart."""
KEPT: Final = [column for column in Tweet.__table__.c if column.name not in RENEWED]
ROOM, AUTHOR = (KEPT.index(Tweet.__table__.c[name]) for name in ("room_id", "user_id"))


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
        headers, status = self.headers | kwargs.pop("headers", {}), kwargs.pop("status", None)
        url = f"http://127.0.0.1:{self.server.port}{path}"
        kwargs |= {"headers": headers, "timeout": DEADLINE_S, "allow_redirects": False}
        answer = Answer(await asyncio.to_thread(requests.request, method, url, **kwargs))
        assert status in (None, answer.status_code), path
        return answer


@dataclass(frozen=True, slots=True)
class Site:
    server: Server
    db: Database
    """The server's database, past the server."""

    async def contents(self) -> Contents:
        """Return what people have, when no work is left: a row's values by table and key."""
        await settled(self.db)

        async def look() -> bool:
            async with self.db.read() as session:
                return not await is_purge_due(session)

        await eventually(look)
        queries: dict[str, Any] = {
            "posts": select(*KEPT),
            "links": select(Tweet.id, Tweet.reply_to_id).where(Tweet.reply_to_id.is_not(None)),
            "authors": select(
                User.id, User.username, User.display_name, User.platform, User.is_of_chat
            ).where(User.deleted_at.is_(None)),
            "chats": select(
                *(Room.id, Room.title, Room.name, Room.platform, Room.external_id, Room.tz),
                *(Room.date_order, Room.joined_to_id),
            ),
            "people": select(RoomPerson.room_id * 1_000 + RoomPerson.user_id),
            "media": select(MediaUse.id, MediaUse.name).where(MediaUse.tweet_id.is_not(None)),
            "accounts": select(Operator.id, Operator.name, Operator.role, Operator.room_id),
            "tokens": select(Token.id, Token.name, Token.scope),
            "imports": select(ImportJob.id, ImportJob.state, ImportJob.undo),
            "chosen": select(SiteRow.id, SiteRow.public, SiteRow.is_own_chosen, SiteRow.assistants),
        }
        order = select(Tweet.room_id, Tweet.id).where(Tweet.room_id.is_not(None))
        async with self.db.read() as session:
            found = {
                kind: {row[0]: tuple(row) for row in await session.execute(query)}
                for kind, query in queries.items()
            }
            rows = await session.execute(order.order_by(Tweet.created_at, Tweet.place, Tweet.id))
        return found | {"order": {post_id: (room,) for room, post_id in rows}}


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


def test_every_request_that_may_add_is_drawn() -> None:
    assert {
        (method, path)
        for path, needs in EXPECTED.items()
        for method, need in needs.items()
        if need == "write"
    } == {
        ("POST", "/user"),
        ("POST", f"{API}/users"),
        ("POST", f"{API}/users/<username>/tweets"),
        ("POST", f"{API}/tweets"),
        ("POST", IMPORTS),
        ("DELETE", f"{IMPORTS}/<id:import_id>"),
    }


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
    for data in (BOAT, ANSWERS):
        assert (await admin.post(f"{IMPORTS}?accept_doubts=1", data=data)).status_code == 202
        await settled(site.db)
    done: list[str] = []
    allowed = 0
    added: dict[str, set[Any]] = defaultdict(set)
    after = await site.contents()
    for step in range(2 * STEPS):
        if step >= STEPS and allowed:
            break  # Few draws let a token that writes do nothing.
        right, kind = draw.choice(RIGHTS), draw.choice([*REQUESTS])
        if right == "admin" and kind in {"delete", "undo"} and draw.random() < 0.6:
            continue  # Else little is left that others could remove.
        before = after
        answer = await REQUESTS[kind](callers[right], draw)
        after = await site.contents()
        done.append(f"{right} {kind} {answer.status_code}")
        if right in {"nobody", "read"}:
            assert answer.status_code in {303, 401, 403, 404}, done  # 303: to the sign-in page.
            assert after == before, done
        elif right == "write":
            check_kept(before, after, done)
            allowed += answer.status_code < 300
            assert kind not in {"undo"} or answer.status_code == 403, done
            for table, rows in after.items():
                added[table] |= rows.keys() - before[table].keys()
        await check_given_away(admin, done)
    assert allowed, done
    await check_removable(site, admin, added, done)


def check_kept(before: Contents, after: Contents, done: list[str]) -> None:
    """Fail if anything that was there is gone, or is another, or in another place."""
    for table, rows in before.items():
        now = after[table]
        changed = {key: (row, now.get(key)) for key, row in rows.items() if now.get(key) != row}
        assert not changed, (table, changed, done)
    assert [post for post in after["order"] if post in before["order"]] == [*before["order"]], done


async def check_removable(
    site: Site, admin: Client, added: dict[str, set[Any]], done: list[str]
) -> None:
    """Remove all that the tokens without `admin` added, as an operator can, and fail if anything
    else is gone then.

    What others have added to the chats and authors of a token since then goes with these.
    """
    before = await site.contents()
    posts = before["posts"]
    owner = {key: {"room": row[ROOM], "author": row[AUTHOR]} for key, row in posts.items()}
    going = added["posts"] | {
        key
        for key, of in owner.items()
        if of["room"] in added["chats"] or of["author"] in added["authors"]
    }
    kept = {
        "posts": {key: row for key, row in posts.items() if key not in going},
        "links": {key: row for key, row in before["links"].items() if not {key, row[1]} & going},
        "order": {key: row for key, row in before["order"].items() if key not in going},
        **{
            table: {key: row for key, row in before[table].items() if key not in added[table]}
            for table in ("accounts", "tokens", "chosen")
        },
    }
    for table, of in (("authors", "author"), ("chats", "room")):
        kept_ids = {owner[key][of] for key in kept["posts"]}  # Empty ones go.
        kept[table] = {key: row for key, row in before[table].items() if key in kept_ids}
    for number in sorted(added["imports"] & before["imports"].keys()):
        answer = await admin.post(f"{IMPORTS}/{number}/undo")
        done.append(f"undo {number} {answer.status_code}")
        check_kept(kept, await site.contents(), done)
    for number in sorted(added["chats"] & before["chats"].keys()):
        answer = await admin.delete(f"{API}/rooms/{number}")
        done.append(f"delete chat {number} {answer.status_code}")
        check_kept(kept, await site.contents(), done)
    for number in sorted(added["authors"] & before["authors"].keys()):
        name = quote(before["authors"][number][1])
        answer = await admin.delete(f"{API}/users/{name}")
        done.append(f"delete author {name} {answer.status_code}")
        check_kept(kept, await site.contents(), done)
    for number in sorted(added["posts"]):
        assert (await admin.delete(f"{API}/tweets/{number}")).status_code in {204, 404}
    check_kept(kept, await site.contents(), done)


async def check_given_away(admin: Client, done: list[str]) -> None:
    """Fail if a feed has a post that is not known to be public."""
    exported = await (await admin.get(f"{API}/export")).get_data()
    posts = [json.loads(line) for line in exported.splitlines()]
    public = "\n".join(post["text"] for post in posts if post["visibility"] == "public")
    few = [post["text"] for post in posts if post["text"] not in public]
    feed = await (await admin.get("/feed.atom")).get_data(as_text=True)
    assert not [text for text in few if text in feed], done

"""Adding removes nothing and changes nothing, with every option that an import can be given."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, get_args, get_type_hints
from urllib.parse import quote

import msgspec
import pytest
from msgspec import Meta
from quart import Quart
from sqlalchemy import select, update

from app.db.engine import Database
from app.models import ImportJob, MediaUse, Operator, Room, RoomPerson, Tweet, User
from app.services.deletion import delete_messages
from app.services.imports.jobs import ENDED
from app.services.imports.options import ImportOptions
from app.views.imports.api import NewImportArgs
from tests.browsing import parts_of
from tests.conftest import NDJSON, Client, MakeConfig, app_of, client_with
from tests.uploading import jsonl, queued, uploads
from tests.waiting import eventually

IMPORTS: Final = "/api/v1/imports"
WORDS: Final = ("the ferry", "the harbour", "an old lamp", "rain again", "bread and salt", "a kite")
DAYS: Final = [f"2026-02-{day:02}T10:20:00Z" for day in range(1, 7)]
POSTS: Final = jsonl(
    *(
        {"username": "mina", "text": f"I saw {word} today", "created_at": day, "source_id": f"9{n}"}
        for n, (word, day) in enumerate(zip(WORDS, DAYS, strict=True))
    )
)
CHAT: Final = "".join(
    f"0{n}/03/2026, 21:0{n} - {('Ada', 'Bo')[n % 2]}: we speak of {word}\n"
    for n, word in enumerate(WORDS, 1)
).encode()
OTHERS: Final = jsonl({"username": "villain", "text": "not theirs", "created_at": DAYS[0]})
FILES: Final = {
    "another file of the same size": OTHERS + b"\n" * (len(POSTS) - len(OTHERS)),
    "its posts with other words": POSTS.replace(b"I saw", b"It was me who took"),
    "sent posts under another name": jsonl(
        *(
            {"username": "villain", "text": f"hana drew {word}", "created_at": day}
            for word, day in zip(WORDS, DAYS, strict=True)
        )
    ),
    "the chat on other days": CHAT.replace(b"/03/2026", b"/04/2026"),
}
TRIED: Final = ("1", "2", "new", "file", "hana", "UTC", "author=text", "utf-8")
"""Values of options that are words."""


def values_of(name: str) -> Iterator[str]:
    """Yield values of an option, as its declaration says."""
    hint = get_type_hints(NewImportArgs, include_extras=True)[name]
    types = [hint, *get_args(hint), *(part for each in get_args(hint) for part in get_args(each))]
    for meta in types:
        if isinstance(meta, Meta) and meta.extra_json_schema:
            yield from meta.extra_json_schema.get("enum", ())
    if bool in types:
        yield "1"
    else:
        yield from TRIED


async def site_of(db: Database) -> dict[str, dict[Any, tuple[Any, ...]]]:
    """Return what people have on the site: posts, authors, chats, media, readers."""
    queries: dict[str, Any] = {
        "posts": select(*(c for c in Tweet.__table__.c if c.name != "met_by"))
        .join(User, User.id == Tweet.user_id)
        .where(User.deleted_at.is_(None)),
        "authors": select(User.id, User.username, User.display_name, User.platform).where(
            User.deleted_at.is_(None)
        ),
        "chats": select(Room.id, Room.title, Room.name, Room.platform, Room.joined_to_id),
        "people": select(RoomPerson.room_id * 1_000 + RoomPerson.user_id, RoomPerson.room_id),
        "media": select(MediaUse.id, MediaUse.name),
        "accounts": select(Operator.id, Operator.name, Operator.room_id),
    }
    async with db.read() as session:
        return {
            name: {row[0]: tuple(row) for row in await session.execute(query)}
            for name, query in queries.items()
        }


async def settled(db: Database) -> None:
    """Wait until no import runs, and none is being undone."""

    async def look() -> bool:
        unended = select(ImportJob.id).where(
            ImportJob.state.not_in(ENDED) | (ImportJob.undo == "running")
        )
        async with db.read() as session:
            return await session.scalar(unended.limit(1)) is None

    await eventually(look)


async def fill(db: Database, admin: Client) -> None:
    """Let the operator import posts and a chat, which a guest reads, and send posts."""
    for data in (POSTS, CHAT):
        assert (await admin.post(f"{IMPORTS}?timezone=UTC", data=data)).status_code == 202
        await settled(db)
    await admin.add_user("hana")
    for word, day in zip(WORDS, DAYS, strict=True):
        await admin.add_tweet("hana", f"hana drew {word}", created_at=day)


@pytest.fixture
async def private(make_config: MakeConfig) -> AsyncIterator[Quart]:
    """A site that may have chats."""
    async with app_of(make_config(public=False)) as app:
        yield app


async def try_all(app: Quart, client: Client, files: dict[str, bytes]) -> dict[str, set[int]]:
    """Send each file with each value of each option; return the statuses by option."""
    statuses: dict[str, set[int]] = {}
    for name in NewImportArgs.__struct_fields__:
        for value in values_of(name):
            query = f"?accept_doubts=1&{name}={quote(value)}"
            for data in files.values():
                answer = await client.post(IMPORTS + query, data=data)
                statuses.setdefault(name, set()).add(answer.status_code)
    await settled(parts_of(app).db)
    return statuses


@pytest.mark.timeout(300)
async def test_a_token_that_may_add_leaves_everything_as_it_was(private: Quart) -> None:
    admin, writer = await client_with(private, "admin"), await client_with(private, "write")
    await fill(parts_of(private).db, admin)
    before = await site_of(parts_of(private).db)
    statuses = await try_all(private, writer, FILES)
    after = await site_of(parts_of(private).db)
    for kind, rows in before.items():
        assert {key: after[kind].get(key) for key in rows} == rows, kind
    assert all(statuses.values())
    assert [name for name, found in statuses.items() if 403 in found], "no option removes anything"


@pytest.mark.databases("sqlite", "postgresql")
async def test_who_deletes_the_chat_of_a_token_deletes_no_post_of_others(private: Quart) -> None:
    admin, writer = await client_with(private, "admin"), await client_with(private, "write")
    db = parts_of(private).db
    await fill(db, admin)
    before = await site_of(db)
    posts = [msgspec.json.decode(line) for line in POSTS.splitlines()]
    room = {"room": {"name": "a chat of the token"}}
    files = [
        jsonl(*(post | room for post in posts)),  # They name the chat, and are a chat's.
        jsonl(*(post | {"room": {"id": 9, "name": "another one"}} for post in posts)),
        "".join(
            f"{post['created_at'][8:10]}/02/2026, 10:20 - {post['username']}: {post['text']}\n"
            for post in [*posts, {"username": "ada", "text": "ahoy", "created_at": DAYS[0]}]
        ).encode(),
        "".join(
            f"{day[8:10]}/02/2026, 10:20 - hana: hana drew {word}\n"
            for word, day in zip(WORDS, DAYS, strict=True)
        ).encode(),
    ]
    answer = await writer.post("/api/v1/tweets", data=files[0], headers=NDJSON)
    assert (await answer.get_json())["duplicates"] == len(posts)
    for client in (writer, admin):  # Nor does the file of a stranger that the operator imports.
        for data in files:
            query = "?accept_doubts=1&timezone=UTC"
            assert (await client.post(IMPORTS + query, data=data)).status_code == 202
            await settled(db)
    after = await site_of(db)
    assert {key: after["posts"][key] for key in before["posts"]} == before["posts"]
    for room_id in after["chats"].keys() - before["chats"].keys():
        assert (await admin.delete(f"/api/v1/rooms/{room_id}")).status_code == 204
    await delete_messages(db)
    assert {key: (await site_of(db))["posts"].get(key) for key in before["posts"]} == before[
        "posts"
    ]


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_token_changes_no_author_answer_or_order_of_others(private: Quart) -> None:
    admin, writer = await client_with(private, "admin"), await client_with(private, "write")
    db, options = parts_of(private).db, "?accept_doubts=1&timezone=UTC"
    await admin.add_user("ned")
    await admin.add_user("Ada")
    pier = {"room": {"name": "Pier"}, "created_at": DAYS[0]}
    first = await admin.add_tweet("Ada", "ahoy", source_id="1", **pier)
    answer = await admin.add_tweet("ned", "aye", reply_to={"source_id": "1"}, **pier)
    assert answer["reply_to"]["id"] == first["id"]
    for line in ("ahoy", "a boat"):
        await admin.add_tweet("Ada", line, **pier | {"created_at": DAYS[1]})
    before = await site_of(db)
    again = ("a boat", "ahoy", "and new")
    chat = "".join(f"02/02/2026, 10:20 - Ada: {text}\n" for text in again).encode()
    lines = jsonl(
        {"username": "ned", "text": "as of X", "platform": "x"},
        {"username": "ned", "text": "mine", "source_id": "1"} | pier,
    )
    named = jsonl({"username": "ned", "text": "as told", "display_name": "Villain's"})
    sent = await writer.post("/api/v1/tweets", data=lines, headers=NDJSON)
    assert (await sent.get_json())["accepted"] == 2
    for data, query in ((named, options), (chat, options + "&room=1")):
        assert (await writer.post(IMPORTS + query, data=data)).status_code == 202
        await settled(db)
    after = await site_of(db)
    assert len(after["posts"]) == len(before["posts"]) + 4
    for kind in ("authors", "chats"):
        assert {key: after[kind].get(key) for key in before[kind]} == before[kind], kind
    assert (await admin.json(f"/api/v1/tweets/{answer['id']}"))["reply_to"] == answer["reply_to"]
    messages = (await admin.json("/api/v1/rooms/1/messages"))["items"]
    assert [one["text"] for one in messages if one["created_at"] == DAYS[1]][:2] == [
        "ahoy",
        "a boat",
    ]


async def test_replacing_needs_the_right_to_delete(private: Quart) -> None:
    admin, writer = await client_with(private, "admin"), await client_with(private, "write")
    await fill(parts_of(private).db, admin)
    before = await site_of(parts_of(private).db)
    changed = POSTS.replace(b"2026-02", b"2026-05")
    answer = await writer.post(f"{IMPORTS}?replace=1", data=changed, status=403)
    assert "this needs admin" in (await answer.get_json())["detail"]
    assert uploads(private) == []
    # The import itself does not remove either, for example if an earlier version queued it.
    job = await queued(parts_of(private).db, parts_of(private).config.data_dir, changed)
    async with parts_of(private).db.write() as session:
        options = ImportOptions(replace="1", accept_doubts=True)
        stored = update(ImportJob).where(ImportJob.id == job.id)
        await session.execute(stored.values(scope=None, options=msgspec.json.encode(options)))
    await settled(parts_of(private).db)
    failed = await admin.json(f"{IMPORTS}/{job.id}")
    assert (failed["state"], failed["accepted"]) == ("failed", 0)
    assert "this needs admin" in failed["errors"][0]["detail"]
    assert await site_of(parts_of(private).db) == before
    answer = await admin.post(f"{IMPORTS}?replace=1&accept_doubts=1", data=changed, status=202)
    await settled(parts_of(private).db)
    gone = before["posts"].keys() - (await site_of(parts_of(private).db))["posts"].keys()
    assert len(gone) == len(WORDS)

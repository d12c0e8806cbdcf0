"""The live stream: nothing lost, nothing twice, nothing of what was deleted, however slow it is."""

import asyncio
import json
import random
from collections.abc import Mapping
from time import process_time
from typing import Any, Final

import pytest
from quart import Quart
from sqlalchemy import insert

from app import create_app
from app.lifespan import begin_stop
from app.models import Event
from app.services.access.accounts import READER
from app.services.access.rights import remove_account, revoke_token
from app.services.live_streams import hub, streaming
from saywho.clock import now
from tests.browsing import parts_of, signed_in
from tests.conftest import Client, MakeConfig, app_of, client_with
from tests.listening import PATH, Listener, listening
from tests.waiting import eventually, settle

DEADLINE_S = 60
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(params=[True, False], ids=["push", "send"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients be those of a server that lets the app push, and of one that does not."""
    monkeypatch.setattr(Listener, "pushes", request.param)


async def newest(client: Client) -> int:
    answer = await client.post("/api/v1/tweets", data=b"", headers=NDJSON)
    return int(answer.headers["Saywho-Event"])


@pytest.mark.usefixtures("server")
async def test_events_carry_the_full_author_and_post(
    app: Quart, writer: Client, admin: Client
) -> None:
    async with listening(app) as (listener,):
        user = await writer.add_user("새벽")
        assert [event[1:] for event in await listener.next()] == [("user.created", user)]
        tweet = await writer.add_tweet("새벽", "안녕 👋 \u202eשלום")
        assert [event[1:] for event in await listener.next()] == [("tweet.created", tweet)]
        await admin.delete(f"/api/v1/tweets/{tweet['id']}")
        await admin.delete("/api/v1/users/새벽")
        gone = [("tweet.deleted", {"id": tweet["id"]}), ("user.deleted", {"id": user["id"]})]
        assert [event[1:] for event in await listener.next(2)] == gone
        # Posts in bulk are one event an author.
        await writer.add_posts(*({"username": name, "text": "a text"} for name in ("a", "b") * 3))
        told = [event[1:] for event in await listener.next(4)]
        headers = dict(listener.messages[0]["headers"])
    assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert b"content-length" not in headers
    for name in ("a", "b"):
        assert ("tweets.imported", {"username": name, "count": 3}) in told


async def test_only_what_concerns_the_author_is_told(app: Quart, writer: Client) -> None:
    await writer.add_user("a")
    await writer.add_user("b")
    async with listening(app, "username=B") as (listener,):
        await writer.add_tweet("a", "not this")
        await writer.add_tweet("b", "this")
        assert (await listener.next())[0][2]["text"] == "this"


async def test_later_clients_hear_nothing_of_deleted_posts(
    app: Quart, writer: Client, admin: Client
) -> None:
    place = await newest(writer)
    async with listening(app) as (listener,):  # So that events are kept in memory.
        await writer.add_user("a")
        tweet = await writer.add_tweet("a", "secret")
        await listener.next(2)
        await admin.delete(f"/api/v1/tweets/{tweet['id']}")
        await writer.add_tweet("a", "kept")
        await listener.next(2)
        async with listening(app, f"after={place}") as (late,):
            told = await late.next(3)
    assert [kind for _, kind, _ in told] == ["user.created", "tweet.deleted", "tweet.created"]
    assert "secret" not in json.dumps(told)


POSTS: Final = 25
"""More than are read at once for one who resumes."""


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.usefixtures("server")
async def test_resuming_anywhere_loses_nothing_and_repeats_nothing(
    app: Quart, writer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "PAGE", 3)
    monkeypatch.setattr(hub, "MOST_PAGES", 2)
    place = await newest(writer)
    chance = random.Random(5)  # noqa: S311 - no secret
    await writer.add_user("a")

    async def write() -> None:
        for number in range(POSTS):
            await writer.add_tweet("a", f"text {number}")

    writing = asyncio.create_task(write())
    seen: list[tuple[int, str, Any]] = []
    while len(seen) <= POSTS:
        after = seen[-1][0] if seen else place
        last = {"Last-Event-ID": str(after)}  # It goes before the parameter.
        async with listening(app, f"after={place}", headers=last) as (listener,):
            seen += await listener.next(min(chance.randint(1, 9), POSTS + 1 - len(seen)))
    await writing
    numbers = [number for number, _, _ in seen]
    assert numbers == sorted(set(numbers))
    assert [data["text"] for _, _, data in seen[1:]] == [
        f"text {number}" for number in range(POSTS)
    ]


@pytest.mark.databases("sqlite", "postgresql")
async def test_every_worker_tells_what_any_of_them_stored(make_config: MakeConfig) -> None:
    here, there = create_app(make_config()), create_app(make_config())
    async with here.test_app(), there.test_app(), listening(there) as (listener,):
        await (await client_with(here, "write")).add_user("a")
        assert (await listener.next())[0][1] == "user.created"


@pytest.mark.parametrize("after", [2**53 - 1, 99])
async def test_a_place_that_never_was_is_reset(app: Quart, writer: Client, after: int) -> None:
    async with listening(app, f"after={after}") as (listener,):
        assert await listener.next(with_id=False) == [(await newest(writer), "reset", {})]
        await writer.add_user("a")
        assert (await listener.next(with_id=False))[0][1] == "user.created"


BEGINNINGS: Final = {
    "now": "",
    "a place": "after={newest}",
    "an author": "username=a",
    "an author's place": "username=a&after=0",
    "no place of the log": "after=9007199254740991",
    "a number that is to come": "after={ahead}",
}


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
async def test_a_client_that_has_had_no_event_loses_none_when_it_comes_back(
    app: Quart, writer: Client, beginning: str
) -> None:
    await writer.add_user("b")
    place = await newest(writer)
    query = beginning.format(newest=place, ahead=place + 7)
    if "username" in query:
        await writer.add_user("a")
        query = query.replace("after=0", f"after={await newest(writer)}")
        await writer.add_tweet("b", "of no concern")
    async with listening(app, query) as (first,):

        async def kinds() -> set[str | None]:
            return {block.get("event") for block in first.blocks}

        assert await eventually(kinds, until=bool) in ({"ready"}, {"reset"})
    await writer.add_tweet("a" if "username" in query else "b", "while nobody listened")
    # A browser asks for the same address again, and its header goes before the parameter.
    async with listening(app, query, headers={"Last-Event-ID": first.place}) as (again,):
        ((_, kind, tweet),) = await again.next()
        assert (kind, tweet["text"]) == ("tweet.created", "while nobody listened")


async def test_a_client_is_reset_once(app: Quart, writer: Client) -> None:
    async with listening(app, headers={"Last-Event-ID": str(2**53 - 1)}) as (first,):
        assert [kind for _, kind, _ in await first.next()] == ["reset"]
    async with listening(app, headers={"Last-Event-ID": first.place}) as (again,):
        await writer.add_user("a")
        assert [kind for _, kind, _ in await again.next()] == ["user.created"]


async def add_events(app: Quart, tweet: Mapping[str, Any], user_id: int, count: int) -> None:
    """Let the log tell so many times of the post."""
    event = {"kind": "tweet.created", "user_id": user_id, "tweet_id": tweet["id"]}
    async with parts_of(app).db.write() as session:
        await session.execute(insert(Event), [event | {"created_at": now()}] * count)


async def test_old_positions_do_not_hold_up_new_ones(app: Quart, writer: Client) -> None:
    """Many clients, far back in a long log, wait for an author who has no posts."""
    user = await writer.add_user("a")
    await writer.add_user("without")
    tweet = await writer.add_tweet("a", "text")
    await add_events(app, tweet, user["id"], hub.FURTHEST - 100)
    await writer.add_tweet("a", "last")
    async with listening(app) as (listener,):
        old = [Listener(app, f"username=without&after={place}") for place in range(5, 65)]
        while not any(client.messages for client in old):  # noqa: ASYNC110 - The first one is read.
            await asyncio.sleep(0)
        await writer.add_tweet("a", "new")
        began = process_time()  # Of this process: others may be busy.
        assert (await listener.next())[0][2]["text"] == "new"
        assert process_time() - began < 1
        for client in old:
            client.leave()
        await asyncio.wait_for(asyncio.gather(*(client.answer for client in old)), DEADLINE_S)


@pytest.mark.parametrize("query", ["", "username=a&"], ids=["all", "an author"])
async def test_a_place_that_is_far_back_is_read_in_pages(
    app: Quart, writer: Client, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(hub, "PAGE", 10)
    user = await writer.add_user("a")
    tweet = await writer.add_tweet("a", "text")
    await settle(app)  # What is counted of the words has a place in the log, too.
    place = await newest(writer)
    await add_events(app, tweet, user["id"], 95)
    await writer.add_tweet("a", "last")
    async with listening(app, f"{query}after={place + 3}", query) as (back, end):
        await back.next(93)
        assert back.ids == list(range(place + 4, place + 97))
        await writer.add_tweet("a", "new")
        assert (await back.next())[0][2]["text"] == (await end.next())[0][2]["text"] == "new"


@pytest.mark.parametrize("page", [hub.PAGE, 20], ids=["end", "far back"])
@pytest.mark.parametrize("query", ["", "username=a&"], ids=["all", "an author"])
async def test_long_posts_are_sent_in_small_parts(
    app: Quart, writer: Client, monkeypatch: pytest.MonkeyPatch, query: str, page: int
) -> None:
    """A client that takes nothing keeps a part in memory, of which all may be different."""
    monkeypatch.setattr(hub, "PAGE", page)
    user = await writer.add_user("a")
    tweet = await writer.add_tweet("a", "text " * 5_000)
    await settle(app)  # What is counted of the words has a place in the log, too.
    place = await newest(writer)
    await add_events(app, tweet, user["id"], 60)
    await writer.add_tweet("a", "last")
    starts = (0, 1, 30, 59)
    async with listening(app, *(f"{query}after={place + start}" for start in starts)) as clients:
        for client, start in zip(clients, starts, strict=True):
            await client.next(61 - start)
            assert client.ids == list(range(place + start + 1, place + 62))
            parts = [len(message.get("body", b"")) for message in client.messages]
            assert max(parts) < hub.MOST_BYTES + 30_000


async def test_a_place_that_is_too_far_back_is_reset(
    app: Quart, writer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "FURTHEST", 5)
    place = await newest(writer)
    await writer.add_user("a")
    for number in range(5):
        await writer.add_tweet("a", f"text {number}")
    async with listening(app, f"after={place}", f"after={place + 1}") as (too_far, far):
        assert await too_far.next() == [(place + 6, "reset", {})]
        await far.next(5)
        assert too_far.ids == [place + 6]
        await writer.add_tweet("a", "new")
        assert (await too_far.next(with_id=False))[0][2]["text"] == "new"


async def test_few_read_from_far_back_at_the_same_time(
    app: Quart, writer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "PAGE", 2)
    monkeypatch.setattr(hub, "REPLAY_WAIT_S", 0)
    await writer.add_user("a")
    for number in range(20):
        await writer.add_tweet("a", f"text {number}")
    async with listening(app, *(f"username=a&after={place}" for place in range(12))) as listeners:
        refused = [client for client in listeners if client.messages[0]["status"] != 200]
        assert 0 < len(refused) < 12
        for client in refused:
            assert client.messages[0]["status"] == 503
            assert dict(client.messages[0]["headers"])[b"retry-after"] == b"5"


async def test_a_burst_of_listeners_passes_the_limit_by_none(make_config: MakeConfig) -> None:
    async with app_of(make_config(live_clients=3)) as app, listening(app, *[""] * 12) as listeners:
        statuses = [listener.messages[0]["status"] for listener in listeners]
        assert sorted(statuses) == [200] * 3 + [503] * 9


async def test_a_silent_stream_is_kept_alive_until_a_stop(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.02)
    async with app_of(make_config()) as app, listening(app) as (listener,):

        async def comments() -> int:
            return listener.comments.count("still here")

        await eventually(comments, until=lambda count: count >= 2)
        # A comment in a block of its own would be an event without data to some clients.
        assert {} not in listener.blocks
        begin_stop(app)
        assert await listener.next(with_id=False) == [(-1, "bye", {})]


async def test_a_stream_ends_with_its_right(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.01)
    async with app_of(make_config(public=False)) as app:
        assert (await Client(app, {}).get(PATH)).status_code == 401
        reader = await client_with(app, "read")
        async with listening(app, headers=reader.headers) as (listener,):
            async with parts_of(app).db.write() as session:
                await revoke_token(session, 1)
            # The answer comes to its end by itself.
            await asyncio.wait_for(listener.answer, DEADLINE_S)


async def test_the_stream_of_a_reader_ends_when_the_account_is_removed(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.01)
    async with app_of(make_config(public=False)) as app:
        reader = await signed_in(app, "mina", role=READER)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in reader.cookies.items())}
        async with listening(app, headers=headers) as (listener,):
            async with parts_of(app).db.write() as session:
                await remove_account(session, "mina")
            await asyncio.wait_for(listener.answer, DEADLINE_S)


@pytest.mark.usefixtures("server")
async def test_a_slow_client_keeps_no_other_waiting(app: Quart, writer: Client) -> None:
    await writer.add_user("a")
    async with listening(app, "", "", "username=a") as (slow, fast, filtered):
        slow.takes.clear()
        for number in range(5):
            await writer.add_tweet("a", f"text {number}")
            await fast.next()
        await filtered.next(5)
        assert slow.ids == []
        slow.takes.set()
        await slow.next(5)
        assert slow.ids == fast.ids == filtered.ids


@pytest.mark.full
async def test_a_client_that_reads_nothing_is_disconnected(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "READER_TIMEOUT_S", 2.0)
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.02)
    async with app_of(make_config()) as app:
        admin = await client_with(app, "admin")
        await admin.add_user("a")
        async with listening(app, "", "", "") as (stuck, left, other):
            stuck.takes.clear()
            left.leave()
            await admin.add_tweet("a", "text")
            await asyncio.wait_for(asyncio.gather(stuck.answer, left.answer), DEADLINE_S)
            assert "saywho_live_clients 1.0" in await admin.page("/metrics")
            await admin.add_tweet("a", "more")
            await other.next(2)

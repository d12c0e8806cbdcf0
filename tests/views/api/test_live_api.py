"""The live stream: nothing lost, nothing twice, nothing of what was deleted."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import pytest
from quart import Quart

from app import create_app
from app.lifespan import KEY, Resources, begin_stop
from app.services.access.rights import revoke_token
from app.services.live import events as live_events
from app.services.live import stream as live_module
from tests.conftest import Client, MakeConfig, client_with

DEADLINE_S = 40
PATH = "/api/v1/live"


class Stream:
    """A client of the stream: reads whole events."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._data = b""

    async def block(self) -> dict[str, str]:
        """Return the fields of the next event; a comment has the field ``."""
        while b"\n\n" not in self._data:
            self._data += await asyncio.wait_for(self._connection.receive(), DEADLINE_S)
        block, _, self._data = self._data.partition(b"\n\n")
        lines = block.decode().split("\n")
        return {name: value for name, _, value in (line.partition(": ") for line in lines)}

    async def event(self) -> tuple[int, str, Any]:
        while "id" not in (block := await self.block()):
            pass
        return int(block["id"]), block["event"], json.loads(block["data"])

    async def events(self, count: int) -> list[tuple[int, str, Any]]:
        return [await self.event() for _ in range(count)]


@asynccontextmanager
async def listening(client: Client, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    connection = client.app.test_client().request(
        PATH + query, headers=client.headers | {k.replace("_", "-"): v for k, v in headers.items()}
    )
    async with connection as opened:
        open_connection = cast(Any, opened)
        await open_connection.send_complete()
        stream = Stream(open_connection)
        assert (await stream.block())[""] == "welcome"
        assert open_connection.status_code == 200
        yield stream
        # An endless answer would be waited for without end.
        await open_connection.disconnect()


async def newest(client: Client) -> int:
    answer = await client.post(
        "/api/v1/tweets", data=b"", headers={"Content-Type": "application/x-ndjson"}
    )
    return int(answer.headers["Saywho-Event"])


async def test_what_happens_is_told_as_it_is(writer: Client, admin: Client) -> None:
    async with listening(writer) as stream:
        user = await writer.add_user("새벽")
        assert (await stream.event())[1:] == ("user.created", user)
        tweet = await writer.add_tweet("새벽", "안녕 👋 \u202eשלום")
        assert (await stream.event())[1:] == ("tweet.created", tweet)
        await admin.delete(f"/api/v1/tweets/{tweet['id']}")
        assert (await stream.event())[1:] == ("tweet.deleted", {"id": tweet["id"]})
        await admin.delete("/api/v1/users/새벽")
        assert (await stream.event())[1:] == ("user.deleted", {"id": user["id"]})


async def test_posts_in_bulk_are_one_event_an_author(writer: Client) -> None:
    lines = "".join(
        json.dumps({"username": name, "text": f"{name} {number}"}) + "\n"
        for number in range(3)
        for name in ("a", "b")
    )
    async with listening(writer) as stream:
        await writer.post(
            "/api/v1/tweets", data=lines.encode(), headers={"Content-Type": "application/x-ndjson"}
        )
        told = [(kind, data) for _, kind, data in await stream.events(4)]
    assert ("tweets.imported", {"username": "a", "count": 3}) in told
    assert ("tweets.imported", {"username": "b", "count": 3}) in told


@pytest.mark.parametrize("how", ["header", "parameter"])
async def test_a_client_that_comes_again_gets_the_rest(writer: Client, how: str) -> None:
    await writer.add_user("a")
    async with listening(writer) as stream:
        await writer.add_tweet("a", "one")
        seen, *_ = await stream.event()
    texts = ["two", "three", "four"]
    for text in texts:
        await writer.add_tweet("a", text)
    headers = {"Last_Event_ID": str(seen)} if how == "header" else {}
    query = "" if how == "header" else f"?after={seen}"
    async with listening(writer, query, **headers) as stream:
        assert [data["text"] for _, _, data in await stream.events(3)] == texts


async def test_only_what_concerns_the_author_is_told(writer: Client) -> None:
    await writer.add_user("a")
    await writer.add_user("b")
    async with listening(writer, "?username=B") as stream:
        await writer.add_tweet("a", "not this")
        await writer.add_tweet("b", "this")
        assert (await stream.event())[2]["text"] == "this"


async def test_what_was_deleted_is_told_to_nobody_who_comes_later(
    writer: Client, admin: Client
) -> None:
    place = await newest(writer)
    async with listening(writer) as stream:  # So that events are kept in memory.
        await writer.add_user("a")
        tweet = await writer.add_tweet("a", "secret")
        await stream.events(2)
        await admin.delete(f"/api/v1/tweets/{tweet['id']}")
        await writer.add_tweet("a", "kept")
        await stream.events(2)
        async with listening(writer, f"?after={place}") as late:
            told = await late.events(3)
    assert [kind for _, kind, _ in told] == ["user.created", "tweet.deleted", "tweet.created"]
    assert "secret" not in json.dumps(told)


async def test_resuming_anywhere_loses_nothing_and_repeats_nothing(
    app: Quart, writer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_events, "PAGE", 3)
    monkeypatch.setattr(live_events, "MOST_PAGES", 2)
    place = await newest(writer)
    chance = random.Random(5)  # noqa: S311 - no secret
    names = [f"user{number}" for number in range(4)]
    for name in names:
        await writer.add_user(name)

    async def write() -> None:
        for number in range(40):
            await writer.add_tweet(chance.choice(names), f"text {number}")

    writing = asyncio.create_task(write())
    seen: list[tuple[int, Any]] = []
    while len(seen) < 44:
        after = seen[-1][0] if seen else place
        async with listening(writer, f"?after={after}") as stream:
            for _ in range(min(chance.randint(1, 9), 44 - len(seen))):
                number, _, data = await stream.event()
                seen.append((number, data.get("text")))
    await writing
    numbers = [number for number, _ in seen]
    assert numbers == list(range(place + 1, place + 45))
    assert [text for _, text in seen[-40:]] == [f"text {number}" for number in range(40)]


async def test_every_worker_tells_what_any_of_them_stored(make_config: MakeConfig) -> None:
    here, there = create_app(make_config()), create_app(make_config())
    async with here.test_app(), there.test_app():
        writer = await client_with(here, "write")
        async with listening(Client(there, {})) as stream:
            await writer.add_user("a")
            assert (await stream.event())[1] == "user.created"


@pytest.mark.parametrize("after", [2**53 - 1, 99])
async def test_a_place_that_never_was_is_reset(writer: Client, after: int) -> None:
    async with listening(writer, f"?after={after}") as stream:
        assert (await stream.block()) == {"event": "reset", "data": "{}"}
        await writer.add_user("a")
        assert (await stream.event())[1] == "user.created"


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("?after=x", {}, 400),
        ("?after=-1", {}, 400),
        ("?more=1", {}, 400),
        ("", {"Last-Event-ID": "abc"}, 400),
        ("", {"Last-Event-ID": "9" * 30}, 400),
        ("?username=nobody", {}, 404),
    ],
)
async def test_a_bad_place_is_refused(
    anybody: Client, query: str, headers: dict[str, str], status: int
) -> None:
    assert (await anybody.get(PATH + query, headers=headers)).status_code == status


async def test_a_burst_of_listeners_passes_the_limit_by_none(make_config: MakeConfig) -> None:
    app = create_app(make_config(live_clients=3))
    async with app.test_app(), AsyncExitStack() as stack:

        async def connect() -> int:
            async with asyncio.timeout(DEADLINE_S):
                connection = cast(Any, await stack.enter_async_context(open_stream(app)))
                await connection.receive()
                return int(connection.status_code)

        statuses = await asyncio.gather(*(connect() for _ in range(12)))
        assert sorted(statuses) == [200] * 3 + [503] * 9


@asynccontextmanager
async def open_stream(app: Quart) -> AsyncIterator[Any]:
    async with app.test_client().request(PATH) as opened:
        connection = cast(Any, opened)
        await connection.send_complete()
        yield connection
        await connection.disconnect()


async def test_a_silent_stream_is_kept_alive(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "HEARTBEAT_S", 0.02)
    app = create_app(make_config())
    async with app.test_app(), listening(Client(app, {})) as stream:
        assert await stream.block() == {"": "still here"}
        assert await stream.block() == {"": "still here"}


async def test_a_stop_ends_streams_with_a_word(app: Quart, anybody: Client) -> None:
    async with listening(anybody) as stream:
        begin_stop(app)
        assert (await stream.block())["event"] == "bye"


async def test_a_stream_ends_with_its_right(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "HEARTBEAT_S", 0.01)
    app = create_app(make_config(public=False))
    async with app.test_app():
        assert (await Client(app, {}).get(PATH)).status_code == 401
        reader = await client_with(app, "read")
        connection = app.test_client().request(PATH, headers=reader.headers)
        async with connection as stream:
            await stream.send_complete()
            assert await asyncio.wait_for(stream.receive(), DEADLINE_S)
            async with cast(Resources, app.extensions[KEY]).db.write() as session:
                await revoke_token(session, 1)
            # The answer comes to its end by itself.
            await asyncio.wait_for(stream.as_response(), DEADLINE_S)

"""Exports over HTTP: the file, its name and its rights, and readers that are slow."""

import asyncio
import csv
import gzip
import io
import json
from typing import Any, cast
from urllib.parse import quote

import pytest
from quart import Quart
from werkzeug.http import parse_options_header

from app import create_app
from app.lifespan import KEY, Resources
from app.services.access.rights import revoke_token
from app.services.posts import exporting
from app.views import answers as answers_view
from app.views.api.export import LONGEST_NAME
from tests.browsing import scope_of
from tests.conftest import Client, MakeConfig, client_with

PATH = "/api/v1/export"
DEADLINE_S = 40
pytestmark = pytest.mark.databases("sqlite")


async def test_all_posts_go_out_or_those_of_one_author(writer: Client, anybody: Client) -> None:
    await writer.add_user("미나", "하나", "둘", platform="x")
    await writer.add_user("jiho", "three")
    answer = await anybody.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    lines = (await answer.get_data()).splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["하나", "둘", "three"]
    one = await anybody.get(f"{PATH}?username={quote('미나')}&format=csv")
    assert one.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    rows = list(csv.DictReader(io.StringIO(await one.get_data(as_text=True), newline="")))
    assert [(row["username"], row["platform"], row["text"]) for row in rows] == [
        ("미나", "x", "하나"),
        ("미나", "x", "둘"),
    ]
    documents = await (await anybody.get(f"{PATH}?username=JIHO&format=mongo")).get_data()
    assert json.loads(documents)["_id"] == 3


async def test_what_a_search_finds_goes_out(writer: Client, anybody: Client) -> None:
    await writer.add_user("ann", "the lamp of the lighthouse", "a lamp, in 별을")
    await writer.add_user("ben")
    await writer.add_tweet("ben", "lamp by the sea", kind="quote")
    await writer.add_tweet("ben", "bread")
    for query, texts in [
        ("q=lamp", ["lamp by the sea", "a lamp, in 별을", "the lamp of the lighthouse"]),
        ("q=lamp&username=ann", ["a lamp, in 별을", "the lamp of the lighthouse"]),
        ("q=lamp -sea&kind=post", ["a lamp, in 별을", "the lamp of the lighthouse"]),
        ("q=별이", ["a lamp, in 별을"]),
        ("q=bread lighthouse", ["bread", "the lamp of the lighthouse"]),
        ('q="', []),
        ("q=nothing", []),
        ("kind=quote", ["lamp by the sea"]),
        ("username=ben&kind=post", ["bread"]),
    ]:
        answer = await anybody.get(f"{PATH}?{quote(query, safe='=&')}")
        lines = (await answer.get_data(as_text=True)).splitlines()
        assert [json.loads(line)["text"] for line in lines] == texts, query
    assert (await anybody.get(f"{PATH}?q=lamp&username=zoe")).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?username=nobody", 404),
        ("?username=&format=", 400),
        ("?format=xml", 400),
        ("?format=csv&format=csv", 400),
    ],
)
async def test_what_cannot_be_exported(anybody: Client, query: str, status: int) -> None:
    answer = await anybody.get(PATH + query)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert "Content-Disposition" not in answer.headers


async def test_it_is_compressed_for_who_takes_that(writer: Client) -> None:
    await writer.add_user("mina", *(f"post {number}" for number in range(5)))
    plain = await (await writer.get(PATH)).get_data()
    packed = await writer.get(PATH, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(await packed.get_data()) == plain


@pytest.mark.parametrize("username", ["mina", "미나", "a\"b'c;d", "é" * 320])
async def test_the_file_is_named_after_the_author_in_whatever_script(
    writer: Client, username: str
) -> None:
    await writer.add_user(username, "one")
    answer = await writer.get(f"{PATH}?username={quote(username)}&format=csv")
    kind, options = parse_options_header(answer.headers["Content-Disposition"])
    assert kind == "attachment"
    assert options == {"filename": f"saywho-{username[:LONGEST_NAME]}.csv"}


class Reader:
    """A client past any server: it takes what it is sent when it wants."""

    def __init__(self, app: Quart, client: Client, path: str = PATH) -> None:
        self._app = app
        self._headers = client.headers
        self._path = path
        self.takes = asyncio.Event()
        self.messages: list[dict[str, Any]] = []
        self._asked = False
        self.started = asyncio.Event()
        self.pause_s = 0.0

    def ask(self, method: str = "GET") -> "asyncio.Task[None]":
        scope = scope_of(method, self._path, self._headers)
        return asyncio.create_task(cast(Any, self._app)(scope, self._receive, self._send))

    @property
    def data(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def has_all(self) -> bool:
        return not self.messages[-1].get("more_body", True)

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            self.started.set()
            await self.takes.wait()
            await asyncio.sleep(self.pause_s)
        self.messages.append(message)


async def finish(task: "asyncio.Task[None]") -> None:
    await asyncio.wait_for(task, DEADLINE_S)


@pytest.mark.parametrize("path", [PATH, "/api/v1/live"])
async def test_head_ends_and_does_not_say_that_there_is_nothing(
    app: Quart, writer: Client, path: str
) -> None:
    await writer.add_user("mina", "one")
    reader = Reader(app, writer, path)
    reader.takes.set()
    await finish(reader.ask("HEAD"))
    assert reader.messages[0]["status"] == 200
    assert b"content-length" not in dict(reader.messages[0]["headers"])
    assert (reader.data, reader.has_all) == (b"", True)


async def test_a_revoked_token_breaks_the_file_off(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    monkeypatch.setattr(answers_view, "LOOK_EVERY_S", 0.01)
    app = create_app(make_config(public=False))
    async with app.test_app():
        writer = await client_with(app, "write")
        await writer.add_user("mina", *(f"post {number}" for number in range(7)))
        assert (await Client(app, {}).get(PATH)).status_code == 401
        reader = Reader(app, await client_with(app, "read"))
        task = reader.ask()
        await asyncio.wait_for(reader.started.wait(), DEADLINE_S)
        async with cast(Resources, app.extensions[KEY]).db.write() as session:
            await revoke_token(session, 2)
        reader.pause_s = 0.02
        reader.takes.set()
        await finish(task)
        assert not reader.has_all

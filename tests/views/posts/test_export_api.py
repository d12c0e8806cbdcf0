"""Exports over HTTP: the file, its name and its rights, and readers that are slow."""

import asyncio
import csv
import gzip
import io
import json
import re
from email.message import Message
from urllib.parse import quote

import pytest
from quart import Quart
from werkzeug.http import parse_options_header

from app.services.access.rights import revoke_token
from app.services.posts import exporting
from app.views import answers as answers_view
from app.views.posts.search_api import LONGEST_NAME
from tests.browsing import parts_of
from tests.conftest import Client, MakeConfig, app_of, client_with
from tests.installation import ROOT
from tests.listening import Listener

PATH = "/api/v1/export"
DEADLINE_S = 40
pytestmark = pytest.mark.databases("sqlite")


async def test_all_posts_go_out_or_those_of_one_author(writer: Client, anybody: Client) -> None:
    await writer.add_user("미나", "하나", "둘", platform="x")
    await writer.add_user("jiho", "three")
    answer = await anybody.get(PATH, status=200)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    lines = (await answer.get_data()).splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["하나", "둘", "three"]
    one = await anybody.get(f"{PATH}?username={quote('미나')}&format=csv")
    assert one.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert [
        (row["username"], row["platform"], row["text"])
        for row in list(csv.DictReader(io.StringIO(await one.get_data(as_text=True), newline="")))
    ] == [("미나", "x", "하나"), ("미나", "x", "둘")]
    documents = await (await anybody.get(f"{PATH}?username=JIHO&format=mongo")).get_data()
    assert json.loads(documents)["_id"] == 3


async def test_an_export_has_the_results_of_a_search(writer: Client, anybody: Client) -> None:
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


async def test_an_export_is_compressed_for_clients_that_accept_gzip(writer: Client) -> None:
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
    value = answer.headers["Content-Disposition"]
    assert value.isascii()  # Clients read a header as Latin-1, in which other letters break.
    kind, options = parse_options_header(value)
    assert kind == "attachment"
    assert options == {"filename": f"saywho-{username[:LONGEST_NAME]}.csv"}
    old = Message()  # It knows no other way to write a name.
    old["Content-Disposition"] = value
    assert re.fullmatch(r"saywho-[ -~]*\.csv", old.get_filename() or "")


def test_one_function_names_files_of_answers() -> None:
    texts = {file: file.read_text() for file in (ROOT / "app").rglob("*.py")}
    naming = [file for file, text in texts.items() if "Content-Disposition" in text]
    assert naming == [ROOT / "app" / "views" / "answers.py"]


@pytest.mark.parametrize("path", [PATH, "/api/v1/live"])
async def test_head_ends_and_does_not_say_that_there_is_nothing(
    app: Quart, writer: Client, path: str
) -> None:
    await writer.add_user("mina", "one")
    reader = Listener(app, path=path, method="HEAD")
    await asyncio.wait_for(reader.answer, DEADLINE_S)
    first, *_, last = reader.messages
    assert first["status"] == 200
    assert b"content-length" not in dict(first["headers"])
    assert (reader.blocks, last["body"], last["more_body"]) == ([], b"", False)


async def test_a_revoked_token_breaks_the_file_off(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    monkeypatch.setattr(answers_view, "LOOK_EVERY_S", 0.0)
    async with app_of(make_config(public=False)) as app:
        writer = await client_with(app, "write")
        await writer.add_user("mina", *(f"post {number}" for number in range(7)))
        assert (await Client(app, {}).get(PATH)).status_code == 401

        async def revoke() -> None:
            async with parts_of(app).db.write() as session:
                await revoke_token(session, 2)

        app.before_request_funcs[None].append(revoke)  # Once the token has been looked at.
        headers = (await client_with(app, "read")).headers
        reader = Listener(app, path=PATH, headers=headers)
        await asyncio.wait_for(reader.answer, DEADLINE_S)
        assert reader.messages[0]["status"] == 200
        assert reader.messages[-1].get("more_body", True)

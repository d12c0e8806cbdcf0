"""What docs/from-flask.md says of links behind a proxy, of bodies, answers and hooks is so."""

import asyncio
import concurrent.futures
import gc
from collections.abc import AsyncIterator
from typing import Any

import flask
import pytest
from hypercorn.middleware import ProxyFixMiddleware
from quart import Quart, Response, g, redirect, request, url_for, websocket
from werkzeug.wrappers import Response as WerkzeugResponse

from app.config import Config, ConfigError
from tests.waiting import eventually

from .snippets import GUIDES, ROOT, Snippet, snippets

FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "tweets.example",
    "X-Forwarded-Prefix": "/app",
}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


def linking_app() -> Quart:
    app = Quart(__name__)

    @app.get("/links")
    async def links() -> list[str]:
        return [url_for("links"), url_for("links", _external=True)]

    @app.get("/away/")
    async def away() -> WerkzeugResponse:
        return redirect(url_for("links"))

    return app


async def test_links_are_those_of_the_proxy_that_is_trusted() -> None:
    app = linking_app()
    answer = await app.test_client().get("/links", headers=FORWARDED)
    assert await answer.get_json() == ["/links", "http://localhost/links"]
    app.asgi_app = ProxyFixMiddleware(app.asgi_app, mode="legacy", trusted_hops=1)  # type: ignore[method-assign]
    answer = await app.test_client().get("/links", headers=FORWARDED)
    assert await answer.get_json() == ["/links", "https://tweets.example/links"]


async def test_a_redirect_names_a_host_where_a_slash_was_missing() -> None:
    app = linking_app()
    app.asgi_app = ProxyFixMiddleware(app.asgi_app, mode="legacy", trusted_hops=1)  # type: ignore[method-assign]
    client = app.test_client()
    places = [(await client.get(path, headers=FORWARDED)).location for path in ("/away/", "/away")]
    assert places == ["/links", "https://tweets.example/away/"]


async def test_a_root_path_stands_before_each_address_and_belongs_to_the_request() -> None:
    client = linking_app().test_client()
    answer = await client.get("/app/links", root_path="/app")
    assert await answer.get_json() == ["/app/links", "http://localhost/app/links"]
    assert (await client.get("/links", root_path="/app")).status_code == 404


async def test_hooks_of_requests_do_not_run_for_a_websocket() -> None:
    app = Quart(__name__)

    @app.before_request
    async def note() -> None:
        g.is_noted = True

    @app.before_websocket
    async def count() -> None:
        g.is_counted = True

    @app.websocket("/talk")
    async def talk() -> None:
        await websocket.send(" ".join(sorted(g)))

    async with app.test_client().websocket("/talk") as connection:
        assert await connection.receive() == "is_counted"


async def test_a_page_of_another_site_may_open_a_websocket() -> None:
    app = Quart(__name__)

    @app.websocket("/talk")
    async def talk() -> None:
        await websocket.send(websocket.cookies["name"])

    headers = {"Origin": "http://evil.example", "Cookie": "name=jack"}
    async with app.test_client().websocket("/talk", headers=headers) as connection:
        assert await connection.receive() == "jack"


@pytest.mark.parametrize("is_endless", [False, True])
async def test_quart_ends_an_answer_after_a_while_unless_it_is_told(is_endless: bool) -> None:
    app = Quart(__name__)
    assert app.config["RESPONSE_TIMEOUT"] == 60
    app.config["RESPONSE_TIMEOUT"] = 0.05

    async def events() -> AsyncIterator[bytes]:
        yield b"one"
        await asyncio.sleep(0.2)
        yield b"two"

    @app.get("/live")
    async def live() -> Response:
        response = Response(events())
        if is_endless:
            response.timeout = None
        return response

    answer = await app.test_client().get("/live")
    assert await answer.get_data() == (b"onetwo" if is_endless else b"one")


def receiving_app() -> tuple[Quart, list[bytes]]:
    """Return an app that takes a body by pieces or a form's file, and the pieces it has taken."""
    app, taken = Quart(__name__), list[bytes]()

    @app.post("/pieces")
    async def pieces() -> str:
        async for piece in request.body:
            taken.append(piece)
        return ""

    @app.post("/file")
    async def file() -> str:
        return str((await request.files)["file"].stream.name is not None)

    return app, taken


async def test_the_time_limit_of_bodies_is_for_whole_ones_and_not_for_pieces() -> None:
    app, _ = receiving_app()
    assert app.config["BODY_TIMEOUT"] == 60
    app.config["BODY_TIMEOUT"] = 0.05
    statuses = []
    for path in ("/pieces", "/file"):
        client = app.test_client()
        async with client.request(path, method="POST", headers=MULTIPART) as connection:
            await connection.send(b"12345")
            await asyncio.sleep(0.2)  # Of the time that a sender takes.
            await connection.send_complete()
        statuses.append((await connection.as_response()).status_code)
    assert statuses == [200, 408]


async def test_the_limit_of_sizes_is_for_what_is_told_and_for_what_waits_unread() -> None:
    app, taken = receiving_app()
    assert app.config["MAX_CONTENT_LENGTH"] == 16 * 1024**2
    app.config["MAX_CONTENT_LENGTH"] = 8
    client = app.test_client()
    assert (await client.post("/pieces", data=b"123456789")).status_code == 413

    async def count() -> int:
        return len(taken)

    async with client.request("/pieces", method="POST") as connection:
        for number in range(1, 4):
            await connection.send(b"12345")
            await eventually(count, until=number.__eq__)
        await connection.send_complete()
    assert (await connection.as_response()).status_code == 200


def form_of(size: int) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    return head + bytes(size) + b"\r\n--b--\r\n"


@pytest.mark.parametrize(("size", "is_on_disk"), [(1_000, "False"), (600_000, "True")])
async def test_a_large_file_of_a_form_is_put_on_the_disk_in_both(
    size: int, is_on_disk: str
) -> None:
    original = flask.Flask(__name__)

    @original.post("/file")
    def file() -> str:
        return str(flask.request.files["file"].stream.name is not None)

    sent: Any = {"data": form_of(size), "headers": MULTIPART}
    theirs = original.test_client().post("/file", **sent)
    ours = await receiving_app()[0].test_client().post("/file", **sent)
    assert (theirs.text, await ours.get_data()) == (is_on_disk, is_on_disk.encode())


def test_flask_reads_a_stream_by_pieces_too() -> None:
    app = flask.Flask(__name__)

    @app.put("/pieces")
    def pieces() -> list[int]:
        return [len(piece) for piece in iter(lambda: flask.request.stream.read(4), b"")]

    assert app.test_client().put("/pieces", data=b"1234567890").json == [4, 4, 2]


async def test_a_query_in_korean_is_given_apart_in_a_test() -> None:
    ours, theirs = Quart(__name__), flask.Flask(__name__)

    @ours.get("/<place>")
    async def search(place: str) -> str:
        return place + request.args.get("q", "")

    @theirs.get("/<place>")
    def search_in_flask(place: str) -> str:
        return place + flask.request.args.get("q", "")

    client = ours.test_client()
    assert theirs.test_client().get("/강?q=한강").text == "강한강"
    with pytest.raises(UnicodeEncodeError):
        await client.get("/search?q=한강")
    answer = await client.get("/강", query_string={"q": "한강"})
    assert await answer.get_data(as_text=True) == "강한강"


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
def test_a_command_that_is_asynchronous_does_nothing() -> None:
    app, done = Quart(__name__), list[str]()

    @app.cli.command("lazy")
    async def lazy() -> None:
        done.append("lazy")

    @app.cli.command("seed")
    def seed() -> None:
        async def run() -> None:
            done.append("seed")

        asyncio.run(run())

    with concurrent.futures.ThreadPoolExecutor(1) as thread:  # It has no loop that runs.
        for name in ("lazy", "seed"):
            assert thread.submit(app.test_cli_runner().invoke, args=[name]).result().exit_code == 0
    gc.collect()
    assert done == ["seed"]


@pytest.mark.filterwarnings("ignore:Current server name:UserWarning")
async def test_a_server_name_makes_other_hosts_unknown() -> None:
    ours, theirs = linking_app(), flask.Flask(__name__)
    theirs.add_url_rule("/links", "links", lambda: "links")
    ours.config["SERVER_NAME"] = theirs.config["SERVER_NAME"] = "tweets.example"
    headers = {"Host": "10.0.0.7"}
    assert theirs.test_client().get("/links", headers=headers).status_code == 200
    assert (await ours.test_client().get("/links", headers=headers)).status_code == 404


QUOTED = [snippet for snippet in snippets(GUIDES[0]) if snippet.file]


@pytest.mark.parametrize("quoted", QUOTED, ids=[f"{q.section}-{q.file}" for q in QUOTED])
def test_quoted_code_stands_in_its_file(quoted: Snippet) -> None:
    assert quoted.file
    assert quoted.code in (ROOT / quoted.file).read_text()


def test_each_piece_of_code_is_quoted_or_run() -> None:
    loose = [
        snippet for snippet in snippets(GUIDES[0]) if not snippet.file and not snippet.framework
    ]
    # Of the session and of the settings; test_pairs.py runs them.
    assert [each.section for each in loose] == [8, 8, 12]


def test_both_languages_show_the_same_code() -> None:
    english, korean = map(snippets, GUIDES)
    assert english == korean


@pytest.mark.parametrize("guide", GUIDES)
def test_the_error_of_a_misspelt_setting_is_the_program_s(guide: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_env({"SAYWHO_DATABSE_URL": "sqlite+aiosqlite:///x.db"})
    assert f"saywho: {caught.value}\n" in (ROOT / guide).read_text()

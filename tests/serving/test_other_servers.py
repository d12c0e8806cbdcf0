"""The same app on bare hypercorn, on uvicorn, on granian and on gunicorn."""

import contextlib
import http.client
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator

import pytest
from h2.connection import H2Connection
from h2.events import ResponseReceived as Answer, StreamEnded

from app.views.quart_app import AS_WSGI
from tests.installation import Installation
from tests.ports import free_port
from tests.server import HYPERCORN, Server, started

UVICORN = ("uvicorn", "--factory", "app:create_app", "--host", "127.0.0.1")
GRANIAN = ("granian", "--interface", "asgi", "--factory", "app:create_app", "--host", "127.0.0.1")

GUNICORN = ("gunicorn", "-k", "asgi", "--no-control-socket", "app:create_app()")


def placed(command: tuple[str, ...], port: int) -> tuple[str, ...]:
    """Return the command that starts the server on a port, with one worker."""
    if command[0] in {"hypercorn", "gunicorn"}:
        return (sys.executable, "-m", *command, f"--bind=127.0.0.1:{port}", "--workers=1")
    return (sys.executable, "-m", *command, f"--port={port}")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(HYPERCORN, id="hypercorn"),
        pytest.param(UVICORN, id="uvicorn"),
        pytest.param(GRANIAN, id="granian"),
        pytest.param(GUNICORN, id="gunicorn"),
    ],
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with a fresh database, and a token that may write; the last test stops it."""
    folder = tmp_path_factory.mktemp("served")
    installation = Installation(folder / "instance", {"SAYWHO_LOG": "json"})
    log_file = folder / "log"
    port = free_port()
    command = placed(request.param, port)
    with log_file.open("wb") as log, started(installation, command, log) as process:
        server = Server(installation, process, log_file, port)
        with contextlib.closing(server):
            server.wait_until_ready()
            server.token = installation.json("token", "add", "test", "--scope", "write")["token"]
            yield server


def next_event(stream: http.client.HTTPResponse) -> dict[str, str]:
    """Return the fields of the next event; comments and `ready` are passed over."""
    fields: dict[str, str] = {}
    while line := stream.readline().decode():
        name, _, value = line.rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif fields.get("event", "ready") != "ready":
            return fields
        else:
            fields.clear()
    return fields


def head_of(wire: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (byte := wire.recv(1)):
        head += byte
    return head


def statuses_by_http2(wire: socket.socket, client: H2Connection, *, streams: int) -> list[str]:
    """Ask for the figures as a tunnel through a proxy could; return the status of each stream.

    Each answer is read to its end: hypercorn waits for ever to send the rest to a client that left.
    """
    headers = [(":method", "GET"), (":path", "/metrics"), (":scheme", "http")]
    forged = [(":authority", "localhost"), ("x-forwarded-proto", "https")]
    client.send_headers(client.get_next_available_stream_id(), [*headers, *forged], end_stream=True)
    wire.sendall(client.data_to_send())
    statuses: list[str] = []
    ended = 0
    while ended < streams and (data := wire.recv(65_536)):
        if data.startswith(b"HTTP/1.1 "):
            return [data.split()[1].decode()]
        events = client.receive_data(data)
        answers = [event for event in events if isinstance(event, Answer)]
        statuses += [dict(event.headers)[b":status"].decode() for event in answers]
        ended += sum(isinstance(event, StreamEnded) for event in events)
    return statuses


def test_http2_without_tls_is_not_spoken(server: Server) -> None:
    """It is asked for by prior knowledge, and by an upgrade."""
    client = H2Connection()
    client.initiate_connection()
    with server.wire() as wire:
        # What does not know it calls it no request.
        assert statuses_by_http2(wire, client, streams=1) in (["505"], ["400"])

    client = H2Connection()
    settings = (client.initiate_upgrade_connection() or b"").decode()
    lines = ["GET /healthz HTTP/1.1", "Host: localhost", "Upgrade: h2c"]
    lines += ["Connection: Upgrade, HTTP2-Settings", f"HTTP2-Settings: {settings}", "", ""]
    with server.wire() as wire:
        wire.sendall("\r\n".join(lines).encode())
        head = head_of(wire)
        assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 101"))
        if b" 101 " in head:
            assert statuses_by_http2(wire, client, streams=2) == ["505", "505"]


def test_another_server_answers_stores_streams_and_stops(server: Server) -> None:
    assert server.send("GET", "/", Accept_Language="en")[0] == 200
    assert server.send("GET", "/", Host="evil.example")[0] == 421
    assert server.send("POST", "/api/v1/users", {"username": "lamp"})[0] == 201
    path = "/api/v1/users/lamp/tweets"
    assert server.send("GET", path)[2]["items"] == []

    with contextlib.closing(server.connect()) as connection:
        connection.request("GET", "/api/v1/live")
        stream = connection.getresponse()
        assert stream.readline() == b": welcome\n"
        status, headers, post = server.send("POST", path, {"text": "the lamp is lit"})
        assert status == 201
        event = next_event(stream)
        assert (event["event"], event["id"]) == ("tweet.created", headers["Saywho-Event"])
        assert '"the lamp is lit"' in event["data"]

        assert server.send("GET", path)[2]["items"] == [post]
        with_etag = server.send("GET", path)[1]
        server.token = ""
        again = server.send("GET", path, If_None_Match=with_etag["ETag"])
        assert again[0] == 304
        assert re.search("hit|fwd=miss", again[1]["Cache-Status"])

    ends_well = re.search("hypercorn|gunicorn", str(server.process.args))
    assert server.stop() in ({0} if ends_well else {0, -signal.SIGTERM})
    assert "GET /readyz 200" in server.log()
    assert "Traceback" not in server.log()


def test_gunicorn_without_asgi_says_what_to_do_in_each_answer_and_in_its_log(
    installation: Installation,
) -> None:
    log_file, port = installation.data_dir.parent / "log", free_port()
    command = placed(tuple(word for word in GUNICORN if word not in {"-k", "asgi"}), port)
    with log_file.open("wb") as log, started(installation, command, log) as process:
        server = Server(installation, process, log_file, port)
        installation.wait_until(lambda: "Booting worker" in server.log())
        status, _, answer = server.send("GET", "/")
        assert (status, answer) == (500, f"{AS_WSGI}\n".encode())
    assert AS_WSGI in server.log()
    assert "Traceback" not in server.log()


OLDER = "UPDATE alembic_version SET version_num = '0012'"


@pytest.mark.parametrize("command", [UVICORN, GRANIAN, GUNICORN], ids=lambda given: given[0])
def test_a_database_of_an_older_version_stops_it(
    installation: Installation, command: tuple[str, ...]
) -> None:
    with contextlib.closing(sqlite3.connect(installation.database)) as connection, connection:
        connection.execute(OLDER)
    ended = installation.process(*placed(command, free_port()))
    assert ended.returncode != 0
    assert "install version 1.1" in ended.stderr + ended.stdout


def test_hypercorn_prints_one_line_if_the_app_refuses_to_start(installation: Installation) -> None:
    with contextlib.closing(sqlite3.connect(installation.database)) as connection, connection:
        connection.execute(OLDER)
    command = ("hypercorn", "app:create_app()", "--bind", f"127.0.0.1:{free_port()}")
    ended = installation.process(sys.executable, "-m", *command)
    (line,) = (ended.stdout + ended.stderr).splitlines()
    assert line.startswith("saywho: ")
    assert "install version 1.1" in line

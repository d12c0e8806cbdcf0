"""The server as it really runs: processes, sockets, signals."""

import contextlib
import http.client
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import pytest

from app.db.migrate import head_revision
from app.errors import StartError
from app.services.posts.users import sample_files
from app.serving.settings import load_server_config
from tests.browsing import found_in
from tests.certificates import make_certificate
from tests.installation import PROGRAM, Installation
from tests.ports import free_port
from tests.server import (
    LISTENING,
    SERVE,
    Server,
    children_of,
    connections_to_every_worker,
    memory_of,
    serving,
    sockets_of,
    started,
)
from tests.waiting import DEADLINE_S

HEAD = head_revision()
HEAP_BYTES = 64 * 1024 * 1024
"""What glibc reserves for the heap of a thread."""


@pytest.fixture(scope="module")
def server(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`saywho serve` with two workers and an empty database, and a token that may write."""
    folder = tmp_path_factory.mktemp("served") / "instance"
    installation = Installation.made(folder, template, SAYWHO_LOG="json", SAYWHO_LOCALE="ko")
    with serving(installation, *SERVE, "--workers", "2", "--sample") as running:
        running.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        yield running


@pytest.mark.skipif(sys.platform != "linux", reason="workers are told apart by Linux's /proc")
def test_a_write_is_seen_at_once_whichever_worker_answers(server: Server) -> None:
    assert len(server.workers()) == 2
    with connections_to_every_worker(server) as readers:
        for number in range(8):
            writer = readers[number]
            name = f"author{number}"
            assert server.ask(writer, "POST", "/api/v1/users", {"username": name})[0] == 201
            path = f"/api/v1/users/{name}/tweets"
            status, headers, _ = server.ask(writer, "POST", path, {"text": f"post {number}"})
            assert status == 201
            assert int(headers["Saywho-Event"]) > 0
            for reader in readers:
                status, _, page = server.ask(reader, "GET", path)
                assert status == 200
                assert [tweet["text"] for tweet in page["items"]] == [f"post {number}"]


def further_heaps(pid: int) -> list[str]:
    """Return glibc's heaps beside the first: each begins at a multiple of its size.

    A large block may begin there too, by chance, but is not followed by what a heap may grow by.
    """
    areas = Path(f"/proc/{pid}/maps").read_text().splitlines()
    ends = [[int(place, 16) for place in area.split()[0].split("-")] for area in areas]
    return [
        area
        for (area, (start, end)), (room, (behind, last)) in pairwise(zip(areas, ends, strict=True))
        if start % HEAP_BYTES == 0 and end == behind and last >= start + HEAP_BYTES
        if "---p" in room
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps are seen in /proc")
def test_the_threads_of_a_worker_share_one_heap(server: Server) -> None:
    server.send("GET", "/search?q=lamp")
    for pid in server.workers():
        assert further_heaps(pid) == []


@pytest.mark.skipif(sys.platform != "linux", reason="files of a process are listed by /proc")
def test_the_process_of_an_import_does_not_hold_the_port(server: Server) -> None:
    posts = [{"username": "fleet", "text": f"post {n} of a long import"} for n in range(20_000)]
    body = b"".join(json.dumps(post).encode() + b"\n" for post in posts)
    with contextlib.closing(server.connect()) as connection:
        token = {"Authorization": f"Bearer {server.token}"}
        connection.request("POST", "/api/v1/imports?format=jsonl", body, token)
        queued = connection.getresponse()
        assert queued.status == 202, queued.read()

    def sockets_of_imports() -> list[int]:
        pids = [pid for worker in server.workers() for pid in children_of(worker)]
        return [sockets_of(pid, server.port, LISTENING) for pid in pids]

    # While this holds the lock of writing, the import comes to no end.
    database = server.installation.database
    with contextlib.closing(sqlite3.connect(database, timeout=DEADLINE_S)) as other:
        other.execute("BEGIN IMMEDIATE")
        server.installation.wait_until(lambda: sockets_of_imports() == [0])
    server.send("DELETE", queued.headers["Location"])


def test_the_command_line_is_seen_by_the_server(server: Server) -> None:
    server.installation.done("user", "add", "from_outside")
    for _ in range(6):
        assert server.send("GET", "/api/v1/users/from_outside")[0] == 200
    token = server.installation.json("token", "add", "brief", "--scope", "write")
    headers = {"Authorization": f"Bearer {token['token']}"}
    assert server.send("GET", "/api/v1/users", **headers)[0] == 200
    server.installation.done("token", "revoke", str(token["id"]))
    for _ in range(6):
        assert server.send("GET", "/api/v1/users", **headers)[0] == 401


def test_log_lines_are_json_with_the_request_id_and_never_a_token(server: Server) -> None:
    _, headers, _ = server.send("GET", "/api/v1/users?q=private", X_Request_ID="trace-me-4711")
    assert headers["X-Request-ID"] == "trace-me-4711"
    server.send("GET", "/healthz", Authorization="Bearer saywho_wrong-secret")
    server.installation.wait_until(lambda: "trace-me-4711" in server.log())
    (line,) = [line for line in server.log().splitlines() if "trace-me-4711" in line]
    entry = json.loads(line)
    assert entry["request_id"] == "trace-me-4711"
    assert entry["message"] == "GET /api/v1/users 200"
    assert not found_in(server.log(), server.token, "wrong-secret", "private")
    for number, path in enumerate(("/%0AINFO%20forged", "/%1b[31m", "/%E2%80%A8", "/%ED%A0%80")):
        server.send("GET", path, X_Request_ID=f"hostile-{number}")
    server.say("GET / HTTP/1.1", "X-Bad\x1b: a", "", "")
    server.installation.wait_until(lambda: "hostile-3" in server.log())
    lines = [line for line in server.log().splitlines() if line.startswith("{")]
    said = [line for line in server.log().splitlines() if not line.startswith("{")]
    assert len(said) == 3  # What `saywho serve` says to whoever started it.
    assert {json.loads(line)["request_id"] for line in lines} >= {"hostile-0", "hostile-3"}
    assert "\x1b" not in server.log()


def test_the_host_of_a_whole_address_counts_instead_of_the_header(server: Server) -> None:
    def asked(target: str, host: str) -> bytes:
        return server.say(f"GET {target} HTTP/1.1", f"Host: {host}", "Connection: close", "", "")

    assert asked("http://evil.example/feed.atom", "localhost").startswith(b"HTTP/1.1 421 ")
    assert asked("http:///feed.atom", "localhost").startswith(b"HTTP/1.1 400 ")
    for own in (b"localhost", b"127.0.0.1:8"):
        answer = asked(f"HTTP://{own.decode()}/feed.atom?q=/", "evil.example")
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'href="http://%b/feed.atom' % own in answer
        assert b"evil" not in answer


def test_an_address_with_more_slashes_is_the_one_address(server: Server) -> None:
    def asked(method: str, target: str, body: str = "") -> bytes:
        head = (f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close")
        kind = ("Content-Type: application/x-ndjson", f"Content-Length: {len(body)}")
        return server.say(*head, *kind, f"Authorization: Bearer {server.token}", "", body)

    for target in ("//api/v1/live", "/%2fapi/v1/live", "http://localhost//api/v1/live"):
        answer = asked("GET", target + "?after=0")
        assert answer.startswith(b"HTTP/1.1 308 ")
        assert b"\r\nlocation: /api/v1/live?after=0\r\n" in answer
    stored = asked("POST", "//api/v1/tweets", '{"username": "slashes", "text": "a lamp"}')
    assert stored.startswith(b"HTTP/1.1 200 ")
    assert b'"accepted":1' in stored


@pytest.mark.parametrize("path", ["/api/v1/compare", "/api/v1/users"], ids=["compare", "users"])
def test_a_chunked_json_body_beyond_the_limit_is_413(server: Server, path: str) -> None:
    sent = iter([b"{", *[(b" " * 65_536)] * 48])
    with contextlib.closing(server.connect()) as connection:
        # The server may close before all was sent.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(
                "POST",
                path,
                sent,
                {"Content-Type": "application/json", "Authorization": f"Bearer {server.token}"},
                encode_chunked=True,
            )
        answer = connection.getresponse()
        assert answer.status == 413
        assert json.loads(answer.read())["status"] == 413


REFUSED = {
    "a bad token": ("POST /api/v1/imports", "Authorization: Bearer saywho_wrong", 401),
    "a form that is none": ("POST /api/v1/imports", "Content-Type: multipart/form-data", 400),
    "too much JSON": ("POST /api/v1/compare", "Content-Type: application/json", 413),
    "another method": ("POST /healthz", "", 405),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_sends_all_before_reading_sees_why_an_upload_was_refused(
    server: Server, case: str
) -> None:
    request, header, status = REFUSED[case]
    size = 16 * 2**20
    lines = [f"{request} HTTP/1.1", "Host: localhost", f"Content-Length: {size}"]
    if "Authorization" not in header:
        lines.append(f"Authorization: Bearer {server.token}")
    head = "\r\n".join([*lines, *filter(None, [header]), "", ""])
    with server.wire() as wire:
        wire.sendall(head.encode())
        # More than any buffer on the way holds: it hangs or breaks if nobody takes it.
        wire.sendall(bytes(size))
        answer = wire.recv(65_536)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


FLOOD_BYTES = 16 * 2**20
"""More than the buffers of a connection hold."""


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process is told by Linux's /proc")
@pytest.mark.parametrize("begun", [b"0\r\nA: ", b"1;"], ids=["trailer", "extension"])
def test_chunk_extensions_and_trailers_are_limited(server: Server, begun: bytes) -> None:
    """It would fill the memory, and stop the loop: the parser copies what it has of a trailer."""

    def pour(_: int) -> int:
        """Return how many bytes were taken."""
        taken, piece = 0, b"a" * 2**18
        with server.wire() as wire:
            # The view waits for a form: without its type, it may hash an empty password meanwhile.
            head = (
                b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            )
            with contextlib.suppress(ConnectionError):
                wire.sendall(head + begun)
                while taken < FLOOD_BYTES:
                    wire.sendall(piece)
                    taken += len(piece)
        return taken

    before = sum(map(memory_of, server.workers()))
    with ThreadPoolExecutor(8) as pool:
        floods = pool.map(pour, range(8))
        assert server.send("GET", "/healthz")[0] == 200
        assert max(floods) < FLOOD_BYTES
    assert sum(map(memory_of, server.workers())) - before < 24 * 2**20


def test_no_traceback_was_logged(server: Server) -> None:
    assert not found_in(server.log(), "Traceback", '"level":"ERROR"')


def sample_names() -> set[str]:
    firsts = [path.read_text().splitlines()[0] for path in sample_files()]
    return {json.loads(post)["username"] for post in firsts}


@pytest.mark.full
def test_a_network_is_served_with_samples_and_told_the_address_for_others(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "instance", {"SAYWHO_ACCESS_LOG": "0"})
    log_file, port = tmp_path / "log", free_port()
    command = (*SERVE, "--workers", "1", "--sample", "--bind", f"0.0.0.0:{port}")
    with log_file.open("ab") as log, started(installation, command, log) as process:
        served = Server(installation, process, log_file, port)
        served.wait_until_ready()
        assert f"Serving on http://127.0.0.1:{port} " in served.log()
        # A machine without a network has no such address.
        for host in re.findall(rf"network reach it at http://(.+):{port}", served.log()):
            connection = http.client.HTTPConnection(host, port, timeout=DEADLINE_S)
            with contextlib.closing(connection):
                by_address = served.ask(connection, "GET", "/api/v1/users")
                by_name = served.ask(connection, "GET", "/api/v1/users", Host="evil.example")
            assert by_address[0] == 200
            assert by_name[0] == (421 if ip_address(host).is_private else 200)
        users = served.send("GET", "/api/v1/users")[2]["items"]
        assert {user["username"] for user in users} == sample_names()
        assert "GET /" not in served.log()


def assert_one_line(ended: subprocess.CompletedProcess[str], *said: str) -> None:
    (line,) = ended.stderr.splitlines()
    assert line.startswith("saywho: ")
    assert all(words in line for words in said)


def make_newer(installation: Installation) -> None:
    with contextlib.closing(sqlite3.connect(installation.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffff'")


def occupy(installation: Installation) -> None:
    installation.database.unlink()
    installation.data_dir.rmdir()
    installation.data_dir.write_text("a file in the way")


@pytest.mark.full
@pytest.mark.parametrize(
    ("prevent", "said"),
    [(make_newer, "newer saywho"), (occupy, "data folder")],
    ids=["newer database", "no data folder"],
)
def test_a_failed_start_is_status_1_and_one_line(
    installation: Installation, prevent: Callable[[Installation], None], said: str
) -> None:
    prevent(installation)
    ended = installation.process(*SERVE, "--bind", f"127.0.0.1:{free_port()}")
    assert ended.returncode == 1
    assert_one_line(ended, said)


@pytest.mark.parametrize(
    ("host", "status", "said"),
    [
        pytest.param("127.0.0.1", 1, "in use; choose another port", id="port in use"),
        pytest.param("no-such-host.invalid", 1, "", id="unknown host", marks=pytest.mark.full),
        pytest.param("등..대", 2, "", id="no host", marks=pytest.mark.full),
    ],
)
def test_an_unavailable_address_is_one_line_and_migrates_nothing(
    installation: Installation, host: str, status: int, said: str
) -> None:
    installation.database.unlink()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"{host}:{taken.getsockname()[1]}"
        ended = installation.process(PROGRAM, "serve", "--bind", place)
    assert ended.returncode == status
    assert_one_line(ended, f"cannot listen on {place}", said)
    assert not installation.database.exists()


def test_the_command_line_outdoes_the_server_file() -> None:
    plain = load_server_config()
    assert (plain.bind, plain.workers) == (["127.0.0.1:8000"], 2)
    told = load_server_config(bind="[::1]:9000", workers=4)
    assert (told.bind, told.workers) == (["[::1]:9000"], 4)
    assert told.keep_alive_timeout == plain.keep_alive_timeout == 60


def test_what_a_server_file_leaves_out_is_as_in_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hypercorn.toml").write_text("keep_alive_timeout = 9")
    server = load_server_config()
    assert (server.keep_alive_timeout, server.graceful_timeout, server.backlog) == (9, 8, 2048)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files of a certificate and of keys: its own, another one's, and its own with a password."""
    folder = tmp_path_factory.mktemp("certificates")
    certificate, key = make_certificate(folder)
    (folder / "other").mkdir()
    other = make_certificate(folder / "other")[1]
    locked = f"{folder}/locked.key"
    lock = ["openssl", "pkcs8", "-topk8", "-in", key, "-passout", "pass:lamp", "-out", locked]
    subprocess.run(lock, check=True)
    (folder / "both.pem").write_text(Path(certificate).read_text() + Path(key).read_text())
    names = {"site": certificate, "key": key, "other": other, "locked": locked}
    return names | {"both": f"{folder}/both.pem", "empty": os.devnull}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("wrokers = 2", "wrokers"),
        ("bind = [", "hypercorn.toml"),
        ('workers = "two"', "workers must be a whole number"),
        ("workers = 0", "workers must be at least 1"),
        ("keep_alive_timeout = nan", "keep_alive_timeout must be a number"),
        ('read_timeout = "30"', "read_timeout must be a number"),
        ('server_names = "a"', "server_names must be a list of texts"),
        ('statsd_host = "here"', "statsd_host must be HOST:PORT"),
        ('alpn_protocols = ["h2", "http/1.1"]', "proxy"),
        ('certfile = "/no/such"\nkeyfile = "{key}"', "certfile /no/such cannot be read: No such"),
        ('certfile = "{site}"\nkeyfile = "/no/such"', "keyfile /no/such cannot be read: No such"),
        ('certfile = "{site}"\nkeyfile = "{other}"', "{other} is not the key of .*{site}"),
        ('certfile = "{site}"\nkeyfile = "{locked}"', "{locked} is encrypted"),
        ('certfile = "{site}"\nkeyfile = "{empty}"', "{empty} contains no private key"),
        ('certfile = "{empty}"\nkeyfile = "{key}"', "{empty} contains no certificate"),
        ('certfile = "{site}"', "{site} contains no private key; set keyfile"),
        ('keyfile = "{key}"', "set without certfile"),
        ('certfile = "{both}"\nciphers = "none"', "No cipher"),
        ('certfile = "{both}"\nverify_mode = 9', "verify_mode"),
    ],
)
def test_a_server_file_that_would_not_be_followed_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    certificates: dict[str, str],
    content: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "hypercorn.toml"
    file.write_text(content.format_map(certificates))
    with pytest.raises(StartError, match=said.format_map(certificates)) as refused:
        load_server_config()
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    ['certfile = "{both}"', 'certfile = "{site}"\nkeyfile = "{locked}"\nkeyfile_password = "lamp"'],
    ids=["both in one file", "a password"],
)
def test_a_certificate_is_served_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificates: dict[str, str], content: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hypercorn.toml").write_text(content.format_map(certificates))
    server = load_server_config()
    assert server.ssl_enabled
    assert server.create_ssl_context() is not None


ENDING = {"version": 1, "handlers": {"end": {"()": "os._exit", "status": 7}}}
"""Settings of Python's log that end the process which follows them."""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param('errorlog = "/no/such/log"', "a worker cannot start: FileNot", id="refused"),
        pytest.param('logconfig = "json:end.json"', "a worker ended .*(7)", id="ended"),
    ],
)
def test_a_start_without_a_ready_worker_ends_with_one_line(
    installation: Installation, content: str, said: str
) -> None:
    folder = installation.data_dir.parent
    (folder / "end.json").write_text(json.dumps(ENDING))
    (folder / "hypercorn.toml").write_text(content + '\npid_path = "pid"')
    ended = installation.process(*SERVE, "--bind", f"127.0.0.1:{free_port()}")
    assert ended.returncode == 1
    assert_one_line(ended)
    assert re.search(said, ended.stderr)
    assert "saywho serve does not use these of them: pid_path\n" in ended.stdout
    assert "Serving on" not in ended.stdout

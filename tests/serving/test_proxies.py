"""Behind nginx and HAProxy as the examples configure them: with TLS and HTTP/2."""

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.certificates import make_certificate
from tests.installation import ROOT, Installation
from tests.ports import free_port
from tests.server import HYPERCORN, SERVE, Server, serving
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.full

EXAMPLES = ROOT / "examples" / "operations"
UPLOAD_MB = 64
"""1,024 was tried by hand (docs/operations.md)."""
OWN = "127.0.0.2"
"""An address of this machine that is not the proxy's."""


@dataclass(frozen=True, slots=True)
class Proxied:
    """A server behind a proxy."""

    direct: Server
    port: int
    context: ssl.SSLContext

    def client(
        self,
        address: str = "127.0.0.1",
        headers: Mapping[str, str] | None = None,
        *,
        http2: bool = True,
    ) -> httpx.Client:
        """Return a client at that address, with a token where no headers are given."""
        token = {"Authorization": f"Bearer {self.direct.token}"}
        return httpx.Client(
            base_url=f"https://localhost:{self.port}",
            headers=token if headers is None else headers,
            transport=httpx.HTTPTransport(http2=http2, verify=self.context, local_address=address),
            timeout=DEADLINE_S,
        )


def nginx(folder: Path, port: int, behind: int) -> list[str]:
    text = (EXAMPLES / "nginx.conf").read_text()
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    text = text.replace("listen 443", f"listen 127.0.0.1:{port}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = text.replace("/etc/ssl/saywho.example", str(folder / "site"))
    places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{name}_temp_path {folder};\n" for name in places)
    head = f"pid {folder}/pid; error_log {folder}/errors; events {{}}\n"
    (folder / "conf").write_text(f"{head}http {{ access_log off;\n{paths}{text}}}")
    return ["nginx", "-p", str(folder), "-c", str(folder / "conf"), "-g", "daemon off;"]


def haproxy(folder: Path, port: int, behind: int) -> list[str]:
    """The second of its two servers is down."""
    text = (EXAMPLES / "haproxy.cfg").read_text()
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    text = text.replace("127.0.0.1:8001", f"127.0.0.1:{free_port()}")
    text = text.replace("bind :443", f"bind 127.0.0.1:{port}")
    text = text.replace("bind :80", f"bind 127.0.0.1:{free_port()}")
    text = text.replace("/etc/ssl/saywho.example.pem", f"{folder}/both.pem")
    both = (folder / "site.pem").read_text() + (folder / "site.key").read_text()
    (folder / "both.pem").write_text(both)
    (folder / "conf").write_text(text)
    return ["haproxy", "-db", "-f", str(folder / "conf")]


Configure = Callable[[Path, int, int], list[str]]
"""Writes the files of a proxy, its port and that of the server; returns its command."""
PROXIES: tuple[Configure, ...] = (nginx, haproxy)


@pytest.fixture(scope="module", params=PROXIES, ids=[each.__name__ for each in PROXIES])
def configure(request: pytest.FixtureRequest) -> Configure:
    return chosen_proxy(request.param)


def chosen_proxy(chosen: Configure) -> Configure:
    """Return a proxy, unless this machine has none."""
    if shutil.which(chosen.__name__) is None:
        pytest.skip(f"{chosen.__name__} is not installed; the system's package manager has it")
    return chosen


@pytest.fixture(scope="module")
def proxied(configure: Configure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    with behind(configure, tmp_path_factory.mktemp(configure.__name__), *SERVE) as site:
        yield site


@contextlib.contextmanager
def behind(
    configure: Configure, folder: Path, *server_command: str, **settings: str
) -> Iterator[Proxied]:
    """Start a server, and the proxy in front of it."""
    make_certificate(folder)
    port = free_port()
    own = {"SAYWHO_TRUSTED_PROXIES": "1", "SAYWHO_URL": f"https://localhost:{port}"}
    installation = Installation(folder / "instance", own | settings)
    with serving(installation, *server_command, "--workers", "1") as server:
        server.token = installation.json("token", "add", "t", "--scope", "admin")["token"]
        command = configure(folder, port, server.port)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=installation.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        proxied = Proxied(server, port, ssl.create_default_context(cafile=str(folder / "site.pem")))
        try:

            def answers() -> bool:
                assert process.poll() is None, (folder / "log").read_text()
                with contextlib.suppress(httpx.TransportError), proxied.client() as client:
                    return client.get("/readyz").status_code == 200
                return False

            installation.wait_until(answers)
            yield proxied
        finally:
            process.terminate()
            process.wait(DEADLINE_S)


def test_pages_come_by_http2_and_tls_as_directly(proxied: Proxied) -> None:
    with proxied.client() as client:
        assert client.post("/api/v1/users", json={"username": "ann"}).status_code == 201
        for path in ("/", "/user/ann", "/api/v1/users", "/static/style.css", "/user/nobody"):
            answer = client.get(path)
            status, headers, _ = proxied.direct.send("GET", path)
            assert (answer.http_version, answer.status_code) == ("HTTP/2", status)
            assert answer.headers.get("Content-Type") == headers["Content-Type"]
            assert "Strict-Transport-Security" in answer.headers
    with proxied.client(headers={}) as visitor:
        chosen = visitor.post("/login", data={"name": "nobody", "password": "wrong"})
        assert chosen.status_code == 401
        language = visitor.get("/?lang=ko")
        cookies = [value for name, value in language.headers.items() if name == "set-cookie"]
        assert all("Secure" in cookie for cookie in cookies)


def test_events_arrive_as_they_happen(proxied: Proxied) -> None:
    with proxied.client() as client:
        client.post("/api/v1/users", json={"username": "bea"})
        with proxied.client() as listener, listener.stream("GET", "/api/v1/live") as stream:
            assert stream.http_version == "HTTP/2"
            lines = stream.iter_lines()
            for number in range(3):
                text = f"post {number}"
                posted = client.post("/api/v1/users/bea/tweets", json={"text": text})
                assert posted.status_code == 201
                # The stream is still open: a proxy that kept it back would let this time out.
                data = next(line for line in lines if line.startswith("data:") and text in line)
                assert json.loads(data.removeprefix("data:"))["username"] == "bea"


def test_the_address_of_a_client_is_its_own(proxied: Proxied) -> None:
    def attempt(number: int, address: str) -> int:
        form = {"name": f"nobody{number}", "password": "wrong"}
        forged = {"X-Forwarded-For": f"203.0.113.{number}", "Sec-Fetch-Site": "same-origin"}
        with proxied.client(address, forged) as client:
            return client.post("/login", data=form).status_code

    assert [attempt(n, OWN) for n in range(11)] == [401] * 10 + [429]
    assert attempt(11, "127.0.0.1") == 401


def test_a_large_upload_passes(proxied: Proxied) -> None:
    line = json.dumps({"username": "cid", "text": "not a post of anyone " * 40}).encode() + b"\n"
    piece = line * (2**20 // len(line))

    def body() -> Iterator[bytes]:
        for _ in range(UPLOAD_MB):
            yield piece

    with proxied.client() as client:
        queued = client.post("/api/v1/imports?format=jsonl", content=body())
        assert queued.status_code == 202, queued.text
        place = queued.headers["Location"]
        assert queued.json()["bytes_total"] == UPLOAD_MB * len(piece)
        assert client.delete(place).status_code in {200, 204, 409}
    # By HTTP/2 this client sends all of the body before it reads an answer.
    with proxied.client(http2=False) as client:
        too_long = client.post("/api/v1/compare", json={"text": "x" * 2_000_000})
        assert too_long.status_code == 413
        assert too_long.headers["Content-Type"] == "application/problem+json"


def test_an_upgrade_to_http2_does_not_reach_the_server(
    configure: Configure, tmp_path: Path
) -> None:
    """It would make the proxy a tunnel, past its rules and the headers that it sets."""
    lines = ["GET /healthz HTTP/1.1", "Host: localhost", "Connection: Upgrade, HTTP2-Settings"]
    lines += ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA", "", ""]
    with behind(configure, tmp_path, sys.executable, "-m", *HYPERCORN) as site:
        # Without the name of HTTP/2, which the client of the other tests offers.
        context = ssl.create_default_context(cafile=str(tmp_path / "site.pem"))
        with (
            socket.create_connection(("127.0.0.1", site.port), timeout=DEADLINE_S) as wire,
            context.wrap_socket(wire, server_hostname="localhost") as tls,
        ):
            tls.sendall("\r\n".join(lines).encode())
            assert tls.recv(4096).startswith(b"HTTP/1.1 200 ")

"""Suites of other projects, which test servers of HTTP/1.1, against this program's server.

Fetch the suite yourself and name its folder; nothing of it is kept here. Each command serves what
its suite asks for, by our own HTTP/1.1, and exits with the status of the suite:

- `python -m tests.trust.suites h1spec FOLDER`: uNetworking/h1spec, run by deno;
- `… probe FOLDER`: MDA2AV/Http11Probe, run by dotnet, or by another `--command`;
- `… fixtures FOLDER`: the requests that benoitc/gunicorn's parser is tested with;
- `… testbed FOLDER`: benoitc/gunicorn's tests of ASGI servers, plain, over TLS and behind nginx;
- `… h2load`: nghttp2's load generator, which counts an answer without a reason phrase as failed.
"""

import argparse
import asyncio
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Final

import uvloop
from hypercorn.asyncio import serve

from app.asgi.edge import Edge
from app.serving.http1.messages import RequestReader
from app.serving.settings import load_server_config
from app.serving.worker import use_own_http1
from tests.certificates import make_certificate
from tests.house import ROOT
from tests.ports import free_port

PORTS: Final = {"plain": 8000, "TLS": 8445, "nginx": 8080, "nginx and TLS": 8444}
"""Where gunicorn's tests look for the servers."""
TESTBED: Final = Path("tests", "docker", "asgi_compliance")
REQUESTS: Final = 2_000
WITHOUT_HOST: Final = re.compile(
    rb"(?i)\A(\S+ [^\r]+ HTTP/1\.[01]\r\n)((?:(?!host[ \t]*:)[^\r\n]+\r\n)*\r\n)"
)
"""The head of a request that names no host."""


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer each request by its own body, or `ok` where it has none."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    body = b""
    is_whole = False
    while not is_whole:
        message = await receive()
        body += message.get("body", b"")
        is_whole = not message.get("more_body", False)
    refusal = scope.get("saywho.refusal")
    status = HTTPStatus.OK if refusal is None else refusal.status
    cookies = [value for name, value in scope["headers"] if name == b"cookie"]
    if scope["path"] == "/echo":
        body = b"".join(b"%b: %b\n" % pair for pair in scope["headers"])
    elif scope["path"] == "/cookie":
        body = b"".join(pair + b"\n" for pair in b"; ".join(cookies).split(b"; ") if b"=" in pair)
    body = body or b"ok"
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


own_host: Final = "http://example.com"
"""The address of the site that h1spec asks for."""
echo_behind_edge: Final = Edge(echo, trusted_proxies=0, url=own_host)


async def serve_until_stopped(app: str, port: int, certificate: str, key: str) -> None:
    use_own_http1()
    config = load_server_config(workers=1)
    config.bind = [f"127.0.0.1:{port}"]
    config.certfile, config.keyfile = certificate or None, key or None
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await serve(resolve_name(app), config, shutdown_trigger=stop.wait)


@contextmanager
def served(app: str, port: int, certificate: str = "", key: str = "") -> Iterator[None]:
    """Serve an app in a process of its own."""
    command = (sys.executable, "-m", __spec__.name, "serve", app, str(port), certificate, key)
    with running(command, port):
        yield


@contextmanager
def running(command: tuple[str, ...], port: int) -> Iterator[None]:
    """Run a server; give way once it listens."""
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        while not is_listening(port):
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} ended at once")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def is_listening(port: int) -> bool:
    with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def ask(command: str, port: int, folder: Path) -> int:
    """Run a suite's own command against an echo server."""
    with served(f"{__spec__.name}:echo_behind_edge", port):
        return subprocess.run(shlex.split(command), cwd=folder, check=False).returncode


def h1spec(folder: Path) -> int:
    port = free_port()
    return ask(f"deno run --allow-net http_test.ts localhost {port}", port, folder)


def probe(folder: Path, command: str) -> int:
    port = free_port()
    return ask(f"{command} --host localhost --port {port}", port, folder)


def h2load() -> int:
    port = free_port()
    return ask(f"h2load --h1 -n {REQUESTS} -c 10 http://localhost:{port}/", port, ROOT)


def bytes_of(file: Path) -> bytes:
    """Return the request of a fixture, which has its line ends and odd bytes in letters."""
    data = file.read_bytes().replace(b"\n", b"")
    for written, meant in {b"\\r\\n": b"\r\n", b"\\n": b"\n", b"\\0": b"\0", b"\\t": b"\t"}.items():
        data = data.replace(written, meant)
    return re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), data)


def is_read(data: bytes) -> bool:
    """Return whether our reader takes the first request whole, which gets a Host if it has none."""
    reader = RequestReader()
    reader.feed(WITHOUT_HOST.sub(rb"\1Host: localhost\r\n\2", data, count=1))
    return None in reader.events


def fixtures(folder: Path) -> int:
    """Print which of gunicorn's requests are read otherwise than gunicorn does."""
    files = sorted((folder / "tests" / "requests").glob("*/*.http"))
    differ = [
        f"{file.parent.name}/{file.stem}"
        for file in files
        if is_read(bytes_of(file)) != (file.parent.name == "valid")
    ]
    print(f"{len(files) - len(differ)} of {len(files)} as gunicorn; otherwise: {', '.join(differ)}")
    return 0


def write_nginx(folder: Path, suite: Path, certificate: str, key: str) -> Path:
    text = (suite / "nginx.conf").read_text()
    for name, port in (("gunicorn-asgi:8000", "plain"), ("gunicorn-asgi-ssl:8443", "TLS")):
        text = text.replace(name, f"127.0.0.1:{PORTS[port]}")
    text = text.replace("/certs/server.crt", certificate).replace("/certs/server.key", key)
    text = text.replace("/var/log/nginx", str(folder)).replace("/var/run", str(folder))
    # nginx before 1.25.1, as Debian 12 has, knows HTTP/2 by the older of its settings.
    text = text.replace("http2 on;", "").replace("8444 ssl;", "8444 ssl http2;")
    (folder / "nginx.conf").write_text(f"daemon off;\n{text}")
    return folder / "nginx.conf"


def testbed(folder: Path, more: list[str]) -> int:
    """Run gunicorn's tests, whose containers are stood in for by servers of this machine."""
    suite = (folder / TESTBED).resolve()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(suite), str(ROOT)])
    with ExitStack() as stack:
        own = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certificate, key = make_certificate(own)
        docker = own / "docker"
        docker.write_text("#!/bin/sh\nexit 0\n")
        docker.chmod(0o755)
        os.environ["PATH"] = f"{own}{os.pathsep}{os.environ['PATH']}"
        app = "apps.main_app:app"
        stack.enter_context(served(app, PORTS["plain"]))
        stack.enter_context(served(app, PORTS["TLS"], certificate, key))
        if shutil.which("nginx") is not None:
            conf = write_nginx(own, suite, certificate, key)
            stack.enter_context(running(("nginx", "-p", str(own), "-c", str(conf)), PORTS["nginx"]))
        options = ["-p", "no:cacheprovider", "--override-ini", "addopts=", "-q", "-rf", *more]
        tests = (sys.executable, "-m", "pytest", str(suite), "-c", str(folder / "pyproject.toml"))
        return subprocess.run([*tests, *options], cwd=folder, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    commands = parser.add_subparsers(dest="suite", required=True)
    for name in ("h1spec", "probe", "fixtures", "testbed"):
        of_suite = commands.add_parser(name)
        of_suite.add_argument("folder", type=Path)
        if name == "probe":
            default = "dotnet run --project src/Http11Probe.Cli --"
            of_suite.add_argument("--command", default=default)
    commands.add_parser("h2load")
    server = commands.add_parser("serve")
    for name in ("app", "port", "certificate", "key"):
        server.add_argument(name, type=int if name == "port" else str)
    args, more = parser.parse_known_args()
    match args.suite:
        case "h1spec":
            return h1spec(args.folder)
        case "probe":
            return probe(args.folder, args.command)
        case "fixtures":
            return fixtures(args.folder)
        case "testbed":
            return testbed(args.folder, more)
        case "h2load":
            return h2load()
    uvloop.run(serve_until_stopped(args.app, args.port, args.certificate, args.key))
    return 0


if __name__ == "__main__":
    sys.exit(main())

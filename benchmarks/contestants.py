"""Who takes part: each a server that one can start on a database."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import machine
from tests.ports import free_port

PYTHON: Final = (sys.executable, "-m")
PEERS: Final = "benchmarks.peers"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server: how it is called, and the command that starts it on a port."""

    name: str
    command: Callable[[int], Sequence[str]]
    settings: dict[str, str]
    is_ours: bool = False
    scheme: str = "http"

    def environment(self, database: Path, folder: Path) -> dict[str, str]:
        if not self.is_ours:
            return {"PEER_DATABASE": str(database)} | self.settings
        return {
            "SAYWHO_ENV": "production",
            "SAYWHO_DATA_DIR": str(folder / "instance"),
            "SAYWHO_DATABASE_URL": f"sqlite+aiosqlite:///{database}",
            "SAYWHO_LOG": "json",
            **self.settings,
        }


@dataclass(frozen=True, slots=True)
class Server:
    """A contestant under way."""

    name: str
    address: str
    pids: tuple[int, ...]
    """The processes that were started, without their children."""


@contextlib.contextmanager
def serving(
    contestant: Contestant,
    database: Path,
    folder: Path,
    ready: str,
    on: Sequence[int] = (machine.SERVER_CORE,),
) -> Iterator[Server]:
    """Start a contestant and give it once the path `ready` answers."""
    with all_serving([contestant], lambda _: database, folder, ready, on) as servers:
        yield servers[0]


@contextlib.contextmanager
def all_serving(
    who: Sequence[Contestant],
    database_of: Callable[[Contestant], Path],
    folder: Path,
    ready: str,
    on: Sequence[int] = (machine.SERVER_CORE,),
) -> Iterator[list[Server]]:
    """Start contestants and give them once they answer; those that wait cost next to nothing."""
    with contextlib.ExitStack() as stack:
        servers, waits = [], []
        for number, each in enumerate(who):
            own = folder / f"server{number}"
            own.mkdir(parents=True)
            port, log = free_port(), own / "log"
            env = each.environment(database_of(each), own)
            command = each.command(port)
            process = stack.enter_context(machine.running(command, env, on=on, log=log))
            address = f"{each.scheme}://127.0.0.1:{port}"
            servers.append(Server(each.name, address, (process.pid,)))
            waits.append((f"{servers[-1].address}{ready}", process, log))
        for wait in waits:
            machine.wait_until_ready(*wait)
        yield servers


def ours(
    name: str = "saywho",
    *,
    server: str = "hypercorn",
    workers: int = 1,
    settings: dict[str, str] | None = None,
) -> Contestant:
    """Return this program on a server, with settings."""
    commands = {
        "hypercorn": lambda port: (
            *(sys.executable, "-c", "from app.cli import main; main()", "serve"),
            *("--bind", f"127.0.0.1:{port}", "--workers", str(workers)),
        ),
        "uvicorn": lambda port: (
            *(*PYTHON, "uvicorn", "--factory", "app:create_app", "--no-access-log"),
            *("--port", str(port), "--log-level", "warning"),
        ),
        "granian": lambda port: (
            *(*PYTHON, "granian", "--interface", "asgi", "--factory", "app:create_app"),
            *("--port", str(port), "--workers", "1", "--loop", "uvloop"),
            *("--log-level", "warning"),
        ),
    }
    return Contestant(name, commands[server], settings or {}, is_ours=True)


def flask(name: str, *options: str, module: str = "flask_app", **settings: str) -> Contestant:
    """Return a Flask peer on gunicorn."""
    return Contestant(
        name,
        lambda port: (
            *(*PYTHON, "gunicorn", "--bind", f"127.0.0.1:{port}", "--access-logfile", "-"),
            *("--log-level", "warning", *options, f"{PEERS}.{module}:create_app()"),
        ),
        settings,
    )


SYNC: Final = ("--worker-class", "sync", "--workers", "3")
"""Three, as gunicorn's documentation advises for a core."""
THREADS: Final = ("--worker-class", "gthread", "--workers", "1", "--threads", "4")
FLASK_SYNC: Final = flask("Flask, gunicorn sync", *SYNC)
FLASK_THREADS: Final = flask("Flask, gunicorn gthread", *THREADS)
COURSE: Final = flask("the course's way", *SYNC, module="course")
COURSE_LEAN: Final = flask("the course's way, lean query", *SYNC, module="course", PEER_LEAN="1")
FASTAPI: Final = Contestant(
    "FastAPI, uvicorn",
    lambda port: (
        *(*PYTHON, "uvicorn", f"{PEERS}.fastapi_app:app", "--port", str(port)),
        *("--loop", "uvloop", "--http", "httptools"),
    ),
    {},
)


def quart(name: str, module: str) -> Contestant:
    """Return a rewrite of the Flask peer with Quart, on hypercorn."""
    return Contestant(
        name,
        lambda port: (
            *(*PYTHON, "hypercorn", "--worker-class", "uvloop", "--workers", "1"),
            *("--bind", f"127.0.0.1:{port}", "--access-logfile", "-"),
            f"{PEERS}.{module}:create_app()",
        ),
        {},
    )


QUART: Final = quart("naive Quart, hypercorn", "quart_app")
QUART_BATCHED: Final = quart("naive Quart + Batch", "quart_batched")


def bare(body: Path) -> Contestant:
    """Return the ceiling: an ASGI function on hypercorn that always sends these bytes."""
    return Contestant(
        "bare ASGI, hypercorn",
        lambda port: (
            *(*PYTHON, "hypercorn", "--worker-class", "uvloop", "--workers", "1"),
            *("--bind", f"127.0.0.1:{port}", f"{PEERS}.bare:app"),
        ),
        {"PEER_BODY": str(body)},
    )


def fixed(body: Path) -> Contestant:
    """Return the floor: a protocol on uvloop that always sends these bytes."""
    return Contestant(
        "fixed bytes, uvloop",
        lambda port: (*PYTHON, f"{PEERS}.fixed", str(port)),
        {"PEER_BODY": str(body)},
    )


NGINX: Final = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=answers:10m;
    keepalive_requests 1000000;
    upstream flask {{ server {upstream}; keepalive 4; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://flask;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_cache answers;
            proxy_cache_valid 200 1s;
            proxy_cache_lock on;
        }}
    }}
}}
"""


@contextlib.contextmanager
def nginx_in_front(upstream: Server, folder: Path, ready: str) -> Iterator[Server]:
    """Start nginx with a cache of 1 s in front of a server."""
    folder.mkdir(parents=True)
    port = free_port()
    settings = folder / "nginx.conf"
    backend = upstream.address.removeprefix("http://")
    # As root it would give its rights up, and could not read its own folder.
    user = "user root;" if os.geteuid() == 0 else ""
    settings.write_text(NGINX.format(user=user, folder=folder, port=port, upstream=backend))
    command = (shutil.which("nginx") or "nginx", "-p", str(folder), "-c", str(settings))
    log = folder / "log"
    with machine.running(command, {}, on=[machine.SERVER_CORE], log=log) as process:
        address = f"http://127.0.0.1:{port}"
        machine.wait_until_ready(f"{address}{ready}", process, log)
        yield Server("nginx 1 s, Flask", address, (process.pid, *upstream.pids))


def install(package: str) -> bool:
    """Return whether a program is there; as root it is installed where Debian's apt is."""
    if shutil.which(package):
        return True
    if os.geteuid() == 0 and Path("/usr/bin/apt-get").exists():
        subprocess.run(
            ("/usr/bin/apt-get", "install", "--yes", "-qq", "--no-install-recommends", package),
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return shutil.which(package) is not None

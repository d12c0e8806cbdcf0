"""Proxies in front of saywho, and programs that read what it serves and backs up."""

import contextlib
import json
import re
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import httpx

from tests.installation import ROOT, Installation
from tests.neighbours.tables import RUN_S, Row, ten_as_csv, version_of
from tests.ports import free_port
from tests.server import SERVE, Server, serving

EXAMPLES: Final = ROOT / "examples" / "operations"
LONG_KOREAN: Final = "밤 바다는 조용하고 배는 늦어요 " * 30
"""A question that 2,000 letters allow and an address of 8 KB does not."""


def nginx(folder: Path, port: int, behind: int) -> list[str]:
    text = (EXAMPLES / "nginx.conf").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    text = text.replace("listen 443 ssl http2", f"listen 127.0.0.1:{port}")
    text = re.sub(r"ssl_certificate.*\n", "\n", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    return _nginx_of(folder, text)


def nginx_alone(folder: Path, port: int, behind: int) -> list[str]:
    """nginx with `proxy_pass` and nothing else."""
    own = f"proxy_pass http://127.0.0.1:{behind}; proxy_set_header Host $http_host;"
    return _nginx_of(folder, f"server {{ listen 127.0.0.1:{port}; location / {{ {own} }} }}")


def _nginx_of(folder: Path, site: str) -> list[str]:
    places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{name}_temp_path {folder};\n" for name in places)
    head = f"pid {folder}/pid; error_log {folder}/errors; events {{}}\n"
    (folder / "conf").write_text(f"{head}http {{ access_log off;\n{paths}{site}}}")
    return ["nginx", "-p", str(folder), "-c", str(folder / "conf"), "-g", "daemon off;"]


def haproxy(folder: Path, port: int, behind: int) -> list[str]:
    (folder / "conf").write_text(
        "defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
        f"frontend f\n bind 127.0.0.1:{port}\n default_backend b\n"
        f"backend b\n server s 127.0.0.1:{behind}\n"
    )
    return ["haproxy", "-db", "-f", str(folder / "conf")]


def varnish(folder: Path, port: int, behind: int) -> list[str]:
    (folder / "vcl").write_text(
        f'vcl 4.1;\nbackend default {{ .host = "127.0.0.1"; .port = "{behind}"; }}\n'
    )
    work = ["-n", str(folder / "work"), "-j", "none"]
    return ["varnishd", "-F", "-a", f"127.0.0.1:{port}", "-f", str(folder / "vcl"), *work]


def caddy(folder: Path, port: int, behind: int) -> list[str]:
    (folder / "Caddyfile").write_text(
        "{\n admin off\n auto_https off\n}\n"
        f"http://127.0.0.1:{port} {{\n reverse_proxy 127.0.0.1:{behind}\n}}\n"
    )
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def apache2(folder: Path, port: int, behind: int) -> list[str]:
    modules = "/usr/lib/apache2/modules"
    loaded = ("mpm_event", "proxy", "proxy_http", "authz_core", "deflate", "filter")
    lines = [f"LoadModule {name}_module {modules}/mod_{name}.so" for name in loaded]
    lines += [f"Listen 127.0.0.1:{port}", f"PidFile {folder}/pid", f"ErrorLog {folder}/errors"]
    lines += [f"DefaultRuntimeDir {folder}", "AddOutputFilterByType DEFLATE application/json"]
    lines += [f"ProxyPass / http://127.0.0.1:{behind}/", "ProxyPreserveHost On"]
    (folder / "conf").write_text("\n".join(lines) + "\n")
    return ["apache2", "-D", "FOREGROUND", "-f", str(folder / "conf")]


class Proxy(NamedTuple):
    name: str
    configure: Callable[[Path, int, int], list[str]]
    version: tuple[str, ...]
    line: str = ""


PROXIES: Final = (
    Proxy("nginx, proxy_pass alone", nginx_alone, ("nginx", "-v")),
    Proxy("nginx", nginx, ("nginx", "-v"), "`examples/operations/nginx.conf`"),
    Proxy("HAProxy", haproxy, ("haproxy", "-v")),
    Proxy("Varnish", varnish, ("varnishd", "-V")),
    Proxy("Caddy", caddy, ("caddy", "version")),
    Proxy("Apache", apache2, ("apache2", "-v")),
)


def rows_of_servers(folder: Path, environment: Path, only: str = "") -> Iterator[Row | str]:
    """Run each program beside a server; yield its rows, or a line about what is not here."""
    site = Installation(folder / "served", {"SAYWHO_TRUSTED_PROXIES": "1"})
    (folder / "served.csv").write_bytes(ten_as_csv())
    site.done("import", folder / "served.csv")
    with serving(site, *SERVE, "--workers", "1") as server:
        server.token = site.json("token", "add", "t", "--scope", "write")["token"]
        for proxy in PROXIES:
            if only.lower() in proxy.name.lower():
                yield from _rows_of_proxy(proxy, folder, server)
        if only.lower() in "promtool":
            yield _row_of_promtool(server)
        if only.lower() in "newsboat":
            yield _row_of_newsboat(folder, server)
    if only.lower() in "datasette":
        yield _row_of_datasette(folder, environment, site)


def _rows_of_proxy(proxy: Proxy, folder: Path, server: Server) -> Iterator[Row | str]:
    version = version_of(proxy.version)
    if version is None:
        yield f"{proxy.name} is not here"
        return
    own = folder / proxy.name.replace(" ", "-")
    own.mkdir()
    port = free_port()
    command = proxy.configure(own, port, server.port)
    with (own / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:

            def answers() -> bool:
                assert process.poll() is None, (own / "log").read_text()
                with contextlib.suppress(httpx.TransportError):
                    return client.get("/readyz").status_code == 200
                return False

            server.installation.wait_until(answers)
            for way, asked in (
                ("a question of 510 Korean letters", _asked),
                ("an answer that did not change", _revalidated),
                ("live events", _listened),
            ):
                yield Row(proxy.name, version, way, asked(client, server), proxy.line)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _asked(client: httpx.Client, _: Server) -> str:
    form = {"tweet_text": LONG_KOREAN, "username": "jiu"}
    answer = client.post("/compare", data=form, follow_redirects=True)
    return "whole" if answer.status_code == 200 else f"refused: {answer.status_code}"


def _revalidated(client: httpx.Client, _: Server) -> str:
    found = client.get("/api/v1/tweets/1", headers={"Accept-Encoding": "gzip"})
    known = {"Accept-Encoding": "gzip", "If-None-Match": found.headers["ETag"]}
    again = client.get("/api/v1/tweets/1", headers=known)
    return "whole" if again.status_code == 304 else "changed (sent again)"


def _listened(client: httpx.Client, server: Server) -> str:
    with client.stream("GET", "/api/v1/live") as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line == "event: ready")
        text = f"to {client.base_url.port}"
        status, _, _ = server.send("POST", "/api/v1/users/jiu/tweets", {"text": text})
        assert status == 201
        try:
            next(line for line in lines if line.startswith("data:") and text in line)
        except httpx.ReadTimeout:
            return "refused: the events are kept back"
    return "whole"


def _row_of_promtool(server: Server) -> Row | str:
    if (version := version_of(("promtool", "--version"))) is None:
        return "promtool is not here"
    status, _, metrics = server.send("GET", "/metrics")
    assert status == 200
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=metrics, capture_output=True, check=False
    )
    said = len((done.stdout + done.stderr).splitlines())
    kept = f"changed ({said} remarks)" if said or done.returncode else "whole"
    return Row("promtool", version, "the metrics", kept, "")


def _row_of_newsboat(folder: Path, server: Server) -> Row | str:
    if (version := version_of(("newsboat", "-v"))) is None:
        return "newsboat is not here"
    (folder / "urls").write_text(f"http://127.0.0.1:{server.port}/feed.atom\n")
    own = ["-u", folder / "urls", "-c", folder / "cache.db", "-C", "/dev/null"]
    run = {"capture_output": True, "text": True, "timeout": RUN_S, "check": False}
    subprocess.run(["newsboat", *own, "-x", "reload"], **run)  # type: ignore[call-overload]
    said = subprocess.run(["newsboat", *own, "-x", "print-unread"], **run).stdout  # type: ignore[call-overload]
    stored = len(server.send("GET", "/api/v1/export")[2].splitlines())
    found = int((re.findall(r"\d+", said) or ["0"])[0])
    kept = "whole" if found == stored else f"changed ({found} of {stored} posts)"
    return Row("newsboat", version, "the feed", kept, "")


def _row_of_datasette(folder: Path, environment: Path, site: Installation) -> Row | str:
    program = environment / "bin/datasette"
    if (version := version_of((str(program), "--version"))) is None:
        return "Datasette is not here"
    site.done("backup", folder / "backup.tar")
    with tarfile.open(folder / "backup.tar") as tar:
        (member,) = (each for each in tar.getmembers() if each.name.startswith("database.db"))
        data = tar.extractfile(member)
        assert data is not None
        (folder / "backup.db").write_bytes(data.read())
    (folder / "backup.db").chmod(0o444)
    got = subprocess.run(
        [program, folder / "backup.db", "--get", "/backup/Tweet.json?_shape=array&_size=max"],
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    posts = json.loads(got.stdout or "[]")
    kept = "whole" if any(post.get("text") == "1e5" for post in posts) else "refused"
    return Row("Datasette", version, "the database of a backup", kept, "")

"""Servers in a folder that someone else has filled, and in a checkout that is not installed."""

import os
import re
import shutil
import sys
import venv
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.foreign_folder import ForeignFolder
from tests.installation import ROOT, Installation
from tests.ports import free_port
from tests.server import HYPERCORN, SERVE, Server, serving, started
from tests.waiting import DEADLINE_S

SPAWNING = """
from app.serving import supervisor
from app.cli import main

if __name__ == "__main__":
    supervisor.START_METHOD, supervisor.START_S = "spawn", 600.0
    main()
"""
POSTS = b'{"username": "ann", "text": "the lamp is lit"}\n'


@pytest.fixture
def installation(installation: Installation) -> Installation:
    return installation.with_settings_files()


@pytest.fixture
def folder(installation: Installation) -> ForeignFolder:
    return ForeignFolder.filled(installation.data_dir.parent)


@pytest.fixture(params=["fork", pytest.param("spawn", marks=pytest.mark.full)])
def command(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, ...]:
    """`saywho serve`, and the same with workers that begin as on macOS."""
    if request.param == "fork":
        return SERVE
    script = tmp_path_factory.mktemp("script") / "spawning.py"
    script.write_text(SPAWNING)
    return sys.executable, str(script), "serve"


def imported(server: Server) -> str:
    """Import a file of posts; return the state in which its import ends."""
    server.token = server.installation.json("token", "add", "t", "--scope", "write")["token"]
    headers = {"Authorization": f"Bearer {server.token}"}
    base = f"http://127.0.0.1:{server.port}"
    with httpx.Client(base_url=base, headers=headers, timeout=DEADLINE_S) as client:
        answer = client.post("/api/v1/imports", content=POSTS)
        assert answer.status_code == 202, answer.text
        address = urlsplit(answer.headers["Location"]).path
        state = ""

        def has_ended() -> bool:
            nonlocal state
            state = client.get(address).json()["state"]
            assert "No module named" not in server.log(), server.log()
            return state not in {"queued", "running"}

        server.installation.wait_until(has_ended)
    return state


def preview(server: Server) -> str:
    """Upload a file of posts as the first operator; return the page that shows what is in it."""
    link = re.search(r"http://\S+/setup\?token=(\S+)", server.log())
    assert link, server.log()
    base, same_site = f"http://127.0.0.1:{server.port}", {"Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=base, headers=same_site, timeout=DEADLINE_S) as client:
        form = {"token": link[1], "name": "mina", "password": "invented for tests only"}
        assert client.post("/setup", data=form).status_code == 303
        sent = client.post("/imports", files={"file": ("posts.jsonl", POSTS)})
        return client.get(urlsplit(sent.headers["Location"]).path).text


@pytest.mark.full
def test_a_server_runs_no_module_and_reads_no_settings_of_the_folder(
    installation: Installation, folder: ForeignFolder, command: tuple[str, ...]
) -> None:
    with serving(installation, *command, "--workers", "1") as server:
        assert "the lamp is lit" in preview(server)
        assert imported(server) == "done"
        assert server.stop() == 0
        folder.assert_ignored(server.log())
    assert installation.count_posts() == 1


@pytest.mark.full
@pytest.mark.parametrize("command", ["fork"], indirect=True)
def test_the_first_line_names_a_server_file_of_the_folder(
    installation: Installation, command: tuple[str, ...]
) -> None:
    folder = installation.data_dir.parent
    (folder / ".env").write_text("SAYWHO_LOCALE=ko\n")
    file = folder / "hypercorn.toml"
    file.write_text("graceful_timeout = 1\n")
    with serving(installation, *command, "--workers", "1") as server:
        first, *others = server.log().splitlines()
        assert first == f"Server settings are read from {file}"
        assert str(file) not in "".join(others)


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a Python that has what saywho depends on, and not saywho."""
    place = tmp_path_factory.mktemp("bare")
    venv.create(place, with_pip=False)
    (packages,) = place.glob("lib/python*/site-packages")
    folders = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("".join(f"{path}\n" for path in folders))
    return str(place / "bin" / "python")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with links in place of files."""
    folder = tmp_path / "checkout"
    for package in ("app", "saywho"):
        shutil.copytree(ROOT / package, folder / package, copy_function=os.symlink)
    return folder


@pytest.mark.full
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(HYPERCORN, id="hypercorn"),
        pytest.param(
            ("uvicorn", "--factory", "app:create_app"), id="uvicorn", marks=pytest.mark.full
        ),
    ],
)
def test_a_checkout_that_is_not_installed_imports_files(
    bare_python: str, checkout: Path, template: Path, command: tuple[str, ...]
) -> None:
    installation = Installation.made(checkout / "instance", template)
    assert installation.process(bare_python, "-P", "-c", "import app").returncode == 1
    port, log_file = free_port(), checkout / "log"
    is_hypercorn = command is HYPERCORN
    place = [f"--bind=127.0.0.1:{port}", "--workers=1"] if is_hypercorn else [f"--port={port}"]
    with (
        log_file.open("wb") as log,
        started(installation, (bare_python, "-m", *command, *place), log) as process,
    ):
        server = Server(installation, process, log_file, port)
        server.wait_until_ready()
        assert imported(server) == "done"

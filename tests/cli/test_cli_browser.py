"""Whether a start opens a browser, what its command line shows, and what is left."""

import os
import pty
import re
import select
import stat
import subprocess
from html import unescape
from pathlib import Path

import pytest
from quart import Quart

from app.runtime.network import own_address
from app.security import LINK_PAGE
from app.services.access.accounts import add_setup_link
from app.serving.browser import is_at_desktop, open_browser
from tests.browsing import Browser, parts_of
from tests.installation import PROGRAM, Installation
from tests.ports import free_port
from tests.waiting import DEADLINE_S

DESKTOP = {"DISPLAY": ":0", "HOME": "/home/ann", "TERM": "xterm"}


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param({"DISPLAY": ""}, id="no display"),
        pytest.param({"DISPLAY": "localhost:10.0"}, id="a display that ssh forwards"),
        pytest.param({"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}, id="ssh"),
        pytest.param({"SSH_TTY": "/dev/pts/3"}, id="ssh with a terminal"),
        pytest.param({"SUDO_UID": "1000"}, id="sudo"),
        pytest.param({"CI": "true"}, id="CI"),
        pytest.param({"container": "podman"}, id="a container"),
        pytest.param({"BROWSER": "0"}, id="no browser"),
    ],
)
def test_no_browser_is_opened_away_from_a_desktop(reason: dict[str, str], tmp_path: Path) -> None:
    assert is_at_desktop(DESKTOP, tmp_path)
    assert is_at_desktop({"WAYLAND_DISPLAY": "wayland-0"}, tmp_path)
    assert not is_at_desktop(DESKTOP | reason, tmp_path)
    (tmp_path / ".dockerenv").touch()
    assert not is_at_desktop(DESKTOP, tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - a test's own server
def test_a_terminal_shows_the_link_to_phones_that_reach_it(tmp_path: Path, host: str) -> None:
    installation = Installation(tmp_path / "data")
    screen, keyboard = pty.openpty()
    serve = [str(PROGRAM), "serve", "--bind", f"{host}:{free_port()}", "--workers", "1"]
    process = subprocess.Popen(
        [*serve, "--no-browser"], stdout=keyboard, stderr=keyboard, env=installation.environment()
    )
    os.close(keyboard)
    seen = b""
    try:
        while b"Ctrl+C stops" not in seen:
            assert select.select([screen], [], [], DEADLINE_S)[0], seen
            seen += os.read(screen, 2**16)
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
        os.close(screen)
    text = seen.decode()
    assert "/setup?token=" in text
    # A code has blocks of half a row; this machine may be in no network.
    is_shown = host == "0.0.0.0" and own_address() is not None  # noqa: S104
    assert (text.count("▀") > 100) == is_shown
    assert ("scan it with a phone" in text) == is_shown


async def test_the_browser_gets_a_private_file_that_is_gone_once_the_link_was_opened(
    app: Quart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with parts_of(app).db.write() as session:
        secret = await add_setup_link(session)
    link = f"http://127.0.0.1:8000/setup?token={secret}"
    program, seen = tmp_path / "browser", tmp_path / "seen"
    program.write_text(f'#!/bin/sh\necho "$@" > {seen}\n')
    program.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(program))
    data_dir = parts_of(app).config.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / LINK_PAGE).write_text("of a killed server")

    opening = open_browser(data_dir, link)
    assert opening is not None
    opening.wait(DEADLINE_S)
    page = data_dir / LINK_PAGE
    assert seen.read_text() == f"{page.absolute().as_uri()}\n"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert link in unescape(re.findall(r'url=([^"]+)"', page.read_text())[0])
    assert (await Browser(app).get("/setup?token=of-somebody-else")).status_code == 403
    assert page.exists()
    assert (await Browser(app).get(f"/setup?token={secret}")).status_code == 200
    assert not page.exists()

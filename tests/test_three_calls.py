"""TwitOff's three calls work as they are shown, and every place shows the same."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, Final

import pytest

from tests.installation import PROGRAM, ROOT, TIMEOUT_S, Installation
from tests.server import SERVE, Server, serving

ORIGIN: Final = "http://127.0.0.1:8000"
GUIDE: Final = "docs/api.md"
READMES: Final = ("README.md", "README.ko.md")
_BLOCK: Final = re.compile(r"^```(?:sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHOWN: Final = re.compile(r"<pre><code>(.*?)</code></pre>", re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What `make run` starts on a fresh installation."""
    installation = Installation(tmp_path_factory.mktemp("run") / "instance")
    with serving(installation, *SERVE, "--sample") as running:
        yield running


def calls_in(blocks: list[str]) -> tuple[str, str]:
    """Return the commands for the shell and the program, without comments."""
    (commands,) = (block for block in blocks if "token add me" in block)
    (program,) = (block for block in blocks if "import httpx" in block)
    return without_comments(commands), without_comments(program)


def without_comments(code: str) -> str:
    return "\n".join(line for line in code.strip().splitlines() if not line.startswith("# "))


def blocks_of(guide: str) -> list[str]:
    return _BLOCK.findall((ROOT / guide).read_text())


def calls_of(guide: str) -> tuple[str, str]:
    return calls_in(blocks_of(guide))


def values_of(output: str) -> list[Any]:
    """Return the JSON values that curl printed, one after the other without a line end."""
    values, decoder = list[Any](), json.JSONDecoder()
    while output:
        value, end = decoder.raw_decode(output)
        values.append(value)
        output = output[end:].lstrip()
    return values


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_calls_work_as_they_are_shown(server: Server, tmp_path: Path) -> None:
    commands, program = (
        code.replace(ORIGIN, f"http://127.0.0.1:{server.port}").replace(
            ".venv/bin/", f"{PROGRAM.parent}/"
        )
        for code in calls_of(GUIDE)
    )
    file = tmp_path / "three_calls.py"
    file.write_text(program)
    script = f"{commands}\necho\n{PROGRAM.parent}/python {file}\n"
    done = subprocess.run(
        ["bash", "-euc", script],
        env=server.installation.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_S,
    )
    *printed, added, posted, judged = done.stdout.splitlines()
    author, report, answer = values_of("".join(printed))
    assert (author["username"], report["accepted"]) == ("mina", 10)
    # The reader's own author is asked about.
    assert (answer["verdict"], answer["ranking"][0]["username"]) == ("likely", "mina")
    assert judged == "likely jun"
    assert [added[:4], posted[:4]] == ["201 ", "201 "]
    assert f"`{judged}`" in (ROOT / GUIDE).read_text()


def test_every_place_shows_the_same_calls(server: Server) -> None:
    shown = [calls_of(GUIDE)]
    for language in ("en", "ko"):
        status, _, data = server.send("GET", "/api/v1/docs", Accept_Language=language)
        assert status == 200
        page = data.decode().replace(f"http://127.0.0.1:{server.port}", ORIGIN)
        shown.append(calls_in([unescape(block) for block in _SHOWN.findall(page)]))
    assert shown == [shown[0]] * len(shown)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("page", READMES)
def test_readme_shows_a_call_that_needs_no_token(page: str, server: Server) -> None:
    (call,) = (block for block in blocks_of(page) if block.startswith("curl"))
    command = call.replace(ORIGIN, f"http://127.0.0.1:{server.port}")
    answer = json.loads(
        subprocess.run(
            ["bash", "-euc", command], capture_output=True, check=True, timeout=TIMEOUT_S
        ).stdout
    )
    told = answer["verdict"], answer["ranking"][0]["username"]
    assert all(f"`{value}`" in (ROOT / page).read_text() for value in told)

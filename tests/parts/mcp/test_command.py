"""`saywho mcp`: the same tools over standard input and output, for programs on this computer."""

import json
import subprocess
from typing import Any, Final

import pytest
from mcp import Client as Sdk
from mcp.client.stdio import StdioServerParameters

from app.parts.mcp.messages import MOST_BYTES
from tests.installation import PROGRAM, Installation
from tests.parts.mcp.assistants import Plain

LAMP: Final = json.dumps({"username": "minah_k", "text": "Minah_k has a lamp"}) + "\n"
OLD: Final = Plain(None, "2025-06-18")


def lines(*messages: Any) -> bytes:
    return b"".join(
        (each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n"
        for each in messages
    )


def told(installation: Installation, *arguments: str, stdin: bytes) -> list[Any]:
    printed = installation.done("mcp", *arguments, stdin=stdin)
    return [json.loads(line) for line in printed.splitlines()]


@pytest.fixture
def filled(installation: Installation) -> Installation:
    (installation.data_dir / "posts.jsonl").write_text(LAMP, encoding="utf-8")
    installation.done("import", installation.data_dir / "posts.jsonl")
    return installation


def test_nothing_is_read_without_the_switch_or_an_option(filled: Installation) -> None:
    search = lines(OLD.message("tools/call", name="search", arguments={}))
    ended = filled.run("mcp", stdin=search)
    assert ended.exit_code == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert "--allow" in ended.stderr
    for option, name in (("--allow", "[…] has a lamp"), ("--allow=names", "Minah_k has a lamp")):
        (answer,) = told(filled, option, stdin=search)
        text = answer["result"]["content"][0]["text"]
        assert f"> {name}" in text
        assert "http://127.0.0.1:8000/tweet/1" in text


def test_lines_have_the_errors_of_json_rpc(filled: Installation) -> None:
    sent = lines(
        b"{",
        b"",
        [OLD.message("ping")],
        b'"' + b"a" * 2 * MOST_BYTES,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        OLD.message("nothing"),
        OLD.message("ping"),
    )
    answers = told(filled, "--allow", stdin=sent)
    assert [answer["error"]["code"] for answer in answers[:-1]] == [-32700, -32600, -32600, -32601]
    assert answers[-1] == {"jsonrpc": "2.0", "id": 1, "result": {}}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_client_of_the_sdk_starts_it(filled: Installation, mode: str) -> None:
    server = StdioServerParameters(
        command=str(PROGRAM), args=["mcp", "--allow"], env=filled.environment()
    )
    async with Sdk(server, mode=mode) as connected:
        found = await connected.call_tool("search", {"words": "lamp"})
        assert "[…] has a lamp" in found.content[0].text  # type: ignore[union-attr]


def test_it_ends_with_its_input(filled: Installation) -> None:
    ended = filled.process(PROGRAM, "mcp", "--allow", stdin=subprocess.DEVNULL)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")

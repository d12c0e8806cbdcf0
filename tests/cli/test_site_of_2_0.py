"""A site of 2.0.0 that used what went after it: nothing stored is lost, and each is one line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from app import withdrawn
from tests.cli.test_former_site import CHAT, FORMER, source_of
from tests.installation import PROGRAM, Installation, lines
from tests.server import Server, serving

SETTINGS: Final = {
    "SAYWHO_PUBLIC": "1",
    "SAYWHO_WITHOUT": "mirror,evidence",
    "SAYWHO_EVENT_RETENTION": "5000",
}
POSTS: Final = [
    {"username": name, "text": text.format(number)}
    for name, text in (
        ("cleo", "honestly, every stair counts, step {} most of all!!"),
        ("dora", "the {} ferries of today were late, and nobody said why"),
        ("emil", "Form {} must be handed in twice. Thank you."),
        ("fred", "o moon {} o silver o night, how long do you stay"),
    )
    for number in range(40)
]


class Upgraded(NamedTuple):
    server: Server
    stored: list[str]
    """What 2.0.0 exported."""
    backup: Path
    papers: dict[Path, bytes]
    """Files that 2.0.0 wrote for its user."""
    player: dict[str, Any]
    """Whoever joined a game there, which asks its first question."""


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return source_of("2.0.0", tmp_path_factory.mktemp("former"))


@pytest.fixture(scope="module")
def upgraded(former: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """A server on a site that 2.0.0 made, with the settings that it had there."""
    folder = tmp_path_factory.mktemp("site")
    old = Installation(folder / "data", {"PYTHONPATH": str(former)})

    def done(*arguments: str | Path) -> str:
        ended = old.process(*FORMER, *arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    chat, draft = folder / "chat.txt", folder / "draft.txt"
    chat.write_text(CHAT)
    draft.write_text("honestly, every stair counts, and the last one most of all!!")
    done("import", lines(folder / "posts.jsonl", *POSTS))
    done("import", chat, "--dates", "month-first", "--publish")
    done("mirror", draft, "-u", "cleo")
    done("case", draft, "-u", "cleo", "-o", folder / "case.html")
    token = json.loads(done("token", "add", "script", "--scope", "admin", "--json"))["token"]
    stored = sorted(done("export").splitlines())
    done("backup", backup := folder / "before-upgrade.tar", "--with-secrets")
    papers = {path: path.read_bytes() for path in folder.glob("case.*")}
    assert len(papers) == 2
    with serving(old, *FORMER, "serve", "--workers", "1") as server:
        server.token = token
        wanted = {"usernames": ["cleo", "dora"], "questions": 3, "seconds": 20}
        _, _, game = server.send("POST", "/api/v1/games", wanted)
        _, _, player = server.send("POST", "/api/v1/play", {"code": game["code"], "name": "Ida"})
        server.send("POST", f"/api/v1/games/{game['id']}/next", {"version": game["version"]})
    new = Installation(old.data_dir, SETTINGS)
    with serving(new, str(PROGRAM), "serve", "--workers", "1") as server:
        server.token = token
        yield Upgraded(server, stored, backup, papers, player)


def exported(site: Installation) -> list[str]:
    lines = site.done("export").replace(',"handles":null', "")  # A field of today.
    return sorted(lines.splitlines())


def test_nothing_that_is_stored_is_lost(upgraded: Upgraded) -> None:
    assert exported(upgraded.server.installation) == upgraded.stored
    assert upgraded.server.installation.done("check") == "ok\n"
    assert {path: path.read_bytes() for path in upgraded.papers} == upgraded.papers


def test_a_backup_is_restored_with_its_rights(upgraded: Upgraded, tmp_path: Path) -> None:
    restored = Installation(tmp_path / "restored")
    assert "script" in restored.done("restore", upgraded.backup)
    assert exported(restored) == upgraded.stored


def test_a_game_goes_on_with_its_players(upgraded: Upgraded) -> None:
    server, player = upgraded.server, upgraded.player
    own = {"Authorization": f"Bearer {player['token']}"}
    status, _, view = server.send("GET", f"/api/v1/play/{player['game']}", **own)
    assert (status, view["question"], view["players"]) == (200, 1, 1)


@pytest.mark.parametrize(
    ("name", "way"), [("mirror", "take the name out"), ("evidence", "write tables instead")]
)
def test_a_part_that_went_is_one_line(upgraded: Upgraded, name: str, way: str) -> None:
    (line,) = re.findall(rf".*SAYWHO_WITHOUT names {name}\b.*", upgraded.server.log())
    assert way in line
    # What is still there of the name stays left out.
    assert upgraded.server.send("GET", "/compare/table")[0] == 404


def test_a_setting_that_went_is_one_line(upgraded: Upgraded) -> None:
    (line,) = re.findall(".*SAYWHO_EVENT_RETENTION.*", upgraded.server.log())
    assert line == "saywho: SAYWHO_EVENT_RETENTION is no setting any more: take it out"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/mirror", None),
        ("POST", "/mirror", None),
        ("POST", "/api/v1/mirror", {"texts": ["the ferry is late"]}),
        ("GET", "/compare/case", None),
        ("POST", "/compare/case", None),
        ("POST", "/api/v1/games", {"usernames": ["cleo", "dora"]}),
        ("GET", "/api/v1/games/1", None),
        ("POST", "/api/v1/games/1/next", {"version": 2}),
        ("POST", "/api/v1/play", {"code": "AAAAAA", "name": "Ida"}),
    ],
)
def test_an_address_that_went_says_so(
    upgraded: Upgraded, method: str, path: str, body: Any
) -> None:
    status, headers, gone = upgraded.server.send(method, path, body, Accept="application/json")
    assert (status, headers.get_content_type()) == (410, "application/problem+json")
    assert gone["detail"].startswith("This address is gone. ")


@pytest.mark.parametrize(
    ("command", "way"),
    [
        (("mirror", "draft.txt", "-u", "cleo"), "compare -u NAME"),
        (("case", "draft.txt", "-u", "cleo", "-o", "case.html"), "compare -u NAME --json"),
        (("replay", "case.json"), "version 2.0"),
    ],
)
def test_a_command_that_went_names_the_way(
    upgraded: Upgraded, command: tuple[str, ...], way: str
) -> None:
    for arguments in (command, (command[0], "--help")):
        ended = upgraded.server.installation.process(PROGRAM, *arguments)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
        assert ended.stderr.startswith(f"saywho: {command[0]} is gone; use ")
        assert way in ended.stderr


@pytest.mark.parametrize("used", [used for used in withdrawn.COMMANDS if " --" in used])
def test_an_option_that_went_names_the_way(installation: Installation, used: str) -> None:
    command, option = used.split()
    ended = installation.run(command, option)
    told = f"saywho: {used} is gone; {withdrawn.COMMANDS[used]}\n"
    assert (ended.exit_code, ended.stdout, ended.stderr) == (2, "", told)
    assert option not in installation.done(command, "--help")


def test_no_help_names_what_went(upgraded: Upgraded) -> None:
    told = upgraded.server.installation.process(PROGRAM, "--help").stdout
    assert not re.search(r"^  (mirror|case|replay) ", told, re.MULTILINE)

"""Moving a site to PostgreSQL as `docs/postgresql.md` says, and lines that a site refuses."""

import asyncio
import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.services.rooms.changes import change_zone
from tests.archives import zip_bytes
from tests.conftest import MakeConfig
from tests.databases import Databases
from tests.installation import ROOT, TIMEOUT_S, Installation, lines
from tests.services.imports.test_chat_media import attached, iphone, photo
from tests.services.test_joined_names import ALL, chat

CHAT: Final = ("--accept-doubts", "--timezone")
GUIDE: Final = (ROOT / "docs/postgresql.md").read_text().partition("## Moving from SQLite")[2]
COMMANDS: Final = [
    line.strip().removeprefix("SAYWHO_PUBLIC=0 ")
    for block in re.findall(r"```sh\n(.*?)```", GUIDE.partition("\n## ")[0], re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


@pytest.fixture
def old(tmp_path: Path) -> Installation:
    """A private site with a deleted chat, messages that came late, joined names, a changed zone and
    a picture.
    """
    folder = tmp_path / "old"
    folder.mkdir()
    config = Config(
        env="testing", data_dir=folder, database_url=f"sqlite+aiosqlite:///{folder / 'testing.db'}"
    )
    prepare(config, upgrade_old=False)
    site = Installation(folder, {"SAYWHO_PUBLIC": "0"})
    others = chat(*range(40, 50), people=("Zed", "Bo")).replace(b"Nadia", b"Olga")
    earlier = chat(*range(30, 50), people=("Zed", "Bo")).replace(b"Nadia", b"Olga")
    for name, data, zone in [
        ("gone.txt", chat(3, changes=0, people=("Ida",)), "UTC"),
        ("chat.txt", ALL, "UTC"),
        ("late.txt", others, "UTC"),
        ("full.txt", earlier, "UTC"),
        ("pictures.zip", pictures(), "Asia/Seoul"),
    ]:
        (tmp_path / name).write_bytes(data)
        site.done("import", tmp_path / name, *CHAT, zone)
    site.done("room", "delete", "1", "--yes")
    site.done("user", "join", "Nadia", "Nadia_Berlin")
    asyncio.run(changed(config, "Asia/Seoul"))
    posts = [{"username": "ann_x", "platform": "x", "text": f"n {n}"} for n in range(5)]
    site.done("import", lines(tmp_path / "posts.jsonl", *posts))
    return site


def pictures() -> bytes:
    words = (f"said number {n} here" for n in range(20))
    return zip_bytes(iphone(*words, attached("a.jpg")) | {"a.jpg": photo(3)})


async def changed(config: Config, zone: str) -> None:
    """Read the times of the first chat that is there in another zone."""
    async with Database(config) as db, db.write() as session:
        await change_zone(session, 2, zone)


def typed(command: str, site: Installation) -> Any:
    """Type a line of the guide for a site."""
    program, *arguments = command.split()
    if program == "saywho":
        return site.run(*(each if "." not in each else folder(site) / each for each in arguments))
    return subprocess.run(
        ["sh", "-c", command], cwd=folder(site), capture_output=True, check=False, timeout=TIMEOUT_S
    )


def folder(site: Installation) -> Path:
    return site.data_dir.parent


@pytest.mark.databases("sqlite", "postgresql")
def test_a_site_moves_as_the_guide_says(
    old: Installation, make_config: MakeConfig, databases: Databases, tmp_path: Path
) -> None:
    config = make_config(data_dir=tmp_path / "new")
    public = Installation.of(config)
    private = Installation(config.data_dir, public.settings | {"SAYWHO_PUBLIC": "0"})
    export, bring, export_new, without_ids, compare = COMMANDS
    assert typed(export, old).exit_code == 0

    # Without the setting that the guide names, the end tells a script that chats are missing.
    refused = typed(bring, public)
    assert refused.exit_code == 1
    assert "stored 5 posts; 191 rejected" in refused.stdout
    last = refused.stderr.splitlines()[-1]
    assert last.startswith("rejected, and no fault of the file: 191 posts: this is a chat, and")
    assert "SAYWHO_PUBLIC=0" in last

    assert typed(bring, private).exit_code == 0
    assert typed(export_new, private).exit_code == 0
    assert typed(without_ids, private).returncode == 0
    assert typed(compare, private).stdout == b""
    assert typed(compare, private).returncode == 0

    for name, zone in [("chat.txt", "Asia/Seoul"), ("pictures.zip", "Asia/Seoul")]:
        again = private.json("import", tmp_path / name, *CHAT, zone, "--times", "here")
        assert (again["accepted"], again["rejected"]) == (0, 0)
    zones = databases.fetch(config.data_dir, 'SELECT tz FROM "Room" ORDER BY id')
    assert sorted(zones, key=str) == [("Asia/Seoul",), ("Asia/Seoul",), (None,)]
    kept = [path for path in old.files() if path.startswith("media/")]
    assert [path for path in private.files() if path.startswith("media/")] == kept != []


def test_what_the_site_refuses_is_told_apart_from_faults_of_the_file(
    installation: Installation, tmp_path: Path
) -> None:
    """A name of another platform is another reason; a text that is none is a fault."""
    known = {"username": "mina", "platform": "x", "text": "fog"}
    installation.done("import", lines(tmp_path / "known.jsonl", known))
    said = {"text": "hi", "room": {"name": "us"}, "created_at": "2024-05-01T09:00:00Z"}
    other = {"username": "mina", "platform": "reddit"}
    records: list[dict[str, Any]] = [
        *({"username": f"p{n}"} | said for n in range(3)),
        *(other | {"text": f"n {n}"} for n in range(2)),
        {"username": "ann", "text": 5},
        {"username": "ann", "text": "well"},
    ]
    path = lines(tmp_path / "posts.jsonl", *records)
    for options in ([], ["--dry-run"]):
        result = installation.refused("import", path, *options, status=1)
        counted = [line for line in result.splitlines() if "no fault of the file" in line]
        assert [re.findall("[0-9]+ posts?: ", line) for line in counted] == [
            ["3 posts: "],
            ["2 posts: "],
        ]
        assert "'mina' is already an author from x, not from reddit" in counted[1]
    report = installation.run("import", path, "--json")
    assert (report.exit_code, json.loads(report.stdout)["rejected"]) == (1, 6)
    # Whoever has done what the lines say is done.
    rest = lines(tmp_path / "rest.jsonl", *records[:3], *records[5:])
    assert installation.run("import", rest, "--publish").exit_code == 0

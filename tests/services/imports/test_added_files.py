"""Files that other programs put beside chats of Slack, and those that ChatLab's files name."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from app.db.engine import Database
from tests.archives import picture, zip_bytes
from tests.formats.chatlab_variants import in_lines, in_object
from tests.formats.slack_variants import message, workspace
from tests.services.imports.test_chat_media import bring, names

USER: Final = {"id": "U1", "name": "tide"}
CHANNEL: Final = {"id": "C1", "name": "us", "members": ["U1"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


async def test_slack_has_the_files_that_another_program_added(db: Database, folder: Path) -> None:
    files: list[dict[str, Any]] = [
        {"id": f"F0{n}ABCDEF", "name": f"{n}.png", "url_private": f"https://s/{n}.png"}
        for n in (1, 2, 3)
    ]
    rows = [message("U1", "", f"170532000{n}.000100", files=[file]) for n, file in enumerate(files)]
    data = workspace({"us/2024-01-15": rows}, [USER], lists={"channels": [CHANNEL]})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["__uploads/F01ABCDEF/1.png"] = picture(1)
    members["C1/attachments/F02ABCDEF-2.png"] = picture(2)
    report = await bring(db, zip_bytes(members), folder)
    # Of the third one there is an address alone.
    assert (report.accepted, report.skipped, report.errors) == (2, 1, [])
    assert len(names(folder)) == 2


@pytest.mark.parametrize("write", [in_lines, in_object])
async def test_chatlab_has_the_files_that_it_names(
    db: Database, folder: Path, write: Callable[..., bytes]
) -> None:
    contents = ("media/1.png", "[图片]", "../2.png", "media/none.png", 7)
    said = [
        {
            "sender": "u1",
            "accountName": "Pine",
            "timestamp": 1767225600 + n,
            "type": 1,
            "content": name,
        }
        for n, name in enumerate(contents)
    ]
    members = {"tea/chat.json": write(said), "tea/media/1.png": picture(1), "2.png": picture(2)}
    report = await bring(db, zip_bytes(members), folder)
    assert (report.accepted, report.skipped, report.errors) == (1, 4, [])
    assert len(names(folder)) == 1

"""Files of media: out of the archive, kept once, counted, refused, removed with their posts."""

import asyncio
import io
import json
import os
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import func, select

from app.db.engine import Database
from app.models import MediaUse, Tweet
from app.services.checks import find_faults
from app.services.deletion import purge_deleted
from app.services.imports.job_report import ImportReport
from app.services.imports.storing import StoreOptions, import_records
from app.services.posts.media import MediaKeeper, is_needed, remove_every_unneeded, remove_unneeded
from saywho.formats.registry import open_records
from saywho.formats.source import file
from saywho.formats.source.file import Source
from tests.archives import VIDEO, picture, x_media, x_media_members, x_zip, zip_bytes
from tests.formats.chatlab_variants import in_lines, in_object
from tests.formats.files import saved_folder
from tests.formats.slack_variants import message, workspace
from tests.posting import remove_author, remove_post
from tests.services.imports.test_chat_media import bring as bring_files, names

PHOTO = "https://p.example/media/{}.png"
ROOM = 2**30


def kept(data: bytes, suffix: str = "png") -> str:
    return f"{sha256(data).hexdigest()}.{suffix}"


def three_posts() -> dict[str, bytes]:
    """Return an archive in a folder: two posts share a picture, the third has a video."""
    posts = {
        1: [x_media(PHOTO.format("a"), ext_alt_text="a lamp")],
        2: [x_media(PHOTO.format("b"), ext_alt_text="the same lamp")],
        3: [x_media("https://v.example/vid/720/c.mp4?tag=1", "video"), x_media(PHOTO.format("d"))],
    }
    files = {"1-a.png": picture(1), "2-b.png": picture(1), "3-c.mp4": VIDEO}
    return x_media_members(posts, files, top="twitter-2024/")


async def bring(db: Database, path: Path, folder: Path, *, room: int = ROOM) -> ImportReport:
    with Source(path) as source:
        records = open_records(source)
        keeper, storing = MediaKeeper(folder, room), StoreOptions(scope="admin")
        return await import_records(db, records, username=None, keeper=keeper, storing=storing)


async def media_of(db: Database) -> list[list[str | None]]:
    """Return the kept files of each post."""
    async with db.read() as session:
        rows = await session.execute(select(Tweet.media).order_by(Tweet.id))
    return [[medium.get("file") for medium in json.loads(row.media or "[]")] for row in rows]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


async def test_files_of_an_archive_are_kept_once(
    db: Database, tmp_path: Path, folder: Path
) -> None:
    report = await bring(db, x_zip(tmp_path / "x.zip", three_posts()), folder)
    assert (report.accepted, report.errors) == (3, [])
    lamp, film = kept(picture(1)), kept(VIDEO, "mp4")
    assert await media_of(db) == [[lamp], [lamp], [film, None]]
    assert names(folder) == {lamp, film}
    assert (folder / lamp).read_bytes() == picture(1)
    assert (folder / film).stat().st_mode & 0o777 == 0o600
    assert await find_faults(db) == []
    # Unpacked, and once more: nothing new.
    again = await bring(db, saved_folder(tmp_path / "open", three_posts()), folder)
    assert (again.accepted, again.duplicates) == (0, 3)
    assert names(folder) == {lamp, film}


async def test_a_file_goes_with_the_last_post_that_needs_it(
    db: Database, tmp_path: Path, folder: Path
) -> None:
    await bring(db, x_zip(tmp_path / "x.zip", three_posts()), folder)
    lamp, film = kept(picture(1)), kept(VIDEO, "mp4")
    async with db.read() as session:
        ids = list(await session.scalars(select(Tweet.id).order_by(Tweet.id)))
    await remove_post(db, ids[0])
    await remove_unneeded(db, folder)
    assert names(folder) == {lamp, film}
    await remove_post(db, ids[1])
    async with db.read() as session:
        assert not await is_needed(session, lamp)
        assert await is_needed(session, film)
    await remove_unneeded(db, folder)
    assert names(folder) == {film}
    await remove_author(db, "mina")
    async with db.read() as session:
        assert not await is_needed(session, film)
    await purge_deleted(db)
    await remove_unneeded(db, folder)
    assert names(folder) == set()
    async with db.read() as session:
        assert not await session.scalar(select(func.count()).select_from(MediaUse))


async def test_nothing_is_removed_while_an_import_keeps_files(
    db: Database, tmp_path: Path, folder: Path
) -> None:
    await bring(db, x_zip(tmp_path / "x.zip", three_posts()), folder)
    keeper = MediaKeeper(folder, ROOM)
    film = keeper.keep([VIDEO], "film.mp4")
    await remove_author(db, "mina")
    await purge_deleted(db)
    await remove_unneeded(db, folder)
    assert film in names(folder)
    waiting = asyncio.create_task(remove_every_unneeded(db, folder))
    await asyncio.sleep(0)
    assert film in names(folder)
    keeper.close()
    await waiting
    assert names(folder) == set()


async def test_the_limit_is_reported_and_costs_only_files(
    db: Database, tmp_path: Path, folder: Path
) -> None:
    posts = {n: [x_media(PHOTO.format(n))] for n in range(1, 9)}
    files = {f"{n}-{n}.png": picture(n, 90, 90) for n in posts}
    size = len(picture(1, 90, 90))
    packed = x_zip(tmp_path / "x.zip", x_media_members(posts, files))
    report = await bring(db, packed, folder, room=3 * size + 10)
    assert report.accepted == 8
    assert [str(error.detail) for error in report.errors] == [
        "the limit SAYWHO_MAX_MEDIA_GB is reached; no more media are stored"
    ]
    assert len(names(folder)) == 3
    # With room again, the rest come in.
    await bring(db, packed, folder)
    assert len(names(folder)) == 8
    assert all(file is not None for (file,) in await media_of(db))


async def test_files_that_are_damaged_or_of_another_type_are_reported_and_left_out(
    db: Database, tmp_path: Path, folder: Path
) -> None:
    files = {"1-1.svg": b"<svg/>", "2-2.png": picture(2)[:-6], "../../3-3.png": picture(3)}
    # A name says nothing of what is in a file.
    files |= {"4-4.JPEG": picture(4), "5-5.png": b"root:x:0:0:root:/root:/bin/bash", "6-6.mp4": b""}
    addresses = {n: name.rpartition("-")[2] for n, name in enumerate(files, start=1)}
    posts = {n: [x_media(f"https://p.example/{name}")] for n, name in addresses.items()}
    path = x_zip(tmp_path / "x.zip", x_media_members(posts, files))
    data = path.read_bytes()
    # A byte of the second file is wrong, so its checksum is.
    name_at = data.index(b"2-2.png")
    path.write_bytes(data[: name_at + 30] + b"\0" + data[name_at + 31 :])
    report = await bring(db, path, folder)
    assert (report.accepted, report.rejected, report.broken) == (6, 0, None)
    told = {error.record: str(error.detail) for error in report.in_order() if error.record}
    assert told.keys() == {1, 2, 5, 6}
    assert told[5] == "data/tweets_media/5-5.png is not a supported picture, video or sound file"
    (left_out,) = (str(error.detail) for error in report.errors if not error.record)
    assert left_out.startswith("data/tweets_media/../../3-3.png: left out")
    assert names(folder) == {kept(picture(4))}
    assert names(tmp_path) & {"3-3.png"} == set()


async def test_no_link_of_a_folder_is_kept(db: Database, tmp_path: Path, folder: Path) -> None:
    posts = {n: [x_media(PHOTO.format("a"))] for n in (1, 2, 3)}
    unpacked = saved_folder(tmp_path / "open", x_media_members(posts, {"1-a.png": picture(1)}))
    (tmp_path / "private.png").write_bytes(picture(2))
    (unpacked / "data/tweets_media/2-a.png").symlink_to(tmp_path / "private.png")
    os.mkfifo(unpacked / "data/tweets_media/3-a.png")
    report = await bring(db, unpacked, folder)
    assert (report.accepted, report.broken) == (3, None)
    assert [str(error.detail) for error in report.errors] == [
        "data/tweets_media/2-a.png, data/tweets_media/3-a.png: left out, because links, special"
        " files and files outside are not read"
    ]
    assert names(folder) == {kept(picture(1))}


async def test_media_that_unpack_to_far_more_than_their_archive_are_not_kept(
    db: Database, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "LEAST_MEDIA_BYTES", 100_000)
    posts = {n: [x_media(PHOTO.format(n))] for n in range(1, 5)}
    files = {f"{n}-{n}.png": picture(n) + bytes(300_000) for n in posts} | {"1-1.png": picture(1)}
    packed = x_zip(tmp_path / "x.zip", x_media_members(posts, files))
    assert packed.stat().st_size < 10_000
    report = await bring(db, packed, folder)
    assert (report.accepted, report.rejected, report.broken) == (4, 0, None)
    (reason,) = (str(error.detail) for error in report.errors)
    assert "unpack to more than 0." in reason
    assert names(folder) == {kept(picture(1))}
    # Of a folder the disk has them all already.
    unpacked = saved_folder(tmp_path / "open", x_media_members(posts, files))
    assert (await bring(db, unpacked, folder)).errors == []
    assert len(names(folder)) == 4


async def test_files_of_a_killed_import_are_removed_or_copied_again(
    db: Database, tmp_path: Path, folder: Path
) -> None:
    await bring(db, x_zip(tmp_path / "x.zip", three_posts()), folder)
    (folder / kept(picture(1))).unlink()
    (folder / kept(b"x", "jpg")).write_bytes(b"x")
    (folder / ".draft-1").write_bytes(b"half")
    await remove_every_unneeded(db, folder)
    assert names(folder) == {kept(VIDEO, "mp4")}
    await bring(db, x_zip(tmp_path / "again.zip", three_posts()), folder)
    assert names(folder) == {kept(picture(1)), kept(VIDEO, "mp4")}


USER: Final = {"id": "U1", "name": "tide"}
CHANNEL: Final = {"id": "C1", "name": "us", "members": ["U1"]}


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
    report = await bring_files(db, zip_bytes(members), folder)
    # Of the third one there is an address alone.
    assert (report.accepted, report.skipped, report.errors) == (2, 1, [])
    assert len(names(folder)) == 2


@pytest.mark.parametrize("write", [in_lines, in_object])
async def test_chatlab_has_the_files_that_it_names(
    db: Database, folder: Path, write: Callable[..., bytes]
) -> None:
    said = [
        {
            "sender": "u1",
            "accountName": "Pine",
            "timestamp": 1767225600 + n,
            "type": 1,
            "content": name,
        }
        for n, name in enumerate(("media/1.png", "[图片]", "../2.png", "media/none.png", 7))
    ]
    members = {"tea/chat.json": write(said), "tea/media/1.png": picture(1), "2.png": picture(2)}
    report = await bring_files(db, zip_bytes(members), folder)
    assert (report.accepted, report.skipped, report.errors) == (1, 4, [])
    assert len(names(folder)) == 1

"""Media leave room on a disk, and a disk that is full all the same heals."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.db.engine import Database
from app.errors import StorageFullError, UnavailableError
from app.models import ImportJob, MediaUse, Tweet, User
from app.services.deletion import purge_deleted
from app.services.imports.job_report import ImportReport, errors_of
from app.services.imports.job_runner import run_waiting_job
from app.services.imports.jobs import get_job, upload_path
from app.services.imports.storing import import_records
from app.services.maintenance import media_job
from app.services.posts import media
from app.services.posts.media import MediaKeeper, NoRoomError, remove_if_full, reserved_bytes
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.sizes import MIB
from tests.archives import VIDEO, picture, x_media, x_media_members
from tests.conftest import MakeConfig
from tests.formats.files import saved_folder
from tests.mounting import fill, in_memory, mounted, mounted_at, read_only, resize
from tests.posting import post, remove_author
from tests.services.imports.test_chat_media import names
from tests.uploading import jsonl, queued
from tests.waiting import eventually, is_due

LIMIT = 2**40
PICTURE_BYTES = 3 * MIB
SMALL_BYTES = 16 * MIB
"""Size of a disk that a database fits on, and no media."""


def large(number: int) -> bytes:
    """Return a PNG of about three MiB."""
    return picture(number, 1024, PICTURE_BYTES // (3 * 1024), level=0)


def archive(folder: Path, pictures: int) -> Path:
    """Return an unpacked archive; each of its posts has a large picture."""
    posts = {n: [x_media(f"https://p.example/{n}.png")] for n in range(1, pictures + 1)}
    return saved_folder(folder, x_media_members(posts, {f"{n}-{n}.png": large(n) for n in posts}))


async def bring(db: Database, path: Path, folder: Path) -> ImportReport:
    with Source(path) as source:
        records = open_records(source)
        return await import_records(db, records, username=None, keeper=MediaKeeper(folder, LIMIT))


async def fill_up(db: Database, place: Path) -> None:
    """Fill the disk until it takes no change of a single row."""

    async def write_until_full(write: Callable[[int], Awaitable[object]]) -> None:
        with contextlib.suppress(StorageFullError):
            for number in range(SMALL_BYTES // 1024):
                await write(number)
            pytest.fail("the disk is not full")

    async def change_a_row(_: int) -> None:
        async with db.write() as session:
            await session.execute(update(User).values(version=User.version + 1))

    fill(place, but=MIB)
    await write_until_full(lambda number: post(db, "ann", f"{number} {'x' * 20_000}"))
    fill(place)
    # What failed has left room in the write-ahead log.
    await write_until_full(change_a_row)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give the data folder of `make_config`, on a disk of its own."""
    with mounted(tmp_path, *in_memory(SMALL_BYTES)) as place:
        yield place


@pytest.mark.parametrize(
    ("disk_mib", "reserved_mib"),
    [(24, 256), (5_120, 256), (10_240, 512), (40_960, 2_048), (10_000_000, 2_048)],
)
def test_a_twentieth_of_the_disk_is_reserved_within_limits(
    disk_mib: int, reserved_mib: int
) -> None:
    assert reserved_bytes(disk_mib * MIB) == reserved_mib * MIB


@pytest.mark.databases("sqlite")
async def test_posts_go_on_when_media_have_used_their_part_of_the_disk(
    db: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    unpacked = archive(tmp_path / "open", 4)
    with mounted_at(folder, *in_memory(256 * MIB + 8 * MIB)):
        report = await bring(db, unpacked, folder)
        assert (report.accepted, report.rejected) == (4, 0)
        assert [str(error.detail) for error in report.errors] == [
            "the disk is nearly full; no more media are stored"
        ]
        assert len(names(folder)) == 2
        resize(folder, 300 * MIB)
        report = await bring(db, unpacked, folder)
        assert (report.duplicates, report.errors) == (4, [])
        assert len(names(folder)) == 4


async def test_no_media_are_kept_on_a_disk_that_is_nearly_full(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "LEAST_FREE_BYTES", 2**60)
    monkeypatch.setattr(media, "MOST_FREE_BYTES", 2**60)
    report = await bring(db, archive(tmp_path / "open", 2), tmp_path / "kept")
    assert (report.accepted, len(report.errors)) == (2, 1)
    assert names(tmp_path / "kept") == set()


@pytest.mark.databases("sqlite")
async def test_files_without_posts_go_before_a_full_disk_takes_a_change(
    small_disk: Path, make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config()
    async with Database(config) as db:
        with monkeypatch.context() as patch:
            patch.setattr(media, "LEAST_FREE_BYTES", 0)
            report = await bring(db, archive(tmp_path / "open", 1), config.media_dir)
            assert (report.accepted, report.errors) == (1, [])
        await remove_author(db, "mina")
        await purge_deleted(db)
        await fill_up(db, small_disk)
        assert len(names(config.media_dir)) == 1
        job = media_job(config.media_dir)
        assert await is_due(db, job)
        await job.do(db)
        assert names(config.media_dir) == set()
        async with db.read() as session:
            assert not await session.scalar(select(func.count()).select_from(MediaUse))
        await post(db, "ann", "there is room again")


@pytest.mark.databases("sqlite")
async def test_a_disk_with_room_keeps_files_that_no_post_needs_for_maintenance(
    db: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    await bring(db, archive(tmp_path / "open", 1), folder)
    (folder / ".draft-1").touch()
    await remove_if_full(db, folder)
    assert len(names(folder)) == 2
    with contextlib.suppress(FileNotFoundError):
        await remove_if_full(db, tmp_path / "no folder")


async def test_files_of_an_import_that_was_killed_go_without_a_restart(
    db: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    job = media_job(folder)
    await job.do(db)
    assert not await is_due(db, job)
    keeper = MediaKeeper(folder, LIMIT)
    await asyncio.to_thread(keeper.keep, [VIDEO], "film.mp4")
    assert not await is_due(db, job)  # The import may store a post with it yet.
    keeper.close()
    assert await is_due(db, job)
    await job.do(db)
    assert names(folder) == set()
    assert not await is_due(db, job)


@pytest.mark.databases("sqlite")
async def test_a_draft_that_a_read_only_disk_kept_goes_when_it_can(
    db: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    job = media_job(folder)
    await job.do(db)
    keeper = MediaKeeper(folder, LIMIT)
    with contextlib.ExitStack() as stack:

        def chunks() -> Iterator[bytes]:
            yield large(1)
            stack.enter_context(read_only(folder))

        with pytest.raises(NoRoomError, match="Read-only file system"):
            await asyncio.to_thread(keeper.keep, chunks(), "1.gif")
        keeper.close()
        (draft,) = names(folder)
        assert draft.startswith(".draft-")
        with pytest.raises(UnavailableError):
            await job.do(db)
    assert await is_due(db, job)
    await job.do(db)
    assert names(folder) == set()


async def state_of(db: Database, job_id: int) -> ImportJob:
    async with db.read() as session:
        return await get_job(session, job_id)


@pytest.mark.full
@pytest.mark.databases("sqlite")
async def test_an_import_waits_for_room_to_begin(
    small_disk: Path, make_config: MakeConfig, caplog: pytest.LogCaptureFixture
) -> None:
    config = make_config()
    async with Database(config) as db:
        job = await queued(db, config.data_dir, jsonl({"username": "ann", "text": "one"}))
        await fill_up(db, small_disk)
        running = asyncio.create_task(run_waiting_job(config, os.getppid(), job.id))

        async def is_resting() -> bool:
            return running.done() or bool(caplog.messages)

        await eventually(is_resting)
        assert not running.done()
        resize(small_disk, 4 * SMALL_BYTES)
        await running
        ended = await state_of(db, job.id)
        assert (ended.state, ended.accepted, ended.attempts) == ("done", 1, 0)
    assert caplog.messages == ["the import goes on later: The disk is full"]


@pytest.mark.databases("sqlite")
async def test_an_import_that_fills_the_disk_says_why_and_frees_its_upload(
    small_disk: Path, make_config: MakeConfig
) -> None:
    config = make_config()
    posts = [{"username": "ann", "text": f"{number} {'x' * 1_000}"} for number in range(4_000)]
    async with Database(config) as db:
        job = await queued(db, config.data_dir, jsonl(*posts))
        fill(small_disk, but=3 * MIB)
        running = asyncio.create_task(run_waiting_job(config, os.getppid(), job.id))

        async def begun() -> bool:
            return (await state_of(db, job.id)).attempts > 0

        await eventually(begun)
        fill(small_disk)
        await running
        ended = await state_of(db, job.id)
        assert (ended.state, errors_of(ended)[0].detail) == ("failed", "The disk is full")
        assert not upload_path(config.data_dir, job.spool).exists()
        async with db.read() as session:
            assert await session.scalar(select(func.count(Tweet.id))) == ended.accepted
        await post(db, "ann", "there is room again")

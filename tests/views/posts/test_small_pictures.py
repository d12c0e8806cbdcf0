"""Small versions of stored pictures: what they hold, when they are made, and what is sent else."""

import io
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms
from quart import Quart

from app.errors import UnavailableError
from app.services.imports.options import ImportOptions
from app.services.imports.storing import import_records
from app.services.maintenance import small_pictures_job
from app.services.posts import media
from app.services.posts.media import SmallPictures, keeper_of, remove_unneeded, small_folder
from saywho.formats.media.small_pictures import WIDTHS
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.archives import picture, zip_bytes
from tests.browsing import parts_of
from tests.chats import ZONE
from tests.conftest import Client
from tests.posting import remove_author
from tests.waiting import eventually, is_due, settle

pytestmark = pytest.mark.databases("sqlite")


def photo(width: int, height: int, kind: str = "JPEG", **notes: object) -> bytes:
    """Return a picture that is red above and blue below, with noise that takes space."""
    image = Image.effect_noise((width, height), 60).convert("RGB")
    image.paste((200, 30, 30), (0, 0, width, height // 2))
    image.paste((30, 30, 200), (0, height - height // 3, width, height))
    out = io.BytesIO()
    image.save(out, kind, **notes)
    return out.getvalue()


def turned() -> bytes:
    """Return a picture that a phone held upright: wide in the file, high on the screen."""
    exif = Image.Exif()
    exif[0x112] = 6
    exif[0x10F] = "Phone of Mina"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return photo(1300, 1000, exif=exif, icc_profile=profile)


def moving() -> bytes:
    first, second = (Image.new("RGB", (900, 600), colour) for colour in ("red", "blue"))
    out = io.BytesIO()
    first.save(out, "PNG", save_all=True, append_images=[second])
    return out.getvalue()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {
        "turned.jpg": turned(),
        "wide.webp": photo(700, 500, "WEBP", lossless=True),
        "small.png": picture(1),
        "moving.png": moving(),
        "broken.jpg": turned()[:9_000],
    }


@pytest.fixture
async def addresses(app: Quart, anybody: Client, files: dict[str, bytes]) -> dict[str, str]:
    """Return the addresses of pictures of a chat, by the names of its files."""
    lines = [f"[15/01/2024, 21:00:00] Mina: \u200e<attached: {name}>" for name in files]
    chat = zip_bytes({"_chat.txt": "\r\n".join([*lines, ""]).encode(), **files})
    parts = parts_of(app)
    with Source(io.BytesIO(chat), name="WhatsApp Chat - us.zip") as source:
        records = open_records(source, options=ImportOptions(timezone=ZONE))
        keeper = keeper_of(parts.config)
        await import_records(parts.db, records, username=None, keeper=keeper)
    said = await anybody.json("/api/v1/rooms/1/messages")
    return dict(zip(files, (each["media"][0]["url"] for each in said["items"]), strict=True))


async def made(anybody: Client, address: str) -> Any:
    """Return the answer with a small version, which comes later on a busy machine."""
    answers: list[Any] = []

    async def is_small() -> bool:
        answers.append(await anybody.get(address))
        return bool(answers[-1].content_type == "image/webp")

    await eventually(is_small)
    return answers[-1]


def small_files(app: Quart) -> list[Path]:
    # Drafts come and go.
    return sorted(small_folder(parts_of(app).config.media_dir).glob("[!.]*-*"))


async def test_a_small_version_is_upright_and_nothing_but_pixels(
    app: Quart, anybody: Client, addresses: dict[str, str]
) -> None:
    for width in WIDTHS:
        answer = await made(anybody, f"{addresses['turned.jpg']}?width={width}")
        assert answer.status_code == 200
        content = await answer.get_data()
        assert set(re.findall(rb"VP8X|VP8L|VP8 |EXIF|ICCP|XMP ", content)) == {b"VP8 "}
        image = Image.open(io.BytesIO(content)).convert("RGB")
        assert image.size == (width, round(width * 1.3))
        left, right = (image.getpixel((x, width // 2)) for x in (5, width - 5))
        assert left[2] > 150 > left[0]  # type: ignore[index] # one number a colour
        assert right[0] > 150 > right[2]  # type: ignore[index] # one number a colour
        headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
        assert headers["Cache-Control"] == "private, no-cache"
        known = {"If-None-Match": headers["ETag"]}
        again = await anybody.get(f"{addresses['turned.jpg']}?width={width}", headers=known)
        assert again.status_code == 304
        await anybody.get(addresses["turned.jpg"], headers=known, status=200)
    assert (await anybody.get(f"{addresses['turned.jpg']}?width=321")).status_code == 400
    assert {path.stat().st_mode & 0o777 for path in small_files(app)} == {0o600}


async def test_the_original_is_sent_where_no_version_is_smaller(
    app: Quart, anybody: Client, addresses: dict[str, str]
) -> None:
    parts = parts_of(app)
    await SmallPictures(parts.config.media_dir).make_missing()
    wide = await anybody.get(f"{addresses['wide.webp']}?width=320")
    assert Image.open(io.BytesIO(await wide.get_data())).width == 320
    asked = [("wide.webp", 960), ("small.png", 320), ("moving.png", 320), ("broken.jpg", 320)]
    for name, width in asked:
        small = await anybody.get(f"{addresses[name]}?width={width}")
        original = await anybody.get(addresses[name])
        assert await small.get_data() == await original.get_data(), name
        assert small.headers["ETag"] == original.headers["ETag"]


async def test_pages_name_the_small_versions(anybody: Client, addresses: dict[str, str]) -> None:
    turned, still = addresses["turned.jpg"], addresses["moving.png"]
    for page in ("/room/1?has=media", "/room/1?on=2024-01-15", "/posts?username=Mina&has=media"):
        shown = await anybody.page(page)
        assert f'srcset="{turned}?width=320 320w, {turned}?width=960 960w" sizes="' in shown, page
        assert f'src="{still}" srcset="' in shown
    assert f'srcset="{turned}?width=960" alt=' in await anybody.page("/tweet/1")


async def test_small_versions_come_after_an_import_and_go_with_their_picture(
    app: Quart, anybody: Client, addresses: dict[str, str]
) -> None:
    parts = parts_of(app)
    job = small_pictures_job(SmallPictures(parts.config.media_dir))
    assert await is_due(parts.db, job)
    await job.do(parts.db)
    assert len(small_files(app)) == len(addresses) * len(WIDTHS)
    assert not await is_due(parts.db, job)
    shutil.rmtree(small_folder(parts.config.media_dir))
    await made(anybody, f"{addresses['turned.jpg']}?width=320")
    assert small_files(app) != []
    await remove_author(parts.db, "Mina")
    assert (await anybody.get(f"{addresses['turned.jpg']}?width=320")).status_code == 404
    await settle(app)
    await remove_unneeded(parts.db, parts.config.media_dir)
    assert small_files(app) == []


async def test_the_original_is_sent_while_the_folder_cannot_be_written(
    app: Quart, anybody: Client, addresses: dict[str, str]
) -> None:
    folder = small_folder(parts_of(app).config.media_dir)
    folder.write_bytes(b"")  # A folder cannot be made here.
    answer = await anybody.get(f"{addresses['turned.jpg']}?width=320")
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    folder.unlink()
    await made(anybody, f"{addresses['turned.jpg']}?width=320")


async def test_a_disk_that_fills_up_leaves_no_half_version(
    app: Quart, anybody: Client, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(path: str, flags: int) -> int:
        os.close(os.open(path, flags, 0o600))
        return os.open("/dev/full", os.O_WRONLY)  # Writing there fails with ENOSPC.

    folder = small_folder(parts_of(app).config.media_dir)
    with monkeypatch.context() as patch:
        patch.setattr(media, "open_private", fill_up)
        answer = await anybody.get(f"{addresses['turned.jpg']}?width=320")
        assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
        original = await anybody.get(addresses["turned.jpg"])
        assert await answer.get_data() == await original.get_data()
        assert [*folder.iterdir()] == []
    await made(anybody, f"{addresses['turned.jpg']}?width=320")


@pytest.mark.usefixtures("own_processes")
async def test_a_process_that_takes_too_long_costs_nothing_but_the_version(
    app: Quart, addresses: dict[str, str]
) -> None:
    folder = parts_of(app).config.media_dir
    name = addresses["turned.jpg"].rpartition("/")[2]
    small = SmallPictures(folder, limit_s=0.01)
    with pytest.raises(UnavailableError):
        await small.obtain(name, 320)
    assert small_files(app) == []
    small = SmallPictures(folder)
    await small.make_missing()
    assert await small.obtain(name, 320) in small_files(app)

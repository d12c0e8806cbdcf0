"""What a preview has read is not read again by the import with the same choices."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from quart import Quart

from app.services.imports.beginning import Previewer
from saywho.formats.kept import kept_beside
from tests.archives import x_members, zip_bytes
from tests.browsing import Browser, parts_of
from tests.chats import kakaotalk, said
from tests.uploading import ended, shown, start, until_uploads, upload, uploads
from tests.waiting import eventually

Form = dict[str, str | list[str]]
DAYS = [said(["미나", "준"], times=25, day=f"2024-01-{day:02}") for day in range(1, 25)]
CHAT = kakaotalk("바다", *(message for day in DAYS for message in day))
TABLE = "username,text,created_at\n" + "".join(
    f"ann,the {n}th post,2024-01-0{1 + n % 9}T10:00:00Z\n" for n in range(2_500)
)
PEOPLE: Form = {
    "speaker": ["미나", "준"],
    "only": ["미나", "준"],
    "renamed": ["", ""],
    "publish": "on",
}
UNCHANGED = [
    pytest.param("chat.txt", CHAT, PEOPLE | {"timezone": "Asia/Seoul"}, 1_200, id="chat"),
    pytest.param("chat.txt", CHAT, PEOPLE | {"timezone": "Europe/Berlin"}, 1_200, id="zone"),
    pytest.param("chat.txt", CHAT, PEOPLE | {"renamed": ["하나", ""]}, 1_200, id="names"),
    pytest.param("chat.txt", CHAT, PEOPLE | {"only": ["미나"]}, 600, id="people"),
    pytest.param("posts.csv", TABLE.encode(), {}, 2_500, id="table"),
    pytest.param("x.zip", zip_bytes(x_members()), {"username": "mina"}, 5, id="archive"),
]

OTHERS = {"x.zip": zip_bytes(dict.fromkeys(x_members(), b""))}
"""What is put into the place of an upload."""


async def previewed(app: Quart, browser: Browser, data: bytes, name: str) -> tuple[str, Path]:
    """Upload and preview a file, then put another one into its place; return address and path."""
    address = await upload(browser, data, name)
    await browser.page(address)
    (path,) = (path for path in uploads(app) if kept_beside(path).exists())
    path.write_bytes(OTHERS.get(name, os.urandom(100)))
    return address, path


@pytest.mark.parametrize(("name", "data", "form", "posts"), UNCHANGED)
async def test_a_file_is_read_once_whatever_names_and_zone_a_chat_gets(
    app: Quart, browser: Browser, name: str, data: bytes, form: Form, posts: int
) -> None:
    address, _ = await previewed(app, browser, data, name)
    assert await start(browser, address, **form) == 303
    page = shown(await ended(browser, address))
    assert f"{posts:,} new" in page, page
    assert await until_uploads(app, 0) == []


async def test_a_changed_choice_reads_the_file_again(app: Quart, browser: Browser) -> None:
    address, path = await previewed(app, browser, CHAT, "chat.txt")
    path.write_bytes(kakaotalk("바다", *said(["미나", "준"], times=3)))
    form = PEOPLE | {"timezone": "Asia/Seoul", "encoding": "utf-8"}
    assert await start(browser, address, **form) == 303
    assert "6 new messages" in shown(await ended(browser, address))


async def test_what_was_kept_is_deleted_with_the_upload(app: Quart, browser: Browser) -> None:
    address, _ = await previewed(app, browser, CHAT, "chat.txt")
    await browser.page(address)
    answer = await browser.post(f"{address}/cancel")
    assert answer.status_code == 303
    assert uploads(app) == []


async def test_foreign_bytes_beside_an_upload_are_not_trusted(app: Quart, browser: Browser) -> None:
    address, path = await previewed(app, browser, CHAT, "chat.txt")
    path.write_bytes(CHAT)
    # What a pickle of `os.mkdir(...)` is.
    victim = path.parent / "made"
    kept_beside(path).write_bytes(b"cos\nmkdir\n(S'" + bytes(victim) + b"'\ntR.")
    assert await start(browser, address, **PEOPLE | {"timezone": "Asia/Seoul"}) == 303
    assert "1,200 new messages" in shown(await ended(browser, address))
    assert not victim.exists()


# --- Of a long file, the preview is shown before its end, and its process goes on ---

SPOKEN = [
    (f"{day:%Y-%m-%d} {n // 60:02}:{n % 60:02}", "미나" if n % 2 else "준", f"말 {n}")
    for day in (date(2024, 1, 1) + timedelta(days=n) for n in range(12))
    for n in range(1_000)
]
LONG = [
    pytest.param(
        "chat.txt",
        kakaotalk("바다", *SPOKEN),
        PEOPLE | {"timezone": "Asia/Seoul"},
        len(SPOKEN),
        id="chat",
    ),
    pytest.param(
        "posts.csv",
        TABLE.encode()
        + b"".join(b"bo,the %d. answer,2024-01-01T10:00:00Z\n" % n for n in range(10_000)),
        {},
        12_500,
        id="table",
    ),
]


@asynccontextmanager
async def going_on(
    app: Quart, browser: Browser, data: bytes, name: str
) -> AsyncIterator[tuple[str, Path]]:
    """Upload a file and look at its beginning; yield address and path while the rest is read."""
    parts = parts_of(app)
    parts.previewer = Previewer(parts.config, chat_s=0)
    address = await upload(browser, data, name)
    page = shown(await browser.page(address))
    assert "shows only the first" in page or "Posts in the first 1,000 records" in page, page

    async def begun() -> list[Path]:
        return [path for path in uploads(app) if kept_beside(path).exists()]

    (path,) = await eventually(begun)
    yield address, path
    await parts.previewer.close()


def put_in_place(path: Path, data: bytes) -> None:
    """Give an upload other bytes; who reads it goes on with the earlier ones."""
    other = path.with_name("other")
    other.write_bytes(data)
    other.replace(path)


@pytest.mark.usefixtures("own_readers")
@pytest.mark.parametrize(("name", "data", "form", "posts"), LONG)
async def test_an_import_takes_what_the_preview_goes_on_reading(
    app: Quart, browser: Browser, name: str, data: bytes, form: Form, posts: int
) -> None:
    async with going_on(app, browser, data, name) as (address, path):
        put_in_place(path, os.urandom(100))
        assert await start(browser, address, **form) == 303
        page = shown(await ended(browser, address))
        assert f"{posts:,} new" in page, page
        assert await until_uploads(app, 0) == []


@pytest.mark.usefixtures("own_readers")
@pytest.mark.parametrize(
    ("is_stopped", "chosen"),
    [
        pytest.param(True, {}, id="preview stopped"),
        pytest.param(False, {"encoding": "utf-8"}, id="other choices"),
    ],
)
async def test_an_import_reads_the_file_where_the_preview_does_not_go_on_for_it(
    app: Quart, browser: Browser, is_stopped: bool, chosen: Form
) -> None:
    async with going_on(app, browser, kakaotalk("바다", *SPOKEN), "chat.txt") as (address, path):
        if is_stopped:
            await parts_of(app).previewer.close()  # As a stop of the server does.
            kept = kept_beside(path)
            os.truncate(kept, kept.stat().st_size - 1)  # It may have ended before.
        put_in_place(path, CHAT)
        form = PEOPLE | {"timezone": "Asia/Seoul"} | chosen
        assert await start(browser, address, **form) == 303
        assert "1,200 new messages" in shown(await ended(browser, address))
        assert await until_uploads(app, 0) == []


@pytest.mark.usefixtures("own_readers")
async def test_nothing_is_kept_of_an_upload_that_is_given_up(app: Quart, browser: Browser) -> None:
    async with going_on(app, browser, kakaotalk("바다", *SPOKEN), "chat.txt") as (address, _):
        answer = await browser.post(f"{address}/cancel")
        assert answer.status_code == 303
        await until_uploads(app, 0)
    assert uploads(app) == []

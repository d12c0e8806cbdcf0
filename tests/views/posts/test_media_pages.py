"""Files of posts in pages and in the API."""

import asyncio
import contextlib
import os
import resource
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from quart import Quart

from app.services.imports.storing import import_records
from app.services.posts.media import keeper_of
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.archives import VIDEO, picture, x_media, x_media_members, x_zip
from tests.browsing import Browser, found_in, in_one_line, missing_in, parts_of, signed_in
from tests.conftest import Client, MakeConfig, app_of, client_with
from tests.posting import remove_author

pytestmark = pytest.mark.databases("sqlite")
LAMP = f"/media/{sha256(picture(1)).hexdigest()}.png"
FILM = f"/media/{sha256(VIDEO).hexdigest()}.mp4"


async def bring(app: Quart, tmp_path: Path) -> None:
    """Import a post of a picture, and one of a video."""
    parts = parts_of(app)
    posts = {
        1: [
            x_media(
                "https://p.example/a.png",
                ext_alt_text='a "lamp" <b>',
                original_info={"width": 8, "height": 6},
            )
        ],
        2: [x_media("https://v.example/c.mp4", "video")],
    }
    members = x_media_members(posts, {"1-a.png": picture(1), "2-c.mp4": VIDEO})
    with Source(x_zip(tmp_path / "x.zip", members)) as source:
        records = open_records(source)
        keeper = await asyncio.to_thread(keeper_of, parts.config)
        await import_records(parts.db, records, username=None, keeper=keeper)


async def test_posts_show_their_files(app: Quart, anybody: Client, tmp_path: Path) -> None:
    await bring(app, tmp_path)
    listed = await anybody.json("/api/v1/users/mina/tweets")
    film, lamp = listed["items"]
    assert (lamp["media"][0]["url"], film["media"][0]["url"]) == (LAMP, FILM)
    exported = await (await anybody.get("/api/v1/export")).get_data(as_text=True)
    assert '"alt"' in exported
    assert not found_in(exported, "/media/", '"file"')
    for path in ("/", "/user/mina", f"/tweet/{lamp['id']}", "/search?q=post"):
        page = in_one_line(await (await anybody.get(path)).get_data(as_text=True))
        assert f'<a href="{LAMP}"><img src="{LAMP}" alt="a &#34;lamp&#34; &lt;b&gt;"' in page, path
        assert 'loading="lazy" decoding="async" width="8" height="6">' in page
    page = in_one_line(await (await anybody.get(f"/tweet/{film['id']}")).get_data(as_text=True))
    assert f'<video src="{FILM}" controls preload="none"' in page


async def test_files_can_only_be_looked_at(app: Quart, anybody: Client, tmp_path: Path) -> None:
    await bring(app, tmp_path)
    answer = await anybody.get(LAMP)
    assert (answer.status_code, await answer.get_data()) == (200, picture(1))
    headers = answer.headers
    assert headers["Content-Type"] == "image/png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Length"] == str(len(picture(1)))
    again = await anybody.get(LAMP, headers={"If-None-Match": headers["ETag"]})
    assert (again.status_code, await again.get_data()) == (304, b"")
    looked = await anybody.send("HEAD", LAMP)
    assert (looked.status_code, looked.headers["Content-Length"]) == (200, str(len(picture(1))))
    for path in ("/media/", "/media/x.png", LAMP[:-3] + "svg", LAMP[:-3] + "jpg", "/media/..%2fa"):
        assert (await anybody.get(path)).status_code == 404, path


async def test_a_file_that_is_no_medium_is_not_sent(
    app: Quart, anybody: Client, tmp_path: Path
) -> None:
    await bring(app, tmp_path)
    kept = parts_of(app).config.media_dir / LAMP.rpartition("/")[2]
    kept.write_bytes(b"root:x:0:0:root:/root:/bin/bash")  # As earlier versions kept some.
    assert (await anybody.get(LAMP)).status_code == 404
    kept.unlink()
    assert (await anybody.get(LAMP)).status_code == 404


@contextlib.contextmanager
def no_files() -> Iterator[None]:
    """Leave this process no file that it could open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken[0] + 64, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(taken[0]))
        yield
    finally:
        for number in taken:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_without_open_files_a_file_is_503_and_not_missing(
    app: Quart, anybody: Client, tmp_path: Path
) -> None:
    await bring(app, tmp_path)
    # A server has loaded the page of errors before it serves.
    assert (await anybody.get(f"{LAMP}x")).status_code == 404
    with no_files():
        answer = await anybody.get(LAMP)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert (await anybody.get(LAMP)).status_code == 200


async def test_a_video_is_sent_in_parts(app: Quart, anybody: Client, tmp_path: Path) -> None:
    await bring(app, tmp_path)
    parts = {"0-9": VIDEO[:10], "10-": VIDEO[10:], "-5": VIDEO[-5:], "-99999": VIDEO}
    for asked, part in parts.items():
        answer = await anybody.get(FILM, headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, await answer.get_data()) == (206, part)
        assert answer.headers["Content-Range"].endswith(f"/{len(VIDEO)}")
    await anybody.get(FILM, headers={"Range": f"bytes={len(VIDEO) + 5}-"}, status=416)


@pytest.mark.parametrize(
    "ignored", ["items=0-1", "bytes=0-1,3-4", "bytes=0-1, -2", "bytes=5-2", "bytes=", "bytes"]
)
async def test_other_ranges_than_one_of_bytes_are_ignored(
    app: Quart, anybody: Client, tmp_path: Path, ignored: str
) -> None:
    await bring(app, tmp_path)
    answer = await anybody.get(FILM, headers={"Range": ignored})
    assert (answer.status_code, await answer.get_data()) == (200, VIDEO)
    assert (await anybody.get("/static/app.js", headers={"Range": ignored})).status_code == 200


async def test_a_deleted_author_s_files_are_gone_at_once(
    app: Quart, anybody: Client, tmp_path: Path
) -> None:
    await bring(app, tmp_path)
    await remove_author(parts_of(app).db, "mina")
    for path in (LAMP, FILM):
        assert (await anybody.get(path)).status_code == 404


async def test_browsers_keep_files_where_no_switch_can_close_reading(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    async with app_of(make_config(public=True)) as app:
        await bring(app, tmp_path)
        answer = await Browser(app).get(LAMP)
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


async def test_where_reading_is_closed_so_are_the_files(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    async with app_of(make_config(public=False)) as app:
        await bring(app, tmp_path)
        for path in (LAMP, f"{LAMP}?width=320", "/media/x.png"):
            assert (await Browser(app).get(path)).status_code == 303
        for reader in (await client_with(app, "read"), await signed_in(app)):
            answer = await reader.get(LAMP, status=200)
            assert answer.headers["Cache-Control"] == "private, no-cache"


MEDIA = [
    {"kind": "photo", "source_url": "https://p.example/1.jpg", "alt": "a lamp in the fog"},
    {"kind": "video", "source_url": "https://p.example/2.mp4"},
]
SHOWN = [
    {"url": None, "alt": None, "source_url": None, "width": None, "height": None} | each
    for each in MEDIA
]


async def send(client: Client, **fields: Any) -> Any:
    return await client.post("/api/v1/users/mina/tweets", json=fields)


async def test_a_post_of_media_alone_is_like_others(writer: Client, anybody: Client) -> None:
    await writer.add_user("mina")
    answer = await send(writer, text="", media=MEDIA, counts={"likes": 3}, source_id="1")
    assert answer.status_code == 201
    post = await answer.get_json()
    assert (post["text"], post["media"]) == ("", SHOWN)
    counts = post["counts"]
    assert (counts["likes"], counts["quotes"]) == (3, None)
    assert counts["as_of"].endswith("Z")
    page = await (await anybody.get(f"/tweet/{post['id']}")).get_data(as_text=True)
    assert not missing_in(page, "a lamp in the fog", 'href="https://p.example/1.jpg"')
    assert "a lamp in the fog" in await (await anybody.get("/")).get_data(as_text=True)


async def test_a_known_post_gets_its_media_and_newer_counts(admin: Client) -> None:
    writer = admin  # Only who may do everything fills a post that is here.
    await writer.add_user("mina")
    counts = {"likes": 3, "as_of": "2024-05-01T00:00:00Z"}
    await send(writer, text="fog", counts=counts, source_id="1")
    cases: list[tuple[dict[str, Any], int]] = [
        ({"media": MEDIA, "counts": {"likes": 2, "as_of": "2024-04-01T00:00:00Z"}}, 3),
        ({"counts": {"likes": 5, "as_of": "2024-06-01T00:00:00Z"}}, 5),
        ({"media": MEDIA[:1]}, 5),
    ]
    for fields, likes in cases:
        answer = await send(writer, text="other words", source_id="1", **fields)
        assert answer.status_code == 200
        post = await answer.get_json()
        assert (post["text"], post["media"], post["counts"]["likes"]) == ("fog", SHOWN, likes)

"""An author's website as a zip file, and the operator's page of it."""

import asyncio
import io
import sys
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from quart import Quart

from app.parts.publish.choice import PostChoice
from app.parts.publish.website import WebsiteOptions
from tests.browsing import parts_of, signed_in
from tests.conftest import Client
from tests.installation import Installation, lines


async def test_the_zip_file_is_what_the_command_writes(
    app: Quart, writer: Client, tmp_path: Path
) -> None:
    said = {"username": "mina", "platform": "x", "created_at": "2016-05-03T10:00:00Z"}
    await writer.add_posts(
        said | {"text": "by the sea @jun"},
        said | {"text": "the day after", "created_at": "2016-05-04T16:00:00Z"},
        said | {"text": "in a chat", "room": {"name": "Crew"}},
        {"username": "jun", "text": "words of another author"},
    )
    operator = await signed_in(app, "kim")
    chosen = "tz=Asia/Seoul&since=2016-05-03&through=2016-05-04&url=https://example.org/a/"
    assert "2 posts" in await operator.page("/user/mina/website")
    page = await operator.page(f"/user/mina/website?{chosen}")
    assert "jun" in page
    assert "1 post," in page
    assert 'name="through" type="date" value="2016-05-04"' in page
    assert "/user/mina/website" in await operator.page("/user/mina")
    answer = await operator.get(f"/user/mina/website.zip?{chosen}")
    assert answer.content_type == "application/zip"
    folder = tmp_path / "website"
    with zipfile.ZipFile(io.BytesIO(await answer.get_data())) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    assert "by the sea" in (folder / "2016" / "05.html").read_text()
    assert not [path for path in folder.rglob("*.html") if "another" in path.read_text()]
    options = (
        *("--timezone", "Asia/Seoul", "--language", "en", "--yes"),
        *("--since", "2016-05-03", "--until", "2016-05-05", "--url", "https://example.org/a"),
    )
    facts = await asyncio.to_thread(
        Installation.of(parts_of(app).config).json, "publish", folder, "-u", "mina", *options
    )
    assert (facts["written"], facts["removed"], facts["posts"]) == (0, 0, 1)


def test_an_author_who_is_deleted_meanwhile_is_told_in_one_line(
    installation: Installation, tmp_path: Path
) -> None:
    """The process that writes the zip begins after the author was found."""
    posts = lines(tmp_path / "posts.jsonl", {"username": "mina", "text": "by the sea"})
    installation.done("import", posts)
    options = WebsiteOptions(("mina",), PostChoice(ZoneInfo("UTC")), "en")
    request = msgspec.json.encode(options, enc_hook=str).decode()
    writing = (sys.executable, "-m", "app.parts.publish.zipping", request)
    with (tmp_path / "website.zip").open("wb") as file:
        whole = installation.process(*writing, stdout=file)
    assert (whole.returncode, whole.stderr) == (0, "")
    with zipfile.ZipFile(tmp_path / "website.zip") as archive:
        assert "index.html" in archive.namelist()
    installation.done("user", "delete", "mina", "--yes")
    broken = installation.process(*writing)
    assert broken.returncode
    assert broken.stderr.splitlines() == ["a website is sent in part only: NotFoundError"]


async def test_there_is_no_website_of_nothing(app: Quart, writer: Client) -> None:
    in_chat = {"text": "in a chat", "room": {"name": "Crew"}}
    await writer.add_posts({"username": "jun", **in_chat}, {"username": "ann", **in_chat})
    await writer.add_posts({"username": "ann", "text": "by the sea"})
    operator = await signed_in(app, "kim")
    for name, has_website in (("jun", False), ("ann", True)):
        page = await operator.page(f"/user/{name}")
        assert (f"/user/{name}/website" in page) == has_website, name
    for path in ("website", "website.zip"):
        assert (await operator.get(f"/user/jun/{path}")).status_code == 404
        assert (await operator.get(f"/user/nobody/{path}")).status_code == 404


async def test_days_and_urls_that_are_none_are_told(app: Quart, writer: Client) -> None:
    await writer.add_posts({"username": "ann", "text": "by the sea"})
    operator = await signed_in(app, "kim")
    for query, told in (
        ("since=2016-13-01", "The first day cannot be read"),
        ("until=soon", "The end date cannot be read"),
        ("since=2016-05-02&until=2016-05-01", "The end date is before the first day"),
        *((f"url={url}", "Write the website") for url in ("ftp://x.example", "http://[", "x")),
    ):
        for path in ("website", "website.zip"):
            answer = await operator.get(f"/user/ann/{path}?{query}")
            assert answer.status_code == 400, query
            assert told in await answer.get_data(as_text=True)

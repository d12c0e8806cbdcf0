"""Posts that are not known to be public are on a site, and in nothing that is given away."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browsing import found_in, missing_in, signed_in
from tests.conftest import Client, MakeConfig, Outside, app_of, client_with
from tests.installation import Installation, lines
from tests.views.imports.test_imports_api import ended, send

POSTS: Final = [
    {"username": "mina", "text": f"{kind} words {n}", "id": f"{kind}{n}", "visibility": kind}
    | {"created_at": f"2024-03-0{n}T10:00:00Z"}
    for kind in ("public", "unlisted", "private", "direct")
    for n in range(1, 4)
]
OPEN: Final = 6
FEW: Final = 6
PUBLISH: Final = ("-u", "mina", "--yes", "--timezone", "UTC")


def said(folder: Path) -> str:
    files = (path for path in folder.rglob("*") if path.suffix in {".html", ".json"})
    return "".join(path.read_text() for path in files)


def execute(site: Installation, statement: str) -> None:
    with closing(sqlite3.connect(site.database)) as connection, connection:
        connection.execute(statement)


@pytest.fixture
def site(installation: Installation, tmp_path: Path) -> Installation:
    file = lines(tmp_path / "posts.jsonl", *POSTS)
    installation.json("import", file, "--include-restricted", "--column", "id=id")
    return installation


def test_a_website_has_public_posts_of_an_import_with_restricted_posts(
    site: Installation, tmp_path: Path
) -> None:
    facts = site.json("publish", tmp_path / "website", *PUBLISH)
    assert facts["posts"] == OPEN
    assert (facts["left_out"], facts["unknown"]) == (FEW, 0)
    pages = said(tmp_path / "website")
    assert not missing_in(pages, "public words 1", "unlisted words 1")
    assert not found_in(pages, "private words", "direct words")
    exported = site.done("export", "--format", "jsonl").splitlines()
    kinds = [json.loads(line)["visibility"] for line in exported]
    assert sorted(kinds) == ["public"] * OPEN + ["restricted"] * FEW


def test_posts_of_unknown_audience_wait_for_the_operators_word(
    site: Installation, tmp_path: Path
) -> None:
    execute(site, "UPDATE Tweet SET visibility = NULL WHERE text LIKE 'public%'")
    facts = site.json("publish", tmp_path / "website", *PUBLISH)
    assert facts["posts"] == OPEN - 3
    assert (facts["left_out"], facts["unknown"]) == (FEW + 3, 3)
    assert "public words" not in said(tmp_path / "website")
    facts = site.json("publish", tmp_path / "website", *PUBLISH, "--old-posts", "public")
    assert facts["posts"] == OPEN
    assert (facts["left_out"], facts["unknown"]) == (FEW, 0)
    assert "private words" not in said(tmp_path / "website")


def test_downloads_of_facebook_do_not_say_for_whom_a_post_is(
    installation: Installation, tmp_path: Path
) -> None:
    posts = [{"timestamp": 1_704_448_800, "data": [{"post": "only for my friends"}]}]
    file = tmp_path / "your_posts_1.json"
    file.write_text(json.dumps(posts))
    installation.json("import", file, "--username", "mina")
    exported = json.loads(installation.done("export", "--format", "jsonl"))
    assert (exported["text"], exported["visibility"]) == ("only for my friends", None)
    done = installation.refused("publish", tmp_path / "website", *PUBLISH)
    assert "not known to be public: 1 post" in done
    facts = installation.json("publish", tmp_path / "website", *PUBLISH, "--old-posts", "public")
    assert facts["posts"] == 1


def test_an_author_without_public_posts_is_told_the_reason(
    site: Installation, tmp_path: Path
) -> None:
    execute(site, "UPDATE Tweet SET visibility = NULL WHERE visibility = 'public'")
    done = site.run("publish", tmp_path / "website", *PUBLISH)
    assert done.exit_code == 2
    assert "not known to be public: 12 posts, 6 of them for a limited audience" in done.stderr
    assert "chats" not in done.stderr


@pytest.mark.parametrize("again", ["public", "restricted"])
async def test_an_audience_is_only_ever_narrowed(
    make_config: MakeConfig, outside: Outside, again: str
) -> None:
    async with app_of(make_config()) as app:
        admin = await client_with(app, "admin")
        await admin.add_user("mina")
        for stored in ("public", "restricted", "unknown"):
            await admin.add_tweet("mina", stored, source_id=stored, visibility="public")
            value = "NULL" if stored == "unknown" else f"'{stored}'"
            await outside.execute(
                f"UPDATE \"Tweet\" SET visibility = {value} WHERE source_id = '{stored}'"  # noqa: S608
            )
            sent = {"text": stored, "source_id": stored, "visibility": again}
            await admin.post("/api/v1/users/mina/tweets", json=sent, status=200)
        found = await admin.walk("/api/v1/users/mina/tweets", 10)
    assert {post["source_id"]: post["visibility"] for post in found} == {
        "public": again,
        "restricted": "restricted",
        "unknown": "restricted" if again == "restricted" else None,
    }


async def test_feeds_and_files_leave_posts_for_a_limited_audience_out(
    make_config: MakeConfig,
) -> None:
    async with app_of(make_config()) as app:
        admin, anybody = await client_with(app, "admin"), Client(app, {})
        await admin.add_posts(
            *(
                {"username": "mina", "text": f"{kind} harbour and a long enough text {n}"}
                | {"visibility": kind, "created_at": f"2024-03-0{n}T10:00:00Z"}
                for kind in ("public", "restricted")
                for n in range(1, 4)
            )
        )
        for address in ("/feed.atom", "/user/mina/feed.atom", "/feed.atom?q=harbour"):
            feed = await anybody.page(address)
            assert feed.count("public harbour") >= 3
            assert "restricted harbour" not in feed
        browser = await signed_in(app)
        assert "public harbour" in await browser.page("/user/mina/report")
        assert "restricted harbour" not in await browser.page("/user/mina/report")
        page = await browser.page("/settings")
        assert "Anyone can read 3 posts here that were for a limited audience" in page
        posts = await admin.walk("/api/v1/users/mina/tweets", 10)
        few = next(post for post in posts if post["visibility"] == "restricted")
        assert "a limited audience" in await anybody.page(f"/tweet/{few['id']}")


async def test_an_export_keeps_who_could_see_each_post(make_config: MakeConfig) -> None:
    async with app_of(make_config()) as app:
        writer = await client_with(app, "write")
        exported = b"".join(
            json.dumps(export_line(kind)).encode() + b"\n"
            for kind in ("public", "restricted", None)
        )
        job = await ended(writer, await send(writer, exported))
        assert (job["accepted"], job["restricted"]) == (3, 0)
        found = await writer.walk("/api/v1/users/mina/tweets", 10)
    assert [post["visibility"] for post in found] == [None, "restricted", "public"]


def export_line(visibility: str | None) -> dict[str, Any]:
    fields = (
        *("username", "platform", "text", "kind", "created_at", "lang", "source_id", "url"),
        *("reply_to", "media", "counts", "room", "visibility"),
    )
    return dict.fromkeys(fields) | {
        "username": "mina",
        "platform": "local",
        "text": f"{visibility} words",
        "kind": "post",
        "media": [],
        "visibility": visibility,
    }

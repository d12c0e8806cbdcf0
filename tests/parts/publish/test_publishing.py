"""`saywho publish`: what a website has, what it never has, and how its folder changes."""

import errno
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from app.parts.publish.website import DRAFTS, MARK
from tests.archives import picture, x_file, x_media, x_zip
from tests.conftest import Client
from tests.installation import PROGRAM, Installation, lines
from tests.mounting import in_memory, mounted_at

SECRET: Final = "Geheimnis"
"""Begins every word that is private."""
PUBLISH: Final = ("--yes", "--timezone", "Asia/Seoul")


def own_posts() -> list[dict[str, Any]]:
    """Return the posts of an author, two of them on one day of different years, one without a
    time.
    """
    texts = (
        ("2016-05-03T10:00:00Z", "a walk by the sea #walk https://example.org/sea"),
        ("2016-05-03T15:30:00Z", "the day after, in Seoul <b>not bold</b>"),
        ("2019-05-04T01:00:00Z", "the same day, three years on"),
        ("2026-11-20T00:00:00Z", "newest of all"),
        (None, "nobody knows when"),
    )
    posts: list[dict[str, Any]] = [
        {"username": "mina", "text": text, "created_at": time, "id": str(number)}
        for number, (time, text) in enumerate(texts, 1)
    ]
    posts[3]["counts"] = {"likes": 7}
    answer = {"source_id": "77", "username": "jun"}
    own, going_on = ({"source_id": number, "username": None} for number in ("1", "9"))
    return [
        *posts,
        posts[0] | {"id": "8", "text": "@jun thank you", "kind": "reply", "reply_to": answer},
        posts[0] | {"id": "9", "text": "and it goes on", "kind": "reply", "reply_to": own},
        posts[0] | {"id": "10", "text": "and on", "kind": "reply", "reply_to": going_on},
    ]


def others_posts() -> list[dict[str, Any]]:
    """Return posts and messages that no website of mina's has: others', and in a chat."""
    said = {"created_at": "2016-05-03T10:10:00Z"}
    room = {"name": f"{SECRET} room", "id": None}
    return [
        said | {"username": "jun", "id": "77", "text": f"{SECRET} that mina answers"},
        *(
            said | {"username": f"{SECRET}er{n}", "text": f"{SECRET} of another author {n}"}
            for n in range(10)
        ),
        *(
            said | {"username": name, "text": f"{SECRET} message {n} by {name}", "room": room}
            for n in range(8)
            for name in ("mina", f"{SECRET}ling")
        ),
    ]


@pytest.fixture
def site(installation: Installation, tmp_path: Path) -> Installation:
    installation.json("import", lines(tmp_path / "posts.jsonl", *own_posts()))
    return installation


def publish(site: Installation, folder: Path, *more: str) -> dict[str, Any]:
    facts: dict[str, Any] = site.json("publish", folder, "-u", "mina", *PUBLISH, *more)
    return facts


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def pages_of(folder: Path) -> Iterator[tuple[str, LexborHTMLParser]]:
    for name, content in contents(folder).items():
        if name.endswith(".html"):
            yield name, LexborHTMLParser(content.decode())


def check_links(folder: Path) -> None:
    """Fail for a link that leads to no file or place of the folder, and for a script."""
    pages = dict(pages_of(folder))
    ids = {name: {node.id for node in page.css("[id]")} for name, page in pages.items()}
    for name, page in pages.items():
        assert len(page.css("[id]")) == len(ids[name]), f"{name} has an id twice"
        assert not page.css("script, form, iframe, base, input, button, [hx-get], [srcset]"), name
        for node in page.css("[href], [src]"):
            address = node.attributes.get("href") or node.attributes.get("src") or ""
            url = urlsplit(address)
            if url.scheme:
                assert (node.tag, url.hostname) == ("a", "example.org"), (name, address)
                continue
            assert address, name
            assert not address.startswith("/"), (name, address)
            target = (folder / name).parent / unquote(url.path) if url.path else folder / name
            assert target.is_file(), (name, address)
            if url.fragment:
                assert unquote(url.fragment) in ids[target.name], (name, address)
        assert not [
            (name, value)
            for node in page.css("*")
            for value in node.attributes.values()
            if (value or "").startswith("/")
        ]


def test_every_post_has_its_place(site: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    facts = publish(site, folder)
    assert (facts["posts"], facts["media"], facts["pages"]) == (8, 0, 8)
    pages = {name: page.body.text() for name, page in pages_of(folder) if page.body}
    months = {"2016-05.html", "2019-05.html", "2026-11.html"}
    years = {"2016.html", "2019.html", "2026.html"}
    assert pages.keys() == {"index.html", "undated.html", *months, *years}
    assert "a walk by the sea" in pages["2016-05.html"]
    # The fourth of May begins at 15:00 UTC in Seoul.
    assert "May 4, 2016" in pages["2016-05.html"]
    assert "<b>not bold</b>" in pages["2016-05.html"]
    assert "nobody knows when" in pages["undated.html"]
    assert "newest of all" in pages["index.html"]
    assert len(LexborHTMLParser((folder / "2016-05.html").read_text()).css("li.post[id]")) == 5
    index = LexborHTMLParser((folder / "index.html").read_text())
    leads = {node.attributes["href"] for node in index.css("a[href]")}
    assert {*months, *years, "undated.html"} <= leads
    assert "2026-11.html#p4" in leads
    check_links(folder)
    # Nothing of it is of this machine.
    assert not [name for name, text in contents(folder).items() if b"127.0.0.1" in text]


def test_a_long_month_is_one_page_with_all_its_posts(site: Installation, tmp_path: Path) -> None:
    posts = [
        {"username": "mina", "text": f"wave {n}", "created_at": f"2020-02-02T{n // 4:02}:00:00Z"}
        for n in range(50)
    ]
    site.json("import", lines(tmp_path / "month.jsonl", *posts))
    folder = tmp_path / "website"
    publish(site, folder)
    page = LexborHTMLParser((folder / "2020-02.html").read_text())
    texts = {node.text().strip() for node in page.css("li.post .post-text")}
    assert texts == {post["text"] for post in posts}
    check_links(folder)


def test_nothing_private_is_in_any_byte(site: Installation, tmp_path: Path) -> None:
    hidden = picture(7, 40, 30)
    site.json("import", "--publish", lines(tmp_path / f"{SECRET}-others.jsonl", *others_posts()))
    limited = tmp_path / f"{SECRET}-limited.jsonl"
    posts = [
        {"username": "mina", "text": f"{SECRET} for followers {n}", "visibility": "private"}
        for n in range(3)
    ]
    site.json("import", "--include-restricted", lines(limited, *posts))
    undone = lines(tmp_path / "gone.jsonl", {"username": "mina", "text": f"{SECRET} undone"})
    site.json("import", "--undo", str(site.json("import", undone)["imports"][0]["id"]))
    account = {"username": f"{SECRET}_x", "email": f"{SECRET}@example.org"}
    archive = {
        "data/account.js": x_file("account", {"account": account}),
        "data/tweets.js": x_file(
            "tweets",
            {
                "tweet": {
                    "id_str": "5001",
                    "full_text": f"{SECRET} picture",
                    "created_at": "Sat Feb 18 12:00:00 +0000 2023",
                    "extended_entities": {"media": [x_media("https://p.example/S.jpg")]},
                }
            },
        ),
        "data/tweets_media/5001-S.jpg": hidden,
        "data/like.js": x_file("like", {"like": {"tweetId": "9", "fullText": SECRET}}),
    }
    site.json("import", x_zip(tmp_path / f"{SECRET}.zip", archive))
    site.done("user", "add", f"{SECRET}deleted")
    site.done("user", "delete", f"{SECRET}deleted", "--yes")
    token = site.json("token", "add", f"{SECRET} token", "--scope", "read")["token"]
    site.done("operator", "add", f"{SECRET}operator")
    folder = tmp_path / "website"
    facts = publish(site, folder)
    assert (facts["posts"], facts["left_out"], facts["media"]) == (8, 3, 0)
    private = (SECRET.encode(), token.encode(), str(tmp_path).encode(), hidden[:200])
    for name, content in contents(folder).items():
        assert SECRET not in name
        found = [word for word in private if word.lower() in content.lower()]
        assert not found, (name, found)


def test_a_run_leaves_nothing_of_the_run_before(site: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    late = {"username": "mina", "text": "deleted soon", "created_at": "2020-02-02T02:00:00Z"}
    number = site.json("import", lines(tmp_path / "late.jsonl", late))["imports"][0]["id"]
    publish(site, folder)
    before = contents(folder)
    assert b"deleted soon" in before["2020-02.html"]
    (folder / "CNAME").write_text("example.org")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("mine")
    own = {"CNAME": b"example.org", ".git/config": b"mine"}
    publish(site, folder)
    assert contents(folder) == before | own
    site.json("import", "--undo", str(number))
    publish(site, folder)
    after = contents(folder)
    assert not [name for name, content in after.items() if b"deleted soon" in content]
    assert "2020.html" not in after
    publish(site, tmp_path / "other")
    assert contents(tmp_path / "other") | own == after


def test_a_website_of_2_0_is_replaced(site: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    (folder / "search" / "texts").mkdir(parents=True)
    files = ["index.html", "search/texts/1.js"]
    for name in files:
        (folder / name).write_text("old")
    mark = {"version": "2.0.0", "options": {"url": None}, "files": files}
    (folder / MARK).write_text(json.dumps(mark))
    publish(site, folder)
    assert not (folder / "search").exists()
    check_links(folder)


def test_options_choose_the_posts(site: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    assert publish(site, folder, "--since", "2016-05-04", "--until", "2026-01-01")["posts"] == 2
    facts = publish(site, folder, "--no-replies", "--language", "ko")
    assert facts["posts"] == 7  # What answers oneself goes on with a post.
    assert 'lang="ko"' in (folder / "index.html").read_text()
    assert "jun" not in "".join(content.decode() for content in contents(folder).values())
    check_links(folder)


def test_an_option_that_is_gone_names_the_way(site: Installation, tmp_path: Path) -> None:
    run = site.run("publish", tmp_path / "website", "-u", "mina", "--url", "https://example.org")
    assert (run.exit_code, run.stdout) == (2, "")
    assert run.stderr == "saywho: publish --url is gone; leave it out: no page needs the address\n"


def test_pictures_are_in_it_unless_left_out(installation: Installation, tmp_path: Path) -> None:
    tweet = {
        "id_str": "1",
        "full_text": "look",
        "created_at": "Sat Feb 18 12:00:00 +0000 2023",
        "extended_entities": {"media": [x_media("https://example.org/P.jpg")]},
    }
    members = {
        "data/account.js": x_file("account", {"account": {"username": "mina"}}),
        "data/tweets.js": x_file("tweets", {"tweet": tweet}),
        "data/tweets_media/1-P.jpg": picture(3, 600, 400),
    }
    installation.json("import", x_zip(tmp_path / "x.zip", members))
    folder = tmp_path / "website"
    assert publish(installation, folder)["media"] == 1
    (file,) = (folder / "media").iterdir()
    (shown,) = LexborHTMLParser((folder / "2023-02.html").read_text()).css("li.post img")
    assert shown.attributes["src"] == f"media/{file.name}"
    check_links(folder)
    assert publish(installation, folder, "--without-media")["media"] == 0
    assert not (folder / "media").exists()
    check_links(folder)


@pytest.mark.parametrize("kind", ["foreign", "broken", "file", "taken", "outside"])
def test_a_folder_that_is_not_its_own_stays(site: Installation, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "folder"
    if kind == "file":
        folder.write_text("mine")
    else:
        folder.mkdir()
    if kind == "foreign":
        (folder / "thesis.txt").write_text("mine")
    if kind == "broken":
        (folder / MARK).write_text('{"files": ["../thesis.txt"], "version": "1", "options": {}}')
    if kind == "taken":
        (folder / MARK).write_text('{"files": [], "version": "1", "options": {}}')
        (folder / "index.html").write_text("mine")
    if kind == "outside":
        (folder / MARK).write_text('{"files": ["media/1.jpg"], "version": "1", "options": {}}')
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "1.jpg").write_text("mine")
        (folder / "media").symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path)
    result = site.refused("publish", folder, "-u", "mina", *PUBLISH)
    assert result.splitlines()[-1].startswith("saywho: ")
    assert contents(tmp_path) == before


def test_who_is_unknown_or_writes_in_chats_only_is_not_published(
    site: Installation, tmp_path: Path
) -> None:
    site.json("import", "--publish", lines(tmp_path / "others.jsonl", *others_posts()))
    for name in ("nobody", f"{SECRET}ling"):
        assert name in site.refused("publish", tmp_path / "website", "-u", name, *PUBLISH)
        assert not (tmp_path / "website").exists()


def test_a_full_disk_leaves_the_website_as_it_was(
    site: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "website"
    publish(site, folder)
    before = contents(folder)
    late = {"username": "mina", "text": "too late", "created_at": "2021-02-02T02:00:00Z"}
    site.json("import", lines(tmp_path / "late.jsonl", late))
    sync = os.fsync
    left = [3]

    def full(number: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(number)

    monkeypatch.setattr(os, "fsync", full)
    result = site.run("publish", folder, "-u", "mina", *PUBLISH)
    monkeypatch.undo()
    assert result.exit_code == 1, result.output
    assert "cannot be written: No space left" in result.stderr.splitlines()[-1]
    assert contents(folder) == before
    assert not (folder / DRAFTS).exists()
    publish(site, folder)
    assert b"too late" in contents(folder)["2021-02.html"]


def test_a_full_disk_is_told_in_one_line(site: Installation, tmp_path: Path) -> None:
    """What is left open at a full disk is closed: no error of a task or generator is printed."""
    years = (
        {"username": "mina", "text": "on the pier", "created_at": f"{year}-05-03T10:00:00Z"}
        for year in range(2001, 2016)
    )
    site.done("import", lines(tmp_path / "years.jsonl", *years))
    folder = tmp_path / "website"
    folder.mkdir()
    with mounted_at(folder, *in_memory(200 * 1024)):
        result = site.process(PROGRAM, "publish", folder, "-u", "mina", *PUBLISH)
        assert [path.name for path in folder.iterdir()] == []
    assert result.returncode == 1
    *said, told = result.stderr.splitlines()
    assert "the output cannot be written: No space left on device" in told
    assert not [line for line in said if re.search("Traceback|Error|Context", line)], result.stderr


def test_a_web_server_may_read_what_the_process_lets_it_read(
    site: Installation, tmp_path: Path
) -> None:
    for mask, mode in ((0o027, 0o640), (0o077, 0o600)):
        folder = tmp_path / f"{mask:o}"
        done = site.process(PROGRAM, "publish", folder, "-u", "mina", *PUBLISH, umask=mask)
        assert done.returncode == 0, done.stderr
        modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
        assert modes == {mode}


def test_a_run_that_was_killed_is_gone_on_with(site: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    (folder / DRAFTS).mkdir(parents=True)
    (folder / DRAFTS / "2016-05.html").write_text("half")
    publish(site, folder)
    assert json.loads((folder / MARK).read_text())["files"]
    assert not (folder / DRAFTS).exists()


@pytest.mark.full
def test_a_person_on_a_terminal_is_asked(site: Installation, tmp_path: Path) -> None:
    asked = site.asked("n", "publish", tmp_path / "website", "-u", "mina")
    assert asked.returncode == 1
    assert "8 posts" in asked.stderr
    assert not (tmp_path / "website").exists()


async def test_addresses_that_are_gone_name_the_way(writer: Client) -> None:
    await writer.add_posts({"username": "mina", "text": "by the sea"})
    for path in ("website", "website.zip"):
        page = await writer.page(f"/user/mina/{path}", status=410)
        assert "The command saywho publish writes an author’s website" in page

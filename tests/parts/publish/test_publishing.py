"""`saywho publish`: what a website has, what it never has, and how its folder changes."""

import errno
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from selectolax.lexbor import LexborHTMLParser

from app.parts.publish.folder import DRAFTS, MARK
from tests.archives import picture, x_file, x_media, x_zip
from tests.conftest import Client
from tests.installation import PROGRAM, Installation, lines
from tests.mounting import in_memory, mounted_at

SECRET: Final = "Geheimnis"
"""Begins every word that is private."""
LONG_NAME: Final = "이름" * 60
"""More bytes than the name of a folder may have."""
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
    """Fail for a link that leads to no file or place of the folder, or a file from elsewhere."""
    pages = dict(pages_of(folder))
    ids = {name: {node.id for node in page.css("[id]")} for name, page in pages.items()}
    for name, page in pages.items():
        assert len(page.css("[id]")) == len(ids[name]), f"{name} has an id twice"
        if Path(name).name not in {"search.html", "status.html"}:
            assert not page.css("form, iframe, base, script"), name
        # Text browsers show what is hidden, and never fill what is for scripts.
        assert not page.css("input, button, label"), name
        addresses = [(node, node.attributes["href"]) for node in page.css("[href]")]
        addresses += [(node, node.attributes["src"]) for node in page.css("[src]")]
        for node in page.css("[srcset]"):
            parts = (node.attributes["srcset"] or "").split(", ")
            addresses += [(node, part.split(" ")[0]) for part in parts]
        for node, address in addresses:
            url = urlsplit(address or "")
            if url.scheme:
                assert node.tag == "a" or node.attributes.get("rel") == "canonical", (name, address)
                assert url.hostname == "example.org", (name, address)
                continue
            assert address, name
            assert not address.startswith("/"), (name, address)
            target = (folder / name).parent / unquote(url.path) if url.path else folder / name
            assert target.is_file(), (name, address)
            if url.fragment and not url.fragment.startswith("q="):
                found = target.resolve().relative_to(folder.resolve()).as_posix()
                assert unquote(url.fragment) in ids[found], (name, address)


def test_a_name_that_is_written_in_several_ways_is_one_name(
    installation: Installation, tmp_path: Path
) -> None:
    texts = ("@NYTMag on whales", "whales again, @nytmag", "@MINA answers @Jun and @jun, @nytmag")
    posts = [{"username": "mina", "text": text, "id": str(n)} for n, text in enumerate(texts)]
    installation.json("import", lines(tmp_path / "posts.jsonl", *posts))
    facts = publish(installation, tmp_path / "website")
    assert facts["authors"][0]["names"][0] == "NYTMag"
    assert [name.casefold() for name in facts["authors"][0]["names"]] == ["nytmag", "jun"]


def test_every_post_has_its_place(site: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    facts = publish(site, folder)
    assert facts["posts"] == 8
    assert facts["authors"][0] | {"names": ["jun"], "replies": 3} == facts["authors"][0]
    pages = {name: page.body.text() for name, page in pages_of(folder) if page.body}
    assert "a walk by the sea" in pages["2016/05.html"]
    # The fourth of May begins at 15:00 UTC in Seoul.
    of_may = (folder / "2016" / "05.html").read_text()
    assert of_may.index('id="d04"') < of_may.index("the day after")
    assert "<b>not bold</b>" in pages["2016/05.html"]
    assert "nobody knows when" in pages["undated.html"]
    assert "newest of all" in pages["index.html"]
    assert "newest of all" in pages["liked.html"]
    assert "2016" in pages["index.html"]
    assert {"2016.html", "2019.html", "2026.html", "numbers.html"} <= {*pages}
    assert "pictures.html" not in pages
    page = (folder / "2016" / "05.html").read_text()
    assert "a post by <bdi>jun</bdi> that is not here" in page
    # A conversation can be read on and back; what stands right below needs no link.
    assert page.count('In reply to: <a href="../2016/05.html#p1">') == 1
    assert page.count('<a href="../2016/05.html#p7">Continued in a later post</a>') == 1
    assert page.count("In reply to: <a") == page.count("Continued in a later post") == 1
    assert '<li class="post depth-1" id="p8">' in page
    check_links(folder)
    # Nothing of it is of the day of its making, or of this machine.
    assert facts["unchanged"] == 0
    assert "127.0.0.1" not in "".join(pages.values())


def test_nothing_private_is_in_any_byte(site: Installation, tmp_path: Path) -> None:
    hidden = picture(7, 40, 30)
    foreign = tmp_path / f"{SECRET}-others.jsonl"
    site.json("import", "--publish", lines(foreign, *others_posts()))
    limited = tmp_path / f"{SECRET}-limited.jsonl"
    posts = [
        {"username": "mina", "text": f"{SECRET} for followers {n}", "visibility": "private"}
        for n in range(3)
    ]
    site.json("import", "--include-restricted", lines(limited, *posts))
    undone = lines(tmp_path / "gone.jsonl", {"username": "mina", "text": f"{SECRET} undone"})
    number = site.json("import", undone)["imports"][0]["id"]
    site.json("import", "--undo", str(number))
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
    assert facts["posts"] == 8
    assert facts["authors"][0]["left_out"] == 3
    assert facts["media"] == 0
    private = (SECRET.encode(), token.encode(), str(tmp_path).encode(), hidden[:200])
    for name, content in contents(folder).items():
        assert SECRET not in name
        found = [word for word in private if word.lower() in content.lower()]
        assert not found, (name, found)


def test_more_liked_posts_are_offered_where_there_are_more(
    site: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "website"
    for liked, is_offered in ((1, False), (3, False), (4, True), (101, True)):
        also = [
            {"username": "mina", "text": f"liked {n}", "id": f"like{n}", "counts": {"likes": 1}}
            for n in range(1, liked)
        ]
        if also:
            site.json("import", lines(tmp_path / f"{liked}.jsonl", *also))
        publish(site, folder)
        page = LexborHTMLParser((folder / "index.html").read_text())
        links = [node.text() for node in page.css(".more a")]
        assert ("More of the most liked posts" in links) == is_offered, liked
        liked_page = (folder / "liked.html").read_text()
        assert len(LexborHTMLParser(liked_page).css("li.post")) == min(liked, 100)
        assert ("At most 100 posts are shown" in liked_page) == (liked > 100)


def test_one_changed_post_changes_few_files(site: Installation, tmp_path: Path) -> None:
    """Each page told how many posts there are, and up to which day: all were written anew."""
    start = datetime(2017, 1, 1, 12, tzinfo=UTC)
    days = (start + timedelta(20 * n) for n in range(100))
    posts = [
        {"username": "mina", "text": f"again {day:%d %B}", "created_at": day.isoformat()}
        for day in days
    ]
    site.json("import", lines(tmp_path / "long.jsonl", *posts))
    newest = posts[0] | {"text": "the newest", "created_at": "2026-10-03T08:00:00Z"}
    number = site.json("import", lines(tmp_path / "newest.jsonl", newest))["imports"][0]["id"]
    folder, address = tmp_path / "website", ("--url", "https://example.org/mina")
    first = publish(site, folder, *address)
    assert first["written"] >= 80
    site.json("import", "--undo", str(number))
    assert publish(site, folder, *address)["written"] <= 25


def test_a_deleted_post_changes_its_own_file_of_texts(site: Installation, tmp_path: Path) -> None:
    """The files were cut by the places of the posts: all after it were written anew."""
    start = datetime(2017, 1, 1, 12, tzinfo=UTC)
    posts = [
        {
            "username": "mina",
            "text": f"word{n % 50} again",
            "created_at": (start + timedelta(hours=n)).isoformat(),
        }
        for n in range(2_000)
    ]
    oldest = posts.pop(100)
    site.json("import", lines(tmp_path / "long.jsonl", *posts))
    number = site.json("import", lines(tmp_path / "one.jsonl", oldest))["imports"][0]["id"]
    folder = tmp_path / "website"
    publish(site, folder)
    before = contents(folder)
    assert len([name for name in before if "/texts/" in name]) > 30
    site.json("import", "--undo", str(number))
    publish(site, folder)
    after = contents(folder)
    differ = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert len([name for name in differ if "/texts/" in name]) <= 2
    assert len(differ) <= 25, differ


def test_a_run_changes_what_has_changed(site: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    late = {"username": "mina", "text": "deleted soon", "created_at": "2020-02-02T02:00:00Z"}
    number = site.json("import", lines(tmp_path / "late.jsonl", late))["imports"][0]["id"]
    publish(site, folder)
    before = contents(folder)
    assert b"deleted soon" in before["2020/02.html"]
    (folder / "CNAME").write_text("example.org")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("mine")
    again = publish(site, folder)
    assert (again["written"], again["removed"]) == (0, 0)
    assert again["unchanged"] == len(before) - 1  # All but the mark.
    site.json("import", "--undo", str(number))
    times = {name: (folder / name).stat().st_mtime_ns for name in before}
    third = publish(site, folder)
    after = contents(folder)
    assert third["removed"] == 2  # Its month and year.
    assert not [name for name, content in after.items() if b"deleted soon" in content]
    assert not (folder / "2020").exists()
    assert (after["CNAME"], after[".git/config"]) == (b"example.org", b"mine")
    assert (folder / "style.css").stat().st_mtime_ns == times["style.css"]
    check_links(folder)
    other = tmp_path / "other"
    publish(site, other)
    assert contents(other) == {
        name: content for name, content in after.items() if name not in {"CNAME", ".git/config"}
    }


def test_options_choose_the_posts(site: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    facts = publish(site, folder, "--since", "2016-05-04", "--until", "2026-01-01")
    assert facts["posts"] == 2
    facts = publish(site, folder, "--no-replies", "--language", "ko")
    assert facts["posts"] == 7  # What answers oneself goes on with a post.
    assert facts["authors"][0]["names"] == []
    assert 'lang="ko"' in (folder / "index.html").read_text()
    assert "jun" not in "".join(content.decode() for content in contents(folder).values())
    check_links(folder)


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
    facts = publish(installation, folder)
    assert facts["media"] == 1
    media = sorted(path.suffix for path in (folder / "media").iterdir())
    assert len(media) == 2, "a picture and its small version"
    wall = LexborHTMLParser((folder / "pictures.html").read_text())
    (tile,) = wall.css(".pictures a")
    assert tile.attributes["href"] == "2023/02.html#p1"
    check_links(folder)
    without = publish(installation, folder, "--without-media")
    assert without["media"] == 0
    assert not (folder / "media").exists()
    assert "pictures.html" not in contents(folder)
    check_links(folder)


def test_several_authors_have_a_folder_each(site: Installation, tmp_path: Path) -> None:
    site.json(
        "import",
        lines(
            tmp_path / "ann.jsonl",
            *(
                {"username": name, "text": f"by {name}", "created_at": "2020-01-01T00:00:00Z"}
                for name in ("media", "김_앤", LONG_NAME)
            ),
        ),
    )
    folder = tmp_path / "website"
    names = ("-u", "media", "-u", "김_앤", "-u", "MINA", "-u", LONG_NAME)
    url = ("--url", "https://example.org")
    facts = site.json("publish", folder, "-u", "mina", *names, *url, *PUBLISH)
    assert facts["posts"] == 11
    files = contents(folder)
    assert {"index.html", "mina/2016/05.html", "media-2/index.html", "김_앤/index.html"} <= {*files}
    check_links(folder)


def test_a_website_with_a_url_has_a_feed_and_a_site_map(site: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    publish(site, folder, "--url", "https://example.org/my/")
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.parse(folder / "feed.atom").getroot()  # noqa: S314 - it is ours
    links = [link.get("href", "") for link in feed.iter(f"{atom}link")]
    assert "https://example.org/my/feed.atom" in links
    assert "https://example.org/my/2026/11.html#p4" in links
    listed = ElementTree.parse(folder / "sitemap.xml").getroot()  # noqa: S314 - it is ours
    addresses = {
        (place.text or "").removeprefix("https://example.org/my/") for place in listed.iter()
    }
    pages = {name for name, _ in pages_of(folder)}
    assert {
        address or "index.html" for address in addresses if address.strip() or not address
    } >= pages
    assert "Sitemap: https://example.org/my/sitemap.xml" in (folder / "robots.txt").read_text()
    page = LexborHTMLParser((folder / "2016" / "05.html").read_text())
    (own,) = page.css('meta[property="og:url"]')
    assert own.attributes["content"] == "https://example.org/my/2016/05.html"
    check_links(folder)
    assert publish(site, folder, "--url", "https://example.org/my")["written"] == 0
    again = publish(site, folder)
    assert again["removed"] == 2
    assert not [name for name, text in contents(folder).items() if b"example.org/my" in text]
    for url in ("example.org", "ftp://example.org", "https://a@b.example/?q", "http://["):
        assert site.run("publish", folder, "-u", "mina", *PUBLISH, "--url", url).exit_code == 2


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
        (folder / MARK).write_text('{"files": [], "version": "1", "options": {}}')
        (tmp_path / "elsewhere").mkdir()
        (folder / "2016").symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path)
    result = site.run("publish", folder, "-u", "mina", *PUBLISH)
    assert result.exit_code == 2, result.output
    assert result.stderr.splitlines()[-1].startswith("saywho: ")
    assert contents(tmp_path) == before


def test_who_is_unknown_or_writes_in_chats_only_is_not_published(
    site: Installation, tmp_path: Path
) -> None:
    site.json("import", "--publish", lines(tmp_path / "others.jsonl", *others_posts()))
    for name in ("nobody", f"{SECRET}ling"):
        result = site.run("publish", tmp_path / "website", "-u", name, *PUBLISH)
        assert result.exit_code == 2, result.output
        assert name in result.stderr
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
    assert "the disk is full" in result.stderr.splitlines()[-1]
    assert contents(folder) == before
    assert not (folder / DRAFTS).exists()
    assert publish(site, folder)["written"] > 3
    # A folder that was not there is not left behind.
    left[0] = 3
    monkeypatch.setattr(os, "fsync", full)
    assert site.run("publish", tmp_path / "other", "-u", "mina", *PUBLISH).exit_code == 1
    monkeypatch.undo()
    assert not (tmp_path / "other").exists()


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
    assert "the disk is full; the website is as it was before" in told
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
    (folder / DRAFTS / "2016").mkdir(parents=True)
    (folder / DRAFTS / "2016" / "05.html").write_text("half")
    publish(site, folder)
    assert json.loads((folder / MARK).read_text())["files"]
    assert not (folder / DRAFTS).exists()


@pytest.mark.full
def test_a_person_on_a_terminal_is_asked(site: Installation, tmp_path: Path) -> None:
    asked = site.asked("n", "publish", tmp_path / "website", "-u", "mina")
    assert asked.returncode == 1
    assert "8 posts" in asked.stderr
    assert "jun" in asked.stderr
    assert not (tmp_path / "website").exists()


async def test_addresses_that_are_gone_name_the_way(writer: Client) -> None:
    await writer.add_posts({"username": "mina", "text": "by the sea"})
    for path in ("website", "website.zip"):
        page = await writer.page(f"/user/mina/{path}", status=410)
        assert "The command saywho publish writes an author’s website" in page

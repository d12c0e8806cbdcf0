"""Importing in the browser: upload, look, start, watch, cancel, look back."""

import io
import json
import os
import re
import stat
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from quart import Quart
from quart.datastructures import FileStorage

from app.services.imports.jobs import UPLOAD_LIFETIME, get_job, open_upload, upload_path
from saywho.clock import now
from tests.archives import picture, x_media, x_media_members, x_members, x_zip, zip_bytes
from tests.browsing import Browser, found_in, missing_in, parts_of, signed_in
from tests.chats import kakaotalk
from tests.conftest import Client, MakeConfig, app_of
from tests.uploading import choose, ended, jsonl, shown, start, until_uploads, upload, uploads


async def imported(browser: Browser, data: bytes, name: str = "posts.jsonl", **form: str) -> str:
    """Upload a file, start its import and wait for its end; return the page."""
    address = await upload(browser, data, name)
    assert await start(browser, address, **form) == 303
    return await ended(browser, address)


async def items(browser: Browser, path: str) -> list[dict[str, Any]]:
    """Return the items of a list of the API."""
    answer = await browser.get(f"/api/v1/{path}")
    return list((await answer.get_json())["items"])


async def test_preview_shows_what_is_in_the_file_and_stores_nothing(browser: Browser) -> None:
    data = jsonl(
        {"username": "선장", "text": "오늘의 <바다>"},
        {"username": "선장", "text": "내일의 바다"},
        {"username": "ann", "text": "the harbour"},
    )
    address = await upload(browser, data + b"not json at all\n", "<b>posts</b>.jsonl")
    page = await browser.page(address)
    text = shown(page)
    assert not missing_in(text, "JSON lines", "Posts 3")
    assert re.search(r"선장 \( ?2 ?\)", text)
    assert not missing_in(text, "Records that cannot be read 1", "line or record 4")
    assert "오늘의 &lt;바다&gt;" in page
    assert "<b>posts" not in page
    assert await items(browser, "users") == []
    # It waits to be started, and is no import yet for programs.
    assert "not started yet" in shown(await browser.page("/imports"))
    assert (await browser.get(f"/api/v1{address}")).status_code == 404


async def test_a_strange_table_needs_the_name_of_one_or_a_known_column(browser: Browser) -> None:
    table = b"Student,Essay\nAda,tea now\nMina,bread\n"
    assert "essays.txt is not in any known format. If it is a table, name the column" in shown(
        await browser.page(await upload(browser, table, "essays.txt"))
    )
    for data, name in ((table, "essays.csv"), (table.replace(b"Essay", b"text"), "essays.txt")):
        page = shown(await browser.page(await upload(browser, data, name)))
        assert "Start the import" in page
        # Until the column of the texts is chosen, it is no fault of the records.
        assert "Which column has the texts?" in page
        assert not found_in(page, "no text", "Records that cannot be read")
    alone = await browser.page(await upload(browser, b"Student,Essay\n", "essays.csv"))
    assert "essays.csv has only one row" in shown(alone)


async def test_preview_tells_how_the_columns_were_understood(browser: Browser) -> None:
    rows = [
        f"author{n % 7},text &amp; number {n},2024-03-0{n % 7 + 1} 05:00,ko" for n in range(1001)
    ]
    data = "\n".join(["user,text,date,lang", *rows, ",a text of nobody,,"]).encode()
    page = await browser.page(await upload(browser, data, "posts.csv"))
    text = shown(page)
    assert not missing_in(text, "Authors of the first 1,000 posts", "and 2 more")
    # Doubts count the others, too.
    assert not missing_in(text, "Doubts", "not only in the first 1,000 records")
    first = page.partition("Preview of the posts")[2].partition("</li>")[0]
    assert not missing_in(first, "<bdi>author0</bdi>", '<time datetime="2024-03-01T05:00:00Z">')
    assert "Korean" in first
    assert "Anyone who can reach this server can read" in text
    page = await browser.page(await upload(browser, b"text\njust a text\n", "texts.csv"))
    assert "no author named" in page
    assert "at an unknown time" in page
    page = await browser.page(await upload(browser, "학생,글\n미나,안녕\n".encode(), "반.csv"))
    assert "These posts name no author. Choose the author column" in page
    page = await browser.page(await upload(browser, "이름,한마디\n미나,안녕\n".encode(), "반.csv"))
    assert "These posts name no author" not in page


async def test_columns_are_asked_in_one_form_with_the_first_rows(browser: Browser) -> None:
    data = "작성자,언제,한마디\n미나,2020-01-02,안녕하세요\n".encode("cp949")
    address = await upload(browser, data, "말.csv")
    page = await browser.page(address)
    asked = re.findall(r'<select [^>]*name="pick"( required)?>(.*?)</select>', page, re.DOTALL)
    assert [bool(required) for required, _ in asked] == [True, False, True]
    chosen = [re.findall(r'value="([^"]*)" selected', values) for _, values in asked]
    assert chosen == [[""], ["author=작성자"], [""]]
    assert '<td dir="auto">안녕하세요</td>' in page
    assert 'name="column"' not in page
    # What was chosen is shown, too, before anything is stored.
    picks = ["text=한마디", "author=작성자", "time=언제"]
    assert await start(browser, address) == 422
    assert await start(browser, address, pick=picks) == 303
    page = await browser.page(address)
    assert "Which column" not in page
    assert 'datetime="2020-01-02' in page
    assert await start(browser, address, pick=picks) == 303
    assert "1 new post" in shown(await ended(browser, address))
    (post,) = await items(browser, "users/미나/tweets")
    assert (post["text"], post["created_at"]) == ("안녕하세요", "2020-01-02T00:00:00Z")


async def test_broken_bytes_in_a_table_are_shown_as_such(browser: Browser) -> None:
    data = b"author,text,caf\x81\nan\x81,hello,1\nann,hello,2\n"
    address = await upload(browser, data, "broken.csv")
    page = await browser.page(address)
    assert not missing_in(page, 'name="column" value="caf?"', "<bdi>an?</bdi>")
    await start(browser, address)
    assert "1 new post · 1 rejected" in shown(await ended(browser, address))


async def test_upload_start_watch_and_look_back(
    app: Quart, browser: Browser, tmp_path: Path
) -> None:
    data = x_zip(tmp_path / "a.zip").read_bytes()
    address = await upload(browser, data, "twitter-2023.zip")
    page = await browser.page(address)
    assert 'value="mina"' in page
    assert "Reposts, left out 1" in shown(page)
    assert await start(browser, address, username=" Mina2 ") == 303
    text = shown(await ended(browser, address))
    assert not missing_in(text, "5 new posts", "1 repost left out")
    assert await start(browser, address) == 409
    assert (await browser.post(f"{address}/cancel")).status_code == 409
    history = await browser.page("/imports")
    assert not missing_in(history, f'href="{address}"', "twitter-2023.zip")
    assert "mina2" in (await browser.page("/authors")).lower()
    await until_uploads(app, 0)


async def test_an_import_names_its_authors_and_the_next_step(browser: Browser) -> None:
    first = {"username": "선장", "text": "오늘의 바다", "created_at": "2024-03-02T05:00:00Z"}
    second = {"username": "ann", "text": "the harbour", "created_at": "2025-01-30T05:00:00Z"}
    again = {"username": "ann", "text": "the harbour at night"}
    for records, told, comparing in (
        ((first, second), "New posts by ann · 선장", 2),
        ((first, second, again), "New posts by ann", None),
        ((first,), "0 new posts", 0),
    ):
        page = await imported(browser, jsonl(*records))
        assert ("New posts by" in page) is (comparing != 0)
        assert told in shown(page)
        (primary,) = re.findall(r'<a class="button primary" href="([^"]+)"', page)
        # Of one new author the page is next.
        assert primary.startswith({0: "/imports", 2: "/?username=", None: "/user/ann"}[comparing])
        assert primary.count("username=") == (comparing or 0)
    # A deleted author is not named any more.
    await browser.post("/settings/authors/delete", form={"username": "ann", "confirm": "yes"})
    assert not re.search(r"\bann\b", shown(await browser.page("/imports/2")))


async def test_those_who_wrote_most_are_named_first(browser: Browser) -> None:
    names = [f"p{number:02}" for number in range(10)]
    records = [
        {"username": name, "text": f"the harbour {place}", "created_at": "2025-01-30T05:00:00Z"}
        for count, name in enumerate(names, 1)
        for place in range(count)
    ]
    page = shown(await imported(browser, jsonl(*records)))
    assert page[page.index("New posts by") :].startswith(f"New posts by {' · '.join(names[::-1])}")


async def test_the_zone_of_a_chat_is_the_one_of_its_file(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    said = {"id": 1, "type": "message", "from": "Mina", "from_id": "user1", "text": "one"}
    said |= {"date": "2024-03-01T23:30:00", "date_unixtime": "1709332200"}  # 22:30 UTC.
    chat = {"name": "Tea", "type": "private_group", "id": 9, "messages": [said]}
    address = await upload(browser, json.dumps(chat).encode(), "result.json")
    page = await browser.page(address)
    assert 'name="timezone" value="UTC+1"' in page
    assert shown(page).count("UTC+1") == 1
    assert await start(browser, address, timezone="UTC+1", only="Mina", publish="on") == 303
    await ended(browser, address)
    assert (await (await browser.get("/api/v1/rooms/1")).get_json())["tz"] == "Etc/GMT-1"


async def test_a_chat_whose_clock_changed_has_a_zone_with_summer_time(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    said = {"type": "message", "from": "Mina", "from_id": "user1"}
    winter = {"id": 1, "date": "2024-03-01T23:30:00", "date_unixtime": "1709332200", "text": "one"}
    summer = {"id": 2, "date": "2024-07-01T00:30:00", "date_unixtime": "1719786600", "text": "two"}
    chat = {"name": "Tea", "type": "private_group", "id": 9}
    data = json.dumps(chat | {"messages": [said | winter, said | summer]}).encode()
    address = await upload(browser, data, "result.json")
    page = await browser.page(address)
    assert 'name="timezone" value="Europe/Berlin"' in page
    assert "Times: Berlin time" in shown(page)
    assert await start(browser, address, timezone="Europe/Berlin", only="Mina", publish="on") == 303
    await ended(browser, address)
    assert (await (await browser.get("/api/v1/rooms/1")).get_json())["tz"] == "Europe/Berlin"
    portrait = await (await browser.get("/api/v1/users/Mina/archive?year=2024")).get_json()
    days = [day["date"] for month in portrait["calendar"]["months"] for day in month["days"]]
    assert days == ["2024-03-01", "2024-07-01"]


async def test_the_browsers_zone_is_assumed_for_a_chat_that_leaves_a_choice(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    said = {"id": 1, "type": "message", "from": "Mina", "from_id": "user1", "text": "one"}
    said |= {"date": "2024-03-01T23:30:00", "date_unixtime": "1709332200"}
    chat = {"name": "Tea", "type": "private_group", "id": 9, "messages": [said]}
    browser.cookies["saywho_zone"] = "Europe/Paris"
    page = await browser.page(await upload(browser, json.dumps(chat).encode(), "result.json"))
    assert 'name="timezone" value="Europe/Paris"' in page
    assert "Times: Paris time" in shown(page)
    for unknown in ("Asia/Seoul", "No/Place"):
        browser.cookies["saywho_zone"] = unknown
        page = await browser.page(await upload(browser, json.dumps(chat).encode(), "result.json"))
        assert "Times: UTC+1" in shown(page)


async def test_the_period_of_a_chat_is_of_its_own_days(browser: Browser) -> None:
    said = [
        (f"2024-01-15 오전 {time}", name, "응")
        for time, name in (("12:05", "하늘"), ("8:10", "민준"))
    ]
    late = kakaotalk("동네", *said)
    address = await upload(browser, late, "talk.txt")
    browser.headers["Cookie"] = "saywho_zone=America/New_York"
    assert "Period January 15, 2024" in shown(await browser.page(address))


async def test_the_period_of_a_chat_that_is_here_is_of_its_own_days(browser: Browser) -> None:
    lines = (
        f"[15.01.2024, 20:{n:02}:08] {'Mina' if n % 2 else 'Theo'}: tea {n}" for n in range(40)
    )
    evening = "\n".join(lines).encode()
    address = await upload(browser, evening, "WhatsApp Chat - Tea.txt")
    assert "Period January 15, 2024" in shown(await browser.page(address))
    said = {"timezone": "Asia/Seoul", "publish": "on"}
    assert await start(browser, address, only=["Mina", "Theo"], **said) == 303
    await ended(browser, address)
    page = await browser.page(await upload(browser, evening, "WhatsApp Chat - Tea.txt"))
    assert "This file is here already" in shown(page)
    assert re.findall(r"name=.timezone. value=.([^\"]*)", page) == ["Asia/Seoul"]
    assert "Period January 15, 2024" in shown(page)


async def test_the_page_says_how_to_get_the_file_of_a_chat(browser: Browser) -> None:
    page = await browser.page("/imports")
    ways = re.findall(r'<details class="folded" name="how-to">([\s\S]*?)</details>', page)
    assert len(ways) == 6
    assert "Choose “Export chat”." in ways[0]
    assert all(way.count("<li>") == 3 for way in ways[:5])
    assert "ChatLab" in ways[5]


async def test_a_file_of_one_account_without_a_name_asks_for_one(
    app: Quart, browser: Browser, tmp_path: Path
) -> None:
    hidden = {"data/manifest.js", "data/account.js"}
    members = {name: data for name, data in x_members().items() if name not in hidden}
    data = x_zip(tmp_path / "a.zip", members).read_bytes()
    address = await upload(browser, data, "a.zip")
    (field,) = re.findall(r'<input id="username"[^>]*>', await browser.page(address))
    assert not missing_in(field, 'value=""', "required")
    # A browser does not send it empty; others may.
    assert await start(browser, address, username=" ") == 303
    assert "failed" in shown(await ended(browser, address))
    assert await items(browser, "users") == []
    await until_uploads(app, 0)


async def test_a_file_of_nothing_known_can_only_be_discarded(app: Quart, browser: Browser) -> None:
    for name, reason in (("", "Choose a file first"), ("empty.csv", "The file is empty")):
        files = {"file": FileStorage(io.BytesIO(b""), name)}
        answer = await browser.post("/imports", files=files, status=422)
        text = await answer.get_data(as_text=True)
        assert not missing_in(text, 'role="alert"', reason)
    address = await upload(browser, b"\x00\x01\x02 nothing", "photo.jpg")
    page = await browser.page(address)
    assert 'role="alert"' in page
    assert f'action="{address}/start"' not in page
    assert len(uploads(app)) == 1
    answer = await browser.post(f"{address}/cancel")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/imports")
    await until_uploads(app, 0)
    for path in (address, f"{address}/start", f"{address}/cancel"):
        method = "GET" if path == address else "POST"
        assert (await browser.send(method, path)).status_code == 404


async def test_links_in_an_upload_are_named(browser: Browser) -> None:
    file = io.BytesIO(zip_bytes(x_members()))
    with zipfile.ZipFile(file, "a") as archive:
        link = zipfile.ZipInfo("data/tweets_media/1-a.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    told = "data/tweets_media/1-a.png: left out, because links"
    address = await upload(browser, file.getvalue(), "x.zip")
    assert told in shown(await browser.page(address))
    await start(browser, address)
    assert told in shown(await ended(browser, address))


BAD_LINES = (
    b'{"text": "whose?"}',
    b'{"username": "mina", "text": null}',
    b'{"username": "/?", "text": "x"}',
    b'{"username": "mina", "text": 5}',
    b'{"username": "mina", "text": "x", "platform": "x"}',
    b'{"username": "mina", "text": "x", "platform": "bluesky"}',
    b"[1]",
    b"{bad",
    b'{"username": "mina", "text": "\xff"}',
    b'{"text": ' + b"[" * 100_000,
)


async def test_the_first_reasons_are_listed(browser: Browser) -> None:
    records: list[dict[str, Any]] = [{"username": "mina", "text": None} for _ in range(120)]
    address = await upload(browser, jsonl(*records))
    assert "Only the first 100 reasons are stored." in await browser.page(address)
    await start(browser, address, accept_doubts="on")
    text = shown(await ended(browser, address))
    assert text.count("the text is missing (and 119 more records)") == 1
    assert "Only the first 100 reasons are stored." in text


async def test_an_import_of_no_posts_says_so(browser: Browser) -> None:
    post = {"username": "mina", "text": "theirs", "kind": "repost"}
    page = await imported(browser, jsonl(post, {"username": "mina", "text": ""}))
    assert "This file contains no posts to store." in shown(page)


async def test_reasons_are_in_order_and_in_the_language_of_the_page(
    browser: Browser, writer: Client
) -> None:
    await writer.post("/api/v1/users", json={"username": "mina", "platform": "mastodon"})
    browser.headers["Accept-Language"] = "ko"
    address = await upload(browser, b"\n".join(BAD_LINES))
    assert '<span lang="en">' not in await browser.page(address)
    await start(browser, address, accept_doubts="on")
    page = await ended(browser, address)
    assert '<span lang="en">' not in page
    places = re.findall(r"(\d+)번째 줄 또는 항목", page)
    assert places == [str(number) for number in range(1, len(BAD_LINES) + 1)]
    assert "글 자리에 문자열이 아닌 값이 있어요" in page
    browser.headers["Accept-Language"] = "en"
    assert "the text is not a string" in await browser.page(address)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"just some words", "모르는 형식이에요", id="prose"),
        pytest.param(b"[[[[", "1번째 줄 2번째 글자에서 끊겼거나", id="brackets"),
        pytest.param(
            b'username,text\na,"never closed', "따옴표", id="quote", marks=pytest.mark.full
        ),
        pytest.param(
            x_members()["data/tweets.js"][:-20],
            "손상되었어요: 값이 닫히지 않았어요",
            id="cut",
            marks=pytest.mark.full,
        ),
    ],
)
async def test_why_a_file_fails_is_in_the_language_of_the_page(
    browser: Browser, data: bytes, why: str
) -> None:
    browser.headers["Accept-Language"] = "ko"
    address = await upload(browser, data, "파일")
    page = await browser.page(address)
    assert why in page
    assert '<span lang="en">' not in page
    await start(browser, address, username="mina")
    page = await ended(browser, address)
    assert why in page
    assert '<span lang="en">' not in page
    assert ("그때까지 읽은 글은 남아요" in page) == why.startswith("손상")


async def test_forgotten_uploads_go_at_a_later_start(make_config: MakeConfig) -> None:
    async with app_of(make_config()) as first:
        browser = await signed_in(first)
        old = await upload(browser, b"{}\n", "old.jsonl")
        fresh = await upload(browser, b"{}\n", "fresh.jsonl")
        before = now() - UPLOAD_LIFETIME - timedelta(minutes=1)
        place = parts_of(first).config.data_dir
        async with parts_of(first).db.write() as session:
            job = await get_job(session, int(old.rpartition("/")[2]))
            job.created_at = before
        stray, left_behind = open_upload(place)
        left_behind.close()
        for name in (job.spool, stray):
            os.utime(upload_path(place, name), (before.timestamp(), before.timestamp()))
        arriving, file = open_upload(place)
    async with app_of(make_config()) as second:
        browser = Browser(second, cookies=browser.cookies)
        # The fresh upload and what another worker is writing.
        with file:
            kept = {path.name for path in await until_uploads(second, 2)}
        assert arriving in kept
        assert stray not in kept
        assert (await browser.get(old)).status_code == 404
        assert (await browser.get(fresh)).status_code == 200


async def test_entities_are_noticed_and_decoded_if_wanted(browser: Browser) -> None:
    data = jsonl(*({"username": "a", "text": f"{n} &amp; {n}"} for n in range(3)))
    page = await browser.page(await upload(browser, data))
    assert "Decode HTML entities such as &amp;amp; (in 3 posts)" in shown(page)
    await imported(browser, data, decode_entities="on")
    assert "1 &amp; 1" in await browser.page("/user/a")
    plain = await browser.page(await upload(browser, jsonl({"username": "a", "text": "b & c"})))
    assert not found_in(plain, "decode_entities", "no_media")


async def test_an_archive_of_one_author_leads_home_and_says_what_was_read(
    app: Quart, browser: Browser, tmp_path: Path
) -> None:
    posts = {n: [x_media(f"https://p.example/{n}.png", media_key=str(n))] for n in (1, 2)}
    members = x_media_members(posts, {"1-1.png": picture(1)})
    data = x_zip(tmp_path / "x.zip", members).read_bytes()
    page = await browser.page(await upload(browser, data, "x.zip"))
    assert "Pictures and videos 1" in shown(page)
    assert 'type="checkbox" name="no_media"' in page
    await imported(browser, data, "x.zip", username="zoe", no_media="on")
    assert list(parts_of(app).config.media_dir.glob("*")) == []
    await browser.post("/settings/authors/delete", form={"username": "zoe", "confirm": "yes"})
    page = await imported(browser, data, "x.zip")
    assert "Pictures and videos 1 " in shown(page)
    assert "not messages, likes, contacts or deleted posts" in page
    assert re.findall(r'<a class="button primary" href="([^"]+)"', page) == ["/user/mina"]
    pictures = await browser.page("/user/mina")
    pictures = pictures.partition('class="pictures of-1"')[2].partition("</ul>")[0]
    shown_of = r'href="([^"]+)"><img src="/media/\w+\.png"[^>]* alt="post 1"'
    assert re.findall(shown_of, pictures) == ["/tweet/3"]  # Zoe's were 1 and 2.


async def test_of_many_people_most_are_folded_and_all_come_in(browser: Browser) -> None:
    lines = [f"January 15, 2024, 4:{place:02} PM, p{place} : said this" for place in range(12)]
    head = "us with KakaoTalk Chats\nDate Saved : January 20, 2024, 9:00 AM\n\n"
    address = await upload(browser, (head + "\n".join(lines) + "\n").encode(), "many.txt")
    page = await browser.page(address)
    assert "7 more people" in page
    assert len(re.findall('name="only" value="p\\d+" checked', page)) == 12
    form = {name: [f"p{place}" for place in range(12)] for name in ("speaker", "only")}
    # A name that was emptied stays as it was.
    form |= {"renamed": [""] * 12, "publish": ["on"], "timezone": ["Asia/Seoul"]}
    assert await start(browser, address, **form) == 303
    assert "12 new messages" in shown(await ended(browser, address))


async def test_a_refused_file_says_what_can_be_read(browser: Browser) -> None:
    address = await upload(browser, b"%PDF-1.4 no chat at all", "paper.pdf")
    page = await browser.page(address)
    alert = page.partition('role="alert"')[2].partition("</div>")[0]
    assert "paper.pdf is not in any known format" in alert
    assert "Supported formats" not in page
    # The history said that it was not started.
    history = shown(await browser.page("/imports"))
    assert not missing_in(history, "paper.pdf is not in any known format", "cannot be imported")
    assert "not started yet" not in history


async def test_a_file_is_refused_as_its_last_look_says(browser: Browser) -> None:
    address = await upload(browser, b"Student,Essay\nAda,tea now\n", "essays.csv")
    columns, fields = ["Student", "Essay"], ["username", "text"]
    await browser.page(f"{address}?format=x")
    assert "cannot be imported" in shown(await browser.page("/imports"))
    await choose(browser, address, column=columns, field=fields)
    await browser.page(address)
    assert "not started yet" in shown(await browser.page("/imports"))
    await browser.page(f"{address}?format=x")
    assert await start(browser, address, column=columns, field=fields, format="csv") == 303
    assert "not in the format" not in await ended(browser, address)


async def test_who_speaks_in_a_chat_is_shown_named_and_left_out(browser: Browser) -> None:
    room = "".join(
        f"January 15, 2024, 3:{minute:02} PM, {name} : said this at {minute}\n"
        for minute, name in enumerate(["mina", "Anna Kim", "mina", "You", "mina", "bo"])
    )
    data = f"KakaoTalk Chats with us\n\n{room}".encode()
    address = await upload(browser, data, "chat.txt")
    page = await browser.page(address)
    told = "said this at 0 Change the name, see more messages (mina) said this at 2 "
    assert f"mina 3 messages {told}" in shown(page)
    assert "said this at 4" not in page
    assert "Anna Kim 1 message said this at 1" in shown(page)
    assert '<h1 class="quiet">Import: <bdi>us</bdi></h1>' in page
    assert '<p class="lead"><bdi>chat.txt</bdi></p>' in page
    assert 'value="Anna Kim" maxlength' in page  # As people write it; a username has no space.
    assert 'name="publish" value="private" required checked' in page

    form: dict[str, Any] = {"speaker": ["mina", "Anna_Kim", "bo"], "timezone": "Asia/Seoul"}
    form |= {"renamed": ["mina", "mina", "bo"], "username": "zoe", "publish": "on"}
    assert await start(browser, address, **form | {"username": ""}) == 422
    form["only"] = ["mina", "Anna_Kim"]
    assert await start(browser, address, **form | {"timezone": "Asia/Nowhere"}) == 422
    assert await start(browser, address, **form) == 303
    done = await ended(browser, address)
    assert "5 new messages · 1 app note, file or deleted message left out" in shown(done)
    assert '<h1 class="quiet">Import: <bdi>us</bdi></h1>' in done
    assert re.findall(r'<bdi class="hued">(\w+)</bdi>', done) == ["mina", "zoe"]
    tweets = {item["username"]: item["tweets"] for item in await items(browser, "users")}
    assert tweets == {"mina": 4, "zoe": 1}
    # For a longer export of the room the same is proposed; in another room all are ticked.
    ticked = re.compile(r'name="only" value="(\w+)" checked')
    more = data + b"January 15, 2024, 4:00 PM, mina : said much more\n"
    page = await browser.page(await upload(browser, more, "longer.txt"))
    assert ticked.findall(page) == ["mina", "Anna_Kim"]
    assert "from your last import of a chat with these people" in page
    named = re.compile(r'name="(?:renamed|username)" value="([\w ]*)"')
    assert named.findall(page) == ["mina", "mina", "zoe", "bo"]
    other = data.replace(b"Anna Kim", b"Lee")
    page = await browser.page(await upload(browser, other, "other.txt"))
    assert ticked.findall(page) == ["mina", "Lee", "bo"]


async def test_findings_about_chats_in_a_file_of_posts_speak_of_messages(browser: Browser) -> None:
    lines = [
        {"username": name, "text": f"{text}{end}", "source_id": f"{room}-{n}"}
        | {"created_at": f"{date(2024, 1, 1) + timedelta(n // 10)}T12:{n % 60:02}:00Z"}
        | {"room": {"id": room, "name": f"chat {room}"}}
        for room in (1, 2)
        for n in range(720)
        for name, end in [[("mina", "."), ("bo", ""), ("cho", "!" if n % 2 else "")][n % 3]]
        for text in [
            ("we saw a boat", "the ferry left", "rain at the pier", "dinner is late")[n % 4]
        ]
    ]
    address = await upload(browser, jsonl(*lines))
    assert await start(browser, address, publish="on") == 303
    page = await ended(browser, address)
    assert page.count("in every message") == 2, shown(page)
    assert "every post" not in page

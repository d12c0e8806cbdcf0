"""The preview says what was assumed and not read, and choices are kept with the upload."""

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from quart import Quart

from app.services.imports.job_report import StoredPosts
from app.services.imports.jobs import get_job, note_preview
from saywho.formats.assumptions import NotesSummary, Unread
from tests.archives import zip_bytes
from tests.browsing import Browser, found_in, missing_in, parts_of
from tests.chats import Said, kakaotalk
from tests.conftest import Client, MakeConfig, app_of
from tests.uploading import choose, ended, jsonl, shown, start, upload
from tests.workbooks import Cell, workbook

CHAT = "[31.03.24, 15:02:11] 미나: 안녕\n[31.03.24, 15:03:12] 준: 응\n".encode()
KOREAN = "작성자,내용,날짜\n미나,안녕하세요,2024-03-05\n".encode("cp949")


def selected(page: str, name: str) -> str | None:
    """Return the value that a list of the form has; None where there is no such list."""
    found = re.search(rf'<select [^>]*name="{name}".*?</select>', page, re.DOTALL)
    return found and "".join(re.findall(r'value="([^"]*)" selected', found[0]))


async def test_a_chat_without_a_zone_shows_it_and_a_choice_survives_a_restart(
    app: Quart, browser: Browser, make_config: MakeConfig
) -> None:
    address = await upload(browser, CHAT, "chat.txt")
    page = await browser.page(address)
    assert "Time zone:" not in shown(page)
    assert "data-timezone" in page
    answer = await choose(
        browser,
        address,
        timezone="Asia/Seoul",
        speaker=["미나", "준"],
        only=["미나"],
        renamed=["하나", ""],
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    async with app_of(parts_of(app).config) as another:
        other = Browser(another, cookies=browser.cookies)
        page = await other.page(address)
        assert 'value="Asia/Seoul"' in page
        # The zone is what somebody said, so nothing is assumed.
        assert "Assumptions, and unread parts" not in page
        assert re.search(r'value="미나" checked', page)
        assert not re.search(r'value="준" checked', page)
        assert 'name="renamed" value="하나"' in page
        assert (await choose(other, address, timezone="Asia/Nowhere")).status_code == 422
    assert 'value="Asia/Seoul"' in await browser.page(address)


async def test_the_last_choice_of_an_encoding_holds_and_is_imported(browser: Browser) -> None:
    address = await upload(browser, KOREAN, "글.csv")
    await choose(browser, address, encoding="big5")
    assert selected(await browser.page(address), "encoding") == "big5"
    await choose(browser, address, encoding="cp949")
    page = await browser.page(address)
    assert selected(page, "encoding") == "cp949"
    assert "안녕하세요" in page
    assert await start(browser, address, encoding="cp949") == 303
    assert "1 new post" in shown(await ended(browser, address))
    answer = await browser.get("/api/v1/users/미나/tweets")
    assert [post["text"] for post in (await answer.get_json())["items"]] == ["안녕하세요"]


async def test_an_unknown_choice_is_none(browser: Browser) -> None:
    address = await upload(browser, KOREAN, "글.csv")
    await choose(browser, address, encoding="base64", dates="year-last", pick="x=y")
    page = await browser.page(address)
    assert selected(page, "encoding") == ""  # Still a guess.
    assert selected(page, "dates") is None


async def test_a_started_import_takes_no_choice(browser: Browser) -> None:
    address = await upload(browser, jsonl({"username": "mina", "text": "hello"}))
    await start(browser, address)
    assert (await choose(browser, address, encoding="cp949")).status_code == 409


async def test_only_a_column_that_is_taken_otherwise_is_chosen(
    app: Quart, browser: Browser
) -> None:
    address = await upload(browser, b"user,text,when\nmina,hello,2024-03-05\n", "posts.csv")
    columns = {"column": ["user", "text", "when"], "taken": ["username", "text", ""]}
    await choose(browser, address, **columns, field=["username", "text", "created_at"])
    async with parts_of(app).db.read() as session:
        job = await get_job(session, int(address.rpartition("/")[2]))
    assert b'"columns":{"when":"created_at"}' in (job.options or b"")
    assert 'datetime="2024-03-05' in await browser.page(address)
    # Taken back, it stays what somebody chose.
    columns["taken"][2] = "created_at"
    await choose(browser, address, **columns, field=["username", "text", ""])
    assert "at an unknown time" in await browser.page(address)


async def test_a_file_without_times_has_nothing_unread(browser: Browser, writer: Client) -> None:
    address = await upload(browser, jsonl({"username": "mina", "text": "hello"}))
    page = shown(await browser.page(address))
    assert "Assumptions" not in page
    assert "at an unknown time" in page
    await start(browser, address)
    await ended(browser, address)
    facts = await writer.json(f"/api/v1{address}")
    assert (facts["assumptions"], facts["unread"]) == ([], [])


async def test_files_of_a_zip_that_nobody_reads_are_named(browser: Browser) -> None:
    files = {"chat/KakaoTalk.txt": CHAT, "chat/notes.html": b"<p>notes</p>"}
    files |= {"chat/picture.jpg": b"\xff\xd8\xff", "__MACOSX/chat/._KakaoTalk.txt": b"\0"}
    address = await upload(browser, zip_bytes(files), "chat.zip")
    assert "Files not read: chat/notes.html." in shown(await browser.page(address))


UNSETTLED = NotesSummary(unread=(Unread("time", "posted", 3),), unsettled="time")


async def test_an_open_question_refuses_to_start_until_it_is_settled(
    app: Quart, browser: Browser
) -> None:
    """The question is the last look's; a new choice is looked at before anything starts."""
    data = jsonl({"username": "mina", "text": "hello"})
    address = await upload(browser, data)
    async with parts_of(app).db.write() as session:
        await note_preview(session, int(address.rpartition("/")[2]), None, UNSETTLED, StoredPosts())
    assert await start(browser, address) == 422
    assert await start(browser, address, dates="day-first") == 303
    page = await browser.page(address)
    assert "not started yet" in shown(await browser.page("/imports"))
    assert selected(page, "dates") == "day-first"
    async with parts_of(app).db.write() as session:
        await note_preview(session, int(address.rpartition("/")[2]), None, UNSETTLED, StoredPosts())
    assert await start(browser, address, dates="day-first", accept_unread="on") == 303
    assert "1 new post" in shown(await ended(browser, address))


@pytest.mark.parametrize("action", ["choices", "start"])
async def test_a_wrong_zone_is_an_error_at_its_field(browser: Browser, action: str) -> None:
    address = await upload(browser, CHAT, "chat.txt")
    headers = browser.headers | {"Content-Type": "application/x-www-form-urlencoded"}

    async def send(zone: str) -> Any:
        form = {"timezone": zone, "speaker": ["미나", "준"], "only": ["미나"], "publish": "on"}
        data = urlencode(form, doseq=True)
        return await browser.post(f"{address}/{action}", data=data, headers=headers)

    answer = await send("Asia/Nowhere")
    page = await answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Unknown time zone: Asia/Nowhere. Enter a larger city with the same time" in page
    assert 'value="Asia/Nowhere"' in page
    assert re.search(r'value="미나" checked', page)  # What was chosen is still there.
    assert not re.search(r'value="준" checked', page)
    assert '<option value="Asia/Seoul" label="Seoul"></option>' in page
    assert (await send("서울")).status_code == 303
    if action == "choices":
        assert 'value="Asia/Seoul" maxlength' in await browser.page(address)


async def test_the_first_line_says_what_is_here_and_other_times_are_asked(browser: Browser) -> None:
    people: dict[str, str | list[str]] = {"speaker": ["미나", "준"], "only": ["미나", "준"]}
    people |= {"renamed": ["", ""], "publish": "on"}
    messages = evening("미나", "준", first=0, count=30)
    chat, longer = kakaotalk("바다", *messages[:20]), kakaotalk("바다", *messages)
    address = await upload(browser, chat, "chat.txt")
    assert "This file is new: all 20 messages come in." in shown(await browser.page(address))
    assert await start(browser, address, timezone="Asia/Seoul", **people) == 303
    assert "20 new messages" in shown(await ended(browser, address))
    address = await upload(browser, chat, "renamed.txt")
    page = await browser.page(address)
    assert "This file is here already: all 20 messages (import 1)." in shown(page)
    assert 'name="replace" value="1"' in page
    address = await upload(browser, longer, "chat.txt")
    page = await browser.page(address)
    assert "20 of 30 messages are here already; new: 10, from 2024-01-01 on." in shown(page)
    assert 'value="Asia/Seoul" maxlength' in page  # As the chat was read before.
    assert 'name="same_chat"' not in page
    # Whoever sees wrong times chooses another zone, and is asked before anything is stored.
    form = people | {"timezone": "Europe/Berlin"}
    assert await start(browser, address, **form) == 303
    page = await browser.page(address)
    assert "The times of the file are 8:00 hours later. Which times are right?" in shown(page)
    assert {*re.findall(r'name="same_chat" value="(\w+)"', page)} == {"file", "here", "new"}
    assert await start(browser, address, **form, same_chat="file") == 303
    assert "10 new messages · 20 already stored" in shown(await ended(browser, address))
    room = await (await browser.get("/api/v1/rooms/1")).get_json()
    assert (room["tz"], room["messages"]) == ("Europe/Berlin", 30)
    assert room["first_message_at"] == "2024-01-01T08:00:00Z"
    address = await upload(browser, longer, "chat.txt")
    await browser.page(address)
    assert await start(browser, address, **people, timezone="Asia/Seoul") == 303
    assert await start(browser, address, **people, timezone="Asia/Seoul", same_chat="new") == 303
    assert "30 new messages" in shown(await ended(browser, address))


async def test_other_times_in_the_zone_of_the_chat_here_are_asked(browser: Browser) -> None:
    """A phone in another country exports the same chat with its own times."""
    people: dict[str, str | list[str]] = {"speaker": ["미나", "준"], "only": ["미나", "준"]}
    people |= {"renamed": ["", ""], "publish": "on", "timezone": "Asia/Seoul"}
    messages = evening("미나", "준", first=0, count=30)
    there = [
        (f"{when[:11]}{int(when[11:13]) - 8:02}{when[13:]}", name, text)
        for when, name, text in messages
    ]
    address = await upload(browser, kakaotalk("바다", *messages[:20]), "chat.txt")
    await browser.page(address)
    assert await start(browser, address, **people) == 303
    await ended(browser, address)
    address = await upload(browser, kakaotalk("바다", *there), "chat.txt")
    page = await browser.page(address)
    assert "The times of the file are 8:00 hours earlier. Which times are right?" in shown(page)
    assert await start(browser, address, **people, same_chat="here") == 303
    assert "10 new messages · 20 already stored" in shown(await ended(browser, address))
    room = await (await browser.get("/api/v1/rooms/1")).get_json()
    assert (room["messages"], room["first_message_at"]) == (30, "2024-01-01T00:00:00Z")


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
async def test_other_names_and_times_are_asked_in_the_zone_of_the_chat(
    browser: Browser, zone: str
) -> None:
    """The chat's zone need not be the machine's, in which a preview reads first."""
    messages = evening("미나", "준", first=0, count=30)
    people: dict[str, str | list[str]] = {"speaker": ["미나", "준"], "only": ["미나", "준"]}
    people |= {"renamed": ["", ""], "publish": "on", "timezone": zone}
    address = await upload(browser, kakaotalk("바다", *messages[:20]), "chat.txt")
    await browser.page(address)
    assert await start(browser, address, **people) == 303
    await ended(browser, address)
    first = await (await browser.get("/api/v1/rooms/1")).get_json()
    others = {"미나": "미나 언니", "준": "준이"}
    there = [
        (f"{when[:11]}{int(when[11:13]) - 3:02}{when[13:]}", others[name], text)
        for when, name, text in messages
    ]
    address = await upload(browser, kakaotalk("바다", *there), "chat.txt")
    page = await browser.page(address)
    assert "20 of 30 messages are here already; new: 10, from 2024-01-01 on." in shown(page)
    assert "The times of the file are 3:00 hours earlier. Which times are right?" in shown(page)
    assert "Its people have other names here, which are filled in below." in shown(page)
    people |= {"speaker": ["미나_언니", "준이"], "only": ["미나_언니", "준이"]}
    people |= {"renamed": ["미나", "준"]}
    assert await start(browser, address, **people, same_chat="here") == 303
    assert "10 new messages · 20 already stored" in shown(await ended(browser, address))
    room = await (await browser.get("/api/v1/rooms/1")).get_json()
    assert (room["messages"], room["first_message_at"]) == (30, first["first_message_at"])
    assert len((await (await browser.get("/api/v1/rooms")).get_json())["items"]) == 1


async def test_an_import_of_the_same_file_can_be_replaced(browser: Browser) -> None:
    people: dict[str, str | list[str]] = {"speaker": ["미나", "준"], "only": ["미나", "준"]}
    people |= {"renamed": ["", ""], "publish": "on"}
    address = await upload(browser, CHAT, "chat.txt")
    assert await start(browser, address, timezone="Asia/Seoul", **people) == 303
    await ended(browser, address)
    address = await upload(browser, CHAT, "chat.txt")
    assert await start(browser, address, timezone="Europe/Berlin", **people) == 303
    page = shown(await ended(browser, address))
    assert "chat 1 here has these messages with other times" in page
    assert "--" not in page
    address = await upload(browser, CHAT, "chat.txt")
    page = shown(await browser.page(address))
    assert "This file replaces import 1: it has 2 messages, and its messages that" in page
    assert "now read differently than before, it is stored only with this choice." in page
    form = people | {"timezone": "Europe/Berlin"}
    assert await start(browser, address, **form, replace="1") == 303
    page = await browser.page(address)
    # One question: a replacement is one of the answers about the times.
    assert "The times of the file are 7:00 hours later" in shown(page)
    assert re.findall(r'name="same_chat" value="(\w+)"[^>]* checked', page) == ["replace"]
    assert 'name="replace"' not in page
    assert await start(browser, address, **form, same_chat="replace") == 303
    assert "2 new messages" in shown(await ended(browser, address))
    rooms = (await (await browser.get("/api/v1/rooms")).get_json())["items"]
    assert [(room["messages"], room["tz"]) for room in rooms] == [(2, "Europe/Berlin")]


async def test_dates_are_shown_as_the_import_reads_them(browser: Browser) -> None:
    """An order that was chosen before holds in the preview, too, until another one is chosen."""
    names = ["미나", "준"]
    data = "\n".join(f"0{n}/03/2024, 21:05 - {names[n % 2]}: word {n}" for n in range(1, 9))
    people: dict[str, str | list[str]] = {"speaker": names, "only": names}
    people |= {"renamed": ["", ""], "publish": "on", "timezone": "Asia/Seoul"}
    messages = []
    for order, form in (
        ("", {"dates": "month-first"}),
        ("the month before the day", {"dates": "day-first", "replace": "file"}),
        ("the day before the month", {"dates": "", "replace": "file"}),
    ):
        address = await upload(browser, data.encode(), "WhatsApp Chat with Jun.txt")
        page = await browser.page(address)
        if order:
            said = f"Order of the dates: {order}, a guess (as in the first import of this chat)."
            assert not missing_in(shown(page), said, "This file is here already: all 8 messages")
            assert ("Mar 1 – 8, 2024" in shown(page)) == (order == "the day before the month")
        assert await start(browser, address, **people, **form) == 303
        await ended(browser, address)
        room = await (await browser.get("/api/v1/rooms")).get_json()
        messages.append(room["items"][0]["newest_message_at"][:10])
    assert messages == ["2024-08-03", "2024-03-08", "2024-03-08"]


QUESTION = "If this is not the same person, enter a different name."


def chat(title: str, *names: str) -> bytes:
    """Return the export of a chat in which each of these says something, one after the other."""
    said = [
        f"January 15, 2024, 3:{minute:02} PM, {name} : at the harbour {minute}\n"
        for minute, name in enumerate(names)
    ]
    return f"KakaoTalk Chats with {title}\n\n{''.join(said)}".encode()


async def bring(browser: Browser, data: bytes, **renamed: str) -> None:
    """Import a chat, with other names for some of its people."""
    address = await upload(browser, data, "chat.txt")
    people = list(dict.fromkeys(re.findall(r"PM, (\w+) :", data.decode())))
    names = [renamed.get(name, name) for name in people]
    chosen = {"speaker": people, "only": people, "renamed": names, "publish": ["on"]}
    assert await start(browser, address, timezone="Asia/Seoul", **chosen) == 303
    await ended(browser, address)


async def told(browser: Browser, data: bytes) -> list[str]:
    """Return what the page of an upload says of each of those who are here."""
    page = await browser.page(await upload(browser, data, "next.txt"))
    rows = page.partition('class="rows speakers"')[2].partition("</fieldset>")[0].split("<li>")
    found = (
        (re.search(r"<bdi>(.+?)</bdi>", row), re.search(r'already-here">(.+?)</p>', row, re.DOTALL))
        for row in rows
    )
    return [f"{name[1]}: {shown(here[1])}" for name, here in found if name and here]


async def test_whose_name_is_here_is_asked_about_and_another_name_keeps_them_apart(
    browser: Browser,
) -> None:
    await bring(browser, chat("the family", "Mum", "Dad", "Mum"))
    other = chat("the choir", "Mum", "Eve")
    said = "Mum: Already here: 2 messages in the family ."
    assert await told(browser, other) == [f"{said} {QUESTION}"]
    browser.headers["Accept-Language"] = "ko"
    korean = "이미 있는 이름이에요: the family 에 메시지 2개."
    assert await told(browser, other) == [
        f"Mum: {korean} 같은 사람이 아니라면 다른 이름을 적어 주세요."
    ]
    del browser.headers["Accept-Language"]

    await bring(browser, other, Mum="Mum Kim")
    answer = await browser.get("/api/v1/users")
    tweets = {user["username"]: user["tweets"] for user in (await answer.get_json())["items"]}
    assert tweets == {"Dad": 1, "Eve": 1, "Mum": 2, "Mum_Kim": 1}


async def test_a_newer_export_of_a_known_chat_asks_only_about_who_is_new_in_it(
    browser: Browser,
) -> None:
    await bring(browser, chat("the family", "Mum", "Dad"))
    await bring(browser, chat("the choir", "Eve", "Zoe"))
    assert await told(browser, chat("the family", "Mum", "Dad", "Mum", "Bo")) == []
    eve = f"Eve: Already here: 1 message in the choir . {QUESTION}"
    assert await told(browser, chat("the family", "Mum", "Dad", "Eve")) == [eve]
    # A chat of the same title with other people is another one.
    assert len(await told(browser, chat("the choir", "Mum", "Dad", "Bo"))) == 2


async def test_the_names_that_are_proposed_are_those_that_are_looked_for(browser: Browser) -> None:
    for title, name in (("the family", "Dad"), ("the club", "Bo")):
        await bring(browser, chat(title, "Mum", name))
    both = f"Mum: Already here: 2 messages in 2 chats, such as the family . {QUESTION}"
    assert await told(browser, chat("the choir", "Mum", "Eve")) == [both]
    await bring(browser, chat("the choir", "Mum", "Eve"), Mum="Kim")
    # The newer export is known again, with the name that was given; another chat is offered it.
    assert await told(browser, chat("the choir", "Mum", "Eve", "Mum")) == []
    kim = f"Mum: Kim : Already here: 1 message in the choir . {QUESTION}"
    assert await told(browser, chat("the class", "Mum", "Ida")) == [kim]


async def test_authors_of_posts_are_named_and_those_of_a_platform_are_others(
    browser: Browser,
) -> None:
    posts = [{"username": "Mum", "text": f"tea {number}"} for number in range(3)]
    posts.append({"username": "Tom", "text": "coffee", "platform": "x"})
    address = await upload(browser, jsonl(*posts))
    assert await start(browser, address) == 303
    await ended(browser, address)
    mum, tom = await told(browser, chat("the family", "Mum", "Tom"))
    assert mum == f"Mum: Already here: 3 posts. {QUESTION}"
    assert tom.startswith("Tom: An author from X already has this name.")
    assert tom.endswith("Enter a different name.")


async def test_of_many_people_those_who_are_here_are_not_folded_away(browser: Browser) -> None:
    await bring(browser, chat("the family", "Mum", "Dad"))
    names = [f"p{place}" for place in range(9)]
    folded = await browser.page(await upload(browser, chat("the club", *names), "club.txt"))
    assert '<details class="folded">' in folded
    opened = await browser.page(await upload(browser, chat("the club", *names, "Mum"), "club.txt"))
    assert '<details class="folded" open>' in opened


async def test_reposts_told_by_their_beginning_can_be_posts(browser: Browser) -> None:
    address = await upload(browser, b"author,text\nMina,Fog\nMina,RT @jun Wind\n", "table.csv")
    assert "no reposts: all are own posts" in await browser.page(address)
    await choose(browser, address, pick="repost=none")
    assert selected(await browser.page(address), "pick") == "repost=none"
    await start(browser, address, pick="repost=none")
    await ended(browser, address)
    answer = await browser.get("/api/v1/users")
    assert [user["tweets"] for user in (await answer.get_json())["items"]] == [2]


async def test_a_workbook_is_looked_at_and_imported(browser: Browser) -> None:
    rows: list[list[Cell]] = [
        ["작성자", "작성일", "내용"],
        ["바다", datetime(2024, 1, 5, 12), "안개가 낀 날"],
    ]
    address = await upload(browser, workbook(rows, [["a note"]]), "posts.xlsx")
    page = await browser.page(address)
    assert not missing_in(page, "안개가 낀 날", "Files not read: posts.xlsx/Sheet2")
    await start(browser, address)
    await ended(browser, address)
    answer = await browser.get("/api/v1/users/바다/tweets")
    (post,) = (await answer.get_json())["items"]
    assert (post["text"], post["created_at"]) == ("안개가 낀 날", "2024-01-05T12:00:00Z")


@pytest.mark.parametrize(("locale", "odd"), [("en", "Doubts"), ("ko", "이상해 보이는 점")])
async def test_a_grave_doubt_is_shown_and_needs_a_tick(
    browser: Browser, locale: str, odd: str
) -> None:
    browser.headers["Accept-Language"] = locale
    ids = [{"username": "mina", "text": f"<p>{n}</p>", "id": "4711"} for n in range(3)]
    address = await upload(browser, jsonl(*ids))
    page = await browser.page(address)
    assert odd in page
    assert re.search(r'<q dir="auto"( lang="")?>4711</q>', page)
    assert re.search('name="accept_doubts" required', page)
    assert await start(browser, address) == 422
    assert await start(browser, address, accept_doubts="on") == 303
    assert odd in await ended(browser, address)


async def test_a_file_without_a_doubt_shows_none(browser: Browser) -> None:
    page = await browser.page(await upload(browser, jsonl({"username": "mina", "text": "fog"})))
    assert not found_in(page, "odd", "accept_doubts")


def evening(*names: str, first: int, count: int) -> list[Said]:
    """Return messages of two people in turn, one a minute, each unlike the others."""
    return [
        (
            f"2024-01-{1 + n // 720:02} {n // 60 % 12 + 9:02}:{n % 60:02}",
            names[n % 2],
            f"{n}번째 물",
        )
        for n in range(first, first + count)
    ]


async def test_a_chat_from_another_phone_is_noticed_and_leaves_nothing_half_stored(
    browser: Browser, anybody: Client
) -> None:
    async def bring(*messages: Said, **form: Any) -> str:
        address = await upload(browser, kakaotalk("저녁", *messages), "chat.txt")
        names = list(dict.fromkeys(name for _, name, _ in messages))
        people = {"speaker": names, "only": names, "timezone": "Asia/Seoul", "publish": "on"}
        assert await start(browser, address, **people | form) == 303
        return shown(await ended(browser, address))

    assert "60 new messages" in await bring(*evening("지우", "예린", first=1000, count=60))
    theirs = evening("지우 (회사)", "내 동생", first=1000, count=70)
    page = await browser.page(await upload(browser, kakaotalk("저녁", *theirs), "chat.txt"))
    assert "already here with other names: 저녁" in shown(page)
    assert {*re.findall(r'name="renamed" value="([^"]+)"', page)} == {"지우", "예린"}
    renamed = {"renamed": ["지우", "예린"]}
    assert "10 new messages · 60 already stored" in await bring(*theirs, **renamed)
    longer = evening("지우 (회사)", "내 동생", first=0, count=1070)
    assert "1,000 new messages · 70 already stored" in await bring(*longer)
    assert {user["username"] for user in (await anybody.json("/api/v1/users"))["items"]} == {
        *("지우", "예린")
    }
    assert "1,070 new messages" in await bring(*longer, same_chat="new", **renamed)
    assert len((await anybody.json("/api/v1/rooms"))["items"]) == 2


def messenger(*names: str, count: int) -> bytes:
    """Return a zip with a chat that has an ID of its app."""
    messages = [
        {
            "sender_name": names[n % 2],
            "timestamp_ms": 1704067200000 + 60_000 * n,
            "content": f"we meet at pier {n} behind the old crane",
        }
        for n in range(count)
    ]
    chat = {"participants": [{"name": name} for name in names], "messages": messages[::-1]}
    chat |= {"title": "us", "thread_path": "inbox/us_1"}
    return zip_bytes({"messages/inbox/us_1/message_1.json": json.dumps(chat).encode()})


async def test_a_chat_known_by_the_id_of_its_app_cannot_be_another(
    browser: Browser, anybody: Client
) -> None:
    """The answer "keep both" put the messages into the same chat, a second time."""
    form: dict[str, Any] = {"only": ["mina", "jun"], "publish": "on"}
    address = await upload(browser, messenger("mina", "jun", count=20), "us.zip")
    await browser.page(address)
    assert await start(browser, address, **form) == 303
    assert "20 new messages" in shown(await ended(browser, address))
    address = await upload(browser, messenger("mina", "June K.", count=25), "us.zip")
    page = await browser.page(address)
    assert "already here with other names" in shown(page)
    assert re.findall(r'name="same_chat" value="(\w+)"', page) == ["1"]
    people = {"speaker": ["mina", "June K."], "only": ["mina", "June K."]}
    renamed = {"renamed": ["mina", "jun"]}
    assert await start(browser, address, **form | people | renamed, same_chat="new") == 303
    assert "5 new messages · 20 already stored" in shown(await ended(browser, address))
    assert len((await anybody.json("/api/v1/rooms"))["items"]) == 1


STATES = b"username,text,post_state\nmina,the fog,1\nmina,the pier,0\nmina,the reef,1\n"


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl"])
async def test_ticks_beside_the_values_say_which_posts_everybody_may_read(
    app: Quart, browser: Browser, name: str
) -> None:
    rows = [line.split(",") for line in STATES.decode().splitlines()]
    lines = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    data = STATES if name.endswith("csv") else jsonl(*lines)
    address = await upload(browser, data, name)
    page = await browser.page(address)
    assert "rows that are not public until you answer: 3" in shown(page)
    assert 'name="audience" value="post_state"' in page
    assert re.findall(r'name="public_values" value="([^"]*)"([^>]*)', page) == [
        ("post_state=1", ""),
        ("post_state=0", ""),
    ]
    form: dict[str, Any] = {"audience": "post_state", "public_values": ["post_state=1"]}
    if "field" in page:
        names = re.findall(r'name="column" value="([^"]*)"', page)
        fields = re.findall(r'name="taken" value="([^"]*)"', page)
        form |= {"column": names, "taken": fields, "field": fields}
    await choose(browser, address, **form)
    page = await browser.page(address)
    assert 'value="post_state=1" checked' in page
    assert 'value="post_state=0" checked' not in page
    # Without a tick, nothing of the column is public again.
    await choose(browser, address, **form | {"public_values": []})
    assert "until you answer: 3" in shown(await browser.page(address))
    assert await start(browser, address, **form) == 303
    await ended(browser, address)
    found = shown(await browser.page("/user/mina"))
    assert ("the fog" in found, "the reef" in found, "the pier" in found) == (True, True, False)

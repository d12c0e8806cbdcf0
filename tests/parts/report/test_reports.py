"""A chat as one file: what is in it, and that no message is."""

import asyncio
import json
import random
import re
from collections import Counter
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from quart import Quart

from tests.browsing import SAME_ORIGIN, Browser, body, parts_of, repeated_ids, signed_in
from tests.chats import Said, import_chat, kakaotalk, said, telegram
from tests.conftest import Client
from tests.installation import Installation
from tests.made_chats import made_chat

PEOPLE: Final = ("김지호", "박서연", "이도윤🌿", "최하은")
MASKED: Final = ("지호", "서연", "도윤", "하은", "제주 여행")
SYLLABLES: Final = "갉넓닯랐맑밟섧앓잖찮콹툴퓠훑"
WORDS: Final = ["".join(letters) for letters in product(SYLLABLES, repeat=3)]
"""Words that no page of the program has."""
LEADING: Final = re.compile(r'localhost|/room/|/user/|<a\b|(?:src|href)="(?!data:,|#)|https?://')
"""Whatever leads to the server or elsewhere."""
PREVIEW: Final = "/room/1/report/preview"


def private_chat() -> list[Said]:
    """Return messages in which two people have words of their own, and forty have rare ones."""
    chance = random.Random(5)  # noqa: S311 - an invented chat
    common, rare = WORDS[:60], iter(WORDS[60:])
    said: list[Said] = []
    for number in range(320):
        place = number % 4
        words = chance.sample(common[4:], 5)
        if place < 2 and number % 3 == 0:
            words[1:1] = [common[place]]
        if place == 2 and number % 3 == 0:
            words[1:1] = [common[2], common[3], common[40], common[41]]  # Always together.
        if number % 8 == 3:  # Forty messages.
            words = [f"{MASKED[number % 3]}야", *(next(rare) for _ in range(4))]
        if number % 5 == 1:
            words.append("지호가")
        day = 1 + number // 80 * 7 + number % 7
        said.append(
            (
                f"2024-03-{day:02} {9 + number % 12:02}:{number % 60:02}",
                PEOPLE[place],
                " ".join(words),
            )
        )
    return sorted(said)


async def site_with_chat(app: Quart) -> tuple[Browser, list[str]]:
    said = private_chat()
    await import_chat(parts_of(app).db, kakaotalk("제주 여행 모임", *said))
    return await signed_in(app, "kim"), [text for _, _, text in said]


def sent(**fields: str | list[str]) -> dict[str, Any]:
    """Return what a browser sends of a form; the fields of one name are a list."""
    headers = SAME_ORIGIN | {"Content-Type": "application/x-www-form-urlencoded"}
    return {"data": urlencode(fields, doseq=True), "headers": headers}


def read(file: str) -> str:
    """Return the text of a file without its style and script."""
    text = re.sub(r"<(style|script)>.*?</\1>", "", file, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", text)).split())


def check_words(file: str, messages: list[str]) -> None:
    """Check that no rare word is in any byte, never three words of a message are in a row, and no
    two elements have one id.
    """
    assert not repeated_ids(file)
    texts = file, read(file)
    in_messages = Counter(word for text in messages for word in {*text.split()})
    for word in (word for word, count in in_messages.items() if count < 3):
        assert word not in file
    for text in messages:
        words = text.split()
        for start in range(len(words) - 2):
            run = " ".join(words[start : start + 3])
            assert not any(run in shown for shown in texts), run


async def test_a_file_has_no_message_and_no_name(app: Quart, tmp_path: Path) -> None:
    operator, messages = await site_with_chat(app)
    answer = await operator.post("/room/1/report", form={})
    file = await answer.get_data(as_text=True)
    assert answer.headers["Content-Disposition"] == "attachment; filename=saywho-chat.html"
    assert len(file.encode()) < 300_000
    check_words(file, messages)
    assert not [name for name in (*PEOPLE, *MASKED) if name in file]
    assert WORDS[0] in file  # The words that many messages have are there.
    assert not LEADING.findall(file)
    assert await (await operator.get(PREVIEW)).get_data(as_text=True) == file
    target = tmp_path / "chat.html"
    saywho = Installation.of(parts_of(app).config)
    report = ("report", "--room", "1", "--language", "en", "-o", target)
    await asyncio.to_thread(saywho.done, *report)
    assert target.read_text("utf-8") == file
    await asyncio.to_thread(saywho.done, *report, "--names", "--timezone", "America/New_York")
    named = target.read_text("utf-8")
    # The page of a person tells the same share of the same word.
    page = read(await operator.page(f"/user/{quote(PEOPLE[0])}"))
    ((word, told),) = re.findall(r"Says more often than other people: (\w+) \((.*?)\)", page)
    assert f"{PEOPLE[0]} {word} {told}" in read(named)
    answer = await operator.post("/room/1/report?tz=America/New_York", form={"names": "real"})
    assert await answer.get_data(as_text=True) == named
    answer = await operator.post("/room/1/report", form={"names": "real"})
    assert await answer.get_data(as_text=True) != named
    check_words(named, messages)
    assert not [name for name in ("제주 여행 모임", *PEOPLE) if name not in named]


async def test_no_file_has_the_name_of_the_only_other_person(app: Quart) -> None:
    chat = made_chat(2)
    await import_chat(parts_of(app).db, kakaotalk("둘", *chat.said))
    operator = await signed_in(app, "kim")
    first, second = chat.names
    for own, other in ((first, second), (second, first)):
        for year in ("", "?year=2024"):
            text = read(await operator.page(f"/user/{own}/report/preview{year}"))
            assert own not in text
            assert other not in text
            if not year:
                assert re.search(r"\bthan B\b|\bB:", text), text


async def test_years_and_authors_have_no_message_and_no_name(app: Quart, tmp_path: Path) -> None:
    operator, messages = await site_with_chat(app)
    author = f"/user/{PEOPLE[0]}"
    for page in ("/room/1/2024", f"{author}/2024"):
        assert "/report?year=2024" in await operator.page(page)
    files = dict[str, str]()
    for address, name in (("/room/1", "chat"), (author, "author")):
        answer = await operator.post(f"{address}/report", form={"year": "2024"})
        told = answer.headers["Content-Disposition"]
        assert told == f"attachment; filename=saywho-{name}-2024.html"
        file = files[name] = await answer.get_data(as_text=True)
        check_words(file, messages)
        assert not [name for name in (*PEOPLE, *MASKED) if name in file]
        assert not LEADING.findall(file)
        preview = await operator.get(f"{address}/report/preview?year=2024")
        assert await preview.get_data(as_text=True) == file
        assert (await operator.get(f"{address}/report?year=2024")).status_code == 200
        assert (await operator.get(f"{address}/report/preview?year=2019")).status_code == 404
    assert "A in 2024" in read(files["author"])
    assert WORDS[0] in files["chat"]
    # A list of names and days of messages that the file does not have says nothing.
    assert "The message most like each person" not in files["chat"]
    whole = await (await operator.post(f"{author}/report", form={})).get_data(as_text=True)
    check_words(whole, messages)
    assert not [name for name in (*PEOPLE, *MASKED) if name in whole]
    assert not LEADING.findall(whole)
    assert WORDS[0] in whole
    assert '/report"' in await operator.page(author)
    saywho, target = Installation.of(parts_of(app).config), tmp_path / "year.html"
    written = ("report", "-u", PEOPLE[0], "--language", "en", "-o", target)
    for more, file in ((("--year", "2024"), files["author"]), ((), whole)):
        await asyncio.to_thread(saywho.done, *written, *more)
        assert target.read_text("utf-8") == file


async def test_the_sender_chooses_names_and_sees_the_file_before(app: Quart) -> None:
    operator, messages = await site_with_chat(app)
    assert "/room/1/report" in await operator.page("/room/1")
    assert "/room/1/report" not in await Browser(app).page("/room/1")
    page = await operator.get("/room/1/report")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    # Nobody is made A, B or C unasked; what was chosen is known the next time, also in a year.
    asked = await body(page)
    assert (" checked" in asked, f'src="{PREVIEW}' in asked) == (False, False)
    assert len(re.findall(r'name="names" value="\w+" required', asked)) == 2
    await operator.post("/room/1/report", **sent(names="real"))
    again = await operator.page("/room/1/report?year=2024")
    assert 'value="real" required checked' in again
    assert f'src="{PREVIEW}?year=2024&amp;names=real"' in again
    answer = await operator.post(PREVIEW, **sent(names="letters", name=["", "  Ada   L "]))
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'; sandbox allow-scripts" in policy
    file = await answer.get_data(as_text=True)
    assert "A 25% Ada L 25% C 25%" in read(file)
    assert not [name for name in (*PEOPLE, *MASKED) if name in file]
    check_words(file, messages)
    real = await operator.post(PREVIEW, **sent(names="real", name="Ada"))
    told = read(await real.get_data(as_text=True))
    assert "Ada" in told
    assert PEOPLE[1] in told
    assert PEOPLE[0] not in told
    many = [(f"2024-03-04 09:{n:02}", f"Friend {n}", f"hello {n}") for n in range(30)]
    await import_chat(parts_of(app).db, kakaotalk("many", *many))
    assert (await operator.page("/room/2/report")).count('name="name"') == 30


async def test_an_author_alone_is_no_letter(app: Quart, writer: Client) -> None:
    operator = await signed_in(app, "kim")
    for name in ("mina", "jun"):
        await writer.add_user(name, *(f"the lamp of {name} {number}" for number in range(30)))
    file = read(await operator.page("/user/mina/report/preview"))
    assert "The author" in file
    assert "Compared with 1 other author in the archive of the sender." in file
    assert "between The author and the other author." in file
    assert "The others compared" not in file
    assert not [name for name in ("mina", "jun") if name in file]


async def test_a_person_alone_in_a_chat_is_no_letter(app: Quart) -> None:
    operator = await signed_in(app, "kim")
    await import_chat(parts_of(app).db, kakaotalk("Diary", *said(["Ada"], times=30)))
    file = await operator.page("/user/Ada/report/preview?language=en")
    assert "<h1><bdi>The person</bdi></h1>" in file
    assert "Ada" not in file


async def test_a_file_says_how_much_of_an_author_it_counts(app: Quart) -> None:
    db, operator = parts_of(app).db, await signed_in(app, "kim")
    for number, (names, times) in enumerate(((("Ada", "Ben"), 22), (("Ada", "Cid", "Dot"), 12)), 1):
        chat = telegram(number, f"chat {number}", *said(names, times=times))
        await import_chat(db, chat, name="result.json")
    file = read(await operator.page("/user/Ada/report/preview"))
    assert "34 messages" in file
    assert "Compared with B. Based on 22 of these messages." in file
    few = read(await operator.page("/user/Dot/report/preview"))
    assert "There are too few messages yet to compare A with others." in few
    assert not [told for told in ("Compared with", "Based on", "How they write") if told in few]


async def test_a_post_with_as_many_likes_as_another_is_one_of_several(app: Quart) -> None:
    operator = await signed_in(app, "kim")
    for likes, told in ((3, "Most liked"), (5, "One of the most liked posts")):
        posts = [
            {"username": "mina", "text": f"lamp {each}", "id": str(each), "likes": each}
            | {"created_at": "2024-03-04T09:00:00Z"}
            for each in (5, likes)
        ]
        posts[1]["id"] = "other"
        lines = "\n".join(map(json.dumps, posts)).encode()
        await import_chat(parts_of(app).db, lines, name="posts.jsonl")
        assert f"{told} Mar 4, 2024 · ♥ 5" in read(await operator.page("/user/mina/report/preview"))


async def test_a_report_of_nothing_is_an_error(app: Quart) -> None:
    operator = await signed_in(app, "kim")
    for address in ("/room/7/report", "/room/7/report/preview"):
        assert (await operator.get(address)).status_code == 404
    saywho = Installation.of(parts_of(app).config)
    missing: Any = await asyncio.to_thread(saywho.run, "report", "--room", "7", "-o", "x.html")
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)


async def test_only_ticked_messages_are_in_a_file_as_a_quiz(app: Quart, tmp_path: Path) -> None:
    operator, messages = await site_with_chat(app)
    asked = f"/api/v1/rooms/1/messages?q={quote('지호야')}"
    ticked = (await (await operator.get(asked)).get_json())["items"][0]
    form = await operator.page("/room/1/report")
    assert 'name="quote"' in form
    assert "A quiz with the answers A, B and C has no solution." in form
    number = str(ticked["id"])
    for year in ("", "2024"):
        answer = await operator.post(PREVIEW, **sent(quote=number, year=year))
        file = await answer.get_data(as_text=True)
        assert (told := ticked["text"].replace("지호", "A")) in read(file)
        assert "data-question" in file
        assert not [name for name in (*PEOPLE, *MASKED) if name in file]
        check_words(file, [text for text in messages if text != ticked["text"]])
    target = tmp_path / "quiz.html"
    saywho = Installation.of(parts_of(app).config)
    options = ("--quote", number, "--year", "2024", "--language", "en", "-o", target)
    written: Any = await asyncio.to_thread(saywho.run, "report", "--room", "1", *options)
    assert "nobody can solve a quiz whose answers are A, B and C" in written.stderr
    strange: Any = await asyncio.to_thread(
        saywho.run, "report", "--room", "1", "--quote", "999", "-o", "x.html"
    )
    assert strange.exit_code == 2
    assert strange.stderr == "saywho: Message 999 is not on this page\n"
    assert target.read_text("utf-8") == file
    stranger = next(name for name in PEOPLE[:2] if name != ticked["username"])
    author, other = (f"/user/{name}/report/preview" for name in (ticked["username"], stranger))
    for year in ("", "2024"):
        own = await operator.post(author, **sent(quote=number, year=year))
        assert told.removeprefix("A야 ") in read(await own.get_data(as_text=True))
    eleven = [str(id_) for id_ in range(1, 12)]
    for address, wrong in ((PREVIEW, ["999"]), (other, [number]), (PREVIEW, eleven)):
        refused = await operator.post(address, **sent(quote=wrong), status=422)
        assert "frame-ancestors 'self'" in refused.headers["Content-Security-Policy"]
    assert read(await refused.get_data(as_text=True)) == "Choose at most 10 messages"

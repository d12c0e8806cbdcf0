"""The quiz out of a room asks for its messages, by those who write in it."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import event

from app.services.compare.quiz_questions import TRIES
from tests.browsing import body, parts_of
from tests.chats import Said, import_chat, kakaotalk, telegram
from tests.conftest import Client, Shared

PEOPLE = "민준 (회사)", "하늘 🌿", "Anna Kim"
WORDS = {
    "민준 (회사)": "오늘 저녁 회의 끝나고",
    "하늘 🌿": "나는 지금 산책 가는",
    "Anna Kim": "see you at the",
    "보라": "내일은 버스 타고",
    "Ben Ro": "we could meet near",
}
SILENT = "말없는 사람"


def talk(people: tuple[str, ...], *, times: int, day: str, place: str) -> list[Said]:
    """Return messages in turn, all different."""
    turns = [(name, number) for number in range(times) for name in people]
    return [
        (f"{day} {10 + at // 60}:{at % 60:02}", name, f"{WORDS[name]} {place} {number}")
        for at, (name, number) in enumerate(turns)
    ]


@pytest.fixture(scope="module")
async def chats(shared: Shared) -> Client:
    """Read a chat of three people and one who says little, another of two, and a short one."""
    db = parts_of(shared.app).db
    silent: Said = ("2024-01-14 09:00", SILENT, "안녕하세요 저는 말이 없어요")
    main = [silent, *talk(PEOPLE, times=22, day="2024-01-15", place="항구")]
    await import_chat(db, kakaotalk("항구 <사람들>", *main))
    await import_chat(
        db, kakaotalk("둘이서", *talk(PEOPLE[:2], times=25, day="2024-02-15", place="산"))
    )
    few = talk(PEOPLE[:2], times=19, day="2024-03-01", place="strand")
    await import_chat(db, telegram(7, "짧은 방", *few), name="result.json")
    laughing: list[Said] = [(when, who, "ㅋㅋ") for when, who, _ in few * 2]
    await import_chat(db, telegram(8, "웃는 방", *laughing), name="result.json")
    spoke = talk(PEOPLE, times=22, day="2024-04-01", place="river")
    later = talk(PEOPLE[:2], times=70, day="2024-05-01", place="bridge")
    await import_chat(db, kakaotalk("셋이서", *spoke, *later))
    echoed: list[Said] = [
        (f"2024-06-01 1{at % 2}:{at:02}", name, f"{WORDS[PEOPLE[0]]} 메아리 {at}")
        for at in range(22)
        for name in PEOPLE[:2]
    ]
    await import_chat(db, kakaotalk("메아리", *sorted(echoed)))
    await import_chat(
        db, kakaotalk("다섯이서", *talk((*WORDS,), times=21, day="2024-07-01", place="섬"))
    )
    return shared.anybody


def main_of(page: str) -> str:
    """Return what a visitor sees of the page, without its frame."""
    return re.sub(r"<[^>]*>|\u200b", "", page.partition("<main")[2].partition("</main>")[0])


async def drawn(chats: Client, room: int) -> str:
    answer = await chats.get(f"/quiz?room={room}", status=303)
    address: str = answer.headers["Location"]
    assert parse_qs(urlsplit(address).query)["room"] == [str(room)]
    return address


@pytest.mark.parametrize(
    ("room", "people", "place"), [(1, PEOPLE, "항구"), (2, PEOPLE[:2], "산")], ids=["three", "two"]
)
async def test_a_game_is_of_the_room_and_its_people(
    chats: Client, room: int, people: tuple[str, ...], place: str
) -> None:
    address, texts = await drawn(chats, room), set[str]()
    while 'name="guess"' in (page := await chats.page(address)):
        text = re.sub("<[^>]*>", "", page.partition("<blockquote")[2].partition("</blo")[0])
        assert place in text
        texts.add(text)
        guesses = dict(re.findall(r'<button[^>]*value="([^"]*)".*?<bdi>(.*?)</bdi>', page))
        korean = people[:2]  # The third writes English, alone.
        assert sorted(guesses.values()) == sorted(people if "see you" in text else korean)
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        answered = await chats.page("/quiz?" + urlencode(fields | {"guess": min(guesses)}))
        assert re.search(rf'href="/room/{room}\?message=\d+#m\d+"', answered)
        assert "post" not in main_of(page) + main_of(answered)
        assert re.search(r'href="/user/\S+">', answered)
        (address,) = re.findall(r'<a class="button primary" href="([^"]+)"', answered)
    assert len(texts) == 10
    assert f'<a class="button" href="/quiz?room={room}"' in page
    shown = page.partition("How they write: ")[2].partition("</p>")[0]
    assert len(re.findall(r'href="/user/[^"]+"', shown)) == len(people)
    shared_address = page.partition('id="squares">')[2].partition("</pre>")[0].split()[-1]
    assert f"room={room}" in shared_address
    assert "Message 1 of 10" in await chats.page(shared_address.removeprefix("http://localhost"))


async def test_a_room_leads_to_its_game(chats: Client) -> None:
    assert 'href="/quiz?room=1"' in await chats.page("/room/1")
    page = await chats.page(await drawn(chats, 1))
    assert 'From the chat <a href="/room/1"><bdi>항구 <사람들></bdi></a>' in page


async def test_a_question_is_read_in_its_own_language(chats: Client) -> None:
    """All of this chat write Korean, and the page is in English."""
    for page in ((await chats.page("/room/2")), (await chats.page(await drawn(chats, 2)))):
        (question,) = re.findall(r'<blockquote class="judged"[^>]*>', page)
        assert 'lang="ko"' in question


async def test_who_was_quiet_lately_is_offered_on_the_overview_too(chats: Client) -> None:
    form = (await chats.page("/room/5")).partition('class="teaser"')[2].partition("</section>")[0]
    offered = re.findall(r'<button[^>]*name="guess"[^>]*>.*?<bdi>(.*?)</bdi>', form)
    assert sorted(offered) == sorted(PEOPLE[:2])
    answered = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    chosen = re.findall(r'name="guess" value="([^"]*)"', form)[0]
    page = await chats.page("/quiz?" + urlencode([*answered, ("guess", chosen)]))
    assert "saywho’s answer" in page
    main = (await chats.page("/room/1")).partition('class="teaser"')[2]
    told = main_of("<main" + main + "</main>")
    assert re.search(r"The choices are [23] of 4 people\. People with few or short messages", told)


@pytest.mark.parametrize("room", [3, 4], ids=["19 messages each", "no words"])
async def test_where_too_little_was_said_the_page_says_what_is_needed(
    chats: Client, room: int
) -> None:
    page = await chats.page(f"/quiz?room={room}")
    assert "two people with 20 messages or more in this chat" in page
    assert f'href="/room/{room}"' in page


@pytest.mark.parametrize(
    ("room", "most"), [(4, 0), (6, 5 * TRIES)], ids=["no words", "words of both"]
)
async def test_the_search_ends_where_no_message_can_be_asked(
    shared: Shared, chats: Client, room: int, most: int
) -> None:
    passages: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "OFFSET" in statement and "length(" in statement:
            passages.append(statement)

    engine = parts_of(shared.app).db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        page = await chats.page(f"/quiz?room={room}")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert "Not enough posts for a quiz yet" in page.replace("messages", "posts")
    assert len(passages) == most + 1  # The first is of the newest messages.


async def test_a_quiz_has_the_choices_of_the_page_of_the_chat(chats: Client) -> None:
    (shown,) = re.findall(r'name="set" value="([\d.]+)-', await chats.page("/room/7"))
    assert len(shown.split(".")) == len(WORDS)
    assert parse_qs(urlsplit(await drawn(chats, 7)).query)["set"][0].partition("-")[0] == shown


async def test_the_choices_write_the_language_of_the_message(chats: Client) -> None:
    address, korean = await drawn(chats, 7), {"민준 (회사)", "하늘 🌿", "보라"}
    while 'name="guess"' in (page := await chats.page(address)):
        text = page.partition("<blockquote")[2].partition("</blo")[0]
        guesses = dict(re.findall(r'<button[^>]*value="([^"]*)".*?<bdi>(.*?)</bdi>', page))
        is_english = "see you" in text or "we could" in text
        assert {*guesses.values()} == ({"Anna Kim", "Ben Ro"} if is_english else korean)
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        answered = await chats.page("/quiz?" + urlencode(fields | {"guess": min(guesses)}))
        (address,) = re.findall(r'<a class="button primary" href="([^"]+)"', answered)


async def test_a_set_names_messages_and_people_of_the_room_alone(chats: Client) -> None:
    quiz_set = parse_qs(urlsplit(await drawn(chats, 2)).query)["set"][0]
    answer = await chats.get(f"/quiz?set={quiz_set}&room=1", status=404)
    assert "The message of this question was deleted" in await body(answer)
    users = {item["username"]: item["id"] for item in (await chats.json("/api/v1/users"))["items"]}
    messages = (await chats.json("/api/v1/rooms/2/messages"))["items"]
    author = users[messages[0]["username"]]
    stranger = f"{author}.{users['Anna_Kim']}-{messages[0]['id']}"
    await chats.page(f"/quiz?set={stranger}&room=2", status=404)
    await chats.page(f"/quiz?set={stranger}")


@pytest.mark.parametrize(("room", "status"), [("99", 404), ("x", 400), ("0", 400)])
async def test_an_unknown_room_is_named(chats: Client, room: str, status: int) -> None:
    await chats.page(f"/quiz?room={room}", status=status)

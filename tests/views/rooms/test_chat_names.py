"""People of a chat are called as they write their names; their usernames stand in addresses."""

import json
import re
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from quart import Quart

from tests.browsing import missing_in, parts_of
from tests.chats import import_chat, kakaotalk, said
from tests.conftest import Client, Shared
from tests.parts.dashboard.viewing import drawn

NAME, USERNAME = "민준 (회사)", "민준_(회사)"
OTHERS = "하늘 🌿", "Anna Kim"


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    """Read the pages of people in a chat, beside an author with another name."""
    db = parts_of(shared.app).db
    await import_chat(db, kakaotalk("우리", *said((NAME, *OTHERS), times=15)))
    await shared.writer.add_user("hana_writes", "안녕하세요", display_name="Hana 하나")
    return shared.anybody


@pytest.mark.parametrize("part", ["민준 (회", "anna k", "ANNA KIM", "hana 하나", "Hana_"])
async def test_people_are_found_by_a_part_of_the_name_that_pages_show(
    chat: Client, part: str
) -> None:
    assert "No author" not in await chat.page(f"/authors?q={quote(part)}")
    assert len((await chat.json(f"/api/v1/users?q={quote(part)}"))["items"]) == 1


async def test_pages_speak_of_messages_where_they_lack_something(chat: Client) -> None:
    words = quote("말 떡볶이")
    page = await chat.page(f"/search?q={words}&username={quote(USERNAME)}")
    assert not missing_in(page, "No message has all the words", "Messages with “")
    path = f"/user/{quote(USERNAME)}/2019"
    assert f"There are no messages by '{USERNAME}' in 2019" in await chat.page(path, status=404)


async def test_an_answer_in_a_chat_is_to_a_message(shared: Shared) -> None:
    answers = [
        {"id": number, "type": "message", "date": f"2024-01-15T15:0{number}:00", "from": "Bo Li"}
        | {"from_id": "user1", "text": f"so it is, {number}", "reply_to_message_id": answered}
        for number, answered in ((2, 1), (3, 2))
    ]
    chat = {"name": "Boats", "type": "private_group", "id": 9, "messages": answers}
    await import_chat(parts_of(shared.app).db, json.dumps(chat).encode(), name="result.json")
    found = await shared.anybody.json("/api/v1/search?q=so+it+is")
    pages = [await shared.anybody.page(f"/tweet/{item['id']}") for item in found["items"]]
    assert len(pages) == 2
    assert any("a message that is not here" in page for page in pages)
    assert any("a message by <bdi>Bo Li</bdi></a>" in page for page in pages)
    answered = {item["id"]: item["reply_to"] for item in found["items"]}
    assert sorted(
        (each["username"] or "", each["id"] in answered) for each in answered.values()
    ) == [("", False), ("Bo_Li", True)]


async def test_figures_call_people_as_they_write_their_names(chat: Client) -> None:
    view = urlencode({"username": [USERNAME, "Anna_Kim"]}, doseq=True)
    drawing = await drawn(chat, "timeline", view)
    written = json.dumps([drawing[part] for part in ("words", "rows", "plot")], ensure_ascii=False)
    assert NAME in written
    assert USERNAME not in written
    table = await (await chat.get(f"/dashboard/table/timeline.csv?{view}")).get_data(as_text=True)
    assert USERNAME not in table


async def test_the_quiz_asks_for_people_by_their_names(chat: Client) -> None:
    ids = {item["username"]: item["id"] for item in (await chat.json("/api/v1/users"))["items"]}
    page = await chat.page(f"/quiz?set={ids[USERNAME]}.{ids['Anna_Kim']}-1")
    guesses = re.findall(r'<button[^>]*value="([^"]*)".*?<bdi>(.*?)</bdi>', page)
    assert sorted(guesses) == [("Anna_Kim", "Anna Kim"), (USERNAME, NAME)]
    answer = await chat.page(f"/quiz?set={ids[USERNAME]}.{ids['Anna_Kim']}-1&guess=Anna_Kim")
    assert f"it was <bdi>{NAME}</bdi>" in answer


async def test_messages_are_called_so_and_other_names_stay(chat: Client) -> None:
    page = await chat.page(f"/user/{quote(USERNAME)}")
    assert not missing_in(page, f"<h1><bdi>{NAME}</bdi></h1>", '<p class="lead">15 messages · ')
    assert 'in the chat <a href="/room/1"><bdi>우리</bdi></a></p>' in page
    assert f"A message by <bdi>{NAME}</bdi></h1>" in await chat.page("/tweet/1")
    authors = await chat.page("/authors")
    assert not missing_in(authors, "15 messages", "1 post<br>")
    assert '<bdi>Hana 하나</bdi> <span class="username">' in authors
    assert "Username: hana_writes</h1>" in await chat.page("/user/hana_writes")


SITE_WIDE = {
    "/dashboard/": ("Messages over time", "Posts over time"),
    "/dashboard/table/timeline": ('<th scope="col">Messages</th>', '<th scope="col">Posts</th>'),
    "/dashboard/table/timeline.csv": ("Period,Author,Messages", "Period,Author,Posts"),
    "/posts": ("Messages by everyone", "Posts by everyone"),
    "/search": ("Search the messages</h1>", "Search the posts</h1>"),
    "/": ("Newest messages", "Newest posts"),
}
"""What pages about everybody say where all that is here are chats, and where not."""


async def test_a_site_of_chats_alone_speaks_of_messages(
    app: Quart, anybody: Client, writer: Client
) -> None:
    await import_chat(parts_of(app).db, kakaotalk("우리", *said((NAME, *OTHERS), times=8)))
    for path, (messages, posts) in SITE_WIDE.items():
        page = await (await anybody.get(path)).get_data(as_text=True)
        assert messages in page, path
        assert posts not in page
    page = unescape(await anybody.page("/"))
    assert re.findall(r".*\b[Pp]osts?\b.*", re.sub(r"<[^>]*>", "", page)) == []
    assert page.count("saywho keeps people's messages, ") == 2  # for machines
    assert "24 messages, all of" in (await drawn(anybody, "timeline"))["title"]
    await writer.add_user("hana", "a post beside the messages")
    for path, (_, posts) in SITE_WIDE.items():
        assert posts in await (await anybody.get(path)).get_data(as_text=True), path
    assert "25 posts" in (await drawn(anybody, "timeline"))["title"]


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_an_example_of_a_chat_is_a_message_beside_other_posts(
    app: Quart, anybody: Client, writer: Client, language: str
) -> None:
    kiln = "the kiln is warm, and the glaze looks blue, so we wait for bowl"
    walk = "밤마다 바닷가를 걸어요! 갈매기 소리가 크네요 ㅎㅎ"
    words = ((NAME, f"{walk} {kiln}"), ("Anna Kim", f"{kiln}... {walk.replace('!', '~')}"))
    texts = [
        (f"2024-01-{1 + number // 10:02} 10:{number % 10:02}", name, f"{text} {number}")
        for number in range(60)
        for name, text in words
    ]
    await import_chat(parts_of(app).db, kakaotalk("우리", *texts))
    await writer.add_user("hana", "a post beside the messages")
    page = await anybody.page("/", headers={"Accept-Language": language})
    example = page.partition('id="shown-heading"')[2].partition("</section>")[0]
    told = {"en": ("a message that saywho", "See this message"), "ko": ("본 적 없는 메시지",)}
    for text in told[language]:
        assert text in example


async def import_club(app: Quart, names: dict[str, str], *, times: int) -> None:
    """Import a chat of Discord, where a nickname may have nothing of the account's name."""
    said = [
        {"id": str(place), "type": "Default", "timestamp": f"2024-03-{1 + place % 20:02}T10:00:00Z"}
        | {"content": f"so it is then {place}"}
        | {"author": {"id": name, "name": name, "nickname": names[name], "isBot": False}}
        for place, name in enumerate([*names] * times)
    ]
    chat = {"guild": {"id": "1", "name": "Club"}, "channel": {"id": "2", "name": "tea"}}
    data = json.dumps({**chat, "messages": said, "messageCount": len(said)}).encode()
    await import_chat(parts_of(app).db, data, name="tea.json")


async def test_a_list_of_chats_tells_people_of_one_name_apart(
    app: Quart, anybody: Client, writer: Client
) -> None:
    """Beside other authors too, whose posts the page has."""
    await writer.add_user("hana", "a post beside the messages", display_name="Sam")
    await import_club(app, {"kim_1": "Kim", "sam_3": "Sam", "kim_2": "Kim"}, times=3)
    for path in ("/rooms", "/authors"):
        seen = re.sub("<[^>]*>", "", await anybody.page(path))
        assert "9 messages · kim_1, kim_2, Sam" in seen, path


async def test_a_chat_calls_people_by_one_name_each(shared: Shared) -> None:
    names = {"fern": "Fern", "ada42": "The Captain", "kim_1": "Kim", "kim_2": "Kim"}
    await import_club(shared.app, names, times=30)
    rooms = (await shared.anybody.json("/api/v1/rooms"))["items"]
    (room,) = [room["id"] for room in rooms if room["platform"] == "discord"]
    page = await shared.anybody.page(f"/room/{room}")
    told = re.sub("<[^>]*>", " ", page.partition("<main")[2])
    assert "The Captain" in told
    assert not re.search(r"\bfern\b|\bada42\b", told)
    # Two who have one name are told apart wherever it matters.
    assert {"kim_1", "kim_2"} <= {*re.findall(r"kim_\d", told)}
    assert not re.search(r"\bKim\b", told)

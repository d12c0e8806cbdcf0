"""Messages that were copied out of a chat are judged without the heads of the app."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest

from tests.browsing import missing_in, parts_of
from tests.chats import import_chat, kakaotalk, said
from tests.conftest import NDJSON, Client, Shared
from tests.views.comparing.test_compare_pages import KOREAN, WORDS, address, posts_of
from tests.waiting import settle

COMPARE = "/api/v1/compare"
WORDS_OF_ANN = [
    "lamp and fog and bell and tide and mast and oil tonight",
    "wick and storm and glass and rope and stairs tonight",
]
ONE = "\n".join(f"[21:0{n}, 1/15/2024] ann: {words}" for n, words in enumerate(WORDS_OF_ANN))
THREE = (
    f"{ONE}\n[21:05, 1/15/2024] Mina: oven and rolls and dawn and rye tonight\n"
    "[21:06, 1/15/2024] Jun: pitch and whistle and bench tonight\nand a second line"
)


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    for name in WORDS:
        await shared.writer.add_author(name, *posts_of(name))
    await import_chat(
        parts_of(shared.app).db, kakaotalk("등대", *said(("하늘", "Ann Lee"), times=12))
    )
    await settle(shared.app)
    return shared.anybody


async def compare(client: Client, **fields: Any) -> dict[str, Any]:
    answer = await client.post(COMPARE, json={"usernames": ["ann", "ben"], **fields}, status=200)
    result: dict[str, Any] = await answer.get_json()
    return result


def shown(page: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", "", page)).split())


def link(page: str, label: str) -> dict[str, list[str]]:
    (path,) = re.findall(rf'<a href="([^"]*)"[^>]*>(?:<bdi>)?{re.escape(label)}', page)
    return parse_qs(urlsplit(unescape(path)).query)


async def test_heads_do_not_change_the_answer(site: Client) -> None:
    answer = await compare(site, text=ONE)
    alone = await compare(site, texts=WORDS_OF_ANN)
    for key in ("none", "ranking", "verdict", "words", "strangers"):
        assert answer[key] == alone[key], key
    assert answer["text"] == ONE
    assert [ONE[head["start"] : head["end"]] for head in answer["heads"]] == [
        "[21:00, 1/15/2024] ann:",
        "[21:01, 1/15/2024] ann:",
    ]
    assert {(head["text_index"], head["name"]) for head in answer["heads"]} == {(0, "ann")}
    assert answer["evidence"]
    for mark, other in zip(answer["evidence"], alone["evidence"], strict=True):
        assert mark["text"] == ONE[mark["start"] : mark["end"]] == other["text"]


SHAPES = {
    "whatsapp web": "[{time}, 1/15/2024] {name}: {text}",
    "whatsapp iphone": "[15/01/2024, {time}:33] {name}: {text}",
    "whatsapp android": "[1/15, {time}] {name}: {text}",
    "whatsapp export": "15/01/2024, {time} - {name}: {text}",
    "whatsapp korean": "[오후 {time}, 2024. 1. 15.] {name}: {text}",
    "kakaotalk": "[{name}] [오후 {time}] {text}",
    "kakaotalk android": "2024년 1월 15일 오후 {time}, {name} : {text}",
    "kakaotalk iphone": "2024. 1. 15. 오후 {time}, {name} : {text}",
    "line": "{time}\t{name}\t{text}",
    "telegram": "{name}, [15.01.2024 {time}]\n{text}\n",
    "telegram phone": "[1/15/24 {time} PM] {name}: {text}",
    "discord": "{name} — Today at {time} PM\n{text}",
    "discord korean": "{name} — 오늘 오후 {time}\n{text}",
    "discord old": "{name}Yesterday at {time} PM\n{text}",
    "slack": "{name}  {time} PM\n{text}",
    "slack lines": "{name}\n  {time} PM\n{text}\n",
    "slack brackets": "{name} [{time} PM]\n{text}",
    "slack korean": "{name}  오후 {time}\n{text}",
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=[*SHAPES])
async def test_heads_of_each_app_are_taken_off(site: Client, shape: str) -> None:
    text = "\n".join(
        shape.format(time=f"9:0{number}", name="Mina Kim", text=words)
        for number, words in enumerate(WORDS_OF_ANN)
    )
    answer = await compare(site, text=text)
    assert answer["people"] == [{"name": "Mina Kim", "messages": 2}]
    assert answer["none"] == (await compare(site, texts=WORDS_OF_ANN))["none"]
    places = [(head["start"], head["end"]) for head in answer["heads"]]
    left = [*text]
    for start, end in places:
        left[start:end] = " " * (end - start)
    assert "".join(left).split() == " ".join(WORDS_OF_ANN).split()


@pytest.mark.parametrize(
    "text",
    [
        "Note: buy milk and oven and rolls",
        "Mina: lamp and fog\nJun: bell and tide",
        "12:30 lunch with Mina and the oven",
        "[todo] buy milk at 12:30 and rolls",
        "[12:30] Note: buy milk and rolls",
        "Meet at 10:30 - Mina: bring wine and rolls",
        "Dinner at 7:00 PM\nbring wine and rolls",
        "breakfast 8:00 AM\neggs and rye\nlunch 1:00 PM\nsoup and rolls",
        "Score [2:01]\nwhat a game that was",
        "2024년 2월 3일 오후 6:00\n결혼식에 꼭 와 주세요",
        "오늘 오후 7:30\n저녁 먹자 우리 같이",
    ],
)
async def test_lines_that_only_look_like_heads_stay(site: Client, text: str) -> None:
    answer = await compare(site, text=text)
    assert not answer.keys() & {"heads", "people", "unjudged"}
    assert answer == await compare(site, text=text, heads=False)


async def test_heads_can_be_judged_too(site: Client) -> None:
    whole = await compare(site, text=ONE, heads=False)
    assert "heads" not in whole
    assert whole["words"] > (await compare(site, text=ONE))["words"]
    path = f"{COMPARE}?{urlencode({'text': ONE, 'username': 'ann', 'heads': '0'})}"
    assert (await site.json(path))["words"] == whole["words"]


async def test_pieces_are_left_out_by_their_places_in_the_text_as_sent(site: Client) -> None:
    start = ONE.index("bell")
    piece = [start, start + len("bell and tide")]
    answer = await compare(site, text=ONE, without=[piece])
    assert answer["without"] == [piece]
    first, second = WORDS_OF_ANN
    place = first.index("bell")
    alone = await compare(site, texts=[first, second], without=[[place, place + 13]])
    assert (answer["none"], answer["words"]) == (alone["none"], alone["words"])
    # A head cannot be left out once more.
    assert "without" not in await compare(site, text=ONE, without=[[0, 5]])


async def test_each_text_has_its_own_places(site: Client) -> None:
    texts = ["  \nplain words first of all", *ONE.replace("[", "\u200e[").split("\n"), "bell"]
    answer = await compare(site, texts=texts)
    for head in answer["heads"]:
        assert texts[head["text_index"]][head["start"] : head["end"]].endswith("] ann:")
    assert [head["text_index"] for head in answer["heads"]] == [1, 2]
    for mark in answer["evidence"]:
        assert answer["text"][mark["start"] : mark["end"]] == mark["text"]


async def test_many_messages_are_joined_and_equal_ones_count_once(site: Client) -> None:
    lines = [f"[21:00, 1/15/2024] ann: lamp and fog {number}" for number in range(120)]
    answer = await compare(site, text="\n".join([*lines, lines[0]]))
    assert answer["people"] == [{"name": "ann", "messages": 121}]
    assert len(answer["heads"]) == 121
    texts = [
        "\n".join(f"lamp and fog {n}" for n in range(at, min(at + 3, 120)))
        for at in range(0, 120, 3)
    ]
    assert answer["none"] == (await compare(site, texts=[*texts, "lamp and fog 0"]))["none"]


async def test_words_of_the_app_are_no_words_of_the_person(site: Client) -> None:
    text = f"{ONE}\n[21:03, 1/15/2024] ann: <Media omitted>\n[21:04, 1/15/2024] ann: image omitted"
    answer = await compare(site, text=text)
    assert answer["none"] == (await compare(site, text=ONE))["none"]
    assert answer["people"] == [{"name": "ann", "messages": 2}]


async def test_several_people_are_not_judged_as_one(site: Client) -> None:
    answer = await compare(site, text=THREE)
    assert answer["verdict"] == "close"
    assert answer["none"] is None
    assert {ranked["log10_lr"] for ranked in answer["ranking"]} == {None}
    assert not answer["evidence"]
    people = [("ann", 2), ("Mina", 1), ("Jun", 1)]
    assert [(each["name"], each["messages"]) for each in answer["people"]] == people
    assert (await compare(site, text=THREE, usernames=["ann"]))["verdict"] == "short"


async def test_the_messages_of_one_person_are_judged_alone(site: Client) -> None:
    answer = await compare(site, text=THREE, person="ann")
    assert answer["person"] == "ann"
    assert answer["none"] == (await compare(site, texts=WORDS_OF_ANN))["none"]
    unjudged = "".join(THREE[start:end] for start, end in answer["unjudged"])
    assert "and a second line" in unjudged
    assert "lamp" not in unjudged
    refused = await site.post(COMPARE, json={"text": THREE, "person": "Bo"}, status=422)
    fault = await refused.get_json()
    assert fault["detail"] == "No message is by 'Bo'; choose from: ann, Mina, Jun"
    for fields in ({"text": "no heads at all here"}, {"text": THREE, "heads": False}):
        refused = await site.post(COMPARE, json={"person": "ann", **fields}, status=422)


async def test_a_batch_judges_each_line_without_its_heads(site: Client) -> None:
    lines = [ONE.split("\n")[0], WORDS_OF_ANN[0], THREE]

    async def judged(query: str) -> list[dict[str, Any]]:
        body = "\n".join(msgspec.json.encode({"text": line}).decode() for line in lines)
        answer = await site.post(
            f"{COMPARE}/batch?username=ann&username=ben{query}", data=body, headers=NDJSON
        )
        return [msgspec.json.decode(line) for line in (await answer.get_data()).splitlines()]

    head, plain, several = await judged("")
    assert head["none"] == plain["none"]
    assert head["heads"] == [{"text_index": 0, "start": 0, "end": 23, "name": "ann"}]
    assert "heads" not in plain
    assert (several["verdict"], several["none"]) == ("close", None)
    head, plain, several = await judged("&heads=0")
    assert "heads" not in head
    assert several["none"] is not None


# --- Pages ---


async def test_the_page_greys_what_was_taken_off_and_puts_it_back(site: Client) -> None:
    page = await site.page(address(ONE, "ann", "ben"))
    assert page.count('<span class="unjudged">') == 2
    assert "The names and times in front of the messages were not judged." in shown(page)
    query = link(page, "Judge the whole text")
    assert (query["heads"], query["username"]) == (["0"], ["ann", "ben"])
    whole = await site.page("/compare?" + urlencode(query, doseq=True))
    assert '<span class="unjudged">' not in whole
    assert "names and times in front of the messages are judged, too" in whole
    assert "heads" not in link(whole, "Leave them out")
    # The API's answer is the same.
    assert link(whole, "JSON")["heads"] == ["0"]
    korean = await site.page(address(ONE, "ann", "ben"), headers=KOREAN)
    assert "메시지 앞의 이름과 시각은 빼고 봤어요." in shown(korean)


async def test_too_few_words_show_what_did_not_count(site: Client) -> None:
    heads = "\n".join(f"[21:06, 1/15/2024] Mina: {word}" for word in ("ok", "yes", "haha"))
    for text in (heads, "> oven and rolls and dawn\nlamp and fog"):
        page = await site.page(address(text, "ann", "ben"))
        assert "at least four words are needed" in page
        assert not missing_in(page, '<section class="card judgement"', '<span class="unjudged">')
    page = await site.page(address("ok yes haha", "ann", "ben"))
    assert '<section class="card judgement bare"' in page


async def test_several_people_are_offered_one_by_one(site: Client) -> None:
    page = await site.page(address(THREE, "ann", "ben"))
    assert "<h1" in page
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", page) == ["Several people wrote this"]
    assert 'class="ranking' not in page
    query = link(page, "ann</bdi> (2 messages)")
    chosen = await site.page("/compare?" + urlencode(query, doseq=True))
    assert "Only the 2 messages by ann were judged, without names and times." in shown(chosen)
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", chosen) == ["Most like ann among these 2"]
    # The rest of the page asks about these messages, too.
    assert link(chosen, "JSON")["person"] == ["ann"]
    assert '<input type="hidden" name="person" value="ann">' in chosen
    assert link(chosen, "Jun</bdi> (1 message)")["person"] == ["Jun"]
    korean = await site.page(address(THREE, "ann", "ben"), headers=KOREAN)
    assert "여러 사람이 쓴 글이에요" in korean
    alone = await site.page(address(THREE, "ann"))
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", alone) == ["Several people wrote this"]
    assert "ann</bdi> (2 messages)" in alone


async def test_people_who_are_authors_here_are_offered(site: Client) -> None:
    page = await site.page(address(ONE))
    assert "An author here has the name of a person in this chat: ann." in shown(page)
    assert link(page, "Ask whether this author wrote it")["username"] == ["ann"]
    assert "Ask whether" not in await site.page(address(ONE, "ann"))
    chat = "[하늘] [오후 9:06] 안개가 꼈네 오늘도\n[Ann Lee] [오후 9:07] 그러게 불을 켜야지"
    page = await site.page(address(chat))
    query = link(page, "Ask which of them wrote it")
    assert len(query["username"]) == 2
    assert "Ask which of them" not in await site.page("/compare?" + urlencode(query, doseq=True))
    assert "An author here" not in await site.page(address(ONE.replace("ann", "Nobody")))


async def test_a_text_in_no_address_is_asked_about_again_by_forms(site: Client) -> None:
    form = {"tweet_text": THREE, "username": "ann", "private": "1"}
    page = await (await site.post("/compare", form=form)).get_data(as_text=True)
    assert "lamp+and" not in page
    forms = re.findall(r'<form class="again-with".*?</form>', page, re.DOTALL)
    (chosen,) = [each for each in forms if 'name="person" value="ann"' in each]
    (text,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", chosen, re.DOTALL)
    again = {"text": unescape(text), "username": "ann", "person": "ann", "private": "1"}
    page = await (await site.post("/compare", form=again)).get_data(as_text=True)
    assert "Only the 2 messages by ann were judged" in page
    # Another text has other people.
    other = {"tweet_text": ONE.replace("ann:", "Bo:"), "person": "ann", "private": "1"}
    answer = await site.post("/compare", form=other, status=200)
    assert "No message is by" not in await answer.get_data(as_text=True)


async def test_copied_messages_are_not_taken_apart_by_their_lines(site: Client) -> None:
    form = {"tweet_text": THREE, "username": "ann", "each_line": "1"}
    sent = await site.post("/compare", form=form)
    assert parse_qs(urlsplit(sent.headers["Location"]).query)["text"] == [THREE]


async def test_a_picture_has_no_heads(site: Client) -> None:
    for query in ({"text": ONE}, {"text": THREE, "person": "ann"}, {"text": THREE}):
        path = "/compare/picture.png?" + urlencode({"username": "ann", **query})
        await site.get(path, status=200)
    pictures = [
        await (await site.get("/compare/picture.png?" + urlencode(query))).get_data()
        for query in ([("text", ONE)], [("text", text) for text in WORDS_OF_ANN])
    ]
    assert pictures[0] == pictures[1]


# --- Quoted lines ---


async def test_quoted_lines_are_counted_and_greyed(site: Client) -> None:
    text = "> oven and rolls and dawn\n> and rye\nlamp and fog and bell tonight"
    answer = await compare(site, text=text)
    assert (answer["words"], answer["quoted"]) == (6, 7)
    ((start, end),) = answer["unjudged"]
    assert text[start:end].strip() == "> oven and rolls and dawn\n> and rye"
    page = await site.page(address(text, "ann", "ben"))
    assert "The quoted lines were not judged: 6 of 13 words were." in shown(page)
    assert '<span class="unjudged">> oven' in page
    korean = await site.page(address(text, "ann", "ben"), headers=KOREAN)
    assert "인용한 줄은 빼고 단어 13개 가운데 6개만 봤어요." in shown(korean)
    plain = await compare(site, text="lamp and fog and bell tonight")
    assert "quoted" not in plain
    assert plain["words"] == 6

"""What somebody searched in chats whose words were known, and how many posts really have it."""

from typing import Final
from urllib.parse import quote

import pytest

from tests.conftest import Client, Shared

POSTS: Final = {
    "너무 졸려ㅠㅠ": "졸리다",
    "졸려서 먼저 잘게": "졸리다 자다",
    "하루 종일 졸리네": "졸리다",
    "좀 귀찮음": "좀",
    "좀 이따 봐": "좀 보다",
    "어제 늦게 잤어": "자다",
    "일찍 자고 일어나": "자다",
    "잘 지내지": "잘",
    "자소서 다 썼다": "자소서 쓰다",
    "자소서를 고치는 중": "자소서 고치다",
    "그건 나도 알아": "알다",
    "알겠어요 갈게요": "알다 가다",
    "아는 사람이야": "알다",
    "그 노래 아세요?": "알다",
    "제가 압니다": "알다",
    "안 먹을래": "안 먹다",
    "알바 끝났다": "알바",
    "알바가 힘들어": "알바 힘들다",
    "그 영화 봤어": "보다",
    "보고서 마감이다": "보고서",
    "보고서는 내일 낸다": "보고서",
    "밥 사줄게": "사다",
    "다음 주 월요일": "주",
    "이번 주에 바빠": "주 바쁘다",
    "선물을 줬어": "주다",
    "사진만 보내": "사진",
    "사진을 찍자": "사진",
    "과자를 샀다": "사다",
    "사고 싶은 게 있어": "사고",
    "말을 삼가": "삼가다",
    "이 라면 매워": "맵다",
    "아침에 깨우다 지쳤어": "깨우다",
    "같이 놀자": "놀다",
    "깜짝 놀란 사람": "놀라다",
    "물을 마셨어": "물 마시다",
    "꿈을 꿨어": "꿈",
    "나는 집에 가": "나 가다",
    "메시지 보냈어": "메시지",
    "떡볶이를 먹으러 갈 사람": "먹다 떡볶이",
    "먹었어 다": "먹다",
    "진짜 예뻐": "예쁘다",
    "예쁜 가방": "예쁘다",
    "부럽다 정말": "부럽다",
    "떨려서 죽겠네": "떨리다",
    "마라톤에서 뛰자": "마라톤",
    "대학원에 붙었어": "대학원",
    "운동을 한다": "운동",
    "안전 운전 하세요": "안전 운전",
    "운전면허 땄어": "운전면허",
    "운전면허를 잃어버림": "운전면허",
    "마라탕 먹자": "마라탕 먹다",
    "마라탕집 어디야": "마라탕집",
    "김치찌개랑 밥": "김치찌개",
    "참치김치찌개 최고": "참치김치찌개",
    "웃겨ㅋㅋㅋ": "ㅋㅋ ㅋㅋㅋ",
    "응ㅋㅋ": "ㅋㅋ",
    "one party tonight": "party",
    "all the parties": "party",
    "I booked a table": "book table",
    "a book about boats": "book boat",
    "the boilers are cold": "boiler cold",
    "water is boiling": "boil",
    "they planned it": "plan",
    "two planes": "plane",
    "she cared": "care",
    "a car of his": "car",
    "some news": "news",
    "a new one": "new",
    "the wall is 20 feet": "20",
}
"""Each message, and the words that it has."""


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    """Read the posts of one author, to which no test adds any."""
    await shared.writer.add_user("minseo", *POSTS)
    return shared.writer


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        *((word, "졸리다") for word in ("졸려", "졸리다", "졸린", "졸렸어")),
        *((word, "자다") for word in ("자다", "자고", "잤다", "자요")),
        *((word, "알다") for word in ("알다", "알아", "알겠어", "아는", "압니다", "아세요")),
        *((word, "보다") for word in ("보다", "봤어", "봐요")),
        *((word, "사다") for word in ("사다", "샀어")),
        *((word, "놀다") for word in ("놀다", "놀자", "노는")),
        *((word, "먹다") for word in ("먹다", "먹었어", "먹고")),
        *((word, "예쁘다") for word in ("예뻐", "예쁘다")),
        *((word, "자소서") for word in ("자소서", "자소서가")),
        *((word, "보고서") for word in ("보고서", "보고서를")),
        *((word, "알바") for word in ("알바", "알바도")),
        *((word, word) for word in ("좀", "잘", "안", "사진", "사고", "꿈", "물", "메시지")),
        *((word, word) for word in ("떡볶이", "마라톤", "대학원", "부럽다", "떨리다", "주다")),
        ("매워", "맵다"),
        *((word, "party") for word in ("party", "parties")),
        *((word, "book") for word in ("book", "books", "booked", "booking")),
        *(
            (word, word)
            for word in ("car", "care", "plan", "plane", "new", "news", "boil", "boiler")
        ),
        *((word, word) for word in ("ㅋㅋㅋ", "ㅋㅋ")),
        ("£20", "20"),
    ],
)
async def test_a_search_finds_the_posts_with_the_word(chat: Client, typed: str, word: str) -> None:
    answer = await (await chat.get(f"/api/v1/search?q={quote(typed)}&limit=50")).get_json()
    found = {item["text"] for item in answer["items"]}
    assert found == {text for text, words in POSTS.items() if word in words.split()}
    assert answer["total"] == len(found)


@pytest.mark.parametrize(
    ("typed", "exact", "inside", "words"),
    [
        ("운전", {"안전 운전 하세요"}, {"운전면허 땄어", "운전면허를 잃어버림"}, ["운전면허"]),
        ("마라탕", {"마라탕 먹자"}, {"마라탕집 어디야"}, ["마라탕집"]),
        ("마라탕을", {"마라탕 먹자"}, {"마라탕집 어디야"}, ["마라탕집"]),
        ("김치찌개", {"김치찌개랑 밥"}, {"참치김치찌개 최고"}, ["참치김치찌개"]),
        ("대학", set(), {"대학원에 붙었어"}, ["대학원"]),
        ("면허", set(), {"운전면허 땄어", "운전면허를 잃어버림"}, ["운전면허"]),
        ("안전 면허", set(), set(), None),
        ("마라탕 어디", set(), {"마라탕집 어디야"}, ["마라탕집"]),
        ("보고서", {"보고서 마감이다", "보고서는 내일 낸다"}, set(), None),
        ('"운전"', {"안전 운전 하세요"}, set(), None),
    ],
)
async def test_words_inside_of_others_come_last_and_are_counted_apart(
    chat: Client, typed: str, exact: set[str], inside: set[str], words: list[str] | None
) -> None:
    for limit in (50, 1):
        items, path = [], f"/api/v1/search?q={quote(typed)}&limit={limit}"
        first = answer = await (await chat.get(path)).get_json()
        while answer["items"] and not answer.get("partial"):
            items += [item["text"] for item in answer["items"]]
            if answer["next"] is None:
                break
            answer = await (await chat.get(f"{path}&cursor={answer['next']}")).get_json()
        assert set(items[: len(exact)]) == exact
        assert set(items[len(exact) :]) == inside
        if words is not None or exact:
            assert first["total"] == len(exact)
            assert first.get("compounds") == (words and {"posts": len(inside), "words": words})


async def test_signs_that_are_not_searched_are_named(chat: Client) -> None:
    for typed, ignored in [("£20", ["£"]), ("c++", ["+"]), ("book!", None), ("예뻐~", None)]:
        answer = await (await chat.get(f"/api/v1/search?q={quote(typed)}")).get_json()
        assert answer.get("ignored") == ignored
    assert "Not searched: £" in await (await chat.get("/search?q=%C2%A320")).get_data(as_text=True)


async def test_with_a_filter_words_may_only_be_left_out(chat: Client) -> None:
    query = quote("from:minseo -ㅋㅋ -book")
    answer = await (await chat.get(f"/api/v1/search?q={query}&limit=200")).get_json()
    found = {item["text"] for item in answer["items"]}
    assert found == {text for text in POSTS if "ㅋㅋ" not in text and " book " not in text}
    assert answer["total"] == len(found)
    await chat.get(f"/api/v1/search?q={quote('-ㅋㅋ')}", status=422)


async def test_a_word_is_counted_by_person_and_time(writer: Client) -> None:
    days = ["2024-12-31T23:30:00Z", "2025-03-01T12:00:00Z", "2025-03-02T12:00:00Z"]
    for username, times in [("ann", days), ("ben", days[2:3])]:
        await writer.add_user(username)
        for number, time in enumerate(times):
            await writer.add_tweet(username, f"운전 {number}", created_at=time)
    await writer.add_tweet("ben", "운전면허", created_at="2025-03-02T12:00:00Z")
    address = "/api/v1/stats?tz=Asia/Seoul&q=" + quote("운전")
    counted = await writer.json(address)
    assert (counted["tweets"], counted["users"], counted["undated"]) == (4, 2, 0)
    assert counted["inside_of_others"] == 1
    assert counted["authors"] == [
        {"username": "ann", "tweets": 3},
        {"username": "ben", "tweets": 1},
    ]
    assert [(day["date"], day["tweets"], len(day["authors"])) for day in counted["days"]] == [
        ("2025-01-01", 1, 1),
        ("2025-03-01", 1, 1),
        ("2025-03-02", 2, 2),
    ]
    assert (await writer.json(address + quote(" from:ben")))["tweets"] == 1
    assert (await writer.get(f"{address}{'x' * 1_001}")).status_code == 400
    page = await writer.page("/search?tz=Asia/Seoul&q=" + quote("운전"))
    drawing = page[page.index('class="period-columns"') :].partition("</section>")[0]
    assert [
        told
        for told in ("January 2025: 1 post (ann 1)", "February 2025: 0 posts")
        if told not in drawing
    ] == []
    assert "March 2025: 3 posts (ann 2, ben 1)" in drawing
    assert drawing.index("period-columns") < drawing.index('class="posts"')
    assert 'class="period-columns"' not in await writer.page("/search?q=" + quote("운전 from:ben"))

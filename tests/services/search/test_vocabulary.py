"""The vocabulary follows the posts, and weighs what is found by the endings of words."""

import pytest
from sqlalchemy import event, select, update

from app.db.engine import Database
from app.models import Event, Vocabulary, Word
from app.services.deletion import purge_deleted
from app.services.posts.selection import Selection
from app.services.search import word_search
from app.services.search.index_terms import is_vocabulary_old, renew_vocabulary
from app.services.search.results import Correction, ResultPage, SearchQuery, find as find_page
from app.views.requests import RESULT_CURSOR, cursor_of
from saywho.words import index_terms
from tests.posting import post, remove_author, remove_post
from tests.waiting import maintain

TEXTS = [
    "The lighthouse keeper lights the lamp",
    "A lighthouse by the sea",
    "안녕하세요, 학교에 갑니다",
    "대한민국 만세",
]


async def find(db: Database, query: str, username: str | None = None) -> ResultPage:
    selection = Selection(usernames=() if username is None else (username,))
    return await find_page(db, None, SearchQuery(query, selection), limit=20)


def pairs(page: ResultPage) -> list[tuple[str, str]]:
    return [(each.typed, each.used) for each in page.corrections]


async def words(db: Database) -> dict[str, int]:
    async with db.read() as session:
        return {
            row.word: row.tweets for row in await session.execute(select(Word.word, Word.tweets))
        }


@pytest.fixture(scope="module")
async def counted(shared_db: Database) -> Database:
    """Posts to which no test adds any, and their words, counted."""
    await post(shared_db, "ann", *TEXTS)
    await maintain(shared_db)
    return shared_db


STARRY = [
    "언덕에서 별을 보았다",
    "별이 특별히 밝은 이별의 밤",
    "빵은 아침에, 식빵이에요",
    "고기를 구워 먹는 저녁",
    "공관병이 늦게 왔다",
    "병이 낫는 일은 17일부터 친구는 장을 본다",
    "정말 가깝습니다, 감사했습니다",
]


@pytest.fixture(scope="module")
async def starry(shared_db: Database) -> Database:
    await post(shared_db, "별지기", *STARRY)
    await maintain(shared_db)
    return shared_db


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("별이", {0: ["별을"], 1: ["별이"]}),
        ("별을", {0: ["별을"], 1: ["별이"]}),
        ("별", {0: ["별을"], 1: ["별이"]}),
        ("별의", {0: ["별을"], 1: ["별이"]}),
        ("빵을", {2: ["빵은"]}),
        ("빵은", {2: ["빵은"]}),
        ("굽는", {3: ["구워"]}),
        ("먹습니다", {3: ["먹는"]}),
        ("늦습니다", {4: ["늦게"]}),
        ("일을", {5: ["일은"]}),
        ("밥을", {}),
        ("씹습니다", {}),
        ("감사합니다", {6: ["감사했습니다"]}),
    ],
)
async def test_a_stem_of_one_syllable_is_found_in_its_other_forms_alone(
    starry: Database, typed: str, marked: dict[int, list[str]]
) -> None:
    page = await find(starry, typed, "별지기")
    assert {
        STARRY.index(hit.text): [hit.text[start:end] for start, end in hit.highlights]
        for hit in page.hits
    } == marked
    assert page.total == len(marked)


@pytest.mark.parametrize(
    ("typed", "used"), [("먹엇어", "먹다"), ("늦엇다", "늦다"), ("갓다", None)]
)
async def test_a_past_written_with_sios_finds_a_stem_of_one_syllable(
    starry: Database, typed: str, used: str | None
) -> None:
    page = await find(starry, typed, "별지기")
    assert pairs(page) == ([(typed, used)] if used else [])
    assert len(page.hits) == (1 if used else 0)


async def test_some_of_the_words_where_no_post_has_all(counted: Database) -> None:
    page = await find(counted, "lighthouse sea keeper")
    assert {hit.text for hit in page.hits} == set(TEXTS[:2])
    assert page.is_any
    assert not (await find(counted, "lighthouse sea")).is_any


@pytest.mark.parametrize(
    ("typed", "place", "corrections"),
    [
        ("lighthosue keeper", 0, [("lighthosue", "lighthouse")]),
        ("Lihgthouse keeper", 0, [("lihgthouse", "lighthouse")]),
        ("teh lamp", 0, [("teh", "the")]),
        ("안뇽하세요", 2, [("안뇽하세요", "안녕")]),
        ("핵교", 2, [("핵교", "학교")]),
        ("ㅎㄱ교에", 2, [("ㅎㄱ교에", "학교")]),
        ("lighthosue-keeper", 0, [("lighthosue", "lighthouse")]),
    ],
)
async def test_an_unknown_word_is_taken_for_a_known_one_at_one_slip(
    counted: Database, typed: str, place: int, corrections: list[tuple[str, str]]
) -> None:
    page = await find(counted, typed)
    assert page.hits[0].text == TEXTS[place]
    assert pairs(page) == corrections
    assert not page.is_any
    assert page.hits[0].highlights


async def test_quoted_excluded_short_and_known_words_are_not_corrected(counted: Database) -> None:
    assert (await find(counted, '"lighthosue"')).hits == []
    assert len((await find(counted, "lighthouse -lmap")).hits) == 2
    assert (await find(counted, "se")).hits == []
    # Both are known, though no post has both.
    page = await find(counted, "lamp sea")
    assert (page.is_any, page.corrections) == (True, [])


@pytest.mark.parametrize(
    ("typed", "most"),
    [
        pytest.param("lighthouse keeper", 3, id="frequencies, matches, posts"),
        pytest.param("lamp sea", 5, id="whether both are known, and posts with one"),
    ],
)
async def test_a_query_without_a_slip_has_few_statements(
    counted: Database, typed: str, most: int
) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = counted.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (await find(counted, typed)).hits
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert 0 < len(statements) <= most, statements


MISTYPED = [
    "miles from the harbour at noon",
    "fill in the form by the harbour",
    "noon, and miles of fog",
    "우리 학교는 오늘 쉬는 날",
    "핵교라고 오늘 또 잘못 썼다",
    "책이 바다 산책",
    "책을 샀다",
    "챡을 잘못 썼다",
]


@pytest.fixture(scope="module")
async def mistyped(shared_db: Database) -> Database:
    """Posts with words of which a slip makes another one."""
    await post(shared_db, "typist", *MISTYPED)
    await maintain(shared_db)
    return shared_db


@pytest.mark.parametrize(
    ("typed", "places", "corrections"),
    [
        ("miles form harbour noon", [0], [("form", "from")]),
        ("fill form harbour", [1], []),
        ("fill im form harbour", [1], [("im", "in")]),
        ("핵교는 오늘 쉬는", [3], [("핵교는", "학교")]),
        # The post has another form of the word that was meant.
        ("챡을 바다 산책", [5], [("챡을", "책")]),
        # All that one word needs is another slip, and no post has a quoted one.
        ('miles "form" harbour noon', [1, 0, 2], []),
        ("form miles", [0, 1, 2], []),
    ],
)
async def test_a_slip_that_made_a_known_word_is_seen_by_the_words_beside_it(
    mistyped: Database, typed: str, places: list[int], corrections: list[tuple[str, str]]
) -> None:
    page = await find(mistyped, typed, "typist")
    assert pairs(page) == corrections
    if corrections or not page.is_any:
        assert [MISTYPED.index(hit.text) for hit in page.hits] == places
        assert not page.is_any


async def test_at_most_five_words_are_meant_the_most_frequent_first(db: Database) -> None:
    meant = ["cat", "hat", "bat", "rat", "mat", "fat"]
    await post(db, "ann", *(word for size, word in enumerate(meant) for _ in range(6 - size)))
    await maintain(db)
    page = await find(db, "zat")
    assert [each.used for each in page.corrections] == meant[:5]
    assert {hit.text for hit in page.hits} == set(meant[:5])


async def test_no_word_is_meant_that_no_post_has(db: Database) -> None:
    await post(db, "ann", "강릉 바다", "강릉 바다", "가능 바다", "가요", "가에", "우리 집에 가요")
    await maintain(db)
    assert pairs(await find(db, "강능 바다")) == [("강능", "강릉"), ("강능", "가능")]


async def test_a_word_of_the_index_is_known_before_and_after_it_is_counted(db: Database) -> None:
    (first, *_) = await post(db, "ann", "lighthouse", *["quay"] * 40)
    await maintain(db)
    await post(db, "bob", "lighthosue")
    # Newer than the counts; with a filter that its post does not pass.
    page = await find(db, "lighthosue", "ann")
    assert (page.hits, page.corrections) == ([], [])
    await remove_post(db, first)
    # Counted still, but in no post.
    assert [each.used for each in (await find(db, "lighthouze")).corrections] == []


async def test_pages_of_corrected_results_follow_one_another(db: Database) -> None:
    ids = await post(db, "ann", *(f"lighthouse {n}" for n in range(7)))
    await maintain(db)
    collected: list[int] = []
    after = None
    while after is not None or not collected:
        page = await find_page(db, None, SearchQuery("lighthosue"), limit=3, after=after)
        assert page.corrections
        collected += [hit.id for hit in page.hits]
        after = RESULT_CURSOR.decode(cursor_of(page.next))
    assert sorted(collected) == sorted(ids)


async def test_posts_with_most_of_the_words_come_first_and_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (most, *_) = await post(
        db, "ann", "miles off, above", *(f"fill the form {n}" for n in range(5)), "above all"
    )
    await maintain(db)
    assert (await find(db, "miles form above")).hits[0].id == most
    # Of more candidates than are ranked at once, the rest follows.
    monkeypatch.setattr(word_search, "CANDIDATES", 5)
    ids: list[int] = []
    after = None
    while after is not None or not ids:
        page = await find_page(db, None, SearchQuery("miles form above"), limit=3, after=after)
        assert page.is_any
        ids += [hit.id for hit in page.hits]
        after = RESULT_CURSOR.decode(cursor_of(page.next))
    assert len(ids) == len(set(ids)) == 7


async def test_the_vocabulary_is_counted_again_when_posts_change(db: Database) -> None:
    (first, *_) = await post(db, "ann", *TEXTS)
    await maintain(db)
    assert (await words(db))["lighthouse"] == 2
    async with db.read() as session:
        assert not await is_vocabulary_old(session)
        # Stored answers, which rest on the counts, end with an event of their own.
        assert "words.counted" in set(await session.scalars(select(Event.kind)))
        state = await session.get_one(Vocabulary, 1)
        assert (state.tweets, state.terms) == (
            4,
            sum(len(index_terms(text).split()) for text in TEXTS),
        )
    await remove_post(db, first)
    await maintain(db)
    counted = await words(db)
    assert (counted["lighthouse"], "keeper" in counted) == (1, False)
    await remove_author(db, "ann")
    await maintain(db)
    await maintain(db)
    assert await words(db) == {}


async def test_no_word_of_a_deleted_author_is_told_before_the_rows_are_removed(
    db: Database,
) -> None:
    await post(db, "ann", "a quokka by the harbour", "two quokkas")
    await post(db, "ben", "boats by the harbour", "boats and more boats")
    await maintain(db)
    for typed in ("quokk", "quoka by the harbour"):
        assert [each.used for each in (await find(db, typed)).corrections] == ["quokka"]
    await remove_author(db, "ann")
    for typed in ("quokk", "quoka by the harbour"):
        page = await find(db, typed)
        assert page.corrections == []
        assert "quokka" not in str(page)
    assert (await find(db, "baots")).corrections == [Correction("baots", "boats", 2)]


@pytest.mark.databases("sqlite", "postgresql")
async def test_words_of_deleted_authors_are_not_counted(db: Database) -> None:
    await post(db, "ann", *TEXTS)
    await post(db, "ben", *(f"the lighthouse of ben {n}" for n in range(20)))
    await remove_author(db, "ben")
    async with db.read() as session:
        assert not await is_vocabulary_old(session)
    await purge_deleted(db)
    async with db.read() as session:
        assert await is_vocabulary_old(session)
    await renew_vocabulary(db)
    assert (await words(db))["lighthouse"] == 2


NEAR = [
    *["마라탕을 먹었다"] * 3,
    "지하철에서 만났다",
    "오늘은 아무것도 놓치지 않고 먹자",
    "마라톤대회가 열린다",
    "도서관 열람실에서",
    "the dishwasher hums",
    "a tea cup",
]


@pytest.fixture(scope="module")
async def near(shared_db: Database) -> Database:
    await post(shared_db, "nearby", *NEAR)
    await maintain(shared_db)
    return shared_db


@pytest.mark.parametrize(
    ("typed", "near_words"),
    [
        ("마라통", [("마라탕", 3)]),
        ("마라톤", []),
        ("마라톤 대회", []),
        ("도서관열람실", []),
        ("dish washer", [("dishwasher", 1)]),
        ("disher washer", [("dishwasher", 1)]),
        ("teacup", [("tea cup", 1)]),
        ("놓치다", []),
        ("먹어", []),
    ],
)
async def test_near_words_are_named_apart_with_their_number(
    near: Database, typed: str, near_words: list[tuple[str, int]]
) -> None:
    page = await find(near, typed, "nearby")
    assert [(each.used, each.posts) for each in page.corrections] == near_words
    assert page.hits
    assert all(hit.highlights for hit in page.hits)


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        *(("확인 해봐", 3), ("확인해봐", 4), ("확인해 봐", 3), ("할수있다", 2), ("할 수 있다", 2)),
        *(("못했어", 2), ("못 했어", 2), ("내 일", 1), ("오늘 하자", 2), ("학교앞에서", 2)),
    ],
)
async def test_korean_words_are_found_with_or_without_blanks(
    spaced: Database, typed: str, count: int
) -> None:
    page = await find(spaced, typed, "spacey")
    assert (page.total, page.corrections, page.is_any) == (count, [], False)
    assert all(hit.highlights for hit in page.hits)


@pytest.fixture(scope="module")
async def spaced(shared_db: Database) -> Database:
    apart = ["확인해 봐", "확인 해봐", "할 수 있어요", "못 했어", "오늘 하자", "학교 앞에 있어"]
    joined = ["확인해봐", "할수있다", "못했어", "오늘하자", "학교앞이야"]
    others = ["확인 중", "오늘이야", "내 일이야", "내일 보자"]
    await post(shared_db, "spacey", *apart, *joined, *others)
    await maintain(shared_db)
    return shared_db


async def test_until_the_index_is_made_again_words_that_begin_with_a_stem_are_found(
    db: Database,
) -> None:
    await post(db, "ann", *NEAR)
    await maintain(db)
    async with db.write() as session:
        await session.execute(update(Vocabulary).values(recipe=1))
    for typed, count in (("먹다", 4), ("놓쳤다", 1), ("지하철까지", 1), ("지하수", 0)):
        page = await find(db, typed)
        assert len(page.hits) == count or page.corrections
    await renew_vocabulary(db)
    assert len((await find(db, "먹다")).hits) == 4


async def test_no_word_is_named_that_does_not_exist(db: Database) -> None:
    await post(db, "ann", "떡볶이 먹으러 가자", "떡볶이를 먹으러 옴", "밥 먹고 왔다")
    await maintain(db)
    for typed, near_words in [("떡복이", ["떡볶이"]), ("먹으러갈", [])]:
        assert [each.used for each in (await find(db, typed)).corrections] == near_words

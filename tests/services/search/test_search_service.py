"""Search by words: any query is fine, and what is marked is what matched."""

from contextlib import suppress

import pytest
from hypothesis import given, settings, strategies as st

from app.db.engine import Database
from app.services.posts.filters import read_query
from app.services.search.results import Hit, SearchQuery, find as find_page
from saywho.errors import InvalidInputError
from tests.posting import post

TEXTS = [
    "The Lighthouse keeper lights the lamp",
    "lamp the lights: a rhyme",
    "학교에 갔다가 학교에서 왔다 😀 😀",
    "🚢 배가 들어온다, CAFÉ 앞으로",
    "cafe\u0301 Ünïcödé naïve",
    "שלום עולם — السلام عليكم",
    "𠜎𠜱 は漢字 e-mail it's 3.14 <b>bold</b>",
    "@jack #태그 https://example.org/path_x?q=1",
    "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🇰🇷 ❤️ 1️⃣",
    "Łódź, ISPARTA'ya, Ørsted",
    "#한강#서울#등대!",
]


async def find(db: Database, query: str) -> list[Hit]:
    page = await find_page(db, None, SearchQuery(query), limit=50)
    assert page.next is None
    return page.hits


def marked(hit: Hit) -> list[str]:
    return [hit.text[start:end] for start, end in hit.highlights]


@pytest.fixture(scope="module")
async def filled(shared_db: Database) -> Database:
    await post(shared_db, "ann", *TEXTS)
    return shared_db


@pytest.mark.parametrize(
    ("query", "words_by_text"),
    [
        ("lamp", {0: ["lamp"], 1: ["lamp"]}),
        ("LAMP keeper", {0: ["keeper", "lamp"]}),
        ('"the lamp"', {0: ["the lamp"]}),
        ('"lamp the"', {1: ["lamp the"]}),
        ("lamp -keeper", {1: ["lamp"]}),
        ('lamp -"lights the"', {1: ["lamp"]}),
        ("lam", {}),
        ("학교", {2: ["학교에", "학교에서"]}),
        ("학교에서", {2: ["학교에", "학교에서"]}),
        ("학교에서는", {2: ["학교에", "학교에서"]}),
        ("교에", {}),
        ("학", {}),
        ('"학교"', {}),
        ("\u1112\u1161\u11a8\u1100\u116d", {2: ["학교에", "학교에서"]}),
        ("배가 들어와", {3: ["배가", "들어온다"]}),
        ("들어 -배가", {}),
        ("😀", {2: ["😀", "😀"]}),
        ("🚢배가", {3: ["🚢", "배가"]}),
        ("👩‍👩‍👧‍👦", {8: ["👩‍👩‍👧‍👦"]}),
        ("cafe", {3: ["CAFÉ"], 4: ["café"]}),
        ("lodz ısparta", {9: ["Łódź", "ISPARTA"]}),
        ("ørsted", {9: ["Ørsted"]}),
        ("orsted", {9: ["Ørsted"]}),
        ("שלום", {5: ["שלום"]}),
        ("𠜎𠜱", {6: ["𠜎𠜱"]}),
        ("e-mail", {6: ["e-mail"]}),
        ("<b>", {6: ["b", "b"]}),
        ("jack", {7: ["jack"]}),
        ("#태그", {7: ["#태그"]}),
        ("#등대", {10: ["#등대"]}),
        ("#한강#서울", {10: ["#한강", "#서울"]}),
        ("#한강 -#서울", {}),
        ("❤️", {8: ["❤"]}),
        ("❤", {8: ["❤"]}),
        ("漢", {6: ["は漢字"]}),
        ("e mail", {6: ["e", "mail"]}),
        ("mail e", {6: ["e", "mail"]}),
        ("'\"", {}),
        ("nothing like it", {6: ["it"]}),
    ],
)
async def test_matches_are_found_and_marked(
    filled: Database, query: str, words_by_text: dict[int, list[str]]
) -> None:
    hits = {
        TEXTS.index(hit.text) if hit.text in TEXTS else 4: hit for hit in await find(filled, query)
    }
    assert hits.keys() == words_by_text.keys()
    for place, words in words_by_text.items():
        assert [word.strip("\ufe0f") for word in marked(hits[place])] == words


PIECES = st.sampled_from(
    [
        *'"-*^():+{}\\<>&|~',
        " ",
        "\0",
        "AND",
        "NOT",
        "NEAR(",
        "text:",
        "lamp",
        "학교",
        "😀",
        "café",
        "🇰🇷",
    ]
)
QUERIES = st.text(max_size=40) | st.lists(PIECES, max_size=15).map("".join)


@given(st.lists(QUERIES, min_size=20, max_size=20))
@settings(deadline=None, max_examples=6)
async def test_no_query_fails_and_highlights_lie_in_the_text(
    filled: Database, queries: list[str]
) -> None:
    for query in queries:
        hits = list[Hit]()
        with suppress(InvalidInputError):  # Of words to leave out alone.
            hits = await find(filled, query)
        for hit in hits:
            place = 0
            assert hit.highlights or not read_query(query).words
            for start, end in hit.highlights:
                assert place <= start < end <= len(hit.text)
                place = end

"""Searches that would take long: the same word hundreds of times, words that no candidate has."""

import asyncio
import threading
import time

import pytest

from app.db.engine import Database
from app.runtime.work_pool import WorkPool
from app.services.search import word_search
from app.services.search.results import ResultPage, SearchQuery, find as find_page
from app.services.search.word_search import ResultKey, SearchWork
from saywho.queries import MOST_PAIRS, parse_query
from tests.posting import post
from tests.waiting import maintain

LIMIT = 20
SEARCHES = 12
"""More than either database has connections for reading."""
ATTEMPTS = 3
MOST_TIMES = 10
pytestmark = pytest.mark.databases("sqlite", "postgresql")


async def find(db: Database, query: str, after: ResultKey | None = None) -> ResultPage:
    return await find_page(db, None, SearchQuery(query), limit=LIMIT, after=after)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search look through two pages of five candidates."""
    monkeypatch.setattr(word_search, "CANDIDATES", 5)
    monkeypatch.setattr(word_search, "MOST_PAGES", 2)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("query", ['"정말"', '"말 그래"', '정말 -"정말로"'])
async def test_search_goes_on_behind_many_false_candidates(db: Database, query: str) -> None:
    (oldest,) = await post(db, "ann", "정말, 말 그래")
    await post(db, "ann", *(f"정말로 정말로는 정말 그래{n}" for n in range(12)))
    await post(db, "ann", *(f"정말로 그래 {n}" for n in range(12)))
    page = await find(db, query)
    assert page.hits == []
    assert page.next is not None
    found: list[int] = []
    while page.next is not None:
        page = await find(db, query, page.next)
        found += [hit.id for hit in page.hits]
    assert found.count(oldest) == 1


@pytest.mark.usefixtures("small_pages")
async def test_search_skips_posts_with_one_pair_of_a_word(db: Database) -> None:
    (laughed,) = await post(db, "ann", "ㅋㅋㅋㅋㅋㅋㅋ")
    await post(db, "ann", *(f"ㅋㅋ {n}" for n in range(40)))
    await maintain(db)
    page = await find(db, "ㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋ nowhere")
    assert [hit.id for hit in page.hits] == [laughed]
    assert page.is_any
    none = await find(db, "ㅋㅎㅋㅎㅋㅎㅋㅎ")
    assert (none.hits, none.next, none.total) == ([], None, 0)


async def test_long_word_is_found_by_its_beginning(db: Database) -> None:
    syllables = [chr(0xAC00 + 28 * number) for number in range(2 * MOST_PAIRS)]
    whole, half = "".join(syllables), "".join(syllables[:MOST_PAIRS])
    whole_id, half_id, _ = await post(db, "ann", f"{whole} 끝", f"{half}요", half[:-1])
    await maintain(db)
    page = await find(db, whole)
    assert [hit.id for hit in page.hits] == [whole_id, half_id]
    assert [hit.highlights for hit in page.hits] == [[(0, len(whole))], [(0, len(half) + 1)]]


async def test_repeated_word_costs_as_much_as_the_word(db: Database) -> None:
    texts = [f"정말 정말로 정말요 정말정말 {number} 날이 왔다" for number in range(1_000)]
    await post(db, "ann", *texts)
    await maintain(db)

    async def cost(query: str) -> float:
        started = time.process_time()
        await find(db, query)
        return time.process_time() - started

    await cost("정말")
    usual = max([await cost("정말") for _ in range(ATTEMPTS)])
    for query in ("정말" * 480, '"' + "정말 " * 320 + '"', "ㅋ" * 800):
        assert min([await cost(query) for _ in range(ATTEMPTS)]) < MOST_TIMES * usual
    assert len(parse_query("정말" * 480)[0].terms) == MOST_PAIRS


async def test_searches_hold_no_connection_while_they_score(db: Database) -> None:
    await post(db, "ann", "정말 좋아", "정말 싫어")
    is_over = threading.Event()
    pool = WorkPool(2)
    threads = [asyncio.create_task(pool.run(is_over.wait)) for _ in range(2)]
    query, work = SearchQuery("정말"), SearchWork(pool.run)
    searches = [
        asyncio.create_task(find_page(db, None, query, limit=LIMIT, work=work))
        for _ in range(SEARCHES)
    ]
    try:
        async with asyncio.timeout(20):
            for _ in range(10 * SEARCHES):
                async with db.read() as session:
                    assert await session.connection()
        assert not any(search.done() for search in searches)
    finally:
        is_over.set()
    assert all(len(page.hits) == 2 for page in await asyncio.gather(*searches))
    await asyncio.gather(*threads)
    pool.close()

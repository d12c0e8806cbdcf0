"""Vectors follow the posts, whatever the embedder does; those of two models never meet."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from app.compute import nearest_vectors
from app.compute.nearest_vectors import BLOCK, RowQuery, nearest_rows
from app.db.engine import Database
from app.db.indexes import OtherLengthError, VectorQuery
from app.embedders import RefusedError, Vectors, unit_rows
from app.models import Embedding, Tweet, VectorSet
from app.services.checks import find_faults
from app.services.posts.deletion import purge_deleted
from app.services.posts.tweets import delete_post
from app.services.posts.users import delete_user
from app.services.search.embeddings import Embeddings
from app.services.search.vector_sets import (
    StoppedError,
    begin_set,
    resume_set,
    stop_set,
    vector_state,
)
from tests.embedding_service import Letters
from tests.posting import post


async def nearest(embeddings: Embeddings, text: str) -> list[int]:
    found = await embeddings.nearest(await embeddings.vector_for(text), 3)
    return [post_id for _, post_id in found.posts]


async def count_vectors(db: Database) -> int:
    async with db.read() as session:
        return await session.scalar(select(func.count()).select_from(Embedding)) or 0


async def test_posts_get_vectors_and_are_found_by_them(db: Database) -> None:
    embeddings = Embeddings(db, Letters(97))
    async with db.read() as session:
        assert not await embeddings.is_due(session)
    ids = await post(db, "ann", "the lamp of the lighthouse", "bread from the oven", "등대의 불빛")
    async with db.read() as session:
        assert await embeddings.is_due(session)
    await embeddings.follow_posts(db)
    async with db.read() as session:
        assert not await embeddings.is_due(session)
    assert (await nearest(embeddings, "lighthouse lamps"))[0] == ids[0]
    assert (await nearest(embeddings, "등대 불빛"))[0] == ids[2]
    async with db.read() as session:
        stored = await session.scalar(select(Tweet.embedding).where(Tweet.id == ids[0]))
    assert stored is not None
    assert stored.dtype == np.float32
    assert np.allclose(
        stored, (await Letters(97).embed(["the lamp of the lighthouse"]))[0], atol=1e-3
    )
    # Another process maps the same files.
    assert (await nearest(Embeddings(db, Letters(97)), "bread"))[0] == ids[1]


async def test_what_is_not_embedded_yet_is_said(db: Database) -> None:
    embeddings = Embeddings(db, Letters())
    await post(db, "ann", "abc")
    await embeddings.follow_posts(db)
    vector = await embeddings.vector_for("abc")
    before = await embeddings.nearest(vector, 3)
    assert before.is_current
    await post(db, "ben", "abd")
    behind = await embeddings.nearest(vector, 3)
    # The author is an event, the post the next one, which the vectors do not know.
    assert (behind.as_of_event, behind.is_current) == (before.as_of_event + 1, False)
    assert len(behind.posts) == 1


async def test_an_embedder_that_is_down_is_asked_again_later(db: Database) -> None:
    embedder = Letters(down_for=1)
    embeddings = Embeddings(db, embedder)
    await post(db, "ann", *"abcdefgh")
    await embeddings.follow_posts(db)
    assert await count_vectors(db) == 0
    async with db.read() as session:
        assert not await embeddings.is_due(session)  # It rests.
    # Whoever asks for it does not wait for that, and what was made stays.
    await embeddings.embed_missing(db)
    assert await count_vectors(db) == 8
    assert embedder.asked == 4


async def test_what_was_broken_off_is_gone_on_with(db: Database) -> None:
    embedder = Letters()
    embeddings = Embeddings(db, embedder)
    await post(db, "ann", *"abcdefgh")

    class StoppedError(Exception):
        pass

    def stop(done: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        await embeddings.embed_missing(db, on_progress=stop)
    assert await count_vectors(db) == 3
    done: list[int] = []
    await embeddings.embed_missing(db, on_progress=done.append)
    assert (done, await count_vectors(db)) == ([3, 5], 8)


async def test_two_models_never_meet_and_only_the_new_one_stays(db: Database) -> None:
    ids = await post(db, "ann", "aaa", "bbb", "ccc")
    old, new = Embeddings(db, Letters(5)), Embeddings(db, Letters(7))
    await old.embed_missing(db)
    assert await nearest(new, "aaa") == []
    await new.embed_missing(db)
    assert (await nearest(new, "aaa"))[0] == ids[0]
    assert await nearest(old, "aaa") == []
    async with db.read() as session:
        assert list(await session.scalars(select(VectorSet.model))) == ["letters:7"]
    assert await count_vectors(db) == 3


async def test_the_old_vectors_answer_until_all_new_ones_are_there(db: Database) -> None:
    ids = await post(db, "ann", *"abcdefgh")
    embeddings = Embeddings(db, Letters())
    await embeddings.embed_missing(db)
    await begin_set(db, embeddings.embedder.name)

    class StoppedError(Exception):
        pass

    def stop(done: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        await embeddings.embed_missing(db, on_progress=stop)
    assert ids[7] in await nearest(embeddings, "h")
    # Begun again, it goes on with the new set.
    await begin_set(db, embeddings.embedder.name)
    done: list[int] = []
    await embeddings.embed_missing(db, on_progress=done.append)
    assert done == [3, 5]
    assert ids[7] in await nearest(embeddings, "h")
    assert await count_vectors(db) == 8


class Stopped(Letters):
    """An embedder during whose second batch somebody stops the making of vectors."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        vectors = await super().embed(texts)
        if self.asked == 2:
            async with self._db.write() as session:
                assert await stop_set(session, self.name)
        return vectors


async def test_once_stopped_nothing_more_is_stored_until_it_is_gone_on_with(db: Database) -> None:
    await post(db, "ann", *"abcdefgh")
    old = Embeddings(db, Letters())
    await old.embed_missing(db)
    model = old.embedder.name
    await begin_set(db, model)
    with pytest.raises(StoppedError):
        await Embeddings(db, Stopped(db)).embed_missing(db)
    assert await count_vectors(db) == 8 + 3
    async with db.read() as session:
        state = await vector_state(session, model)
        assert not await old.is_due(session)
    assert (state.name, state.done, state.posts, state.has_older) == ("stopped", 3, 8, True)
    assert 0 < state.share < 1

    # Meanwhile the vectors from before follow new posts, and what was stopped stays.
    (last,) = await post(db, "ben", "i")
    await old.follow_posts(db)
    assert last in await nearest(old, "i")
    assert await count_vectors(db) == 9 + 3
    async with db.write() as session:
        assert not await stop_set(session, model)
        await resume_set(session, model)
        assert (await vector_state(session, model)).name == "under way"
    done: list[int] = []
    await old.embed_missing(db, on_progress=done.append)
    assert done == [3, 6]
    assert await count_vectors(db) == 9
    async with db.read() as session:
        assert (await vector_state(session, model)).name == "complete"


async def test_the_first_vectors_can_be_stopped_too(db: Database) -> None:
    embeddings = Embeddings(db, Stopped(db))
    async with db.read() as session:
        assert (await vector_state(session, embeddings.embedder.name)).name == "nothing"
    await post(db, "ann", *"abcdefgh")
    async with db.read() as session:
        assert (await vector_state(session, embeddings.embedder.name)).name == "under way"
    await embeddings.follow_posts(db)
    async with db.read() as session:
        assert not await embeddings.is_due(session)
    assert await count_vectors(db) == 3
    await begin_set(db, embeddings.embedder.name)
    await embeddings.follow_posts(db)
    assert await count_vectors(db) == 8
    assert await find_faults(db) == []


async def test_vectors_go_with_their_posts(db: Database) -> None:
    ids = await post(db, "ann", "aaa", "bbb")
    await post(db, "ben", "ccc")
    embeddings = Embeddings(db, Letters())
    await embeddings.embed_missing(db)
    async with db.write() as session:
        await delete_post(session, ids[0])
        await delete_user(session, "ben")
    await purge_deleted(db)
    assert await count_vectors(db) == 1
    # With the next post the files are made anew, of what is left.
    (last,) = await post(db, "eve", "ddd")
    await embeddings.embed_missing(db)
    assert set(await nearest(embeddings, "abcd")) == {ids[1], last}


async def test_a_vector_that_is_missing_is_a_fault(db: Database) -> None:
    ids = await post(db, "ann", "aaa", "bbb")
    embeddings = Embeddings(db, Letters())
    await embeddings.embed_missing(db)
    await post(db, "ben", "ccc")
    assert await find_faults(db) == []
    async with db.write() as session:
        await session.execute(delete(Embedding).where(Embedding.tweet_id == ids[0]))
    assert await find_faults(db) == ["1 posts have no vector of letters:5"]


async def test_two_processes_at_once_make_each_vector_once(db: Database) -> None:
    await post(db, "ann", *(f"text {number}" for number in range(40)))
    both = [Embeddings(db, Letters()) for _ in range(2)]
    await asyncio.gather(*(each.embed_missing(db) for each in both))
    for each in both:
        await each.index.follow()
    assert await count_vectors(db) == 40
    found = await both[0].nearest(await both[0].vector_for("text 1"), 100)
    ids = [post_id for _, post_id in found.posts]
    assert (len(ids), len(set(ids))) == (40, 40)


async def test_queries_that_come_together_are_embedded_together(db: Database) -> None:
    embedder = Letters()
    embeddings = Embeddings(db, embedder)
    texts = ["a", "b", "c", "a", "bad", "d"]
    vectors = await asyncio.gather(*map(embeddings.vector_for, texts))
    assert embedder.asked == 2  # Five different ones, three at a time.
    for text, vector in zip(texts, vectors, strict=True):
        assert np.array_equal(vector, (await Letters().embed([text]))[0])


async def test_a_text_that_is_refused_fails_alone(db: Database) -> None:
    embedder = Letters(refused="bad")
    embeddings = Embeddings(db, embedder)
    results = await asyncio.gather(
        *map(embeddings.vector_for, ["a", "bad", "c"]), return_exceptions=True
    )
    assert [isinstance(each, RefusedError) for each in results] == [False, True, False]
    # Nor is the embedder taken for one that is down.
    await embeddings.vector_for("d")


async def test_questions_that_come_together_have_the_answers_of_each_alone(db: Database) -> None:
    embeddings = Embeddings(db, Letters(23))
    ids = await post(db, "ann", *("".join(map(chr, range(97, 97 + n))) for n in range(1, 20)))
    await post(db, "ben", "abc", "xyz")
    await embeddings.embed_missing(db)
    vectors = await embeddings.embedder.embed(["abc", "abcdefg", "xyz", "k"])
    his = select(Tweet.id).where(Tweet.id > ids[-1])
    asks = [
        VectorQuery(vector, count, among)
        for vector in vectors
        for count, among in ((2, None), (9, his))
    ]
    alone = [await embeddings.index.nearest(ask) for ask in asks]
    wrong = VectorQuery(np.ones(3, np.float32), 5)
    together = await asyncio.gather(
        *map(embeddings.index.nearest, [*asks[:3], wrong, *asks[3:]]), return_exceptions=True
    )
    assert isinstance(together.pop(3), OtherLengthError)
    assert together == alone
    assert [len(found.posts) for found in alone] == [2, 2] * 4


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted as Linux lists them")
def test_a_product_starts_no_threads_of_its_own() -> None:
    product = "import app, os, numpy as np; a = np.ones((2000, 400)); a @ a.T"
    count = "print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run(
        [sys.executable, "-c", f"{product}; {count}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"


@given(
    size=st.integers(0, 60),
    counts=st.lists(st.integers(1, 12), min_size=1, max_size=9),
    is_even=st.booleans(),
    block=st.sampled_from([3, 16, BLOCK]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=100)
def test_nearest_rows_equals_a_plain_sort_whatever_is_asked_together(
    size: int, counts: list[int], is_even: bool, block: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)

    def draw(count: int) -> Vectors:
        # Few different values, so that many scores are equal; or values that need rounding.
        shape = (count, 7)
        return unit_rows(rng.integers(-1, 2, shape) if is_even else rng.normal(size=shape))

    rows, vectors = draw(size), draw(len(counts))
    ids = np.cumsum(rng.integers(1, 4, size)) if size else np.empty(0, np.int64)
    sought = [
        RowQuery(
            vector,
            count,
            rng.permutation(np.append(ids[rng.random(size) < 0.6], 10**6)) if count % 2 else None,
        )
        for vector, count in zip(vectors, counts, strict=True)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest_vectors, "BLOCK", block)
        together = nearest_rows(rows, ids, sought)
    for each, found in zip(sought, together, strict=True):
        scores = (rows * each.vector.astype(np.float64)).sum(axis=1)
        everyone = sorted(zip(scores.tolist(), ids.tolist(), strict=True), reverse=True)
        among = set(ids if each.allowed is None else each.allowed)
        assert found == [pair for pair in everyone if pair[1] in among][: each.count]
        assert nearest_rows(rows, ids, [each]) == [found]

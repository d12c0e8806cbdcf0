"""Vectors follow the posts, whatever the embedder does; those of two models never meet."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from app.compute.nearest_vectors import nearest_rows
from app.db.engine import Database
from app.embedders import EmbedderError
from app.embedders.base import Vectors, unit_rows
from app.embedders.builtin import Builtin
from app.models import Embedding, Tweet, VectorSet
from app.services.adding import add_posts
from app.services.checks import find_faults
from app.services.clock import now
from app.services.deletion import purge_deleted
from app.services.embeddings import Embeddings
from app.services.new_tweet import new_tweet
from app.services.tweets import delete_post
from app.services.users import add_user, delete_user
from app.services.vector_sets import begin_set


class Letters:
    """Counts letters; a model of its own for each length, and down for so many calls."""

    knows_meaning = True
    is_instant = False
    batch = 3

    def __init__(self, dimension: int = 5, *, down_for: int = 0) -> None:
        self.name = f"letters:{dimension}"
        self.down_for = down_for
        self.asked = 0
        self._dimension = dimension

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        self.asked += 1
        if self.asked <= self.down_for:
            raise EmbedderError("down")
        rows = np.zeros((len(texts), self._dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for char in text:
                row[ord(char) % self._dimension] += 1
        return unit_rows(rows)

    async def close(self) -> None:
        pass


async def store(db: Database, *texts: str, username: str = "ann") -> list[int]:
    async with db.write() as session:
        user, _ = await add_user(session, username)
        posts = [new_tweet(text, arrived_at=now()) for text in texts]
        return (await add_posts(session, user.id, posts)).ids


async def nearest(embeddings: Embeddings, db: Database, text: str) -> list[int]:
    vector = await embeddings.vector_for(text)
    async with db.read() as session:
        found = await embeddings.nearest(session, vector, 3)
    return [post_id for _, post_id in found.posts]


async def count_vectors(db: Database) -> int:
    async with db.read() as session:
        return await session.scalar(select(func.count()).select_from(Embedding)) or 0


async def test_posts_get_vectors_and_are_found_by_them(db: Database) -> None:
    embeddings = Embeddings(db, Builtin())
    async with db.read() as session:
        assert not await embeddings.is_due(session)
    ids = await store(db, "the lamp of the lighthouse", "bread from the oven", "등대의 불빛")
    async with db.read() as session:
        assert await embeddings.is_due(session)
    await embeddings.follow_posts(db)
    async with db.read() as session:
        assert not await embeddings.is_due(session)
    assert (await nearest(embeddings, db, "lighthouse lamps"))[0] == ids[0]
    assert (await nearest(embeddings, db, "등대 불빛"))[0] == ids[2]
    async with db.read() as session:
        stored = await session.scalar(select(Tweet.embedding).where(Tweet.id == ids[0]))
    assert stored is not None
    assert stored.dtype == np.float32
    assert np.allclose(
        stored, (await Builtin().embed(["the lamp of the lighthouse"]))[0], atol=1e-3
    )
    # Another process maps the same files.
    assert (await nearest(Embeddings(db, Builtin()), db, "bread"))[0] == ids[1]


async def test_what_is_not_embedded_yet_is_said(db: Database) -> None:
    embeddings = Embeddings(db, Letters())
    await store(db, "abc")
    await embeddings.follow_posts(db)
    vector = await embeddings.vector_for("abc")
    async with db.read() as session:
        before = await embeddings.nearest(session, vector, 3)
    assert before.is_current
    await store(db, "abd", username="ben")
    async with db.read() as session:
        behind = await embeddings.nearest(session, vector, 3)
    # The author is an event, the post the next one, which the vectors do not know.
    assert (behind.as_of_event, behind.is_current) == (before.as_of_event + 1, False)
    assert len(behind.posts) == 1


async def test_an_embedder_that_is_down_is_asked_again_later(db: Database) -> None:
    embedder = Letters(down_for=1)
    embeddings = Embeddings(db, embedder)
    await store(db, *"abcdefgh")
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
    await store(db, *"abcdefgh")

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
    ids = await store(db, "aaa", "bbb", "ccc")
    old, new = Embeddings(db, Letters(5)), Embeddings(db, Letters(7))
    await old.embed_missing(db)
    assert await nearest(new, db, "aaa") == []
    await new.embed_missing(db)
    assert (await nearest(new, db, "aaa"))[0] == ids[0]
    assert await nearest(old, db, "aaa") == []
    async with db.read() as session:
        assert list(await session.scalars(select(VectorSet.model))) == ["letters:7"]
    assert await count_vectors(db) == 3


async def test_the_old_vectors_answer_until_all_new_ones_are_there(db: Database) -> None:
    ids = await store(db, *"abcdefgh")
    embeddings = Embeddings(db, Letters())
    await embeddings.embed_missing(db)
    await begin_set(db, embeddings.embedder.name)

    class StoppedError(Exception):
        pass

    def stop(done: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        await embeddings.embed_missing(db, on_progress=stop)
    assert ids[7] in await nearest(embeddings, db, "h")
    # Begun again, it goes on with the new set.
    await begin_set(db, embeddings.embedder.name)
    done: list[int] = []
    await embeddings.embed_missing(db, on_progress=done.append)
    assert done == [3, 5]
    assert ids[7] in await nearest(embeddings, db, "h")
    assert await count_vectors(db) == 8


async def test_vectors_go_with_their_posts(db: Database) -> None:
    ids = await store(db, "aaa", "bbb")
    await store(db, "ccc", username="ben")
    embeddings = Embeddings(db, Letters())
    await embeddings.embed_missing(db)
    async with db.write() as session:
        await delete_post(session, ids[0])
        await delete_user(session, "ben")
    await purge_deleted(db)
    assert await count_vectors(db) == 1
    # With the next post the files are made anew, of what is left.
    (last,) = await store(db, "ddd", username="eve")
    await embeddings.embed_missing(db)
    assert set(await nearest(embeddings, db, "abcd")) == {ids[1], last}


async def test_a_vector_that_is_missing_is_a_fault(db: Database) -> None:
    ids = await store(db, "aaa", "bbb")
    embeddings = Embeddings(db, Letters())
    await embeddings.embed_missing(db)
    await store(db, "ccc", username="ben")
    assert await find_faults(db) == []
    async with db.write() as session:
        await session.execute(delete(Embedding).where(Embedding.tweet_id == ids[0]))
    assert await find_faults(db) == ["1 posts have no vector of letters:5"]


async def test_two_processes_at_once_make_each_vector_once(db: Database) -> None:
    await store(db, *(f"text {number}" for number in range(40)))
    both = [Embeddings(db, Letters()) for _ in range(2)]
    await asyncio.gather(*(each.embed_missing(db) for each in both))
    for each in both:
        await each.map_new()
    assert await count_vectors(db) == 40
    vector = await both[0].vector_for("text 1")
    async with db.read() as session:
        found = await both[0].nearest(session, vector, 100)
    ids = [post_id for _, post_id in found.posts]
    assert (len(ids), len(set(ids))) == (40, 40)


@given(
    st.integers(0, 60).flatmap(
        lambda n: st.tuples(st.just(n), st.integers(1, 10), st.integers(0, 2**32 - 1))
    )
)
@settings(max_examples=50)
def test_nearest_rows_equals_a_plain_sort(case: tuple[int, int, int]) -> None:
    size, count, seed = case
    rng = np.random.default_rng(seed)
    rows = rng.integers(-2, 3, (size, 4)).astype(np.float32)
    ids = np.arange(1, size + 1, dtype=np.int64)
    query = rng.integers(-2, 3, 4).astype(np.float32)
    allowed = ids[rng.random(size) < 0.7]
    expected = sorted(
        ((float(rows[each - 1] @ query), int(each)) for each in allowed), reverse=True
    )
    found = nearest_rows(rows, ids, query, count, allowed)
    assert [score for score, _ in found] == [score for score, _ in expected[:count]]
    # Equal scores at the cut may be any of them.
    assert set(found) <= set(expected)
    assert nearest_rows(rows, ids, query, size + 1, allowed) == expected

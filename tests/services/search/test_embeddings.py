"""Vectors follow the posts, whatever the embedder does; those of two models never meet."""

import numpy as np
import pytest
from sqlalchemy import delete, func, select

from app.db.engine import Database
from app.embedders import EmbedderError
from app.models import Embedding, Tweet
from app.services.compare.background import BackgroundStore
from app.services.deletion import delete_post, delete_user, purge_deleted
from app.services.search.embeddings import Embeddings, similar_posts
from tests.embedding_service import Letters
from tests.posting import post, remove_author


async def nearest(embeddings: Embeddings, text: str, count: int = 3) -> list[int]:
    nearest = await embeddings.nearest(await embeddings.vector_for(text), count)
    return [post_id for _, post_id in nearest]


async def count_vectors(db: Database) -> int:
    async with db.read() as session:
        return await session.scalar(select(func.count()).select_from(Embedding)) or 0


async def is_due(embeddings: Embeddings, db: Database) -> bool:
    async with db.read() as session:
        return await embeddings.is_due(session)


async def test_posts_get_vectors_and_are_found_by_them(db: Database) -> None:
    embeddings = Embeddings(db, Letters(97))
    assert not await is_due(embeddings, db)
    ids = await post(db, "ann", "the lamp of the lighthouse", "bread from the oven", "등대의 불빛")
    assert await is_due(embeddings, db)
    await embeddings.keep_up(db)
    assert not await is_due(embeddings, db)
    assert (await nearest(embeddings, "lighthouse lamps"))[0] == ids[0]
    assert (await nearest(embeddings, "등대 불빛"))[0] == ids[2]
    async with db.read() as session:
        stored = await embeddings.vector_of(session, ids[0])
    assert stored is not None
    assert stored.dtype == np.float32
    (made,) = await Letters(97).embed(["the lamp of the lighthouse"])
    assert np.allclose(stored, made, atol=1e-3)


async def test_posts_stay_due_while_the_embedder_is_down(db: Database) -> None:
    embedder = Letters(down_for=1)
    embeddings = Embeddings(db, embedder)
    await post(db, "ann", *"abcdefgh")
    with pytest.raises(EmbedderError):
        await embeddings.keep_up(db)
    assert await count_vectors(db) == 0
    assert await is_due(embeddings, db)
    await embeddings.keep_up(db)
    assert await count_vectors(db) == 8
    assert embedder.asked == 4


async def test_embedding_resumes_after_a_break_and_fills_gaps(db: Database) -> None:
    embeddings = Embeddings(db, Letters())
    ids = await post(db, "ann", *"abcdefgh")

    def stop(done: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await embeddings.embed_missing(db, on_progress=stop)
    assert await count_vectors(db) == 3
    done: list[int] = []
    await embeddings.embed_missing(db, on_progress=done.append)
    assert (done, await count_vectors(db)) == ([3, 5], 8)
    async with db.write() as session:
        await session.execute(delete(Embedding).where(Embedding.tweet_id == ids[2]))
    await embeddings.embed_missing(db)
    assert await count_vectors(db) == 8


async def test_the_vectors_of_another_model_replace_those_of_the_one_before(db: Database) -> None:
    ids = await post(db, "ann", "aaa", "bbb", "ccc")
    old, new = Embeddings(db, Letters(5)), Embeddings(db, Letters(7, down_for=1))
    await old.embed_missing(db)
    with pytest.raises(EmbedderError):
        await new.keep_up(db)
    assert (await nearest(old, "aaa"))[0] == ids[0]
    assert await nearest(new, "aaa") == []
    assert await is_due(new, db)
    await new.keep_up(db)
    assert (await nearest(new, "aaa"))[0] == ids[0]
    assert await nearest(old, "aaa") == []
    assert await count_vectors(db) == 3


async def test_vectors_of_another_length_are_refused_until_all_are_made_again(db: Database) -> None:
    await post(db, "ann", "aaa")
    embeddings, longer = Embeddings(db, Letters(5)), Letters(7)
    await embeddings.embed_missing(db)
    await post(db, "ann", "bbb")
    longer.name = embeddings.embedder.name
    embeddings.embedder = longer
    for _ in range(2):
        with pytest.raises(EmbedderError, match="saywho embed --all"):
            await embeddings.embed_missing(db)
        with pytest.raises(EmbedderError, match="saywho embed --all"):
            await nearest(embeddings, "aaa")
    await embeddings.remove_all(db)
    await embeddings.embed_missing(db)
    assert await count_vectors(db) == 2


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
    (last,) = await post(db, "eve", "ddd")
    await embeddings.embed_missing(db)
    assert set(await nearest(embeddings, "abcd")) == {ids[1], last}


async def test_the_nearest_of_many_are_those_of_a_plain_sort(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.sqlite.fts5.BLOCK", 4)
    embeddings = Embeddings(db, Letters(23))
    ids = await post(db, "ann", *("".join(map(chr, range(97, 97 + n))) for n in range(1, 20)))
    others = await post(db, "ben", "abc", "mno")
    await embeddings.embed_missing(db)
    (vector,) = await embeddings.embedder.embed(["abc"])
    async with db.read() as session:
        rows = (await session.execute(select(Embedding.tweet_id, Embedding.vector))).all()
    everyone = sorted(((float(row[1] @ vector), row[0]) for row in rows), reverse=True)
    plain = [post_id for score, post_id in everyone if score > 0]
    nearest = await embeddings.nearest(vector, 100)
    assert {post_id for _, post_id in nearest} == set(plain)
    assert [score for score, _ in nearest] == pytest.approx(
        [min(score, 1) for score, _ in everyone if score > 0], abs=1e-3
    )
    assert [post_id for _, post_id in nearest[:2]] == [others[0], ids[2]]
    his = select(Tweet.id).where(Tweet.id > ids[-1])
    assert [post_id for _, post_id in await embeddings.nearest(vector, 9, among=his)] == [others[0]]


@pytest.mark.parametrize("is_by_meaning", [False, True], ids=["wording", "meaning"])
async def test_posts_of_deleted_authors_hide_no_similar_post(
    db: Database, *, is_by_meaning: bool
) -> None:
    embeddings = Embeddings(db, Letters(97)) if is_by_meaning else None
    asked, alike = await post(db, "ann", "the lamp of the lighthouse", "a lamp, a lighthouse")
    await post(db, "ben", *["the lamp of the lighthouse"] * 40)
    if embeddings is not None:
        await embeddings.keep_up(db)
    await remove_author(db, "ben")
    similar = await similar_posts(db, embeddings, BackgroundStore(), asked, limit=1)
    assert [found.id for found in similar.posts] == [alike]

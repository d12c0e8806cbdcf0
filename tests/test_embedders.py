"""Embedders: vectors of length one, or an error that says what is wrong."""

import gzip
import tracemalloc
from collections.abc import AsyncIterator

import numpy as np
import pytest

from app.config import Config
from app.embedders import MOST_BYTES, EmbedderError, Remote, open_embedder
from app.errors import StartError
from tests.embedding_service import Service, embedding_service

KEY = "an invented key"


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    with embedding_service() as running:
        yield running


@pytest.fixture
async def remote(service: Service) -> AsyncIterator[Remote]:
    embedder = Remote(service.address + "#small", key=KEY)
    yield embedder
    await embedder.close()


async def test_a_service_is_asked_with_model_and_key(service: Service, remote: Remote) -> None:
    vectors = await remote.embed(["a dog", "tax"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1])
    assert vectors[0] @ [1, 0, 0] > 0.9
    assert service.requests == [
        {"input": ["a dog", "tax"], "model": "small", "path": "/v1/embeddings"}
    ]
    assert service.keys == [f"Bearer {KEY}"]
    assert KEY not in remote.name


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (401, b""),
        (503, b""),
        (200, b"no JSON"),
        (200, b"[]"),
        (200, b'{"data": [{"index": 0, "embedding": [1, 2]}]}'),
        (200, b'{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]}'),
        (200, b'{"data": [{"index": 0, "embedding": ["a"]}, {"index": 1, "embedding": ["b"]}]}'),
        (200, b'{"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]}'),
        (200, b"[" * 200_000),
    ],
    ids=[
        "refused",
        "passing",
        "no-json",
        "no-object",
        "too-few",
        "two-lengths",
        "no-numbers",
        "empty",
        "deep",
    ],
)
async def test_bad_vectors_are_an_error_at_once(
    service: Service, remote: Remote, status: int, answer: bytes
) -> None:
    service.faults = [(status, answer)]
    with pytest.raises(EmbedderError):
        await remote.embed(["a dog", "tax"])
    assert len(service.requests) == 1


@pytest.mark.full
@pytest.mark.parametrize("status", [200, 500])
async def test_an_answer_without_end_is_given_up(
    service: Service, remote: Remote, status: int
) -> None:
    for answer in (b" " * (MOST_BYTES + 1), gzip.compress(bytes(20 * MOST_BYTES))):
        service.faults = [(status, answer)]
        tracemalloc.start()
        with pytest.raises(EmbedderError, match="larger than 32 MB"):
            await remote.embed(["a dog"])
        # What a piece of the answer unpacks to is there at once.
        assert tracemalloc.get_traced_memory()[1] < 8 * MOST_BYTES
        tracemalloc.stop()


async def test_a_service_that_is_not_there_is_an_error() -> None:
    with embedding_service() as gone:
        embedder = Remote(gone.address)
    with pytest.raises(EmbedderError, match="cannot be reached"):
        await embedder.embed(["a dog"])
    await embedder.close()


def test_an_embedder_that_can_never_work_stops_the_start() -> None:
    with pytest.raises(StartError, match=r"run: .* sentence-transformers$"):
        open_embedder(Config(embedder="sentence-transformers:some-model"))


def test_names_hold_no_password() -> None:
    assert Remote("https://me:secret@example.org/v1/#m").name == (
        "http:https://example.org/v1/embeddings#m"
    )

"""Texts of chats are known by hashes, which take little memory."""

import tracemalloc

import numpy as np
from hypothesis import given, strategies as st

from saywho.formats.file_chats import text_hashes

WORDS = st.text(st.characters(exclude_categories=["Cc"]), max_size=8).map(
    lambda text: " ".join(text.split())
)


@given(st.lists(WORDS, unique=True), st.text(" \n\t\u3000", min_size=1))
def test_each_text_has_its_hash_whatever_its_blanks(texts: list[str], blanks: str) -> None:
    hashes = text_hashes(texts)
    assert hashes.dtype == np.uint64
    assert len({*hashes.tolist()}) == len(texts)
    spread = [f"{blanks}{text.replace(' ', blanks)}{blanks}" for text in texts]
    assert text_hashes(spread).tolist() == hashes.tolist()
    assert [int(text_hashes([text])[0]) for text in texts] == hashes.tolist()


def test_long_texts_are_hashed_in_little_memory() -> None:
    texts = ["long text " * 2_500] * 500
    tracemalloc.start()
    hashes = text_hashes(texts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len({*hashes.tolist()}) == 1
    assert peak < 64 * 2**20

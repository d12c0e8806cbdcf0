"""Tables for statistics of one's own: what a judge counts, and distances of texts."""

import io
from typing import Any

import numpy as np
import pytest

import saywho
from saywho.engine.features import CHARACTERS, STYLE, WORDS, lookup, named_words
from saywho.engine.profiles import profile_of
from tests.chats import ZONE, telegram
from tests.made_chats import made_chat

POSTS = saywho.read(io.BytesIO(telegram(3, "quay", *made_chat(4).said)), tz=ZONE)


def test_features_are_what_a_judge_counts() -> None:
    tables = {
        WORDS: saywho.features(POSTS, kind="words", most=10_000),
        CHARACTERS: saywho.features(POSTS, kind="characters", most=10_000),
        STYLE: saywho.features(POSTS, kind="style", most=10_000),
    }
    for row, name in enumerate(sorted(POSTS.people)):
        texts = [post.text for post in POSTS if post.author == name]
        profile = profile_of(texts)
        for group, table in tables.items():
            assert table.rows[row] == name
            assert table.sizes[row] == profile.totals[group] == table.values[row].sum()
        words = named_words("\n".join(texts))
        counts = lookup(profile.counts, np.array(sorted(words), np.uint32))
        columns = [tables[WORDS].columns.index(words[key].lower()) for key in sorted(words)]
        assert tables[WORDS].values[row, columns].tolist() == counts.tolist()
    totals = tables[WORDS].values.sum(axis=0)
    assert totals.tolist() == sorted(totals, reverse=True)
    style = tables[STYLE]
    commas = [place for place, name in enumerate(style.columns) if name.startswith("commas ")]
    assert style.values[:, commas].sum() == style.values.sum() / 18


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_table_is_one_of_pandas_or_polars(package: str) -> None:
    pytest.importorskip(package)
    table = saywho.features(POSTS, most=20)
    assert (len(table.columns), repr(table)) == (20, f"<Table: {len(table.rows)} rows, 20 columns>")
    made: Any = getattr(table, f"to_{package}")()
    assert made[table.columns[0]].to_list() == table.values[:, 0].tolist()


def test_texts_have_a_row_each() -> None:
    rows = [{"author": "ana", "text": f"tea {n}", "source": f"{n % 2}"} for n in range(4)]
    table = saywho.features(rows, by="source")
    assert table.rows == ("0", "1")
    assert table.columns[0] == "tea"
    assert table.values[:, 0].tolist() == [2, 2]


def test_what_cannot_be_counted_is_a_sentence() -> None:
    for options in ({"kind": "pairs"}, {"by": "room"}, {"most": 0}):
        with pytest.raises(ValueError, match="kind is 'words', 'characters' or 'style'"):
            saywho.features(POSTS, **options)
    with pytest.raises(ValueError, match="no post has a source"):
        saywho.features(POSTS, by="source")
    with pytest.raises(ValueError, match="there are no posts"):
        saywho.features([])
    with pytest.raises(TypeError, match="pairs of author and text, not 'ab'"):
        saywho.features(["ab"])

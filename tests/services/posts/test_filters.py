"""Filters typed in a query, and what declares each of them."""

import re

import pytest
from hypothesis import given, strategies as st

from app.services.posts.filters import FILTERS, TypedFilter, TypedQuery, read_query
from saywho.text import normalized
from tests.installation import ROOT

KEYS = [each.key for each in FILTERS if each.typed]
PIECES = [
    *("from:", "FROM:mina", "-from:", "in\uff1a", 'in:"our chat"', "has:media", "note:", "12:30"),
    *(
        '"',
        '""',
        "-",
        " ",
        "\u3000",
        "\u201cpier\u201d",
        "lamp",
        "#tea",
        "미나",
        "e\u0301",
        "(",
        ":",
    ),
]


@pytest.mark.parametrize(
    ("typed", "filters", "words"),
    [
        ("from:mina lamp", [("from", "mina")], "lamp"),
        ("lamp FROM:Mina pier", [("from", "Mina")], "lamp pier"),
        ("has\uff1amedia is:reply", [("has", "media"), ("is", "reply")], ""),
        ('in:"our chat" to:\u201cKim Mina\u201d', [("in", "our chat"), ("to", "Kim Mina")], ""),
        ('in:"the ""old"" chat"', [("in", 'the "old" chat')], ""),
        ("-from:미나 등대", [("-from", "미나")], "등대"),
        ("after:2024-01-01 after:2024-01-01", [("after", "2024-01-01")], ""),
        ('"from:mina" lamp', [], '"from:mina" lamp'),
        ('-"from:mina"', [], '-"from:mina"'),
        ("12:30 http://a.example note:x", [], "12:30 http://a.example note:x"),
        ('from: in:"" to:" " lamp', [], 'from: in:"" to:" " lamp'),
        ('(from:mina) in:"a"from:b', [], '(from:mina) in:"a"from:b'),
        ('from:"unclosed', [], 'from:"unclosed'),
        ("  two  words ", [], "two  words"),
    ],
)
def test_typed_filters_are_read(typed: str, filters: list[tuple[str, str]], words: str) -> None:
    query = read_query(typed)
    assert [(each.name, each.value) for each in query.filters] == filters
    assert query.words == words


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_query_is_read_from_its_print(typed: str) -> None:
    query = read_query(typed)
    assert read_query(str(query)) == query


@given(
    st.lists(
        st.builds(
            TypedFilter,
            st.sampled_from(KEYS),
            (st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
            .map(lambda text: normalized(text).strip())
            .filter(bool),
            st.booleans(),
        ),
        unique=True,
    ),
    st.lists(st.sampled_from(PIECES)).map("".join),
)
def test_any_filters_are_read_from_their_print(filters: list[TypedFilter], rest: str) -> None:
    query = TypedQuery(tuple(filters), read_query(rest).words)
    assert read_query(str(query)) == query


@pytest.mark.parametrize("page", ["api.md", "using.md"])
def test_documents_name_every_typed_filter(page: str) -> None:
    named = set(re.findall(r"`-?(\w+):[^`]+`", (ROOT / "docs" / page).read_text("utf-8")))
    assert not {*KEYS} - named, f"docs/{page}: name these typed filters, each with an example"

"""What counts as a link: one rule, by which all modules count, hide and show."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.text import (
    ADDRESS,
    LETTERS,
    LINKED_SITE,
    RANDOM_LINK,
    VISIBLE_LINK,
    begins_link,
    has_link,
    link_count,
    may_have_address,
    may_have_random_link,
    plain_text,
    without_addresses,
    word_count,
)
from tests.house import APP, ROOT

LINKS = ("https://a.example/x?y", "http://t.co/aB3", "https://www.b.example")
NO_LINKS = ("a.example", "ftp://a.example", "https:/a.example", "httpss://a.example")


@pytest.mark.parametrize("link", LINKS)
def test_a_link_is_one_for_all(link: str) -> None:
    text = f"See {link} today"
    assert begins_link(link)
    assert has_link(f"({link})")
    assert link_count(text) == 1
    assert re.findall(VISIBLE_LINK, text) == [link]
    assert ADDRESS.findall(text) == [link]
    assert LINKED_SITE.search(text)
    assert word_count(text) == 2


@given(
    st.lists(st.sampled_from([*LINKS, "WWW.a.example", "#tea", "#", "a#b@c.d", "ö", ".", "tea"]))
)
def test_addresses_are_those_of_the_pattern(parts: list[str]) -> None:
    for first in ("#차", "https://a.example/x"):
        for text in (" ".join([first, *parts]), "".join([first, *parts])):
            assert without_addresses(text) == ADDRESS.sub(" ", text)


@given(
    st.lists(
        st.sampled_from(["wWw.a", "WWW.", "www", "a.bc/d", "a@b.c", "@a", "#차", "차", ".", " "])
    )
)
def test_without_their_signs_no_address_is_looked_for(parts: list[str]) -> None:
    text = "".join(parts)
    assert may_have_address(text) or not ADDRESS.search(text)
    assert word_count(text) == len(LETTERS.findall(ADDRESS.sub(" ", text)))


@pytest.mark.parametrize("word", NO_LINKS)
def test_what_has_no_scheme_is_no_link(word: str) -> None:
    assert not has_link(word)
    assert link_count(word) == 0
    assert LINKED_SITE.search(word) is None


@pytest.mark.parametrize("link", ["https://t.co/aB3", "http://t.co/", "pic.twitter.com/x1"])
def test_of_a_random_link_only_its_presence_counts(link: str) -> None:
    assert may_have_random_link(link)
    assert RANDOM_LINK.fullmatch(link)
    assert plain_text(f"So {link} it is") == "So \u241f it is"
    assert re.search(VISIBLE_LINK, link)


def test_no_other_module_says_how_a_link_begins() -> None:
    """Addresses that people type as settings or sources are another matter."""
    folders = ("compute", "services/compare", "services/archive", "services/rooms", "views")
    paths = [path for folder in folders for path in (APP / folder).rglob("*.py")]
    spelled = re.compile(r"https\?:|t\\\.co|twitter\\\.com")
    places = [str(path.relative_to(ROOT)) for path in paths if spelled.search(path.read_text())]
    assert places == ["app/compute/text.py"]

"""The marks in a text that say why an author is thought to have written it, and their uses."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.background import EMPTY_BACKGROUND, Background, build_background
from app.compute.case import Case, Fitted, Suspect
from app.compute.evidence import FEWEST_WEIGHT, Mark, PostTexts, marks_of, used_piece
from app.compute.features import occurrences
from app.compute.profiles import AuthorProfile
from tests.compute.invented import profile

BAKER = ["Fresh bread today!!", "The oven is warm, the bread is good!!", "Bread, warm bread!!"]
SAILOR = ["a west wind... we sail", "the sea was calm...", "West wind, calm sea, we sail..."]
KOREAN = ["오늘은 비가 와요 ㅠㅠ", "내일은 비가 그쳐요 ㅎㅎ", "비가 와요 커피 한 잔 ㅎㅎ"]

WORDS = ["bread ", "wind", "비가 와요", "ㅎㅎ", "שלום ", "http://t.co/a1 "]
SIGNS = ["😀👍🏽", "\u0301", "\u3000", "\n", " ", "!!"]
TEXTS = st.text(st.characters(), max_size=80) | st.lists(
    st.sampled_from(WORDS + SIGNS), max_size=30
).map("".join)


AUTHORS = [profile(BAKER * 5), profile(SAILOR * 5), profile(KOREAN * 5)]
BACKGROUND = build_background([author.counts for author in AUTHORS], 45)


def evidence(text: str, authors: list[AuthorProfile], background: Background) -> list[Mark]:
    suspects = [Suspect(number, str(number), each) for number, each in enumerate(authors)]
    return marks_of(Case([text], suspects, Fitted(background)), suspects, occurrences(text))


def marked(text: str, marks: list[Mark]) -> list[tuple[str, int]]:
    return [(text[start:end], int(username)) for start, end, username, _ in marks]


def test_a_mark_ends_with_its_sentence() -> None:
    text = "We bake bread!! Fresh bread... (warm bread.) The bread\nthe oven 비가 와요! ㅎㅎ"
    found = {piece for piece, _ in marked(text, evidence(text, AUTHORS, BACKGROUND))}
    assert any(piece.endswith("bread!!") for piece in found)
    for piece in found:
        assert not re.search(r"[.!?)]\s|\n", piece), piece


@given(TEXTS, st.integers(2, 3), st.sampled_from([BACKGROUND, EMPTY_BACKGROUND]))
def test_marks_are_ordered_pieces_of_the_text(
    text: str, authors: int, background: Background
) -> None:
    place = 0
    for start, end, username, weight in evidence(text, AUTHORS[:authors], background):
        assert place <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert int(username) in range(authors)
        assert weight >= FEWEST_WEIGHT
        place = end


@pytest.mark.parametrize("background", [BACKGROUND, EMPTY_BACKGROUND], ids=["full", "empty"])
def test_words_of_an_author_are_marked_as_such(background: Background) -> None:
    text = "Whoever wants bread!! should ask, 비가 와요 and so on under a west wind..."
    assert marked(text, evidence(text, AUTHORS, background)) == [
        ("bread!!", 0),
        ("비가 와요", 2),
        ("a west wind...", 1),
    ]


@pytest.mark.parametrize(
    ("text", "authors"),
    [
        ("Zygomorphic quokkas jump", AUTHORS),
        ("Fresh bread today!!", AUTHORS[:1] * 2),
        ("bread!!", AUTHORS[:1]),
        ("bread!!", []),
    ],
    ids=["nobody's words", "everybody's words", "one author", "no author"],
)
def test_words_that_set_nobody_apart_are_not_marked(
    text: str, authors: list[AuthorProfile]
) -> None:
    assert evidence(text, authors, BACKGROUND) == []


def test_random_links_are_not_marked() -> None:
    linking = profile([f"{post} http://t.co/{number}" for number, post in enumerate(BAKER)] * 5)
    text = "bread!! http://t.co/zz https://t.co/yy"
    assert marked(text, evidence(text, [linking, AUTHORS[1]], BACKGROUND)) == [("bread!!", 0)]


def test_the_strongest_marks_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "bread!! x calm sea x bread!! x west wind x warm x we sail x oven x"
    everything = evidence(text, AUTHORS[:2], BACKGROUND)
    monkeypatch.setattr("app.compute.evidence.MOST_MARKS", 2)
    two = evidence(text, AUTHORS[:2], BACKGROUND)
    assert two == sorted(sorted(everything, key=lambda mark: mark[3])[-2:])


@pytest.mark.parametrize("piece", ["bread and sea ", "a", ", ", "😀", "@a", "비", ".", "!\n"])
def test_long_texts_cost_little(piece: str) -> None:
    text = (piece * 25_000)[:25_000]
    start = process_time()
    evidence(text, AUTHORS, BACKGROUND)
    assert process_time() - start < 1


POSTS = PostTexts(
    [
        (1, "The ferry leaves at\nnoon. The Ferry!"),
        (2, "ferryman, the bridge"),
        (3, "커피를 마셔요"),
        (4, "the ferry leaves"),
    ]
)


@pytest.mark.parametrize(
    ("mark", "piece", "posts"),
    [
        ("the ferry leaves", "the ferry leaves", [1, 4]),
        ("leaves at noon.", "leaves at noon.", [1]),
        ("FERRY", "FERRY", [1, 1, 4]),
        ("(ferry leaves)", "ferry leaves", [1, 4]),
        ("bridge leaves soon", "bridge", [2]),
        ("커피", "커피", [3]),
        ("커피가", "커피", [3]),
        ("unheard", "unheard", []),
        ("!!", "!!", []),
    ],
)
def test_the_longest_piece_that_is_used_is_found(mark: str, piece: str, posts: list[int]) -> None:
    assert used_piece(mark, POSTS) == (piece, posts)


def test_uses_are_told_for_400_posts() -> None:
    assert POSTS.times(3) == 300
    assert PostTexts([]).times(0) == 0

"""The marks in a text that say why an author is thought to have written it, and their uses."""

import re
from functools import partial
from time import process_time

import pytest
from hypothesis import given, strategies as st

from saywho.engine.attribution import EMPTY_BACKGROUND, Background, build_background
from saywho.engine.case import Case, Fitted, Suspect
from saywho.engine.evidence import (
    FEWEST_WEIGHT,
    Mark,
    PostTexts,
    marks_of,
    place_in,
    plain_posts,
    unwritten_words,
    used_piece,
)
from saywho.engine.features import occurrences
from saywho.engine.profiles import AuthorProfile
from tests.engine.invented import profile
from tests.growth import FACTOR, MOST_GROWTH, growth

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
    pieces = {piece for piece, _ in marked(text, evidence(text, AUTHORS, BACKGROUND))}
    assert any(piece.endswith("bread!!") for piece in pieces)
    for piece in pieces:
        assert not re.search(r"[.!?)]\s|\n", piece), piece


@pytest.mark.parametrize("end", ["😂", "❤️", "ㅋㅋㅋ", "ㅠㅠ", "~", "~~"])
def test_a_mark_ends_where_a_sentence_of_a_chat_does(end: str) -> None:
    for text in (f"fresh bread {end} the oven", f"fresh bread{end} the oven"):
        pieces = {piece for piece, _ in marked(text, evidence(text, AUTHORS, BACKGROUND))}
        assert any("bread" in piece for piece in pieces)
        assert not any(f"{end} " in piece for piece in pieces)


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
    monkeypatch.setattr("saywho.engine.evidence.MOST_MARKS", 2)
    two = evidence(text, AUTHORS[:2], BACKGROUND)
    assert two == sorted(sorted(everything, key=lambda mark: mark[3])[-2:])


@pytest.mark.parametrize("piece", ["bread and sea ", "a", ", ", "😀", "@a", "비", ".", "!\n"])
def test_long_texts_cost_little(piece: str) -> None:
    def work(length: int) -> None:
        evidence((piece * length)[:length], AUTHORS, BACKGROUND)

    assert growth(partial(work, 25_000 // FACTOR), partial(work, 25_000)) < MOST_GROWTH


POSTS = PostTexts(
    plain_posts(
        [
            (1, "The ferry leaves at\nnoon. The Ferry!"),
            (2, "ferryman, the bridge"),
            (3, "커피를 마셔요"),
            (4, "the ferry leaves"),
            (5, "またあとでねうれしいな、Ferryの"),
        ]
    )
)


@pytest.mark.parametrize(
    ("mark", "piece", "posts"),
    [
        ("the ferry leaves", "the ferry leaves", [1, 4]),
        ("leaves at noon.", "leaves at noon.", [1]),
        ("FERRY", "FERRY", [1, 1, 4, 5]),
        ("(ferry leaves)", "ferry leaves", [1, 4]),
        ("bridge leaves soon", "bridge", [2]),
        ("커피", "커피", [3]),
        ("커피가", "커피", [3]),
        ("unheard", "unheard", []),
        ("うれしい", "うれしい", [5]),  # No blanks divide words.
        ("!!", "!!", []),
    ],
)
def test_the_longest_piece_that_is_used_is_found(mark: str, piece: str, posts: list[int]) -> None:
    assert used_piece(mark, POSTS) == (piece, posts)


def test_a_run_of_letters_without_blanks_is_no_word_that_nobody_writes() -> None:
    assert unwritten_words("quarterly、明日は雨かもしれないね", POSTS) == ["quarterly"]


@pytest.mark.parametrize(
    "mark",
    ["a " + "!" * 20_000 + " b", "ferry bridge " * 50_000, "가나다라마바사 " * 5_000, "a b " * 500],
    ids=["signs", "words", "endings", "letters"],
)
def test_long_marks_cost_little(mark: str) -> None:
    own = PostTexts(
        plain_posts((number, "the ferry at noon, a bridge " * 50) for number in range(500))
    )
    start = process_time()
    for _ in range(3):
        used_piece(mark, own)
    assert process_time() - start < 4


@pytest.mark.parametrize(
    ("text", "piece", "quoted"),
    [
        ("The ferry: no ferryman, Ferry!", "ferry", "ferry"),
        ("No ferryman here, a FERRY", "ferry", "FERRY"),
        ("a west\n\n  wind blows", "West wind", "west\n\n  wind"),
        ("호밀빵은 다섯 개", "호밀빵", "호밀빵"),
        ("새호밀빵", "호밀빵", None),
        ("Die STRASSE, die Straße", "straße", "STRASSE"),
        ("tea", "coffee", None),
        ("tea", " ", None),
    ],
)
def test_a_piece_is_found_where_a_text_first_has_it(
    text: str, piece: str, quoted: str | None
) -> None:
    place = place_in(text, piece)
    assert (text[slice(*place)] if place else None) == quoted
    assert bool(PostTexts(plain_posts([(1, text)])).find(piece) if piece.strip() else []) == (
        place is not None
    )


@given(TEXTS, st.data())
def test_a_known_piece_is_found_in_a_post(text: str, data: st.DataObject) -> None:
    words = text.split()
    if not words:
        return
    piece = data.draw(st.sampled_from(words))
    place = place_in(text, piece)
    assert (place is not None) == bool(PostTexts(plain_posts([(1, text)])).find(piece))
    if place is not None and len(text.casefold()) == len(text):
        assert text[slice(*place)].casefold() == piece.casefold()


def test_a_piece_is_found_in_linear_time() -> None:
    start = process_time()
    assert place_in("a " * 12_500, "a " * 400 + "b") is None
    assert process_time() - start < 1


def test_uses_are_told_for_400_posts() -> None:
    assert POSTS.times(3) == 240
    assert PostTexts([]).times(0) == 0

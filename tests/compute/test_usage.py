"""Where an author uses what a mark says."""

import pytest

from app.compute.usage import PostTexts, used_piece

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

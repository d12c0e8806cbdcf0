"""The picture of an answer."""

from io import BytesIO
from itertools import combinations

import pytest
from PIL import Image

from app.views.pages.picture import (
    AUTHORS,
    MARGIN,
    SIZE,
    Lettering,
    Picture,
    PictureBar,
    draw_picture,
    laid_out,
)

TEXT = "Fog again, the bell rings, 안개 🎉 مرحبا and no end of it. " * 20


def colours(picture: Picture) -> set[tuple[int, ...]]:
    """Return the colours of a picture of the right size."""
    with Image.open(BytesIO(draw_picture(picture))) as image:
        assert (image.format, image.size) == ("PNG", SIZE)
        found = image.convert("RGB").getcolors(2**20) or []
        return {colour for _, colour in found if isinstance(colour, tuple)}


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def test_marks_and_bars_have_their_authors_colours() -> None:
    bars = (
        PictureBar("ann", 0.7, "70%", 0),
        PictureBar("ben" * 100, 0.2, "20%", 1),
        PictureBar("somebody else", 0.1, "10%", None),
    )
    picture = Picture("Of these 2, most like ann", TEXT, ((0, 9, 0),), bars, "premise")
    found = colours(picture)
    assert {rgb(AUTHORS[0]), rgb(AUTHORS[1])} <= found
    assert rgb(AUTHORS[2]) not in found


@pytest.mark.parametrize("text", ["", "\n\n\n", "가" * 25_000, "\u200b\ufe0f", "a b " * 9_000])
def test_any_text_is_drawn(text: str) -> None:
    assert colours(Picture("Too little to go on", text, (), (), ""))


TEXTS = (
    "Fog.",
    TEXT,
    "Fog.\n\n" + TEXT,
    "네.\n\n안개가 걷혔어요.\n\n" + "오늘도 비가 와요. " * 200,
)


def box_of(line: Lettering) -> tuple[float, float, float, float]:
    left, top, right, bottom = line.font.getbbox(line.text)
    return line.left + left, line.top + top, line.left + right, line.top + bottom


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("heading", ["Of these, most like ann", "most like " + "ben" * 40])
@pytest.mark.parametrize("authors", range(6))
@pytest.mark.parametrize("caption", ["", "Somebody else: 96%. If it was one of these:"])
def test_no_two_lines_overlap_and_none_falls_off(
    text: str, heading: str, authors: int, caption: str
) -> None:
    bars = [PictureBar(f"author{n}" + "e" * 30, 0.15, "15%", n) for n in range(authors)]
    if bars and not caption:
        bars.append(PictureBar("Somebody else", 0.1, "10%", None))
    others = "and 1,000 more" if authors == 5 else ""
    marks = tuple((n * 7, n * 7 + 6, n) for n in range(authors))
    layout = laid_out(Picture(heading, text, marks, tuple(bars), "premise", others, caption))
    boxes = [box_of(line) for line in layout.lines]
    for left, top, right, bottom in [*boxes, *(box for box, *_ in layout.shapes)]:
        assert MARGIN - 2 <= left <= right <= SIZE[0] - MARGIN + 2
        assert 40 <= top <= bottom <= SIZE[1] - 20
    for (left, top, right, bottom), other in combinations(boxes, 2):
        assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    shown = [line.text for line in layout.lines]
    assert sum(each.startswith("author") for each in shown) == authors
    assert {"premise", "saywho"} <= set(shown)
    assert others in [*shown, ""]
    assert any(each.startswith(text[:2]) for each in shown)
    foot = next(box_of(line)[1] for line in layout.lines if line.text == "premise")
    assert all(box[3] + 10 <= foot for box, *_ in layout.shapes)

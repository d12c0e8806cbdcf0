"""The picture of an answer."""

from io import BytesIO

import pytest
from PIL import Image, ImageColor

from app.views.pages.picture import AUTHORS, MARGIN, PAPER, SIZE, Picture, PictureBar, draw_picture

TEXT = "Fog again, the bell rings, 안개 🎉 مرحبا and no end of it. " * 20
PAPER_RGB = ImageColor.getrgb(PAPER)


def drawn(picture: Picture) -> Image.Image:
    with Image.open(BytesIO(draw_picture(picture))) as image:
        assert (image.format, image.size) == ("PNG", SIZE)
        return image.convert("RGB")


def is_blank(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    return image.crop(box).getcolors() == [((box[2] - box[0]) * (box[3] - box[1]), PAPER_RGB)]


def test_marks_and_bars_have_their_authors_colours() -> None:
    bars = (
        PictureBar("ann", 0.7, "70%", 0),
        PictureBar("ben" * 100, 0.2, "20%", 1),
        PictureBar("somebody else", 0.1, "10%", None),
    )
    image = drawn(Picture("Of these 2, most like ann", TEXT, ((0, 9, 0),), bars, "premise"))
    found = {colour for _, colour in image.getcolors(2**20) or []}
    assert {ImageColor.getrgb(AUTHORS[0]), ImageColor.getrgb(AUTHORS[1])} <= found
    assert ImageColor.getrgb(AUTHORS[2]) not in found


@pytest.mark.parametrize("text", ["", "\n\n\n", "가" * 25_000, "\u200b\ufe0f", "a b " * 9_000])
def test_any_text_is_drawn(text: str) -> None:
    drawn(Picture("Too little to go on", text, (), (), ""))


@pytest.mark.parametrize(
    "text",
    ["Fog.", TEXT, "Fog.\n\n" + TEXT, "네.\n\n안개가 걷혔어요.\n\n" + "오늘도 비가 와요. " * 200],
)
@pytest.mark.parametrize("heading", ["Of these, most like ann", "most like " + "ben" * 40])
@pytest.mark.parametrize("authors", range(6))
def test_heading_text_bars_and_foot_keep_apart(text: str, heading: str, authors: int) -> None:
    bars = [PictureBar(f"author{n}" + "e" * 30, 0.15, "15%", n) for n in range(authors)]
    if bars:
        bars.append(PictureBar("Somebody else", 0.1, "10%", None))
    marks = tuple((n * 7, n * 7 + 6, n) for n in range(authors))
    image = drawn(Picture(heading, text, marks, tuple(bars), "premise"))
    width, height = SIZE
    for edge in ((0, MARGIN - 2), (width - MARGIN + 2, width)):
        assert is_blank(image, (edge[0], 0, edge[1], height))
    rows = [not is_blank(image, (0, top, width, top + 1)) for top in range(height)]
    blocks = [top for top in range(1, height) if rows[top] and not rows[top - 1]]
    # A heading in one or two rows, at least one row of text, each bar, and the foot.
    assert len(blocks) >= 1 + 1 + len(bars) + 1
    assert not any(rows[:40] + rows[height - 20 :])

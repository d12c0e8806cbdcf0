"""The picture of an answer."""

from io import BytesIO

import pytest
from PIL import Image

from app.drawing import AUTHORS, SIZE, Picture, PictureBar, PictureMark, draw

TEXT = "Fog again, the bell rings, 안개 🎉 مرحبا and no end of it. " * 20


def colours(picture: Picture) -> set[tuple[int, ...]]:
    """Return the colours of a picture of the right size."""
    with Image.open(BytesIO(draw(picture))) as image:
        assert (image.format, image.size) == ("PNG", SIZE)
        found = image.convert("RGB").getcolors(2**20) or []
        return {colour for _, colour in found if isinstance(colour, tuple)}


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def test_marks_and_bars_have_their_authors_colours() -> None:
    bars = (
        PictureBar("ann", 0.7, 0),
        PictureBar("ben" * 100, 0.2, 1),
        PictureBar("somebody else", 0.1, None),
    )
    picture = Picture("Of these 2, most like ann", TEXT, (PictureMark(0, 9, 0),), bars, "premise")
    found = colours(picture)
    assert {rgb(AUTHORS[0]), rgb(AUTHORS[1])} <= found
    assert rgb(AUTHORS[2]) not in found


@pytest.mark.parametrize("text", ["", "\n\n\n", "가" * 25_000, "\u200b\ufe0f", "a b " * 9_000])
def test_any_text_is_drawn(text: str) -> None:
    assert colours(Picture("Too little to go on", text, (), (), ""))

"""Pictures to pass on: nothing is cut off, and nothing lies upon something else."""

from io import BytesIO
from itertools import cycle
from typing import Final

import numpy as np
import pytest
from PIL import Image, ImageColor

from app.views.canvas import MARGIN, ThemeName, theme_of
from app.views.dots import DotRow, Dots, Initials, Ring
from app.views.drawings import Bars, GridDay, NamedBar, TileRow, Tiles, WeekGrid
from app.views.painting import Drawing
from app.views.poster import FORMATS, Format, Poster, PosterLine, draw_poster
from tests.selection import first_of

LARGEST_BYTES: Final = 400_000
LONG: Final = "began 3 times after a silence 🌊 " * 6
NAMES: Final = ("긴이름" * 90, "W" * 320, "ann")
MANY: Final = 30
"""Signs of a name of which a finding has the first ones."""


def bars(people: int, name: str) -> Bars:
    rows = (NamedBar(name, 1 / place, "14%", f"author-{place}") for place in range(1, people + 1))
    return Bars(tuple(rows))


def dots(name: str) -> Dots:
    letters = tuple(Initials(sign, name, f"author-{place}") for place, sign in enumerate("AB", 1))
    rings = tuple(Ring(place, letters) for place in (4, 50, 96))
    row = DotRow(name, "in every message", "never", True, 96, rings, "/")
    return Dots("author-3", "finding", (row,) * 7, letters)


WEEKS: Final = WeekGrid(
    "author-2",
    "finding",
    tuple(GridDay(day // 7, day % 7, day % 5, day % 50 == 0) for day in range(366)),
    tuple((round(month * 4.4), f"{month + 1}월") for month in range(12)),
)
TILES: Final = Tiles((TileRow("You", (True, False) * 5), TileRow("saywho", (True,) * 10)))
DRAWINGS: Final[dict[str, Drawing | None]] = {
    **{f"bars of {people}": bars(people, "W" * 99) for people in (1, 4, 7)},
    "dots": dots("wide" * 90),
    "weeks": WEEKS,
    "tiles": TILES,
    "nothing": None,
}
NAME_BESIDE: Final = dict(zip(DRAWINGS, cycle(NAMES), strict=False))


def image_of(poster: Poster, format_: Format, theme: ThemeName) -> Image.Image:
    data = draw_poster(poster, format_, theme)
    assert len(data) < LARGEST_BYTES
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", FORMATS[format_].size)
        return image.convert("RGB")


@pytest.mark.parametrize("kind", first_of(DRAWINGS, "bars of 7", "weeks"))
@pytest.mark.parametrize(("format_", "theme"), [(name, "light") for name in FORMATS])
def test_title_finding_drawing_and_foot_keep_apart(
    format_: Format, theme: ThemeName, kind: str
) -> None:
    drawing, name = DRAWINGS[kind], NAME_BESIDE[kind]
    finding = f"{name[:MANY]} writes most (48%), and longest, more than all others."
    poster = Poster(
        name,
        LONG,
        finding,
        drawing,
        name,
        notes=(LONG * 3,) * 7,
        lines=(PosterLine("Came", LONG), PosterLine("", LONG)),
        quote=LONG * 20,
        hue="author-1",
    )
    image = image_of(poster, format_, theme)
    width, height = image.size
    paper = ImageColor.getrgb(theme_of(theme).paper)

    inked = (np.asarray(image) != paper).any(axis=2)
    rows = inked.any(axis=1)
    assert not inked[:, : MARGIN - 2].any()
    assert not inked[:, width - MARGIN + 2 :].any()
    assert not rows[height - 16 :].any()
    assert not rows[: FORMATS[format_].top - 2].any()
    blocks = [top for top in range(1, height) if rows[top] and not rows[top - 1]]
    # The title, the facts, the finding beside its hue, the drawing, the quotation, and the foot.
    assert len(blocks) >= 5 + (drawing is not None)
    # The foot stands alone, on its line.
    assert blocks[-1] >= FORMATS[format_].foot - 4
    assert not rows[FORMATS[format_].foot - 10 : FORMATS[format_].foot - 4].any()


@pytest.mark.parametrize("format_", FORMATS)
def test_a_finding_is_large(format_: Format) -> None:
    image = image_of(Poster("", "", "HHH", None, ""), format_, "light")
    foot = FORMATS[format_].foot - 10
    letters = image.crop((0, 0, image.width, foot)).convert("L").point(lambda grey: 255 - grey)
    _, top, _, bottom = letters.point(lambda ink: ink if ink > 128 else 0).getbbox() or (0, 0, 0, 0)
    # Capital letters are some 73 hundredths of their size.
    assert 38 <= bottom - top <= 44

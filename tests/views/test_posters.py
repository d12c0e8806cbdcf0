"""Pictures to pass on: nothing is cut off, and nothing lies upon something else."""

import re
from io import BytesIO
from typing import Final

import numpy as np
import pytest
import segno
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageColor

from app.drawing.drawings import CardRow, CardRows
from app.drawing.lettering import even_rows, font_of, text_rows
from app.drawing.png import MARGIN, Canvas, ThemeName, theme_of
from app.drawing.poster import FORMATS, Format, Poster, draw_poster
from app.views.tell import LONGEST_FINDING
from tests.selection import first_of

FULL: Final = theme_of("light").on_ground_of("author-1")
"""The colours of a picture that is one person's."""
LARGEST_BYTES: Final = 400_000
LONG: Final = "began 3 times after a silence 🌊 " * 6
LINK: Final = "https://saywho.example.org/room/1"
HOME: Final = ("saywho.example.org/room/1", LINK)
NOWHERE: Final = ("", "")


def bars(people: int, name: str) -> CardRows:
    return CardRows(
        tuple(
            CardRow(label=name, hue=f"author-{n}", beside="14%", share=1 / n)
            for n in range(1, people + 1)
        )
    )


DRAWINGS: Final[dict[str, CardRows | None]] = {
    **{f"bars of {people}": bars(people, "W" * 99) for people in (1, 4, 7)},
    "rows": CardRows((CardRow("never" * 40, label="ends with “…” in every message " * 3),) * 3),
    "text": CardRows((CardRow("Fog again, 안개 🎉 and no end of it. " * 40, is_quote=True),)),
    "nothing": None,
}


def image_of(poster: Poster, format_: Format, theme: ThemeName = "light") -> Image.Image:
    data = draw_poster(poster, format_, theme)
    assert len(data) < LARGEST_BYTES
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", FORMATS[format_].size)
        return image.convert("RGB")


def inked(poster: Poster, format_: Format) -> NDArray[np.bool_]:
    paper = ImageColor.getrgb((FULL if poster.hue else theme_of("light")).paper)
    pixels: NDArray[np.uint8] = np.asarray(image_of(poster, format_))
    return np.asarray((pixels != np.array(paper)).any(axis=2), dtype=bool)


@pytest.mark.parametrize("kind", DRAWINGS)
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("giant", ["", "1,266"])
def test_a_finding_of_any_length_leaves_the_edges_free(
    kind: str, format_: Format, giant: str
) -> None:
    """A drawing for which it leaves no room was an error."""
    for finding in ("", "Ann writes.", ("W" * 9 + " ") * 14, "긴이름" * 90):
        poster = Poster(
            "긴이름" * 90, finding, DRAWINGS[kind], HOME, hue="author-1", giant=giant, reason=LONG
        )
        ink = inked(poster, format_)
        rows, width = np.asarray(ink.any(axis=1)), ink.shape[1]
        assert not ink[:, : MARGIN - 2].any()
        assert not ink[:, width - MARGIN + 2 :].any()
        assert not rows[: FORMATS[format_].top - 2].any()
        assert not rows[FORMATS[format_].foot + 2 :].any()
        # Between the foot and what is above it is nothing.
        modules = segno.make_qr(LINK, error="m").symbol_size()[0]
        code = FORMATS[format_].foot - max(3, FORMATS[format_].code // modules) * modules
        assert not rows[code - 12 : code - 2].any()
        assert image_of(poster, format_) != image_of(
            poster._replace(finding="Another one"), format_
        )


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_ends_in_an_address_as_text_and_as_a_code(
    format_: Format, theme: ThemeName
) -> None:
    image = image_of(Poster("", "Ann writes.", None, HOME, hue="author-1"), format_, theme)
    rows = [[*row] for row in segno.make_qr(LINK, error="m").matrix_iter()]
    right, bottom = image.width - MARGIN, FORMATS[format_].foot
    scale = max(3, FORMATS[format_].code // len(rows))
    left, top = right - scale * len(rows), bottom - scale * len(rows)
    seen = [
        [image.getpixel((left + scale * x + 1, top + scale * y + 1)) for x in range(len(rows))]
        for y in range(len(rows))
    ]
    assert seen == [[(0, 0, 0) if bit else (255, 255, 255) for bit in row] for row in rows]
    without = image_of(Poster("", "Ann writes.", None, NOWHERE, hue="author-1"), format_, theme)
    assert without.getpixel((left + 1, top + 1)) != (255, 255, 255)


@pytest.mark.parametrize("word", ["Hamburg", "H함부르크"])
@pytest.mark.parametrize("kind", first_of(["bars of 7", "rows", "text"], "bars of 7"))
@pytest.mark.parametrize("format_", FORMATS)
def test_a_finding_is_large_and_whole_however_long(format_: Format, kind: str, word: str) -> None:
    finding = f"{word} " * LONGEST_FINDING
    finding = f"{finding[: LONGEST_FINDING - 1]}."
    poster = Poster("", finding, DRAWINGS[kind], NOWHERE, hue="author-1")
    image = image_of(poster, format_)
    written = np.asarray(image)[:, MARGIN : MARGIN + 20] == ImageColor.getrgb(FULL.ink)
    rows = written.all(axis=2).any(axis=1)
    tops = np.flatnonzero(rows[1:] & ~rows[:-1])
    # The first letter is that of each row; rows stand 5 quarters of the size of letters apart.
    assert (tops[1] - tops[0]) / 1.25 >= (40 if format_ == "1200x630" else 56) - 0.5
    # Its last sign is there.
    assert image_of(poster._replace(finding=poster.finding[:-1] + "!"), format_) != image


@pytest.mark.parametrize("giant", ["1,266", "4 days", "348일", "🙏", "ليلى"])
@pytest.mark.parametrize("format_", FORMATS)
def test_a_giant_number_touches_nothing(format_: Format, giant: str) -> None:
    """A comma was drawn upon the sentence below it."""
    poster = Poster("HHH", "HHH HHH", None, NOWHERE, giant=giant, hue="author-1")
    blocks = []
    for each in (poster, poster._replace(giant="")):
        edges = np.flatnonzero(np.diff(inked(each, format_).any(axis=1))).reshape(-1, 2)
        # A smaller block is at the edge of an emoji, where its picture is resized.
        blocks.append(sum(bottom - top > 4 for top, bottom in edges))
    assert blocks[0] == blocks[1] + 1


@pytest.mark.parametrize("kind", ["bars of 7", "text"])
def test_no_letters_are_too_small_for_a_phone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[float] = []
    monkeypatch.setattr(
        Canvas, "write", lambda canvas, at, text, font, *_, **__: sizes.append(font.size)
    )
    poster = Poster(LONG, "Ann.", DRAWINGS[kind], HOME, premises=(LONG,))
    for format_ in FORMATS:
        draw_poster(poster, format_, "light")
        assert min(sizes) >= (40 if format_ == "1080x1920" else 22), format_
        sizes.clear()


def test_a_sentence_and_a_period_begin_a_row() -> None:
    rows = even_rows("2018년 12월 27일 ~ 2020년 1월 3일.", font_of(bold=True, size=64), 700)
    assert rows == ["2018년 12월 27일 ~", "2020년 1월 3일."]


@pytest.mark.parametrize("width", [220, 260, 300, 380, 460])
@pytest.mark.parametrize(
    ("text", "torn"),
    [
        ("수진이 2024년 3월 1일부터 더 자주 써요.", "3월|1일"),
        ("3,485 messages on 365 days. From March 1, 2025 on, as many.", r"messages|days|1,|2025"),
        ("Ended with “.” in 9 of 10 messages before 2024, now in all.", "of|10|messages"),
        ("다른 날보다: “회 먹자 회” “안 가 정말…” “그 숙소 앞”", "먹자|회”|가 |정말|숙소|앞"),
    ],
    ids=["Korean", "English", "share", "quotation"],
)
def test_no_row_ends_within_a_date_a_share_or_quoted_words(
    width: int, text: str, torn: str
) -> None:
    font = font_of(bold=True, size=20)
    for rows in (text_rows(text, font, width, 20), even_rows(text, font, width)):
        assert " ".join(rows) == text
        assert not any(re.match(torn, row) for row in rows)


INK: Final = (0, 0, 0)


def test_edges_of_round_shapes_are_smooth() -> None:
    canvas = Canvas((60, 40), "light")
    canvas.draw_ground((10, 10, 50, 30), 8, "#000000")
    image = Image.open(BytesIO(canvas.as_png()))
    colours = {colour for _, colour in image.getcolors() or []}
    paper = ImageColor.getrgb(canvas.theme.paper)
    assert {paper, INK} < colours
    assert len(colours) > 4
    drawn = ImageChops.difference(image, Image.new("RGB", (60, 40), paper))
    assert drawn.getbbox() == (10, 10, 51, 31)
